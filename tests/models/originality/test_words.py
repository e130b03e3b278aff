"""Measures on all words of a text, against values worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ktop.domain.technology.neighbourhood import Neighbourhood, WordPresence
from ktop.models.originality import words
from ktop.models.originality.words import _weights_and_use

N = 20_000


def with_words(found: Neighbourhood, used: npt.NDArray[np.bool_], df: list[int]) -> Neighbourhood:
    """Return the neighbourhood of a text with equal words; all neighbours equally similar."""
    names = np.array([f"word {i}" for i in range(len(df))], dtype=object)
    presence = WordPresence(names, np.ones(len(df)), np.array(df), used)
    return replace(found, text_terms=presence, similarity=np.full(found.size, 0.3))


def test_dependence_takes_off_what_all_patents_use(neighbourhood: Neighbourhood) -> None:
    everyone = with_words(neighbourhood, np.ones((6, 40), dtype=bool), [5_000] * 6)
    assert words.word_dependence(everyone) == pytest.approx(1.0 - 5_000 / N)
    common = with_words(neighbourhood, np.ones((6, 40), dtype=bool), [N] * 6)
    assert words.word_dependence(common) == pytest.approx(1.0 - 0.3)


def test_unexplained_is_what_similar_patents_lack_and_rare_words_count_more(neighbourhood: Neighbourhood) -> None:
    used = np.zeros((2, 40), dtype=bool)
    used[0, :12], used[1, :4] = True, True
    assert words.unexplained_share(with_words(neighbourhood, used, [100, 100])) == pytest.approx(1.0 - 0.2)
    common, rare = (math.log((N + 1) / (df + 1)) + 1.0 for df in (9_999, 9))
    wanted = 1.0 - (common * 0.3 + rare * 0.1) / (common + rare)
    assert words.unexplained_share(with_words(neighbourhood, used, [9_999, 9])) == pytest.approx(wanted)


def test_rarity_is_one_for_new_words_and_zero_for_words_of_every_patent(neighbourhood: Neighbourhood) -> None:
    used = np.zeros((2, 40), dtype=bool)
    assert words.word_rarity(with_words(neighbourhood, used, [0, 0])) == pytest.approx(1.0)
    assert words.word_rarity(with_words(neighbourhood, used, [N, N])) == pytest.approx(0.0)
    ten_thousand = replace(with_words(neighbourhood, used, [99, 99]), corpus_size=10_000)
    assert words.word_rarity(ten_thousand) == pytest.approx(0.5, abs=1e-4)


def test_centrality_is_the_mean_cosine_of_use(neighbourhood: Neighbourhood) -> None:
    used = np.zeros((5, 40), dtype=bool)
    used[:2, :8], used[2:, 20:24] = True, True  # two always together, three others always together, apart from them
    found = with_words(neighbourhood, used, [50] * 5)
    assert words.word_centrality(found) == pytest.approx((1 + 3) / 10)
    assert words.unmet_pairs(found) == pytest.approx(6 / 10)


def test_pairs_need_words_that_some_similar_patents_use(neighbourhood: Neighbourhood) -> None:
    used = np.zeros((5, 40), dtype=bool)
    used[:, :2] = True
    found = with_words(neighbourhood, used, [50] * 5)
    assert math.isnan(words.word_centrality(found)) and math.isnan(words.unmet_pairs(found))


def test_one_word_more_or_less_moves_little(make: Callable[..., Neighbourhood]) -> None:
    """What the measures are for: no single word decides."""
    rng = np.random.default_rng(4)
    whole = with_words(make(3), rng.random((40, 40)) < 0.3, rng.integers(1, 3_000, 40).tolist())
    presence = whole.text_terms
    shorter = replace(
        whole,
        text_terms=WordPresence(presence.terms[1:], presence.weight[1:], presence.df[1:], presence.in_neighbour[1:]),
    )
    for measure in (words.word_dependence, words.unexplained_share, words.word_rarity, words.word_centrality):
        assert measure(shorter) == pytest.approx(measure(whole), abs=0.02)


@pytest.mark.parametrize("change", [{"similarity": np.zeros(40)}, {"corpus_size": 1}])
def test_words_are_not_weighed_where_nothing_is_similar_or_earlier(
    neighbourhood: Neighbourhood, change: dict[str, Any]
) -> None:
    assert _weights_and_use(neighbourhood) is not None
    assert _weights_and_use(replace(neighbourhood, **change)) is None
