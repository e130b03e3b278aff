"""Where a score stands among reference companies: all, and those of the company's own labels that are many enough."""

from __future__ import annotations

import numpy as np

from ktop.models.position import BINS, FEWEST, PositionReference, percentile


def reference() -> PositionReference:
    """120 small companies at 0, 1 ... 119 hundredths of 100, 60 medium ones above them."""
    scores = np.concatenate([np.arange(120) / 1.2, np.linspace(99.5, 100, FEWEST - 40)])
    sizes = np.array(["small"] * 120 + ["medium"] * (FEWEST - 40), dtype=object)
    nobody = np.array([None] * len(scores), dtype=object)
    labels = {"industry_group": nobody, "size": sizes, "age_band": nobody, "region": nobody}
    return PositionReference.fit({"index": scores, "other": 100 - scores}, labels)


def test_a_company_is_placed_among_all_and_among_its_own_size() -> None:
    found = reference().of("index", 50.0, {"size": "small", "industry_group": "metal"})
    assert list(found) == ["all", "size"]
    assert (found["all"]["n"], found["size"]["n"]) == (180, 120)
    assert (found["all"]["label"], found["size"]["label"]) == (None, "small")
    assert abs(found["size"]["percentile"] - 100 * 60 / 119) < 1.0
    assert abs(found["all"]["percentile"] - 100 * 60 / 179) < 1.0
    assert found["size"]["median"] == 49.58333206176758  # between 59 and 60 of 1.2, as a float32
    assert len(found["all"]["histogram"]) == BINS and sum(found["all"]["histogram"]) == 180
    assert all(type(count) is int for count in found["all"]["histogram"])
    assert found["all"]["score"] == "index"


def test_other_scores_have_their_own_distribution() -> None:
    made = reference()
    for value in (-1.0, 0.0, 33.3, 99.7, 100.0, 120.0):
        for name, quantiles in zip(made.scores, made.quantiles[0], strict=True):
            assert made.of(name, value, {})["all"]["percentile"] == percentile(quantiles, value)
    assert made.of("index", 120.0, {})["all"]["percentile"] == 100.0
    assert made.of("index", -1.0, {})["all"]["percentile"] == 0.0


def test_few_and_unknown_labels_are_left_out() -> None:
    made = reference()
    for label in ("medium", None, "", "micro"):
        assert list(made.of("index", 50.0, {"size": label})) == ["all"]


def test_equal_quantiles_count_up_to_the_last() -> None:
    assert percentile(np.array([1.0, 2.0, 2.0, 2.0, 3.0]), 2.0) == 75.0
