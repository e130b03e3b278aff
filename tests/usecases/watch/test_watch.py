"""A portfolio shows what consents cover at that moment, notes each look, and tells of early warnings once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import (
    BANK,
    COMPANY,
    GAON,
    NURI,
    OTHER_BANK,
    OTHER_COMPANY,
    STAFF,
    add_organisations,
    add_rating,
    golden,
    terms,
)
from databases import BACK_ENDS, database_url
from sqlalchemy import select

from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.rating.grades import ladder
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.store.tables import audit_events, ratings
from ktop.store.unit_of_work import Store
from ktop.usecases.consent.service import ConsentService
from ktop.usecases.watch import service
from ktop.usecases.watch.service import WatchService

KTRS = golden("ktrs-fm-1.3.0-hanbit-motion")
YEAR_AGO = datetime.now(UTC) - timedelta(days=400)


class AgainRated:
    """Stands in for the ratings: notes who is rated again, by what."""

    def __init__(self) -> None:
        self.rated: list[tuple[Actor, Any]] = []

    def rate_company(self, actor: Actor, record: Any, as_of: Any, company: Any = None) -> None:
        self.rated.append((actor, record))


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(database_url(request.param, tmp_path))
    add_organisations(store)
    yield store
    store.engine.dispose()


@pytest.fixture
def again() -> AgainRated:
    return AgainRated()


@pytest.fixture
def watch(store: Store, again: AgainRated) -> WatchService:
    return WatchService(lambda: store, lambda: again)  # type: ignore[arg-type, return-value]


@pytest.fixture
def consents(store: Store) -> ConsentService:
    return ConsentService(lambda: store)


def rated(
    store: Store, actor: Actor, number: str, grade: str, made: datetime | None = None, *, closed: bool = False
) -> str:
    """Keep a result with another business grade, made at a moment."""
    changed = {**KTRS, "grades": {**KTRS["grades"], "business": grade}}
    if closed:
        inputs = [one | {"value": 1} if one["name"] == "business_suspended" else one for one in KTRS["inputs"]]
        changed["inputs"] = inputs
    with store.unit(actor) as unit:
        row = unit.ratings.add(
            kind="company",
            subject="-",
            as_of=today(),
            inputs={"record": {}},
            results=[changed],
            subject_key=f"business_number:{number}",
        )
    if made is not None:
        with store.installation() as work:
            work.connection.execute(ratings.update().where(ratings.c.id == row.id).values(created=made))
    return row.id


def told(store: Store, action: str) -> list[Any]:
    with store.installation() as work:
        query = select(audit_events.c.details).where(audit_events.c.action == action)
        return list(work.connection.execute(query.order_by(audit_events.c.number)).scalars())


def test_what_moved_is_seen_as_far_as_consents_go(store: Store, consents: ConsentService, watch: WatchService) -> None:
    grades = ladder("business")
    fell = grades.lowered("AA", 3)
    rated(store, COMPANY, GAON, "AA", YEAR_AGO)
    newest = rated(store, COMPANY, GAON, fell)
    rated(store, OTHER_COMPANY, NURI, "BBB", YEAR_AGO)
    rated(store, OTHER_COMPANY, NURI, "C")
    given = consents.give(COMPANY, "ibk", terms(inputs={"derived"}), "").consent
    assert watch.add(BANK, GAON).id == "gaon" and watch.add(BANK, GAON).id == "gaon"
    with pytest.raises(NotFoundError):
        watch.add(BANK, NURI)
    assert told(store, "watch.added") == [{"firms": 1}]
    found = watch.watched(BANK)
    (firm,) = found.firms
    assert firm.covered and firm.before and firm.now and firm.now.rating == newest
    assert (firm.before.business, firm.now.business, firm.consent) == ("AA", fell, given.id)
    assert firm.signs[0] == "business_down" and "consent_ends" in firm.signs
    assert dict(found.migration.counts) == {("AA", fell): 1} and found.migration.down == 1
    subject = KTRS["subject"]
    assert found.industries.counts == [(subject["industry_group"], 1)] and found.industries.index == 1
    assert found.regions.counts == [] and found.regions.unknown == 1, "the consent does not show the region"
    ledger = consents.ledger(COMPANY).items
    assert len(ledger) == 2 and {one.way for one in ledger} == {"watch"}
    assert ledger[0].seen == {"models": ["ktrs-fm"], "inputs": ["derived"]}
    watch.watched(BANK)
    assert len(consents.ledger(COMPANY).items) == 2, "once a day for each result and reader"
    assert watch.watched(OTHER_BANK).firms == []
    consents.revoke(COMPANY, given.id, "끝")
    (firm,) = watch.watched(BANK).firms
    assert not firm.covered and firm.now is None and firm.before is None and not firm.signs
    assert watch.watched(BANK).migration.counts == {}
    watch.remove(BANK, "gaon")
    with pytest.raises(NotFoundError):
        watch.remove(BANK, "gaon")


def test_models_that_a_consent_does_not_name_stay_hidden(
    store: Store, consents: ConsentService, watch: WatchService
) -> None:
    add_rating(store, COMPANY, GAON)
    add_rating(store, COMPANY, NURI)  # of another firm: tried by this one, and nobody's concern
    consents.give(COMPANY, "ibk", terms(results={"tech-index"}), "")
    consents.give(OTHER_COMPANY, "ibk", terms(once=True), "")
    assert watch.add_all(BANK) == 1, "a consent for one look is not used up by watching"
    (firm,) = watch.watched(BANK).firms
    assert firm.now and firm.now.business == "" and firm.now.index_score is not None and firm.now.industry == ""


def test_who_may_and_what_is_refused(store: Store, consents: ConsentService, watch: WatchService) -> None:
    for actor in (COMPANY, STAFF):
        with pytest.raises(ForbiddenError):
            watch.watched(actor)
        with pytest.raises(ForbiddenError):
            watch.add(actor, GAON)
        with pytest.raises(ForbiddenError):
            watch.tend(actor)
    with pytest.raises(InputError):
        watch.watched(BANK, today())
    with pytest.raises(InputError):
        watch.add(BANK, "12")


def test_a_full_portfolio_takes_no_more(
    store: Store, consents: ConsentService, watch: WatchService, monkeypatch: pytest.MonkeyPatch
) -> None:
    consents.give(COMPANY, "ibk", terms(), "")
    monkeypatch.setattr(service, "MOST", 0)
    with pytest.raises(ConflictError):
        watch.add_all(BANK)
    assert watch.watched(BANK).firms == []


def test_the_clock_rates_again_and_tells_of_warnings_once(
    store: Store, consents: ConsentService, watch: WatchService, again: AgainRated
) -> None:
    rated(store, COMPANY, GAON, "AA", YEAR_AGO + timedelta(days=60))
    record = {"name": "가온정밀", "business_number": GAON}
    with store.unit(COMPANY) as unit:
        kept = unit.portfolio.add_company("가온정밀", GAON, None)
        unit.portfolio.add_record(kept.id, record, draft=False)
    given = consents.give(COMPANY, "ibk", terms(valid_until=today() + timedelta(days=300)), "").consent
    watch.add_all(BANK)
    assert watch.tend(INSTALLATION) == 1 and watch.tend(INSTALLATION) == 0, "each firm is looked at once a day"
    assert again.rated == [], "nobody is rated again who did not consent to monitoring"
    consents.revoke(COMPANY, given.id, "")
    consents.give(COMPANY, "ibk", terms(purpose="monitoring", valid_until=today() + timedelta(days=300)), "")
    day = datetime.now(UTC) + timedelta(days=1, hours=1)
    assert watch.tend(INSTALLATION, day) == 1
    ((actor, given_record),) = again.rated
    assert (actor.organisation, given_record) == ("gaon", record)
    rated(store, COMPANY, GAON, ladder("business").lowered("AA", 4))
    assert watch.tend(INSTALLATION, day + timedelta(days=2)) == 1
    assert watch.tend(INSTALLATION, day + timedelta(days=4)) == 1
    assert told(store, "watch.warned") == [{"signs": ["business_down"]}], "a warning is told once"
    assert consents.ledger(COMPANY).items[0].way == "watch"
    assert watch.warned(BANK) == 1 and watch.warned(OTHER_BANK) == 0
    assert len(again.rated) == 1, "once a quarter"
    rated(store, COMPANY, GAON, ladder("business").lowered("AA", 4), closed=True)
    consents.give(COMPANY, "ibk", terms(purpose="monitoring", inputs={"credit"}), "")
    assert watch.tend(INSTALLATION, day + timedelta(days=6)) == 1
    assert told(store, "watch.warned")[1:] == [{"signs": ["closed"]}], "the next warning is told by itself"
