"""The forecast for an applicant: shrunk towards the corpus, none for a new applicant."""

from __future__ import annotations

import math

import pytest

from ktop.models.prospects import ApplicantHistory, prospects


def test_few_patents_say_little_and_many_much() -> None:
    few, many = (prospects(ApplicantHistory(n, n // 2, 1000, 100)) for n in (2, 200))
    assert few is not None and many is not None
    # (1 + 20 x .1) / (2 + 20) and (100 + 2) / 220
    assert few.share == pytest.approx(3 / 22) and many.share == pytest.approx(102 / 220)
    assert few.usual == 0.1 and many.ratio == pytest.approx(1020 / 220)
    assert few.low < few.share < few.high and few.high - few.low > many.high - many.low


def test_a_new_applicant_and_a_corpus_without_citations_have_none() -> None:
    assert prospects(ApplicantHistory(0, 0, 1000, 100)) is None
    assert prospects(ApplicantHistory(5, 0, 1000, 0)) is None


def test_never_cited_is_below_the_usual_but_not_nothing() -> None:
    found = prospects(ApplicantHistory(30, 0, 1000, 100))
    assert found is not None and 0.0 < found.share < found.usual and not math.isnan(found.ratio)
