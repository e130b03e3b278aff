"""Keeps panels, has their effects estimated as jobs, and gives the reports out."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require, require_any
from ktop.domain.work.job import DONE, Job
from ktop.domain.work.kind import job_kinds
from ktop.kernel.errors import InputError, NotFoundError, TooLargeError
from ktop.kernel.paging import Page
from ktop.report.effect import effect_page, effect_pdf, effect_xlsx
from ktop.store.unit_of_work import Store
from ktop.usecases.batches.rating import MEDIA_TYPES
from ktop.usecases.batches.service import plain_name
from ktop.usecases.effects.interface import GIVEN, Download, EffectReport, Ending, Reader
from ktop.usecases.jobs.interface import Jobs
from ktop.usecases.jobs.running import Running
from ktop.usecases.programmes.effect import Asked, effect_found, read_panel, require_packages

KIND = "programme.effect"
ANSWER = "effect.answer"
_MOST_COLUMNS, _LONGEST_COLUMN = 20, 60


class EffectService:
    """See ``ktop.usecases.effects.interface.Effects``. ``limit_mb`` bounds a panel."""

    def __init__(self, store: Callable[[], Store], jobs: Jobs, limit_mb: int) -> None:
        self._store, self._jobs, self._limit_mb = store, jobs, limit_mb

    def give(
        self,
        actor: Actor,
        content: bytes,
        name: str,
        *,
        outcome: str,
        covariates: Sequence[str] = (),
        by: Sequence[str] = (),
        score: str | None = None,
    ) -> EffectReport:
        require(actor, job_kinds()[KIND].permission)
        require_packages()
        shown = plain_name(name)
        ending = Path(shown).suffix.lower()[1:]
        if ending not in MEDIA_TYPES:
            raise InputError("batches.unknown_table", file=shown)
        if len(content) > self._limit_mb * 1_000_000:
            raise TooLargeError("batches.too_large", file=shown, limit_mb=self._limit_mb)
        if not content:
            raise InputError("batches.empty", file=shown)
        columns = [outcome, *covariates, *by, *([score] if score else [])]
        if not outcome or len(columns) > _MOST_COLUMNS or any(len(one) > _LONGEST_COLUMN for one in columns):
            raise InputError("effect.columns", most=_MOST_COLUMNS)
        asked = Asked(outcome, tuple(covariates), tuple(by), score or None)
        with _as_file(content, shown) as path:
            read_panel(path, asked)
        digest = hashlib.sha256(content).hexdigest()
        arguments: dict[str, Any] = {
            "file": shown,
            "sha256": digest,
            "outcome": outcome,
            "covariates": list(covariates),
            "by": list(by),
            "score": asked.score,
        }
        with self._store().unit(actor) as unit:
            job = unit.jobs.add(KIND, arguments, priority=job_kinds()[KIND].priority)
            media_type = MEDIA_TYPES[ending]
            unit.documents.add(kind=GIVEN, name=shown, media_type=media_type, subject=job.id, content=content)
            unit.tell("programme.effect_asked", job.id, {"sha256": digest, "outcome": outcome})
        return _report(job)

    def reports(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[EffectReport]:
        require_any(actor, "own:programme:manage", "own:programme:review")
        page = self._jobs.jobs(actor, kinds=[KIND], limit=limit, after=after)
        return Page([_report(job) for job in page.items], page.after)

    def report(self, actor: Actor, report_id: str) -> EffectReport:
        require_any(actor, "own:programme:manage", "own:programme:review")
        job = self._jobs.job(actor, report_id)
        if job.kind != KIND:
            raise NotFoundError("effect.no_report")
        return _report(job)

    def found(self, actor: Actor, report_id: str) -> Mapping[str, Any]:
        self.report(actor, report_id)
        with self._store().reading(actor) as unit:
            kept = unit.documents.of([report_id], ANSWER)
            if not kept:
                raise NotFoundError("effect.not_ready")
            found: dict[str, Any] = json.loads(unit.documents.content(kept[0].id))
        return found

    def file(self, actor: Actor, report_id: str, ending: Ending, reader: Reader, lang: Lang) -> Download:
        found, report = self.found(actor, report_id), self.report(actor, report_id)
        name = f"{Path(report.file).stem}-effect-{reader}.{ending}"
        day = (report.job.ended or report.job.created).date()
        if ending == "pdf":
            return Download(effect_pdf(found, lang, day, reader), name, "application/pdf")
        if ending == "xlsx":
            return Download(effect_xlsx(found, lang, reader), name, MEDIA_TYPES["xlsx"])
        if ending == "html":
            return Download(effect_page(found, lang, reader).encode(), name, "text/html; charset=utf-8")
        return Download(json.dumps(found, ensure_ascii=False, indent=1).encode(), name, "application/json")


def estimate_kept(running: Running) -> None:
    """Do a job of the kind ``programme.effect``: read its panel, estimate, keep what was found."""
    require(running.actor, job_kinds()[KIND].permission)
    require_packages()
    running.go_on()
    arguments = running.job.arguments
    asked = Asked(arguments["outcome"], tuple(arguments["covariates"]), tuple(arguments["by"]), arguments["score"])
    with running.store.reading(running.actor) as unit:
        (given,) = unit.documents.of([running.job.id], GIVEN)
        content = unit.documents.content(given.id)
    with _as_file(content, given.name) as path:
        found = effect_found(path, asked)
    running.go_on()
    refused = found["refused"] is not None
    with running.end({"refused": refused, "att": found["att"], "firms": found["firms"]}) as unit:
        unit.documents.add(
            kind=ANSWER,
            name="effect.json",
            media_type="application/json",
            subject=running.job.id,
            content=json.dumps(found, ensure_ascii=False, allow_nan=False).encode(),
        )
        unit.tell("programme.effect_told", running.job.id, {"refused": refused})


@contextmanager
def _as_file(content: bytes, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"panel{Path(name).suffix.lower()}"
        path.write_bytes(content)
        yield path


def _report(job: Job) -> EffectReport:
    of = job.arguments
    return EffectReport(job, of["file"], of["outcome"], of["covariates"], of["by"], of["score"], job.state == DONE)
