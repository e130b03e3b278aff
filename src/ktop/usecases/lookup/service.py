"""Finds companies by their business number and opens what they let the actor's institution see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import Consent, models_shown
from ktop.domain.party.permission import require
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError, NotFoundError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.store.access_ledger import Seen
from ktop.store.granted_results import GrantedTitle
from ktop.store.unit_of_work import Store
from ktop.usecases.consent.interface import ConsentCard
from ktop.usecases.consent.service import business_number_of, named, party_card
from ktop.usecases.lookup.feed import read_feed
from ktop.usecases.lookup.interface import FeedPage, Found, FoundResult, OpenedResult, OwnLook, Way
from ktop.usecases.lookup.opening import holding, open_result

#: How many results one look shows.
_MOST = 50
_LAST_PLACE = 2**62


class LookupService:
    """See ``ktop.usecases.lookup.interface.Lookups``."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store

    def find(self, actor: Actor, business_number: str, way: Way) -> Found:
        require(actor, "granted:result:read")
        number = business_number_of(business_number)
        found = None
        with self._store().unit(actor) as unit:
            company = unit.consents.company_by_number(number)
            if company is not None:
                kinds = [unit.consents.covering(company.id, once=once) for once in (False, True)]
                consents = holding(unit, [consent for kind in kinds for consent in kind])
                titles = unit.granted_results.newest(company.id, _MOST) if consents else []
                shown = [title for title in titles if any(_covers(consent, title) for consent in consents)]
                for consent in consents:
                    listed = [title.id for title in shown if _covers(consent, title)]
                    unit.ledger.add(
                        Seen(
                            company=company.id,
                            at=datetime.now(UTC),
                            consent=consent.id,
                            rating="",
                            seen={"listed": listed},
                            purpose=consent.terms.purpose,
                            way=way,
                        )
                    )
                if consents:
                    unit.tell("result.listed", company.id, {"results": len(shown)}, [company.id])
                    own = party_card(unit.consents.party(actor.organisation))
                    cards = [ConsentCard(consent, party_card(company), own, yours=False) for consent in consents]
                    found = Found(
                        party_card(company),
                        cards,
                        [FoundResult(t.id, t.created, t.as_of, t.kind, _models(consents, t)) for t in shown],
                    )
        if found is None:
            raise NotFoundError("lookup.nothing")
        return found

    def open(self, actor: Actor, rating_id: str, way: Way, consent_id: str | None = None) -> OpenedResult:
        require(actor, "granted:result:read")
        with self._store().unit(actor) as unit:
            opened = open_result(unit, rating_id, way, consent_id)
            if opened is None:
                unit.tell("result.refused", rating_id, {})
        if opened is None:
            raise NotFoundError("lookup.nothing")
        return opened

    def feed(self, actor: Actor, after: int = 0, limit: int | None = None) -> FeedPage:
        require(actor, "granted:result:read")
        rows = rows_asked(limit)
        if not 0 <= after < _LAST_PLACE:
            raise InputError("paging.cursor")
        with self._store().unit(actor) as unit:
            return read_feed(unit, after, rows)

    def looked_at(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[OwnLook]:
        require(actor, "granted:result:read")
        rows = rows_asked(limit)
        behind = read_cursor(after, int)[0] if after else None
        with self._store().reading(actor) as unit:
            found = unit.ledger.of_reader(before=behind, limit=rows + 1)
            parties = unit.consents.names([one.company for one in found])
        looks = [
            OwnLook(
                number=one.number,
                at=one.at,
                company=named(parties, one.company),
                consent=one.consent,
                rating=one.rating,
                seen=one.seen,
                purpose=one.purpose,
                way=one.way,
            )
            for one in found
        ]
        return page_of(looks, rows, lambda one: (one.number,))


def _covers(consent: Consent, title: GrantedTitle) -> bool:
    return bool(_models([consent], title))


def _models(consents: list[Consent], title: GrantedTitle) -> list[str]:
    """Return which models' answers of a result one of the consents covers."""
    day = today()
    given = [models_shown(consent, title.models, title.id, title.technology, day) for consent in consents]
    return [model for model in title.models if any(model in shown for shown in given)]
