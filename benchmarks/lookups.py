"""What look-ups by consent cost: check, read, ledger entry and audit event, in this process and over HTTP.

    .venv/bin/python benchmarks/lookups.py [--seconds 5] [--clients 4] [--processes 1] [--postgresql URL|wheel]

Beside it, in the same run and on a database of the same kind, a bare FastAPI + SQLAlchemy application that reads one
consent and one result, adds one row to a ledger and commits: what the tools cost without a platform. Servers run in
processes of their own (``--processes`` each, on one port), clients in this one; "CPU ms" is the servers' processor time
a look-up, which depends little on what else the machine is doing. Prints one table; without ``--postgresql`` for SQLite
alone; ``--postgresql wheel`` starts a server from the wheel that the tests take.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "fixtures"))

KEPT_RATINGS = 50
RATING = "ktrs-fm-1.3.0-hanbit-motion"


def prepared(url: str, folder: Path) -> tuple[list[str], str]:
    """Fill a new database with ratings of a company that consented; return them and a bank's API key."""
    from consenting import BANK, COMPANY, GAON, add_organisations, add_rating, terms

    from ktop.bootstrap import House
    from ktop.domain.party.actor import Actor
    from ktop.kernel.settings import Settings

    house = House(Settings(data=folder, database_url=url))
    store = house._store()
    add_organisations(store)
    ratings = [add_rating(store, COMPANY, GAON, RATING) for _ in range(KEPT_RATINGS)]
    house.consents.give(COMPANY, "ibk", terms(inputs={"statement"}), "")
    maker = Actor("benchmark", BANK.organisation, frozenset({"institution_administrator", "bank_officer"}))
    key = house.keys.make(maker, "benchmark", ["granted:result:read"]).key
    return ratings, key


def serve(url: str, folder: str, port: int) -> None:
    """Run the platform's own application."""
    from ktop.bootstrap import House
    from ktop.kernel.settings import Settings
    from ktop.web.app import create_app

    settings = Settings(data=Path(folder), database_url=url, requests_per_minute=100_000_000, web_processes=2)
    answer(create_app(settings, House(settings)), port)


def answer(app: Any, port: int) -> None:
    """Answer on a port that other processes answer on, too."""
    import uvicorn

    from ktop.web.processes import listening

    with listening("127.0.0.1", port) as bound:
        uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run([bound])


def serve_bare(url: str, folder: str, port: int) -> None:
    """Run the bare application: two reads, one row, one commit, the whole result as JSON."""
    from fastapi import FastAPI
    from sqlalchemy import JSON, Column, Integer, MetaData, String, Table, insert, select, text

    from ktop.store.database import connect

    tables = MetaData()
    consent = Table("bare_consents", tables, Column("id", Integer, primary_key=True), Column("grantee", String(64)))
    result = Table("bare_results", tables, Column("id", String(32), primary_key=True), Column("content", JSON))
    ledger = Table("bare_ledger", tables, Column("number", Integer, primary_key=True), Column("seen", String(32)))
    engine = connect(url)
    content = json.loads((ROOT / "tests" / "golden" / "ratings" / f"{RATING}.json").read_text())
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
        tables.create_all(connection)
        if connection.execute(select(consent.c.id)).first() is None:  # else another process was first
            connection.execute(insert(consent).values(id=1, grantee="ibk"))
            connection.execute(insert(result).values(id="r", content=content))
    app = FastAPI()

    @app.get("/look")
    def look() -> dict[str, Any]:
        with engine.begin() as connection:
            connection.execute(select(consent).where(consent.c.grantee == "ibk")).one()
            found: dict[str, Any] = connection.execute(select(result.c.content).where(result.c.id == "r")).scalar_one()
            connection.execute(insert(ledger).values(seen="r"))
        return found

    answer(app, port)


def repeat(one: Callable[[int], None], clients: int, seconds: float) -> tuple[float, float]:
    """Return how often ``one`` happened a second, and the 95th percentile of its milliseconds."""
    taken: list[float] = []
    until = time.perf_counter() + seconds

    def client(number: int) -> None:
        count = number
        while time.perf_counter() < until:
            start = time.perf_counter()
            one(count)
            taken.append(time.perf_counter() - start)
            count += clients

    start = time.perf_counter()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(taken) / (time.perf_counter() - start), 1000 * sorted(taken)[int(0.95 * len(taken))]


def in_process(url: str, folder: Path, ratings: list[str], clients: int, seconds: float) -> tuple[float, float, float]:
    """Measure the use case itself."""
    from consenting import BANK

    from ktop.bootstrap import House
    from ktop.kernel.settings import Settings

    lookups = House(Settings(data=folder, database_url=url)).lookups
    lookups.open(BANK, ratings[0], "program")
    before = time.process_time()
    rate, slow = repeat(lambda n: _discard(lookups.open(BANK, ratings[n % KEPT_RATINGS], "program")), clients, seconds)
    return rate, slow, 1000 * (time.process_time() - before) / (rate * seconds)


def _discard(_: object) -> None:
    pass


def over_http(
    target: Callable[[str, str, int], None],
    url: str,
    folder: Path,
    paths: list[str],
    headers: dict[str, str],
    clients: int,
    seconds: float,
    processes: int,
) -> tuple[float, float, float]:
    """Measure a server in processes of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    servers = [context.Process(target=target, args=(url, str(folder), port)) for _ in range(processes)]
    for server in servers:
        server.start()
        _wait_for(server, port)
    local = threading.local()

    def ask(count: int) -> None:
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        local.connection.request("GET", paths[count % len(paths)], headers=headers)
        answer = local.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {body[:300]!r}")

    try:
        repeat(ask, clients, 3.0)  # each process opens its database; fonts of a new installation are cut
        before = sum(_cpu(server.pid or 0) for server in servers)
        rate, slow = repeat(ask, clients, seconds)
        return rate, slow, 1000 * (sum(_cpu(server.pid or 0) for server in servers) - before) / (rate * seconds)
    finally:
        for server in servers:
            server.terminate()
            server.join(20)


def _wait_for(server: Any, port: int) -> None:
    """Wait until a server listens: one of several may, while another is not there yet."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        inodes = {str(file.readlink()) for file in Path(f"/proc/{server.pid}/fd").iterdir() if file.is_symlink()}
        listens = f":{port:04X} 00000000:0000 0A"
        lines = [line for line in Path("/proc/net/tcp").read_text().splitlines() if listens in line]
        if any(f"socket:[{line.split()[9]}]" in inodes for line in lines):
            return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def _cpu(pid: int) -> float:
    """Return the processor seconds that a process has taken (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure every way and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--postgresql", help="address of an empty database, or 'wheel'")
    asked = parser.parse_args()
    print(f"{'database':<12}{'way':<28}{'a second':>10}{'p95 ms':>9}{'CPU ms':>9}")
    for kind in ("sqlite", *(["postgresql"] if asked.postgresql else [])):
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            url = f"sqlite:///{folder / 'ktop.sqlite3'}"
            if kind == "postgresql":
                from databases import migrated_postgresql

                url = migrated_postgresql() if asked.postgresql == "wheel" else asked.postgresql
            ratings, key = prepared(url, folder)
            paths = [f"/api/v1/lookups/{rating}" for rating in ratings]
            signed_in = {"authorization": f"Bearer {key}"}
            how_much = (asked.clients, asked.seconds)
            rows = [
                ("in this process", in_process(url, folder, ratings, *how_much)),
                ("over HTTP", over_http(serve, url, folder, paths, signed_in, *how_much, asked.processes)),
                (
                    "bare application, HTTP",
                    over_http(serve_bare, url, folder, ["/look"], {}, *how_much, asked.processes),
                ),
            ]
        for way, (rate, slow, cpu) in rows:
            print(f"{kind:<12}{way:<28}{rate:>10.0f}{slow:>9.1f}{cpu:>9.2f}")


if __name__ == "__main__":
    main()
