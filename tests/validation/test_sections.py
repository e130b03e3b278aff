"""Ranking, power and stability as rows and sentences of the page."""

from __future__ import annotations

from typing import Any

import pytest

from ktop.validation.sections import power_sentences, robustness_rows, within_rows


def _row(value: float) -> dict[str, Any]:
    ranged = {"value": value, "low": value - 0.05, "high": value + 0.05}
    return {
        "auc": ranged,
        "auc_in_field": ranged,
        "precision": {"value": 0.021, "low": None, "high": None},
        "less": ranged,
    }


def _say(key: str, **params: object) -> str:
    return key + "".join(f" {name}={value}" for name, value in params.items())


FOUND: dict[str, Any] = {
    "top_share": 0.05,
    "events": 254,
    "forecast_events": 105,
    "rate": 0.0069,
    "best_single": "word_rarity",
    "rows": {"score": _row(0.62), "chars": _row(-0.02), "best_single": _row(0.57)},
    "forecast": {"forecast": _row(0.61), "chars": _row(0.55)},
    "power": {"aim": 0.7, "rival": 0.6, "events_for_aim": 50, "events_for_found": 1200},
}


def test_rows_name_the_rivals_and_hide_a_difference_to_itself() -> None:
    heads, rows = within_rows(FOUND, _say, str.upper)
    assert len(heads) == 5 and [row[0] for row in rows][:3] == [
        "SCORE",
        "CHARS",
        "ranked_best_single measure=word_rarity",
    ]
    assert rows[3][0] == "FORECAST" and rows[4][0] == "ranked_same_years name=CHARS"
    assert rows[0][4] == rows[3][4] == "–"
    assert rows[1][4] == "−0.020 (−0.070 ~ +0.030)"
    assert rows[0][1] == "0.620 (0.570–0.670)" and rows[0][2] == rows[0][1] and rows[0][3] == "2.10% (–––)"


@pytest.mark.parametrize("ahead", [True, False])
def test_power_is_told_either_way(ahead: bool) -> None:
    power = FOUND["power"] | ({} if ahead else {"events_for_found": None, "events_for_aim": None})
    said = " | ".join(power_sentences(FOUND | {"power": power}, _say))
    assert ("power_found area=0.62" in said) == ahead and ("power_behind" in said) != ahead
    assert "within_events events=254 rate=0.69 %" in said


def test_stability_rows_show_direction() -> None:
    row = {"change": "padded", "n": 60, "same": 1.0, "within_one": 1.0, "mean": 0.4, "high": 1.2, "raised": -0.3}
    none = {"change": "pairs", "n": 0, "same": None, "within_one": None, "mean": None, "high": None, "raised": None}
    _, rows = robustness_rows({"rows": [row, none]}, _say, str)
    assert rows == [["padded", "60", "100 %", "100 %", "0.4", "1.2", "−0.3"], ["pairs", "0", *["–"] * 5]]
