"""Similarity on words of the field: neither boiler-plate nor longer text makes a technology look more original."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import Neighbourhood, WordPresence
from ktop.kernel.arrays import Floats
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


def test_an_empty_neighbourhood_has_none(make: Make) -> None:
    assert len(focused_similarity(make(0, n=0, terms=0))) == 0
