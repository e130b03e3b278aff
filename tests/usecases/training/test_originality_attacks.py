"""Attacks on the originality score: what they make of a text."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ktop.patents.corpus.corpus import Corpus
from ktop.usecases.training.originality_attacks import ADDED, COPIED, Vocabulary

TEXT = "A separator membrane with ceramic particles. It keeps lithium dendrites away from the opposite electrode " * 4


@pytest.fixture(scope="module")
def words(demo_corpus: Path) -> Vocabulary:
    return Vocabulary.of(Corpus.open(demo_corpus), "en")


def test_there_are_twelve_attacks_and_words_to_draw_from(words: Vocabulary) -> None:
    assert len(ADDED) + len(COPIED) == 12
    assert len(words.once) > 100 and len(words.common) > 10 and len(words.sentences) > 20
    assert not set(words.once) & set(words.common)


@pytest.mark.parametrize("name", [*ADDED])
def test_what_is_added_leaves_nearly_all_of_the_text(name: str, words: Vocabulary) -> None:
    attacked = ADDED[name](TEXT, words, random.Random(1))
    assert attacked != TEXT and ADDED[name](TEXT, words, random.Random(1)) == attacked
    assert sum(word in attacked.split() for word in TEXT.split()) >= 0.85 * len(TEXT.split())


@pytest.mark.parametrize(("name", "share"), [("verbatim", 0.0), ("swapped_10_rare", 0.1), ("swapped_30_common", 0.3)])
def test_copies_swap_as_many_words_as_they_say(name: str, share: float, words: Vocabulary) -> None:
    attacked = COPIED[name](TEXT, words, random.Random(1)).split()
    longer = [(a, b) for a, b in zip(TEXT.split(), attacked, strict=True) if len(a) > 3]
    assert sum(a != b for a, b in longer) / len(longer) == pytest.approx(share, abs=0.12)
