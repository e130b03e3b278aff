"""API operations of being found and finding."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from ktop.domain.company.field_types import Day
from ktop.domain.party.discovery import OptIn, Profile, Wanted
from ktop.kernel.clock import today
from ktop.kernel.errors import NotFoundError
from ktop.usecases.discovery.interface import ContactCard, FoundFirm, OwnCard, SavedSearch
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.consents import Party, party
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses

Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Identifier.")]
Limit = Annotated[int | None, Query(description="How many, 1 to 200; without it 50.")]
After = Annotated[str | None, Query(description="Cursor: the `after` of the page before.", max_length=400)]
Grade = Annotated[str, Query(description="This band of the grade or a better one.", max_length=8, examples=["A"])]
Choice = Annotated[str, Query(description="Code of the peer group; without it, any.", max_length=60)]
Part = Literal["business", "growth", "risk", "index_score", "industry", "region", "size", "age_band", "model"]
_A_YEAR = datetime.timedelta(days=365)

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class OptInGiven(BaseModel):
    """What a company lets be found of itself."""

    model_config = ConfigDict(extra="forbid")

    rating: str = Field(max_length=64, description="Identifier of the kept rating whose bands are shown.")
    to: list[Literal["bank", "investor", "agency"]] = Field(max_length=3, examples=[["bank", "investor"]])
    anonymous: bool = Field(True, description="Whether name and number stay hidden until a contact is accepted.")
    words: str = Field(
        "",
        max_length=1200,
        description="What the company does, 1,000 characters at most; shown and searched only of one that is named.",
    )
    hidden: list[Part] = Field([], max_length=9, description="Parts of the profile that are not shown.")
    until: Day = Field(None, description="Last day (ISO 8601); without it, a year from today.")


class ProfileShown(BaseModel):
    """Bands of grades, the Tech-Index rounded down to five points, and the peer group."""

    business: str
    growth: str
    risk: str
    index_score: float | None
    industry: str
    region: str
    size: str
    age_band: str
    model: str


class OwnShown(BaseModel):
    """What is shown of the company now."""

    rating: str
    to: list[str]
    anonymous: bool
    words: str
    until: datetime.date
    profile: ProfileShown
    hidden: list[str]
    created: datetime.datetime


class FirmShown(BaseModel):
    """A company that was found; `company` and `until` are null while it is anonymous; `near`: by some words."""

    id: str
    company: Party | None
    profile: ProfileShown
    words: str
    until: datetime.date | None
    created: datetime.datetime
    near: bool


class FirmsShown(BaseModel):
    """Companies, newest or best match first; `after` is the cursor of the next page, null on the last."""

    items: list[FirmShown]
    after: str | None


class WantedGiven(BaseModel):
    """What a search asks for; empty parts ask for nothing, grades mean this band or a better one."""

    model_config = ConfigDict(extra="forbid")

    business: str = Field("", max_length=8)
    growth: str = Field("", max_length=8)
    risk: str = Field("", max_length=8)
    index_score: float | None = None
    industry: str = Field("", max_length=60)
    region: str = Field("", max_length=20)
    size: str = Field("", max_length=20)
    age_band: str = Field("", max_length=20)
    words: str = Field("", max_length=300)
    model: str = Field("", max_length=20)


class SearchGiven(BaseModel):
    """A search to be kept."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200, examples=["대전 로봇"])
    wanted: WantedGiven


class SearchShown(BaseModel):
    """A kept search; `new` counts the firms it found since those were last looked at."""

    id: str
    name: str
    wanted: WantedGiven
    created: datetime.datetime
    looked: datetime.datetime
    new: int


class LookShown(BaseModel):
    """Who found or opened the company."""

    number: int
    viewer: Party
    way: Literal["found", "opened"]
    at: datetime.datetime


class LooksShown(BaseModel):
    """Looks, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[LookShown]
    after: str | None


class MessageGiven(BaseModel):
    """Why contact is asked for."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(max_length=1200, examples=["시설자금 상담을 드리고 싶습니다."])


class AnswerGiven(BaseModel):
    """Whether a request is accepted."""

    model_config = ConfigDict(extra="forbid")

    accept: bool


class ContactShown(BaseModel):
    """A request for contact; `company` is null to the asker until an anonymous company accepts."""

    id: str
    asker: Party
    company: Party | None
    yours: bool = Field(description="Whether it was made to you.")
    message: str
    state: Literal["asked", "accepted", "declined"]
    asked: datetime.datetime
    answered: datetime.datetime | None


@router.get("/discovery/own", tags=["discovery"], responses={**error_answers(404)})
def own_card(use: Uses, who: Acting, lang: Language = None) -> OwnShown:
    """Fetch what the company lets be found of itself."""
    found = use.discovery.own_card(who)
    if found is None:
        raise NotFoundError("discovery.not_opted_in")
    return _own(found)


@router.put("/discovery/own", tags=["discovery"], responses={**error_answers(400, 403, 404, 422)})
def opt_in(body: OptInGiven, use: Uses, who: Acting, lang: Language = None) -> OwnShown:
    """Let the company be found; what was shown before is gone."""
    until = body.until or today() + _A_YEAR
    given = OptIn(body.rating, frozenset(body.to), body.anonymous, body.words, until, frozenset(body.hidden))
    return _own(use.discovery.opt_in(who, given))


@router.delete("/discovery/own", status_code=204, tags=["discovery"], responses={**error_answers(403)})
def opt_out(use: Uses, who: Acting, lang: Language = None) -> Response:
    """Take the company out: the next search does not find it."""
    use.discovery.opt_out(who)
    return Response(status_code=204)


@router.get("/discovery/looks", tags=["discovery"], responses={**error_answers(422)})
def looks(use: Uses, who: Acting, limit: Limit = None, after: After = None, lang: Language = None) -> LooksShown:
    """List who found or opened the company."""
    page = use.discovery.looks(who, limit=limit, after=after)
    items = [LookShown(number=one.number, viewer=party(one.viewer), way=one.way, at=one.at) for one in page.items]
    return LooksShown(items=items, after=page.after)


@router.get("/discovery/firms", tags=["discovery"], responses={**error_answers(422)})
def firms(
    use: Uses,
    who: Acting,
    business: Grade = "",
    growth: Grade = "",
    risk: Grade = "",
    index_score: Annotated[float | None, Query(description="At least this Tech-Index.")] = None,
    industry: Choice = "",
    region: Choice = "",
    size: Choice = "",
    age_band: Choice = "",
    words: Annotated[
        str,
        Query(
            max_length=300,
            description="What a named firm says or is called: those with all words first, then those near.",
        ),
    ] = "",
    model: Annotated[str, Query(max_length=20, description="Model that graded.")] = "",
    like: Annotated[
        str, Query(pattern="^([0-9a-f]{32})?$", description="Firms that say the like of this named one.")
    ] = "",
    limit: Limit = None,
    after: After = None,
    lang: Language = None,
) -> FirmsShown:
    """Find companies that agreed to be found; grades mean this band or a better one."""
    wanted = Wanted(business, growth, risk, index_score, industry, region, size, age_band, words, model, like)
    page = use.discovery.search(who, wanted, limit=limit, after=after)
    return FirmsShown(items=[_firm(one) for one in page.items], after=page.after)


@router.get("/discovery/firms/{card_id}", tags=["discovery"], responses={**error_answers(404, 422)})
def firm(card_id: Id, use: Uses, who: Acting, lang: Language = None) -> FirmShown:
    """Open one company that was found; it is told."""
    return _firm(use.discovery.open_found(who, card_id))


@router.post(
    "/discovery/firms/{card_id}/contact",
    status_code=201,
    tags=["discovery"],
    responses={**error_answers(400, 404, 409, 422)},
)
def ask_contact(card_id: Id, body: MessageGiven, use: Uses, who: Acting, lang: Language = None) -> ContactShown:
    """Ask a company for contact."""
    return _contact(use.discovery.ask_contact(who, card_id, body.message))


@router.get("/discovery/searches", tags=["discovery"], responses={**error_answers(403)})
def searches(use: Uses, who: Acting, lang: Language = None) -> list[SearchShown]:
    """List the searches that the institution keeps."""
    return [_search(one) for one in use.discovery.saved_searches(who)]


@router.post("/discovery/searches", status_code=201, tags=["discovery"], responses={**error_answers(400, 409, 422)})
def save_search(body: SearchGiven, use: Uses, who: Acting, lang: Language = None) -> SearchShown:
    """Keep a search; once a day the institution is told (`discovery.new_found`) of firms not found before."""
    return _search(use.discovery.save_search(who, body.name, Wanted(**body.wanted.model_dump())))


@router.post("/discovery/searches/{search_id}/new", tags=["discovery"], responses={**error_answers(400, 404, 422)})
def new_finds(search_id: Id, use: Uses, who: Acting, lang: Language = None) -> list[FirmShown]:
    """Take the firms that a kept search found since this was last asked, as far as they can still be found."""
    return [_firm(one) for one in use.discovery.new_finds(who, search_id)]


@router.delete(
    "/discovery/searches/{search_id}", status_code=204, tags=["discovery"], responses={**error_answers(404, 422)}
)
def forget_search(search_id: Id, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Keep a search no more."""
    use.discovery.forget_search(who, search_id)
    return Response(status_code=204)


@router.get("/discovery/contacts", tags=["discovery"], responses={**error_answers(403)})
def contacts(use: Uses, who: Acting, lang: Language = None) -> list[ContactShown]:
    """List the requests for contact made or received."""
    return [_contact(one) for one in use.discovery.contacts(who)]


@router.post(
    "/discovery/contacts/{contact_id}/answer", tags=["discovery"], responses={**error_answers(400, 403, 404, 409, 422)}
)
def answer_contact(contact_id: Id, body: AnswerGiven, use: Uses, who: Acting, lang: Language = None) -> ContactShown:
    """Accept a request, which tells the asker who the company is, or decline it."""
    return _contact(use.discovery.answer_contact(who, contact_id, accept=body.accept))


def _profile(found: Profile) -> ProfileShown:
    return ProfileShown(**asdict(found))


def _own(card: OwnCard) -> OwnShown:
    given = card.opt_in
    return OwnShown(
        rating=given.rating,
        to=sorted(given.to),
        anonymous=given.anonymous,
        words=given.words,
        until=given.until,
        profile=_profile(card.profile),
        hidden=sorted(given.hidden),
        created=card.created,
    )


def _firm(found: FoundFirm) -> FirmShown:
    return FirmShown(
        id=found.id,
        company=None if found.company is None else party(found.company),
        profile=_profile(found.profile),
        words=found.said,
        until=found.until,
        created=found.created,
        near=found.near,
    )


def _search(one: SavedSearch) -> SearchShown:
    wanted = WantedGiven(**{name: getattr(one.wanted, name) for name in WantedGiven.model_fields})
    return SearchShown(id=one.id, name=one.name, wanted=wanted, created=one.created, looked=one.looked, new=one.new)


def _contact(one: ContactCard) -> ContactShown:
    return ContactShown(
        id=one.id,
        asker=party(one.asker),
        company=None if one.company is None else party(one.company),
        yours=one.yours,
        message=one.message,
        state=one.state,
        asked=one.asked,
        answered=one.answered,
    )
