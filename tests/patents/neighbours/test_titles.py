"""Words of the neighbours' titles, and similarities of patents of two languages."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.domain.technology.summary import Technology
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours.neighbourhood import neighbourhood
from ktop.patents.neighbours.titles import neighbour_pairs, neighbour_words

TEXT = "A medical image of a patient is segmented to find cancer lesions in the tissue and to give a tumor diagnosis."


@pytest.fixture(scope="module")
def index(small_corpus: Path) -> PatentIndex:
    return PatentIndex(small_corpus)


@pytest.fixture(scope="module")
def found(index: PatentIndex) -> Neighbourhood:
    return neighbourhood(index, Technology.from_text(TEXT, date(2012, 7, 1)), size=60)


def test_a_term_stands_in_the_titles_that_are_marked(index: PatentIndex, found: Neighbourhood) -> None:
    words = neighbour_words(index, found, index.question(TEXT))
    assert len(words.terms)
    for term, present in zip(words.terms, words.present, strict=True):
        assert present.any()
        if " " not in term:
            assert all(term.lower() in str(found.titles[i]).lower() for i in np.flatnonzero(present)[:1])


def test_terms_say_how_common_they_are_and_whether_the_text_has_them(index: PatentIndex, found: Neighbourhood) -> None:
    words = neighbour_words(index, found, index.question(TEXT))
    assert (words.df >= 0).all()
    assert (words.df <= found.corpus_size).all()
    assert words.in_text.any()
    assert not words.in_text.all()


def test_patents_of_two_languages_are_compared(index: PatentIndex, found: Neighbourhood) -> None:
    other = found.language[:, None] != found.language[None, :]
    assert other.any(), "the neighbourhood holds both languages"
    pairs = neighbour_pairs(index, found)
    assert pairs[other].std() > 0
    assert (pairs[~other] == found.pair_similarity[~other]).all()
    assert pairs == pytest.approx(pairs.T, abs=1e-6)
