"""Jobs: given once under a key, handed out once in order of urgency, fenced by their hold, seen by their owner only."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import BACK_ENDS, database_url
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, text

from ktop.catalogue import LANGS, message
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor
from ktop.domain.work.job import FOR_A_PERSON, FOR_A_TABLE, LEASE_SECONDS, MOST_ATTEMPTS, UPKEEP, Job, pause
from ktop.kernel.errors import ConflictError, NotFoundError, TooManyRequestsError, UnavailableError
from ktop.store import jobs as room
from ktop.store.jobs import LeaseLostError
from ktop.store.tables import api_keys, audit_events, job_items, memberships, organisations, users
from ktop.store.tables import jobs as table
from ktop.store.unit_of_work import Store

BANK = Actor("kim", "bank-1", frozenset({"bank_officer"}))
AGENCY = Actor("lee", "agency-1", frozenset({"agency_manager"}))
LATER = timedelta(seconds=2 * LEASE_SECONDS)


def give(store: Store, actor: Actor = BANK, key: str | None = None, priority: int = FOR_A_TABLE, **more: Any) -> Job:
    with store.unit(actor) as unit:
        return unit.jobs.add("rate.batch", {"document": "d", **more}, priority=priority, key=key)


def claim(store: Store, count: int = 1, worker: str = "w", at_once: int = 100, **more: Any) -> list[Job]:
    with store.installation() as work:
        return work.jobs.claim(worker, count, at_once=at_once, **more)


def state(store: Store, job: Job) -> Job:
    with store.installation(reading=True) as work:
        return work.jobs.get(job.id)


def hold_of(job: Job) -> str:
    assert job.worker
    return job.worker


def test_a_job_given_twice_under_one_key_is_one_job(store: Store) -> None:
    first = give(store, key="a")
    assert give(store, key="a") == first
    assert give(store, key="b").id != first.id
    assert give(store, AGENCY, key="a").id != first.id, "keys are each organisation's own"
    with pytest.raises(ConflictError) as refused:
        give(store, key="a", other=1)
    assert len({message(refused.value, lang) for lang in LANGS}) == 2
    assert {give(store).id for _ in range(3)}.isdisjoint({first.id}), "without a key each is a job of its own"


def test_a_job_given_at_the_same_moment_by_two_is_one_job(store: Store) -> None:
    together = threading.Barrier(4)

    def one(_: int) -> str:
        together.wait()
        return give(store, key="same").id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(one, range(4)))) == 1


def test_an_organisation_may_let_only_so_many_wait(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_WAITING", 2)
    give(store), give(store, key="k")
    with pytest.raises(TooManyRequestsError):
        give(store)
    assert give(store, key="k").state == "waiting", "what was given already is answered"
    give(store, AGENCY)


def test_what_a_person_waits_for_goes_before_tables_and_upkeep(store: Store) -> None:
    upkeep, table_, person = (give(store, priority=p) for p in (UPKEEP, FOR_A_TABLE, FOR_A_PERSON))
    assert [job.id for job in claim(store, 3)] == [person.id, table_.id, upkeep.id]


def test_an_organisation_runs_only_so_many_at_once_and_stands_in_nobody_s_way(store: Store) -> None:
    mine = [give(store) for _ in range(5)]
    theirs = give(store, AGENCY)
    first = claim(store, 4, at_once=2)
    assert {job.id for job in first} == {mine[0].id, mine[1].id, theirs.id}
    assert claim(store, 4, at_once=2) == []
    with store.unit(BANK) as unit:
        unit.jobs.finish(mine[0].id, hold_of(first[0]), {})
    assert [job.id for job in claim(store, 4, at_once=2)] == [mine[2].id]


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_that_claim_at_the_same_time_get_every_job_once(store: Store, workers: int) -> None:
    given_jobs = {give(store).id for _ in range(40)}

    def work(name: int) -> list[str]:
        got: list[str] = []
        while some := claim(store, 7, worker=f"w{name}"):
            got += [job.id for job in some]
        return got

    with ThreadPoolExecutor(workers) as pool:
        found = [one for got in pool.map(work, range(workers)) for one in got]
    assert Counter(found) == Counter(given_jobs)


def test_limits_hold_for_workers_that_claim_at_the_same_moment(store: Store) -> None:
    for _ in range(12):
        give(store)
    together = threading.Barrier(4)

    def one(name: int) -> int:
        together.wait()
        return len(claim(store, 5, worker=f"w{name}", at_once=3))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 3


def test_an_effect_is_kept_only_by_who_still_holds_the_job(store: Store, engine: Engine) -> None:
    given_job = give(store)
    (first,) = claim(store, worker="one")
    with store.installation() as work:
        assert work.jobs.requeue_lost() == 0, "its lease runs"
        assert work.jobs.requeue_lost(datetime.now(UTC) + LATER) == 1
    (second,) = claim(store, worker="one", now=datetime.now(UTC) + LATER)
    assert second.id == first.id and second.worker != first.worker, "a worker does not mistake its former hold for this"
    for write in ("finish", "fail", "stop", "try_later", "give_back", "finish_item", "tell_progress"):
        more: dict[str, tuple[Any, ...]] = {
            "finish_item": (0, {}),
            "tell_progress": (1, 2),
            "stop": (),
            "give_back": (),
        }
        with pytest.raises(LeaseLostError), store.unit(BANK) as unit:
            unit.tell("rating.made", "x", {})  # stands for the effect
            named = {"done": 1, "of": 2} if write == "finish_item" else {}
            getattr(unit.jobs, write)(given_job.id, hold_of(first), *more.get(write, ({},)), **named)
    with store.unit(BANK) as unit:
        unit.tell("rating.made", "y", {})
        unit.jobs.finish(given_job.id, hold_of(second), {"rows": 3})
    with engine.connect() as connection:
        made = select(audit_events.c.subject).where(audit_events.c.action == "rating.made")
        assert connection.scalars(made).all() == ["y"]
    ended = state(store, given_job)
    assert (ended.state, ended.result, ended.worker) == ("done", {"rows": 3}, None) and ended.ended is not None


def test_a_finished_item_is_known_afterwards_and_cannot_be_finished_twice(store: Store, engine: Engine) -> None:
    given_job = give(store)
    (job,) = claim(store)
    for number in (0, 1):
        with store.unit(BANK) as unit:
            unit.jobs.finish_item(job.id, hold_of(job), number, {"rows": number}, done=number + 1, of=None)
    with pytest.raises(UnavailableError), store.unit(BANK) as unit:
        unit.jobs.finish_item(job.id, hold_of(job), 1, {"rows": 9}, done=9, of=9)
    with store.reading(BANK) as unit:
        assert unit.jobs.items(job.id) == {0: {"rows": 0}, 1: {"rows": 1}}
    with store.unit(BANK) as unit:
        assert not unit.jobs.tell_progress(job.id, hold_of(job), 2, 3)
    found = state(store, given_job)
    assert (found.done, found.of) == (2, 3)
    with store.reading(AGENCY) as unit:
        assert unit.jobs.items(job.id) == {}
    with engine.connect() as connection:
        assert len(connection.execute(select(job_items)).all()) == 2


def test_a_job_that_gets_nowhere_rests_longer_each_time_and_then_fails(store: Store) -> None:
    given_job = give(store)
    now = datetime.now(UTC)
    rests = []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        (job,) = claim(store, now=now)
        assert job.attempts == attempt
        with store.unit(BANK) as unit:
            goes_on = unit.jobs.try_later(job.id, hold_of(job), {"key": "store.database_failed", "params": {}})
        assert goes_on == (attempt < MOST_ATTEMPTS)
        if goes_on:
            assert claim(store) == [], "not before it has rested"
            rests.append(state(store, given_job).not_before)
            now = rests[-1]
    assert rests == sorted(rests)
    failed = state(store, given_job)
    assert (failed.state, failed.problem) == ("failed", {"key": "store.database_failed", "params": {}})


def test_a_job_that_ends_its_workers_is_given_up_but_not_one_that_gets_on(store: Store, engine: Engine) -> None:
    bad, good = give(store), give(store)
    now = datetime.now(UTC)
    for number in range(MOST_ATTEMPTS + 2):
        for job in claim(store, 2, now=now):
            if job.id == good.id:
                with store.unit(BANK) as unit:
                    unit.jobs.finish_item(job.id, hold_of(job), number, {}, done=0, of=None)
        now += LATER
        with store.installation() as work:
            work.jobs.requeue_lost(now)
    assert state(store, bad).state == "failed" and (state(store, bad).problem or {})["key"] == "jobs.lost"
    assert state(store, good).state == "waiting" and state(store, good).attempts == 0
    with engine.connect() as connection:
        told = connection.execute(select(audit_events).where(audit_events.c.action == "job.failed")).all()
    assert [(event.tenant, event.subject) for event in told] == [("bank-1", bad.id)]


def test_cancelling(store: Store) -> None:
    waits, runs = give(store), give(store)
    with store.unit(BANK) as unit:
        assert unit.jobs.cancel(waits.id).state == "cancelled"
    (job,) = claim(store)
    assert job.id == runs.id
    with store.unit(BANK) as unit:
        assert unit.jobs.cancel(runs.id).state == "running"
        assert unit.jobs.cancel(runs.id).cancel, "asking twice is no mistake"
    with store.installation() as work:
        assert work.jobs.renew({job.id: hold_of(job)}) == {job.id: True}
    with store.unit(BANK) as unit:
        unit.jobs.stop(job.id, hold_of(job))
    with pytest.raises(ConflictError), store.unit(BANK) as unit:
        unit.jobs.cancel(runs.id)
    with pytest.raises(NotFoundError), store.unit(AGENCY) as unit:
        unit.jobs.cancel(runs.id)


def test_a_cancelled_job_whose_worker_died_is_not_begun_again(store: Store) -> None:
    given_job = give(store)
    claim(store)
    with store.unit(BANK) as unit:
        unit.jobs.cancel(given_job.id)
    with store.installation() as work:
        work.jobs.requeue_lost(datetime.now(UTC) + LATER)
    assert state(store, given_job).state == "cancelled"


def test_a_renewed_lease_runs_on_and_a_lost_one_is_told(store: Store) -> None:
    job, other = give(store), give(store)
    held = {one.id: hold_of(one) for one in claim(store, 2)}
    later = datetime.now(UTC) + LATER
    with store.installation() as work:
        assert work.jobs.renew({job.id: held[job.id]}, now=later) == {job.id: False}
        assert work.jobs.requeue_lost(later) == 1
        assert work.jobs.renew(held) == {job.id: False}
        assert work.jobs.renew({}) == {}
    assert (state(store, job).state, state(store, other).state) == ("running", "waiting")


def test_what_is_given_back_is_held_against_nobody(store: Store) -> None:
    given_job = give(store)
    (job,) = claim(store)
    with store.unit(BANK) as unit:
        unit.jobs.give_back(job.id, hold_of(job))
    found = state(store, given_job)
    assert (found.state, found.attempts, found.worker) == ("waiting", 0, None)


def test_whether_anything_waits(store: Store) -> None:
    def waits(**more: Any) -> bool:
        with store.installation(reading=True) as work:
            return work.jobs.anything_waits(**more)

    assert not waits()
    give(store)
    assert waits() and not waits(more_urgent_than=FOR_A_TABLE)
    give(store, AGENCY, priority=FOR_A_PERSON)
    assert waits(more_urgent_than=FOR_A_TABLE)
    claim(store, 2)
    assert not waits() and waits(now=datetime.now(UTC) + LATER), "what was lost waits for somebody, too"


def test_no_organisation_sees_or_counts_another_s_jobs(store: Store) -> None:
    mine = give(store)
    with store.reading(AGENCY) as unit:
        assert unit.jobs.recent() == []
        with pytest.raises(NotFoundError):
            unit.jobs.get(mine.id)
    hold = hold_of(claim(store)[0])
    with store.unit(AGENCY) as unit, pytest.raises(LeaseLostError):
        unit.jobs.finish(mine.id, hold, {})


def test_lists_go_on_where_the_page_before_ended(store: Store) -> None:
    ids = [give(store, key=str(n)).id for n in range(7)]
    seen: list[str] = []
    before = None
    while True:
        with store.reading(BANK) as unit:
            some = unit.jobs.recent(3, before=before)
        if not some:
            break
        seen += [job.id for job in some]
        before = (some[-1].created, some[-1].id)
    assert sorted(seen) == sorted(ids) and len(seen) == 7
    with store.installation(reading=True) as work:
        assert [job.id for job in work.jobs.recent(2, kinds=["rate.batch"], states=["waiting"])] == seen[:2]
        assert work.jobs.recent(2, kinds=["other"]) == []


def _account(engine: Engine, role: str = "bank_officer", **more: Any) -> None:
    now = datetime.now(UTC)
    organisation = {"id": "bank-1", "kind": "bank", "name_ko": "a", "name_en": "a", "state": "active", "settings": {}}
    with engine.begin() as connection:
        connection.execute(insert(organisations).values(**organisation | more, created=now, version=1))
        connection.execute(insert(users).values(id="kim", state="active", created=now, version=1))
        connection.execute(
            insert(memberships).values(id="m", user="kim", organisation="bank-1", role=role, created=now)
        )


@pytest.mark.parametrize(
    ("taken", "roles"),
    [
        (None, {"bank_officer"}),
        ("UPDATE users SET state = 'suspended'", None),
        ("UPDATE organisations SET state = 'suspended'", None),
        ("UPDATE memberships SET ended = created", None),
        ("UPDATE memberships SET role = 'institution_administrator'", None),
    ],
)
def test_a_job_runs_with_its_maker_s_rights_less_what_was_taken_since(
    store: Store, engine: Engine, taken: str | None, roles: set[str] | None
) -> None:
    _account(engine)
    job = give(store)
    if taken:
        with engine.begin() as connection:
            connection.execute(text(taken))
    with store.installation() as work:
        found = work.jobs.maker(job)
    assert (set(found.roles) if found else None) == roles
    if found:
        assert (found.user, found.organisation) == ("kim", "bank-1")


def test_rights_given_since_are_not_the_job_s(store: Store, engine: Engine) -> None:
    _account(engine)
    job = give(store)
    with engine.begin() as connection:
        extra = {"id": "n", "user": "kim", "organisation": "bank-1", "role": "operator"}
        connection.execute(insert(memberships).values(**extra, created=datetime.now(UTC)))
    with store.installation() as work:
        found = work.jobs.maker(job)
    assert found and found.roles == {"bank_officer"}


def test_a_program_s_job_ends_with_its_key(store: Store, engine: Engine) -> None:
    _account(engine)
    program = Actor("key:abc", "bank-1", frozenset({"bank_officer"}), frozenset({"own:batch:run"}), known_by="key")
    job = give(store, program)
    now = datetime.now(UTC)
    with engine.begin() as connection:
        key = {"id": "abc", "tenant": "bank-1", "name": "k", "secret": "s", "scopes": [], "made_by": "kim"}
        connection.execute(insert(api_keys).values(**key, created=now, expires=now + timedelta(days=1)))
    with store.installation() as work:
        assert work.jobs.maker(job) == program
    with engine.begin() as connection:
        connection.execute(text("UPDATE api_keys SET revoked = created"))
    with store.installation() as work:
        assert work.jobs.maker(job) is None


def test_the_local_owner_and_the_installation_need_no_account(store: Store) -> None:
    for maker in (LOCAL_OWNER, Actor(INSTALLATION.user, INSTALLATION.organisation, frozenset({"operator"}))):
        job = give(store, maker)
        with store.installation() as work:
            assert work.jobs.maker(job) == maker


@given(st.integers(min_value=0, max_value=200))
def test_pauses_grow_and_end_at_ten_minutes(attempts: int) -> None:
    assert timedelta(seconds=5) <= pause(attempts) <= pause(attempts + 1) <= timedelta(minutes=10)


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_two_stores_on_one_database_share_the_queue(tmp_path: Path, back_end: str) -> None:
    url = database_url(back_end, tmp_path)
    one, two = Store.open(url), Store.open(url)
    job = give(one)
    (held,) = claim(two, worker="two")
    assert held.id == job.id and claim(one) == []
    with one.engine.connect() as connection:
        assert connection.scalar(select(table.c.worker)) == held.worker
    one.engine.dispose(), two.engine.dispose()
