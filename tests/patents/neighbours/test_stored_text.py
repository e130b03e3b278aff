"""Texts of patents: title and abstract, else the first claim, each read once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ktop.domain.technology.neighbourhood import day_number
from ktop.patents.corpus.corpus import STORED_SCHEMA, Corpus
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours import stored_text

DAY = date(2010, 5, 4)
ROWS = [
    ("US1", "Lamp.", "A lamp has a switch.", "1. A lamp."),
    ("US2", "Wheel", None, "1. A wheel."),
    ("US3", None, "", "1. A pump."),
    ("US4", "Valve", None, None),
]


def test_a_text_is_title_and_abstract_else_the_first_claim_and_read_once(
    small_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = PatentIndex(small_corpus)
    names = ("id", "title", "abstract", "first_claim")
    frame = pl.DataFrame([dict(zip(names, row, strict=True)) for row in ROWS]).with_columns(known_from=DAY)
    frame = frame.select(pl.lit(None).alias(name) if name not in frame.columns else name for name in STORED_SCHEMA)
    asked = {name: day_number(DAY) for name in ("US3", "US1", "US2", "US4", "US5")}
    expected = {"US1": "Lamp. A lamp has a switch.", "US2": "Wheel. 1. A wheel.", "US3": "1. A pump.", "US4": "Valve."}
    with monkeypatch.context() as changed:
        changed.setattr(Corpus, "patents", lambda _, years: frame.lazy() if list(years) == [2010] else None)
        assert stored_text.stored_texts(index, asked) == expected
        changed.setattr(Corpus, "patents", lambda *_: pytest.fail("read again"))
        known = {name: day for name, day in asked.items() if name in expected}
        assert stored_text.stored_texts(index, known) == expected
    assert stored_text.stored_texts(PatentIndex(small_corpus), asked) == {}, "another index has its own"
