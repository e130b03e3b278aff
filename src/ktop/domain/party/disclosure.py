"""What of a rating somebody else may see: its result, and of its inputs no more than the groups that were granted.

The models are public, so that whatever explains a score tells the inputs behind it: an indicator's value and its
contribution, its level among others, a suggested step, a clause of a decision, a limit worked out from sales, a
sentence that rests on any of them. All this is shown only where every group of inputs that the rating rests on is
granted, and left out otherwise; nothing is rounded or hidden in part. Lists below name what is shown, so that what a
later model adds is left out until somebody has thought about it.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from typing import Any

from ktop.catalogue import load
from ktop.domain.company.fact_spec import FACTS

#: The group of a technology's summary, and of all that is found by it.
TECHNOLOGY_TEXT = "technology_text"
#: Whom the rating is of: known to whoever may see it at all.
_NAMES = ("name", "name_en")
#: What else a subject says, by group.
_SUBJECT = {
    "company_id": "identity",
    "industry": "identity",
    "region": "identity",
    "industry_group": "derived",
    "size": "derived",
    "age_band": "derived",
}
#: Comparisons whose label or standing tells the group that the firm belongs to.
_COMPARISONS = {"all": None, "industry": "derived", "size": "derived", "age": "derived", "region": "identity"}
#: Parts of ``details`` that are results themselves, of all models.
_RESULT_DETAILS = ("growth_perspective", "tracks", "reference_rates", "matrix")
#: What a sentence may rest on to say no more than the result does.
_RESULT_BASIS = (
    *("scores.", "grades.", "probabilities.", "position.all.", "details.positions.risk.all.", "model.trained_on"),
    *("details.growth_perspective.", "details.reference_rates.", "details.evidence"),
)


def groups_of(rating: Mapping[str, Any]) -> frozenset[str]:
    """Return the groups of inputs that a rating rests on, given or missing."""
    if rating["model"]["name"] == "originality":
        return frozenset({TECHNOLOGY_TEXT})
    groups = _groups()
    return frozenset(groups[entry["name"]] for entry in rating["inputs"] if entry["name"] in groups)


@functools.cache
def _groups() -> dict[str, str]:
    """Return the group of each fact: asked some two hundred times a look-up."""
    return {name: spec.group for name, spec in FACTS.items()}


def disclosed(rating: Mapping[str, Any], granted: Collection[str]) -> dict[str, Any]:
    """Return a rating (``Rating.to_json()``, of the same shape) with only what the granted groups of inputs allow."""
    if groups_of(rating) <= set(granted):
        return dict(rating)
    technology = rating["model"]["name"] == "originality"
    groups = _groups()
    return {
        "model": rating["model"],
        "subject": _subject(rating["subject"], technology, granted),
        **({"basis": rating["basis"]} if "basis" in rating else {}),
        "as_of": rating["as_of"],
        "scores": rating["scores"],
        "grades": rating["grades"],
        "probabilities": rating["probabilities"],
        "logits": {},
        "base": {},
        "contributions": [],
        "position": _position(rating["position"], granted),
        "opinions": [
            opinion
            for opinion in rating["opinions"]
            if not technology and opinion["basis"] and all(map(_tells_results, opinion["basis"]))
        ],
        "next_steps": [],
        "warnings": [w for w in rating["warnings"] if w["code"] in load("consent")["warnings_without_inputs"]],
        "inputs": [entry for entry in rating["inputs"] if groups.get(entry["name"]) in granted],
        "details": {} if technology else _details(rating["details"], granted),
    }


def _tells_results(part: str) -> bool:
    return part.startswith(_RESULT_BASIS)


def _subject(subject: Mapping[str, Any], technology: bool, granted: Collection[str]) -> dict[str, Any]:
    if technology:
        return {"title": subject.get("title")}
    shown = [name for name in subject if name in _NAMES or _SUBJECT.get(name) in granted]
    return {name: subject[name] for name in shown}


def _position(position: Mapping[str, Any], granted: Collection[str]) -> dict[str, Any]:
    return {
        name: standing
        for name, standing in position.items()
        if name in _COMPARISONS and (_COMPARISONS[name] is None or _COMPARISONS[name] in granted)
    }


def _details(details: Mapping[str, Any], granted: Collection[str]) -> dict[str, Any]:
    shown = {name: details[name] for name in _RESULT_DETAILS if name in details}
    if "peer_rates" in details and "derived" in granted:
        shown["peer_rates"] = details["peer_rates"]
    if "positions" in details:
        shown["positions"] = {score: _position(of, granted) for score, of in details["positions"].items()}
    if "evidence" in details:  # contradictions tell figures, and what was left out tells what was entered
        shown["evidence"] = _both_results(details["evidence"])
    if "guarantee" in details:  # its amount is a share of sales, its clauses say which fact fails
        shown["decision"] = {name: details["guarantee"][name] for name in ("rule", "status")}
    return shown


def _both_results(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the grades as declared and on evidence, and which of them are held."""
    both = {kind: found[kind] and {"grades": found[kind]["grades"]} for kind in ("declared", "evidence")}
    return {"rule": found["rule"], **both, "most_notches": found["most_notches"], "held": found["held"]}
