"""What web processes carry: ratings, result pages and kept results a second at so many clients. Prints one table.

    ./run --version && .venv/bin/python benchmarks/load.py [--clients 8] [--seconds 10] [--processes 1]
        [--tree DIR[=CORPUS] ...]

Every DIR is a checkout whose ``./run`` is started on a free port with a data folder of its own; without ``--tree`` it
is this one. Two checkouts side by side compare two versions in the same run: they are measured in turns, kind by kind.
"CPU ms" is the processor time of the server's processes for each answer.
Clients run in a process of their own, each on one kept connection, each asking again as soon as it is answered, as the
local owner (accounts, keys, consents and PostgreSQL: ``lookups.py``). Technologies are left out of a tree without a
CORPUS (an indexed corpus folder).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from clients import NUMBER, cpu_seconds, descendants, measure, request

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
DAY = "2026-06-30"


@dataclass
class Server:
    """One started checkout."""

    name: str
    port: int
    corpus: str | None
    process: subprocess.Popen[bytes]

    def web_processes(self) -> list[int]:
        """Return the processes that answer, and the one that keeps them running; not the worker beside them."""
        found = []
        for pid in descendants(self.process.pid):
            with suppress(FileNotFoundError):  # one that cut fonts has ended meanwhile
                if b"worker" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    found.append(pid)
        return found

    def peak_mb(self) -> float:
        """Return the most memory that one of the processes has held so far (Linux), in MB."""
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in self.web_processes()]
        return max(int(text.split("VmHWM:")[1].split()[0]) for text in texts) / 1024

    def cpu_seconds(self) -> float:
        """Return the processor time that the processes have taken so far."""
        return sum(cpu_seconds(pid) for pid in self.web_processes())

    def wait_until_idle(self) -> None:
        """Wait until the process does nothing of its own any more: a new installation first cuts its fonts."""
        idle = 0
        while idle < 4:
            before = self.cpu_seconds()
            time.sleep(0.25)
            idle = idle + 1 if self.cpu_seconds() - before < 0.02 else 0


@contextmanager
def started(tree: Path, corpus: str | None, processes: int) -> Iterator[Server]:
    """Start a checkout's platform and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"KTOP_SOLO": "true", "KTOP_WEB_PROCESSES": str(processes)}
    environment |= {"KTOP_CORPUS": str(Path(corpus).resolve())} if corpus else {}
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen(
            [str(tree / "run"), "--port", str(port), "--data", data], env=environment, stderr=subprocess.DEVNULL
        )
        try:
            for _ in range(600):
                try:
                    http.client.HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/")
                    break
                except OSError:
                    time.sleep(0.2)
            else:
                raise SystemExit(f"{tree}: the server did not answer within two minutes")
            server = Server(tree.name, port, corpus, process)
            server.wait_until_idle()
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any) -> tuple[int, bytes]:
    """Send one request and read its answer whole."""
    headers = {"content-type": "application/json"} if body is not None else {}
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def kinds(server: Server) -> list[tuple[str, Sequence[bytes]]]:
    """Return what is asked of a server, after one rating of each kind to warm it up."""
    record = yaml.safe_load((EXAMPLES / "companies" / "hanbit-motion.yaml").read_text("utf-8"))
    record = json.loads(json.dumps(record, default=str))
    record["name"] += f" {NUMBER.decode()}"
    company = {"record": record, "as_of": DAY}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    status, answer = ask(connection, "POST", "/api/v1/ratings/company", company)
    if status != 201:
        raise SystemExit(f"{server.name}: {answer[:300].decode()}")
    kept = json.loads(answer)["id"]
    asked: list[tuple[str, Sequence[bytes]]] = [
        ("company rated by API", [request("POST", "/api/v1/ratings/company", json.dumps(company).encode())]),
        ("result page", [request("GET", f"/ratings/{kept}")]),
        ("kept result as JSON", [request("GET", f"/api/v1/ratings/{kept}")]),
        ("report as PDF", [request("GET", f"/ratings/{kept}.pdf")]),
    ]
    if server.corpus:
        texts = [path.read_text("utf-8") for path in sorted((EXAMPLES / "technologies").glob("*.txt"))]
        bodies = [{"text": text, "as_of": DAY} for text in texts]
        for body in bodies:
            ask(connection, "POST", "/api/v1/ratings/technology", body)
        posted = [request("POST", "/api/v1/ratings/technology", json.dumps(body).encode()) for body in bodies]
        asked.append(("technology rated by API", posted))
        made = json.loads(ask(connection, "POST", "/api/v1/ratings/technology", bodies[0])[1])["id"]
        asked.append(("technology's result page", [request("GET", f"/ratings/{made}")]))
        asked.append(("technology's report as PDF", [request("GET", f"/ratings/{made}.pdf")]))
    return asked


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--tree", action="append", default=[], metavar="DIR[=CORPUS]")
    options = parser.parse_args()
    with ExitStack() as stack:
        servers = []
        for given in options.tree or [str(ROOT)]:
            tree, _, corpus = given.partition("=")
            servers.append(stack.enter_context(started(Path(tree).resolve(), corpus or None, options.processes)))
        asked = [(server, kinds(server)) for server in servers]
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        print(f"{machine}; {options.processes} web processes, {options.clients} clients")
        print(
            f"{'what':26} {'version':20} {'a second':>9} {'CPU ms':>8} {'p50 ms':>8} {'p95 ms':>8}"
            f" {'failed':>7} {'peak MB':>8}"
        )
        for place in range(max(len(one) for _, one in asked)):
            for server, one in asked:
                if place >= len(one):
                    continue
                label, requests = one[place]
                before = server.cpu_seconds()
                found = measure(server.port, requests, options.clients, options.seconds)
                cpu = 1e3 * (server.cpu_seconds() - before) / len(found.taken)
                times = f"{found.percentile(0.5):8.0f} {found.percentile(0.95):8.0f}"
                shown = f"{label:26} {server.name:20} {found.rate:9.1f} {cpu:8.1f} {times}"
                print(f"{shown} {len(found.refused):7} {server.peak_mb():8.0f}")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
