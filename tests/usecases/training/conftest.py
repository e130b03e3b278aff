"""What the tests of learning from a corpus share: little to reword, so that noise between wordings is soon measured."""

from __future__ import annotations

import pytest

from ktop import catalogue
from ktop.usecases.training import wording_noise

#: Bilingual summaries of the catalogue, and reference patents, that are reworded.
SUMMARIES, PATENTS = 6, 8


@pytest.fixture
def few_wordings(monkeypatch: pytest.MonkeyPatch) -> None:
    told = catalogue.load("patents/bilingual_summaries")[:SUMMARIES]
    load = catalogue.load
    monkeypatch.setattr(catalogue, "load", lambda name: told if name == "patents/bilingual_summaries" else load(name))
    monkeypatch.setattr(wording_noise, "PATENTS", PATENTS)
