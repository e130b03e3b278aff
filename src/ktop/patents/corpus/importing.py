"""Brings source files into a corpus: reads, rejects with reasons, merges publications, switches over in one step."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from ktop import catalogue
from ktop.domain.patent.document import Patent, normalise_family
from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.patents.corpus import merging, record_supplements, renumbering
from ktop.patents.corpus.corpus import (
    CITATION_SCHEMA,
    SCHEMA,
    Corpus,
    Manifest,
    Partition,
    corpus_lock,
    delete_unnamed,
    is_whole_text,
    packed_together,
    patent_of,
    row_of,
    unfit_field,
    write_manifest,
    year_of,
)
from ktop.patents.readers import CitationLink, Completion, Record, Reject, reader_for, records_of
from ktop.patents.readers.source import Source, sources
from ktop.patents.readers.unknown_files import why_unknown

#: Half a character is written as JSON does, ``\\ud800``.
_AS_ESCAPES = "backslashreplace"
#: Errors of whoever asks or of the program, not of one file: they end the import.
_WRONG_USE = frozenset({"patents.format_unknown", "patents.format_name_unknown", "patent_sources.records_lost"})
_BATCH = 5_000
_COMPLETION_BATCH = 50_000
_LINK_BATCH = 200_000


@dataclass(slots=True)
class ImportReport:
    """What an import did. ``new + updated + unchanged`` counts the distinct patents that the sources held.

    Nothing is swallowed: ``records_seen``, counted where a file is cut into records, is ``records_read`` +
    ``records_superseded`` (an older publication, or an earlier copy, of a patent that stands) + ``records_rejected``,
    all in records of the sources.
    """

    files: int = 0
    records: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    citations: int = 0
    completions: int = 0
    completions_unknown: int = 0
    records_seen: int = 0
    records_read: int = 0
    records_superseded: int = 0
    records_rejected: int = 0
    skipped: list[str] = field(default_factory=list)
    formats: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    patents_in_corpus: int = 0
    seconds: float = 0.0

    @property
    def read(self) -> int:
        """Patents found, taken or not, and records that complete patents."""
        return self.records + self.completions + self.rejected - self.completions_unknown

    @property
    def added(self) -> int:
        """Patents new to the corpus."""
        return self.new

    @property
    def total(self) -> int:
        """Patents in the corpus afterwards."""
        return self.patents_in_corpus

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        names = ("files", "records", "new", "updated", "unchanged", "rejected", "citations", "completions", "skipped")
        report: dict[str, Any] = {name: getattr(self, name) for name in names}
        report |= {name: getattr(self, f"records_{name}") for name in ("seen", "read", "superseded")}
        report |= {"formats": dict(self.formats), "reasons": dict(self.reasons)}
        return report | {"patents_in_corpus": self.patents_in_corpus, "seconds": round(self.seconds, 3)}


def import_paths(
    directory: Path | str,
    paths: Sequence[Path | str],
    format_name: str | None = None,
    column_map: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> ImportReport:
    """Import files, zips and folders into the corpus of ``directory``.

    ``progress`` is told the records read so far and the file they are from.

    The corpus switches to the new content at the very end; an error or a kill before leaves it as it was. Importing the
    same again changes nothing. A later publication of the same application supersedes the earlier one.

    Raises
    ------
    InputError : a named file is of no known format or cannot be read, or nothing at all could be taken.
    NotFoundError : a path does not exist.
    UnavailableError : another import or indexing works on the corpus.
    """
    directory = Path(directory)
    started = time.perf_counter()
    named = {str(Path(path)) for path in paths}
    with corpus_lock(directory):
        _clear_leftovers(directory)
        try:
            _renumber(directory)
            with tempfile.TemporaryDirectory(prefix=".staging-", dir=directory) as staging:
                run = _Run(directory, Path(staging), named, format_name, column_map, progress)
                with contextlib.closing(run.rejects):
                    run.read_all(sources([Path(path) for path in paths]))
                    report = run.commit()
        except BaseException:
            delete_unnamed(directory)  # years written already, which no manifest will ever name
            raise
    report.seconds = time.perf_counter() - started
    return report


def _renumber(directory: Path) -> None:
    """Write a corpus of an earlier version anew where today's numbers differ, as an import of all that it holds."""
    corpus = Corpus(directory)
    if not corpus.manifest.partitions or not renumbering.is_outdated(corpus):
        return
    with tempfile.TemporaryDirectory(prefix=".staging-", dir=directory) as staging:
        run = _Run(directory, Path(staging), set(), None, None, silent)
        with contextlib.closing(run.rejects), corpus.reading():
            for year in corpus.years:
                for row in corpus.patents([year]).drop("digest").collect().iter_rows(named=True):
                    run.stage(renumbering.renumbered(patent_of(row)))
            if corpus.manifest.citations is not None:
                rows = pl.read_parquet(corpus.path(corpus.manifest.citations)).iter_rows()
                run.links += [(renumbering.written(a), renumbering.written(b), category) for a, b, category in rows]
            run.flush()
            run.commit(Corpus(directory, Manifest({})))


def _clear_leftovers(directory: Path) -> None:
    """Remove what a killed import left: its staging folder and files that the manifest does not name."""
    for leftover in directory.glob(".staging-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    delete_unnamed(directory)


class _Run:
    """One import: stages records by year on disk, then merges year by year."""

    def __init__(
        self,
        directory: Path,
        staging: Path,
        named: set[str],
        format_name: str | None,
        column_map: Mapping[str, str] | None,
        progress: Progress,
    ) -> None:
        self.directory, self.staging, self.named = directory, staging, named
        self.format_name, self.column_map, self.progress = format_name, column_map, progress
        self.report = ImportReport()
        self.rows: list[dict[str, Any]] = []
        self.links: list[tuple[str, str, str | None]] = []
        self.application_links: list[tuple[str, str, str | None, str, str]] = []
        self.completions: list[dict[str, Any]] = []
        self.staged: dict[int, list[Path]] = {}
        self.staged_completions: list[Path] = []
        self.staged_links: list[Path] = []
        self.read_files: list[str] = []
        self.rejects = (staging / "rejects.jsonl").open("w", encoding="utf-8", errors=_AS_ESCAPES)
        self.first_error: InputError | None = None
        self.first_unknown: InputError | None = None

    # --- reading --------------------------------------------------------------------------------------------------

    def read_all(self, found: Iterable[Source]) -> None:
        for source in found:
            told = 0
            try:
                reader = self._reader(source)
                if reader is None:
                    self.report.skipped.append(source.name)
                    self.first_unknown = self.first_unknown or why_unknown(source)
                    continue
                self.report.files += 1
                self.report.formats[reader.name] += 1
                self.read_files.append(source.name)
                for record in reader.read(source, self.column_map):
                    told += records_of(record)
                    self._take(record, source.name)
                self.report.records_seen += source.tally.seen
                if told != source.tally.seen:
                    raise InputError("patent_sources.records_lost", file=source.name, seen=source.tally.seen, told=told)
            except InputError as error:
                # One bad file among many does not stop the rest; if it was all there is, it is the answer.
                if self._stands_alone(source) or error.key in _WRONG_USE:
                    raise
                lost = max(source.tally.seen - told, 1)  # the record that broke off, or the file itself
                self.report.records_seen += told + lost
                if source.name not in self.read_files:  # it could not even be opened
                    self.report.files += 1
                    self.read_files.append(source.name)
                self.first_error = self.first_error or error
                text = {"message": {lang: catalogue.message(error, lang) for lang in catalogue.LANGS}}
                self._reject(Reject("file", "patents.reject_file", text, lost), source.name)
        self.flush()
        if self.report.records == 0 and self.report.citations == 0 and self.report.completions == 0:
            if self.first_error is not None:
                raise self.first_error
            if self.report.files == 0 and self.first_unknown is not None:
                raise self.first_unknown

    def flush(self) -> None:
        """Write what is held to the staging folder."""
        self._flush()
        self._flush_links()
        self._flush_completions()

    def _stands_alone(self, source: Source) -> bool:
        return source.path is not None and len(self.named) == 1 and str(source.path) in self.named

    def _reader(self, source: Source) -> Any:
        reader = reader_for(source, self.format_name)
        if reader is None and source.path is not None and str(source.path) in self.named:
            raise why_unknown(source)
        return reader

    def _take(self, record: Record, file: str) -> None:
        if isinstance(record, Reject):
            self._reject(record, file)
            return
        if isinstance(record, Completion):
            row = record_supplements.completion_row(record, file)
            row["family"] = _family(row["family"])
            if self._is_unfit(row, record.where, file, record.records):
                return
            self.report.records_read += record.records
            if not record.values:  # rows that say nothing about their patent
                return
            self.report.completions += 1
            self.completions.append(row)
            if len(self.completions) >= _COMPLETION_BATCH:
                self._flush_completions()
                self._tell(file)
            return
        if isinstance(record, CitationLink):
            if record.category is not None and not is_whole_text(record.category):
                self._reject(Reject(record.where, "patent_sources.reject_unfit", {"field": "category"}), file)
                return
            self.report.citations += 1
            self.report.records_read += 1
            link = (record.citing, record.cited, record.category)
            if record.of_applications:
                self.application_links.append((*link, file, record.where))
            else:
                self.links.append(link)
                if len(self.links) >= _LINK_BATCH:
                    self._flush_links()
                    self._tell(file)
            return
        row = row_of(record)
        row["family"] = _family(row["family"])
        if self._is_unfit(row, record.id, file):
            return
        self.report.records += 1
        self.report.records_read += 1
        self.rows.append(row)
        if len(self.rows) >= _BATCH:
            self._flush()
            self._tell(file)

    def _tell(self, file: str) -> None:
        self.progress(self.report.records + self.report.citations + self.report.completions, None, Path(file).name)

    def stage(self, patent: Patent) -> None:
        """Take a patent that stands in a corpus already."""
        self.rows.append(row_of(patent))
        if len(self.rows) >= _BATCH:
            self._flush()

    def _is_unfit(self, row: Mapping[str, Any], where: str, file: str, records: int = 1) -> bool:
        """Reject a record with a value that cannot be stored: the one border that every reader's records cross."""
        field = unfit_field(row)
        if field is not None:
            self._reject(Reject(where, "patent_sources.reject_unfit", {"field": field}, records), file)
        return field is not None

    def _reject(self, reject: Reject, file: str) -> None:
        self.report.rejected += 1
        self.report.records_rejected += reject.records
        self.report.reasons[reject.reason.rpartition(".")[2]] += 1
        line = {
            "file": file,
            "where": reject.where,
            "reason": reject.reason.rpartition(".")[2],
            "message": {lang: catalogue.text(reject.reason, lang, **reject.params) for lang in catalogue.LANGS},
        }
        self.rejects.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _flush(self) -> None:
        """Write what is in memory to the staging folder."""
        if self.rows:
            frame = pl.DataFrame(self.rows, schema=SCHEMA, orient="row")
            years = pl.Series("year", [year_of(row["known_from"]) for row in self.rows], dtype=pl.Int32)
            for (year,), part in frame.with_columns(years).group_by("year", maintain_order=True):
                files = self.staged.setdefault(int(str(year)), [])
                path = self.staging / f"{year}-{len(files):05d}.parquet"
                part.drop("year").write_parquet(path, compression="lz4")
                files.append(path)
            self.rows = []

    def _flush_links(self) -> None:
        if self.links:
            path = self.staging / f"citations-{len(self.staged_links):06d}.parquet"
            pl.DataFrame(self.links, schema=CITATION_SCHEMA, orient="row").write_parquet(path, compression="lz4")
            self.staged_links.append(path)
            self.links = []

    def _flush_completions(self) -> None:
        if self.completions:
            path = self.staging / f"completions-{len(self.staged_completions):06d}.parquet"
            frame = pl.DataFrame(self.completions, schema=record_supplements.COMPLETION_SCHEMA, orient="row")
            frame.write_parquet(path, compression="lz4")
            self.staged_completions.append(path)
            self.completions = []

    # --- merging and switching over ---------------------------------------------------------------------------------

    def commit(self, corpus: Corpus | None = None) -> ImportReport:
        """Join what is staged to the corpus as it is, or as it is given, and switch over."""
        corpus = Corpus(self.directory) if corpus is None else corpus  # an empty one is false
        partitions = dict(corpus.manifest.partitions)
        links = record_supplements.application_links(self.application_links)
        plan = merging.plan(corpus, self.staged, record_supplements.wanted(self.staged_completions, links))
        completions, unknown = record_supplements.routed(self.staged_completions, plan.names, self.staging)
        for row in unknown:
            self.report.records_read -= row["records"]
            if row["told"]:
                self.report.records_rejected += row["records"]
                continue
            self.report.completions_unknown += 1
            number = {"number": row["number"]}
            reject = Reject(row["where"], record_supplements.UNKNOWN_PATENT, number, row["records"])
            self._reject(reject, row["file"])
        known, unknown_links = record_supplements.resolved_links(links, plan.names)
        self.links += known
        self._flush_links()
        for row in unknown_links:
            self.report.citations -= 1
            self.report.records_read -= 1
            link = {"number": f"{row['citing']} → {row['cited']}"}
            self._reject(Reject(row["where"], record_supplements.UNKNOWN_PATENT, link), row["file"])
        self.rejects.close()
        self.report.records_superseded = plan.superseded
        self.report.records_read -= plan.superseded
        stored = {year: corpus.path(part) for year, part in partitions.items()}
        for year in sorted(plan.years):
            frame, changes = merging.merge_year(plan, year, stored, self.staged, completions.get(year, []))
            self.report.new += changes.new
            self.report.updated += changes.updated
            self.report.unchanged += changes.unchanged
            old = partitions.get(year)
            if frame.is_empty():
                partitions.pop(year, None)
                continue
            digest = merging.digest_of(frame)
            if old is not None and old.digest == digest:
                continue
            partitions[year] = self._write(frame, f"patents/year={year}", year, digest)
        citations = self._merge_citations(corpus)
        self._write_rejects()
        manifest = Manifest(partitions, citations)
        if manifest != corpus.manifest:
            write_manifest(self.directory, manifest)
        delete_unnamed(self.directory)
        self.report.patents_in_corpus = sum(part.rows for part in partitions.values())
        return self.report

    def _write(self, frame: pl.DataFrame, folder: str, year: int, digest: str) -> Partition:
        file = f"{folder}/{digest}.parquet"
        with atomic_path(self.directory / file) as temporary:
            frame.write_parquet(temporary, compression="zstd", row_group_size=packed_together(frame.height))
        return Partition(year, file, frame.height, digest)

    def _merge_citations(self, corpus: Corpus) -> Partition | None:
        old = corpus.manifest.citations
        if not self.staged_links:
            return old
        merged = self.staging / "merged-citations.parquet"
        digest, rows = merging.merge_citations(corpus.path(old) if old else None, self.staged_links, merged)
        if old is not None and old.digest == digest:
            return old
        part = Partition(0, f"citations/{digest}.parquet", rows, digest)
        with atomic_path(self.directory / part.file) as temporary:
            shutil.move(merged, temporary)
        return part

    def _write_rejects(self) -> None:
        """Bring rejects.jsonl up to date: the lines of files imported now are replaced, all others stay.

        A line that nobody can read any more does not stay: it would tell nobody anything.
        """
        target = self.directory / "rejects.jsonl"
        now = set(self.read_files)
        with atomic_path(target) as temporary, temporary.open("w", encoding="utf-8", errors=_AS_ESCAPES) as out:
            if target.is_file():
                with target.open(encoding="utf-8", errors="replace") as lines:
                    out.writelines(line for line in lines if _file_of(line) not in {None, *now})
            out.write((self.staging / "rejects.jsonl").read_text(encoding="utf-8"))


def _family(printed: Any) -> Any:
    """Return a family identifier; what is no text is left for the border that refuses it."""
    return normalise_family(printed) if isinstance(printed, str) else printed


def _file_of(line: str) -> str | None:
    """Return the file that a line of rejects.jsonl is about, None where it cannot be read."""
    try:
        file = json.loads(line)["file"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return file if isinstance(file, str) else None
