"""What one server process carries: ratings, result pages and look-ups a second at so many clients. Prints one table.

    ./run --version && .venv/bin/python benchmarks/load.py [--clients 8] [--seconds 10] [--tree DIR[=CORPUS] ...]

Every DIR is a checkout whose ``./run`` is started on a free port with a data folder of its own; without ``--tree`` it
is this one. Two checkouts side by side compare two versions in the same run: they are measured in turns, kind by kind.
"CPU ms" is the server's processor time for each answer.
Clients run in this process, each on one kept connection, each asking again as soon as it is answered. Technologies are
left out of a tree without a CORPUS (an indexed corpus folder).
"""

from __future__ import annotations

import argparse
import copy
import http.client
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
DAY = "2026-06-30"

#: Number of the request, of all clients together -> method, path, JSON body.
Ask = Callable[[int], tuple[str, str, Any]]


@dataclass
class Server:
    """One started checkout."""

    name: str
    port: int
    corpus: str | None
    process: subprocess.Popen[bytes]

    def peak_mb(self) -> float:
        """Return the most memory the process has held so far (Linux), in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def cpu_seconds(self) -> float:
        """Return the processor time the process has taken so far (Linux): unlike a rate, it does not depend on what
        else the machine is doing."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_until_idle(self) -> None:
        """Wait until the process does nothing of its own any more: a new installation first cuts its fonts."""
        idle = 0
        while idle < 4:
            before = self.cpu_seconds()
            time.sleep(0.25)
            idle = idle + 1 if self.cpu_seconds() - before < 0.02 else 0


@contextmanager
def started(tree: Path, corpus: str | None) -> Iterator[Server]:
    """Start a checkout's platform and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | ({"KTOP_CORPUS": str(Path(corpus).resolve())} if corpus else {})
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


def measure(server: Server, make: Ask, clients: int, seconds: float) -> tuple[float, list[float], int]:
    """Return requests a second, the seconds of each, and how many were not answered well."""
    taken: list[float] = []
    bad = [0]
    count = iter(range(10**9))
    until = time.perf_counter() + seconds

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        while time.perf_counter() < until:
            request = make(next(count))
            start = time.perf_counter()
            status, _ = ask(connection, *request)
            taken.append(time.perf_counter() - start)
            bad[0] += status >= 300

    start = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(taken) / (time.perf_counter() - start), sorted(taken), bad[0]


def kinds(server: Server) -> list[tuple[str, Ask]]:
    """Return what is asked of a server, after one rating of each kind to warm it up."""
    record = yaml.safe_load((EXAMPLES / "companies" / "hanbit-motion.yaml").read_text("utf-8"))
    record = json.loads(json.dumps(record, default=str))

    def company(number: int) -> tuple[str, str, Any]:
        own = copy.deepcopy(record) | {"name": f"{record['name']} {number}"}
        return "POST", "/api/v1/ratings/company", {"record": own, "as_of": DAY}

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    status, answer = ask(connection, *company(0))
    if status != 201:
        raise SystemExit(f"{server.name}: {answer[:300].decode()}")
    kept = json.loads(answer)["id"]
    asked: list[tuple[str, Ask]] = [
        ("company rated by API", company),
        ("result page", lambda number: ("GET", f"/ratings/{kept}", None)),
        ("kept result as JSON", lambda number: ("GET", f"/api/v1/ratings/{kept}", None)),
    ]
    if server.corpus:
        texts = [path.read_text("utf-8") for path in sorted((EXAMPLES / "technologies").glob("*.txt"))]

        def technology(number: int) -> tuple[str, str, Any]:
            return "POST", "/api/v1/ratings/technology", {"text": texts[number % len(texts)], "as_of": DAY}

        for number in range(len(texts)):
            ask(connection, *technology(number))
        asked.append(("technology rated by API", technology))
    return asked


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--tree", action="append", default=[], metavar="DIR[=CORPUS]")
    options = parser.parse_args()
    with ExitStack() as stack:
        servers = []
        for given in options.tree or [str(ROOT)]:
            tree, _, corpus = given.partition("=")
            servers.append(stack.enter_context(started(Path(tree).resolve(), corpus or None)))
        asked = [(server, kinds(server)) for server in servers]
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        print(f"{machine}; {options.clients} clients")
        print(
            f"{'what':26} {'version':20} {'a second':>9} {'CPU ms':>8} {'p50 ms':>8} {'p95 ms':>8}"
            f" {'failed':>7} {'peak MB':>8}"
        )
        for place in range(max(len(one) for _, one in asked)):
            for server, one in asked:
                if place >= len(one):
                    continue
                label, make = one[place]
                before = server.cpu_seconds()
                rate, taken, bad = measure(server, make, options.clients, options.seconds)
                cpu = 1e3 * (server.cpu_seconds() - before) / len(taken)
                p50, p95 = (1e3 * taken[min(len(taken) - 1, int(share * len(taken)))] for share in (0.5, 0.95))
                shown = f"{label:26} {server.name:20} {rate:9.1f} {cpu:8.1f} {p50:8.0f} {p95:8.0f}"
                print(f"{shown} {bad:7} {server.peak_mb():8.0f}")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
