"""Lets companies be found as they agreed, tells them by whom, and brings both sides together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import plain_text
from ktop.domain.party.discovery import OptIn, Wanted, check_opt_in, check_wanted, profile
from ktop.domain.party.permission import require, require_any
from ktop.kernel.clock import today
from ktop.kernel.errors import ForbiddenError, InputError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.store.consents import Party
from ktop.store.discovery import Card, Contact
from ktop.store.unit_of_work import Store, UnitOfWork
from ktop.usecases.consent.service import party_card
from ktop.usecases.discovery.interface import ContactCard, FoundFirm, Look, OwnCard

_LONGEST_MESSAGE = 1000


class DiscoveryService:
    """See ``ktop.usecases.discovery.interface.Discovery``."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store

    def own_card(self, actor: Actor) -> OwnCard | None:
        require(actor, "own:consent:read")
        with self._store().reading(actor) as unit:
            found = unit.discovery.own()
        return None if found is None else _own(found)

    def opt_in(self, actor: Actor, given: OptIn) -> OwnCard:
        require(actor, "own:consent:give")
        check_opt_in(given, today())
        with self._store().unit(actor) as unit:
            company = unit.consents.party(actor.organisation)
            if company.kind != "company":
                raise ForbiddenError("consent.only_companies")
            rating = unit.ratings.get(given.rating)
            unit.discovery.show(given, profile(rating.results), f"{company.name_ko} {company.name_en}")
            details = {"rating": given.rating, "to": sorted(given.to), "anonymous": given.anonymous}
            unit.tell("discovery.opted_in", actor.organisation, {**details, "until": given.until.isoformat()})
            card = unit.discovery.own()
        assert card is not None, "it was written in this unit"
        return _own(card)

    def opt_out(self, actor: Actor) -> None:
        require(actor, "own:consent:give")
        with self._store().unit(actor) as unit:
            if unit.discovery.hide():
                unit.tell("discovery.opted_out", actor.organisation, {})

    def search(
        self, actor: Actor, wanted: Wanted, *, limit: int | None = None, after: str | None = None
    ) -> Page[FoundFirm]:
        require(actor, "granted:discovery:read")
        check_wanted(wanted)
        rows = rows_asked(limit)
        before = read_cursor(after, datetime, str) if after else None
        with self._store().unit(actor) as unit:
            found = unit.discovery.found(wanted, today(), before=before, limit=rows + 1)
            unit.discovery.look(found[:rows], "found")
            parties = unit.consents.names([card.tenant for card in found if not card.anonymous])
        return page_of([_found(card, parties) for card in found], rows, lambda firm: (firm.created, firm.id))

    def open_found(self, actor: Actor, card_id: str) -> FoundFirm:
        require(actor, "granted:discovery:read")
        with self._store().unit(actor) as unit:
            card = unit.discovery.get(card_id, today())
            unit.discovery.look([card], "opened")
            unit.tell("discovery.opened", card.id, {}, [card.tenant])
            return _found(card, unit.consents.names([card.tenant]))

    def ask_contact(self, actor: Actor, card_id: str, message: str) -> ContactCard:
        require(actor, "granted:discovery:read")
        said = plain_text(message)
        if not said or len(said) > _LONGEST_MESSAGE:
            raise InputError("discovery.message", most=_LONGEST_MESSAGE)
        with self._store().unit(actor) as unit:
            card = unit.discovery.get(card_id, today())
            made = unit.discovery.ask(card, said)
            unit.tell("discovery.contact_asked", made.id, {}, [card.tenant])
            return _contact(unit, made)

    def answer_contact(self, actor: Actor, contact_id: str, *, accept: bool) -> ContactCard:
        require(actor, "own:consent:give")
        state = "accepted" if accept else "declined"
        with self._store().unit(actor) as unit:
            answered = unit.discovery.answer(contact_id, state)
            unit.tell(f"discovery.contact_{state}", answered.id, {}, [answered.asker])
            return _contact(unit, answered)

    def contacts(self, actor: Actor) -> Sequence[ContactCard]:
        require_any(actor, "own:consent:read", "granted:discovery:read")
        with self._store().reading(actor) as unit:
            return [_contact(unit, one) for one in unit.discovery.contacts()]

    def looks(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[Look]:
        require(actor, "own:ledger:read")
        rows = rows_asked(limit)
        before: Any = read_cursor(after, int)[0] if after else None
        with self._store().reading(actor) as unit:
            found = unit.discovery.views(before=before, limit=rows + 1)
            parties = unit.consents.names([view.viewer for view in found])
        looks = [
            Look(view.number, party_card(parties[view.viewer]), "opened" if view.way == "opened" else "found", view.at)
            for view in found
        ]
        return page_of(looks, rows, lambda look: (look.number,))


def _own(card: Card) -> OwnCard:
    return OwnCard(OptIn(card.rating, card.to, card.anonymous, card.said, card.until), card.profile, card.created)


def _found(card: Card, parties: Mapping[str, Party]) -> FoundFirm:
    company = None if card.anonymous else party_card(parties[card.tenant])
    return FoundFirm(card.id, company, card.profile, card.said, card.until, card.created)


def _contact(unit: UnitOfWork, one: Contact) -> ContactCard:
    parties = unit.consents.names([one.tenant, one.asker])
    yours = one.tenant == unit.actor.organisation
    known = yours or one.named or one.state == "accepted"
    state: Any = one.state
    return ContactCard(
        id=one.id,
        asker=party_card(parties[one.asker]),
        company=party_card(parties[one.tenant]) if known else None,
        yours=yours,
        message=one.message,
        state=state,
        asked=one.asked,
        answered=one.answered,
    )
