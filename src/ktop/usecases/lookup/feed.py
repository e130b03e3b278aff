"""Brings an institution's feed of results up to what consents show now, and reads on in it.

The feed compares what is shown now with what was told last, in one transaction that holds the feed: whichever order
others commit in, a result is told when it is there, and none is passed over.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from ktop.domain.party.consent import Consent, models_shown
from ktop.kernel.clock import today
from ktop.store.access_ledger import Seen
from ktop.store.granted_results import GrantedTitle
from ktop.store.result_feed import FeedRow
from ktop.store.unit_of_work import UnitOfWork
from ktop.usecases.consent.service import named
from ktop.usecases.lookup.interface import FeedEntry, FeedPage
from ktop.usecases.lookup.opening import holding

#: Results of one company that a feed follows, the newest.
_MOST = 1000


def read_feed(unit: UnitOfWork, behind: int, limit: int) -> FeedPage:
    """Return what has changed behind a place of the feed of the actor's institution."""
    unit.feed.hold()
    consents = {consent.id: consent for consent in holding(unit, unit.consents.covering_all())}
    shown = _shown_now(unit, list(consents.values()))
    told = unit.feed.all()
    rows = [row for rating, (row, _) in shown.items() if told.get(rating) != row]
    gone = [
        FeedRow(row.rating, row.company, "withdrawn", row.consent, [])
        for row in told.values()
        if row.state == "shown" and row.rating not in shown
    ]
    unit.feed.put([*gone, *rows])
    _note(unit, rows, consents)
    found = unit.feed.behind(behind, limit + 1)
    parties = unit.consents.names([one.row.company for one in found])
    entries = []
    for one in found[:limit]:
        title = shown[one.row.rating][1] if one.row.rating in shown else None
        entries.append(
            FeedEntry(
                number=one.number,
                at=one.at,
                state=one.row.state,
                rating=one.row.rating,
                company=named(parties, one.row.company),
                models=one.row.models,
                created=title.created if title else None,
                as_of=title.as_of if title else None,
                consent=one.row.consent,
                limits=consents[one.row.consent].terms if title else None,
            )
        )
    return FeedPage(entries, entries[-1].number if entries else behind, len(found) > limit)


def _shown_now(unit: UnitOfWork, consents: list[Consent]) -> dict[str, tuple[FeedRow, GrantedTitle]]:
    """Return rating → what consents show of it, by the one that shows most of it; oldest first."""
    by_company: dict[str, list[Consent]] = defaultdict(list)
    for consent in consents:
        by_company[consent.company].append(consent)
    found: list[tuple[GrantedTitle, FeedRow]] = []
    for company, titles in unit.granted_results.newest_of(by_company, _MOST).items():
        for title in titles:
            best = max(by_company[company], key=lambda consent: (len(_models(consent, title)), consent.id))
            if models := _models(best, title):
                found.append((title, FeedRow(title.id, company, "shown", best.id, models)))
    found.sort(key=lambda one: (one[0].created, one[0].id))
    return {title.id: (row, title) for title, row in found}


def _models(consent: Consent, title: GrantedTitle) -> list[str]:
    return models_shown(consent, title.models, title.id, title.technology, today())


def _note(unit: UnitOfWork, rows: list[FeedRow], consents: dict[str, Consent]) -> None:
    """Note in the companies' ledgers which results were told to be there."""
    listed: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        listed[row.consent].append(row.rating)
    for consent_id, ratings in listed.items():
        consent = consents[consent_id]
        unit.ledger.add(
            Seen(
                company=consent.company,
                at=datetime.now(UTC),
                consent=consent.id,
                rating="",
                seen={"listed": ratings},
                purpose=consent.terms.purpose,
                way="program",
            )
        )
        unit.tell("result.listed", consent.company, {"results": len(ratings)}, [consent.company])
