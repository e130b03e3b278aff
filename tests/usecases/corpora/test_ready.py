"""The corpus that is prepared in the background says when it is ready, and nothing where preparing failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.errors import UnavailableError
from ktop.kernel.settings import Settings
from ktop.usecases.corpora.service import CorpusService


@pytest.mark.parametrize("fails", [False, True])
def test_the_caller_is_told_once_it_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    def prepare(*_: object) -> None:
        if fails:
            raise UnavailableError("platform.corpus_preparing", percent=1)

    service = CorpusService(Settings(data=tmp_path))
    monkeypatch.setattr(service, "prepare", prepare)
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    told: list[str] = []
    service.prepare_in_background(LOCAL_OWNER, lambda: told.append("ready"))
    assert service._preparing is not None
    service._preparing.join(10)
    assert told == ([] if fails else ["ready"])
