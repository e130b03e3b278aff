"""An application with invented services, and a browser-like client for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fixtures"))

from fake_platform import FakePlatform
from people import token_of

from ktop.kernel.settings import Settings
from ktop.web.app import create_app


@pytest.fixture
def services() -> FakePlatform:
    return FakePlatform()


@pytest.fixture
def client(services: FakePlatform, tmp_path: Path) -> Iterator[TestClient]:
    """A client without start-up work: no fonts are cut for tests of pages."""
    yield TestClient(create_app(Settings(solo=True, data=tmp_path), services), raise_server_exceptions=False)


@pytest.fixture
def token(client: TestClient) -> str:
    """The form token of this client's visit."""
    return token_of(client.get("/").text)
