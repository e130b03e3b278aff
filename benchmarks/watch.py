"""What the lists of ratings cost: an institution's portfolio of firms, a firm's own results, the published figures.

    .venv/bin/python benchmarks/watch.py [--firms 2000] [--postgresql URL|wheel]

Each firm keeps two ratings of itself as long as real ones are (some 45 kB), one of them a year old, and lets one bank
watch it; another organisation keeps as many of its own. Each figure is of the whole use case; the first look at a
portfolio also notes in each firm's ledger what was seen, the second has nothing to note. CPU is that of this process;
"ms" is by the clock, which on PostgreSQL holds the server's work too. Prints one table; without ``--postgresql`` for
SQLite alone; ``--postgresql wheel`` starts a server from the wheel that the tests take.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "fixtures")]

RATING = "ktrs-fm-1.3.0-hanbit-motion"
#: Results on one page of a list.
_PAGE = 50


def fill(store: Any, firms: int) -> None:
    """Fill a database with firms, two ratings each, and a consent of each for one bank."""
    from consenting import add_organisations, golden, terms
    from sqlalchemy import insert, update

    from ktop.domain.party.actor import Actor
    from ktop.domain.values.registration_numbers import BusinessNumber
    from ktop.kernel.clock import today
    from ktop.store.tables import organisations, ratings
    from ktop.usecases.consent.service import ConsentService

    add_organisations(store)
    rating, consents = golden(RATING), ConsentService(lambda: store)
    year_ago = datetime.now(UTC) - timedelta(days=400)
    for serial in range(firms):
        number, firm = BusinessNumber.invented(1000 + serial).digits, f"firm-{serial}"
        made = {"id": firm, "kind": "company", "name_ko": firm, "name_en": firm, "business_number": number}
        made |= {"state": "active", "demo": True, "settings": {}, "created": year_ago, "version": 1}
        with store.installation() as work:
            work.connection.execute(insert(organisations).values(**made))
        owner = Actor(firm, firm, frozenset({"company_owner"}))
        with store.unit(owner) as unit:
            given = {"subject": firm, "inputs": {"record": {}}, "subject_key": f"business_number:{number}"}
            before, _ = (
                unit.ratings.add(kind="company", as_of=today(), results=[rating], **given).id for _ in range(2)
            )
            unit.connection.execute(update(ratings).where(ratings.c.id == before).values(created=year_ago))
        consents.give(owner, "ibk", terms(purpose="monitoring", inputs={"derived"}), "")
    keeper = Actor("keeper", "shinhan", frozenset({"bank_officer"}))
    for serial in range(firms):
        with store.unit(keeper) as unit:
            unit.ratings.add(kind="company", subject=f"firm-{serial}", as_of=today(), inputs={}, results=[rating])


def measured(url: str, firms: int) -> dict[str, tuple[float, float]]:
    """Return what was done → its milliseconds by the clock and of this process."""
    from consenting import BANK

    from ktop.domain.party.actor import Actor
    from ktop.store.unit_of_work import Store
    from ktop.usecases.statistics.service import _tables
    from ktop.usecases.watch.service import WatchService

    store = Store.open(url)
    fill(store, firms)
    watch = WatchService(lambda: store, lambda: None)  # type: ignore[arg-type, return-value]
    watch.add_all(BANK)
    keeper = Actor("keeper", "shinhan", frozenset({"bank_officer"}))

    def listed() -> None:
        with store.reading(keeper) as unit:
            unit.ratings.found(limit=_PAGE)

    def figures() -> None:
        with store.installation(reading=True) as work:
            _tables(work.figures_of_all)

    done: dict[str, Callable[[], Any]] = {
        "portfolio, first look of the day": lambda: watch.watched(BANK),
        "portfolio, again": lambda: watch.watched(BANK),
        f"one page of {_PAGE} results": listed,
        "figures for the public": figures,
    }
    taken = {}
    for what, do in done.items():
        wall, cpu = time.perf_counter(), time.process_time()
        do()
        taken[what] = (1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu))
    store.engine.dispose()
    return taken


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firms", type=int, default=2000)
    parser.add_argument("--postgresql", metavar="URL|wheel")
    given = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {given.firms:,} firms")
    print("| database | what | ms | CPU ms |")
    print("|---|---|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        urls = {"SQLite": f"sqlite:///{folder}/ktop.sqlite3"}
        if given.postgresql:
            from databases import migrated_postgresql

            urls["PostgreSQL"] = migrated_postgresql() if given.postgresql == "wheel" else given.postgresql
        for name, url in urls.items():
            for what, (wall, cpu) in measured(url, given.firms).items():
                print(f"| {name} | {what} | {wall:.0f} | {cpu:.0f} |", flush=True)


if __name__ == "__main__":
    main()
