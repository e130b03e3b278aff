"""What one of several processes does the next request to another sees: none keeps what others need."""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Iterator
from pathlib import Path

import killed_work
import pytest
from databases import BACK_ENDS, database_url
from killing import LONG_SECONDS
from several_processes import ADMINISTRATOR, Several, several
from sqlalchemy import func, select

from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.domain.work.job import DONE
from ktop.store.tables import audit_events, ratings
from ktop.training.reference import build_reference
from ktop.usecases.companies.examples import example_record


@pytest.fixture(params=BACK_ENDS)
def processes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Several]:
    with several(database_url(request.param, tmp_path), tmp_path) as made:
        yield made


def test_what_one_process_does_the_others_know(processes: Several) -> None:
    house, look = processes.house, f"/api/v1/lookups/{processes.rating}"
    # A request that is sent again, to the other process, gets the same answer and happens once.
    body = {"record": example_record("hanbit-motion"), "as_of": "2026-06-30"}
    again = {"idempotency-key": "one-and-the-same"}
    first = processes.ask(0, "POST", "/api/v1/ratings/company", processes.company_key, body, again)
    second = processes.ask(1, "POST", "/api/v1/ratings/company", processes.company_key, body, again)
    assert first[0] == 201 and second == first
    with house._store().installation(reading=True) as work:
        assert work.connection.scalar(select(func.count()).select_from(ratings)) == 2  # and the one prepared
    # So does one whose process was killed when it had rated and not answered: the rating is found again by the key.
    processes.web[1].kill()
    processes.web[1].join(LONG_SECONDS)
    processes.start_web(1, killed_work.answering_until_it_has_rated)
    later = {"idempotency-key": "another-of-these"}
    with pytest.raises((OSError, http.client.HTTPException)):
        processes.ask(1, "POST", "/api/v1/ratings/company", processes.company_key, body, later)
    processes.web[1].join(LONG_SECONDS)
    processes.start_web(1)
    found = [processes.ask(at, "POST", "/api/v1/ratings/company", processes.company_key, body, later) for at in (0, 1)]
    with house._store().installation(reading=True) as work:
        assert work.connection.scalar(select(func.count()).select_from(ratings)) == 3
        assert work.connection.scalar(select(ratings.c.id).order_by(ratings.c.created.desc())) == found[0][1]["id"]
    assert found[0] == found[1] and found[0][0] == 201 and found[0][1]["ratings"] == first[1]["ratings"]
    # A result is signed by one and verified by the other: one key for both.
    issued = processes.ask(0, "POST", f"/api/v1/ratings/{first[1]['id']}/results", processes.company_key, {})
    file = processes.ask(1, "GET", f"/api/v1/results/{issued[1]['id']}/file", processes.company_key)
    assert issued[0] == 201
    assert processes.ask(0, "POST", "/api/v1/results/verify", processes.bank_key, file[1])[0] == 200
    # A consent that is revoked counts for nobody any more.
    assert [processes.ask(number, "GET", look, processes.bank_key)[0] for number in (0, 1)] == [200, 200]
    house.consents.revoke(Actor("user-gaon", "gaon", frozenset({"company_owner"})), processes.consent, "")
    assert [processes.ask(number, "GET", look, processes.bank_key)[0] for number in (0, 1)] == [404, 404]
    # Neither does a key.
    house.keys.revoke(ADMINISTRATOR, processes.bank_key_id)
    assert [processes.ask(number, "GET", look, processes.bank_key)[0] for number in (0, 1)] == [401, 401]
    # A form that one gave out is taken by the other: one secret for both.
    page = http.client.HTTPConnection("127.0.0.1", processes.ports[0], timeout=LONG_SECONDS)
    page.request("GET", "/sign-in")
    answer = page.getresponse()
    cookie, text = answer.headers["set-cookie"].split(";")[0], answer.read().decode()
    token = text.split('name="csrf" value="')[1].split('"')[0]
    page.close()
    page = http.client.HTTPConnection("127.0.0.1", processes.ports[1], timeout=LONG_SECONDS)
    form = f"csrf={token}&login=nobody&password=wrong+as+well"
    page.request("POST", "/sign-in", form, {"cookie": cookie, "content-type": "application/x-www-form-urlencoded"})
    assert page.getresponse().status == 401  # not 403, a foreign form
    page.close()
    # Each job is done once, by whichever worker; the trail holds over all that all of them did.
    table = io.BytesIO()
    build_reference(100, 7).head(20).write_parquet(table)
    given = [
        house.batches.give(LOCAL_OWNER, table.getvalue(), "firms.parquet", ending="parquet").job.id for _ in range(4)
    ]
    until = time.monotonic() + LONG_SECONDS
    while any(house.jobs.job(LOCAL_OWNER, job).state != DONE for job in given):
        assert time.monotonic() < until, [house.jobs.job(LOCAL_OWNER, job).state for job in given]
        time.sleep(0.05)
    with house._store().installation(reading=True) as work:
        rated = select(audit_events.c.subject).where(audit_events.c.action == "batch.rated")
        assert sorted(work.connection.scalars(rated)) == sorted(given)
    house.audit.seal(LOCAL_OWNER)
    assert house.audit.verify(LOCAL_OWNER).unsealed == 0
