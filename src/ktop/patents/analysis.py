"""Analyses batches of corpus rows for indexing, in this process or in several."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from ktop.domain.neighbourhood import day_number
from ktop.domain.patent import subclass_of
from ktop.domain.technology import detect_language
from ktop.patents.segment import NO_DAY, IndexedPatent, term_code
from ktop.patents.text import Analyser

#: A term of the title counts as much as this many in the abstract (measured, docs/patents.md).
TITLE_COUNTS = 2
#: Characters of the abstract that are encoded together with the title (measured, docs/patents.md).
OPENING_CHARS = 120
#: Columns that analysis reads.
COLUMNS: tuple[str, ...] = (
    "id",
    "digest",
    "known_from",
    "language",
    "family",
    "claims_count",
    "title",
    "abstract",
    "first_claim",
    "applicants",
    "ipc",
    "cpc",
)
_MAX_APPLICANTS = 20

Row = tuple[Any, ...]


@dataclass(slots=True)
class Analysed:
    """A batch after analysis: per patent what the index takes and its field texts, and the batch's vocabulary."""

    patents: list[IndexedPatent] = field(default_factory=list)
    #: (title terms, text terms, pairs), each joined by blanks
    texts: list[tuple[str, str, str]] = field(default_factory=list)
    #: (language, term) → number of patents; pairs have their mark in the term
    frequencies: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: stem → shortest word met for it
    surfaces: dict[str, str] = field(default_factory=dict)


def analyse(rows: Iterable[Row], analyser: Analyser) -> Analysed:
    """Return the analysis of rows with the columns of ``COLUMNS``."""
    batch = Analysed()
    for row in rows:
        values = dict(zip(COLUMNS, row, strict=True))
        title = values["title"] or ""
        text = values["abstract"] or values["first_claim"] or ""
        language = values["language"] or detect_language(f"{title}. {text}"[:600])
        title_terms, title_pairs = analyser.terms_and_pairs(title, language) if language else ([], [])
        text_terms, text_pairs = analyser.terms_and_pairs(text, language) if language else ([], [])
        counts: Counter[int] = Counter()
        for term in (*title_terms, *title_pairs):
            counts[term_code(term)] += TITLE_COUNTS
        for term in (*text_terms, *text_pairs):
            counts[term_code(term)] += 1
        if language:
            for term in {*title_terms, *title_pairs, *text_terms, *text_pairs}:
                batch.frequencies[language, term] += 1
        day: date | None = values["known_from"]
        symbols = values["ipc"] or values["cpc"] or ()
        batch.patents.append(
            IndexedPatent(
                id=values["id"],
                digest=values["digest"],
                day=NO_DAY if day is None else day_number(day),
                year=0 if day is None else day.year,
                language=language or "",
                family=values["family"],
                claims=values["claims_count"],
                title=title,
                opening=text[:OPENING_CHARS],
                applicants=tuple(values["applicants"] or ())[:_MAX_APPLICANTS],
                subclasses=tuple(dict.fromkeys(map(subclass_of, symbols))),
                codes=np.fromiter(counts.keys(), dtype=np.uint32, count=len(counts)),
                counts=np.minimum(np.fromiter(counts.values(), dtype=np.int64, count=len(counts)), 255).astype(
                    np.uint8
                ),
            )
        )
        batch.texts.append((" ".join(title_terms), " ".join(text_terms), " ".join(title_pairs + text_pairs)))
    batch.surfaces = analyser.new_surfaces()
    return batch


_worker_analyser: Analyser | None = None


def _analyse_in_worker(rows: list[Row]) -> Analysed:
    global _worker_analyser  # one per worker process, made on its first batch
    _worker_analyser = _worker_analyser or Analyser()
    return analyse(rows, _worker_analyser)


def analysed(batches: Iterable[list[Row]], workers: int) -> Iterator[Analysed]:
    """Yield the analysis of every batch, in order. At most ``2 * workers`` batches are in memory."""
    if workers <= 1:
        analyser = Analyser()
        for rows in batches:
            yield analyse(rows, analyser)
        return
    context = multiprocessing.get_context("spawn")  # fork would copy a process that may run threads
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        waiting: list[Future[Analysed]] = []
        for rows in batches:
            waiting.append(pool.submit(_analyse_in_worker, rows))
            if len(waiting) >= 2 * workers:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
