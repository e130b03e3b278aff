"""Starting the platform: what the command was given is in force everywhere."""

from __future__ import annotations

import io
import socket
import subprocess
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ktop.cli.server import run_server
from ktop.cli.state import Session
from ktop.kernel.settings import Settings
from ktop.usecases.platform import Platform
from ktop.worker import process
from ktop.worker.process import worker_beside


class _OpenedError(Exception):
    pass


def test_the_platform_opens_with_what_serve_was_given() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def opened(settings: Settings) -> Platform:
        assert (settings.port, settings.host, settings.solo, settings.web_processes) == (port, "localhost", True, 3)
        assert settings.address == f"http://localhost:{port}", "letters and signed results lead here"
        raise _OpenedError

    with pytest.raises(_OpenedError):
        run_server(Session(Settings(), opened), host="localhost", port=port, solo=True, processes=3)


def test_the_worker_beside_knows_the_address_that_is_served(
    monkeypatch: pytest.MonkeyPatch, ktop: Callable[..., Any]
) -> None:
    started: list[str] = []

    def start(command: list[str], **_: Any) -> Any:
        started.extend(command)
        return SimpleNamespace(stdin=io.BytesIO(), wait=lambda _seconds: 0)

    monkeypatch.setattr(subprocess, "Popen", start)
    with worker_beside(Settings(host="localhost", port=8124)):
        assert started[-4:] == ["--host", "localhost", "--port", "8124"]

    def worked(_work: Any, settings: Settings, *, beside: bool) -> None:
        assert beside and settings.address == "http://localhost:8124"

    monkeypatch.setattr(process, "run_worker", worked)
    assert ktop("worker", *started[started.index("worker") + 1 :]).status == 0
