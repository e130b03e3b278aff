"""What look-ups by consent and new ratings cost: in this process and over HTTP, beside a bare application.

    .venv/bin/python benchmarks/lookups.py [--seconds 5] [--clients 20] [--processes 1] [--postgresql URL|wheel]
    .venv/bin/python benchmarks/lookups.py --standby [--seconds 5]

A look-up is the key's check, the consent's, the read, the ledger entry, the audit event and the commit; the rating is
of a company, by API with a key. Beside them, in the same run and on a database of the same kind, a bare FastAPI +
SQLAlchemy application that reads one consent and one result, adds one row to a ledger and commits: what the tools cost
without a platform. Servers run in processes of their own (``--processes`` each, on one port), clients in another.
"CPU ms" is the servers' processor time a request, "client ms" that of the clients: two cores that do nothing else carry
2000 / (both, and PostgreSQL's own) a second, which depends less on what else the machine is doing than the rate does.
"at 60/s" is the 95th percentile where the clients together ask 60 times a second whether they are answered or not.
Prints one table; without ``--postgresql`` for SQLite alone; ``--postgresql wheel`` starts a server from the wheel that
the tests take.

``--standby`` tells instead what a streaming standby takes off its primary (both from the wheel): processor milliseconds
a request of this process, which asks the use cases one after the other, with and without the standby by turns, of the
primary, and of the standby, whose replay of what the primary writes is counted, too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from clients import NUMBER, Measured, cpu_seconds, measure, request

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "fixtures")]

KEPT_RATINGS = 50
OFFERED_RATINGS = 60.0
RATING = "ktrs-fm-1.3.0-hanbit-motion"


def prepared(url: str, folder: Path) -> tuple[list[str], str, str]:
    """Fill a new database with ratings of a company that consented; return them, the bank's and the company's key."""
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
    owner = Actor("benchmark", COMPANY.organisation, frozenset({"company_owner"}))
    return ratings, key, house.keys.make(owner, "benchmark", ["own:rating:make"]).key


def serve(url: str, folder: str, port: int) -> None:
    """Run the platform as it is served, on a port that other processes answer on, too."""
    from ktop.bootstrap import House
    from ktop.kernel.settings import Settings
    from ktop.web.app import create_app
    from ktop.web.connections import server
    from ktop.web.processes import listening

    settings = Settings(data=Path(folder), database_url=url, requests_per_minute=100_000_000, web_processes=2)
    with listening("127.0.0.1", port) as bound:
        server(create_app(settings, House(settings)), settings, "127.0.0.1", port).run([bound])


def serve_bare(url: str, folder: str, port: int) -> None:
    """Run the bare application: two reads, one row, one commit, the whole result as JSON."""
    import uvicorn
    from fastapi import FastAPI
    from sqlalchemy import JSON, Column, Integer, MetaData, String, Table, insert, select, text

    from ktop.store.database import connect
    from ktop.web.processes import listening

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

    with listening("127.0.0.1", port) as bound:
        uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run([bound])


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


class Serving:
    """Servers in processes of their own, on one port; they end with the block."""

    def __init__(self, target: Callable[[str, str, int], None], url: str, folder: Path, processes: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        context = multiprocessing.get_context("spawn")
        self._servers = [context.Process(target=target, args=(url, str(folder), self.port)) for _ in range(processes)]

    def __enter__(self) -> Serving:
        for server in self._servers:
            server.start()
            _wait_for(server, self.port)
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.terminate()
            server.join(20)

    def asked(
        self, requests: Sequence[bytes], clients: int, seconds: float, per_second: float | None = None
    ) -> tuple[Measured, float]:
        """Return what clients saw, and the servers' processor milliseconds a request."""
        before = self._cpu()
        found = measure(self.port, requests, clients, seconds, per_second)
        if found.refused:
            raise SystemExit(repr(found.refused[0]))
        return found, 1e3 * (self._cpu() - before) / len(found.taken)

    def _cpu(self) -> float:
        return sum(cpu_seconds(server.pid or 0) for server in self._servers)


def company_requests(key: str) -> list[bytes]:
    """Return the request that rates a company that was never rated before."""
    import yaml

    record = yaml.safe_load((ROOT / "examples" / "companies" / "hanbit-motion.yaml").read_text("utf-8"))
    record["name"] += f" {NUMBER.decode()}"
    body = json.dumps({"record": record, "as_of": "2026-06-30"}, default=str).encode()
    return [request("POST", "/api/v1/ratings/company", body, f"authorization: Bearer {key}\r\n")]


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


def main() -> None:
    """Measure every way and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--postgresql", help="address of an empty database, or 'wheel'")
    parser.add_argument("--standby", action="store_true", help="only what a streaming standby takes off its primary")
    asked = parser.parse_args()
    if asked.standby:
        with tempfile.TemporaryDirectory() as made:
            with_standby(Path(made), asked.seconds)
        return
    print(f"{asked.processes} web processes, {asked.clients} clients; load {os.getloadavg()[0]:.1f}")
    print(f"{'database':<12}{'way':<28}{'a second':>10}{'p95 ms':>9}{'CPU ms':>9}{'client ms':>11}")
    for kind in ("sqlite", *(["postgresql"] if asked.postgresql else [])):
        with tempfile.TemporaryDirectory() as made:
            measured(kind, Path(made), asked)


def measured(kind: str, folder: Path, asked: argparse.Namespace) -> None:
    """Measure every way on one kind of database and print its lines."""
    url = f"sqlite:///{folder / 'ktop.sqlite3'}"
    if kind == "postgresql":
        from databases import migrated_postgresql

        url = migrated_postgresql() if asked.postgresql == "wheel" else asked.postgresql
    ratings, bank, company = prepared(url, folder)
    looks = [request("GET", f"/api/v1/lookups/{one}", headers=f"authorization: Bearer {bank}\r\n") for one in ratings]
    firms = company_requests(company)
    how_much = (asked.clients, asked.seconds)

    def tell(way: str, rate: float, slow: float, cpu: float, client: float | None) -> None:
        shown = "" if client is None else f"{client:>11.2f}"
        print(f"{kind:<12}{way:<28}{rate:>10.0f}{slow:>9.1f}{cpu:>9.2f}{shown}", flush=True)

    def tell_asked(way: str, found: Measured, cpu: float) -> None:
        tell(way, found.rate, found.percentile(0.95), cpu, 1e3 * found.client_cpu / len(found.taken))

    tell("look-up, in this process", *in_process(url, folder, ratings, *how_much), None)
    with Serving(serve, url, folder, asked.processes) as own:
        own.asked(looks, asked.clients, 3.0)  # each process opens its database; fonts of a new installation are cut
        tell_asked("look-up", *own.asked(looks, *how_much))
        own.asked(firms, asked.clients, 2.0)
        tell_asked("rating", *own.asked(firms, *how_much))
        tell_asked(f"rating, at {OFFERED_RATINGS:.0f}/s", *own.asked(firms, *how_much, OFFERED_RATINGS))
    with Serving(serve_bare, url, folder, asked.processes) as bare:
        bare.asked([request("GET", "/look")], asked.clients, 3.0)
        tell_asked("bare application", *bare.asked([request("GET", "/look")], *how_much))


def with_standby(folder: Path, seconds: float) -> None:
    """Measure reads with and without a standby, by turns of half a second, and print their lines."""
    from consenting import BANK, COMPANY
    from databases import Streaming

    from ktop.bootstrap import House
    from ktop.kernel.settings import Settings

    pair = Streaming()
    ratings, *_ = prepared(pair.primary, folder)
    houses = {
        name: House(Settings(data=folder, database_url=pair.primary, database_replica_url=url))
        for name, url in (("without", None), ("with", pair.replica))
    }
    with houses["without"]._store().unit(COMPANY) as unit:
        content = os.urandom(1_000_000)
        file = unit.documents.add(kind="report", name="report.pdf", media_type="x", subject="x", content=content).id
    pair.catch_up()

    def read_file(house: House) -> None:
        with house._store().reading(COMPANY) as unit:
            unit.documents.content(file)

    ways: dict[str, Callable[[House, str], object]] = {
        "look-up": lambda house, rating: house.lookups.open(BANK, rating, "program"),
        "own rating": lambda house, rating: house.ratings.rating(COMPANY, rating),
        "file of 1 MB": lambda house, _: read_file(house),
    }
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"{'way':<14}{'standby':<9}{'requests':>10}{'house ms':>10}{'primary ms':>12}{'standby ms':>12}")
    for way, ask in ways.items():
        used = {name: [0.0] * 4 for name in houses}
        for turn in range(1 + 2 * round(seconds)):
            for name, house in houses.items():
                before, until, count = (time.process_time(), *pair.cpu_seconds()), time.perf_counter() + 0.5, 0
                while time.perf_counter() < until:
                    ask(house, ratings[count % KEPT_RATINGS])
                    count += 1
                after = (time.process_time(), *pair.cpu_seconds())
                if turn:  # the first one opens databases and prepares statements
                    spent = (count, *(late - early for early, late in zip(before, after, strict=True)))
                    used[name] = [so_far + one for so_far, one in zip(used[name], spent, strict=True)]
        for name, (count, *cpu) in used.items():
            shown = [1e3 * one / count for one in cpu]
            print(f"{way:<14}{name:<9}{count:>10.0f}{shown[0]:>10.2f}{shown[1]:>12.3f}{shown[2]:>12.3f}", flush=True)
    pair.stop()


if __name__ == "__main__":
    main()
