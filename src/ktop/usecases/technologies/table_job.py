"""Rates a table of technologies as a job: part by part, each kept with the note that it is finished, then written."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

from ktop.domain.party.permission import require
from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path
from ktop.usecases.corpora.corpus import read_queries
from ktop.usecases.corpora.interface import Corpora
from ktop.usecases.jobs.running import Running
from ktop.usecases.technologies.many import TOGETHER, Query, answers_schema, rated
from ktop.usecases.uploads import require_table_ending

KIND = "rate.technologies"
_PART = "technologies.part"
_PARQUET = "application/vnd.apache.parquet"


def rate_technologies(running: Running, corpora: Callable[[], Corpora]) -> None:
    """Do a job of the kind ``rate.technologies``.

    Its arguments: ``path``, a table of queries (``many.score_queries``); ``out``, the Parquet file for the answers;
    ``corpus``; ``as_of``; ``share``, "2/4" for the second quarter of the rows: jobs for all four quarters are
    done by as many workers, and their files one after another are the whole answer.
    """
    require(running.actor, "own:batch:run")
    asked = running.job.arguments
    out = Path(asked["out"])
    require_table_ending(out, (".parquet",))
    given = _share(read_queries(Path(asked["path"])), asked.get("share", "1/1"))
    as_of = date.fromisoformat(asked["as_of"]) if "as_of" in asked else None
    finished = running.finished_items()
    running.go_on()
    for number, start in enumerate(range(0, len(given), TOGETHER)):
        if number in finished:
            continue
        engine = corpora().engine(running.actor, Path(asked["corpus"]) if "corpus" in asked else None)
        rows = rated(engine, given[start : start + TOGETHER], as_of, "ko")
        content = io.BytesIO()
        pl.DataFrame(rows, schema=answers_schema()).write_parquet(content, compression="zstd")
        done = min(start + TOGETHER, len(given))
        with running.item(number, {"rows": len(rows)}, done=done, of=len(given)) as unit:
            unit.documents.add(
                kind=_PART,
                name=f"{number:06d}",
                media_type=_PARQUET,
                subject=running.job.id,
                content=content.getvalue(),
            )
    _end(running, out)


def _share(given: list[Query], share: str) -> list[Query]:
    """Return the rows of one of several shares, given as in "2/4"."""
    named = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", share)
    number, of = (int(named[1]), int(named[2])) if named else (2, 1)
    if number > of:
        raise InputError("batches.no_share", given=share[:20])
    return given[len(given) * (number - 1) // of : len(given) * number // of]


def _end(running: Running, out: Path) -> None:
    """Write the answers beside, rename them, clear the parts away and end the job."""
    with running.store.reading(running.actor) as unit:
        kept = sorted(unit.documents.of([running.job.id], _PART), key=lambda document: document.name)
        parts = [pl.read_parquet(io.BytesIO(unit.documents.content(part.id))) for part in kept]
    frame = pl.concat([pl.DataFrame(schema=answers_schema()), *parts])
    running.go_on()
    with atomic_path(out) as beside:
        frame.write_parquet(beside, compression="zstd")
    told = {"rows": frame.height, "refused": frame["problem"].count()}
    with running.end(told) as unit:
        unit.documents.remove(running.job.id, _PART)
        unit.tell("batch.rated", running.job.id, told)
