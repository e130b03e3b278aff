"""Public figures count every firm once, hide small cells, and need the operator's permission."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import BANK, COMPANY, GAON, OTHER_COMPANY, add_organisations, add_rating
from databases import BACK_ENDS, database_url

from ktop.domain.finance.case import Application
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.kernel.errors import ForbiddenError, NotFoundError
from ktop.store.identity import OrganisationRow
from ktop.store.tables import ratings
from ktop.store.unit_of_work import Store
from ktop.usecases.finance.service import FinanceService
from ktop.usecases.statistics.service import HIDDEN, StatisticsService, half_year

OPERATOR = Actor("user-operator", "kotec", frozenset({"operator"}))
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(database_url(request.param, tmp_path))
    add_organisations(store)
    yield store
    store.engine.dispose()


def rated(store: Store, actor: Actor, number: int, grade: str, at: datetime, **values: Any) -> None:
    result = {
        "model": {"name": "ktrs-fm", "version": "1.4.0"},
        "grades": {"business": grade},
        "subject": {"industry_group": "machinery", "region": "KR-30"},
        "inputs": [{"name": name, "value": value} for name, value in values.items()],
    }
    with store.unit(actor) as unit:
        row = unit.ratings.add(
            kind="company",
            subject=f"기업 {number}",
            as_of=date(2026, 1, 1),
            inputs={},
            results=[result],
            subject_key=f"business_number:{number:010}",
        )
        unit.connection.execute(update(ratings).where(ratings.c.id == row.id).values(created=at))


def test_firms_are_counted_once_with_their_last_grade(store: Store, tmp_path: Path) -> None:
    for number in range(7):
        rated(store, COMPANY, number, "BB", NOW - timedelta(days=30))
        rated(store, OTHER_COMPANY, number, "A", NOW - timedelta(days=20))  # the same firms, rated elsewhere
    for number in range(10, 13):
        rated(store, COMPANY, number, "CCC", NOW - timedelta(days=20))
        rated(store, COMPANY, number + 10, "CCC", NOW)
    service = StatisticsService(lambda: store, tmp_path / "figures", lambda: NOW)
    assert service.published(BANK) is None
    made = service.publish(OPERATOR)
    firms = {(row["grade"], row["firms"]) for row in made.tables["grades_by_industry"]}
    assert firms == {("A", None), ("CCC", None)}, "the 3 are hidden, and the 7 would tell them"
    assert {row["half_year"] for row in made.tables["grades_by_region"]} == {"2026-H1"}, "none of the running half-year"
    usage = {(row["half_year"], row["kind"]): row["count"] for row in made.tables["usage"]}
    assert usage == {("2026-H1", "ratings"): 17, ("2026-H2", "ratings"): None}
    assert service.published(BANK) == made
    written = (tmp_path / "figures" / "grades_by_region.csv").read_text("utf-8-sig")
    assert list(csv.reader(written.splitlines()))[1] == ["2026-H1", "KR-30", "A", HIDDEN]
    elsewhere = service.publish(OPERATOR, tmp_path / "out")
    assert elsewhere.tables == made.tables and (tmp_path / "out" / "figures.json").is_file()
    with pytest.raises(ForbiddenError):
        service.publish(BANK)


def test_guarantees_and_loans_that_followed_are_counted(store: Store, tmp_path: Path) -> None:
    moment = datetime(2026, 6, 15, 9, tzinfo=UTC)
    with store.installation() as work:
        work.identity.add_organisation(OrganisationRow("kotec", "operator", "기술보증기금", "KOTEC", "active", NOW))
    officer = Actor("user-guarantor", "kotec", frozenset({"guarantee_officer"}))
    finance = FinanceService(lambda: store, lambda: moment)
    figures = {"guaranteed_krw": "8,000,000", "fee_percent": "1.1"}
    offered = {"loan_krw": "10,000,000", "interest_percent": "4.2", "months": "36"}
    way = [
        (COMPANY, "submit", {}),
        (COMPANY, "hand_in", {}),
        (officer, "approve_guarantee", figures),
        (BANK, "offer_loan", offered),
        (COMPANY, "sign", {}),
        (BANK, "disburse", {}),
    ]
    rating = add_rating(store, COMPANY, GAON)
    for steps in (6, 6, 6, 6, 6, 3, 0):  # five led to a loan, a sixth to a guarantee, the last is a draft
        case = finance.apply(COMPANY, Application(rating, "research", 10_000_000, 36), guarantor="kotec", bank="ibk")
        for kind in ("business_registration", "statements"):
            finance.add_document(COMPANY, case.id, kind, f"{kind}.pdf", b"%PDF-1.7 invented")
        for actor, action, said in way[:steps]:
            finance.act(actor, case.id, action, figures=said)
    made = StatisticsService(lambda: store, tmp_path, lambda: NOW).publish(OPERATOR)
    counted = {row["kind"]: row["count"] for row in made.tables["usage"] if row["half_year"] == "2026-H1"}
    assert (counted["applications"], counted["guarantees"], counted["loans"]) == (6, 6, 5)
    assert [row["count"] for row in made.tables["usage"] if row["kind"] == "ratings"] == [None], "one is not told"


def test_what_became_of_firms_is_told_a_year_later(store: Store, tmp_path: Path) -> None:
    then = NOW - timedelta(days=400)
    for number in range(12):
        rated(store, COMPANY, number, "BBB", then, sales_krw_t0=1e9)
        sales, failed = (2e9, 0) if number < 6 else (1e9, 1)
        rated(store, COMPANY, number, "BBB", NOW, sales_krw_t0=sales, default_record_3y=failed)
    rated(store, COMPANY, 50, "BBB", NOW - timedelta(days=100), sales_krw_t0=1e9)
    rated(store, COMPANY, 50, "BBB", NOW, sales_krw_t0=9e9)
    made = StatisticsService(lambda: store, tmp_path, lambda: NOW).publish(OPERATOR)
    assert {row["half_year"] for row in made.tables["later"]} == {half_year(then)}
    found = {row["outcome"]: row["firms"] for row in made.tables["later"]}
    assert found == {"rated_again": 12, "failure": 6, "high_growth": 6, "other_growth": 6}
    rate = {"half_year": half_year(then), "grade": "BBB", "rated_again": 12}
    assert made.tables["rates"] == [{**rate, "failure_percent": 50.0, "high_growth_percent": 50.0}]


def test_nine_of_ten_that_failed_do_not_tell_of_the_one(store: Store, tmp_path: Path) -> None:
    then = NOW - timedelta(days=400)
    for number in range(10):
        rated(store, COMPANY, number, "BBB", then)
        rated(store, COMPANY, number, "BBB", NOW, default_record_3y=int(number > 0))
    made = StatisticsService(lambda: store, tmp_path, lambda: NOW).publish(OPERATOR)
    assert [(row["outcome"], row["firms"]) for row in made.tables["later"]] == [("failure", None), ("rated_again", 10)]
    assert [row["failure_percent"] for row in made.tables["rates"]] == [None]


def test_figures_are_made_anew_once_a_day(store: Store, tmp_path: Path) -> None:
    now = [NOW]
    service = StatisticsService(lambda: store, tmp_path, lambda: now[0])
    with pytest.raises(NotFoundError):
        service.table(BANK, "usage")
    assert service.tend(INSTALLATION) and not service.tend(INSTALLATION)
    assert service.table(BANK, "usage").startswith(b"\xef\xbb\xbfhalf_year,kind,count")
    assert service.table(BANK, "usage", "xlsx").startswith(b"PK")
    with pytest.raises(NotFoundError):
        service.table(BANK, "usage", "json")
    now[0] += timedelta(days=1)
    assert service.tend(INSTALLATION)
    made = service.published(BANK)
    assert made is not None and made.made == now[0]
    for name in ("figures", "../usage"):
        with pytest.raises(NotFoundError):
            service.table(BANK, name)
    with pytest.raises(ForbiddenError):
        service.tend(OPERATOR)


def test_half_years() -> None:
    assert half_year(datetime(2026, 6, 30, tzinfo=UTC)) == "2026-H1"
    assert half_year(datetime(2026, 7, 1, tzinfo=UTC)) == "2026-H2"
