"""One part of an index on disk: what search and rating must know of each patent, as arrays mapped into memory.

Patents of a segment stand in the order of their dates, so that "earlier than a day" is a prefix.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

#: Day number of a patent whose source prints no date: later than every day, so it is never "earlier".
NO_DAY = np.iinfo(np.int32).max
LANGUAGE_CODES = {"": 0, "ko": 1, "en": 2}
LANGUAGES = {code: name for name, code in LANGUAGE_CODES.items()}
#: Joins the two terms of a pair; no term contains it.
PAIR = "_"
ID_BYTES = 28
_FIELD, _ITEM = "\x1f", "\x1e"

UInt32 = npt.NDArray[np.uint32]


@lru_cache(maxsize=2_000_000)
def term_code(term: str) -> int:
    """Return the 32-bit code by which arrays name a term: a hash, whose lowest bit says that the term is a pair.

    Of a million terms some hundred share their code with another one, too few to move a similarity.
    """
    code = int.from_bytes(hashlib.blake2b(term.encode(), digest_size=4).digest(), "little")
    return (code & ~1) | (PAIR in term)


def name_code(name: str | None) -> int:
    """Return a 64-bit code of a name (family), 0 for none."""
    if not name:
        return 0
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") or 1


@dataclass(frozen=True, slots=True)
class IndexedPatent:
    """What the index takes of one patent. ``codes`` and ``counts``: its terms and pairs over title and abstract."""

    id: str
    digest: int
    day: int
    year: int
    language: str
    family: str | None
    claims: int | None
    title: str
    opening: str
    applicants: Sequence[str]
    subclasses: Sequence[str]
    codes: UInt32
    counts: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Display:
    """What a list of neighbours shows of a patent, and how its abstract opens."""

    title: str
    applicants: tuple[str, ...]
    subclasses: tuple[str, ...]
    opening: str


def write_segment(folder: Path, patents: Sequence[IndexedPatent]) -> None:
    """Write a segment, complete or not at all. ``patents`` must be in the order of their days."""
    temporary = folder.with_name(folder.name + ".part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)

    def save(name: str, array: npt.NDArray[np.generic]) -> None:
        np.save(temporary / f"{name}.npy", array, allow_pickle=False)

    save("id", np.array([patent.id.encode() for patent in patents], dtype=f"S{ID_BYTES}"))
    save("digest", np.array([patent.digest for patent in patents], dtype=np.uint64))
    save("day", np.array([patent.day for patent in patents], dtype=np.int32))
    save("year", np.array([patent.year for patent in patents], dtype=np.int16))
    save("language", np.array([LANGUAGE_CODES.get(patent.language, 0) for patent in patents], dtype=np.uint8))
    save("family", np.array([name_code(patent.family) for patent in patents], dtype=np.uint64))
    claims = [np.nan if patent.claims is None else patent.claims for patent in patents]
    save("claims", np.array(claims, dtype=np.float32))

    records = [
        _FIELD.join(
            (_plain(p.title), _ITEM.join(map(_plain, p.applicants)), _ITEM.join(p.subclasses), _plain(p.opening))
        ).encode()
        for p in patents
    ]
    save("record_offsets", np.concatenate([[0], np.cumsum([len(record) for record in records])]).astype(np.int64))
    (temporary / "records.bin").write_bytes(b"".join(records))

    lengths = [len(patent.codes) for patent in patents]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    total = int(offsets[-1])
    codes = np.concatenate([patent.codes for patent in patents])
    counts = np.concatenate([patent.counts for patent in patents])
    save("forward_offsets", offsets)
    save("forward_terms", codes)
    save("forward_counts", counts)

    rows = np.repeat(np.arange(len(patents), dtype=np.uint32), lengths)
    order = np.argsort(codes, kind="stable")  # rows ascend, so each term's patents stay in date order
    terms, starts = np.unique(codes[order], return_index=True)
    save("posting_terms", terms)
    save("posting_offsets", np.concatenate([starts, [total]]).astype(np.int64))
    save("posting_rows", rows[order])
    shutil.rmtree(folder, ignore_errors=True)
    temporary.replace(folder)


def _plain(text: str) -> str:
    return text.replace(_FIELD, " ").replace(_ITEM, " ")


class Segment:
    """Read access to a segment; arrays are mapped on first use and shared with the system's cache."""

    def __init__(self, folder: Path, start: int, rows: int) -> None:
        self.folder, self.start, self.rows = folder, start, rows

    def _map(self, name: str) -> Any:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    def column(self, name: str) -> Any:
        """Return a whole per-patent column (``id``, ``day``, ``year``, ``language``, ``family``, ``claims`` ...)."""
        return np.load(self.folder / f"{name}.npy", allow_pickle=False)

    @cached_property
    def day(self) -> npt.NDArray[np.int32]:
        """(rows,) days since 1970, ascending."""
        found: npt.NDArray[np.int32] = self._map("day")
        return found

    @cached_property
    def _records(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
        data = np.memmap(self.folder / "records.bin", dtype=np.uint8, mode="r")
        return self._map("record_offsets"), data

    @cached_property
    def _forward(self) -> tuple[npt.NDArray[np.int64], UInt32, npt.NDArray[np.uint8]]:
        return self._map("forward_offsets"), self._map("forward_terms"), self._map("forward_counts")

    @cached_property
    def _postings(self) -> tuple[UInt32, npt.NDArray[np.int64], UInt32]:
        return self._map("posting_terms"), self._map("posting_offsets"), self._map("posting_rows")

    @cached_property
    def dense(self) -> npt.NDArray[np.float32] | None:
        """(rows, d) text vectors of unit length, None where they have not been made."""
        found: npt.NDArray[np.float32] | None = None
        if (self.folder / "dense.npy").is_file():
            found = self._map("dense")
        return found

    def display(self, row: int) -> Display:
        """Return title, applicants and subclasses of a row."""
        offsets, data = self._records
        text = data[offsets[row] : offsets[row + 1]].tobytes().decode()
        title, applicants, subclasses, opening = text.split(_FIELD)
        return Display(title, _items(applicants), _items(subclasses), opening)

    def terms_of(self, row: int) -> tuple[UInt32, npt.NDArray[np.uint8]]:
        """Return term codes and counts of a row."""
        offsets, terms, counts = self._forward
        part = slice(int(offsets[row]), int(offsets[row + 1]))
        return terms[part], counts[part]

    def terms_between(self, start: int, stop: int) -> tuple[npt.NDArray[np.int64], UInt32, npt.NDArray[np.uint8]]:
        """Return owners (0 for row ``start``), term codes and counts of a range of rows, an entry per term."""
        offsets, terms, counts = self._forward
        part = slice(int(offsets[start]), int(offsets[stop]))
        owners = np.repeat(np.arange(stop - start, dtype=np.int64), np.diff(offsets[start : stop + 1]))
        return owners, np.asarray(terms[part]), np.asarray(counts[part])

    def rows_with(self, code: int) -> UInt32:
        """Return the rows that have a term, ascending."""
        terms, offsets, rows = self._postings
        place = int(np.searchsorted(terms, code))
        if place == len(terms) or int(terms[place]) != code:
            return rows[:0]
        return rows[int(offsets[place]) : int(offsets[place + 1])]

    def document_frequencies(self, codes: UInt32, day: int | None) -> npt.NDArray[np.int64]:
        """Return for each term how many patents (earlier than ``day``) have it, shape (len(codes),)."""
        terms, offsets, _ = self._postings
        found = np.zeros(len(codes), dtype=np.int64)
        end = self.rows if day is None else int(np.searchsorted(self.day, day))
        if end == 0 or len(terms) == 0:
            return found
        places = np.minimum(np.searchsorted(terms, codes), len(terms) - 1)
        known = terms[places] == codes
        first, last = offsets[places[known]], offsets[places[known] + 1]
        if end == self.rows:
            found[known] = last - first
            return found
        # One search for all terms: (term, row) pairs ascend when written as one number.
        keys = self._keys
        wanted = places[known].astype(np.int64) * self.rows + end
        found[known] = np.searchsorted(keys, wanted) - first
        return found

    @cached_property
    def _keys(self) -> npt.NDArray[np.int64]:
        _, offsets, rows = self._postings
        owners = np.repeat(np.arange(len(offsets) - 1, dtype=np.int64), np.diff(offsets))
        return owners * self.rows + rows

    def term_totals(self) -> tuple[UInt32, npt.NDArray[np.int64]]:
        """Return all term codes of the segment and how many patents have each."""
        terms, offsets, _ = self._postings
        return terms, np.diff(offsets)


def _items(text: str) -> tuple[str, ...]:
    return tuple(text.split(_ITEM)) if text else ()


def remove_unnamed(folder: Path, kept: Iterable[str]) -> None:
    """Delete segments that no manifest names: what a killed run left, and what was replaced."""
    names = set(kept)
    if folder.is_dir():
        for entry in folder.iterdir():
            if entry.name not in names:
                shutil.rmtree(entry, ignore_errors=True)
