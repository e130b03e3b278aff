"""Times our search beside other engines: same patents, terms, questions and run, one thread. Prints one table.

    ./run --version && .venv/bin/python -m pip install --no-deps -r requirements/bench.txt
    .venv/bin/python -m pip install --no-deps pyserini==0.25.0     Lucene's archive, 170 MB; needs java 17
    .venv/bin/python benchmarks/search_peers.py CORPUS [--work FOLDER] [--questions 60] [--patents N]
        [--engines ours,tantivy,Lucene]

CORPUS is an indexed corpus. Every engine gets the same documents in date order, as the analysed terms that our own
index holds, so that only the engines differ; those that are not installed are named and left out. L and H as in
scale.py. Every question is asked once before it is timed. Lucene's figures hold the pipe to its process (some 0.1 ms).
"overlap" is the share of the exact BM25 top 1,000 (k1 1.2, b 0.75, worked out here over all patents) that is found;
with --no-exact, of ours.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.metadata
import os
import platform
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np
from search_peers_engines import ENGINES, K1, STARTED, TOP, B, Patents, Question


def main() -> None:
    """Build every engine, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument(
        "--exact",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="hold every engine against exact BM25 (needs some 60 bytes a word of the corpus), else against ours",
    )
    parser.add_argument("--patents", type=int, help="only the earliest parts of the index with about so many patents")
    options = parser.parse_args()
    from ktop.patents.engine.index import PatentIndex

    index = PatentIndex(options.corpus)
    if options.patents:
        only_first(index, options.patents)
    patents = words_of(index)
    end = int(0.7 * len(patents))
    end = int(np.searchsorted(patents.days, patents.days[end]))  # a day's patents are all in or all out
    light, heavy = questions(patents, options.questions)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(", ".join(versions()))
    print(
        f"{len(patents):,} patents, {len(patents.codes) / len(patents):.1f} words each; before: {end:,}\n", flush=True
    )
    exact = Exact(patents) if options.exact else ENGINES["ours"](patents, Path(), index)[0]
    truth = {
        (kind, e): [list(map(int, exact(q, e))) for q in asked]
        for kind, asked in (("L", light), ("H", heavy))
        for e in (None, end)
    }
    print(
        f"{'engine':28} {'build s':>8} {'B/doc':>6}  {'L':>7} {'L date':>7} {'H':>7} {'H date':>7}"
        "  overlap (L date, H date)"
    )
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        for name in options.engines.split(","):
            try:
                started = time.perf_counter()
                search, size = ENGINES[name](patents, work, index)
                built = time.perf_counter() - started
            except (ImportError, sqlite3.Error, RuntimeError, OSError, subprocess.SubprocessError) as error:
                print(f"{name:28} left out: {str(error).splitlines()[0][:90]}", flush=True)
                continue
            cells, overlaps = [], []
            for kind, asked in (("L", light), ("H", heavy)):
                for limit in (None, end):
                    spent, common = [], []
                    for question, right in zip(asked, truth[kind, limit], strict=True):
                        search(question, limit)
                        start = time.perf_counter()
                        found = search(question, limit)
                        spent.append(time.perf_counter() - start)
                        common.append(len(set(map(int, found)) & set(right)) / max(len(right), 1))
                    cells.append(f"{np.median(spent) * 1e3:7.1f}")
                    if limit is not None:
                        overlaps.append(f"{np.mean(common):.3f}")
            mine = "" if name == "ours" else f"{built:8.1f}"
            per_patent = "" if not size else f"{size / len(patents):6.0f}"
            print(f"{name:28} {mine:>8} {per_patent:>6}  {' '.join(cells)}  {', '.join(overlaps)}", flush=True)
        for server in STARTED:
            server.send_signal(signal.SIGINT)  # PostgreSQL's fast end: it does not wait for connections
            server.wait(30)
    if not options.patents:
        dense(index, end)


def only_first(index: Any, patents: int) -> None:
    """Leave in an index only its earliest segments with about so many patents, and count rarity within them."""
    from ktop.patents.engine.lexical import LexicalReader

    held = np.cumsum([segment.rows for segment in index.segments])
    del index.segments[int(np.searchsorted(held, patents)) + 1 :]
    index.lexical = LexicalReader(index.segments, _Totals(index.segments), index.manifest.average_length)


class _Totals:
    """What the lexical search asks of an index's tables, of some segments only."""

    def __init__(self, segments: Sequence[Any]) -> None:
        self._segments = segments
        self.about = {"patents": sum(segment.rows for segment in segments)}
        self.rank = np.arange(self.about["patents"])

    def totals_of(self, codes: Any) -> Any:
        """Return how many patents have each term."""
        return np.sum([segment.document_frequencies(codes, None) for segment in self._segments], axis=0)


def versions() -> list[str]:
    """Return what is installed of the engines."""
    found = [f"sqlite {sqlite3.sqlite_version}"]
    for name in ("tantivy", "bm25s", "duckdb", "faiss-cpu", "pyserini", "psycopg"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{name} {importlib.metadata.version(name)}")
    return found


def words_of(index: Any) -> Patents:
    """Return the words (no pairs) of every patent of an index, in date order."""
    from ktop.patents.engine.segment import NO_DAY

    offsets, codes, counts, days = [np.zeros(1, dtype=np.int64)], [], [], []
    for segment in index.segments:
        own_offsets, own_codes, own_counts = (np.asarray(array) for array in segment.forward)
        single = (own_codes & 1) == 0
        kept = np.concatenate([[0], np.cumsum(single)])[own_offsets]
        offsets.append(offsets[-1][-1] + kept[1:])
        codes.append(own_codes[single])
        counts.append(own_counts[single])
        days.append(np.where(np.asarray(segment.day) == NO_DAY, NO_DAY, segment.day))
    found = Patents(np.concatenate(offsets), np.concatenate(codes), np.concatenate(counts), np.concatenate(days))
    if (np.diff(found.days) < 0).any():
        raise SystemExit("this corpus was indexed in several goes; use one that was indexed at once")
    return found


def questions(patents: Patents, n: int) -> tuple[list[Question], list[Question]]:
    """Return light questions (the 20 words of a patent that weigh most) and heavy ones (20 common words)."""
    codes, df = np.unique(patents.codes, return_counts=True)
    rarity = np.log(1 + (len(patents) - df + 0.5) / (df + 0.5))
    random = np.random.default_rng(4)
    light, heavy = [], []
    common = codes[(df > 0.02 * len(patents)) & (df < 0.08 * len(patents))]
    for row in random.choice(len(patents), n, replace=False).tolist():
        part = slice(int(patents.offsets[row]), int(patents.offsets[row + 1]))
        own = patents.codes[part]
        weight = (1 + np.log(patents.counts[part])) * rarity[np.searchsorted(codes, own)]
        best = np.argsort(-weight)[:20]
        light.append({int(own[i]): float(1 + np.log(patents.counts[part][i])) for i in best})
        heavy.append(dict.fromkeys(random.choice(common, min(20, len(common)), replace=False).tolist(), 1.0))
    return light, heavy


class Exact:
    """BM25 worked out over every patent, without rounding."""

    def __init__(self, patents: Patents) -> None:
        self._patents = patents
        order = np.argsort(patents.codes, kind="stable")
        self._codes, starts = np.unique(patents.codes[order], return_index=True)
        self._starts = np.concatenate([starts, [len(order)]])
        owner = np.repeat(np.arange(len(patents)), np.diff(patents.offsets))
        length = np.bincount(owner, weights=patents.counts, minlength=len(patents))
        norm = K1 * (1 - B + B * length / length.mean())
        tf = patents.counts.astype(np.float64)
        share = tf * (K1 + 1) / (tf + norm[owner])
        self._rows, self._share = owner[order], share[order]

    def __call__(self, question: Question, end: int | None) -> list[int]:
        score = np.zeros(len(self._patents))
        for code, weight in question.items():
            place = int(np.searchsorted(self._codes, code))
            part = slice(self._starts[place], self._starts[place + 1])
            df = part.stop - part.start
            score[self._rows[part]] += weight * np.log(1 + (len(score) - df + 0.5) / (df + 0.5)) * self._share[part]
        if end is not None:
            score[end:] = 0
        best = np.argpartition(-score, TOP)[:TOP]
        return [int(row) for row in best[np.argsort(-score[best], kind="stable")] if score[row] > 0]


def dense(index: Any, end: int) -> None:
    """Compare our text-vector search with faiss on the same vectors: one list and 2,048 lists."""
    try:
        faiss = importlib.import_module("faiss")
    except ImportError:
        print("\nfaiss is not installed: text vectors are not compared")
        return
    faiss.omp_set_num_threads(1)
    vectors = index.dense.vectors_of(np.arange(index.manifest.rows))
    random = np.random.default_rng(5)
    chosen = random.choice(len(vectors), 100, replace=False)
    asked = vectors[chosen] + 0.02 * random.standard_normal((100, vectors.shape[1])).astype(np.float32)
    day = int(np.concatenate([np.asarray(segment.day) for segment in index.segments])[end])
    exact = np.argsort(-(asked @ vectors[:end].T), axis=1)[:, :100]
    print(f"\n{'text vectors, date, top 100':28} {'build s':>8} {'ms p50':>8}  recall@100")
    empty = np.empty(0, dtype=np.uint8)

    def told(name: str, built: float, search: Callable[[Any], Sequence[int]]) -> None:
        spent, recall = [], []
        search(asked[0])
        for question, right in zip(asked, exact, strict=True):
            start = time.perf_counter()
            found = search(question)
            spent.append(time.perf_counter() - start)
            recall.append(len(set(map(int, found)) & set(right.tolist())) / 100)
        print(f"{name:28} {built:8.1f} {np.median(spent) * 1e3:8.2f}  {np.mean(recall):.3f}", flush=True)

    told("ours", 0.0, lambda question: index.dense.search(question, 100, day, empty)[0])
    width = vectors.shape[1]
    for lists in (1, 2_048):
        if lists > len(vectors) // 40:
            continue
        started = time.perf_counter()
        store = faiss.index_factory(width, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
        store.train(vectors[:: max(1, len(vectors) // 200_000)])
        store.add(vectors)
        store.nprobe = min(64, lists)
        selector = faiss.SearchParametersIVF(sel=faiss.IDSelectorRange(0, end, True), nprobe=min(64, lists))
        built = time.perf_counter() - started
        told(
            f"faiss IVF{lists},SQ8",
            built,
            lambda question, store=store, selector=selector: store.search(question[None, :], 100, params=selector)[1][
                0
            ],
        )


if __name__ == "__main__":
    main()
