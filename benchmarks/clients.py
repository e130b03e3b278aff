"""Clients in a process of their own, each on one kept connection: what they cost is measured, and is little.

Two cores that server and clients share are the server's as far as the clients leave them: a client of the standard
library takes some 0.3 ms a request, one that reads no more of an answer than its status and length 0.1 ms.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Stands in a request for its number, eight digits.
NUMBER = b"%NUMBER%"


@dataclass(frozen=True)
class Measured:
    """What clients saw: the seconds each answer took, in order of size, and those that were not answered well."""

    seconds: float
    taken: list[float]
    refused: list[bytes]
    client_cpu: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.taken) / self.seconds

    def percentile(self, share: float) -> float:
        """Return how many milliseconds a share of the answers took at most."""
        return 1e3 * self.taken[min(len(self.taken) - 1, int(share * len(self.taken)))]


def request(method: str, path: str, body: bytes = b"", headers: str = "") -> bytes:
    """Return a request as it goes over the wire."""
    told = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}{told}\r\n".encode() + body


def measure(
    port: int, requests: Sequence[bytes], clients: int, seconds: float, per_second: float | None = None
) -> Measured:
    """Let clients ask one after the other, each again as soon as it is answered.

    With ``per_second`` they ask at fixed moments, so many of all together, and an answer's time counts from the moment
    it was due: a server that is late cannot slow down who asks it.
    """
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_run, args=(queue, port, list(requests), clients, seconds, per_second))
    process.start()
    found: Measured = queue.get()
    process.join()
    return found


def _run(queue: Any, port: int, requests: list[bytes], clients: int, seconds: float, per_second: float | None) -> None:
    taken: list[float] = []
    refused: list[bytes] = []
    first = os.getpid() % 10_000 * 10_000  # numbers of several runs differ
    began, cpu = time.perf_counter() + 0.1, time.process_time()

    def client(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port), 120) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            count = number
            start = began
            while start < began + seconds:
                if per_second is not None:
                    time.sleep(max(0.0, start - time.perf_counter()))
                else:
                    start = time.perf_counter()
                ask = requests[count % len(requests)].replace(NUMBER, b"%08d" % (first + count))
                status, answer = _answered(connection, ask)
                taken.append(time.perf_counter() - start)
                if status >= 300:
                    refused.append(answer[:300])
                count += clients
                if per_second is not None:
                    start = began + count / per_second

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put(Measured(time.perf_counter() - began, sorted(taken), refused[:5], time.process_time() - cpu))


def _answered(connection: socket.socket, ask: bytes) -> tuple[int, bytes]:
    """Send one request and read its answer, which tells its length, whole."""
    connection.sendall(ask)
    read = b""
    while (end := read.find(b"\r\n\r\n")) < 0:
        read += _more(connection)
    head = read[:end].lower()
    left = int(head[head.index(b"content-length:") + 15 :].split(b"\r\n", 1)[0]) - (len(read) - end - 4)
    parts = [read[end + 4 :]]
    while left > 0:
        parts.append(_more(connection))
        left -= len(parts[-1])
    return int(read[9:12]), b"".join(parts)


def _more(connection: socket.socket) -> bytes:
    read = connection.recv(262_144)
    if not read:
        raise ConnectionError("the server closed the connection")
    return read


def cpu_seconds(pid: int) -> float:
    """Return the processor seconds that a process has taken (Linux): unlike a rate, little depends on other work."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """Return a process and those it started, and so on (Linux)."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
        parents.setdefault(parent, []).append(int(stat.parent.name))
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += parents.get(found[-1], [])
    return found
