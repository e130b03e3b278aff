"""Rates a batch as a job: part by part, each kept with the note that it is finished, then put together."""

from __future__ import annotations

import io
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from ktop.catalogue import Lang
from ktop.domain.company.headings import CompanyHeadings
from ktop.domain.party.permission import require
from ktop.kernel.errors import TooLargeError
from ktop.models.registry import ModelRegistry
from ktop.usecases.batches.interface import GIVEN
from ktop.usecases.batches.ranking import ranking_of
from ktop.usecases.companies.batch import TableRating, write_answer
from ktop.usecases.companies.interface import BatchReport
from ktop.usecases.jobs.running import Running
from ktop.usecases.uploads import read_told_table

#: Rows of a part: some 40 ms of rating, so that a cancel or a more urgent job waits no longer.
PART_ROWS = 1_000
MOST_ROWS = 200_000
PART, ANSWER, RANKING = "batch.part", "batch.answer", "batch.ranking"
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/jsonl",
}


def rate_batch(running: Running, registry: ModelRegistry) -> None:
    """Do a job of the kind ``rate.batch``; its arguments are those of ``ktop.usecases.batches.service``.

    The models are those in force when it was given, the day too: an answer never mixes two versions.
    """
    asked = running.job.arguments
    require(running.actor, "own:batch:run")
    running.go_on()
    rating = _read(running, asked, registry)
    parts = range(0, rating.height, PART_ROWS)
    finished = running.finished_items()
    done = sum(item["rows"] for item in finished.values())
    for number, start in enumerate(parts):
        if number in finished:
            continue
        stop = min(start + PART_ROWS, rating.height)
        rows = rating.rows(start, stop)
        content = io.BytesIO()
        rows.write_parquet(content, compression="zstd", statistics=False)
        done += rows.height
        result = {"rows": rows.height, "rated": int(rows["rated"].sum())}
        with running.item(number, result, done=done, of=rating.height) as unit:
            unit.documents.add(
                kind=PART,
                name=f"{number:06d}",
                media_type=MEDIA_TYPES["parquet"],
                subject=running.job.id,
                content=content.getvalue(),
            )
    report = rating.report(sum(item["rated"] for item in running.finished_items().values()))
    _end(running, *_answer(running, asked, rating), report)


def _read(running: Running, asked: Any, registry: ModelRegistry) -> TableRating:
    with running.store.reading(running.actor) as unit:
        (given,) = unit.documents.of([running.job.id], GIVEN)
        content = unit.documents.content(given.id)
    return table_rating(content, given.name, asked, registry)


def table_rating(content: bytes, name: str, asked: Any, registry: ModelRegistry) -> TableRating:
    """Return a table that was given, read and ready to be rated as it was ``asked`` (the arguments of its job)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"batch{Path(name).suffix.lower()}"
        path.write_bytes(content)
        table = read_told_table(path, name, CompanyHeadings())
    if table.frame.height > MOST_ROWS:
        raise TooLargeError("batches.too_many_rows", rows=table.frame.height, most=MOST_ROWS)
    lang: Lang = asked["lang"]
    models = [registry.model(name, version) for name, version in asked["models"].items()]
    return TableRating(table, models, as_of=date.fromisoformat(asked["as_of"]), lang=lang)


def _answer(running: Running, asked: Any, rating: TableRating) -> tuple[bytes, bytes]:
    """Return the answer as a file, and the ranking.

    They are written outside of any transaction: a large .xlsx takes many seconds.
    """
    with running.store.reading(running.actor) as unit:
        kept = sorted(unit.documents.of([running.job.id], PART), key=lambda document: document.name)
        parts = [pl.read_parquet(io.BytesIO(unit.documents.content(part.id))) for part in kept]
    frame = pl.concat(parts, how="vertical_relaxed") if parts else rating.rows(0, 0)
    running.go_on()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"answer.{asked['ending']}"
        write_answer(frame, path, asked["lang"])
        return path.read_bytes(), ranking_of(frame)


def _end(running: Running, content: bytes, ranking: bytes, report: BatchReport) -> None:
    """Keep the answer, clear the parts away and end the job, all at once."""
    asked = running.job.arguments
    result = {
        "rows": report.rows,
        "rated": report.rated,
        "refused": report.refused,
        "remarks": list(report.remarks),
    }
    with running.end(result) as unit:
        unit.documents.add(
            kind=ANSWER,
            name=asked["answer"],
            media_type=MEDIA_TYPES[asked["ending"]],
            subject=running.job.id,
            content=content,
        )
        unit.documents.add(
            kind=RANKING,
            name="ranking",
            media_type=MEDIA_TYPES["parquet"],
            subject=running.job.id,
            content=ranking,
        )
        unit.documents.remove(running.job.id, PART)
        told = {"rows": report.rows, "rated": report.rated, "models": asked["models"]}
        unit.tell("batch.rated", running.job.id, told)
