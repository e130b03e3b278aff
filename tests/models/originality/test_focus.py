"""Similarity on words of the field: neither boiler-plate nor longer text makes a technology look more original."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import Neighbourhood, WordPresence
from ktop.kernel.arrays import Floats
from ktop.models.originality import focus
from ktop.models.originality.focus import focused_similarity

Make = Callable[..., Neighbourhood]
N, PATENTS = 40, 20_000
RNG = np.random.default_rng(4)
FIELD = RNG.random((10, N)) < 0.6
NOISE = RNG.random((30, N)) < 0.02


def text(make: Make, *, padding: int) -> Neighbourhood:
    """Return a neighbourhood of a text with ten words of the field and some words that all patents use as often."""
    present = np.vstack([FIELD, NOISE[:padding]])
    df = np.concatenate([np.full(10, 200), np.full(padding, 400)])
    weight = np.ones(10 + padding)  # every word stands there once
    idf = np.log((PATENTS + 1) / (df + 1)) + 1
    # tf-idf cosine with patents of equal length
    similarity = np.square(idf) @ present / np.linalg.norm(idf) / 120.0
    order = np.argsort(-similarity)
    words = WordPresence(
        terms=np.array([f"w{i}" for i in range(len(df))], dtype=object),
        weight=weight,
        df=df,
        in_neighbour=present[:, order],
    )
    return make(1, n=N, corpus_size=PATENTS, similarity=similarity[order], text_terms=words)


def nearest(values: Floats) -> float:
    return float(np.sort(values)[::-1][:10].mean())


def test_padding_lowers_the_plain_but_not_the_focused_similarity(make: Make) -> None:
    plain, padded = text(make, padding=0), text(make, padding=30)
    assert nearest(padded.similarity) < 0.65 * nearest(plain.similarity)
    before, after = nearest(focused_similarity(plain)), nearest(focused_similarity(padded))
    assert after == pytest.approx(before, rel=0.05)


def test_a_text_of_field_words_only_keeps_its_similarity(make: Make) -> None:
    plain = text(make, padding=0)
    np.testing.assert_allclose(focused_similarity(plain), plain.similarity)


def test_a_text_without_enough_words_of_the_field_keeps_its_similarity(make: Make) -> None:
    found = text(make, padding=5)
    words = found.text_terms
    few = WordPresence(words.terms[8:], words.weight[8:], words.df[8:], words.in_neighbour[8:])
    kept = replace(found, text_terms=few)
    np.testing.assert_array_equal(focused_similarity(kept), kept.similarity)


def test_focused_similarity_stays_within_0_and_1(make: Make) -> None:
    for seed in range(10):
        values = focused_similarity(make(seed))
        assert values.min() >= 0.0 and values.max() <= 1.0


@pytest.mark.parametrize("seed", [90, 182, 342, 402])
def test_words_of_the_field_are_judged_twice(make: Make, seed: int) -> None:
    """For these texts a third look would choose other words: the similarity is that of the second."""
    rng = np.random.default_rng(seed)
    words = WordPresence(
        terms=np.array([f"w{i}" for i in range(10)], dtype=object),
        weight=np.ones(10),
        df=rng.integers(20, 300, 10),
        in_neighbour=rng.random((10, 12)) < rng.uniform(0.05, 0.8, (10, 1)),
    )
    found = replace(make(seed, n=12, terms=4, corpus_size=1000), text_terms=words)
    present = words.in_neighbour.astype(np.float64)
    idf = np.log(1001.0 / (words.df + 1.0)) + 1.0
    mass = np.square(idf)[:, None] * present
    whole = mass.sum(axis=0)
    part = mass / np.where(whole > 0.0, whole, 1.0) * found.similarity
    looks = [np.ones(10, dtype=bool)]
    for _ in range(3):
        looks.append(focus._words_of_the_field(found, part, present, looks[-1]))
    assert not np.array_equal(looks[2], looks[3])
    share = np.sqrt(np.square(idf[looks[2]]).sum() / np.square(idf).sum())
    expected = np.where(whole > 0.0, part[looks[2]].sum(axis=0) / share, found.similarity)
    np.testing.assert_allclose(focused_similarity(found), np.minimum(expected, 1.0), rtol=1e-12)


def test_an_empty_neighbourhood_has_none(make: Make) -> None:
    assert len(focused_similarity(make(0, n=0, terms=0))) == 0
