"""Analyses batches of corpus rows for indexing, in this process or in several, into columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.domain.patent.document import subclass_of
from ktop.domain.technology.neighbourhood import day_number
from ktop.domain.technology.summary import detect_language
from ktop.kernel.processes import InOrder, answers_in_order
from ktop.patents.analysis.terms import UInt32, pair_codes
from ktop.patents.analysis.text import Analyser
from ktop.patents.engine.segment import ID_BYTES, LANGUAGE_CODES, NO_DAY, Columns, Display, name_code

#: A term of the title counts as much as this many in the abstract (measured, docs/patents.md).
TITLE_COUNTS = 2
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


def analyse(rows: Iterable[Row], analyser: Analyser) -> Columns:
    """Return the analysis of rows with the columns of ``COLUMNS``, in their order."""
    collected = _Terms()
    fixed: dict[str, list[Any]] = {name: [] for name in ("id", "digest", "day", "year", "language", "family", "claims")}
    records: list[bytes] = []
    for row in rows:
        values = dict(zip(COLUMNS, row, strict=True))
        title = values["title"] or ""
        text = values["abstract"] or values["first_claim"] or ""
        language = values["language"] or detect_language(f"{title}. {text}"[:600])
        if language:
            collected.add(analyser.coded(title, language), analyser.coded(text, language))
        else:
            collected.add(([], []), ([], []))
        day: date | None = values["known_from"]
        symbols = values["ipc"] or values["cpc"] or ()
        fixed["id"].append(values["id"].encode())
        fixed["digest"].append(values["digest"])
        fixed["day"].append(NO_DAY if day is None else day_number(day))
        fixed["year"].append(0 if day is None else day.year)
        fixed["language"].append(LANGUAGE_CODES.get(language or "", 0))
        fixed["family"].append(name_code(values["family"]))
        fixed["claims"].append(np.nan if values["claims_count"] is None else values["claims_count"])
        applicants = tuple(values["applicants"] or ())[:_MAX_APPLICANTS]
        records.append(Display(title, applicants, tuple(dict.fromkeys(map(subclass_of, symbols)))).to_bytes())
    offsets, codes, counts = collected.grouped()
    return Columns(
        id=np.array(fixed["id"], dtype=f"S{ID_BYTES}"),
        digest=np.array(fixed["digest"], dtype=np.uint64),
        day=np.array(fixed["day"], dtype=np.int32),
        year=np.array(fixed["year"], dtype=np.int16),
        language=np.array(fixed["language"], dtype=np.uint8),
        family=np.array(fixed["family"], dtype=np.uint64),
        claims=np.array(fixed["claims"], dtype=np.float32),
        records=records,
        offsets=offsets,
        codes=codes,
        counts=counts,
    )


class _Terms:
    """Collects the codes of many patents and counts them all at once."""

    def __init__(self) -> None:
        self._words: list[int] = []
        self._parts: list[int] = []
        self._lengths: list[tuple[int, int, int, int]] = []

    def add(self, title: tuple[list[int], list[int]], text: tuple[list[int], list[int]]) -> None:
        """Add one patent; see ``Analyser.coded``."""
        before, parts = len(self._words), len(self._parts)
        self._words += title[0]
        self._words.append(0)  # no pair reaches over the end of a text
        middle, parts_middle = len(self._words), len(self._parts) + len(title[1])
        self._words += text[0]
        self._words.append(0)
        self._parts += title[1]
        self._parts += text[1]
        self._lengths.append(
            (middle - before, len(self._words) - middle, parts_middle - parts, len(self._parts) - parts_middle)
        )

    def grouped(self) -> tuple[npt.NDArray[np.int64], UInt32, npt.NDArray[np.uint8]]:
        """Return offsets per patent into its distinct codes, ascending, and their counts, at most 255."""
        patents = len(self._lengths)
        lengths = np.array(self._lengths, dtype=np.int64).reshape(-1, 4)
        words = np.array(self._words, dtype=np.uint64)
        parts = np.array(self._parts, dtype=np.uint64)
        owner, weight = _owners(lengths[:, 0:2])
        part_owner, part_weight = _owners(lengths[:, 2:4])
        real = words != 0
        pair = real[:-1] & real[1:]
        codes = np.concatenate([words[real], parts, pair_codes(words[:-1][pair], words[1:][pair])])
        owners = np.concatenate([owner[real], part_owner, owner[:-1][pair]]).astype(np.uint64)
        weights = np.concatenate([weight[real], part_weight, weight[:-1][pair]])
        keys = (owners << np.uint64(32)) | codes
        order = np.argsort(keys, kind="stable")
        keys, weights = keys[order], weights[order]
        first = np.flatnonzero(np.diff(keys, prepend=np.uint64(0xFFFFFFFFFFFFFFFF)) != 0)
        counts = np.add.reduceat(weights, first) if len(first) else np.empty(0, dtype=np.int64)
        kept = keys[first]
        offsets = np.searchsorted((kept >> np.uint64(32)).astype(np.int64), np.arange(patents + 1))
        return (
            offsets.astype(np.int64),
            (kept & np.uint64(0xFFFFFFFF)).astype(np.uint32),
            np.minimum(counts, 255).astype(np.uint8),
        )


def _owners(lengths: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the patent and the weight of every code, from the lengths of titles and texts, shape (patents, 2)."""
    owner = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths.sum(axis=1))
    weight = np.repeat(np.tile(np.array([TITLE_COUNTS, 1], dtype=np.int64), len(lengths)), lengths.ravel())
    return owner, weight


_worker_analyser: Analyser | None = None


def _analyse_in_worker(rows: list[Row]) -> Columns:
    global _worker_analyser  # one per worker process, made on its first batch
    _worker_analyser = _worker_analyser or Analyser()
    return analyse(rows, _worker_analyser)


def analysed(batches: Iterable[list[Row]], workers: int, in_order: InOrder = answers_in_order) -> Iterator[Columns]:
    """Yield the analysis of every batch, in order. At most ``2 * workers`` batches are in memory.

    Where there are several ``workers``, ``in_order`` has them work: processes of this machine, or nodes of a cluster.

    Raises ``UnavailableError`` where a worker process is lost.
    """
    if workers <= 1:
        analyser = Analyser()
        for rows in batches:
            yield analyse(rows, analyser)
        return
    yield from in_order(_analyse_in_worker, batches, workers)
