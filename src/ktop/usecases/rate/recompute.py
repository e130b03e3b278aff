"""Computes kept ratings again from their own inputs, each by the model version and the rule it names.

A rating carries every fact it used, the day they held on and the exact versions; that is all that is needed. That of
a technology also needs the patent corpus as it was; where that is gone, the answer says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.rating.rating import Input, Rating
from ktop.kernel.errors import InputError
from ktop.models.company_model import CompanyModel
from ktop.models.originality.reference import MODEL as ORIGINALITY
from ktop.models.registry import KINDS, ModelRegistry
from ktop.usecases.companies.decide import can_be_decided, with_decision
from ktop.usecases.companies.evidence import rate_on_evidence
from ktop.usecases.technologies.interface import RatedAgain
from ktop.usecases.uploads import existing

RatingJson = Mapping[str, Any]

#: Parts of a rating that are figures: they must come out the same to the last bit.
FIGURES = (
    "model",
    "as_of",
    "basis",
    "scores",
    "grades",
    "probabilities",
    "logits",
    "base",
    "contributions",
    "position",
    "details",
)
#: Parts that are worded: a later catalogue may put the same figures differently.
WORDING = ("opinions", "next_steps", "warnings")
#: Entries of ``details`` that are sentences, and what is tried beside a rating when it is asked for.
_WORDED_DETAILS = frozenset({"text", "label", "reason", "note", "suggestions"})


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A stored rating beside the same one computed again.

    Parameters
    ----------
    rating : the new one, as JSON.
    differences : paths of figures that differ, ``(path, stored, computed again)``; empty where all bits agree.
    reworded : whether sentences are put differently today.
    """

    rating: Mapping[str, Any]
    differences: tuple[tuple[str, Any, Any], ...]
    reworded: bool

    @property
    def identical(self) -> bool:
        """Whether every figure came out the same to the last bit."""
        return not self.differences


#: What rates the technology of a stored rating again (``Technologies.rate_again``).
TechnologyAgain = Callable[[RatingJson], RatedAgain]


def recompute_file(
    path: Path, registry: ModelRegistry, technology_again: TechnologyAgain | None = None
) -> list[dict[str, Any]]:
    """Compute the ratings in a JSON file again; see ``recompute_ratings``."""
    try:
        content = json.loads(existing(path).read_text("utf-8-sig"))
    except ValueError as error:
        raise InputError("models.not_recomputable") from error
    if isinstance(content, dict):
        content = content.get("ratings", [content])
    if not isinstance(content, list):
        raise InputError("models.not_recomputable")
    return recompute_ratings(content, registry, technology_again)


def recompute_ratings(
    ratings: Sequence[Mapping[str, Any]], registry: ModelRegistry, technology_again: TechnologyAgain | None = None
) -> list[dict[str, Any]]:
    """Compute ratings again, each by the version it names.

    Returns per rating ``{"model", "version", "status", "differences"}``; status is "identical", "differs" or "skipped".
    One that is skipped has a ``reason`` (``RatedAgain``): a technology needs its patent corpus as it was, and
    ``technology_again``. Raises ``NotFoundError`` for a version of a company model that is not installed.
    """
    answers = []
    for rating in ratings:
        try:
            name, version = str(rating["model"]["name"]), str(rating["model"]["version"])
        except (KeyError, TypeError) as error:
            raise InputError("models.not_recomputable") from error
        answer: dict[str, Any] = {"model": name, "version": version, "status": "skipped", "differences": []}
        again = None
        if name in KINDS:
            again = recompute(registry.model(name, version), rating)
        elif name == ORIGINALITY and technology_again is not None:
            rated = technology_again(rating)
            answer["reason"] = rated.reason
            again = None if rated.rating is None else beside(rating, rated.rating)
        else:
            answer["reason"] = "no_corpus" if name == ORIGINALITY else "no_model"
        if again is not None:
            answer["status"] = "identical" if again.identical else "differs"
            answer["reworded"] = again.reworded
            answer["differences"] = [
                {"path": path, "stored": stored, "again": new} for path, stored, new in again.differences
            ]
        answers.append(answer)
    return answers


def recompute(model: CompanyModel, stored: RatingJson) -> Recomputed:
    """Rate a stored rating's own inputs again by the model version it names, which ``model`` must be.

    Raises ``InputError("models.not_recomputable")`` for something that is no rating of this form.
    """
    try:
        facts = {entry["name"]: entry["value"] for entry in stored["inputs"] if entry["name"] in FACTS}
        day = date.fromisoformat(stored["as_of"])
        inputs = tuple(
            Input(
                e["name"],
                e["value"],
                e["source"],
                date.fromisoformat(e["date"]) if e["date"] else None,
                e.get("status"),
            )
            for e in stored["inputs"]
        )
        previous = stored["details"].get("hysteresis", {}).get("previous")
        table = FactTable.from_columns(_columns(facts), day)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError("models.not_recomputable") from error
    return beside(stored, _decided(_rated(model, table, inputs, previous, stored), table, stored))


def beside(stored: RatingJson, rating: Rating) -> Recomputed:
    """Hold a stored rating against the one made again.

    Raises ``InputError("models.not_recomputable")`` for something that is no rating of this form.
    """
    try:
        languages = tuple(dict.fromkeys(opinion["lang"] for opinion in stored["opinions"]))
    except (KeyError, TypeError) as error:
        raise InputError("models.not_recomputable") from error
    again = rating.to_json(languages)
    found = [
        difference for part in FIGURES if part in stored for difference in _differences(part, stored[part], again[part])
    ]
    reworded = any(_alone(stored.get(part)) != again[part] for part in WORDING if part in stored and part != "warnings")
    return Recomputed(again, tuple(found), reworded)


def _alone(part: Any) -> Any:
    """Return next steps without what they do to scores of other models, which are not computed again here."""
    if not isinstance(part, list):
        return part
    return [
        {**entry, "lowers": {score: change for score, change in entry["lowers"].items() if ":" not in score}}
        if isinstance(entry, dict) and isinstance(entry.get("lowers"), dict)
        else entry
        for entry in part
    ]


def _rated(
    model: CompanyModel,
    table: FactTable,
    inputs: Sequence[Input],
    previous: Mapping[str, str] | None,
    stored: RatingJson,
) -> Rating:
    """Return the new rating by the version of the rule on evidence that the stored one names; none before there was."""
    found = stored["details"].get("evidence")
    if found is None:
        return model.rate_row(table, inputs, previous)
    try:
        return rate_on_evidence(model, table, inputs, previous, found["rule"])
    except (KeyError, TypeError) as error:
        raise InputError("models.not_recomputable") from error


def _decided(rating: Rating, table: FactTable, stored: RatingJson) -> Rating:
    """Return the new rating with the decision by the version of the rule that the stored one names."""
    if not can_be_decided(rating):
        return rating
    try:
        return with_decision(rating, table, stored["details"]["guarantee"]["rule"])
    except (KeyError, TypeError) as error:
        raise InputError("models.not_recomputable") from error


def _columns(facts: Mapping[str, Any]) -> dict[str, Any]:
    columns = {}
    for name, value in facts.items():
        column = np.empty(1, dtype=object)
        column[0] = value
        columns[name] = column
    return columns


def _differences(path: str, stored: Any, again: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the places where what was stored is not what came out; what only the new one has is no difference."""
    if isinstance(stored, Mapping) and isinstance(again, Mapping):
        for name, value in stored.items():
            if name in _WORDED_DETAILS:
                continue
            if name not in again:
                yield f"{path}.{name}", value, None
            else:
                yield from _differences(f"{path}.{name}", value, again[name])
    elif isinstance(stored, list) and isinstance(again, list | tuple) and len(stored) == len(again):
        for place, (a, b) in enumerate(zip(stored, again, strict=True)):
            yield from _differences(f"{path}.{place}", a, b)
    elif stored != again:
        yield path, stored, again
