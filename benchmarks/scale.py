"""Builds a made-up corpus of millions of patents once, indexes it, and times searches and a rating. Prints one table.

    ./run --version && .venv/bin/python benchmarks/scale.py FOLDER [--patents 8000000] [--korean 0.5] [--workers 2]

Texts are real US and Korean patents (the development data sets beside the checkout; KTOP_SHARED names their folder),
resampled: a quarter of the words dropped at random, a part of another patent's text added. Filing dates are spread over
fifty years, the later ones denser. The folder takes about 1.3 kB a patent and is used again when it is there.

L: the 20 words of a text that say most, as real questions have them. H: 20 common words that together stand in about as
many places as there are patents, to strain the index. Both bounded to the patents before a day (70 % of them).
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np
import polars as pl

DATA = Path(os.environ.get("KTOP_SHARED", ROOT.parent / "shared")) / "data" / "patents"
FIRST_YEAR, YEARS = 1975, 50
SECTIONS = "ABCDEFGH"


def main() -> None:
    """Generate, index, time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patents", type=int, default=8_000_000)
    parser.add_argument("--korean", type=float, default=0.5, help="share of Korean patents")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rating", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    generate(options.folder, options.patents, options.korean)
    build(options.folder, options.workers)
    times(options.folder)
    if options.rating:
        rating(options.folder)


# --- the corpus -------------------------------------------------------------------------------------------------------


def generate(folder: Path, patents: int, korean: float) -> None:
    """Write the corpus, year by year, where it is not there yet."""
    from ktop.patents.corpus.corpus import STORED_SCHEMA, Manifest, Partition, packed_together, write_manifest

    if (folder / "corpus.json").is_file():
        return
    started = time.perf_counter()
    english, hangul = _english(), _korean()
    weights = np.linspace(1.0, 4.0, YEARS)
    sizes = np.floor(patents * weights / weights.sum()).astype(int)
    sizes[-1] += patents - sizes.sum()
    partitions = {}
    number = 0
    for offset, size in enumerate(sizes.tolist()):
        year = FIRST_YEAR + offset
        random = np.random.default_rng(1_000 + offset)
        in_korean = random.random(size) < korean
        days = np.sort(random.integers(0, 365, size))
        texts = [_text(hangul if own else english, random) for own in in_korean.tolist()]
        subclasses = [
            f"{SECTIONS[a]}{b:02d}{chr(65 + c)}1/00" for a, b, c in random.integers((0, 1, 0), (8, 30, 4), (size, 3))
        ]
        firms = random.zipf(1.3, size) % 40_000
        frame = pl.DataFrame(
            {
                "id": [f"{'KR' if own else 'US'}{number + i + 1:010d}" for i, own in enumerate(in_korean.tolist())],
                "language": np.where(in_korean, "ko", "en"),
                "known_from": [date(year, 1, 1) + timedelta(days=int(day)) for day in days],
                "title": [title for title, _ in texts],
                "abstract": [abstract for _, abstract in texts],
                "claims_count": random.integers(1, 30, size).astype(np.int32),
                "ipc": [[symbol] for symbol in subclasses],
                "applicants": [[f"Company {firm}"] for firm in firms],
                "digest": random.integers(0, 2**63, size).astype(np.uint64),
                "source": ["synthetic"] * size,
            }
        ).with_columns(filing_date=pl.col("known_from"))
        missing = {name: pl.lit(None, dtype=kind) for name, kind in STORED_SCHEMA.items() if name not in frame.columns}
        frame = frame.with_columns(**missing).select([pl.col(name).cast(STORED_SCHEMA[name]) for name in STORED_SCHEMA])
        file = f"patents/{year}/part.parquet"
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(folder / file, compression="zstd", row_group_size=packed_together(size))
        partitions[year] = Partition(year, file, size, f"made-up-{year}-{size}")
        number += size
        print(f"\rgenerated {number:,} of {patents:,}", end="", file=sys.stderr, flush=True)
    write_manifest(folder, Manifest(partitions))
    print(f"\ngenerated {patents:,} patents in {time.perf_counter() - started:.0f} s", flush=True)


Texts = list[tuple[list[str], list[str]]]


def _english() -> Texts:
    rows = pl.read_parquet(DATA / "us_fulltext_2005_2016" / "patents.parquet").select("title", "abstract")
    return [((title or "").split(), (abstract or "").split()) for title, abstract in rows.iter_rows()]


def _korean() -> Texts:
    """Return the Korean abstracts, and as many titles of others as further beginnings."""
    rows = pl.read_parquet(DATA / "kr_kipris_1329" / "patents.parquet").select("title_ko", "abstract_ko")
    texts = [((title or "").split(), (abstract or "").split()) for title, abstract in rows.iter_rows()]
    titles = pl.read_parquet(DATA / "kr_titles_20k" / "titles.parquet")["title_ko"].drop_nulls()
    bodies = [body for _, body in texts]
    return texts + [(title.split(), bodies[i % len(bodies)]) for i, title in enumerate(titles)]


def _text(texts: Texts, random: np.random.Generator) -> tuple[str, str]:
    """Return title and abstract: those of one patent with a quarter of the words dropped, and a part of another's."""
    one, other = random.integers(0, len(texts), 2)
    title, body = texts[one]
    added = texts[other][1]
    start = int(random.integers(0, max(1, len(added))))
    words = body + added[start : start + len(added) // 4]
    kept = random.random(len(words)) < 0.75
    return " ".join(title), " ".join([word for word, keep in zip(words, kept.tolist(), strict=True) if keep])


# --- indexing ---------------------------------------------------------------------------------------------------------


def build(folder: Path, workers: int) -> None:
    """Index, and tell speed, memory and size."""
    from ktop.patents.engine.indexing import build_index

    started = time.perf_counter()
    last = [0.0]

    def progress(done: int, total: int | None, stage: str) -> None:
        if time.perf_counter() - last[0] > 5:
            last[0] = time.perf_counter()
            print(
                f"\r{last[0] - started:6.0f} s {stage} {done:,} of {total or 0:,}", end="", file=sys.stderr, flush=True
            )

    with Memory() as memory:
        report = build_index(folder, workers, progress)
    spent = time.perf_counter() - started
    size = sum(file.stat().st_size for file in (folder / "index").rglob("*") if file.is_file())
    if report.indexed:
        print(
            f"\nindexed {report.indexed:,} patents in {spent:,.0f} s with {workers} workers: "
            f"{report.indexed / spent:,.0f} a second "
            f"(analysis {report.seconds_analysis:,.0f} s, vectors {report.seconds_bridge:,.0f} s, "
            f"tables {report.seconds_tables:,.0f} s); peak memory {memory.peak / 2**30:.2f} GiB",
            flush=True,
        )
    print(f"index {size / 1e9:.2f} GB, {size / max(report.patents, 1):.0f} bytes a patent", flush=True)


class Memory:
    """Watches what this process and its children hold in memory of their own (mapped files do not count)."""

    def __init__(self) -> None:
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self.peak = max(self.peak, sum(_anonymous(pid) for pid in _family(os.getpid())))


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _anonymous(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


# --- latencies --------------------------------------------------------------------------------------------------------


def row(name: str, seconds: list[float], note: str = "") -> None:
    """Print the percentiles of a timing."""
    p50, p95 = np.percentile(np.array(seconds) * 1e3, [50, 95])
    print(f"{name:34} {p50:8.1f} {p95:8.1f}  {note}", flush=True)


def timed(work: Callable[[Any], object], items: list[Any]) -> list[float]:
    """Return the seconds of each call after a first one that is not counted."""
    work(items[0])
    found = []
    for item in items:
        start = time.perf_counter()
        work(item)
        found.append(time.perf_counter() - start)
    return found


def times(folder: Path) -> None:
    """Time the parts of a search, one thread."""
    from ktop.domain.technology.neighbourhood import day_of
    from ktop.patents.engine.index import PatentIndex

    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); t = time.perf_counter();"
        "from ktop.patents.engine.index import PatentIndex; index = PatentIndex(sys.argv[2]); u = time.perf_counter();"
        "index.search('antenna array of a wireless base station', 10, mode='lexical');"
        "print(u - t, time.perf_counter() - t)"
    )
    cold = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "src"), str(folder)], capture_output=True, text=True, check=True
    )
    opened, answered = map(float, cold.stdout.split())
    print(f"cold start: opened after {opened:.2f} s, first lexical answer after {answered:.2f} s (fresh process)")
    index = PatentIndex(folder)
    patents = len(index)
    before = int(index.tables.days[int(patents * 0.7)])
    empty, nothing = np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.int64)
    questions = [index.question(text) for text in _questions()]
    totals = dict(zip(*(array.tolist() for array in _common(index)), strict=True))
    light = [_light(question, index) for question in questions]
    heavy = [_heavy(totals, patents, seed) for seed in range(len(questions))]
    print(f"\n{patents:,} patents, before {day_of(before)}, ms:{'':16} p50      p95")
    for name, groups in (("L", light), ("H", heavy)):
        touched = np.mean([_touched(index, group) for group in groups]) / patents
        for label, day in (("all", None), ("date", before)):
            seconds = timed(lambda group, day=day: index.lexical.search(group, 1_000, day, empty), groups)
            row(f"lexical {name}, {label}, top 1,000", seconds, f"{touched:.2f} postings a patent")
    row(
        "dense, date, top 1,000",
        timed(lambda question: index.dense.search(question.vector, 1_000, before, empty), questions),
    )
    row(
        "hybrid neighbours, top 200",
        timed(lambda text: index.retrieve(index.question(text), 200, before, nothing), _questions()),
        "from text, both languages",
    )


def _questions() -> list[str]:
    """Return thirty texts of either language."""
    english = pl.read_parquet(DATA / "us_fulltext_2005_2016" / "patents.parquet")["desc_excerpt"].drop_nulls()
    korean = pl.read_parquet(DATA / "kr_kipris_1329" / "patents.parquet")["abstract_ko"].drop_nulls()
    return [english[i * 1_000][:1_000] for i in range(30)] + [korean[i * 30][:1_000] for i in range(30)]


def _common(index: Any) -> tuple[Any, Any]:
    """Return word codes that 2 to 8 % of the patents have, and how many have each."""
    codes, totals = index.tables.term_totals
    patents = len(index)
    kept = ((codes & 1) == 0) & (totals > 0.02 * patents) & (totals < 0.08 * patents)
    return codes[kept], totals[kept]


def _light(question: Any, index: Any) -> list[dict[str, float]]:
    """Return the 20 words and pairs of a question that weigh most by count times rarity."""
    groups = question.own_groups()
    names = [next(iter(group)) for group in groups]
    from ktop.patents.analysis.terms import term_code

    rarity = index.lexical._rarity(np.array([term_code(name) for name in names], dtype=np.uint32))
    weight = rarity * np.array([next(iter(group.values())) for group in groups])
    return [groups[i] for i in np.argsort(-weight)[:20]]


class _Coded(str):
    """A made-up term that stands for a code."""


def _heavy(totals: dict[int, int], patents: int, seed: int) -> list[dict[str, float]]:
    """Return 20 common words that together have about 0.97 postings a patent."""
    from ktop.patents.engine import lexical

    random = np.random.default_rng(seed)
    codes = np.array(sorted(totals))
    best: list[int] = []
    for _ in range(200):
        pick = random.choice(codes, min(20, len(codes)), replace=False).tolist()
        if not best or abs(sum(totals[c] for c in pick) - 0.97 * patents) < abs(
            sum(totals[c] for c in best) - 0.97 * patents
        ):
            best = pick
    _CODES.update({f"code{code}": code for code in best})
    original = lexical.term_code
    if not getattr(original, "of_codes", False):

        def of_codes(term: str) -> int:
            return _CODES[term] if term in _CODES else original(term)

        of_codes.of_codes = True  # type: ignore[attr-defined]
        lexical.term_code = of_codes
    return [{f"code{code}": 1.0 + float(random.random())} for code in best]


_CODES: dict[str, int] = {}


def _touched(index: Any, groups: list[dict[str, float]]) -> int:
    from ktop.patents.engine import lexical

    codes = np.array([lexical.term_code(term) for group in groups for term in group], dtype=np.uint32)
    return int(sum(segment.document_frequencies(codes, None).sum() for segment in index.segments))


def rating(folder: Path) -> None:
    """Time whole originality ratings, the reference table made before."""
    from ktop.usecases.corpora.engine import open_corpus
    from ktop.usecases.technologies.rating import rate_technology

    engine = open_corpus(folder)
    texts = _questions()
    for text in texts[:2] + texts[-2:]:  # loads models and pages of the files once, in both languages
        rate_technology(engine, text)
    seconds = timed(lambda text: rate_technology(engine, text), texts[2:-2])
    row("originality rating", seconds, "whole, from text")


if __name__ == "__main__":
    main()
