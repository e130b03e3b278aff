"""Whether a server's memory stays flat: what it holds after each so many of 50,000 requests. Prints one table.

    .venv/bin/python benchmarks/memory.py [--requests 50000] [--clients 4] [--every 5000]

Asked in turn are two look-ups by consent (check, read, ledger entry, audit event) and a page; the
server runs in a process of its own. "MB" is what the process holds (VmRSS, Linux).
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import socket
import tempfile
import threading
import time
from pathlib import Path

from lookups import KEPT_RATINGS, _cpu, _wait_for, prepared, serve


def held_mb(pid: int) -> float:
    """Return what a process holds, in MB."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


def main() -> None:
    """Ask, and print what the server holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--every", type=int, default=5000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made, socket.socket() as probe:
        folder = Path(made)
        url = f"sqlite:///{folder / 'ktop.sqlite3'}"
        ratings, key = prepared(url, folder)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(url, str(folder), port))
        server.start()
        _wait_for(server, port)
        assert server.pid is not None, "started"
        headers = {"authorization": f"Bearer {key}"}

        def client(first: int, last: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            for number in range(first, last):
                path = f"/api/v1/lookups/{ratings[number % KEPT_RATINGS]}" if number % 3 < 2 else "/sign-in"
                connection.request("GET", path, headers=headers if number % 3 < 2 else {})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    raise SystemExit(f"{path}: {answer.status}")

        print(f"{'requests':>10}{'MB':>9}{'a second':>10}{'CPU ms':>9}")
        try:
            for done in range(0, asked.requests, asked.every):
                began, before = time.perf_counter(), _cpu(server.pid)
                each = asked.every // asked.clients
                threads = [
                    threading.Thread(target=client, args=(done + each * place, done + each * (place + 1)))
                    for place in range(asked.clients)
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                rate = asked.every / (time.perf_counter() - began)
                cpu = 1000 * (_cpu(server.pid) - before) / asked.every
                print(f"{done + asked.every:>10}{held_mb(server.pid):>9.1f}{rate:>10.0f}{cpu:>9.2f}", flush=True)
        finally:
            server.terminate()
            server.join(20)


if __name__ == "__main__":
    main()
