"""API operations of institutions, of the companies that joined, and of the accounts that the operator makes."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from ktop.usecases.institutions.interface import CompanyOnPlatform, InstitutionCard
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.conditions import CONDITION_FAILS, TAGGED, IfMatch, tag
from ktop.web.api.jobs import After, Limit
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses

InstitutionId = Annotated[str, Path(description="Identifier of an institution.", pattern="^[a-z][a-z0-9-]{1,39}$")]
OrganisationId = Annotated[str, Path(description="Identifier of an organisation.", pattern="^[0-9a-z][0-9a-z-]{1,63}$")]
Kind = Literal["agency", "bank", "investor", "operator"]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class InstitutionShown(BaseModel):
    """An institution."""

    id: str
    kind: Kind
    name: dict[Literal["ko", "en"], str]
    state: Literal["active", "suspended", "merged"]
    merged_into: str | None = Field(description="Into which it was merged.")
    demo: bool
    kept_bytes: int | None = Field(description="Size of all files that it keeps; told to the operator alone.")


class InstitutionsShown(BaseModel):
    """Institutions by identifier; `after` is the cursor of the next page, null on the last."""

    items: list[InstitutionShown]
    after: str | None


class NewInstitution(BaseModel):
    """An institution to enter."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=40, description="A short word: small letters, digits, hyphens.", examples=["nh"])
    kind: Kind = Field(examples=["bank"])
    name_ko: str = Field(max_length=200, description="Name in Korean.", examples=["농협은행"])
    name_en: str = Field(max_length=200, description="Name in English.", examples=["NongHyup Bank"])


class InstitutionState(BaseModel):
    """Whether people can act for it."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["active", "suspended"] = Field(examples=["suspended"])


class Merger(BaseModel):
    """The institution that takes another one in."""

    model_config = ConfigDict(extra="forbid")

    into: str = Field(
        max_length=64, description="Identifier of an active institution of the same kind.", examples=["kb"]
    )


class NewAccount(BaseModel):
    """An account with a role in an organisation."""

    model_config = ConfigDict(extra="forbid")

    login: str = Field(max_length=200, description="3 to 100 letters, digits and . @ + - _.", examples=["hong.gildong"])
    name: str = Field(max_length=200, description="The person's name.", examples=["Hong Gildong"])
    role: str = Field(max_length=40, description="A role of the organisation's kind.", examples=["bank_officer"])


class FirstPassword(BaseModel):
    """The password of a new account, told once."""

    password: str


class CompanyShown(BaseModel):
    """A company that joined, and whether somebody has seen that the business number is its own."""

    id: str
    name: dict[Literal["ko", "en"], str]
    business_number: str | None
    state: Literal["active", "suspended", "merged"]
    demo: bool
    verified: datetime.datetime | None = Field(description="When the number was verified, null where never.")
    evidence: str = Field(description="By what it was seen.")
    kept_bytes: int = Field(description="Size of all files that it keeps.")


class CompaniesShown(BaseModel):
    """Companies that joined, by identifier; `after` is the cursor of the next page, null on the last."""

    items: list[CompanyShown]
    after: str | None


class Verification(BaseModel):
    """By what it was seen that a company's business number is its own."""

    model_config = ConfigDict(extra="forbid")

    evidence: str = Field(min_length=1, max_length=200, examples=["Certificate of business registration, 2026-11-02"])


@router.get("/institutions", tags=["institutions"], responses={**error_answers(422)})
def institutions(
    use: Uses, who: Acting, limit: Limit = None, after: After = None, lang: Language = None
) -> InstitutionsShown:
    """List the institutions."""
    found = use.institutions.institutions(who, limit=limit, after=after)
    return InstitutionsShown(items=[_shown(card) for card in found.items], after=found.after)


@router.post(
    "/institutions", status_code=201, tags=["institutions"], responses={201: TAGGED, **error_answers(409, 422)}
)
def add_institution(
    body: NewInstitution, response: Response, use: Uses, who: Acting, lang: Language = None
) -> InstitutionShown:
    """Enter an institution."""
    return _tagged(response, use.institutions.create(who, body.id, body.kind, body.name_ko, body.name_en))


@router.get("/institutions/{institution_id}", tags=["institutions"], responses={200: TAGGED, **error_answers(404, 422)})
def institution(
    institution_id: InstitutionId, response: Response, use: Uses, who: Acting, lang: Language = None
) -> InstitutionShown:
    """Fetch one institution."""
    return _tagged(response, use.institutions.institution(who, institution_id))


@router.patch(
    "/institutions/{institution_id}",
    tags=["institutions"],
    responses={200: TAGGED, **error_answers(404, 409, 422, *CONDITION_FAILS)},
)
def change_institution(
    institution_id: InstitutionId,
    body: InstitutionState,
    condition: IfMatch,
    response: Response,
    use: Uses,
    who: Acting,
    lang: Language = None,
) -> InstitutionShown:
    """Suspend an institution, or open it again."""
    act = use.institutions.reopen if body.state == "active" else use.institutions.suspend
    return _tagged(response, act(who, institution_id, version=condition.edit()))


@router.post(
    "/institutions/{institution_id}/merger",
    tags=["institutions"],
    responses={200: TAGGED, **error_answers(404, 409, 422, *CONDITION_FAILS)},
)
def merge_institution(
    institution_id: InstitutionId,
    body: Merger,
    condition: IfMatch,
    response: Response,
    use: Uses,
    who: Acting,
    lang: Language = None,
) -> InstitutionShown:
    """Close an institution for good and give its users their roles in another one."""
    return _tagged(response, use.institutions.merge(who, institution_id, body.into, version=condition.edit()))


@router.post(
    "/organisations/{organisation_id}/accounts",
    status_code=201,
    tags=["institutions"],
    responses={**error_answers(404, 409, 422)},
)
def add_account(
    organisation_id: OrganisationId, body: NewAccount, use: Uses, who: Acting, lang: Language = None
) -> FirstPassword:
    """Make an account with a role in an organisation; the answer holds its password, this once."""
    return FirstPassword(password=use.institutions.add_account(who, organisation_id, body.role, body.login, body.name))


@router.get("/joined-companies", tags=["institutions"], responses={**error_answers(422)})
def joined_companies(
    use: Uses,
    who: Acting,
    unverified: Annotated[bool, Query(description="Only those whose number nobody has verified.")] = False,
    limit: Limit = None,
    after: After = None,
    lang: Language = None,
) -> CompaniesShown:
    """List the companies that joined."""
    found = use.institutions.companies(who, unverified=unverified, limit=limit, after=after)
    items = [CompanyShown.model_validate(one, from_attributes=True) for one in found.items]
    return CompaniesShown(items=items, after=found.after)


@router.get(
    "/joined-companies/{organisation_id}", tags=["institutions"], responses={200: TAGGED, **error_answers(404, 422)}
)
def joined_company(
    organisation_id: OrganisationId, response: Response, use: Uses, who: Acting, lang: Language = None
) -> CompanyShown:
    """Fetch one company that joined."""
    return _company(response, use.institutions.company(who, organisation_id))


@router.post(
    "/joined-companies/{organisation_id}/verification",
    tags=["institutions"],
    responses={200: TAGGED, **error_answers(404, 409, 422, *CONDITION_FAILS)},
)
def verify_number(
    organisation_id: OrganisationId,
    body: Verification,
    condition: IfMatch,
    response: Response,
    use: Uses,
    who: Acting,
    lang: Language = None,
) -> CompanyShown:
    """Note that a company's business number is its own, and by what that was seen."""
    return _company(
        response, use.institutions.verify_number(who, organisation_id, body.evidence, version=condition.edit())
    )


def _shown(card: InstitutionCard) -> InstitutionShown:
    return InstitutionShown.model_validate(card, from_attributes=True)


def _tagged(response: Response, card: InstitutionCard) -> InstitutionShown:
    tag(response, card.version)
    return _shown(card)


def _company(response: Response, found: CompanyOnPlatform) -> CompanyShown:
    tag(response, found.version)
    return CompanyShown.model_validate(found, from_attributes=True)
