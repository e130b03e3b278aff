"""Added terms tried by rating again: the gain is what a rating of the longer text says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ktop.usecases.corpora.engine import TechnologyEngine, open_corpus
from ktop.usecases.technologies.suggest_terms import _with, suggest_terms

DAY = date(2026, 6, 30)
PLAIN = (
    "A battery management unit for an electric vehicle. It measures cell voltage, cell temperature and charging"
    " current, estimates the state of charge with a filter and limits the charging current when the temperature rises."
)


@pytest.fixture(scope="module")
def engine(demo_corpus: Path) -> TechnologyEngine:
    return open_corpus(demo_corpus)


def test_every_gain_is_that_of_a_new_rating(engine: TechnologyEngine) -> None:
    found = suggest_terms(engine, PLAIN, as_of=DAY)
    assert found["tried"] == len(found["terms"]) > 0
    gains = [one["gain"] for one in found["terms"]]
    assert gains == sorted(gains, reverse=True)
    assert any(gains)
    for one in found["terms"]:
        assert one["score"] == pytest.approx(found["score"] + one["gain"])
        assert one["term"].lower() not in PLAIN.lower()
    assert suggest_terms(engine, PLAIN, as_of=DAY) == found


def test_a_poem_has_nothing_to_add(engine: TechnologyEngine) -> None:
    poem = "산에는 꽃 피네 꽃이 피네 갈 봄 여름 없이 꽃이 피네 산에 산에 피는 꽃은 저만치 혼자서 피어 있네"
    assert suggest_terms(engine, poem, as_of=DAY)["terms"] == []


def test_a_term_is_put_into_the_first_sentence_after_the_title() -> None:
    text = "Battery unit. It measures current. It stops."
    assert _with(text, "further comprising X") == "Battery unit, further comprising X. It measures current. It stops."
    assert _with(text, "with X", "Battery unit") == "Battery unit. It measures current, with X. It stops."


def test_no_empty_word_is_offered(engine: TechnologyEngine) -> None:
    from ktop.patents.analysis.noun_phrases import empty_words

    for one in suggest_terms(engine, PLAIN, as_of=DAY)["terms"]:
        assert not set(one["term"].lower().split()) <= empty_words("en"), one["term"]
