"""Writes the patents of a corpus as one table, in the form that all sources were brought to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ktop.catalogue import Lang, text
from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.patents.corpus.citations import resolved_citations
from ktop.patents.corpus.corpus import Corpus
from ktop.report.spreadsheet import inert
from ktop.usecases.uploads import require_place

ENDINGS = (".parquet", ".csv", ".jsonl")
#: Columns of the table, in their order; in .csv a list is its JSON.
COLUMNS = (
    *("patent_id", "application_id", "family_id", "filing_date", "publication_date", "grant_date", "title"),
    *("abstract", "first_claim", "claims_count", "ipc", "cpc", "applicants", "inventors", "cited", "language"),
)
_LISTS = ("ipc", "cpc", "applicants", "inventors", "cited")


def export_patents(corpus: Path, out: Path, *, lang: Lang = "ko", progress: Progress = silent) -> int:
    """Write one row a patent, those known earliest first, to .parquet, .csv or .jsonl; return how many there are.

    ``cited`` are the patents that a patent cites, each once, its own family left out: the id of the corpus where it has
    the patent, else the number as the source prints it, normalised. Raises ``NotFoundError`` for a folder without
    patents, ``InputError`` for another ending or a place where no file can be made.
    """
    if out.suffix.lower() not in ENDINGS:
        raise InputError("records.export_ending", path=out.name)
    require_place(out)
    opened = Corpus.open(corpus)
    label = text("cli.step_writing", lang)
    progress(0, len(opened), label)
    cited = _cited(opened)
    done = 0
    with opened.reading(), atomic_path(out) as beside:
        if out.suffix.lower() == ".parquet":
            _rows(opened, opened.years, cited).sink_parquet(beside, compression="zstd")
            return len(opened)
        with beside.open("wb") as handle:
            for year in opened.years:
                frame = _rows(opened, (year,), cited).collect()
                if out.suffix.lower() == ".jsonl":
                    frame.write_ndjson(handle)
                else:
                    first = done == 0
                    inert(_lists_as_text(frame)).write_csv(handle, include_bom=first, include_header=first)
                done += frame.height
                progress(done, len(opened), label)
    return done


def _cited(corpus: Corpus) -> pl.DataFrame:
    """Return the patents that each patent of the corpus cites: ``patent_id`` and the list ``cited``, in order."""
    known = resolved_citations(corpus).drop_nulls("citing_id")
    named = known.select(patent_id="citing_id", cited=pl.coalesce("cited_id", "cited"))
    return named.group_by("patent_id").agg(pl.col("cited").unique().sort())


def _rows(corpus: Corpus, years: Sequence[int], cited: pl.DataFrame) -> pl.LazyFrame:
    rows = corpus.patents(years).rename({"id": "patent_id", "application": "application_id", "family": "family_id"})
    joined = rows.join(cited.lazy(), on="patent_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("cited").fill_null([])).select(COLUMNS)


def _lists_as_text(frame: pl.DataFrame) -> pl.DataFrame:
    written = [
        pl.Series(name, [json.dumps(values or [], ensure_ascii=False) for values in frame[name].to_list()], pl.String)
        for name in _LISTS
    ]
    return frame.with_columns(written)
