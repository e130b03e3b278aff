"""Times our search beside other engines: same patents, terms, questions and run, one thread. Prints one table.

    ./run --version && .venv/bin/python -m pip install -r requirements/bench.txt
    .venv/bin/python benchmarks/search_peers.py CORPUS [--work FOLDER] [--questions 60]

CORPUS is an indexed corpus. Every engine gets the same documents in date order, as the analysed terms that our own
index holds, so that only the engines differ; those that are not installed are named and left out. L and H as in
scale.py.
"overlap" is the share of the exact BM25 top 1,000 (k1 1.2, b 0.75, worked out here over all patents) that is found.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np

TOP = 1_000
K1, B = 1.2, 0.75


@dataclass(slots=True)
class Patents:
    """All patents of an index as words: CSR of codes and counts, rows in the order of their days."""

    offsets: Any
    codes: Any
    counts: Any
    days: Any

    def __len__(self) -> int:
        return len(self.days)

    def tokens(self, row: int) -> list[str]:
        """Return the words of a patent as text tokens, repeated as often as they stand there."""
        part = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
        names = [f"t{code:x}" for code in self.codes[part].tolist()]
        return [name for name, count in zip(names, self.counts[part].tolist(), strict=True) for _ in range(count)]


Question = dict[int, float]
#: A search: (question, first row that is too late) → rows, best first.
Search = Callable[[Question, int | None], Sequence[int]]


def main() -> None:
    """Build every engine, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--questions", type=int, default=60)
    options = parser.parse_args()
    from ktop.patents.index import PatentIndex

    index = PatentIndex(options.corpus)
    patents = words_of(index)
    end = int(0.7 * len(patents))
    end = int(np.searchsorted(patents.days, patents.days[end]))  # a day's patents are all in or all out
    light, heavy = questions(patents, options.questions)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(
        f"{len(patents):,} patents, {len(patents.codes) / len(patents):.1f} words each; before: {end:,}\n", flush=True
    )
    exact = Exact(patents)
    truth = {
        (kind, e): [exact(q, e) for q in asked] for kind, asked in (("L", light), ("H", heavy)) for e in (None, end)
    }
    print(
        f"{'engine':28} {'build s':>8} {'B/doc':>6}  {'L':>7} {'L date':>7} {'H':>7} {'H date':>7}"
        "  overlap (L date, H date)"
    )
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        for name, make in ENGINES.items():
            try:
                started = time.perf_counter()
                search, size = make(patents, work, index)
                built = time.perf_counter() - started
            except (ImportError, sqlite3.OperationalError, RuntimeError, OSError) as error:
                print(f"{name:28} left out: {str(error).splitlines()[0][:90]}", flush=True)
                continue
            cells, overlaps = [], []
            for kind, asked in (("L", light), ("H", heavy)):
                for limit in (None, end):
                    spent, common = [], []
                    search(asked[0], limit)
                    for question, right in zip(asked, truth[kind, limit], strict=True):
                        start = time.perf_counter()
                        found = search(question, limit)
                        spent.append(time.perf_counter() - start)
                        common.append(len(set(map(int, found)) & set(right)) / max(len(right), 1))
                    cells.append(f"{np.median(spent) * 1e3:7.1f}")
                    if limit is not None:
                        overlaps.append(f"{np.mean(common):.3f}")
            mine = "" if built < 1e-3 else f"{built:8.1f}"
            per_patent = "" if not size else f"{size / len(patents):6.0f}"
            print(f"{name:28} {mine:>8} {per_patent:>6}  {' '.join(cells)}  {', '.join(overlaps)}", flush=True)
    dense(index, end)


def words_of(index: Any) -> Patents:
    """Return the words (no pairs) of every patent of an index, in date order."""
    from ktop.patents.segment import NO_DAY

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


# --- engines ----------------------------------------------------------------------------------------------------------


def ours(patents: Patents, work: Path, index: Any) -> tuple[Search, int]:
    """Return our own lexical search; its index is built already (scale.py tells how fast)."""
    from ktop.patents import lexical

    names: dict[str, int] = {}
    lexical.term_code = lambda term: names[term]  # type: ignore[assignment]
    empty = np.empty(0, dtype=np.uint8)
    size = sum(
        (segment.folder / f"posting_{name}.npy").stat().st_size
        for segment in index.segments
        for name in ("low", "block", "impact", "terms", "offsets")
    )

    def search(question: Question, end: int | None) -> Sequence[int]:
        names.update({str(code): code for code in question})
        groups = [{str(code): weight} for code, weight in question.items()]
        day = None if end is None else int(patents.days[end])
        return index.lexical.search(groups, TOP, day, empty)[0]

    return search, size


def tantivy(patents: Patents, work: Path, index: Any) -> tuple[Search, int]:
    """Return tantivy, the date a filter on a fast field."""
    engine = importlib.import_module("tantivy")
    builder = engine.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="blanks", index_option="freq")
    builder.add_unsigned_field("row", indexed=True, fast=True)
    folder = work / "tantivy"
    folder.mkdir(exist_ok=True)
    store = engine.Index(builder.build(), str(folder))
    store.register_tokenizer("blanks", engine.TextAnalyzerBuilder(engine.Tokenizer.whitespace()).build())
    writer = store.writer(256_000_000, 1)
    for row in range(len(patents)):
        document = engine.Document()
        document.add_text("text", " ".join(patents.tokens(row)))
        document.add_unsigned("row", row)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    store.reload()
    searcher, schema = store.searcher(), store.schema

    def search(question: Question, end: int | None) -> Sequence[int]:
        clauses = []
        for code, weight in question.items():
            term = engine.Query.term_query(schema, "text", f"t{code:x}", "freq")
            clauses.append((engine.Occur.Should, engine.Query.boost_query(term, weight)))
        query = engine.Query.boolean_query(clauses)
        if end is not None:
            bound = engine.Query.range_query(
                schema, "row", engine.FieldType.Unsigned, lower_bound=0, upper_bound=end, include_upper=False
            )
            free = engine.Query.const_score_query(bound, 0.0)
            query = engine.Query.boolean_query([(engine.Occur.Must, query), (engine.Occur.Must, free)])
        hits = searcher.search(query, TOP, count=False).hits
        return searcher.fast_field_values("row", [address for _, address in hits])

    return search, sum(file.stat().st_size for file in folder.rglob("*"))


def bm25s(patents: Patents, work: Path, index: Any) -> tuple[Search, int]:
    """Return bm25s, the date a weight mask."""
    engine = importlib.import_module("bm25s")
    retriever = engine.BM25(k1=K1, b=B, method="lucene")
    retriever.index([patents.tokens(row) for row in range(len(patents))], show_progress=False)
    arrays = [value for value in vars(retriever).get("scores", {}).values() if hasattr(value, "nbytes")]
    masks = {None: None}

    def search(question: Question, end: int | None) -> Sequence[int]:
        if end not in masks:
            masks[end] = (np.arange(len(patents)) < end).astype(np.float32)
        tokens = [[f"t{code:x}" for code in question]]
        docs, scores = retriever.retrieve(tokens, k=TOP, show_progress=False, weight_mask=masks[end])
        return docs[0][scores[0] > 0]

    return search, sum(array.nbytes for array in arrays)


def sqlite(patents: Patents, work: Path, index: Any) -> tuple[Search, int]:
    """Return SQLite FTS5; its own BM25 has other parameters (b 0.75, k1 1.2) and no weights of question terms."""
    path = work / "fts5.sqlite"
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.execute("CREATE VIRTUAL TABLE t USING fts5(text, content='', tokenize='ascii')")
    rows = ((row + 1, " ".join(patents.tokens(row))) for row in range(len(patents)))
    base.executemany("INSERT INTO t(rowid, text) VALUES (?, ?)", rows)
    base.execute("INSERT INTO t(t) VALUES ('optimize')")
    base.commit()

    def search(question: Question, end: int | None) -> Sequence[int]:
        match = " OR ".join(f"t{code:x}" for code in question)
        bound = "" if end is None else f"AND rowid <= {end}"
        found = base.execute(f"SELECT rowid FROM t WHERE t MATCH ? {bound} ORDER BY rank LIMIT {TOP}", (match,))
        return [row - 1 for (row,) in found]

    return search, path.stat().st_size


def duckdb(patents: Patents, work: Path, index: Any) -> tuple[Search, int]:
    """Return DuckDB's full-text extension, where it is installed (it is fetched from the network otherwise)."""
    engine = importlib.import_module("duckdb")
    base = engine.connect(str(work / "fts.duckdb"))
    try:
        base.execute("LOAD fts")
    except engine.Error as error:
        raise RuntimeError(f"the fts extension is not on this machine ({type(error).__name__})") from error
    base.execute("CREATE OR REPLACE TABLE t(row INTEGER, text VARCHAR)")
    base.executemany("INSERT INTO t VALUES (?, ?)", [(r, " ".join(patents.tokens(r))) for r in range(len(patents))])
    base.execute("PRAGMA create_fts_index('t', 'row', 'text', stemmer='none', stopwords='none', ignore='^$', lower=0)")

    def search(question: Question, end: int | None) -> Sequence[int]:
        words = " ".join(f"t{code:x}" for code in question)
        bound = "" if end is None else f"AND row < {end}"
        sql = f"SELECT row FROM t WHERE fts_main_t.match_bm25(row, ?) IS NOT NULL {bound} "
        return [
            r
            for (r,) in base.execute(
                sql + f"ORDER BY fts_main_t.match_bm25(row, ?) DESC LIMIT {TOP}", [words] * 2
            ).fetchall()
        ]

    return search, (work / "fts.duckdb").stat().st_size


def lucene(patents: Patents, work: Path, index: Any) -> tuple[Search, int]:
    """Return Lucene by way of pyserini, where it is installed."""
    importlib.import_module("pyserini")
    raise RuntimeError("pyserini is installed, but this benchmark has no adapter for its version")


def postgresql(patents: Patents, work: Path, index: Any) -> tuple[Search, int]:
    """PostgreSQL ranks without inverse document frequencies (ts_rank), so it cannot give this ranking at all."""
    raise RuntimeError("ts_rank knows no inverse document frequency: another ranking, not compared")


ENGINES: dict[str, Callable[[Patents, Path, Any], tuple[Search, int]]] = {
    "ours": ours,
    "tantivy": tantivy,
    "bm25s": bm25s,
    "SQLite FTS5": sqlite,
    "DuckDB fts": duckdb,
    "Lucene (pyserini)": lucene,
    "PostgreSQL": postgresql,
}


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
