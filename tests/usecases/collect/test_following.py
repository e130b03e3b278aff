"""Companies that are collected again by the clock: what changed is told, within quotas, and nothing is asked twice."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from public_sources import GARAM, KEY, OTHER, OWNER, sources_file
from sqlalchemy import text as sql
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.collect.limits import Limits
from ktop.collect.stand_in.answers import Reply
from ktop.collect.stand_in.services import Services
from ktop.collect.stand_in.travel import served
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError, NotFoundError
from ktop.kernel.settings import Settings
from ktop.usecases.collect.following import Following
from ktop.web.app import create_app


class Changing(Services):
    """Stand-ins whose company has other figures from a moment on, and that may break down."""

    asked: int = 0
    down: frozenset[str] = frozenset()
    breaks_after: int = 10**9

    def reply(self, path: str, query: Any, headers: Any, body: bytes) -> Reply:
        self.asked += 1
        if self.asked > self.breaks_after:
            raise KeyboardInterrupt
        if path.split("/")[1] in self.down:
            return Reply(503, "text/html", b"<html>service unavailable</html>")
        return super().reply(path, query, headers, body)

    def change(self) -> None:
        last = max(GARAM.amounts)
        right = dataclasses.replace(GARAM.rights[0], state="소멸")
        self._companies = (
            dataclasses.replace(
                GARAM,
                staff=52,
                amounts={**GARAM.amounts, last: (9_999_000_000, *GARAM.amounts[last][1:])},
                rights=(right, *GARAM.rights[1:]),
            ),
        )


RIGHTS = len((*GARAM.rights, *GARAM.designs, *GARAM.trademarks, *GARAM.abroad))


@pytest.fixture(autouse=True)
def _no_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ktop.usecases.collect.asking.limits_of", lambda source: Limits())
    monkeypatch.setattr("ktop.collect.asking._FIRST_PAUSE_SECONDS", 0.001)


def age(house: House) -> None:
    """Let a month pass: answers are old, and what is followed is due."""
    before = datetime.now(UTC) - timedelta(days=40)
    with house._store().engine.begin() as connection:
        connection.execute(sql("UPDATE collected_answers SET at = :at"), {"at": before.replace(tzinfo=None)})
        connection.execute(sql("UPDATE followed_companies SET due = :at"), {"at": before.replace(tzinfo=None)})


def work(house: House) -> None:
    for job in house.work.take(INSTALLATION, "worker", 5):
        house.work.do(INSTALLATION, job, lambda: None)


def test_what_changed_is_told_and_nothing_is_overwritten(tmp_path: Path) -> None:
    services = Changing(today(), KEY)
    with served(services) as address:
        house = House(Settings(data=tmp_path / "data", sources=sources_file(tmp_path, address)))
        found = house.collect.collect(LOCAL_OWNER, GARAM.business_number)
        house.collect.correct(
            LOCAL_OWNER, found.id, f"statements.{max(GARAM.amounts)}.sales", "9,200,000,000", "audited"
        )
        kept = house.collect.save(LOCAL_OWNER, found.id)
        with pytest.raises(InputError, match="every_days"):
            house.collect.follow(LOCAL_OWNER, found.id, 400)
        assert house.collect.follow(LOCAL_OWNER, found.id, 30).followed is not None
        following: Following = house._following
        assert following.tend() == 0, "nothing is due yet"
        services.change()
        services.down = frozenset({"ntis"})
        age(house)
        assert (following.tend(), following.tend()) == (1, 0), "taken once"
        work(house)

        (change,) = house.collect.changes(LOCAL_OWNER, unseen=True)
        said = {one["path"]: (one["before"], one["now"]) for one in change.changes}
        sales, day = f"statements.{max(GARAM.amounts)}.sales", f"{today():%Y}-05-31"
        assert said.pop(sales) == (GARAM.amounts[max(GARAM.amounts)][0], 9_999_000_000)
        assert said.pop(f"ip.{GARAM.rights[0].application}")[1]["status"] == "lapsed"
        assert all(path.startswith(("staff.", "ip.")) for path in said), (said, day)
        assert change.company == kept.id and change.before == found.id
        again = house.collect.collection(LOCAL_OWNER, change.collection)
        assert again.values[sales].state == "changed", "the correction's source has changed: a person is asked"
        assert (
            again.record["statements"][-1]["sales"] == 9_200_000_000
            and len(house.portfolio.records_of(LOCAL_OWNER, kept.id)) == 1
        )
        assert again.followed is not None
        assert again.followed.due < datetime.now(UTC) + timedelta(days=2), "what was down is asked again soon"
        assert house.collect.changes(OTHER) == []
        with pytest.raises(NotFoundError):
            house.collect.see_change(OTHER, change.id)
        house.collect.see_change(LOCAL_OWNER, change.id)
        assert not house.collect.changes(LOCAL_OWNER, unseen=True)
        events = [event.action for event in house.audit.events(LOCAL_OWNER).items]
        assert "company.changed" in events

        services.down, before = frozenset(), services.asked
        age_due = "UPDATE followed_companies SET due = :at"
        with house._store().engine.begin() as connection:
            connection.execute(sql(age_due), {"at": datetime(2020, 1, 1)})  # noqa: DTZ001 - as SQLite keeps it
        assert following.tend() == 1
        work(house)
        assert services.asked - before < 6, "only what was down is asked again"
        assert not house.collect.changes(LOCAL_OWNER, unseen=True)
        assert house.collect.follow(LOCAL_OWNER, found.id, None).followed is None
        house._store().engine.dispose()


def test_what_did_not_answer_is_asked_again_by_itself(tmp_path: Path) -> None:
    services = Changing(today(), KEY)
    services.down = frozenset({"kipris", "nps"})
    with served(services) as address:
        house = House(Settings(solo=True, data=tmp_path / "data", sources=sources_file(tmp_path, address)))
        begun = house.collect.begin(LOCAL_OWNER, GARAM.business_number)
        work(house)
        found = house.collect.collection(LOCAL_OWNER, begun.id)
        assert {source for source, report in found.reports.items() if report.outcome == "broken"} == services.down
        assert all(found.reports[source].retry_at for source in services.down)
        assert found.followed is not None and found.followed.every_days == 0
        assert found.followed.due - datetime.now(UTC) < timedelta(hours=2)
        page = TestClient(create_app(house._settings, house)).get(f"/collect/{begun.id}?lang=ko").text
        assert "답하지 않은 출처는" in page and "지식재산권" in page, (
            "the page says what is missing and when it is asked again"
        )
        services.down = frozenset()
        with house._store().engine.begin() as connection:
            connection.execute(sql("UPDATE followed_companies SET due = '2020-01-01 00:00:00.000000'"))
            connection.execute(sql("UPDATE source_states SET rests_until = NULL"))
        assert house._following.tend() == 1
        work(house)
        (change,) = house.collect.changes(LOCAL_OWNER)
        assert any(one["path"].startswith("ip.") and one["before"] is None for one in change.changes)
        again = house.collect.collection(LOCAL_OWNER, change.collection)
        assert again.followed is None and len(again.record["ip"]) == RIGHTS
        house._store().engine.dispose()


def test_an_interrupted_collection_goes_on_where_it_was(house: House, tmp_path: Path) -> None:
    services = Changing(today(), KEY)
    with served(services) as address:
        path = sources_file(tmp_path, address)
        rooms = house._public_sources
        reach = rooms.reach(False, path)
        with house._store().unit(LOCAL_OWNER) as unit:
            row = unit.collections.begin(GARAM.business_number, {})
        services.breaks_after = 100
        with pytest.raises(BaseException, match="killed"):
            rooms.collect(LOCAL_OWNER, row, reach, _killed_at(2))
        first = services.asked
        services.breaks_after = 10**9
        rooms.collect(LOCAL_OWNER, row, reach, lambda done, of, what="": None)
        assert len(house.collect.collection(LOCAL_OWNER, row.id).record["ip"]) == RIGHTS
        whole = services.asked
        assert first > 0 and whole > first


def test_what_is_followed_is_the_organisations_own(house: House) -> None:
    found = house.collect.collect(OWNER, GARAM.business_number, made_up=True)
    assert house.collect.follow(OWNER, found.id, 7).followed is not None
    with pytest.raises(NotFoundError):
        house.collect.follow(OTHER, found.id, 7)
    later = datetime.now(UTC) + timedelta(days=8)
    with house._store().installation() as work:
        assert work.follows.claim(datetime.now(UTC), later, 5) == [], "nothing is due before its day"
        (due,) = work.follows.claim(later, later + timedelta(days=1), 5)
        assert work.follows.claim(later, later, 5) == [], "and taken once"
    assert (due.follower.organisation, due.follower.roles) == (OWNER.organisation, OWNER.roles)
    with house._store().unit(OWNER) as unit:
        told = [{"path": "founded", "before": "2014-03-12", "now": "2014-03-13", "source": "opendart"}]
        change = unit.follows.add_changes(found.business_number, None, found.id, found.id, told)
    with house._store().reading(OTHER) as unit:
        assert unit.follows.followed(found.business_number) is None and unit.follows.changes(5) == []
    with pytest.raises(NotFoundError), house._store().unit(OTHER) as unit:
        unit.follows.see(change.id)
    assert [one.changes for one in house.collect.changes(OWNER)] == [told]
    assert house._following.tend(later + timedelta(days=2)) == 0, "whoever began is no member (any more)"
    assert house.collect.collection(OWNER, found.id).followed is None
    assert len(house.collect.collections(OWNER)) == 1


def _killed_at(step: int) -> Any:
    def told(done: int, of: int | None, what: str = "") -> None:
        if done == step:
            raise RuntimeError("killed")

    return told


def test_collecting_by_the_clock_leaves_half_of_a_quota_to_people() -> None:
    assert Limits(second=5, day=11, month=1000).part(0.5) == Limits(second=5, day=5, month=500)
