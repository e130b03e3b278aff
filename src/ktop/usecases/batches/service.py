"""Takes tables of companies in, and gives the answers out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, get_args

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.domain.work.job import DONE, Job
from ktop.domain.work.kind import job_kinds
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError, NotFoundError, TooLargeError
from ktop.kernel.paging import Page
from ktop.models.registry import ModelRegistry
from ktop.store.documents import Document
from ktop.store.unit_of_work import Store
from ktop.usecases.batches.interface import GIVEN, Batch, Download, Ending, RankedCompany
from ktop.usecases.batches.ranking import ranked
from ktop.usecases.batches.rating import ANSWER, MEDIA_TYPES, RANKING, table_rating
from ktop.usecases.companies.interface import Companies
from ktop.usecases.companies.rating import company_models
from ktop.usecases.jobs.interface import Jobs
from ktop.usecases.jobs.service import require_key
from ktop.usecases.rate.interface import Ratings, StoredRating

KIND = "rate.batch"
_LONGEST_NAME = 100


class BatchService:
    """See ``ktop.usecases.batches.interface.Batches``. ``limit_mb`` bounds the file that is given."""

    def __init__(
        self,
        store: Callable[[], Store],
        models: ModelRegistry,
        jobs: Jobs,
        limit_mb: int,
        companies: Companies,
        ratings: Ratings,
    ) -> None:
        self._store, self._registry, self._jobs, self._limit_mb = store, models, jobs, limit_mb
        self._companies, self._ratings = companies, ratings

    def give(
        self,
        actor: Actor,
        content: bytes,
        name: str,
        *,
        models: Sequence[str] | None = None,
        as_of: date | None = None,
        lang: Lang = "ko",
        ending: Ending = "xlsx",
        key: str | None = None,
    ) -> Batch:
        require(actor, job_kinds()[KIND].permission)
        require_key(key)
        shown = plain_name(name)
        if Path(shown).suffix.lower()[1:] not in MEDIA_TYPES:
            raise InputError("batches.unknown_table", file=shown)
        if ending not in get_args(Ending):
            raise InputError("batches.unknown_answer", given=str(ending)[:20])
        if len(content) > self._limit_mb * 1_000_000:
            raise TooLargeError("batches.too_large", file=shown, limit_mb=self._limit_mb)
        if not content:
            raise InputError("batches.empty", file=shown)
        chosen = {model.name: model.version for model in company_models(models, self._registry)}
        arguments: dict[str, Any] = {
            "file": shown,
            "sha256": hashlib.sha256(content).hexdigest(),
            "models": chosen,
            "as_of": (as_of or today()).isoformat(),
            "lang": lang,
            "ending": ending,
            "answer": f"{Path(shown).stem}-rated.{ending}",
        }
        with self._store().unit(actor) as unit:
            job = unit.jobs.add(KIND, arguments, priority=job_kinds()[KIND].priority, key=key)
            if not unit.documents.of([job.id], GIVEN):  # else it was given before, under the same key
                media_type = MEDIA_TYPES[Path(shown).suffix.lower()[1:]]
                unit.documents.add(kind=GIVEN, name=shown, media_type=media_type, subject=job.id, content=content)
        return _batch(job)

    def batches(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[Batch]:
        page = self._jobs.jobs(actor, kinds=[KIND], limit=limit, after=after)
        return Page([_batch(job) for job in page.items], page.after)

    def batch(self, actor: Actor, batch_id: str) -> Batch:
        job = self._jobs.job(actor, batch_id)
        if job.kind != KIND:
            raise NotFoundError("batches.not_found")
        return _batch(job)

    def answer(self, actor: Actor, batch_id: str) -> Download:
        require(actor, job_kinds()[KIND].permission)
        self.batch(actor, batch_id)
        with self._store().reading(actor) as unit:
            found: list[Document] = unit.documents.of([batch_id], ANSWER)
            if not found:
                raise NotFoundError("batches.no_answer_yet")
            return Download(found[0].name, found[0].media_type, unit.documents.content(found[0].id))

    def ranking(self, actor: Actor, batch_id: str) -> Sequence[RankedCompany]:
        require(actor, job_kinds()[KIND].permission)
        if not self.batch(actor, batch_id).ready:
            raise NotFoundError("batches.no_answer_yet")
        with self._store().reading(actor) as unit:
            found = unit.documents.of([batch_id], RANKING)
            return ranked(unit.documents.content(found[0].id)) if found else ()

    def keep(self, actor: Actor, batch_id: str, row: int) -> StoredRating:
        require(actor, job_kinds()[KIND].permission)
        asked = self.batch(actor, batch_id).job.arguments
        with self._store().reading(actor) as unit:
            found = unit.documents.of([batch_id], GIVEN)
            if not found:
                raise NotFoundError("batches.table_forgotten")
            given, content = found[0], unit.documents.content(found[0].id)
        rating = table_rating(content, given.name, asked, self._registry)
        if not 1 <= row <= rating.height:
            raise NotFoundError("batches.no_such_row", row=row, rows=rating.height)
        if not rating.facts.ok[row - 1]:
            raise InputError("batches.row_not_read", row=row)
        record = self._companies.record_of_facts(actor, rating.facts.row(row - 1))
        return self._ratings.rate_company(actor, record, date.fromisoformat(asked["as_of"]))


def plain_name(name: str) -> str:
    """Return a file's name as it may be kept and shown: its last part, printable characters only."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in last if sign.isprintable())[-_LONGEST_NAME:] or "-"


def _batch(job: Job) -> Batch:
    result = job.result or {}
    return Batch(
        job=job,
        file=str(job.arguments["file"]),
        answer=str(job.arguments["answer"]),
        ready=job.state == DONE,
        rows=result.get("rows"),
        rated=result.get("rated"),
        refused=result.get("refused"),
        remarks=tuple(result.get("remarks", ())),
    )
