"""What terms of a question weigh by how likely a patent that tells the same has them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop import catalogue
from ktop.patents.analysis.terms import term_code
from ktop.patents.engine.term_chances import MAX_COUNT, MAX_RARITY, Occurrences


def test_where_and_how_often_terms_stand() -> None:
    terms = Occurrences.of(["lamp", "post", "lamp", "glass", "lamp"], ["lamp_post", "glass_lamp", "lamp_post"])
    names = ["lamp", "post", "glass", "lamp_post", "glass_lamp"]
    assert terms.codes.tolist() == [term_code(name) for name in names]
    assert terms.counts.tolist() == [3, 1, 1, 2, 1]
    assert terms.first.tolist() == [0.0, 0.25, 0.75, 0.0, 0.5]
    assert terms.last.tolist() == [1.0, 0.25, 0.75, 1.0, 0.5]


def test_a_weight_by_hand() -> None:
    stored = catalogue.load("patents/term_chances")
    weights = stored["weights"]
    terms = Occurrences.of(["a", "lamp", "b", "lamp", "c"], [])
    rare, often, first, last, long = 5.0, math.log(2), 0.25, 0.75, math.log(4)
    log_odds = stored["constant"] + sum(
        weights[name] * value
        for name, value in {
            "rarity": rare,
            "rarity_squared": rare**2,
            "log_count": often,
            "log_count_by_rarity": often * rare,
            "first": first,
            "first_squared": first**2,
            "last": last,
            "last_squared": last**2,
            "log_terms": long,
            "log_terms_by_log_count": long * often,
        }.items()
    )
    expected = rare - math.log(1 + math.exp(-log_odds))
    assert terms.weights(np.full(4, rare))[1] == pytest.approx(expected, rel=1e-9)


def test_a_term_said_often_or_early_weighs_more_than_one_said_once_in_passing() -> None:
    filler = [f"w{i}" for i in range(60)]
    terms = Occurrences.of(["early", *filler[:30], "middle", *filler[30:], "often", "often", "often"], [])
    weight = dict(zip(terms.codes.tolist(), terms.weights(np.full(len(terms.codes), 5.0)).tolist(), strict=True))
    early, middle, often = (weight[term_code(word)] for word in ("early", "middle", "often"))
    assert middle < early < often


@given(
    words=st.lists(st.sampled_from("abcdefgh"), max_size=40),
    rarity=st.floats(0.0, 20.0),
    more=st.floats(0.0, 5.0),
)
def test_weights_lie_between_nothing_and_rarity_and_grow_by_it_beyond_what_was_fitted(
    words: list[str], rarity: float, more: float
) -> None:
    terms = Occurrences.of(words, [f"{a}_{b}" for a, b in itertools.pairwise(words)])
    weight = terms.weights(np.full(len(terms.codes), rarity))
    assert ((weight >= 0) & (weight <= rarity)).all()
    if rarity >= MAX_RARITY:
        assert terms.weights(np.full(len(terms.codes), rarity + more)) == pytest.approx(weight + more)


def test_counts_beyond_those_fitted_are_as_the_largest() -> None:
    at_most, more = (Occurrences.of(["lamp"] * count, []) for count in (MAX_COUNT, 50 * MAX_COUNT))
    assert at_most.weights(np.array([6.0])).tolist() == more.weights(np.array([6.0])).tolist()
