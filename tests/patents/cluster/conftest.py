"""A corpus of several segments, some patents of which were replaced, and nodes that end with the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ktop.patents.cluster.joining import leave
from ktop.patents.cluster.nodes import Node, end_node, start_node
from ktop.patents.cluster.security import make_token
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine import indexing, vectors
from ktop.patents.engine.indexing import build_index

from ..conftest import made_up_records, write_records

#: Addresses of this machine alone; Ray takes 127.0.0.1 for "find my address".
HOSTS = ("127.0.0.2", "127.0.0.3")


@pytest.fixture(scope="session")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of eight segments, some patents of which were replaced."""
    folder = tmp_path_factory.mktemp("shares")
    with small_segments():
        records = made_up_records(per_theme=50)
        former = [record | {"title": "A former title"} for record in records[::9]]
        for number, part in enumerate((records[:1], former, records)):
            import_paths(folder / "corpus", [write_records(folder / f"{number}.jsonl", part)])
            if number:
                build_index(folder / "corpus")
    return folder / "corpus"


@contextlib.contextmanager
def small_segments() -> Iterator[None]:
    """Make segments of forty patents, and fit what is fitted to few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "SAMPLE_SENTENCES", 20)
        patch.setattr(indexing, "BATCH_ROWS", 20)
        patch.setattr(indexing, "SEGMENT_ROWS", 40)
        patch.setattr(indexing, "MAX_SMALL_SEGMENTS", 100)
        yield


@dataclass
class Nodes:
    """The nodes of a cluster on this machine, by their addresses."""

    folder: Path
    token: Path
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    watchers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Host and port of the head."""
        return f"{HOSTS[0]}:{self.port}"

    def start(self, host: str) -> None:
        """Start a node; it is killed when these tests end, however they do."""
        head = None if host == HOSTS[0] else self.address
        process = start_node(Node(host, self.token, self.port, head, folder=self.folder))
        self.running[host] = process
        watch = f"read nothing; kill -9 -{process.pid} 2>/dev/null"
        self.watchers.append(subprocess.Popen(["sh", "-c", watch], stdin=subprocess.PIPE, start_new_session=True))

    def kill(self, host: str) -> None:
        """Kill all processes of a node at once, as a power cut does."""
        os.killpg(self.running.pop(host).pid, signal.SIGKILL)

    def leave_ray(self) -> None:
        """Leave the cluster: Ray ends a process that misses its head."""
        if "ray" in sys.modules:
            sys.modules["ray"].shutdown()

    def end(self) -> None:
        """Leave the cluster, then end all nodes and what watches them."""
        leave()
        self.leave_ray()
        for process in self.running.values():
            end_node(process, 0.0)
        for watcher in self.watchers:
            watcher.communicate()


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """Two nodes on this machine."""
    folder = Path(tempfile.mkdtemp(prefix="k"))  # sockets lie in it, whose paths must be short
    make_token(folder / "token")
    with socket.socket() as free:
        free.bind((HOSTS[0], 0))
        port = free.getsockname()[1]
    made = Nodes(folder, folder / "token", port)
    try:
        for host in HOSTS:  # one after another: of two that start at once on one machine one may wait in vain
            made.start(host)
        yield made
    finally:
        made.end()
        shutil.rmtree(folder, ignore_errors=True)
