"""API operations of looking up results by consent, and of results that are sent."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from ktop.domain.party.consent import Terms
from ktop.usecases.lookup.interface import FeedEntry, Found, OpenedResult
from ktop.usecases.transmissions.interface import SentResult
from ktop.web.api.bodies import BodyRoute, written
from ktop.web.api.consents import After, ConsentShown, Limit, Party, TermsShown, party, shown
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, RatingId, Uses
from ktop.web.asking import actor, platform
from ktop.web.downloads import download

Number = Annotated[str, Query(description="The company's business number, ten digits.", max_length=40)]
By = Annotated[
    str | None, Query(alias="consent", pattern="^[0-9a-f]{32}$", description="By this consent and no other.")
]
SentId = Annotated[str, Path(description="Identifier of a transmission.", pattern="^[0-9a-f]{32}$")]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class ResultFound(BaseModel):
    """A result that may be opened; what it says is not told yet."""

    id: str
    created: datetime.datetime
    as_of: datetime.date
    kind: str
    models: list[str]


class FoundShown(BaseModel):
    """What may be seen of a company."""

    company: Party
    consents: list[ConsentShown]
    results: list[ResultFound]


class OpenedShown(BaseModel):
    """A result as far as a consent shows it; the shape of one rating is described in docs/formats.md."""

    id: str
    company: Party
    created: datetime.datetime
    as_of: datetime.date
    kind: str
    ratings: list[dict[str, Any]]
    withheld: list[str] = Field(description="Models that answered, too, but that the consent does not name.")
    inputs: list[str] = Field(description="Groups of inputs that are shown.")
    consent: str
    purpose: str
    used_up: bool = Field(description="Whether this was the only look that the consent allowed.")
    limits: TermsShown = Field(description="What the consent allows: for what, how much, until when.")


class FeedEntryShown(BaseModel):
    """The newest state of a result; `limits`, `created` and `as_of` are null of one that is withdrawn."""

    number: int
    at: datetime.datetime
    state: Literal["shown", "withdrawn"]
    rating: str
    company: Party
    models: list[str]
    created: datetime.datetime | None
    as_of: datetime.date | None
    consent: str
    limits: TermsShown | None


class FeedShown(BaseModel):
    """What changed; the next request asks `since` the place told here, also where there is no more now."""

    items: list[FeedEntryShown]
    since: int
    more: bool


class Sending(BaseModel):
    """A result to send."""

    model_config = ConfigDict(extra="forbid")

    rating: str = Field(pattern="^[0-9A-Za-z_-]{1,64}$", examples=["0123456789abcdef0123456789abcdef"])
    institution: str = Field(max_length=64, examples=["ibk"])
    purpose: str = Field(max_length=40, examples=["loan_review"])
    inputs: list[str] = Field(default_factory=list, max_length=50, examples=[["statement"]])
    message: str = Field("", max_length=2000)
    signed: bool = Field(
        False, description="Whether a signed file goes with it; it shows the inputs consented to and no others."
    )


class SentShown(BaseModel):
    """A result that was sent."""

    id: str
    sender: Party
    receiver: Party
    rating: str
    consent: str
    consent_made: bool = Field(description="Whether the consent was given by sending, for this result alone.")
    message: str
    signed: bool
    sent: datetime.datetime
    received: datetime.datetime | None
    read: datetime.datetime | None
    withdrawn: datetime.datetime | None


class SentList(BaseModel):
    """Transmissions, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[SentShown]
    after: str | None


@router.get("/lookups", tags=["lookups"], responses={**error_answers(403, 404, 422)})
def look_up(business_number: Number, use: Uses, who: Acting, lang: Language = None) -> FoundShown:
    """Find what may be seen of a company today; the look is noted in the company's ledger."""
    return found_shown(use.lookups.find(who, business_number, "program"))


@router.get("/result-feed", tags=["lookups"], responses={**error_answers(403, 422)})
def feed(
    use: Uses,
    who: Acting,
    since: Annotated[int, Query(description="The `since` of the answer before; 0 for all.", ge=0)] = 0,
    limit: Limit = None,
    lang: Language = None,
) -> FeedShown:
    """Read on in what consents show: each result by its newest state, shown or withdrawn, none passed over."""
    page = use.lookups.feed(who, since, limit)
    return FeedShown(items=[_entry(one) for one in page.items], since=page.after, more=page.more)


@router.get(
    "/lookups/{rating_id}", tags=["lookups"], response_model=OpenedShown, responses={**error_answers(403, 404, 422)}
)
def open_result(rating_id: RatingId, request: Request, consent: By = None, lang: Language = None) -> Response:
    """Open a result by consent; the look is noted in the company's ledger, and uses up a consent for one look."""
    # What is asked most often takes the request itself: each dependency costs some 60 µs.
    return written(opened_shown(platform(request).lookups.open(actor(request), rating_id, "program", consent)))


@router.post(
    "/transmissions", status_code=201, tags=["transmissions"], responses={**error_answers(400, 403, 404, 413, 422)}
)
def send(body: Sending, use: Uses, who: Acting, lang: Language = None) -> SentShown:
    """Send a result to an institution; where no consent covers it, one is given for it alone."""
    return sent_shown(
        use.transmissions.send(
            who,
            body.rating,
            body.institution,
            purpose=body.purpose,
            inputs=body.inputs,
            message=body.message,
            signed=body.signed,
        )
    )


@router.get("/transmissions", tags=["transmissions"], responses={**error_answers(403, 422)})
def sent(use: Uses, who: Acting, limit: Limit = None, after: After = None, lang: Language = None) -> SentList:
    """List what the company sent."""
    page = use.transmissions.sent(who, limit=limit, after=after)
    return SentList(items=[sent_shown(one) for one in page.items], after=page.after)


@router.get("/transmissions/{transmission_id}", tags=["transmissions"], responses={**error_answers(403, 404, 422)})
def transmission(transmission_id: SentId, use: Uses, who: Acting, lang: Language = None) -> SentShown:
    """Fetch one transmission with its marks."""
    return sent_shown(use.transmissions.transmission(who, transmission_id))


@router.get(
    "/transmissions/{transmission_id}/receipt", tags=["transmissions"], responses={**error_answers(403, 404, 422)}
)
def transmission_receipt(transmission_id: SentId, use: Uses, who: Acting, lang: Language = None) -> dict[str, Any]:
    """Fetch the receipt of a transmission as it stands."""
    return dict(use.transmissions.transmission_receipt(who, transmission_id))


@router.post(
    "/transmissions/{transmission_id}/withdraw",
    tags=["transmissions"],
    responses={**error_answers(400, 403, 404, 409, 422)},
)
def withdraw(transmission_id: SentId, use: Uses, who: Acting, lang: Language = None) -> SentShown:
    """Take a result back."""
    return sent_shown(use.transmissions.withdraw(who, transmission_id))


@router.get("/inbox", tags=["transmissions"], responses={**error_answers(403, 422)})
def inbox(use: Uses, who: Acting, limit: Limit = None, after: After = None, lang: Language = None) -> SentList:
    """List the results received, and mark them as arrived."""
    page = use.transmissions.inbox(who, limit=limit, after=after)
    return SentList(items=[sent_shown(one) for one in page.items], after=page.after)


@router.get("/inbox/{transmission_id}", tags=["transmissions"], responses={**error_answers(403, 404, 409, 422)})
def open_received(transmission_id: SentId, use: Uses, who: Acting, lang: Language = None) -> OpenedShown:
    """Open a result received, and mark it as read."""
    return opened_shown(use.transmissions.open_received(who, transmission_id))


@router.get(
    "/inbox/{transmission_id}/file",
    tags=["transmissions"],
    response_class=Response,
    responses={
        200: {"description": "The signed result.", "content": {"application/json": {}}},
        **error_answers(403, 404, 409, 422),
    },
)
def received_file(transmission_id: SentId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Download the signed file of a result received."""
    name, content = use.transmissions.received_file(who, transmission_id)
    return download(content, name, "application/json")


def found_shown(found: Found) -> FoundShown:
    """Return what was found as the API gives it."""
    results = [
        ResultFound(id=one.id, created=one.created, as_of=one.as_of, kind=one.kind, models=list(one.models))
        for one in found.results
    ]
    return FoundShown(company=party(found.company), consents=[shown(card) for card in found.consents], results=results)


def opened_shown(opened: OpenedResult) -> OpenedShown:
    """Return an opened result as the API gives it."""
    return OpenedShown(
        id=opened.id,
        company=party(opened.company),
        created=opened.created,
        as_of=opened.as_of,
        kind=opened.kind,
        ratings=[dict(rating) for rating in opened.ratings],
        withheld=list(opened.withheld),
        inputs=list(opened.inputs),
        consent=opened.consent,
        purpose=opened.purpose,
        used_up=opened.used_up,
        limits=_limits(opened.limits),
    )


def _entry(one: FeedEntry) -> FeedEntryShown:
    return FeedEntryShown(
        number=one.number,
        at=one.at,
        state=one.state,
        rating=one.rating,
        company=party(one.company),
        models=list(one.models),
        created=one.created,
        as_of=one.as_of,
        consent=one.consent,
        limits=None if one.limits is None else _limits(one.limits),
    )


def _limits(terms: Terms) -> TermsShown:
    return TermsShown(
        purpose=terms.purpose,
        results=sorted(terms.results),
        inputs=sorted(terms.inputs),
        technologies=sorted(terms.technologies),
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        once=terms.once,
        legal_basis=terms.legal_basis,
    )


def sent_shown(one: SentResult) -> SentShown:
    """Return a transmission as the API gives it."""
    return SentShown(
        id=one.id,
        sender=party(one.sender),
        receiver=party(one.receiver),
        rating=one.rating,
        consent=one.consent,
        consent_made=one.consent_made,
        message=one.message,
        signed=one.signed,
        sent=one.sent,
        received=one.received,
        read=one.read,
        withdrawn=one.withdrawn,
    )
