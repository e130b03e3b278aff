"""Giving, following and cancelling jobs: who may, what is taken, what is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from databases import BACK_ENDS, database_url

from ktop.catalogue import LANGS, message
from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.store.unit_of_work import Store
from ktop.usecases.jobs.service import JobService

OPERATOR = Actor("park", "kotec", frozenset({"operator"}))
BANK = Actor("kim", "bank-1", frozenset({"bank_officer"}))


@pytest.fixture(params=BACK_ENDS)
def jobs(request: pytest.FixtureRequest, tmp_path: Path) -> JobService:
    store = Store.open(database_url(request.param, tmp_path))
    return JobService(lambda: store)


@pytest.mark.parametrize(
    ("actor", "kind", "arguments", "error"),
    [
        (BANK, "models.drift", {}, ForbiddenError),
        (OPERATOR, "patents.import", {"path": "x"}, ForbiddenError),
        (OPERATOR, "models.retrain", {"name": "ktrs-fm", "data": "x"}, ForbiddenError),
        (LOCAL_OWNER, "patents.import", {}, InputError),
        (LOCAL_OWNER, "patents.import", {"path": "x", "rm": "y"}, InputError),
        (LOCAL_OWNER, "models.drift", {"name": 3}, InputError),
        (LOCAL_OWNER, "models.drift", {"name": "x" * 2000}, InputError),
        (LOCAL_OWNER, "rate.batch", {"document": "x"}, InputError),
        (LOCAL_OWNER, "collect.refresh", {"collection": "x", "before": "y"}, InputError),
        (LOCAL_OWNER, "no.such", {}, InputError),
    ],
)
def test_what_is_not_taken(
    jobs: JobService, actor: Actor, kind: str, arguments: dict[str, Any], error: type[InputError]
) -> None:
    with pytest.raises(error) as refused:
        jobs.give(actor, kind, arguments)
    assert len({message(refused.value, lang) for lang in LANGS}) == 2
    assert jobs.jobs(LOCAL_OWNER, everywhere=True).items == []


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_its_length(jobs: JobService, key: str) -> None:
    with pytest.raises(InputError):
        jobs.give(LOCAL_OWNER, "models.drift", {}, key)


def test_an_operator_sees_and_cancels_all_others_their_own(jobs: JobService) -> None:
    mine = jobs.give(OPERATOR, "models.drift", {"name": "ktrs-fm"})
    with pytest.raises(NotFoundError):
        jobs.job(BANK, mine.id)
    for everywhere in (jobs.jobs, lambda actor, **k: jobs.job(actor, mine.id, **k)):
        with pytest.raises(ForbiddenError):
            everywhere(BANK, everywhere=True)  # type: ignore[operator]
    assert [job.id for job in jobs.jobs(LOCAL_OWNER, everywhere=True).items] == [mine.id]
    with pytest.raises(ForbiddenError):
        jobs.cancel(BANK, mine.id, everywhere=True)
    assert jobs.cancel(LOCAL_OWNER, mine.id, everywhere=True).state == "cancelled"
    assert jobs.job(OPERATOR, mine.id).state == "cancelled"
    with pytest.raises(ConflictError):
        jobs.cancel(LOCAL_OWNER, mine.id, everywhere=True)


def test_pages_of_jobs_hold_each_once(jobs: JobService) -> None:
    ids = [jobs.give(OPERATOR, "models.drift", {}).id for _ in range(5)]
    seen: list[str] = []
    after: str | None = None
    while True:
        page = jobs.jobs(OPERATOR, limit=2, after=after)
        seen += [job.id for job in page.items]
        after = page.after
        if after is None:
            break
    assert seen == ids[::-1] or sorted(seen) == sorted(ids)
    for wrong in ({"limit": 0}, {"after": "x"}, {"states": ["gone"]}):
        with pytest.raises(InputError):
            jobs.jobs(OPERATOR, **wrong)  # type: ignore[arg-type]
