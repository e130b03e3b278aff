"""The search engines that search_peers.py times beside ours, each behind one call.

Every engine gets the same patents as analysed words, in date order, and answers with rows of that order.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import shutil
import sqlite3
import struct
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def ours(patents: Patents, work: Path, index: Any) -> tuple[Search, int]:
    """Return our own lexical search; its index is built already (scale.py tells how fast)."""
    from ktop.patents.engine import lexical

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
    """Return Lucene from the archive that pyserini carries, the date a range over an indexed and stored column."""
    found = importlib.util.find_spec("pyserini")
    java = shutil.which("java")
    if found is None or not found.submodule_search_locations or java is None:
        raise ImportError("pyserini or java is not installed")
    jars = sorted(Path(found.submodule_search_locations[0]).glob("resources/jars/*.jar"))
    folder = work / "lucene"
    shutil.rmtree(folder, ignore_errors=True)
    program = Path(__file__).with_name("LucenePeer.java")
    command = [java, "-Xmx2g", "-XX:ActiveProcessorCount=1", "-cp", str(jars[0]), str(program), str(folder)]
    engine = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    give, take = engine.stdin, engine.stdout
    assert give is not None and take is not None
    for row in range(len(patents)):
        give.write(" ".join(patents.tokens(row)).encode() + b"\n")
    give.write(b"\n")
    give.flush()
    if take.read(4) != b"done":
        raise RuntimeError("Lucene did not build its index")

    def search(question: Question, end: int | None) -> Sequence[int]:
        words = " ".join(f"t{code:x} {weight!r}" for code, weight in question.items())
        give.write(f"{-1 if end is None else end} {TOP} {words}\n".encode())
        give.flush()
        (size,) = struct.unpack(">i", take.read(4))
        return np.frombuffer(take.read(4 * size), dtype=">i4")

    return search, sum(file.stat().st_size for file in folder.rglob("*"))


def postgresql(patents: Patents, work: Path, index: Any) -> tuple[Search, int]:
    """Return PostgreSQL's full-text search; its ts_rank knows no rarity of words, so it finds other patents."""
    engine = importlib.import_module("psycopg")
    programs = [*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.environ.get("PATH", "").split(":"))]
    home = next(
        (folder for folder in programs if (folder / "initdb").is_file() and (folder / "postgres").exists()), None
    )
    if home is None:
        raise ImportError("PostgreSQL's server is not installed")
    folder = work / "postgresql"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    as_root = os.getuid() == 0  # the server refuses to run as root
    if as_root:
        shutil.chown(folder, "postgres")
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
    settings = {"user": "postgres", "group": "postgres"} if as_root else {}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    data = folder / "data"
    subprocess.run(
        [home / "initdb", "-D", data, "-A", "trust", "-U", "ktop", "-E", "UTF8", "--locale=C"],
        check=True, **quiet, **settings,
    )  # fmt: skip
    server = subprocess.Popen(
        [home / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "shared_buffers=1GB",
         "-c", "work_mem=256MB", "-c", "max_parallel_workers_per_gather=0", "-c", "jit=off"],
        **quiet, **settings,
    )  # fmt: skip
    STARTED.append(server)
    base = None
    for _ in range(100):
        with contextlib.suppress(engine.OperationalError):
            base = engine.connect(host=str(folder), user="ktop", dbname="postgres", autocommit=True)
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.2)
    if base is None:
        raise RuntimeError("PostgreSQL did not start")
    base.execute("CREATE TABLE t(row integer PRIMARY KEY, words tsvector)")
    with base.cursor().copy("COPY t FROM STDIN") as copy:
        for row in range(len(patents)):
            # positions make ts_rank see how often a word stands there
            copy.write_row((row, " ".join(f"{word}:{place}" for place, word in enumerate(patents.tokens(row), 1))))
    base.execute("CREATE INDEX ON t USING gin(words)")
    base.execute("VACUUM ANALYZE t")

    def search(question: Question, end: int | None) -> Sequence[int]:
        words = " | ".join(f"t{code:x}" for code in question)
        bound = "" if end is None else f"AND row < {end}"
        sql = f"SELECT row FROM t, to_tsquery('simple', %s) q WHERE words @@ q {bound} "
        return [row for (row,) in base.execute(sql + f"ORDER BY ts_rank(words, q, 1) DESC LIMIT {TOP}", (words,))]

    (size,) = base.execute("SELECT pg_total_relation_size('t')").fetchone()
    return search, size


#: Servers that were started; whoever uses the engines ends them.
STARTED: list[Any] = []


ENGINES: dict[str, Callable[[Patents, Path, Any], tuple[Search, int]]] = {
    "ours": ours,
    "tantivy": tantivy,
    "Lucene": lucene,
    "bm25s": bm25s,
    "SQLite FTS5": sqlite,
    "DuckDB fts": duckdb,
    "PostgreSQL": postgresql,
}
