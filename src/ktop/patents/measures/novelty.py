"""New terms and pairs of terms and their later reuse, after Arts, Hou and Gomez (2021).

A term is new in a patent where no patent of an earlier day has it; all patents of that first day count as its first.
Its reuse is the number of patents of later days that have it. A patent's ``new_terms`` is the number of its new terms,
``new_terms_reuse`` the sum of their reuse (the paper's reuse-weighted count, sum of 1 + reuse, is the sum of the two).
Pairs are neighbouring content words, the paper's bigrams.

Terms are known by 32-bit codes (``ktop.patents.analysis.terms.term_code``), one bit of which says that it is a pair:
two terms share a code now and then, and the later of them is then not seen to be new. With v different terms (or pairs)
known this befalls a share v / 2^31 of new ones: 0.05 % at a million, 5 % at a hundred million.

All (term, patent) entries are spread over files by their codes, so that each file can be sorted in memory.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
import numpy.typing as npt

from ktop.patents.measures.documents import Documents

#: Entries sorted at a time (8 bytes each, and as much again while they are sorted).
ENTRIES_AT_A_TIME = 30_000_000
#: Terms, and pairs, of an average title and abstract.
_ENTRIES_PER_PATENT = 90

Int64 = npt.NDArray[np.int64]


class Entries:
    """Files of (code, patent) entries in ``folder``: terms apart from pairs, split by the first bits of the code."""

    def __init__(self, folder: Path, patents: int) -> None:
        parts = max(1, -(-patents * _ENTRIES_PER_PATENT // ENTRIES_AT_A_TIME))
        self._bits = min(8, (parts - 1).bit_length())
        self._paths = [folder / f"entries-{number}.bin" for number in range(2 << self._bits)]
        self._handles: list[IO[bytes]] = []

    def __enter__(self) -> Entries:
        self._handles = [path.open("wb") for path in self._paths]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for handle in self._handles:
            handle.close()

    def add(self, found: Documents) -> None:
        """Write the entries of some patents."""
        owners = np.repeat(found.numbers, np.diff(found.offsets)).astype(np.uint64)
        pairs = (found.codes & 1).astype(np.uint16)
        file = (pairs << self._bits) | (found.codes.astype(np.uint64) >> np.uint64(32 - self._bits)).astype(np.uint16)
        order = np.argsort(file, kind="stable")
        entries = ((found.codes.astype(np.uint64) << np.uint64(32)) | owners)[order]
        ends = np.cumsum(np.bincount(file, minlength=len(self._handles)))
        for number, end in enumerate(ends):
            start = ends[number - 1] if number else 0
            if end > start:
                self._handles[number].write(entries[start:end].tobytes())

    def files(self) -> list[tuple[Path, bool]]:
        """Return the files in the order of the codes, terms first, each with whether it is of pairs."""
        half = len(self._paths) // 2
        return [(path, number >= half) for number, path in enumerate(self._paths)]


class Novelty:
    """Counts of new terms (row 0) and pairs (row 1) and of their reuse, each of shape (2, patents)."""

    def __init__(self, days: npt.NDArray[np.int32]) -> None:
        """``days`` are the patents' days by ``n``, ascending."""
        self._days = days
        self.new = np.zeros((2, len(days)), dtype=np.int32)
        self.reuse = np.zeros((2, len(days)), dtype=np.int64)

    def count(self, path: Path, *, pairs: bool) -> npt.NDArray[np.uint32]:
        """Count a file of entries; returns its codes that two or more patents have, ascending."""
        entries = np.fromfile(path, dtype=np.uint64)
        if not len(entries):
            return np.empty(0, dtype=np.uint32)
        entries.sort()  # by code, then by n, which is by day
        codes = (entries >> np.uint64(32)).astype(np.uint32)
        owners = (entries & np.uint64(0xFFFFFFFF)).astype(np.int64)
        del entries
        starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
        sizes = np.diff(np.concatenate([starts, [len(codes)]]))
        days = self._days[owners]
        first = days == np.repeat(days[starts], sizes)
        reuse = sizes - np.add.reduceat(first, starts, dtype=np.int64)
        np.add.at(self.new[int(pairs)], owners[first], 1)
        np.add.at(self.reuse[int(pairs)], owners[first], np.repeat(reuse, sizes - reuse))
        shared: npt.NDArray[np.uint32] = codes[starts[sizes > 1]]
        return shared
