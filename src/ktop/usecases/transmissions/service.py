"""Sends results to institutions; what they may open is for the consent to say, each time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ktop.catalogue import load
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import ONE_RATING, Consent, Sight, Terms, may_see, plain_text
from ktop.domain.party.permission import Allowed, require
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, InputError, NotFoundError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.signing.document import SignedResult
from ktop.store.consents import Party
from ktop.store.ratings import RatingRow
from ktop.store.tables.base import new_id
from ktop.store.transmissions import Transmission
from ktop.store.unit_of_work import Store, UnitOfWork
from ktop.usecases.consent.interface import PartyCard
from ktop.usecases.consent.service import give_in, party_card, revoke_in
from ktop.usecases.lookup.interface import OpenedResult
from ktop.usecases.lookup.opening import open_result
from ktop.usecases.results.interface import Results
from ktop.usecases.transmissions.interface import SentResult

_LONGEST_MESSAGE = 1000


class TransmissionService:
    """See ``ktop.usecases.transmissions.interface.Transmissions``; ``results`` signs."""

    def __init__(self, store: Callable[[], Store], results: Callable[[], Results]) -> None:
        self._store, self._results = store, results

    def send(
        self,
        actor: Actor,
        rating_id: str,
        institution: str,
        *,
        purpose: str,
        inputs: Collection[str] = (),
        message: str = "",
        signed: bool = False,
    ) -> SentResult:
        require(actor, "own:result:send")
        said = plain_text(message)
        if len(said) > _LONGEST_MESSAGE:
            raise InputError("transmission.message_long", most=_LONGEST_MESSAGE)
        file = self._signed_file(actor, rating_id, inputs) if signed else None
        with self._store().unit(actor) as unit:
            rating = unit.ratings.get(rating_id)
            consent = _covering(unit, institution, rating, frozenset(inputs))
            if consent is None:
                require(actor, "own:consent:give")
                consent = give_in(unit, institution, _terms_of_one(rating_id, purpose, inputs), "")
            made_id = new_id()
            document = None
            if file is not None:
                document = unit.documents.add(
                    kind="sent_result",
                    name=f"ktop-{rating.as_of.isoformat()}-{rating.id[:8]}.json",
                    media_type="application/json",
                    subject=made_id,
                    content=file,
                ).id
            made = Transmission(
                id=made_id,
                tenant=actor.organisation,
                receiver=institution,
                rating=rating_id,
                document=document,
                consent=consent.id,
                message=said,
                sent=datetime.now(UTC),
                sent_by=actor.user,
            )
            unit.transmissions.add(made)
            unit.tell("transmission.sent", made.id, _told(made), [institution])
            return _one(unit, made)

    def sent(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[SentResult]:
        require(actor, "own:rating:read")
        rows, before = rows_asked(limit), _before(after)
        with self._store().reading(actor) as unit:
            found = _many(unit, unit.transmissions.newest(received=False, before=before, limit=rows + 1))
        return page_of(found, rows, lambda one: (one.sent, one.id))

    def inbox(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[SentResult]:
        require(actor, "own:inbox:read")
        rows, before = rows_asked(limit), _before(after)
        with self._store().unit(actor) as unit:
            arrived = []
            for one in unit.transmissions.newest(received=True, before=before, limit=rows + 1):
                arrived.append(_arrive(unit, one))
            found = _many(unit, arrived)
        return page_of(found, rows, lambda one: (one.sent, one.id))

    def transmission(self, actor: Actor, transmission_id: str) -> SentResult:
        require(actor, "own:inbox:read")
        with self._store().reading(actor) as unit:
            return _one(unit, unit.transmissions.get(transmission_id))

    def open_received(self, actor: Actor, transmission_id: str) -> OpenedResult:
        require(actor, "own:inbox:read")
        with self._store().unit(actor) as unit:
            found, opened = self._open(unit, transmission_id)
        if found.withdrawn is not None:
            raise ConflictError("transmission.withdrawn")
        if opened is None:
            raise NotFoundError("lookup.nothing")
        return opened

    def received_file(self, actor: Actor, transmission_id: str) -> tuple[str, bytes]:
        require(actor, "own:inbox:read")
        file = None
        with self._store().unit(actor) as unit:
            found, opened = self._open(unit, transmission_id)
            if opened is not None and not opened.withheld:  # signed whole, it cannot show some of the answers alone
                file = unit.transmissions.document(found)
            if file is not None:  # a file that was carried away is more than a look
                unit.tell("result.downloaded", found.rating, {"transmission": found.id}, [found.tenant])
        if found.withdrawn is not None:
            raise ConflictError("transmission.withdrawn")
        if file is None or opened is None:
            raise NotFoundError("lookup.nothing")
        name, content = file
        signed = SignedResult.parse(content)  # of what was sent, no more than is agreed to now
        shown = [one for one in signed.names() if _group(one) in opened.inputs]
        return name, signed.showing(shown).to_bytes()

    def withdraw(self, actor: Actor, transmission_id: str) -> SentResult:
        require(actor, "own:result:send")
        with self._store().unit(actor) as unit:
            found = unit.transmissions.get(transmission_id, to_change=True)
            if found.tenant != actor.organisation:
                raise NotFoundError("transmission.not_found")
            if found.withdrawn is not None:
                raise ConflictError("transmission.withdrawn_before")
            withdrawn = replace(found, withdrawn=datetime.now(UTC))
            unit.transmissions.mark(withdrawn)
            unit.tell("transmission.withdrawn", found.id, _told(found), [found.receiver])
            consent = unit.consents.get(found.consent)
            if _made_for(consent, found) and not unit.transmissions.open_by(consent.id):
                revoke_in(unit, consent.id, "")
            return _one(unit, withdrawn)

    def transmission_receipt(self, actor: Actor, transmission_id: str) -> Mapping[str, Any]:
        found = self.transmission(actor, transmission_id)
        moments = {name: getattr(found, name) for name in ("sent", "received", "read", "withdrawn")}
        return {
            "receipt_id": found.id,
            "sender": _named(found.sender),
            "receiver": _named(found.receiver),
            "rating": found.rating,
            "consent": found.consent,
            "signed": found.signed,
            **{name: at.isoformat() if at else None for name, at in moments.items()},
        }

    def _signed_file(self, actor: Actor, rating_id: str, inputs: Collection[str]) -> bytes:
        """Sign a rating and return the file that shows the inputs of the groups named."""
        results = self._results()
        issued = results.issue_result(actor, rating_id)
        full = results.result(actor, issued.id).inputs
        return results.result_file(actor, issued.id, [name for name in full if _group(name) in inputs])

    def _open(self, unit: UnitOfWork, transmission_id: str) -> tuple[Transmission, OpenedResult | None]:
        found = unit.transmissions.get(transmission_id, to_change=True)
        if found.receiver != unit.actor.organisation:
            raise NotFoundError("transmission.not_found")
        if found.withdrawn is not None:
            return found, None
        opened = open_result(unit, found.rating, "sent", found.consent)
        if opened is None:  # narrowed meanwhile, or another consent covers it now
            opened = open_result(unit, found.rating, "sent")
        if opened is None:
            unit.tell("result.refused", found.rating, {"transmission": found.id})
        elif found.read is None:
            found = replace(_arrive(unit, found), read=datetime.now(UTC), read_by=unit.actor.user)
            unit.transmissions.mark(found)
            unit.tell("transmission.read", found.id, _told(found), [found.tenant])
        return found, opened


def _covering(unit: UnitOfWork, institution: str, rating: RatingRow, inputs: frozenset[str]) -> Consent | None:
    """Return a regular consent in force that covers every answer of a rating and all the inputs named."""
    day = today()
    for consent in unit.consents.active_with(institution):
        sights = [Sight(result["model"]["name"], rating.id, rating.technology) for result in rating.results]
        covered = all(isinstance(may_see(consent, sight, day), Allowed) for sight in sights)
        if covered and not consent.terms.once and inputs <= consent.terms.inputs:
            return consent
    return None


def _terms_of_one(rating_id: str, purpose: str, inputs: Collection[str]) -> Terms:
    day = today()
    until = day + timedelta(days=load("consent")["default_days"])
    return Terms(purpose, frozenset({ONE_RATING + rating_id}), frozenset(inputs), frozenset(), day, until)


def _made_for(consent: Consent, transmission: Transmission) -> bool:
    return consent.terms.results == {ONE_RATING + transmission.rating}


def _arrive(unit: UnitOfWork, one: Transmission) -> Transmission:
    """Mark what was received as arrived, once."""
    if one.received is not None or one.withdrawn is not None:
        return one
    arrived = replace(one, received=datetime.now(UTC))
    unit.transmissions.mark(arrived)
    unit.tell("transmission.received", one.id, _told(one), [one.tenant])
    return arrived


def _group(name: str) -> str | None:
    fact = name.rsplit(":", 1)[-1]
    if fact == "summary":
        return "technology_text"
    return FACTS[fact].group if fact in FACTS else None


def _told(one: Transmission) -> dict[str, Any]:
    return {"company": one.tenant, "receiver": one.receiver, "rating": one.rating, "consent": one.consent}


def _before(after: str | None) -> tuple[Any, ...] | None:
    return read_cursor(after, datetime, str) if after else None


def _many(unit: UnitOfWork, found: Sequence[Transmission]) -> list[SentResult]:
    parties = unit.consents.names([side for one in found for side in (one.tenant, one.receiver)])
    return [_shown(unit, one, parties) for one in found]


def _one(unit: UnitOfWork, found: Transmission) -> SentResult:
    return _many(unit, [found])[0]


def _shown(unit: UnitOfWork, one: Transmission, parties: Mapping[str, Party]) -> SentResult:
    return SentResult(
        id=one.id,
        sender=party_card(parties[one.tenant]),
        receiver=party_card(parties[one.receiver]),
        rating=one.rating,
        consent=one.consent,
        consent_made=_made_for(unit.consents.get(one.consent), one),
        message=one.message,
        signed=one.document is not None,
        sent=one.sent,
        received=one.received,
        read=one.read,
        withdrawn=one.withdrawn,
    )


def _named(party: PartyCard) -> dict[str, Any]:
    return {"id": party.id, "name": dict(party.name), "business_number": party.business_number}
