"""Runs queries on years of patents in other processes or on nodes of a cluster: tables go and rows come as Parquet."""

# ruff: noqa: S608 - SQL is put together of constants, numbers and quoted file names only

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ktop.kernel.files import atomic_path
from ktop.kernel.processes import InOrder
from ktop.patents.corpus.database import MEMORY_MB, Database, database, parquet


@dataclass(frozen=True, slots=True)
class _Task:
    """A query on tables that lie as Parquet files, name → file, and where its rows go."""

    tables: dict[str, str]
    query: str
    target: str
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the long joins run.

    Parameters
    ----------
    folder : reached by this process and by whoever works, at the same path.
    in_order : has ``workers`` of them work (``answers_in_order``, or nodes of a cluster).
    memory_mb : that each query may take; what does not fit is spilled to the worker's disk.
    """

    folder: Path
    in_order: InOrder
    workers: int
    memory_mb: int = MEMORY_MB

    def run(self, db: Database, name: str, tables: Sequence[str], queries: Sequence[str]) -> Iterator[None]:
        """Insert the rows of several queries into the table ``name``; yield after each.

        A query that is done twice, because whoever did it was lost, writes the same file beside and renames it.
        """
        files = {table: str(self.folder / f"{table}.parquet") for table in tables}
        for table, file in files.items():
            if not Path(file).exists():
                db.write(f"SELECT * FROM {table}", Path(file))
        tasks = [
            _Task(files, query, str(self.folder / f"{name}-{number}.parquet"), self.memory_mb)
            for number, query in enumerate(queries)
        ]
        for target in self.in_order(_done, tasks, self.workers):
            db.run(f"INSERT INTO {name} SELECT * FROM {parquet(Path(target))}")
            Path(target).unlink()
            yield


def _done(task: _Task) -> str:
    """Write the rows of a query, and return where they lie."""
    with tempfile.TemporaryDirectory(prefix="ktop-measures-") as own, database(Path(own), task.memory_mb) as db:
        for table, file in task.tables.items():
            db.run(f"CREATE VIEW {table} AS SELECT * FROM {parquet(Path(file))}")
        with atomic_path(Path(task.target)) as beside:
            db.write(task.query, beside)
    return task.target
