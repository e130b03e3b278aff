"""Rates one company by the company models."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from ktop.catalogue import Lang
from ktop.domain.company import Company
from ktop.domain.facts import company_warnings
from ktop.domain.rating import Rating
from ktop.errors import InputError

if TYPE_CHECKING:
    from ktop.models.company_model import CompanyModel

#: The models a company is rated by where none is named, in the order of their results.
DEFAULT_MODELS = ("tech-index", "ktrs-fm")


def company_models(names: Sequence[str] | None) -> list[CompanyModel]:
    """Return the released company models of these names; raises ``InputError`` for a name there is none of."""
    from ktop.models import registry

    models = []
    for name in names or DEFAULT_MODELS:
        if name not in DEFAULT_MODELS:
            raise InputError("models.unknown_company_model", name=name, known=", ".join(DEFAULT_MODELS))
        models.append(registry.load(name))
    return models


def rate_company(
    record: Mapping[str, Any], *, models: Sequence[str] | None = None, as_of: date | None = None
) -> list[Rating]:
    """Rate a company record as of a day (today where not given) by every model named.

    Raises ``InputError`` for a record that is wrong, or one that tells a model nothing at all.
    """
    company = Company.from_mapping(record)
    day = as_of or date.today()  # noqa: DTZ011 - the user's own calendar day
    return [rate_by(model, company, day) for model in company_models(models)]


def rate_by(model: CompanyModel, company: Company, as_of: date) -> Rating:
    """Rate a company by one model; what is doubtful about the record itself stands among the rating's warnings."""
    rating = model.rate(company, as_of)
    return dataclasses.replace(rating, warnings=(*company_warnings(company, as_of), *rating.warnings))


def indicator_labels(lang: Lang) -> dict[str, str]:
    """Return the catalogue's words for every indicator and checklist item of the company models."""
    from ktop.domain.indicators import checklist_items, ktrs_fm_items, tech_index_indicators

    items = (*tech_index_indicators(), *ktrs_fm_items(), *checklist_items())
    return {item.id: item.labels[lang] for item in items}
