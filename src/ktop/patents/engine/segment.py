"""One part of an index on disk: what search and rating must know of each patent, as arrays mapped into memory.

Patents of a segment stand in the order of their dates, so that "earlier than a day" is a prefix of every list.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.kernel.errors import InputError
from ktop.patents.analysis.terms import UInt32
from ktop.patents.engine import kernels
from ktop.patents.engine.checksums import complete_folder
from ktop.patents.engine.sorted_search import first_not_less

#: Day number of a patent whose source prints no date: later than every day, so it is never "earlier".
NO_DAY = np.iinfo(np.int32).max
LANGUAGE_CODES = {"": 0, "ko": 1, "en": 2}
LANGUAGES = {code: name for name, code in LANGUAGE_CODES.items()}
ID_BYTES = 28
#: A segment's rows fit 8 bits of block number and 16 bits within the block.
MAX_ROWS = 256 * kernels.BLOCK
#: Parameters of BM25 (Robertson and Zaragoza 2009), and the largest share of a score that a count can reach.
K1, B = 1.2, 0.75
MAX_IMPACT = K1 + 1.0
#: Display records are compressed in groups of so many: larger ones pack better, smaller ones are read faster.
_RECORDS_PER_GROUP = 32
#: Postings whose impacts are reckoned at a time: bounds memory.
_POSTINGS_AT_ONCE = 1 << 22
#: File of the impacts within the folder of a generation's statistics.
IMPACTS = "posting_impact"
_FIELD, _ITEM, _RECORD = "\x1f", "\x1e", b"\x1d"
_FIXED = ("id", "digest", "day", "year", "language", "family", "claims")


def mapped(path: Path) -> Any:
    """Return an array that lies on disk, read as it is needed; a plain array, whose every slice costs less."""
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise InputError("patents.index_damaged", file=path.name, folder=path.parent.name) from error


def name_code(name: str | None) -> int:
    """Return a 64-bit code of a name (family), 0 for none."""
    if not name:
        return 0
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") or 1


@dataclass(frozen=True, slots=True)
class Display:
    """What a list of neighbours shows of a patent."""

    title: str
    applicants: tuple[str, ...]
    subclasses: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """Return one record; control characters that part the fields are taken out of the texts."""
        fields = (_plain(self.title), _ITEM.join(map(_plain, self.applicants)), _ITEM.join(self.subclasses))
        return _FIELD.join(fields).encode()

    @classmethod
    def of_bytes(cls, record: bytes) -> Display:
        """Return what ``to_bytes`` wrote."""
        title, applicants, subclasses = record.decode().split(_FIELD)
        return cls(title, _items(applicants), _items(subclasses))


@dataclass(frozen=True, slots=True)
class Columns:
    """Analysed patents, a row each.

    Parameters
    ----------
    id, digest, day, year, language, family, claims : (n,) columns; ``day`` is ``NO_DAY`` and ``claims`` NaN where
        missing, ``family`` 0.
    records : what is shown of each (``Display.to_bytes``).
    offsets : (n + 1,) where each patent's terms begin in ``codes`` (ascending within a patent) and ``counts``.
    """

    id: npt.NDArray[np.bytes_]
    digest: npt.NDArray[np.uint64]
    day: npt.NDArray[np.int32]
    year: npt.NDArray[np.int16]
    language: npt.NDArray[np.uint8]
    family: npt.NDArray[np.uint64]
    claims: npt.NDArray[np.float32]
    records: Sequence[bytes]
    offsets: npt.NDArray[np.int64]
    codes: UInt32
    counts: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.id)

    @classmethod
    def joined(cls, parts: Sequence[Columns]) -> Columns:
        """Return the rows of several pieces, one after the other."""
        fixed = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _FIXED}
        shifts = np.cumsum([0, *(len(part.codes) for part in parts)])
        offsets = [part.offsets[:-1] + shift for part, shift in zip(parts, shifts[:-1], strict=True)]
        return cls(
            **fixed,
            records=[record for part in parts for record in part.records],
            offsets=np.concatenate([*offsets, shifts[-1:]]).astype(np.int64),
            codes=np.concatenate([part.codes for part in parts]),
            counts=np.concatenate([part.counts for part in parts]),
        )

    def taken(self, rows: npt.NDArray[np.int64]) -> Columns:
        """Return chosen rows, in the order given."""
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Columns(
            **{name: getattr(self, name)[rows] for name in _FIXED},
            records=[self.records[row] for row in rows.tolist()],
            offsets=offsets,
            codes=self.codes[places],
            counts=self.counts[places],
        )

    def by_date(self) -> Columns:
        """Return the rows in the order of their days, of one day in that of their ids."""
        order = np.lexsort((self.id, self.day))
        return self if np.array_equal(order, np.arange(len(self))) else self.taken(order)


def write_segment(folder: Path, patents: Columns) -> None:
    """Write a segment, complete or not at all.

    Parameters
    ----------
    patents : in the order of their days (``Columns.by_date``), at most ``MAX_ROWS``.
    """
    if len(patents) > MAX_ROWS:
        raise ValueError(f"a segment holds at most {MAX_ROWS} patents")
    with complete_folder(folder) as beside:
        _save_segment(beside, patents)


def _save_segment(folder: Path, patents: Columns) -> None:
    def save(name: str, array: npt.NDArray[np.generic]) -> None:
        np.save(folder / f"{name}.npy", array, allow_pickle=False)

    longest = max(1, int(np.char.str_len(patents.id).max(initial=1)))
    save("id", patents.id.astype(f"S{longest}"))
    for name in _FIXED[1:]:
        save(name, getattr(patents, name))
    groups = [
        zlib.compress(_RECORD.join(patents.records[start : start + _RECORDS_PER_GROUP]), 6)
        for start in range(0, len(patents), _RECORDS_PER_GROUP)
    ]
    save("record_offsets", np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64))
    (folder / "records.bin").write_bytes(b"".join(groups))
    save("forward_offsets", patents.offsets)
    save("forward_terms", patents.codes)
    save("forward_counts", patents.counts)
    save("length", lengths_of(patents).astype(np.uint32))
    rows = np.repeat(np.arange(len(patents), dtype=np.uint32), np.diff(patents.offsets))
    order = np.argsort(patents.codes, kind="stable")  # rows ascend, so each term's patents stay in date order
    terms, starts = np.unique(patents.codes[order], return_index=True)
    save("posting_terms", terms)
    save("posting_offsets", np.concatenate([starts, [len(rows)]]).astype(np.uint32))
    rows = rows[order]
    save("posting_low", (rows & 0xFFFF).astype(np.uint16))
    save("posting_block", (rows >> 16).astype(np.uint8))
    save("posting_count", patents.counts[order])


def lengths_of(patents: Columns) -> npt.NDArray[np.float64]:
    """Return the length of each patent: how many words it has, repeats and the weight of titles included."""
    words = np.where(patents.codes & 1, 0, patents.counts).astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(words)])
    found: npt.NDArray[np.float64] = sums[patents.offsets[1:]] - sums[patents.offsets[:-1]]
    return found


_PARTING = {0x1D: " ", 0x1E: " ", 0x1F: " "}


def _plain(text: str) -> str:
    return text.translate(_PARTING)


class Segment:
    """Read access to a segment; arrays are mapped on first use and shared with the system's cache."""

    def __init__(self, folder: Path, start: int, rows: int, statistics: str | None = None) -> None:
        """``statistics`` names the folder below it with what depends on the other patents of the generation, too."""
        self.folder, self.start, self.rows, self._statistics = folder, start, rows, statistics
        self._groups: dict[int, list[bytes]] = {}
        self._end: tuple[int | None, int] = (None, 0)

    def _map(self, name: str) -> Any:
        return mapped(self.folder / f"{name}.npy")

    def column(self, name: str) -> Any:
        """Return a whole per-patent column (``id``, ``day``, ``language``, ``family``, ``length`` ...)."""
        return np.array(mapped(self.folder / f"{name}.npy"))

    @cached_property
    def ids(self) -> Any:
        """(rows,) ids as bytes."""
        return self._map("id")

    @cached_property
    def day(self) -> npt.NDArray[np.int32]:
        """(rows,) days since 1970, ascending."""
        found: npt.NDArray[np.int32] = self._map("day")
        return found

    def end(self, before: int | None) -> int:
        """Return how many rows are earlier than a day: all where None."""
        if before is None:
            return self.rows
        known = self._end
        if known[0] != before:  # a question asks for the same day hundreds of times
            self._end = known = (before, first_not_less(self.day, before))
        return known[1]

    # --- what is shown ------------------------------------------------------------------------------------------

    @cached_property
    def _records(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
        path = self.folder / "records.bin"
        empty = path.stat().st_size == 0
        data = np.zeros(0, dtype=np.uint8) if empty else np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))
        return self._map("record_offsets"), data

    def display(self, row: int) -> Display:
        """Return title, applicants and subclasses of a row."""
        number = row // _RECORDS_PER_GROUP
        group = self._groups.get(number)
        if group is None:
            if len(self._groups) >= 256:
                self._groups.clear()
            offsets, data = self._records
            packed = data[int(offsets[number]) : int(offsets[number + 1])].tobytes()
            group = self._groups[number] = zlib.decompress(packed).split(_RECORD)
        return Display.of_bytes(group[row % _RECORDS_PER_GROUP])

    # --- terms of a patent ----------------------------------------------------------------------------------------

    @cached_property
    def forward(self) -> tuple[npt.NDArray[np.int64], UInt32, npt.NDArray[np.uint8]]:
        """Offsets (rows + 1,), and the term codes and counts that lie between them."""
        return self._map("forward_offsets"), self._map("forward_terms"), self._map("forward_counts")

    @cached_property
    def lengths(self) -> npt.NDArray[np.uint32]:
        """(rows,) lengths (``lengths_of``)."""
        found: npt.NDArray[np.uint32] = self._map("length")
        return found

    def terms_of(self, row: int) -> tuple[UInt32, npt.NDArray[np.uint8]]:
        """Return term codes, ascending, and counts of a row."""
        offsets, terms, counts = self.forward
        part = slice(int(offsets[row]), int(offsets[row + 1]))
        return terms[part], counts[part]

    def terms_of_rows(self, rows: npt.NDArray[np.int64]) -> list[tuple[UInt32, npt.NDArray[np.uint8]]]:
        """Return ``terms_of`` of each of some rows."""
        offsets, terms, counts = self.forward
        ends = zip(offsets[rows].tolist(), offsets[rows + 1].tolist(), strict=True)
        return [(terms[start:stop], counts[start:stop]) for start, stop in ends]

    def terms_between(self, start: int, stop: int) -> tuple[npt.NDArray[np.int64], UInt32, npt.NDArray[np.uint8]]:
        """Return owners (0 for row ``start``), term codes and counts of a range of rows, an entry per term."""
        offsets, terms, counts = self.forward
        part = slice(int(offsets[start]), int(offsets[stop]))
        owners = np.repeat(np.arange(stop - start, dtype=np.int64), np.diff(offsets[start : stop + 1]))
        return owners, np.asarray(terms[part]), np.asarray(counts[part])

    def columns(self) -> Columns:
        """Return the whole segment as it was written."""
        offsets, codes, counts = self.forward
        records = [self.display(row).to_bytes() for row in range(self.rows)]
        fixed = {name: self.column(name) for name in _FIXED}
        fixed["id"] = fixed["id"].astype(f"S{ID_BYTES}")
        return Columns(
            **fixed,
            records=records,
            offsets=np.array(offsets),
            codes=np.array(codes),
            counts=np.array(counts),
        )

    # --- patents of a term ----------------------------------------------------------------------------------------

    @cached_property
    def _posting_rows(self) -> tuple[Any, Any]:
        """Low 16 bits of the row and block of the row of all postings."""
        return self._map("posting_low"), self._map("posting_block")

    @cached_property
    def postings(self) -> tuple[Any, Any, Any]:
        """All postings: low 16 bits of the row, block of the row, impact; see ``kernels.sum_postings``."""
        assert self._statistics is not None, "only a complete generation has impacts"
        return *self._posting_rows, mapped(self.folder / self._statistics / f"{IMPACTS}.npy")

    def impacts(self, average_length: float) -> npt.NDArray[np.uint8]:
        """Return for every posting the share of BM25 that does not depend on the question, (postings,), at least 1.

        tf (k1 + 1) / (tf + k1 (1 - b + b length / average length)), in steps of ``MAX_IMPACT`` / 255.

        Parameters
        ----------
        average_length : mean length of the patents of the generation, at least 1.
        """
        length = self.column("length").astype(np.float64)
        norm = (K1 * (1.0 - B + B * length / average_length)).astype(np.float32)
        low, block = self._posting_rows
        counts = self._map("posting_count")
        found = np.empty(len(counts), dtype=np.uint8)
        for start in range(0, len(counts), _POSTINGS_AT_ONCE):
            part = slice(start, start + _POSTINGS_AT_ONCE)
            rows = (block[part].astype(np.uint32) << 16) | low[part]
            count = counts[part].astype(np.float32)
            share = count * np.float32(K1 + 1.0) / (count + norm[rows])
            found[part] = np.maximum(np.rint(share * (255.0 / MAX_IMPACT)), 1).astype(np.uint8)
        return found

    @cached_property
    def _vocabulary(self) -> tuple[UInt32, UInt32]:
        return self._map("posting_terms"), self._map("posting_offsets")

    @cached_property
    def _slots(self) -> npt.NDArray[np.int32]:
        return kernels.slots_of(self._vocabulary[0])

    def places(self, codes: UInt32) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return where the postings of some terms begin and end, both (len(codes),); equal where there are none."""
        terms, offsets = self._vocabulary
        found: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
        found = kernels.places_of(terms, self._slots, offsets, codes)
        return found

    def rows_with(self, codes: UInt32, before: int | None = None) -> list[npt.NDArray[np.int32]]:
        """Return for each term the rows (earlier than a day) that have it, ascending."""
        rows, bounds = kernels.rows_between(*self.places(codes), *self._posting_rows, self.end(before))
        return np.split(rows, bounds[1:-1])

    def document_frequencies(self, codes: UInt32, before: int | None) -> npt.NDArray[np.int64]:
        """Return for each term how many patents (earlier than a day) have it, shape (len(codes),)."""
        starts, stops = self.places(codes)
        if before is None:
            return stops - starts
        low, block = self._posting_rows
        found: npt.NDArray[np.int64] = kernels.frequencies(starts, stops, low, block, self.end(before))
        return found

    def term_totals(self) -> tuple[UInt32, npt.NDArray[np.int64]]:
        """Return all term codes of the segment and how many patents have each."""
        terms, offsets = self._vocabulary
        totals = offsets[1:].astype(np.int64) - offsets[:-1].astype(np.int64)
        return terms, totals


def _items(text: str) -> tuple[str, ...]:
    return tuple(text.split(_ITEM)) if text else ()
