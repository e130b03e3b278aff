"""Asks for, gives, narrows and revokes consents; every change is told to both sides."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ktop.domain.party import consent as rules
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.party.consent import Consent, State, Terms
from ktop.domain.party.consent_receipt import Event, Side, consent_receipt
from ktop.domain.party.permission import require
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.registration_numbers import BusinessNumber
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.store.consents import Party
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import Store, UnitOfWork
from ktop.usecases.consent.interface import AccessEntry, ConsentCard, ConsentChange, Notice, PartyCard

#: Consents that run out noted in one minute.
_TENDED_AT_ONCE = 200
_INSTITUTIONS = frozenset(("agency", "bank", "investor", "operator"))


class ConsentService:
    """See ``ktop.usecases.consent.interface.Consents``."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store

    def institutions(self, actor: Actor) -> Sequence[PartyCard]:
        require(actor, "platform:institution:read")
        with self._store().reading(actor) as unit:
            return [party_card(party) for party in unit.consents.institutions()]

    def notice(self, actor: Actor) -> Notice:
        require(actor, "own:consent:read")
        version = rules.newest_notice()
        return Notice(version, rules.notice(version), rules.notice_hash(version))

    def notices(self, actor: Actor) -> Sequence[Notice]:
        require(actor, "own:consent:read")
        return [Notice(version, rules.notice(version), rules.notice_hash(version)) for version in rules.notices()]

    def request(self, actor: Actor, business_number: str, terms: Terms, reason: str) -> ConsentCard:
        require(actor, "granted:consent:request")
        rules.check_terms(terms, today())
        why = rules.check_reason(reason)
        if any(name.startswith(rules.ONE_RATING) for name in terms.results):
            raise InputError("consent.unknown_word", word=rules.ONE_RATING)
        number = business_number_of(business_number)
        with self._store().unit(actor) as unit:
            grantee = _institution(unit, actor.organisation)
            company = unit.consents.company_by_number(number)
            if company is None:
                raise NotFoundError("consent.no_such_company")
            asked = _new(company.id, grantee.id, terms, actor, "requested", why)
            asked = replace(asked, asked_by=actor.user, asked_reason=why)
            unit.consents.add(asked, why)
            _tell(unit, "consent.requested", asked, actor)
            return _card(unit, asked, actor)

    def give(self, actor: Actor, institution: str, terms: Terms, reason: str) -> ConsentCard:
        require(actor, "own:consent:give")
        with self._store().unit(actor) as unit:
            return _card(unit, give_in(unit, institution, terms, reason), actor)

    def grant(self, actor: Actor, consent_id: str, terms: Terms | None, reason: str) -> ConsentCard:
        require(actor, "own:consent:give")
        why = rules.check_reason(reason)
        with self._store().unit(actor) as unit:
            asked = _own(unit, actor, consent_id)
            if asked.state == "active":
                raise rules.cannot_follow(asked)
            _institution(unit, asked.grantee)
            if terms is not None and terms != asked.terms:
                return _narrow(unit, actor, asked, terms, why)
            given = rules.granted(asked, at=_now(), day=today(), by=actor.user, known_by=actor.known_by)
            unit.consents.follow(given, why)
            _tell(unit, "consent.granted", given, actor)
            return _card(unit, given, actor)

    def reject(self, actor: Actor, consent_id: str, reason: str) -> ConsentCard:
        return self._end(actor, consent_id, "rejected", reason)

    def revoke(self, actor: Actor, consent_id: str, reason: str) -> ConsentCard:
        return self._end(actor, consent_id, "revoked", reason)

    def narrow(self, actor: Actor, consent_id: str, terms: Terms, reason: str) -> ConsentCard:
        require(actor, "own:consent:give")
        why = rules.check_reason(reason)
        with self._store().unit(actor) as unit:
            given = _own(unit, actor, consent_id)
            if given.state == "requested":
                raise rules.cannot_follow(given)
            return _narrow(unit, actor, given, terms, why)

    def consents(
        self, actor: Actor, *, state: State | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[ConsentCard]:
        require(actor, "own:consent:read")
        rows = rows_asked(limit)
        before = read_cursor(after, datetime, str) if after else None
        with self._store().reading(actor) as unit:
            found = unit.consents.newest(state=state, before=before, limit=rows + 1)
            parties = unit.consents.names([side for one in found for side in (one.company, one.grantee)])
            cards = [_card_of(one, parties, actor) for one in found]
        return page_of(cards, rows, lambda card: (card.consent.created, card.consent.id))

    def consent(self, actor: Actor, consent_id: str) -> ConsentCard:
        require(actor, "own:consent:read")
        with self._store().reading(actor) as unit:
            return _card(unit, unit.consents.get(consent_id), actor)

    def receipt(self, actor: Actor, consent_id: str) -> Mapping[str, Any]:
        card = self.consent(actor, consent_id)
        events = [Event(change.state, change.at, change.by, change.reason) for change in card.changes]
        return consent_receipt(card.consent, _side(card.company), _side(card.grantee), events)

    def ledger(
        self, actor: Actor, *, consent_id: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[AccessEntry]:
        require(actor, "own:ledger:read")
        rows = rows_asked(limit)
        behind = read_cursor(after, int)[0] if after else None
        with self._store().reading(actor) as unit:
            found = unit.ledger.of_company(consent=consent_id, before=behind, limit=rows + 1)
            parties = unit.consents.names([access.reader for access in found])
        entries = [
            AccessEntry(
                number=access.number,
                at=access.at,
                reader=named(parties, access.reader),
                reader_user=access.reader_user,
                consent=access.consent,
                rating=access.rating,
                seen=access.seen,
                purpose=access.purpose,
                way=access.way,
            )
            for access in found
        ]
        return page_of(entries, rows, lambda entry: (entry.number,))

    def tend(self, actor: Actor) -> int:
        if actor != INSTALLATION:
            raise ForbiddenError("jobs.workers_only")
        with self._store().installation(reading=True) as work:
            ended = work.consent_clock.over(today(), _TENDED_AT_ONCE)
        for consent in ended:
            # of the company, but nobody's doing; whoever changed it meanwhile was first
            with contextlib.suppress(ConflictError), self._store().unit(Actor("installation", consent.company)) as unit:
                expire(unit, consent)
        return len(ended)

    def _end(self, actor: Actor, consent_id: str, state: State, reason: str) -> ConsentCard:
        require(actor, "own:consent:give")
        why = rules.check_reason(reason)
        with self._store().unit(actor) as unit:
            ended = rules.changed(_own(unit, actor, consent_id), state, at=_now(), by=actor.user)
            unit.consents.follow(ended, why)
            _tell(unit, f"consent.{state}", ended, actor)
            return _card(unit, ended, actor)


def give_in(unit: UnitOfWork, institution: str, terms: Terms, reason: str) -> Consent:
    """Give a consent unasked within a unit of work; see ``Consents.give``."""
    actor = unit.actor
    rules.check_terms(terms, today())
    why = rules.check_reason(reason)
    grantee = _institution(unit, institution)
    company = unit.consents.party(actor.organisation)
    if company.kind != "company":
        raise ForbiddenError("consent.only_companies")
    given = replace(
        _new(company.id, grantee.id, terms, actor, "active", why),
        granted_by=actor.user,
        authenticated_by=actor.known_by,
    )
    unit.consents.add(given, why)
    _tell(unit, "consent.granted", given, actor)
    return given


def revoke_in(unit: UnitOfWork, consent_id: str, reason: str) -> None:
    """Revoke a consent of the actor's company within a unit of work, unless it has ended already."""
    found = unit.consents.get(consent_id, to_change=True)
    if found.state == "active":
        ended = rules.changed(found, "revoked", at=_now(), by=unit.actor.user)
        unit.consents.follow(ended, reason)
        _tell(unit, "consent.revoked", ended, unit.actor)


def expire(unit: UnitOfWork, consent: Consent) -> None:
    """Note that a consent's last day is over, and tell both sides."""
    unit.consents.follow(rules.changed(consent, "expired", at=_now(), by="installation"), "")
    sides = {"company": consent.company, "grantee": consent.grantee}
    unit.tell("consent.expired", consent.id, sides, [consent.company, consent.grantee])


def business_number_of(given: str) -> str:
    """Return the ten digits of a business number; raises ``InputError`` for what is none."""
    try:
        return BusinessNumber.parse(given).digits
    except RefusedValueError as error:
        raise InputError("consent.business_number") from error


def party_card(party: Party) -> PartyCard:
    """Return an organisation as the other side sees it."""
    return PartyCard(party.id, party.kind, {"ko": party.name_ko, "en": party.name_en}, party.business_number)


def _narrow(unit: UnitOfWork, actor: Actor, consent: Consent, terms: Terms, why: str) -> ConsentCard:
    rules.check_terms(replace(terms, valid_from=max(terms.valid_from, today())), today())
    ended, follower = rules.narrowed(
        consent, terms, successor=new_id(), at=_now(), by=actor.user, known_by=actor.known_by
    )
    unit.consents.follow(ended, why)
    unit.consents.add(follower, why)
    _tell(unit, "consent.narrowed", follower, actor)
    return _card(unit, follower, actor)


def _own(unit: UnitOfWork, actor: Actor, consent_id: str) -> Consent:
    """Return a consent that the actor's company may change, as it stands today.

    Raises ``ForbiddenError`` for the institution: nobody consents for another.
    """
    found = unit.consents.get(consent_id, to_change=True)
    if found.company != actor.organisation:
        raise ForbiddenError("consent.only_the_company")
    if rules.over(found, today()):
        raise rules.cannot_follow(replace(found, state="expired"))
    return found


def _new(company: str, grantee: str, terms: Terms, actor: Actor, state: State, reason: str) -> Consent:
    version, now = rules.newest_notice(), _now()
    return Consent(
        id=new_id(),
        company=company,
        grantee=grantee,
        terms=terms,
        notice_version=version,
        notice_hash=rules.notice_hash(version),
        state=state,
        state_at=now,
        state_by=actor.user,
        created=now,
        asked_reason=reason,
    )


def _institution(unit: UnitOfWork, organisation: str) -> Party:
    party = unit.consents.party(organisation)
    if party.kind not in _INSTITUTIONS:
        raise InputError("consent.only_institutions")
    return party


def _tell(unit: UnitOfWork, action: str, consent: Consent, actor: Actor) -> None:
    terms = consent.terms
    details = {
        "company": consent.company,
        "grantee": consent.grantee,
        "purpose": terms.purpose,
        "results": sorted(terms.results),
        "inputs": sorted(terms.inputs),
        "valid_until": terms.valid_until.isoformat(),
        "predecessor": consent.predecessor,
    }
    other = consent.grantee if actor.organisation == consent.company else consent.company
    unit.tell(action, consent.id, details, [other])


def _card(unit: UnitOfWork, consent: Consent, actor: Actor) -> ConsentCard:
    parties = unit.consents.names([consent.company, consent.grantee])
    changes = [ConsentChange(c.state, c.at, c.by, c.reason) for c in unit.consents.changes(consent.id)]
    return replace(_card_of(consent, parties, actor), changes=changes)


def _card_of(consent: Consent, parties: Mapping[str, Party], actor: Actor) -> ConsentCard:
    shown = replace(consent, state="expired") if rules.over(consent, today()) else consent
    yours = consent.company == actor.organisation
    return ConsentCard(shown, named(parties, consent.company), named(parties, consent.grantee), yours)


def named(parties: Mapping[str, Party], organisation: str) -> PartyCard:
    found = parties.get(organisation)
    return PartyCard(organisation, "", {"ko": organisation, "en": organisation}) if found is None else party_card(found)


def _side(card: PartyCard) -> Side:
    return Side(card.id, card.name["ko"], card.name["en"], card.business_number)


def _now() -> datetime:
    return datetime.now(UTC)
