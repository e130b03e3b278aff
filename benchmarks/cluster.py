"""Holds a corpus on a cluster of nodes on this machine: same answers, what is lost and mended, time, memory. One table.

    ./run --version && .venv/bin/python benchmarks/cluster.py FOLDER [--nodes 3] [--shares 1 2 4] [--queries 1000]

FOLDER is an indexed corpus (benchmarks/scale.py makes one of millions; give --segment-rows to have a smaller one
indexed in several segments). Questions are real texts, as in scale.py. The single machine is measured beside the
cluster in the same run: of times on a busy machine only the ratios say something.

A search is hybrid, before a day that 70 % of the patents are earlier than, top 1,000. While --queries of them run, a
process that holds a share is killed after three tenths, and a node after six tenths: every answer is compared with the
single machine's, and the seconds in which there was none are told. Then --ratings technologies are rated on both by
turns, and --killed-ratings more while a process and a node are killed (with --queries 0: a node is killed only once).
With --add N the corpus gets N more patents before that: another process imports and indexes them while two threads ask
on and on.
"""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]
os.environ["PYTHONPATH"] = str(ROOT / "src")  # nodes find the program by it

import numpy as np
import scale

TOP = 1_000


def main() -> None:
    """Start the nodes, compare, kill, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--shares", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--ratings", type=int, default=200)
    parser.add_argument("--killed-ratings", type=int, default=0, help="and so many while a process and a node are lost")
    parser.add_argument("--add", type=int, default=0, help="publish a generation with so many more patents, for good")
    parser.add_argument("--segment-rows", type=int, help="index it first, a segment for so many patents")
    options = parser.parse_args()
    if options.segment_rows:
        from ktop.patents.engine import indexing

        indexing.SEGMENT_ROWS, indexing.MAX_SMALL_SEGMENTS = options.segment_rows, 1_000
        scale.build(options.folder, 1)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}", flush=True)
    with Nodes(options.nodes) as nodes:
        compare(options, nodes)


def compare(options: argparse.Namespace, nodes: Nodes) -> None:
    """Ask the single machine and each cluster the same."""
    from ktop.patents.cluster.joining import joined, open_on_cluster
    from ktop.patents.engine.index import PatentIndex

    alone = PatentIndex(options.folder)
    patents, texts = len(alone), scale._questions()
    before = int(alone.tables.days[int(patents * 0.7)])
    size = sum(file.stat().st_size for file in (options.folder / "index").rglob("*") if file.is_file())
    print(f"{patents:,} patents in {len(alone.segments)} segments, {size / patents:,.0f} bytes a patent on the disk")
    joined(nodes.plan(1, 1))
    wanted, single = asked(alone, texts, before)
    codes = alone.tables.term_totals[0][:: max(1, len(alone.tables.term_totals[0]) // 2_000)]
    counts = alone.document_frequencies(codes, before)
    print(f"{'':28}      p50      p95  ms a search; memory of a share's own, MB", flush=True)
    scale.row("single machine", single)
    largest: Any = None
    for count in options.shares:
        started = time.perf_counter()
        index = open_on_cluster(options.folder, nodes.plan(count, options.replicas))
        opened = time.perf_counter() - started
        found, seconds = asked(index, texts, before)
        assert found == wanted, "a list differs"
        assert (index.document_frequencies(codes, before) == counts).all(), "a count differs"
        own = [scale._anonymous(share.pid) / 1e6 for share in nodes.held(options.folder, index, count)]
        scale.row(f"{count} shares on {options.nodes} nodes", seconds, f"opened in {opened:.1f} s; {max(own):.0f} MB")
        largest = index
    second = "import sys; sys.path.insert(0, sys.argv[1]); " + nodes.attach(options, options.shares[-1])
    told = subprocess.run(
        [sys.executable, "-c", second, str(ROOT / "src")], capture_output=True, text=True, check=True
    ).stdout.split()
    print(
        f"a second process: joined after {float(told[-2]):.1f} s, attached after {float(told[-1]):.2f} s more",
        flush=True,
    )
    if options.add:
        largest = switched(options, nodes, texts, before)
        wanted, _ = asked(PatentIndex(options.folder), texts, before)
    if options.queries:
        kill(options, nodes, largest, texts, before, wanted)
    if options.ratings or options.killed_ratings:
        rate(options, nodes)


def asked(index: Any, texts: list[str], before: int) -> tuple[list[Any], list[float]]:
    """Return what each text finds, and the seconds it took after a first round that is not counted."""
    nothing = np.empty(0, dtype=np.int64)
    questions = [index.question(text) for text in texts]

    def ask(question: Any) -> Any:
        return [part.tolist() for part in index.retrieve(question, TOP, before, nothing)]

    found = [ask(question) for question in questions]
    return found, scale.timed(ask, questions)


_ADD = """
import json, sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
import numpy as np, scale
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine.indexing import build_index
random, texts, folder = np.random.default_rng(77), scale._english(), Path(sys.argv[3])
lines = folder.parent / "added.jsonl"
with lines.open("w") as file:
    for number in range(int(sys.argv[4])):
        title, abstract = scale._text(texts, random)
        row = {"id": f"US{99_000_000 + number}B2", "title": title, "abstract": abstract, "filed": "2001-01-02"}
        file.write(json.dumps(row) + chr(10))
import_paths(folder, [lines])
build_index(folder)
"""


def switched(options: argparse.Namespace, nodes: Nodes, texts: list[str], before: int) -> Any:
    """Ask on from two threads while another process publishes a generation; return the cluster's index of that one."""
    from ktop.kernel.errors import KtopError
    from ktop.patents.cluster.joining import open_on_cluster
    from ktop.patents.engine.index import PatentIndex

    plan, alone = nodes.plan(options.shares[-1], options.replicas), PatentIndex(options.folder)
    former, _ = asked(alone, texts, before)
    command = [sys.executable, "-c", _ADD, str(ROOT / "src"), str(ROOT / "benchmarks"), str(options.folder)]
    adding = subprocess.Popen([*command, str(options.add)])
    answers: list[tuple[int, int, Any]] = []
    errors: list[tuple[str, float]] = []
    seconds: dict[str, list[float]] = {"searching": [], "switching": []}
    nothing = np.empty(0, dtype=np.int64)

    def ask(first: int) -> None:
        index, number = open_on_cluster(options.folder, plan), first
        while adding.poll() is None or not index.is_current or number % len(texts) != first:
            started = time.perf_counter()
            what = "searching" if index.is_current else "switching"
            try:
                if what == "switching":
                    index = open_on_cluster(options.folder, plan)
                at = number % len(texts)
                found = [part.tolist() for part in index.retrieve(index.question(texts[at]), TOP, before, nothing)]
                answers.append((at, index.manifest.generation, found))
            except KtopError as error:
                errors.append((error.key, time.perf_counter() - started))
            seconds[what].append(time.perf_counter() - started)
            number += 1

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert adding.returncode == 0, "the patents were not added"
    present = PatentIndex(options.folder)
    found, _ = asked(present, texts, before)
    assert found != former, "the added patents change no list"
    expected = {alone.manifest.generation: former, present.manifest.generation: found}
    wrong = sum(expected.get(generation, [None] * len(texts))[at] != list_ for at, generation, list_ in answers)
    by = Counter(generation for _, generation, _ in answers)
    print(
        f"a generation added while two threads ask: {by[alone.manifest.generation]:,} answers of the former one, "
        f"{by[present.manifest.generation]:,} of the new one, {wrong} wrong, {len(errors)} errors {errors[:3]}; "
        f"the slowest search {max(seconds['searching']):.1f} s, with the switch {max(seconds['switching']):.1f} s",
        flush=True,
    )
    assert not wrong
    return open_on_cluster(options.folder, plan)


def kill(
    options: argparse.Namespace, nodes: Nodes, index: Any, texts: list[str], before: int, wanted: list[Any]
) -> None:
    """Ask on and on while a process and then a node are killed."""
    from ktop.kernel.errors import UnavailableError

    nothing = np.empty(0, dtype=np.int64)
    questions = [index.question(text) for text in texts]
    ends: Counter[str] = Counter()
    slowest = {"process": 0.0, "node": 0.0, "": 0.0}
    lost = ""
    for number in range(options.queries):
        if number == options.queries * 3 // 10:
            lost = "process"
            os.kill(nodes.held(options.folder, index, options.shares[-1])[0].pid, signal.SIGKILL)
        if number == options.queries * 6 // 10:
            lost = "node"
            nodes.kill(options.nodes - 1)
        started = time.perf_counter()
        try:
            at = number % len(questions)
            found = [part.tolist() for part in index.retrieve(questions[at], TOP, before, nothing)]
            ends["right" if found == wanted[at] else "WRONG"] += 1
        except UnavailableError as error:
            ends[error.key] += 1
        slowest[lost] = max(slowest[lost], time.perf_counter() - started)
    print(
        f"{options.queries:,} searches while a process and a node are lost: "
        + ", ".join(f"{count:,} {name}" for name, count in ends.items())
        + f"; the slowest after the process was killed {slowest['process']:.1f} s, the node {slowest['node']:.1f} s",
        flush=True,
    )


def rate(options: argparse.Namespace, nodes: Nodes) -> None:
    """Rate technologies on the single machine and on the cluster by turns; then lose a process and a node meanwhile."""
    from ktop.kernel.errors import UnavailableError
    from ktop.patents.cluster.joining import open_on_cluster
    from ktop.usecases.corpora.engine import open_corpus
    from ktop.usecases.technologies.rating import rate_technology

    count = options.ratings + options.killed_ratings
    texts = [f"{text} {number}" for number in range(-(-count // 60)) for text in scale._questions()][:count]
    plan = nodes.plan(options.shares[-1], options.replicas)
    alone = open_corpus(options.folder)
    cluster = open_corpus(options.folder, open_index=functools.partial(open_on_cluster, plan=plan))
    spent: dict[str, list[float]] = {"single machine": [], "cluster": [], "after a loss": []}

    def rated(engine: Any, text: str, name: str) -> Any:
        started = time.perf_counter()
        try:
            return rate_technology(engine, text).to_json()
        finally:
            spent[name].append(time.perf_counter() - started)

    for number, text in enumerate(texts[: options.ratings], 1):
        assert rated(alone, text, "single machine") == rated(cluster, text, "cluster"), "a rating differs"
        if number % 20 == 0 or number == options.ratings:
            print(f"{number} ratings identical, ms a rating", flush=True)
            for name in ("single machine", "cluster"):
                scale.row(name, spent[name])
    ends: Counter[str] = Counter()
    for number, text in enumerate(texts[options.ratings :]):
        if number == options.killed_ratings * 3 // 10:
            os.kill(nodes.held(options.folder, cluster, options.shares[-1])[0].pid, signal.SIGKILL)
        if number == options.killed_ratings * 6 // 10:
            nodes.kill(options.nodes - 1)
        wanted = rated(alone, text, "single machine")
        try:
            ends["right" if rated(cluster, text, "after a loss") == wanted else "WRONG"] += 1
        except UnavailableError as error:
            ends[error.key] += 1
    if ends:
        print(
            f"{options.killed_ratings} ratings while a process and a node are lost: "
            + ", ".join(f"{times} {name}" for name, times in ends.items())
            + f"; the slowest {max(spent['after a loss']):.1f} s",
            flush=True,
        )
    assert not ends["WRONG"]


class Nodes:
    """Nodes on addresses of this machine alone, gone at the end however it comes."""

    def __init__(self, count: int) -> None:
        self.hosts = [f"127.0.0.{2 + number}" for number in range(count)]
        self.folder = Path(tempfile.mkdtemp(prefix="k"))
        self.running: list[subprocess.Popen[bytes]] = []
        self.watchers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Nodes:
        from ktop.patents.cluster.nodes import Node, start_node
        from ktop.patents.cluster.security import make_token

        self.token = self.folder / "token"
        make_token(self.token)
        with socket.socket() as free:
            free.bind((self.hosts[0], 0))
            self.port = free.getsockname()[1]
        self.address = f"{self.hosts[0]}:{self.port}"
        started = time.perf_counter()
        for host in self.hosts:
            head = None if host == self.hosts[0] else self.address
            process = start_node(Node(host, self.token, self.port, head, folder=self.folder))
            self.running.append(process)
            threading.Thread(target=lambda out: [None for _ in out], args=(process.stdout,), daemon=True).start()
            watch = f"read nothing; kill -9 -{process.pid} 2>/dev/null"
            self.watchers.append(subprocess.Popen(["sh", "-c", watch], stdin=subprocess.PIPE, start_new_session=True))
        print(f"{len(self.hosts)} nodes started in {time.perf_counter() - started:.0f} s", flush=True)
        return self

    def __exit__(self, *_: object) -> None:
        for watcher in self.watchers:
            watcher.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self, number: int) -> None:
        """Kill all processes of a node at once."""
        os.killpg(self.running[number].pid, signal.SIGKILL)

    def plan(self, shares: int, replicas: int) -> Any:
        """Return how so many shares are held."""
        from ktop.patents.cluster.plan import ClusterPlan

        return ClusterPlan(self.address, self.token, shares=shares, replicas=replicas, seconds=60.0)

    def held(self, folder: Path, index: Any, count: int) -> list[Any]:
        """Return the processes that hold the shares of one dealing."""
        from ktop.patents.cluster.ray_shares import shares_held

        return [share for share in shares_held() if f"of{count}-" in share.name]

    def attach(self, options: argparse.Namespace, shares: int) -> str:
        """Return a program that attaches and says how long it took."""
        return (
            "import time; from pathlib import Path; from ktop.patents.cluster.plan import ClusterPlan\n"
            "from ktop.patents.cluster.joining import joined, open_on_cluster\n"
            f"plan = ClusterPlan({self.address!r}, Path({str(self.token)!r}), shares={shares},"
            f" replicas={options.replicas})\n"
            "a = time.perf_counter(); joined(plan); b = time.perf_counter()\n"
            f"open_on_cluster({str(options.folder)!r}, plan); print(b - a, time.perf_counter() - b)"
        )


if __name__ == "__main__":
    main()
