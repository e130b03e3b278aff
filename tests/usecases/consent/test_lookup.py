"""An institution sees of a company what a consent names, as long as it holds, and every look is in the ledger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Event
from typing import Any

import pytest
from consenting import BANK, COMPANY, GAON, NURI, OTHER_BANK, OTHER_COMPANY, STAFF, add_rating, golden, terms
from sqlalchemy import select

from ktop.kernel.clock import today
from ktop.kernel.errors import ForbiddenError, InputError, NotFoundError
from ktop.store.tables import access_ledger, audit_events
from ktop.store.unit_of_work import Store
from ktop.usecases.consent.service import ConsentService
from ktop.usecases.lookup.service import LookupService


def test_a_bank_finds_and_opens_what_was_granted(
    store: Store, consents: ConsentService, lookups: LookupService
) -> None:
    made = add_rating(store, COMPANY, GAON)
    given = consents.give(COMPANY, "ibk", terms(inputs={"statement"}), "").consent
    found = lookups.find(BANK, f"{GAON[:3]}-{GAON[3:5]}-{GAON[5:]}", "page")
    assert [(result.id, list(result.models)) for result in found.results] == [(made, ["ktrs-fm"])]
    opened = lookups.open(BANK, made, "page")
    assert [rating["model"]["name"] for rating in opened.ratings] == ["ktrs-fm"]
    assert opened.withheld == ["tech-index"] and opened.inputs == ["statement"]
    assert opened.ratings[0]["grades"] == golden("ktrs-fm-1.3.0-hanbit-motion")["grades"]
    listed, seen = reversed(consents.ledger(COMPANY).items)
    assert (listed.rating, listed.seen) == ("", {"listed": [made]})
    assert (seen.reader.name["ko"], seen.reader_user, seen.consent) == ("IBK기업은행", "user-bank", given.id)
    assert (seen.seen, seen.purpose) == ({"models": ["ktrs-fm"], "inputs": ["statement"]}, "loan_review")
    assert consents.ledger(COMPANY, consent_id="0" * 32).items == []
    with pytest.raises(ForbiddenError):
        consents.ledger(BANK)
    first = lookups.looked_at(BANK, limit=1)
    second = lookups.looked_at(BANK, limit=1, after=first.after)
    own = [*first.items, *second.items]
    assert [(one.number, one.seen) for one in own] == [(seen.number, seen.seen), (listed.number, listed.seen)]
    assert {one.company.name["ko"] for one in own} == {"가온정밀"} and second.after is None
    assert lookups.looked_at(OTHER_BANK).items == []
    with pytest.raises(ForbiddenError):
        lookups.looked_at(COMPANY)


def test_without_a_consent_there_is_nothing_and_nothing_tells_that_there_is(
    store: Store, consents: ConsentService, lookups: LookupService
) -> None:
    made = add_rating(store, COMPANY, GAON)
    consents.give(COMPANY, "shinhan", terms(), "")
    consents.request(BANK, GAON, terms(), "심사")
    told = set()
    for number in (GAON, NURI):
        with pytest.raises(NotFoundError) as error:
            lookups.find(BANK, number, "page")
        told.add(str(error.value))
    for rating_id in (made, "0" * 32):
        with pytest.raises(NotFoundError) as error:
            lookups.open(BANK, rating_id, "program")
        told.add(str(error.value))
    assert len(told) == 1
    with store.installation() as work:
        assert work.connection.execute(select(access_ledger.c.number)).all() == []
        refused = select(audit_events.c.subject).where(audit_events.c.action == "result.refused")
        assert work.connection.execute(refused).scalars().all() == [made, "0" * 32]


def test_only_those_who_may_look_up(store: Store, consents: ConsentService, lookups: LookupService) -> None:
    made = add_rating(store, COMPANY, GAON)
    consents.give(COMPANY, "ibk", terms(), "")
    for actor in (COMPANY, STAFF, replace(BANK, roles=frozenset({"institution_administrator"}))):
        with pytest.raises(ForbiddenError):
            lookups.open(actor, made, "page")
    with pytest.raises(ForbiddenError):
        lookups.open(replace(BANK, second_factor_missing=True), made, "page")
    with pytest.raises(ForbiddenError):
        lookups.open(replace(BANK, scopes=frozenset({"own:rating:read"})), made, "program")
    with pytest.raises(NotFoundError):
        lookups.open(OTHER_BANK, made, "page")


def test_a_revoked_consent_shows_nothing_from_the_next_request_on(
    store: Store, consents: ConsentService, lookups: LookupService
) -> None:
    made = add_rating(store, COMPANY, GAON)
    given = consents.give(COMPANY, "ibk", terms(), "").consent
    assert lookups.open(BANK, made, "page")
    consents.revoke(COMPANY, given.id, "거래 종료")
    with pytest.raises(NotFoundError):
        lookups.open(BANK, made, "page")
    with pytest.raises(NotFoundError):
        lookups.find(BANK, GAON, "page")
    assert len(consents.ledger(COMPANY).items) == 1, "what was seen stays in the ledger"


def test_a_consent_for_one_look_is_used_up(store: Store, consents: ConsentService, lookups: LookupService) -> None:
    made = add_rating(store, COMPANY, GAON)
    given = consents.give(COMPANY, "ibk", terms(once=True), "").consent
    assert lookups.find(BANK, GAON, "page").results[0].id == made
    assert lookups.open(BANK, made, "page").used_up
    with pytest.raises(NotFoundError):
        lookups.open(BANK, made, "page")
    assert consents.consent(COMPANY, given.id).consent.state == "expired"


def test_a_regular_consent_goes_before_one_for_one_look(
    store: Store, consents: ConsentService, lookups: LookupService
) -> None:
    made = add_rating(store, COMPANY, GAON)
    once = consents.give(COMPANY, "ibk", terms(once=True, inputs={"statement"}), "").consent
    regular = consents.give(COMPANY, "ibk", terms(), "").consent
    assert lookups.open(BANK, made, "page").consent == regular.id
    assert lookups.open(BANK, made, "page", once.id).inputs == ["statement"]
    assert lookups.open(BANK, made, "page").consent == regular.id


def test_two_consents_are_never_added_up(store: Store, consents: ConsentService, lookups: LookupService) -> None:
    made = add_rating(store, COMPANY, GAON)
    consents.give(COMPANY, "ibk", terms(inputs={"statement"}), "")
    other = consents.give(COMPANY, "ibk", terms(purpose="monitoring", inputs={"credit"}), "").consent
    opened = lookups.open(BANK, made, "page", other.id)
    assert (opened.purpose, opened.inputs) == ("monitoring", ["credit"])
    shown = {entry["name"] for entry in opened.ratings[0]["inputs"]}
    assert "tax_arrears" in shown and "sales_krw_t0" not in shown


def test_a_consent_holds_from_its_first_day_to_its_last(
    store: Store, consents: ConsentService, lookups: LookupService, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = add_rating(store, COMPANY, GAON)
    first, last = today() + timedelta(days=2), today() + timedelta(days=5)
    given = consents.give(COMPANY, "ibk", terms(valid_from=first, valid_until=last), "").consent
    for day, seen in ((1, False), (2, True), (5, True), (6, False)):
        now = today() + timedelta(days=day)
        for module in ("lookup.opening", "lookup.service"):
            monkeypatch.setattr(f"ktop.usecases.{module}.today", lambda now=now: now)
        if seen:
            assert lookups.open(BANK, made, "page")
            assert lookups.find(BANK, GAON, "page").results
        else:
            with pytest.raises(NotFoundError):
                lookups.open(BANK, made, "page")
    assert [change.state for change in consents.consent(COMPANY, given.id).changes] == ["active", "expired"]


def test_what_a_company_tried_with_others_records_is_not_shown(
    store: Store, consents: ConsentService, lookups: LookupService
) -> None:
    own = add_rating(store, COMPANY, GAON)
    of_a_rival, unnumbered = add_rating(store, COMPANY, NURI), add_rating(store, COMPANY, None)
    of_another = add_rating(store, OTHER_COMPANY, GAON)
    consents.give(COMPANY, "ibk", terms(), "")
    assert [result.id for result in lookups.find(BANK, GAON, "page").results] == [own]
    for rating_id in (of_a_rival, unnumbered, of_another):
        with pytest.raises(NotFoundError):
            lookups.open(BANK, rating_id, "page")


def test_the_feed_passes_nothing_over_and_tells_what_was_withdrawn(
    store: Store, consents: ConsentService, lookups: LookupService
) -> None:
    first = add_rating(store, COMPANY, GAON)
    assert lookups.feed(BANK).items == []
    given = consents.give(COMPANY, "ibk", terms(), "").consent
    page = lookups.feed(BANK)
    assert [(one.rating, one.state, one.limits) for one in page.items] == [(first, "shown", given.terms)]
    assert lookups.feed(BANK, page.after).items == [] and lookups.feed(OTHER_BANK).items == []
    second = add_rating(store, COMPANY, GAON)
    third = add_rating(store, COMPANY, GAON)
    one = lookups.feed(BANK, page.after, 1)
    two = lookups.feed(BANK, one.after, 1)
    assert [entry.rating for entry in (*one.items, *two.items)] == [second, third] and one.more and not two.more
    consents.revoke(COMPANY, given.id, "")
    ended = lookups.feed(BANK, two.after)
    assert {(entry.rating, entry.state, entry.limits) for entry in ended.items} == {
        (rating, "withdrawn", None) for rating in (first, second, third)
    }
    again = lookups.feed(BANK)
    assert [entry.number for entry in again.items] == [entry.number for entry in ended.items], "each stands once"
    with pytest.raises(InputError):
        lookups.feed(BANK, -1)
    with pytest.raises(ForbiddenError):
        lookups.feed(COMPANY)


def test_nothing_is_lost_from_the_feed_while_two_companies_commit_at_once(
    store: Store, consents: ConsentService, lookups: LookupService
) -> None:
    """The one that began first commits last: by its number alone it would stand before a place read already."""
    for company in (COMPANY, OTHER_COMPANY):
        consents.give(company, "ibk", terms(), "")
    begun, other_done = Event(), Event()

    def slow() -> str:
        with store.unit(COMPANY) as unit:
            row = unit.ratings.add(**rating_values(GAON))
            begun.set()
            other_done.wait(0.5)  # SQLite lets the other one in only after this
            return row.id

    def fast() -> str:
        begun.wait(5)
        try:
            with store.unit(OTHER_COMPANY) as unit:
                return unit.ratings.add(**rating_values(NURI)).id
        finally:
            other_done.set()

    seen: list[str] = []
    with ThreadPoolExecutor(2) as threads:
        made = [threads.submit(slow), threads.submit(fast)]
        place, done = 0, False
        while not done:
            done = all(one.done() for one in made)  # asked before the last look
            page = lookups.feed(BANK, place)
            place, seen = page.after, [*seen, *(entry.rating for entry in page.items)]
    assert sorted(seen) == sorted(one.result() for one in made)


def rating_values(number: str) -> dict[str, Any]:
    return {
        "kind": "company",
        "subject": "-",
        "as_of": date(2026, 6, 30),
        "inputs": {"record": {}},
        "results": [golden("ktrs-fm-1.3.0-hanbit-motion")],
        "subject_key": f"business_number:{number}",
    }
