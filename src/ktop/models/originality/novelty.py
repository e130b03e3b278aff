"""What the nearest patents already say of the technology, feature by feature, and how much that puts novelty at risk.

Evidence for whoever decides about filing, no legal advice: only stored texts (title and abstract) of a few patents are
read, words are compared and not meanings, and art that the corpus lacks is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ktop.domain.technology.neighbour_evidence import Overlap
from ktop.domain.technology.neighbourhood import Neighbourhood, day_of
from ktop.models.originality.advice import UNKNOWN, Coverage
from ktop.models.originality.definitions import rules

#: The least risk; ``UNKNOWN`` stands in its place where finding nothing says nothing.
LEAST = "low"


def novelty(
    neighbourhood: Neighbourhood, overlap: Overlap | None, is_duplicate: bool, coverage: Coverage | None = None
) -> dict[str, Any] | None:
    """Return the features, what each of the nearest patents has of them, and the risk, as JSON types.

    ``single`` and ``joint`` are the shares of the technology (by technical content) found in one patent and in all of
    them. Where ``coverage`` gives no ground for a low risk it is unknown, and ``withheld`` says why. None where the
    text has no feature that can be compared or no patent's text is at hand.
    """
    if overlap is None or not overlap.near:
        return None
    rule = rules("novelty")
    scores = np.array([[match.score for match in near.matches] for near in overlap.near])
    is_found = scores >= float(rule["found"])
    shares = (is_found * overlap.weights).sum(axis=1)
    single, joint = float(shares.max()), float(overlap.weights[is_found.any(axis=0)].sum())
    best = scores.argmax(axis=0)
    risk = risk_of(single, joint)
    if is_duplicate or any(near.copied >= float(rule["copied"]) for near in overlap.near):
        risk = "high"
    ground = None if coverage is None else coverage.beside(len(overlap.features))
    withheld = ground.withholds("low_risk") if ground is not None and risk == LEAST else ()
    return {
        "risk": UNKNOWN if withheld else risk,
        "withheld": list(withheld),
        "single": single,
        "joint": joint,
        "found_from": float(rule["found"]),
        "features": [
            {
                "text": text,
                "weight": float(overlap.weights[f]),
                "found": bool(is_found[:, f].any()),
                "best": float(scores[best[f], f]),
                "patent_id": str(neighbourhood.patent_ids[overlap.near[best[f]].position])
                if scores[best[f], f]
                else None,
            }
            for f, text in enumerate(overlap.features)
        ],
        "patents": [
            {
                "patent_id": str(neighbourhood.patent_ids[near.position]),
                "title": str(neighbourhood.titles[near.position]),
                "similarity": float(neighbourhood.similarity[near.position]),
                "filing_date": day_of(int(neighbourhood.filing_day[near.position])).isoformat(),
                "share_found": float(shares[n]),
                "share_copied": near.copied,
                "matches": [
                    {
                        "feature": f,
                        "score": match.score,
                        "found": bool(is_found[n, f]),
                        "sentence": match.sentence,
                        "shared": list(match.shared),
                    }
                    for f, match in enumerate(near.matches)
                ],
            }
            for n, near in enumerate(overlap.near)
        ],
    }


def holder_of_all(details: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the patent whose sentences hold every feature nearly word for word; None where none does.

    A part of a patent, or a patent without its title, is not alike enough to the whole to pass for a copy of it.
    """
    if not details:
        return None
    verbatim = float(rules("novelty")["verbatim"])
    for patent in details["patents"]:
        if all(float(match["score"]) >= verbatim for match in patent["matches"]):
            holder: Mapping[str, Any] = patent
            return holder
    return None


def copied_patent(details: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the patent of which most stands in the technology's text nearly word for word; None where none does."""
    if not details:
        return None
    most: Mapping[str, Any] = max(details["patents"], key=lambda patent: float(patent["share_copied"]))
    return most if float(most["share_copied"]) >= float(rules("novelty")["copied"]) else None


def risk_of(single: float, joint: float) -> str:
    """Return the risk by the shares of the technology that one patent and all of the nearest together have, 0-1."""
    for rule in rules("novelty")["risks"]:
        if single >= rule["single"] or joint >= rule["joint"]:
            return str(rule["name"])
    raise ValueError("the catalogue's novelty rules leave a gap")
