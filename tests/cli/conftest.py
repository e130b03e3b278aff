"""Runs the command line within the test process: arguments in; exit status, standard output and errors out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ktop.bootstrap import main
from ktop.cli.state import terminal


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


@pytest.fixture
def ktop(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    def run(*args: object, lang: str = "ko") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["ktop", *map(str, args)])
        monkeypatch.setattr(terminal, "lang", lang)
        with pytest.raises(SystemExit) as ended:
            main()
            sys.exit(0)
        status = ended.value.code
        captured = capsys.readouterr()
        return Outcome(0 if status is None else int(status), captured.out, captured.err)

    return run
