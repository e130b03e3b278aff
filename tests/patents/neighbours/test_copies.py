"""Copies of patents, words swapped or not, and texts that only share a field."""

from __future__ import annotations

import random
from datetime import date

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import day_number
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours.copies import copied
from ktop.patents.neighbours.term_statistics import EarlierPatents
from ktop.usecases.training.originality_attacks import COPIED, Vocabulary

BEFORE = day_number(date(2024, 1, 1))


@pytest.fixture(scope="module")
def index(demo_corpus) -> PatentIndex:
    return PatentIndex(demo_corpus)


def of_texts(index: PatentIndex, change) -> tuple[np.ndarray, np.ndarray]:
    """Return how far changed patents are copies of themselves, and the most they are of any other patent."""
    docs = index.tables.dated_docs()
    ids = [index.patent_id(int(doc)) for doc in docs[::12]]
    earlier = EarlierPatents(index, BEFORE, np.empty(0, dtype=np.int64))
    own, others = [], []
    for patent in index.corpus.get(ids).values():
        if patent.language != "en" or len(patent.abstract or "") < 200:
            continue
        text = change(f"{patent.title}. {patent.abstract}")
        found = copied(index, index.question(text, "en"), earlier, docs)
        own.append(found[docs == index.docs_of([patent.id])[0]][0])
        others.append(np.sort(found)[-2])
    return np.array(own), np.array(others)


@pytest.mark.parametrize("name", ["verbatim", "swapped_10_rare", "swapped_30_common", "swapped_30_rare"])
def test_a_copy_is_told_from_its_field_however_words_are_swapped(name: str, index: PatentIndex) -> None:
    words, draw = Vocabulary.of(index.corpus, "en"), random.Random(3)
    own, others = of_texts(index, lambda text: COPIED[name](text, words, draw))
    assert len(own) >= 10
    assert (own >= 0.9).mean() >= 0.95
    assert np.median(others) < np.median(own)


def test_few_words_in_common_are_no_copy(index: PatentIndex) -> None:
    docs = index.tables.dated_docs()
    earlier = EarlierPatents(index, BEFORE, np.empty(0, dtype=np.int64))
    asked = index.question("A bird sang of honey on warm bread over the sleepy valley at evening", "en")
    assert copied(index, asked, earlier, docs).max() < 0.5
    assert not copied(index, asked, earlier, docs[:0]).size
