"""Lets companies be found as they agreed, tells them by whom, and brings both sides together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.party.consent import plain_text
from ktop.domain.party.discovery import (
    OptIn,
    Wanted,
    check_name,
    check_opt_in,
    check_wanted,
    profile,
    without_hidden,
)
from ktop.domain.party.permission import require, require_any
from ktop.kernel.clock import today
from ktop.kernel.errors import ForbiddenError, InputError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.store.consents import Party
from ktop.store.discovery import Card, Contact
from ktop.store.discovery_text import ALL_WORDS, AskedWords
from ktop.store.saved_searches import SavedRow
from ktop.store.unit_of_work import Store, UnitOfWork
from ktop.usecases.consent.service import party_card
from ktop.usecases.discovery.interface import ContactCard, FoundFirm, Look, OwnCard, SavedSearch
from ktop.usecases.discovery.words import READING, asked_near, asked_words, likest_words, name_words, text_words

_LONGEST_MESSAGE = 1000
#: How many searches one tick runs, how many firms each looks through, and how long until it is due again.
_AT_ONCE, _MOST_FINDS, _AGAIN = 20, 200, timedelta(days=1)
_RULE = "rule:saved-search-1"


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
        said = {} if given.anonymous else text_words(given.words)  # before the transaction, which others wait for
        with self._store().unit(actor) as unit:
            company = unit.consents.party(actor.organisation)
            if company.kind != "company":
                raise ForbiddenError("consent.only_companies")
            rating = unit.ratings.get(given.rating, of_itself=True)
            words = {} if given.anonymous else said | name_words(f"{company.name_ko} {company.name_en}")
            unit.discovery.show(given, without_hidden(profile(rating.results), given.hidden), words)
            details = {"rating": given.rating, "to": sorted(given.to), "anonymous": given.anonymous}
            unit.tell("discovery.opted_in", actor.organisation, {**details, "until": given.until.isoformat()})
            card = unit.discovery.own()
        assert card is not None, "it was written in this unit"
        self._form_batches()
        return _own(card)

    def opt_out(self, actor: Actor) -> None:
        require(actor, "own:consent:give")
        with self._store().unit(actor) as unit:
            if unit.discovery.hide():
                unit.tell("discovery.opted_out", actor.organisation, {})
        self._form_batches()

    def search(
        self, actor: Actor, wanted: Wanted, *, limit: int | None = None, after: str | None = None
    ) -> Page[FoundFirm]:
        require(actor, "granted:discovery:read")
        check_wanted(wanted)
        rows = rows_asked(limit)
        ranked = bool(wanted.words.split() or wanted.like)
        before = read_cursor(after, int if ranked else datetime, str) if after else None
        # before the transaction: the first call reads a dictionary and the encoder
        asked = AskedWords(asked_words(wanted.words), asked_near(wanted.words))
        with self._store().unit(actor) as unit:
            words = _asked(unit, wanted, asked)
            found = unit.discovery.found(wanted, today(), words, before=before, limit=rows + 1)
            unit.discovery.look(found[:rows], "found")
            parties = unit.consents.names([card.tenant for card in found if not card.anonymous])
        page = page_of(found, rows, lambda card: (card.score if ranked else card.listed, card.id))
        near = [bool(wanted.words.split()) and card.score < ALL_WORDS for card in page.items]
        return Page([_found(card, parties, near=one) for card, one in zip(page.items, near, strict=True)], page.after)

    def save_search(self, actor: Actor, name: str, wanted: Wanted) -> SavedSearch:
        require(actor, "granted:discovery:read")
        check_wanted(wanted)
        called = plain_text(name)
        check_name(called)
        if wanted.like:
            raise InputError("discovery.like_not_kept")
        asked = AskedWords(asked_words(wanted.words), all=True)  # a notice should mean what was asked
        with self._store().unit(actor) as unit:
            kept = {key: value for key, value in asdict(wanted).items() if value not in ("", None)}
            made = unit.saved_searches.add(called, kept, datetime.now(UTC) + _AGAIN)
            found = unit.discovery.found(wanted, today(), _asked(unit, wanted, asked), limit=_MOST_FINDS)
            unit.saved_searches.note(made.id, {card.id: card.cell for card in found})
            unit.saved_searches.open(made.id)  # what it finds now is what was on the page
            unit.tell("discovery.search_kept", made.id, {})
        return _saved(made, 0)

    def saved_searches(self, actor: Actor) -> Sequence[SavedSearch]:
        require(actor, "granted:discovery:read")
        with self._store().reading(actor) as unit:
            new = unit.saved_searches.count_new()
            return [_saved(row, new.get(row.id, 0)) for row in unit.saved_searches.all()]

    def new_finds(self, actor: Actor, search_id: str) -> Sequence[FoundFirm]:
        require(actor, "granted:discovery:read")
        with self._store().unit(actor) as unit:
            found = unit.discovery.of(unit.saved_searches.new(search_id), today())
            unit.saved_searches.open(search_id)
            unit.discovery.look(found, "found")
            parties = unit.consents.names([card.tenant for card in found if not card.anonymous])
            return [_found(card, parties) for card in found]

    def forget_search(self, actor: Actor, search_id: str) -> None:
        require(actor, "granted:discovery:read")
        with self._store().unit(actor) as unit:
            unit.saved_searches.remove(search_id)
            unit.tell("discovery.search_forgotten", search_id, {})

    def tend(self, actor: Actor) -> int:
        if actor != INSTALLATION:
            raise ForbiddenError("jobs.workers_only")
        self._form_batches()
        self._read_again()
        now = datetime.now(UTC)
        with self._store().installation() as work:
            due = work.saved_searches.claim(now, now + _AGAIN, _AT_ONCE)
        for search in due:
            self._run(search)
        return len(due)

    def _run(self, search: SavedRow) -> None:
        """Run a kept search and tell its institution what it did not find before."""
        wanted = Wanted(**search.wanted)
        asked = AskedWords(asked_words(wanted.words), all=True)
        with self._store().unit(Actor(_RULE, search.tenant)) as unit:
            found = unit.discovery.found(wanted, today(), _asked(unit, wanted, asked), limit=_MOST_FINDS)
            fresh = unit.saved_searches.note(search.id, {card.id: card.cell for card in found})
            if fresh:
                unit.discovery.look([card for card in found if card.id in fresh], "found")
                unit.tell("discovery.new_found", search.id, {"firms": len(fresh)}, [search.tenant])

    def _read_again(self) -> None:
        """Read texts anew that were kept as an earlier release read them: their firms need not save them again."""
        with self._store().installation(reading=True) as work:
            said = work.words_of_firms.read_otherwise(READING, _AT_ONCE)
        words = {one.number: text_words(one.said) | name_words(one.names) for one in said}
        if words:
            with self._store().installation() as work:
                for number, found in words.items():
                    work.words_of_firms.renew(number, found)

    def _form_batches(self) -> None:
        with self._store().installation() as work:
            work.batches_of_firms.form(today())

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
    given = OptIn(card.rating, card.to, card.anonymous, card.said, card.until, card.hidden)
    return OwnCard(given, card.profile, card.created)


def _found(card: Card, parties: Mapping[str, Party], *, near: bool = False) -> FoundFirm:
    company = None if card.anonymous else party_card(parties[card.tenant])
    until = None if card.anonymous else card.until
    return FoundFirm(card.id, company, card.profile, card.said, until, card.listed, near)


def _saved(row: SavedRow, new: int) -> SavedSearch:
    return SavedSearch(row.id, row.name, Wanted(**row.wanted), row.created, row.looked, new)


def _asked(unit: UnitOfWork, wanted: Wanted, words: AskedWords) -> AskedWords | None:
    """Return what a search asks of the words of firms; None where it asks nothing of them."""
    if wanted.like:
        own, rarity = unit.discovery.words_like(wanted.like, today())
        likest = likest_words(own, rarity)
        if not likest:
            raise InputError("discovery.says_nothing")
        return AskedWords(likest)
    return words if words.groups else None


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
