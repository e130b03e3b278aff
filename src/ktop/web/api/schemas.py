"""What the API takes and gives, as its OpenAPI document says it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ktop.domain.company.field_types import Day
from ktop.usecases.rate.interface import StoredRating

_AS_OF = "Day of the rating (ISO 8601); without it, today."
_INVENTED = {"company_id": "A-1", "name": "Gaon Precision (invented)", "industry": "C29271"}


class CompanyRequest(BaseModel):
    """One company record to rate."""

    model_config = ConfigDict(extra="forbid")

    record: dict[str, Any] = Field(
        description="The company record; its JSON Schema is at /api/v1/schema/company.", examples=[_INVENTED]
    )
    as_of: Day = Field(None, description=_AS_OF)


class TechnologyRequest(BaseModel):
    """One technology summary to rate."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(
        description="The technology summary in Korean or English, 20,000 characters at most.",
        examples=["A film with luminescent nanoparticles that shows moisture by a change of its colour ..."],
    )
    title: str | None = Field(
        None,
        max_length=120,
        description="What the technology is called; a title counts as part of the text, as that of a patent does.",
        examples=["Moisture-sensing luminescent film"],
    )
    as_of: Day = Field(None, description=_AS_OF)
    applicant: str | None = Field(
        None,
        max_length=200,
        description="Who files: adds prospects_with_applicant, a forecast beside the rating that is not kept.",
        examples=["Gaon Precision (invented)"],
    )


class Proposal(BaseModel):
    """One proposal to rank."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=200, examples=["P-1"])
    title: str | None = Field(None, max_length=500)
    text: str = Field(description="The proposal's summary in Korean or English.", examples=["A film that ..."])


class ProposalsRequest(BaseModel):
    """Proposals to rank, 100 at most."""

    model_config = ConfigDict(extra="forbid")

    proposals: list[Proposal] = Field(min_length=1, max_length=100)


class Problem(BaseModel):
    """The one shape of every error: problem details (RFC 9457)."""

    type: str = Field(description="A URN of the code.", examples=["urn:ktop:problem:patents.summary_too_short"])
    title: str = Field(description="The phrase of the status.")
    status: int
    detail: str = Field(description="One sentence for people, in the language asked for.")
    code: str = Field(description="A code that stays the same over time.", examples=["patents.summary_too_short"])
    details: dict[Literal["ko", "en"], str] = Field(description="The sentence in Korean and English.")


class Stored(BaseModel):
    """Ratings made together, kept under ``id``. The shape of one rating is described in docs/formats.md."""

    id: str
    kind: Literal["company", "technology", "both"]
    created: datetime.datetime
    as_of: datetime.date
    ratings: list[dict[str, Any]]
    failures: dict[str, dict[str, str]] = Field(description="Models that could not rate, and why, by language.")


class StoredTechnology(Stored):
    """A kept technology rating, and what who files foresees where an applicant was named (docs/formats.md)."""

    prospects_with_applicant: dict[str, Any] | None = None


class Result(BaseModel):
    """A kept result as a list shows it."""

    id: str
    kind: Literal["company", "technology", "both"]
    created: datetime.datetime
    as_of: datetime.date
    name: str = Field(description="Whom or what was rated.")
    title: str = Field(description="What the organisation calls it.")
    note: str
    archived: bool
    figures: dict[str, float | str | None] = Field(
        description="Headline of each model: Tech-Index, technology-business grade, originality grade."
    )


class Results(BaseModel):
    """One page of kept results; ``after`` asks for the next, null on the last."""

    items: list[Result]
    after: str | None


class Description(BaseModel):
    """What an organisation calls a result and notes on it."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", max_length=200, examples=["Spring application"])
    note: str = Field("", max_length=2000)
    archived: bool = False


class Comparison(BaseModel):
    """Two kept results side by side."""

    a: Stored
    b: Stored
    gaps: dict[str, list[dict[str, Any]]] = Field(description="What each indicator adds to score(a) - score(b).")
    technologies: dict[str, Any] | None = Field(description="Traits, shared patents and terms of two technologies.")


def stored(found: StoredRating) -> Stored:
    """Return a kept result as the API gives it; what was entered stays out, except as inputs of the ratings."""
    return Stored(
        id=found.id,
        kind=found.kind,
        created=found.created,
        as_of=found.as_of,
        ratings=[dict(rating) for rating in found.ratings],
        failures={name: dict(sentence) for name, sentence in found.failures.items()},
    )


def error_answers(*statuses: int) -> Mapping[int | str, dict[str, Any]]:
    """Return the error answers of an operation for its OpenAPI entry; any operation may also say 401, 403 and 429."""
    said = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    return {
        status: {"description": HTTPStatus(status).phrase, **said} for status in sorted({*statuses, 401, 403, 422, 429})
    }
