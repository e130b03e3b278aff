"""The patent corpus of a folder: Parquet files by filing year and a manifest that says which of them count."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

import polars as pl

from ktop.domain.patent.document import LiteratureCitation, Patent, PatentCitation
from ktop.kernel.errors import InputError, NotFoundError, UnavailableError
from ktop.kernel.files import atomic_path
from ktop.kernel.tables import DAMAGE
from ktop.patents.corpus.database import QueryError

FORMAT_VERSION = 1
#: What shows that a file of the corpus cannot be read.
_UNREADABLE: tuple[type[BaseException], ...] = (QueryError, *DAMAGE)
#: Version of the written forms of numbers (``ktop.domain.patent.numbers``) that a corpus is in.
NUMBERS_VERSION = 2
#: Year folder of patents whose source prints no date at all.
UNDATED = 0
#: A write that fails with less room than this left on the disk failed for want of it.
NO_ROOM_BYTES = 2_000_000
#: Start of ``Patent.source`` of made-up patents.
SYNTHETIC_SOURCE = "synthetic"

_CITED_PATENT = pl.Struct({"number": pl.String, "category": pl.String})
_CITED_LITERATURE = pl.Struct({"text": pl.String, "category": pl.String})
#: Columns of the Parquet files. ``known_from`` is ``Patent.known_from``; ``digest`` changes when any column changes.
SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "application": pl.String(),
    "family": pl.String(),
    "kind": pl.String(),
    "language": pl.String(),
    "known_from": pl.Date(),
    "filing_date": pl.Date(),
    "publication_date": pl.Date(),
    "grant_date": pl.Date(),
    "title": pl.String(),
    "abstract": pl.String(),
    "first_claim": pl.String(),
    "claims_count": pl.Int32(),
    "description": pl.String(),
    "ipc": pl.List(pl.String),
    "cpc": pl.List(pl.String),
    "applicants": pl.List(pl.String),
    "inventors": pl.List(pl.String),
    "cited_patents": pl.List(_CITED_PATENT),
    "cited_literature": pl.List(_CITED_LITERATURE),
    "also_published_as": pl.List(pl.String),
    "status": pl.String(),
    "source": pl.String(),
}
STORED_SCHEMA = {**SCHEMA, "digest": pl.UInt64()}
CITATION_SCHEMA: dict[str, pl.DataType] = {"citing": pl.String(), "cited": pl.String(), "category": pl.String()}
#: Patents of a file that are packed together, at least and at most; between the two a file has so many packs.
_FEWEST_PACKED, _MOST_PACKED, _PACKS = 500, 4_000, 64


@dataclass(frozen=True, slots=True)
class Partition:
    """One year's file: its path within the corpus, its rows, and a digest of their content."""

    year: int
    file: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which files make up the corpus. Written whole and renamed into place: it is never half true."""

    partitions: Mapping[int, Partition]
    citations: Partition | None = None
    numbers: int = NUMBERS_VERSION

    @property
    def version(self) -> str:
        """A digest of the content: equal for equal corpora, however they were imported."""
        parts = [f"{p.year}:{p.digest}" for p in sorted(self.partitions.values(), key=lambda p: p.year)]
        parts.append(self.citations.digest if self.citations else "")
        return hashlib.blake2b("|".join(parts).encode(), digest_size=8).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""

        def plain(part: Partition) -> dict[str, Any]:
            return {"year": part.year, "file": part.file, "rows": part.rows, "digest": part.digest}

        return {
            "format": FORMAT_VERSION,
            "numbers": self.numbers,
            "version": self.version,
            "patents": sum(part.rows for part in self.partitions.values()),
            "partitions": [plain(self.partitions[year]) for year in sorted(self.partitions)],
            "citations": plain(self.citations) if self.citations else None,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Manifest:
        """Return what ``to_json`` wrote; ``ValueError``, ``KeyError`` or ``TypeError`` for anything else."""
        partitions = {entry["year"]: _partition(entry) for entry in stored["partitions"]}
        citations = _partition(stored["citations"]) if stored["citations"] else None
        return cls(partitions, citations, int(stored.get("numbers", 1)))

    @property
    def files(self) -> set[str]:
        """Paths of its files below the corpus folder."""
        return {part.file for part in (*self.partitions.values(), self.citations) if part is not None}


class Corpus:
    """Read access to the patents of a folder. An empty or missing folder is an empty corpus."""

    def __init__(self, directory: Path | str, manifest: Manifest | None = None) -> None:
        """Open the corpus as it is now, or as an earlier ``manifest`` says that whoever holds it may still read."""
        self.directory = Path(directory)
        self.manifest = manifest or _read_manifest(self.directory)

    @classmethod
    def open(cls, directory: Path | str) -> Corpus:
        """Return the corpus of a folder; ``NotFoundError`` where no patents have been imported."""
        corpus = cls(directory)
        if not corpus.manifest.partitions:
            raise NotFoundError("patents.corpus_missing", directory=str(directory))
        return corpus

    def __len__(self) -> int:
        return sum(part.rows for part in self.manifest.partitions.values())

    @property
    def name(self) -> str:
        """Name of the folder, by which the corpus is told to users."""
        return self.directory.resolve().name

    @functools.cached_property
    def synthetic(self) -> bool:
        """Whether there are patents and every one of them says that it is made up (``SYNTHETIC_SOURCE``)."""
        if not self.manifest.partitions:
            return False
        made_up = pl.col("source").str.starts_with(SYNTHETIC_SOURCE).fill_null(value=False)
        with self.reading():
            return bool(self.patents().select(made_up.all()).collect().item())

    @property
    def version(self) -> str:
        """Digest of the whole content."""
        return self.manifest.version

    @property
    def years(self) -> tuple[int, ...]:
        """Filing years that have patents, ascending; ``UNDATED`` stands for patents without any date."""
        return tuple(sorted(self.manifest.partitions))

    def patents(self, years: Sequence[int] | None = None) -> pl.LazyFrame:
        """Return the patents (of some filing years) as a lazy frame with the columns of ``STORED_SCHEMA``."""
        wanted = self.years if years is None else years
        files = [self.path(self.manifest.partitions[year]) for year in wanted if year in self.manifest.partitions]
        return pl.scan_parquet(files) if files else pl.LazyFrame(schema=STORED_SCHEMA)

    def citations(self) -> pl.LazyFrame:
        """Return every known citation: citing id, cited number as printed, category; from patents and tables."""
        own = (
            self.patents()
            .select(pl.col("id").alias("citing"), pl.col("cited_patents"))
            .explode("cited_patents")
            .drop_nulls("cited_patents")
            .select(
                "citing",
                pl.col("cited_patents").struct.field("number").alias("cited"),
                pl.col("cited_patents").struct.field("category").alias("category"),
            )
        )
        if self.manifest.citations is None:
            return own
        return pl.concat([own, pl.scan_parquet(self.path(self.manifest.citations))]).unique(["citing", "cited"])

    def get(self, ids: Sequence[str]) -> dict[str, Patent]:
        """Return the patents with these ids, by id; ids the corpus does not have are left out."""
        with self.reading():
            frame = self.patents().filter(pl.col("id").is_in(list(ids))).drop("digest").collect()
            return {row["id"]: patent_of(row) for row in frame.iter_rows(named=True)}

    def path(self, part: Partition) -> Path:
        """Return the full path of a file of the corpus."""
        return self.directory / part.file

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Read files of the corpus within the block: ``UnavailableError`` names the one that is damaged or missing.

        Lazy frames must be collected within it. Whoever holds ``corpus_lock`` is told so without it.
        """
        try:
            yield
        except _UNREADABLE as error:
            self.refuse_damage(error)
            raise

    def refuse_damage(self, error: BaseException) -> None:
        """Raise ``UnavailableError`` from ``error`` for the first file that cannot be read whole, if there is one."""
        for part in (*self.manifest.partitions.values(), self.manifest.citations):
            if part is not None and not is_readable(self.path(part), part.rows):
                raise UnavailableError(
                    "patent_sources.corpus_file_damaged", file=part.file, directory=str(self.directory)
                ) from error


def packed_together(rows: int) -> int:
    """Return how many patents of a file of so many are packed together.

    Whoever reads the text of one unpacks those of as many, but first reads where each pack of the file begins.
    """
    return min(max(rows // _PACKS, _FEWEST_PACKED), _MOST_PACKED)


def is_readable(path: Path, rows: int) -> bool:
    """Tell whether all columns of a Parquet file can be read and it has its rows; in bounded memory."""
    try:
        return sum(batch.height for batch in pl.scan_parquet(path, glob=False).collect_batches()) == rows
    except DAMAGE:
        return False


def _partition(entry: Mapping[str, Any]) -> Partition:
    part = Partition(**entry)
    kinds = (type(part.year), type(part.file), type(part.rows), type(part.digest))
    if kinds != (int, str, int, str) or part.file.startswith("/") or ".." in part.file.split("/"):
        raise ValueError(entry)
    return part


def _read_manifest(directory: Path) -> Manifest:
    path = directory / "corpus.json"
    if not path.is_file():
        return Manifest({})
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != FORMAT_VERSION:
            raise UnavailableError("patents.corpus_format", directory=str(directory))
        return Manifest.from_json(stored)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError("patent_sources.manifest_broken", directory=str(directory)) from error


def delete_unnamed(directory: Path) -> None:
    """Delete the files of patents and citations that neither the manifest nor a generation of the index names.

    Call it holding the corpus lock. Readers of an index look texts up in the corpus that it was made from.
    """
    kept = set(_read_manifest(directory).files)
    for generation in directory.glob("index/generations/*.json"):
        try:
            kept |= Manifest.from_json(json.loads(generation.read_text(encoding="utf-8"))["corpus"]).files
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return  # nobody knows what a damaged one names: its files stay until the index is repaired
    for file in (*directory.glob("patents/year=*/*.parquet"), *directory.glob("citations/*.parquet")):
        if file.relative_to(directory).as_posix() not in kept:
            file.unlink(missing_ok=True)


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Make ``manifest`` the corpus of ``directory``, in one step."""
    with atomic_path(directory / "corpus.json") as temporary:
        temporary.write_text(json.dumps(manifest.to_json(), indent=1), encoding="utf-8")


@contextlib.contextmanager
def corpus_lock(directory: Path) -> Iterator[None]:
    """Hold the folder for writing; a second writer is told so at once (``UnavailableError``). Ends with the process.

    A folder that is made for it and in which nothing comes to lie goes again. A disk that fills up meanwhile is told by
    ``UnavailableError``, and so is a file of the corpus that proves to be damaged.
    """
    made = not directory.exists()
    with _locked(directory) as handle:
        try:
            yield
        except _UNREADABLE as error:
            # Libraries name a full disk in many ways; the disk itself has one.
            if getattr(error, "errno", None) == errno.ENOSPC or shutil.disk_usage(directory).free < NO_ROOM_BYTES:
                raise UnavailableError("patents.disk_full", directory=str(directory)) from error
            Corpus(directory).refuse_damage(error)
            raise
        finally:
            # Only whoever holds the lock deletes anything, and never what another may have written meanwhile.
            if made and [entry.name for entry in directory.iterdir()] == [Path(handle.name).name]:
                Path(handle.name).unlink()
                with contextlib.suppress(OSError):  # somebody has come in meanwhile: the folder is theirs now
                    directory.rmdir()


def _locked(directory: Path) -> IO[str]:
    """Return the open lock file of a folder, locked; the folder is made where there is none."""
    while True:
        path = directory / ".lock"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            handle = path.open("w")
        except (FileExistsError, FileNotFoundError):
            if directory.exists() and not directory.is_dir():
                raise
            continue  # whoever had made the folder has just taken it away again
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.close()
            raise UnavailableError("patents.corpus_busy", directory=str(directory)) from error
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(handle.fileno()).st_ino == path.stat().st_ino:
                return handle
        handle.close()  # a lock on a file that is no longer there keeps nobody out


def row_of(patent: Patent) -> dict[str, Any]:
    """Return a patent as a row of ``SCHEMA``."""
    row = {name: getattr(patent, name) for name in SCHEMA if name != "known_from"}
    row["known_from"] = patent.known_from
    row["cited_patents"] = [{"number": c.number, "category": c.category} for c in patent.cited_patents]
    row["cited_literature"] = [{"text": c.text, "category": c.category} for c in patent.cited_literature]
    return row


def unfit_field(row: Mapping[str, Any]) -> str | None:
    """Return the first field of a row that no file of the corpus can hold, None where all fit.

    A source may print another kind of value than belongs there, a number beyond 32 bits, or half a character.
    """
    return next((name for name, value in row.items() if name in SCHEMA and not _fits(value, SCHEMA[name])), None)


def _fits(value: Any, kind: Any) -> bool:
    """Return whether a value is of a Polars data type."""
    if value is None:
        return True
    if isinstance(value, str):
        return kind == pl.String and is_whole_text(value)
    if isinstance(kind, pl.List):
        return isinstance(value, list | tuple) and all(_fits(part, kind.inner) for part in value)
    if isinstance(kind, pl.Struct):
        return isinstance(value, dict) and all(_fits(value[field.name], field.dtype) for field in kind.fields)
    if kind == pl.Int32:
        return type(value) is int and abs(value) < 2**31
    return kind == pl.Date and type(value) is date


def is_whole_text(text: str) -> bool:
    """Tell whether a text holds whole characters only: no half of a surrogate pair, which JSON can name."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def patent_of(row: Mapping[str, Any]) -> Patent:
    """Return the patent of a row of ``SCHEMA``."""
    fields = {name: row[name] for name in SCHEMA if name != "known_from"}
    for name in ("ipc", "cpc", "applicants", "inventors", "also_published_as"):
        fields[name] = tuple(fields[name] or ())
    fields["cited_patents"] = tuple(PatentCitation(**entry) for entry in fields["cited_patents"] or ())
    fields["cited_literature"] = tuple(LiteratureCitation(**entry) for entry in fields["cited_literature"] or ())
    return Patent(**fields)


def year_of(day: date | None) -> int:
    """Return the partition a patent belongs to."""
    return day.year if day else UNDATED
