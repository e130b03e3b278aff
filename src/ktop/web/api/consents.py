"""API operations of consents: ask for, give, narrow and revoke them, read receipts and who saw what."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from ktop.catalogue import load
from ktop.domain.company.field_types import Day
from ktop.domain.party.consent import Terms
from ktop.kernel.clock import today
from ktop.usecases.consent.interface import AccessEntry, ConsentCard, PartyCard
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses

State = Literal["requested", "active", "rejected", "narrowed", "expired", "revoked"]
Id = Annotated[str, Path(description="Identifier of a consent.", pattern="^[0-9a-f]{32}$")]
Limit = Annotated[int | None, Query(description="How many, 1 to 200; without it 50.")]
After = Annotated[str | None, Query(description="Cursor: the `after` of the page before.", max_length=400)]
Reason = Annotated[str, Field(max_length=600, description="Why, in the words of who asks or decides.")]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class TermsGiven(BaseModel):
    """What is asked for or consented to; the words are those of `/api/v1/consent-options`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"purpose": "loan_review", "results": ["ktrs-fm"], "inputs": ["statement"]}]},
    )

    purpose: str = Field(max_length=40, examples=["loan_review"])
    results: list[str] = Field(max_length=50, description="Models whose answer is shown.", examples=[["ktrs-fm"]])
    inputs: list[str] = Field(
        default_factory=list, max_length=50, description="Groups of inputs that are shown besides."
    )
    technologies: list[str] = Field(
        default_factory=lambda: ["*"], max_length=200, description="Kept technologies, or `*` for all."
    )
    valid_from: Day = Field(None, description="First day (ISO 8601); without it, today.")
    valid_until: Day = Field(None, description="Last day; without it, a year from the first.")
    once: bool = Field(False, description="Whether one look-up uses it up.")
    legal_basis: str = Field("consent", max_length=40)

    def terms(self) -> Terms:
        """Return them in the words of the house."""
        first = self.valid_from or today()
        last = self.valid_until or first + datetime.timedelta(days=load("consent")["default_days"])
        return Terms(
            purpose=self.purpose,
            results=frozenset(self.results),
            inputs=frozenset(self.inputs),
            technologies=frozenset(self.technologies),
            valid_from=first,
            valid_until=last,
            once=self.once,
            legal_basis=self.legal_basis,
        )


class ConsentAsked(BaseModel):
    """A consent that an institution asks a company for."""

    model_config = ConfigDict(extra="forbid")

    business_number: str = Field(max_length=40, description="The company's, ten digits.", examples=["101-00-00114"])
    terms: TermsGiven
    reason: Reason = ""


class ConsentGiven(BaseModel):
    """A consent that a company gives unasked."""

    model_config = ConfigDict(extra="forbid")

    institution: str = Field(max_length=64, examples=["ibk"])
    terms: TermsGiven
    reason: Reason = ""


class Decision(BaseModel):
    """What a company decides on a consent; `terms` only where it grants a part, or narrows."""

    model_config = ConfigDict(extra="forbid")

    terms: TermsGiven | None = None
    reason: Reason = ""


class Narrowing(BaseModel):
    """Terms that allow less."""

    model_config = ConfigDict(extra="forbid")

    terms: TermsGiven
    reason: Reason = ""


class Ending(BaseModel):
    """Why a consent is refused or revoked."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = ""


class Party(BaseModel):
    """An organisation as the other side sees it."""

    id: str
    kind: str
    name: dict[Literal["ko", "en"], str]
    business_number: str | None


class TermsShown(BaseModel):
    """What is consented to."""

    purpose: str
    results: list[str]
    inputs: list[str]
    technologies: list[str]
    valid_from: datetime.date
    valid_until: datetime.date
    once: bool
    legal_basis: str


class ChangeShown(BaseModel):
    """One change of state."""

    state: State
    at: datetime.datetime
    by: str
    reason: str


class ConsentShown(BaseModel):
    """One consent; `changes` only where one was asked for."""

    id: str
    number: int = Field(description="1, and one more with each narrower successor.")
    predecessor: str | None
    company: Party
    grantee: Party
    state: State
    state_at: datetime.datetime
    terms: TermsShown
    asked_reason: str
    granted_by: str | None
    authenticated_by: str | None
    notice_version: str
    notice_hash: str
    changes: list[ChangeShown]


class ConsentsShown(BaseModel):
    """Consents, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[ConsentShown]
    after: str | None


class AccessShown(BaseModel):
    """Who saw what, when, why and by which consent."""

    number: int
    at: datetime.datetime
    reader: Party
    reader_user: str
    consent: str
    rating: str = Field(description="Empty where only the list of results was seen.")
    seen: dict[str, list[str]]
    purpose: str
    way: Literal["page", "program", "sent", "watch"]


class LedgerShown(BaseModel):
    """The ledger, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[AccessShown]
    after: str | None


class Options(BaseModel):
    """What a consent can say, and the text that a company reads before it consents."""

    results: dict[str, dict[str, str]]
    inputs: dict[str, dict[str, str]]
    purposes: dict[str, dict[str, str]]
    legal_bases: dict[str, dict[str, str]]
    institutions: list[Party]
    notice_version: str
    notice_hash: str
    notice: dict[Literal["ko", "en"], str]


class ConsentText(BaseModel):
    """A version of the text that a company reads before it consents."""

    version: str = Field(examples=["2026-11"])
    hash: str = Field(description="SHA-256 of version and text, which every consent holds.")
    text: dict[Literal["ko", "en"], str]


@router.get("/consent-options", tags=["consents"], responses={**error_answers(422)})
def consent_options(use: Uses, who: Acting, lang: Language = None) -> Options:
    """List what a consent can say: results, inputs, purposes, institutions, and the text that is shown."""
    words, notice = load("consent"), use.consents.notice(who)
    return Options(
        results=words["results"],
        inputs=words["inputs"],
        purposes={name: dict(entry["label"]) for name, entry in words["purposes"].items()},
        legal_bases=words["legal_bases"],
        institutions=[party(one) for one in use.consents.institutions(who)],
        notice_version=notice.version,
        notice_hash=notice.hash,
        notice=dict(notice.text),
    )


@router.get("/consent-texts", tags=["consents"], responses={**error_answers(422)})
def consent_texts(use: Uses, who: Acting, lang: Language = None) -> list[ConsentText]:
    """List every version of the text that companies were shown before they consented, the newest last."""
    return [ConsentText(version=one.version, hash=one.hash, text=dict(one.text)) for one in use.consents.notices(who)]


@router.get("/consents", tags=["consents"], responses={**error_answers(422)})
def consents(
    use: Uses,
    who: Acting,
    state: Annotated[State | None, Query(description="Only consents in this state.")] = None,
    limit: Limit = None,
    after: After = None,
    lang: Language = None,
) -> ConsentsShown:
    """List the consents that the organisation gave or was given."""
    page = use.consents.consents(who, state=state, limit=limit, after=after)
    return ConsentsShown(items=[shown(card) for card in page.items], after=page.after)


@router.post("/consents", status_code=201, tags=["consents"], responses={**error_answers(400, 403, 404, 422)})
def give_consent(body: ConsentGiven, use: Uses, who: Acting, lang: Language = None) -> ConsentShown:
    """Give an institution a consent that it did not ask for."""
    return shown(use.consents.give(who, body.institution, body.terms.terms(), body.reason))


@router.post("/consent-requests", status_code=201, tags=["consents"], responses={**error_answers(400, 403, 404, 422)})
def ask_for_consent(body: ConsentAsked, use: Uses, who: Acting, lang: Language = None) -> ConsentShown:
    """Ask a company for its consent."""
    return shown(use.consents.request(who, body.business_number, body.terms.terms(), body.reason))


@router.get("/consents/{consent_id}", tags=["consents"], responses={**error_answers(404, 422)})
def consent(consent_id: Id, use: Uses, who: Acting, lang: Language = None) -> ConsentShown:
    """Fetch one consent with its changes."""
    return shown(use.consents.consent(who, consent_id))


@router.get("/consents/{consent_id}/receipt", tags=["consents"], responses={**error_answers(404, 422)})
def consent_receipt(consent_id: Id, use: Uses, who: Acting, lang: Language = None) -> dict[str, Any]:
    """Fetch the receipt of a consent as it stands (fields of ISO/IEC TS 27560)."""
    return dict(use.consents.receipt(who, consent_id))


@router.post("/consents/{consent_id}/grant", tags=["consents"], responses={**error_answers(400, 403, 404, 409, 422)})
def grant_consent(consent_id: Id, body: Decision, use: Uses, who: Acting, lang: Language = None) -> ConsentShown:
    """Give a consent that was asked for, or by narrower terms a part of it."""
    return shown(use.consents.grant(who, consent_id, body.terms.terms() if body.terms else None, body.reason))


@router.post("/consents/{consent_id}/reject", tags=["consents"], responses={**error_answers(400, 403, 404, 409, 422)})
def reject_consent(consent_id: Id, body: Ending, use: Uses, who: Acting, lang: Language = None) -> ConsentShown:
    """Refuse a consent that was asked for."""
    return shown(use.consents.reject(who, consent_id, body.reason))


@router.post("/consents/{consent_id}/narrow", tags=["consents"], responses={**error_answers(400, 403, 404, 409, 422)})
def narrow_consent(consent_id: Id, body: Narrowing, use: Uses, who: Acting, lang: Language = None) -> ConsentShown:
    """Put a consent of narrower terms in the place of one; the answer is the new one."""
    return shown(use.consents.narrow(who, consent_id, body.terms.terms(), body.reason))


@router.post("/consents/{consent_id}/revoke", tags=["consents"], responses={**error_answers(400, 403, 404, 409, 422)})
def revoke_consent(consent_id: Id, body: Ending, use: Uses, who: Acting, lang: Language = None) -> ConsentShown:
    """Revoke a consent: nobody reads by it from now on."""
    return shown(use.consents.revoke(who, consent_id, body.reason))


@router.get("/ledger", tags=["consents"], responses={**error_answers(422)})
def ledger(
    use: Uses,
    who: Acting,
    consent_id: Annotated[
        str | None, Query(alias="consent", pattern="^[0-9a-f]{32}$", description="Only looks by this consent.")
    ] = None,
    limit: Limit = None,
    after: After = None,
    lang: Language = None,
) -> LedgerShown:
    """List who saw what of the company."""
    page = use.consents.ledger(who, consent_id=consent_id, limit=limit, after=after)
    return LedgerShown(items=[_access(entry) for entry in page.items], after=page.after)


def party(card: PartyCard) -> Party:
    """Return an organisation as the API gives it."""
    return Party(id=card.id, kind=card.kind, name=dict(card.name), business_number=card.business_number)


def shown(card: ConsentCard) -> ConsentShown:
    """Return a consent as the API gives it."""
    one = card.consent
    terms: Mapping[str, Any] = {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in ((name, getattr(one.terms, name)) for name in TermsShown.model_fields)
    }
    return ConsentShown(
        id=one.id,
        number=one.number,
        predecessor=one.predecessor,
        company=party(card.company),
        grantee=party(card.grantee),
        state=one.state,
        state_at=one.state_at,
        terms=TermsShown(**terms),
        asked_reason=one.asked_reason,
        granted_by=one.granted_by,
        authenticated_by=one.authenticated_by,
        notice_version=one.notice_version,
        notice_hash=one.notice_hash,
        changes=[ChangeShown(state=c.state, at=c.at, by=c.by, reason=c.reason) for c in card.changes],
    )


def _access(entry: AccessEntry) -> AccessShown:
    way: Any = entry.way
    return AccessShown(
        number=entry.number,
        at=entry.at,
        reader=party(entry.reader),
        reader_user=entry.reader_user,
        consent=entry.consent,
        rating=entry.rating,
        seen=dict(entry.seen),
        purpose=entry.purpose,
        way=way,
    )
