"""The API of companies and technologies that an organisation keeps; an edit names the version it changes."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from ktop.domain.company.field_types import Day
from ktop.usecases.portfolio.interface import KeptCompany, KeptTechnology
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.conditions import CONDITION_FAILS, TAGGED, IfMatch, tag
from ktop.web.api.jobs import After, Limit
from ktop.web.api.schemas import Result, Results, Stored, error_answers, stored
from ktop.web.api.v1 import Acting, Language, Uses

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)
KeptId = Annotated[str, Path(description="Identifier of a kept company or technology.", pattern="^[0-9a-f]{32}$")]
Search = Annotated[str, Query(max_length=200, description="Part of a name or title, or the beginning of a number.")]
Away = Annotated[bool, Query(description="Those put away instead of the others.")]
_RECORD = {"company_id": "A-1", "name": "Gaon Precision (invented)", "industry": "C29271"}


class RecordGiven(BaseModel):
    """What is known of a company."""

    model_config = ConfigDict(extra="forbid")

    record: dict[str, Any] = Field(
        description="A company record; its JSON Schema is at /api/v1/schema/company.", examples=[_RECORD]
    )


class CompanyEdit(BaseModel):
    """What is to be changed of a kept company; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=200)
    note: str | None = Field(None, max_length=2000, examples=["Visited in spring."])
    archived: bool | None = None


class TechnologyGiven(BaseModel):
    """A technology to keep."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=200, examples=["Moisture-indicating film"])
    text: str = Field(min_length=1, max_length=20_000, examples=["A film with luminescent nanoparticles that ..."])
    company: str | None = Field(None, pattern="^[0-9a-f]{32}$", description="The kept company it belongs to.")


class TechnologyEdit(BaseModel):
    """What is to be changed of a kept technology; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(None, min_length=1, max_length=200)
    text: str | None = Field(None, min_length=1, max_length=20_000)
    note: str | None = Field(None, max_length=2000, examples=["Licensed in 2024."])
    archived: bool | None = None


class RatingAsked(BaseModel):
    """How a kept company or technology is to be rated."""

    model_config = ConfigDict(extra="forbid")

    as_of: Day = Field(None, description="Day of the rating (ISO 8601); without it, today.")
    technology: str | None = Field(
        None, pattern="^[0-9a-f]{32}$", description="A kept technology to rate with the company.", examples=[None]
    )


class CompanyShown(BaseModel):
    """A company that the organisation keeps."""

    id: str
    name: str
    name_en: str | None = Field(description="Its name in English as its record says it, null where it says none.")
    business_number: str | None
    company_id: str | None = Field(description="What the organisation calls it.")
    note: str
    created: datetime.datetime
    changed: datetime.datetime
    archived: bool
    version: int = Field(description="Counts edits; the ETag of the company.")


class CompaniesShown(BaseModel):
    """One page of companies; `after` asks for the next, null on the last."""

    items: list[CompanyShown]
    after: str | None


class RecordShown(BaseModel):
    """What was known of a company from a moment on; number 0 is the draft."""

    number: int
    known_at: datetime.datetime
    given_by: str
    draft: bool
    record: dict[str, Any]


class TechnologyShown(BaseModel):
    """A technology that the organisation keeps."""

    id: str
    company: str | None
    title: str
    text: str
    note: str
    created: datetime.datetime
    changed: datetime.datetime
    archived: bool
    version: int = Field(description="Counts edits; the ETag of the technology.")


class TechnologiesShown(BaseModel):
    """One page of technologies; `after` asks for the next, null on the last."""

    items: list[TechnologyShown]
    after: str | None


@router.get("/companies", tags=["portfolio"], responses={**error_answers(422)})
def companies(
    use: Uses,
    who: Acting,
    search: Search = "",
    archived: Away = False,
    drafts: Annotated[bool, Query(description="Only companies with a draft.")] = False,
    limit: Limit = None,
    after: After = None,
    lang: Language = None,
) -> CompaniesShown:
    """List kept companies, the last changed first."""
    found = use.portfolio.kept_companies(
        who, search=search, archived=archived, only_drafts=drafts, limit=limit, after=after
    )
    return CompaniesShown(items=[CompanyShown(**asdict(one)) for one in found.items], after=found.after)


@router.post("/companies", status_code=201, tags=["portfolio"], responses={201: TAGGED, **error_answers(413, 422)})
def keep_company(body: RecordGiven, use: Uses, who: Acting, response: Response, lang: Language = None) -> CompanyShown:
    """Keep a company, or a further version of the record of the one of that business number or company id."""
    return _company(response, use.portfolio.save_company(who, body.record))


@router.get("/companies/{kept_id}", tags=["portfolio"], responses={200: TAGGED, **error_answers(404)})
def company(kept_id: KeptId, use: Uses, who: Acting, response: Response, lang: Language = None) -> CompanyShown:
    """Fetch one company; the ETag header names its version."""
    return _company(response, use.portfolio.kept_company(who, kept_id))


@router.patch(
    "/companies/{kept_id}", tags=["portfolio"], responses={200: TAGGED, **error_answers(404, 422, *CONDITION_FAILS)}
)
def edit_company(
    kept_id: KeptId,
    body: CompanyEdit,
    condition: IfMatch,
    use: Uses,
    who: Acting,
    response: Response,
    lang: Language = None,
) -> CompanyShown:
    """Call a company otherwise, note something on it, put it away or bring it back."""
    return _company(response, use.portfolio.edit_company(who, kept_id, condition.edit(), **body.model_dump()))


@router.get("/companies/{kept_id}/records", tags=["portfolio"], responses={**error_answers(404)})
def records(kept_id: KeptId, use: Uses, who: Acting, lang: Language = None) -> list[RecordShown]:
    """List what was known of a company when and by whom: its draft, if any, then the newest version first."""
    return [RecordShown(**asdict(one)) for one in use.portfolio.records_of(who, kept_id)]


@router.post(
    "/companies/{kept_id}/records", status_code=201, tags=["portfolio"], responses={**error_answers(404, 413, 422)}
)
def keep_record(
    kept_id: KeptId, body: RecordGiven, use: Uses, who: Acting, response: Response, lang: Language = None
) -> CompanyShown:
    """Keep a further version of a company's record."""
    return _company(response, use.portfolio.save_company(who, body.record, kept_id))


@router.put("/companies/{kept_id}/draft", tags=["portfolio"], responses={**error_answers(404, 413, 422)})
def keep_draft(
    kept_id: KeptId, body: RecordGiven, use: Uses, who: Acting, response: Response, lang: Language = None
) -> CompanyShown:
    """Keep a record that is not complete yet, unchecked, in the place of the draft before."""
    return _company(response, use.portfolio.save_draft(who, body.record, kept_id))


@router.post(
    "/companies/{kept_id}/ratings", status_code=201, tags=["portfolio"], responses={**error_answers(404, 422, 503)}
)
def rate_company(kept_id: KeptId, body: RatingAsked, use: Uses, who: Acting, lang: Language = None) -> Stored:
    """Rate the newest version of a company's record, with one of its technologies where one is named."""
    return stored(use.portfolio.rate_kept_company(who, kept_id, body.as_of, body.technology))


@router.get("/companies/{kept_id}/ratings", tags=["portfolio"], responses={**error_answers(404, 422)})
def ratings_of(
    kept_id: KeptId, use: Uses, who: Acting, limit: Limit = None, after: After = None, lang: Language = None
) -> Results:
    """List the results of one company, newest first."""
    found = use.ratings.results(who, archived=None, company=kept_id, limit=limit, after=after)
    return Results(items=[Result(**asdict(result)) for result in found.items], after=found.after)


@router.get("/technologies", tags=["portfolio"], responses={**error_answers(422)})
def technologies(
    use: Uses,
    who: Acting,
    search: Search = "",
    archived: Away = False,
    company: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="Of one kept company.")] = None,
    limit: Limit = None,
    after: After = None,
    lang: Language = None,
) -> TechnologiesShown:
    """List kept technologies, the last changed first."""
    found = use.portfolio.kept_technologies(
        who, search=search, archived=archived, company=company, limit=limit, after=after
    )
    return TechnologiesShown(items=[TechnologyShown(**asdict(one)) for one in found.items], after=found.after)


@router.post("/technologies", status_code=201, tags=["portfolio"], responses={**error_answers(404, 422)})
def keep_technology(
    body: TechnologyGiven, use: Uses, who: Acting, response: Response, lang: Language = None
) -> TechnologyShown:
    """Keep a technology."""
    return _technology(response, use.portfolio.save_technology(who, body.title, body.text, body.company))


@router.get("/technologies/{kept_id}", tags=["portfolio"], responses={200: TAGGED, **error_answers(404)})
def technology(kept_id: KeptId, use: Uses, who: Acting, response: Response, lang: Language = None) -> TechnologyShown:
    """Fetch one technology; the ETag header names its version."""
    return _technology(response, use.portfolio.kept_technology(who, kept_id))


@router.patch(
    "/technologies/{kept_id}", tags=["portfolio"], responses={200: TAGGED, **error_answers(404, 422, *CONDITION_FAILS)}
)
def edit_technology(
    kept_id: KeptId,
    body: TechnologyEdit,
    condition: IfMatch,
    use: Uses,
    who: Acting,
    response: Response,
    lang: Language = None,
) -> TechnologyShown:
    """Change a technology, note something on it, put it away or bring it back."""
    return _technology(response, use.portfolio.edit_technology(who, kept_id, condition.edit(), **body.model_dump()))


def _company(response: Response, kept: KeptCompany) -> CompanyShown:
    tag(response, kept.version)
    return CompanyShown(**asdict(kept))


def _technology(response: Response, kept: KeptTechnology) -> TechnologyShown:
    tag(response, kept.version)
    return TechnologyShown(**asdict(kept))
