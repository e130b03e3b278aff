"""Rates one company by the company models."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.rating.rating import Rating
from ktop.kernel.errors import InputError
from ktop.usecases.rate.decide import with_decision
from ktop.usecases.uploads import existing

if TYPE_CHECKING:
    from ktop.models.company_model import CompanyModel
    from ktop.models.registry import ModelRegistry

#: The models a company is rated by where none is named, in the order of their results.
DEFAULT_MODELS = ("tech-index", "ktrs-fm")


def models_for(subject: RatedSubject) -> tuple[str, ...]:
    """Return the models the platform rates a company by: the default ones, and the start-up model for a start-up."""
    young = subject.facts["age_band"] == "startup"
    return (*DEFAULT_MODELS, *(["start-up"] if young else []))


def company_models(names: Sequence[str] | None, registry: ModelRegistry) -> list[CompanyModel]:
    """Return the company models of these names in the versions in force; ``InputError`` for a name there is none of."""
    from ktop.models.registry import KINDS

    found = []
    for name in names or DEFAULT_MODELS:
        if name not in KINDS:
            raise InputError("models.unknown_company_model", name=name, known=", ".join(KINDS))
        found.append(registry.model(name))
    return found


def rate_company(
    record: Mapping[str, Any],
    *,
    registry: ModelRegistry,
    models: Sequence[str] | None = None,
    as_of: date | None = None,
    previous: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Rating]:
    """Rate a company record as of a day (today where not given) by every model named, in the version in force.

    ``previous`` are the grades of the company's last ratings, model name → ladder → grade: near a cut they are kept.
    Raises ``InputError`` for a record that is wrong, or one that tells a model nothing at all.
    """
    subject = RatedSubject.of(record, as_of or date.today())  # noqa: DTZ011 - the user's own calendar day
    return [rate_by(model, subject, (previous or {}).get(model.name)) for model in company_models(models, registry)]


def former_grades(path: Path) -> dict[str, dict[str, str]]:
    """Return the grades of the ratings in a JSON file, model name → ladder → grade, for ``rate_company``.

    Raises ``InputError("models.not_recomputable")`` for a file that holds no ratings.
    """
    try:
        content = json.loads(existing(path).read_text("utf-8-sig"))
        ratings = content if isinstance(content, list) else content.get("ratings", [content])
        return {rating["model"]["name"]: dict(rating["grades"]) for rating in ratings}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError("models.not_recomputable") from error


def rate_by(model: CompanyModel, subject: RatedSubject, previous: Mapping[str, str] | None = None) -> Rating:
    """Rate a company by one model, with what is decided on the rating, and doubtful about the record itself."""
    rating = with_decision(model.rate(subject, previous), subject.table)
    return dataclasses.replace(rating, warnings=(*subject.warnings, *rating.warnings))


def what_if(model: CompanyModel, subject: RatedSubject, changes: Mapping[str, Any]) -> Rating:
    """Rate a company by one model with some facts changed, see ``CompanyModel.what_if``, and decide on that."""
    from ktop.models.facts import changed_table

    return with_decision(model.what_if(subject.table, changes, subject.inputs), changed_table(subject.table, changes))
