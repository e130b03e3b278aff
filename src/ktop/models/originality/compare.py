"""Two technologies side by side: where they differ, by how much, and what they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktop.catalogue import LANGS, Lang, text
from ktop.kernel.errors import InputError
from ktop.models.originality.definitions import SCORE, TRAITS
from ktop.models.originality.opinion import trait_name
from ktop.models.originality.reference import MODEL

RatingJson = Mapping[str, Any]

#: Scores closer than this are told as the same.
_SAME_POINTS = 0.5
_LADDER = "originality"


def compare(a: RatingJson, b: RatingJson) -> dict[str, Any]:
    """Return the differences between two originality ratings as JSON (first minus second).

    ``scores`` and ``points`` (each measure's points of the originality score) hold ``{"a", "b", "difference"}``, None
    where one is not known. The points and the difference of the two bases add up to the difference of the scores.

    Raises ``InputError`` for other models' ratings and for ratings by different versions, which are not on one scale.
    """
    for rating in (a, b):
        if rating["model"]["name"] != MODEL:
            raise InputError("originality.not_comparable", model=rating["model"]["name"])
    versions = [rating["model"]["version"] for rating in (a, b)]
    if versions[0] != versions[1]:
        raise InputError("originality.different_references", a=versions[0], b=versions[1])
    names = [*TRAITS, SCORE, "density"]
    ids_a, ids_b = ([n["patent_id"] for n in rating["details"]["neighbours"]] for rating in (a, b))
    terms_a, terms_b = ([t["term"] for t in _measured(rating["details"])] for rating in (a, b))
    bases = [rating["base"][SCORE]["points"] if SCORE in rating["base"] else None for rating in (a, b)]
    differences: dict[str, Any] = {
        "scores": {name: _pair(a["scores"].get(name), b["scores"].get(name)) for name in names},
        "grades": {
            name: {"a": a["grades"].get(name), "b": b["grades"].get(name)} for name in {**a["grades"], **b["grades"]}
        },
        "points": _points(a, b),
        "base": _pair(*bases),
        "ocean": {"a": _ocean(a), "b": _ocean(b)},
        "shared_patents": [patent for patent in ids_a if patent in set(ids_b)],
        "shared_terms": [term for term in terms_a if term in set(terms_b)],
    }
    differences["opinions"] = [
        {"lang": lang, "text": sentence}
        for lang in LANGS
        for sentence in _sentences(a, b, differences, len(ids_a), lang)
    ]
    return differences


def _measured(details: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the terms that measures are taken on; ratings stored before they were told apart show no others."""
    terms: list[dict[str, Any]] = details.get("measured_terms", details["key_terms"])
    return terms


def _pair(a: float | None, b: float | None) -> dict[str, float | None]:
    return {"a": a, "b": b, "difference": None if a is None or b is None else a - b}


def _points(a: RatingJson, b: RatingJson) -> dict[str, dict[str, float | None]]:
    of_a, of_b = ({c["indicator"]: c["points"] for c in r["contributions"] if c["score"] == SCORE} for r in (a, b))
    return {name: _pair(of_a.get(name), of_b.get(name)) for name in {**of_a, **of_b}}


def _ocean(rating: RatingJson) -> str | None:
    ocean = rating["details"].get("ocean")
    return ocean["ocean"] if ocean else None


def _sentences(a: RatingJson, b: RatingJson, differences: dict[str, Any], shown: int, lang: Lang) -> list[str]:
    spoken = []
    score = differences["scores"][SCORE]
    if score["difference"] is None:
        spoken.append(text("originality.compare_unrated", lang))
    else:
        values = {
            "a": f"{score['a']:.1f}",
            "b": f"{score['b']:.1f}",
            "grade_a": a["grades"][_LADDER],
            "grade_b": b["grades"][_LADDER],
        }
        if abs(score["difference"]) < _SAME_POINTS:
            spoken.append(text("originality.compare_equal", lang, **values))
        else:
            better = text("originality.first" if score["difference"] > 0 else "originality.second", lang)
            gap = abs(score["difference"])
            spoken.append(text("originality.compare_score", lang, **values, better=better, gap=gap))
        known = {t: differences["scores"][t] for t in TRAITS if differences["scores"][t]["difference"] is not None}
        if known:
            widest = max(known, key=lambda trait: abs(known[trait]["difference"]))
            pair = known[widest]
            spoken.append(
                text("originality.compare_trait", lang, trait=trait_name(widest, lang), a=pair["a"], b=pair["b"])
            )
    shared = ", ".join(differences["shared_terms"][:5]) or text("originality.missing", lang)
    spoken.append(
        text("originality.compare_overlap", lang, shown=shown, shared=len(differences["shared_patents"]), terms=shared)
    )
    return spoken
