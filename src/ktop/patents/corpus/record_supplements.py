"""Completes patents: what other publications and title-less records say where the standing record says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ktop.patents.corpus.corpus import SCHEMA
from ktop.patents.readers import Completion

#: Fields that a completion may carry. A title is none of them: a record with a title is a patent.
FIELDS = (
    "abstract", "language", "application", "family", "filing_date", "publication_date", "grant_date", "first_claim",
    "claims_count", "description", "status", "ipc", "cpc", "applicants", "inventors", "cited_patents",
    "cited_literature",
)  # fmt: skip
COMPLETION_SCHEMA: dict[str, pl.DataType] = {
    "file": pl.String(),
    "where": pl.String(),
    "number": pl.String(),
    "of_application": pl.Boolean(),
    "records": pl.Int64(),
    **{name: SCHEMA[name] for name in FIELDS},
}
_LINK_SCHEMA = {name: pl.String() for name in ("citing", "cited", "category", "file", "where")}
#: Why a completion, or a citation between applications, is rejected whose patent is not known.
UNKNOWN_PATENT = "patent_sources.reject_unknown_patent"
_LISTS = tuple(name for name in FIELDS if isinstance(SCHEMA[name], pl.List))
#: What all publications of one application share; claims and their number change from one to the next.
_SHARED = frozenset(
    {"abstract", "family", "application", "description", "ipc", "cpc", "applicants", "inventors"}
    | {"cited_patents", "cited_literature"}
)
#: Dates decide the year that a row belongs to, and are settled before (``merging.plan``).
_SETTLED = frozenset({"filing_date", "publication_date"})


def completion_row(completion: Completion, file: str) -> dict[str, Any]:
    """Return a completion as a row of ``COMPLETION_SCHEMA``."""
    row: dict[str, Any] = {name: completion.values.get(name) for name in FIELDS}
    row["cited_patents"] = [{"number": c.number, "category": c.category} for c in row["cited_patents"] or ()]
    row["cited_literature"] = [{"text": c.text, "category": c.category} for c in row["cited_literature"] or ()]
    row |= {"file": file, "where": completion.where, "number": completion.number, "records": completion.records}
    return row | {"of_application": completion.of_application}


def application_links(links: Sequence[tuple[str, str, str | None, str, str]]) -> pl.DataFrame:
    """Return citations between applications as a frame: ``citing``, ``cited``, ``category``, ``file``, ``where``."""
    return pl.DataFrame(list(links), schema=_LINK_SCHEMA, orient="row")


def wanted(files: Sequence[Path], links: pl.DataFrame) -> pl.DataFrame | None:
    """Return what ``merging.plan`` must know of staged completions: whom they name and when; None without any."""
    both = pl.concat([links.select(number="citing"), links.select(number="cited")]).unique()
    untold = [pl.lit(None, pl.Date).alias(name) for name in ("filing", "publication")]
    found = [both.with_columns(pl.lit(value=True).alias("of_application"), *untold)] if both.height else []
    if files:
        named = pl.scan_parquet(list(files)).group_by("number", "of_application")
        dates = {"filing": pl.col("filing_date").min(), "publication": pl.col("publication_date").min()}
        found.append(named.agg(**dates).collect())
    if not found:
        return None
    whole = pl.concat(found).group_by("number", "of_application")
    return whole.agg(pl.col("filing").min(), pl.col("publication").min())


def resolved_links(
    links: pl.DataFrame, names: pl.DataFrame
) -> tuple[list[tuple[str, str, str | None]], Iterator[Mapping[str, Any]]]:
    """Return citations between applications as citations between patents, and those with an unknown end."""
    applications = names.filter("of_application").select("number", "target")
    both = links.join(applications.rename({"target": "from"}), left_on="citing", right_on="number", how="left")
    both = both.join(applications.rename({"target": "to"}), left_on="cited", right_on="number", how="left")
    lost = both.filter(pl.col("from").is_null() | pl.col("to").is_null())
    known = both.drop_nulls(["from", "to"]).select("from", "to", "category").rows()
    return known, lost.iter_rows(named=True)


def routed(
    files: Sequence[Path], names: pl.DataFrame, folder: Path
) -> tuple[dict[int, list[Path]], Iterator[Mapping[str, Any]]]:
    """Split staged completions by the year of the patent that they complete.

    Returns
    -------
    year → files with the columns of ``FIELDS`` and ``target``, ``own``; and the completions of unknown patents, each
    with ``file``, ``where`` and ``number``, several of one patent once, the ``records`` that they stand for, and
    whether that patent was ``told`` before.
    """
    by_year: dict[int, list[Path]] = {}
    for position, file in enumerate(files):
        known = pl.read_parquet(file).join(names, on=["number", "of_application"])
        for (year,), part in known.group_by("final_year", maintain_order=True):
            path = folder / f"completes-{year}-{position:06d}.parquet"
            part.select(*FIELDS, "target", "own").write_parquet(path, compression="lz4")
            by_year.setdefault(int(str(year)), []).append(path)
    return by_year, _unknown(files, names)


def _unknown(files: Sequence[Path], names: pl.DataFrame) -> Iterator[Mapping[str, Any]]:
    seen: tuple[str, str] | None = None  # rows of one patent usually follow each other
    for file in files:
        rows = pl.read_parquet(file, columns=["file", "where", "number", "of_application", "records"])
        rows = rows.join(names, on=["number", "of_application"], how="anti", maintain_order="left")
        together = rows.group_by("file", "number", maintain_order=True)
        for row in together.agg(pl.first("where"), pl.sum("records")).iter_rows(named=True):
            yield row | {"told": (row["file"], row["number"]) == seen}
            seen = (row["file"], row["number"])


def completed(standing: pl.DataFrame, donors: pl.DataFrame, completions: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the standing rows with their gaps filled.

    An earlier record of the same id fills every gap; another publication of the same application only what all of
    them share, and its abstract only where it is in the same language. Completions come next; they also add to lists
    and renew the status.

    Parameters
    ----------
    standing : columns of ``SCHEMA`` and ``filing``, ``publication`` as settled by the plan.
    donors : columns of ``SCHEMA``, ``target`` (the id that they fill) and ``rank`` (0 first).
    completions : columns of ``FIELDS``, ``target``, ``own``.
    """
    undated = pl.col("publication_date").is_null() & pl.col("grant_date").is_null()
    rows = standing.with_columns(
        filing_date=pl.col("filing"),
        publication_date=pl.when(undated).then("publication").otherwise("publication_date"),
    )
    rows = rows.with_columns(known_from=pl.coalesce("filing_date", "publication_date", "grant_date"))
    if donors.height:
        donors = donors.with_columns(own=pl.col("id") == pl.col("target")).sort("rank")
        rows = _filled(rows, donors)
    if completions:
        told = pl.concat(completions)
        rows = _filled(rows, told)
        rows = _added(rows, told)
    return rows


def _filled(rows: pl.DataFrame, donors: pl.DataFrame) -> pl.DataFrame:
    """Fill what is empty from the first donor that has it."""
    languages = rows.select(target="id", wanted="language")
    told = donors.join(languages, on="target", maintain_order="left")
    fits = pl.col("own") | (pl.col("language") == pl.col("wanted")).fill_null(value=False)
    told = told.with_columns(abstract=pl.when(fits).then("abstract"))
    closed = [name for name in FIELDS if name not in _SHARED]
    told = told.with_columns(pl.when("own").then(name).otherwise(None).alias(name) for name in closed)
    first = [
        (pl.col(name).filter(pl.col(name).list.len() > 0) if name in _LISTS else pl.col(name).drop_nulls())
        .first()
        .alias(f"told_{name}")
        for name in FIELDS
        if name not in _SETTLED
    ]
    rows = rows.join(
        told.group_by("target", maintain_order=True).agg(first), left_on="id", right_on="target", how="left"
    )
    undated = pl.col("known_from").is_null()
    filled = []
    for name in FIELDS:
        if name in _SETTLED:
            continue
        value, other = pl.col(name), pl.col(f"told_{name}")
        if name in _LISTS:
            value = (
                pl.when((value.list.len() == 0).fill_null(value=True) & other.is_not_null())
                .then(other)
                .otherwise(value)
            )
        elif name == "grant_date":
            value = pl.when(undated).then(value).otherwise(pl.coalesce(value, other))
        else:
            value = pl.coalesce(value, other)
        filled.append(value.alias(name))
    return rows.with_columns(filled).drop(f"told_{name}" for name in FIELDS if name not in _SETTLED)


def _added(rows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Add to the lists what completions of the same publication list, each entry once, and renew the status.

    The status is that of the application, whichever of its publications names it.
    """
    status = told.group_by("target", maintain_order=True).agg(told_status=pl.col("status").drop_nulls().last())
    own = told.filter("own").with_columns(pl.col(name).fill_null([]) for name in _LISTS)
    lists = own.group_by("target", maintain_order=True).agg(
        pl.col(name).list.explode(empty_as_null=False).alias(f"told_{name}") for name in _LISTS
    )
    rows = rows.join(status, left_on="id", right_on="target", how="left")
    rows = rows.join(lists, left_on="id", right_on="target", how="left")
    joined = [
        pl.concat_list(pl.col(name).fill_null([]), pl.col(f"told_{name}").fill_null([]))
        .list.unique(maintain_order=True)
        .alias(name)
        for name in _LISTS
    ]
    return rows.with_columns(*joined, status=pl.coalesce("told_status", "status")).drop(
        "told_status", *(f"told_{name}" for name in _LISTS)
    )
