"""Firms are found as they agreed and no further; an attacker who combines filters singles none out."""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import BANK, COMPANY, OTHER_BANK, OTHER_COMPANY, STAFF, add_organisations
from databases import BACK_ENDS, database_url

from ktop.domain.party.actor import Actor
from ktop.domain.party.discovery import ALIKE, OptIn, Profile, Wanted
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.store.identity import OrganisationRow
from ktop.store.unit_of_work import Store
from ktop.usecases.discovery.service import DiscoveryService

INVESTOR = Actor("user-investor", "k-vic", frozenset({"investor_analyst"}))


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(database_url(request.param, tmp_path))
    add_organisations(store)
    with store.installation() as work:
        now = datetime.now(UTC)
        work.identity.add_organisation(OrganisationRow("k-vic", "investor", "한국벤처투자", "K-VIC", "active", now))
        for number in range(30):
            work.identity.add_organisation(
                OrganisationRow(f"firm-{number}", "company", f"기업 {number}", f"Firm {number}", "active", now)
            )
    yield store
    store.engine.dispose()


@pytest.fixture
def discovery(store: Store) -> DiscoveryService:
    return DiscoveryService(lambda: store)


def rated(store: Store, actor: Actor, grade: str = "A+", region: str = "KR-30", index: float = 71.3) -> str:
    subject = {"industry_group": "machinery", "region": region, "size": "small", "age_band": "growth"}
    results = [
        {"model": {"name": "tech-index", "version": "1"}, "scores": {"index": index}, "subject": subject},
        {
            "model": {"name": "ktrs-fm", "version": "1"},
            "grades": {"business": grade, "growth": "BB", "risk": "R3"},
            "subject": subject,
        },
    ]
    with store.unit(actor) as unit:
        return unit.ratings.add(kind="company", subject="기업", as_of=date(2026, 6, 1), inputs={}, results=results).id


def opt_in(store: Store, discovery: DiscoveryService, actor: Actor, rating: str = "", **changes: object) -> None:
    until = today() + timedelta(days=30)
    given = OptIn(rating or rated(store, actor), frozenset({"bank"}), False, "정밀 감속기", until)
    discovery.opt_in(actor, replace(given, **changes))  # type: ignore[arg-type]  # of any field


def owner(number: int) -> Actor:
    return Actor(f"user-{number}", f"firm-{number}", frozenset({"company_owner"}))


def test_nobody_is_found_who_did_not_agree(store: Store, discovery: DiscoveryService) -> None:
    rated(store, COMPANY)
    assert discovery.search(BANK, Wanted()).items == [] and discovery.own_card(COMPANY) is None
    opt_in(store, discovery, COMPANY)
    (found,) = discovery.search(BANK, Wanted(business="A", words="감속기 가온")).items
    assert found.company is not None and found.company.id == "gaon"
    assert found.profile == Profile("A", "BB", "R3", 70.0, "machinery", "KR-30", "small", "growth")
    assert discovery.search(INVESTOR, Wanted()).items == [], "only banks may"
    for misses in (Wanted(business="AA"), Wanted(region="KR-11"), Wanted(words="없는말"), Wanted(index_score=75)):
        assert discovery.search(BANK, misses).items == []
    discovery.opt_out(COMPANY)
    assert discovery.search(BANK, Wanted()).items == []
    with pytest.raises(NotFoundError):
        discovery.open_found(BANK, found.id)


def test_the_company_sees_who_found_it_and_answers(store: Store, discovery: DiscoveryService) -> None:
    opt_in(store, discovery, COMPANY)
    (found,) = discovery.search(BANK, Wanted()).items
    discovery.open_found(BANK, found.id)
    assert [(one.viewer.id, one.way) for one in discovery.looks(COMPANY).items] == [("ibk", "opened"), ("ibk", "found")]
    assert discovery.looks(OTHER_COMPANY).items == []
    asked = discovery.ask_contact(BANK, found.id, "상담을 원합니다")
    with pytest.raises(ConflictError):
        discovery.ask_contact(BANK, found.id, "다시")
    (received,) = discovery.contacts(COMPANY)
    assert received.yours and received.asker.id == "ibk" and received.state == "asked"
    with pytest.raises(NotFoundError):
        discovery.answer_contact(OTHER_COMPANY, asked.id, accept=True)
    with pytest.raises(ForbiddenError):
        discovery.answer_contact(STAFF, asked.id, accept=True)
    assert discovery.answer_contact(COMPANY, asked.id, accept=True).state == "accepted"
    with pytest.raises(ConflictError):
        discovery.answer_contact(COMPANY, asked.id, accept=False)
    assert discovery.contacts(OTHER_BANK) == []


def test_an_anonymous_firm_is_named_only_when_it_accepts(store: Store, discovery: DiscoveryService) -> None:
    for number in range(ALIKE):
        opt_in(store, discovery, owner(number), anonymous=True)
    found = discovery.search(BANK, Wanted()).items
    assert len(found) == ALIKE and all(one.company is None and one.said == "" for one in found)
    assert discovery.search(BANK, Wanted(words="감속기")).items == [], "words would tell who it is"
    asked = discovery.ask_contact(BANK, found[0].id, "상담")
    assert asked.company is None
    (holder,) = [owner(n) for n in range(ALIKE) if discovery.contacts(owner(n))]
    discovery.answer_contact(holder, asked.id, accept=True)
    (answered,) = discovery.contacts(BANK)
    assert answered.company is not None and answered.company.id == holder.organisation
    discovery.opt_out(owner(0))
    assert discovery.search(BANK, Wanted()).items == [], "four are too few"


def test_an_attacker_who_combines_filters_singles_nobody_out(store: Store, discovery: DiscoveryService) -> None:
    chance = random.Random(7)
    grades, regions, scores = ("AA", "A"), ("KR-11", "KR-30"), (52.0, 71.0)
    for number in range(30):
        rating = rated(store, owner(number), chance.choice(grades), chance.choice(regions), chance.choice(scores))
        opt_in(store, discovery, owner(number), rating, anonymous=number % 6 > 0)
    everybody = discovery.search(BANK, Wanted(), limit=200).items
    shown = [one.profile for one in everybody if one.company is None]
    assert shown, "some are alike enough"
    for grade, region, score in itertools.product(("", *grades), ("", *regions), (None, 50, 70)):
        found = discovery.search(BANK, Wanted(business=grade, region=region, index_score=score), limit=200).items
        hidden = [one for one in found if one.company is None]
        for one in hidden:
            alike = sum(other == one.profile for other in shown)
            assert alike >= ALIKE, "at least five could be meant, whatever was asked before"


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": frozenset()},
        {"to": frozenset({"everybody"})},
        {"words": "가" * 301},
        {"until": date(2020, 1, 1)},
    ],
)
def test_an_odd_opt_in_is_refused(store: Store, discovery: DiscoveryService, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        opt_in(store, discovery, COMPANY, **wrong)


def test_a_rating_of_others_or_none_is_refused(store: Store, discovery: DiscoveryService) -> None:
    with pytest.raises(NotFoundError):
        opt_in(store, discovery, COMPANY, rated(store, OTHER_COMPANY))
    for odd in (Wanted(business="Z"), Wanted(region="x"), Wanted(industry="y"), Wanted(index_score=101)):
        with pytest.raises(InputError):
            discovery.search(BANK, odd)
    with pytest.raises(ForbiddenError):
        discovery.search(COMPANY, Wanted())
