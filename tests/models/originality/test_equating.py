"""Equating: measures of the other language on the scale of the corpus's own."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ktop.kernel.errors import KtopError
from ktop.models.originality.equating import FEWEST_PAIRS, Equating

Rows = list[dict[str, float]]


def rows(**columns: list[float]) -> Rows:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.fixture
def pairs() -> tuple[Rows, Rows]:
    generator = np.random.Generator(np.random.PCG64(5))
    true = generator.normal(3.0, 2.0, 40)
    own = rows(agrees=true.tolist(), noise=generator.normal(1.0, 1.0, 40).tolist(), rare=[math.nan] * 40)
    other = rows(
        agrees=(0.5 * true - 4.0).tolist(), noise=(-np.array([r["noise"] for r in own])).tolist(), rare=[0.3] * 40
    )
    return own, other


def test_the_other_language_gets_mean_and_spread_of_the_corpus_language(pairs: tuple[Rows, Rows]) -> None:
    own, other = pairs
    equating = Equating.of("en", own, other, "c", "r")
    found = [equating.apply(row, "ko") for row in other]
    assert [row["agrees"] for row in found] == pytest.approx([row["agrees"] for row in own])
    assert equating.apply(own[3], "en") == pytest.approx(own[3], nan_ok=True)


def test_a_measure_that_disagrees_takes_the_middle(pairs: tuple[Rows, Rows]) -> None:
    own, other = pairs
    equating = Equating.of("en", own, other, "c", "r")
    middle = np.mean([row["noise"] for row in own])
    assert [equating.apply(row, "ko")["noise"] for row in other] == pytest.approx([middle] * 40)


def test_the_way_is_chosen_that_foretells_technologies_left_out() -> None:
    generator = np.random.Generator(np.random.PCG64(6))
    true = generator.normal(3.0, 2.0, 40)
    own = rows(same=true.tolist(), moved=true.tolist())
    other = rows(
        same=(true + generator.normal(0.0, 0.3, 40)).tolist(),
        moved=(true + 2.0 + generator.normal(0.0, 0.3, 40)).tolist(),
    )
    equating = Equating.of("en", own, other, "c", "r", [*range(20), *range(20)])
    assert dict(zip(equating.names, equating.slope.tolist(), strict=True)) == {"same": 1.0, "moved": 1.0}
    assert equating.apply({"same": 1e9, "moved": 3.0}, "ko") == pytest.approx({"same": 1e9, "moved": 1.0}, abs=0.2)


def test_missing_stays_missing_and_few_pairs_change_nothing(pairs: tuple[Rows, Rows]) -> None:
    own, other = pairs
    equating = Equating.of("en", own, other, "c", "r")
    assert equating.apply({"agrees": math.nan, "noise": 1.0, "rare": 0.3}, "ko")["rare"] == 0.3
    assert math.isnan(equating.apply({"agrees": math.nan}, "ko")["agrees"])
    few = Equating.of("en", own[: FEWEST_PAIRS - 1], other[: FEWEST_PAIRS - 1], "c", "r")
    assert few.apply(other[0], "ko") == other[0]


def test_values_stay_within_what_the_pairs_had(pairs: tuple[Rows, Rows]) -> None:
    own, other = pairs
    equating = Equating.of("en", own, other, "c", "r")
    assert equating.apply({"agrees": 1e9}, "ko")["agrees"] == pytest.approx(max(row["agrees"] for row in own))


def test_saved_and_read_again(pairs: tuple[Rows, Rows], tmp_path: Path) -> None:
    own, other = pairs
    equating = Equating.of("en", own, other, "corpus", "reference")
    equating.save(tmp_path / "lines.npz")
    again = Equating.load(tmp_path / "lines.npz")
    assert again.digest == equating.digest
    assert (again.language, again.corpus, again.reference) == ("en", "corpus", "reference")
    assert again.apply(other[0], "ko") == pytest.approx(equating.apply(other[0], "ko"), nan_ok=True)
    (tmp_path / "broken.npz").write_bytes(b"no file of this kind")
    with pytest.raises(KtopError):
        Equating.load(tmp_path / "broken.npz")
