"""Two ratings side by side: what separates two companies, or one company before and after, indicator by indicator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktop.kernel.errors import InputError

RatingJson = Mapping[str, Any]


def compare(a: RatingJson, b: RatingJson) -> dict[str, Any]:
    """Return the differences of two ratings of one model (``Rating.to_json()``), a against b.

    ``scores`` and ``probabilities`` give both values and the difference, ``grades`` both symbols, ``gaps`` per
    explained score what every indicator adds to score(a) - score(b), largest first: ``{"indicator", "group", "a", "b",
    "logit", "points"}``. With the difference of the bases (``base_points``: zero where both are compared with the same
    peers by the same model version) the points add up to the difference of the scores.

    Raises ``InputError("models.not_comparable")`` for ratings of different models.
    """
    if a["model"]["name"] != b["model"]["name"]:
        raise InputError("models.not_comparable", a=a["model"]["name"], b=b["model"]["name"])
    shared = [score for score in a["base"] if score in b["base"]]
    return {
        "model": dict(a["model"]),
        "same_version": a["model"]["version"] == b["model"]["version"],
        "scores": {name: _pair(a["scores"].get(name), b["scores"].get(name)) for name in a["scores"]},
        "probabilities": {
            name: _pair(p["value"], b["probabilities"].get(name, {}).get("value"))
            for name, p in a["probabilities"].items()
        },
        "grades": {name: {"a": symbol, "b": b["grades"].get(name)} for name, symbol in a["grades"].items()},
        "gaps": {score: _gap(a, b, score) for score in shared},
        "base_points": {score: a["base"][score]["points"] - b["base"][score]["points"] for score in shared},
    }


def _pair(a: float | None, b: float | None) -> dict[str, float | None]:
    return {"a": a, "b": b, "difference": None if a is None or b is None else a - b}


def _gap(a: RatingJson, b: RatingJson, score: str) -> list[dict[str, Any]]:
    own = {part["indicator"]: part for part in a["contributions"] if part["score"] == score}
    other = {part["indicator"]: part for part in b["contributions"] if part["score"] == score}
    same_base = a["base"][score] == b["base"][score]
    z, score_gap = _distance(a, b, score)
    parts = []
    for name in [*own, *(name for name in other if name not in own)]:
        mine, theirs = own.get(name), other.get(name)
        logit = (mine["logit"] if mine else 0.0) - (theirs["logit"] if theirs else 0.0)
        if same_base and z:
            # One straight line between the two scores: equal inputs then explain nothing of the difference.
            points = logit * (score_gap / z)
        else:
            points = (mine["points"] if mine else 0.0) - (theirs["points"] if theirs else 0.0)
        parts.append(
            {
                "indicator": name,
                "group": (mine or theirs or {})["group"],
                "a": mine["value"] if mine else None,
                "b": theirs["value"] if theirs else None,
                "logit": logit,
                "points": points,
            }
        )
    return sorted(parts, key=lambda part: -abs(part["points"]))


def _distance(a: RatingJson, b: RatingJson, score: str) -> tuple[float, float]:
    """Return the differences of the logits and of the shown scores; zero logits where a score cannot be given."""
    shown_a, shown_b = a["scores"].get(score), b["scores"].get(score)
    if shown_a is None or shown_b is None:
        return 0.0, 0.0
    return a["logits"][score] - b["logits"][score], shown_a - shown_b
