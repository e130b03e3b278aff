"""What the search by words asks the postings for: weights worked out by hand, and how good a later match must be."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ktop.patents.analysis.terms import PAIR, term_code
from ktop.patents.engine import lexical
from ktop.patents.engine.lexical import CHANCES_B, CHANCES_K1, FIRST, PAIR_WEIGHT, LexicalReader
from ktop.patents.engine.segment import MAX_IMPACT
from ktop.patents.engine.term_chances import Occurrences

WORD, PAIR_OF_WORDS = "lamp", f"lamp{PAIR}post"


def tables(patents: int, counts: dict[str, int]) -> Any:
    known = {term_code(term): count for term, count in counts.items()}
    return SimpleNamespace(
        about={"patents": patents},
        totals_of=lambda codes: np.array([known.get(int(code), 0) for code in codes]),
        rank=np.arange(100),
    )


def segment(start: int, rows: int) -> Any:
    return SimpleNamespace(
        start=start,
        rows=rows,
        end=lambda before: rows,
        places=lambda codes: (np.zeros(len(codes), dtype=np.int64), np.ones(len(codes), dtype=np.int64)),
        postings=(),
        lengths=np.array([60] * (rows - 1) + [10]),
        forward=(np.arange(rows + 1), np.full(rows, term_code(WORD), dtype=np.uint32), np.ones(rows, dtype=np.uint8)),
    )


def idf(patents: int, df: int) -> float:
    return math.log(1 + (patents - df + 0.5) / (df + 0.5))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Gather what the kernel is asked; it finds as many rows as a segment has, scored 5, 4, 3 ..."""
    calls: list[dict[str, Any]] = []

    def found(starts: Any, stops: Any, weights: Any, group: Any, end: int, part: Any, limit: int, least: float) -> Any:
        calls.append({"weights": weights.tolist(), "group": group.tolist(), "limit": limit, "least": least})
        rows = min(end, limit)
        return np.arange(rows, dtype=np.int64), np.array([5, 4, 3, 2, 1][:rows], dtype=np.float32)

    monkeypatch.setattr(lexical.kernels, "sum_postings", found)
    return calls


def test_a_term_weighs_by_its_rarity_and_a_pair_less(asked: list[dict[str, Any]]) -> None:
    reader = LexicalReader([segment(0, 2)], tables(10, {WORD: 3, PAIR_OF_WORDS: 2}), 1.0)
    reader.search([{WORD: 1.0, "unknown": 0.0}, {PAIR_OF_WORDS: 0.5}], 4, None, np.empty(0, dtype=np.uint8))
    word, pair = (weight / (MAX_IMPACT / 255.0) for weight in asked[0]["weights"])
    assert word == pytest.approx(idf(10, 3), rel=1e-6)
    assert pair == pytest.approx(0.5 * PAIR_WEIGHT * idf(10, 2), rel=1e-6)
    assert asked[0]["group"] == [0, 1]


def test_rarity_of_words_of_none_some_and_all_patents() -> None:
    reader = LexicalReader([], tables(10, {"some": 4, "all": 10, "counted twice": 12}), 1.0)
    codes = np.array([term_code(word) for word in ("none", "some", "all", "counted twice")], dtype=np.uint32)
    assert np.allclose(reader._rarity(codes), [idf(10, 0), idf(10, 4), idf(10, 10), idf(10, 10)], rtol=1e-12)


def test_a_later_segment_must_come_up_to_the_last_of_the_best_before(asked: list[dict[str, Any]]) -> None:
    reader = LexicalReader([segment(0, 2), segment(2, 5), segment(7, 5)], tables(10, {WORD: 3}), 1.0)
    docs, _ = reader.search([{WORD: 1.0}], 3, None, np.empty(0, dtype=np.uint8))
    # Two rows fill no list of three; with those of the second segment they do, and the third of all has a score of 4.
    assert [call["least"] for call in asked] == [0.0, 0.0, float(np.nextafter(np.float32(4), np.float32(0)))]
    assert docs.tolist() == [0, 2, 7]


def test_by_chances_the_terms_that_weigh_most_are_asked_for_in_their_order(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = LexicalReader([segment(0, 2)], tables(1_000, {WORD: 40, "post": 2, "of": 999, PAIR_OF_WORDS: 3}), 20.0)
    terms = Occurrences.of(["of", WORD, "post", WORD, "of"], [PAIR_OF_WORDS])
    rarity = np.array([idf(1_000, df) for df in (999, 40, 2, 3)])
    wanted = terms.weights(rarity) * np.array([1.0, 1.0, 1.0, PAIR_WEIGHT])
    assert wanted[0] == 0.0 and (wanted[1:] > 0).all()  # a word that all patents but one have tells nothing
    assert np.argmin(wanted[1:]) == 0
    everywhere = np.empty(0, dtype=np.uint8)
    docs, scores = reader.search_by_chances(terms, 4, None, everywhere)
    assert docs.tolist() == [1, 0]  # the lists have row 0 first, but row 1 says in 10 words what it says in 60
    norms = [CHANCES_K1 * (1 - CHANCES_B + CHANCES_B * length / 20.0) for length in (10, 60)]
    assert scores == pytest.approx([wanted[1] * (CHANCES_K1 + 1) / (1 + norm) for norm in norms], rel=1e-9)
    assert [call["limit"] for call in asked] == [FIRST]
    monkeypatch.setattr(lexical, "MAX_LIKELY_TERMS", 2)
    reader.search_by_chances(terms, 4, None, everywhere)
    for call, places in zip(asked, ([1, 2, 3], [2, 3]), strict=True):
        assert np.divide(call["weights"], MAX_IMPACT / 255.0) == pytest.approx(wanted[places], rel=1e-6)
        assert call["group"] == list(range(len(places)))
    assert len(reader.search_by_chances(Occurrences.of(["of"], []), 4, None, everywhere)[0]) == 0
    assert len(reader.search_by_chances(Occurrences.of([], []), 4, None, everywhere)[0]) == 0
    assert len(asked) == 2
