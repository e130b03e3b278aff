"""Rates one company by the company models."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.company.totals import broken_rules, refusal_of
from ktop.domain.rating.rating import Rating
from ktop.kernel.errors import InputError
from ktop.models.company_model import CompanyModel, with_changes
from ktop.models.next_steps import StepEffects
from ktop.models.registry import KINDS, ModelRegistry
from ktop.usecases.companies.decide import with_decision
from ktop.usecases.companies.evidence import rate_on_evidence
from ktop.usecases.uploads import existing

#: The models a company is rated by where none is named, in the order of their results.
DEFAULT_MODELS = ("tech-index", "ktrs-fm")


def models_for(subject: RatedSubject) -> tuple[str, ...]:
    """Return the models the platform rates a company by.

    The default ones, the start-up model for a start-up, and the global-expansion model for a firm that says how much it
    exports, be it nothing.
    """
    young = subject.facts["age_band"] == "startup"
    abroad = subject.facts["exports_krw_t0"] is not None
    return (*DEFAULT_MODELS, *(["start-up"] if young else []), *(["global-expansion"] if abroad else []))


def company_models(names: Sequence[str] | None, registry: ModelRegistry) -> list[CompanyModel]:
    """Return the company models of these names in the versions in force; ``InputError`` for a name there is none of."""
    models = []
    for name in names or DEFAULT_MODELS:
        if name not in KINDS:
            raise InputError("models.unknown_company_model", name=name, known=", ".join(KINDS))
        models.append(registry.model(name))
    return models


def former_grades(path: Path) -> dict[str, dict[str, str]]:
    """Return the grades of the ratings in a JSON file, model name → ladder → grade, for ``rate_by``.

    Raises ``InputError("models.not_recomputable")`` for a file that holds no ratings.
    """
    try:
        content = json.loads(existing(path).read_text("utf-8-sig"))
        ratings = content if isinstance(content, list) else content.get("ratings", [content])
        return {rating["model"]["name"]: dict(rating["grades"]) for rating in ratings}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError("models.not_recomputable") from error


def rate_by(
    model: CompanyModel,
    subject: RatedSubject,
    previous: Mapping[str, str] | None = None,
    effects: StepEffects | None = None,
) -> Rating:
    """Rate a company by one model as declared and on evidence, with what is decided on the rating, and doubtful.

    ``effects`` as in ``rate_on_evidence``.
    """
    found = rate_on_evidence(model, subject.table, subject.inputs, previous, effects=effects)
    rating = with_decision(found, subject.table)
    return dataclasses.replace(rating, warnings=(*subject.warnings, *rating.warnings))


def what_if(model: CompanyModel, subject: RatedSubject, changes: Mapping[str, Any]) -> Rating:
    """Rate a company by one model with some facts changed, see ``with_changes``, and decide on that.

    Raises ``InputError`` where a changed fact then contradicts another, as a record that says so does.
    """
    table, inputs = with_changes(subject.table, changes, subject.inputs)
    facts = table.row(0)
    for rule in broken_rules(facts, changes.keys()):
        raise refusal_of(rule, facts)
    return with_decision(rate_on_evidence(model, table, inputs), table)
