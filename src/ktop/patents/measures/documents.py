"""The terms of every patent's title and abstract: from the index where it is current, else by analysing the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.kernel.errors import KtopError
from ktop.kernel.progress import Progress
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.row_analysis import COLUMNS, analysed
from ktop.patents.engine.segment import ID_BYTES

#: Patents read, and patents analysed, at a time.
_READ_ROWS = 20_000
_ANALYSE_ROWS = 1_000

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Documents:
    """The terms of d patents.

    Parameters
    ----------
    numbers : (d,) ``n`` of each patent (``ktop.patents.corpus.citations``).
    languages : (d,) ``LANGUAGE_CODES``; 0 for a text that was not analysed.
    offsets : (d + 1,) where each patent's terms start.
    codes, counts : ``term_code`` of each term and pair, each once per patent, and how often the patent has it (in the
        title more, as in the index).
    """

    numbers: Numbers
    languages: npt.NDArray[np.uint8]
    offsets: Numbers
    codes: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint8]


class Numbering:
    """Finds the ``n`` of patents by their ids."""

    def __init__(self, ids: pl.Series, numbers: Numbers) -> None:
        """``ids`` must be in ascending order."""
        longest = ids.str.len_bytes().max()
        width = max(ID_BYTES, int(longest) if isinstance(longest, int) else 0)
        self._ids = np.empty(len(ids), dtype=f"S{width}")
        for start in range(0, len(ids), 500_000):
            part = ids.slice(start, 500_000)
            self._ids[start : start + len(part)] = [name.encode() for name in part]
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._ids)

    def of(self, ids: npt.NDArray[np.bytes_]) -> Numbers:
        """Return the ``n`` of each id, -1 for one that is not a patent of the corpus."""
        if not len(self._ids):
            return np.full(len(ids), -1, dtype=np.int64)
        wanted = ids.astype(self._ids.dtype)
        places = np.minimum(np.searchsorted(self._ids, wanted), len(self._ids) - 1)
        return np.where(self._ids[places] == wanted, self._numbers[places], -1)


def documents(corpus: Corpus, numbering: Numbering, progress: Progress) -> Iterator[Documents]:
    """Yield the terms of all patents, each patent once, in no promised order; from the index where it is current."""
    index = current_index(corpus)
    return _analysed(corpus, numbering, progress) if index is None else _indexed(index, numbering, progress)


def current_index(corpus: Corpus) -> PatentIndex | None:
    """Return the corpus's index if it was made from just this corpus by this version of the program, else None."""
    try:
        index = PatentIndex(corpus.directory)
    except KtopError:
        return None
    return index if index.version == corpus.version else None


def _indexed(index: PatentIndex, numbering: Numbering, progress: Progress) -> Iterator[Documents]:
    seen = np.zeros(len(numbering), dtype=bool)
    done, total = 0, sum(segment.rows for segment in index.segments)
    for segment in reversed(index.segments):  # what replaced a patent stands in a later segment
        numbers = numbering.of(segment.column("id"))
        languages = segment.column("language")
        for start in range(0, segment.rows, _READ_ROWS):
            stop = min(start + _READ_ROWS, segment.rows)
            owners, codes, counts = segment.terms_between(start, stop)
            mine = numbers[start:stop]
            fresh = (mine >= 0) & ~seen[mine]
            seen[mine[fresh]] = True
            kept = fresh[owners]
            lengths = np.bincount(owners, minlength=stop - start)[fresh]
            yield Documents(mine[fresh], languages[start:stop][fresh], _offsets(lengths), codes[kept], counts[kept])
            done += stop - start
            progress(done, total, "measures_terms")


def _analysed(corpus: Corpus, numbering: Numbering, progress: Progress) -> Iterator[Documents]:
    done = 0
    for batch in analysed(_rows(corpus), workers=1):
        yield Documents(numbering.of(batch.id), batch.language, batch.offsets, batch.codes, batch.counts)
        done += len(batch.id)
        progress(done, len(corpus), "measures_analysis")


def _rows(corpus: Corpus) -> Iterator[list[tuple[Any, ...]]]:
    for year in corpus.years:
        frame = corpus.patents([year]).select(COLUMNS)
        for start in range(0, corpus.manifest.partitions[year].rows, _READ_ROWS):
            rows = frame.slice(start, _READ_ROWS).collect().rows()
            for first in range(0, len(rows), _ANALYSE_ROWS):
                yield rows[first : first + _ANALYSE_ROWS]


def _offsets(lengths: Numbers) -> Numbers:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])
