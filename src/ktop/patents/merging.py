"""Decides which of many publications stand in the corpus: one per application, the newest, with the others' numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ktop.patents.corpus import SCHEMA, STORED_SCHEMA, UNDATED, Corpus

#: Sequence number of records that stand in the corpus already; staged ones are numbered from 0.
_STORED = -1
#: Kind codes of granted rights; a grant is newer than the application, also where a source prints no day.
_GRANT = r"[BCESY]\d?$"


@dataclass(frozen=True, slots=True)
class Changes:
    """Patents of one year that an import added, changed, and found as they were."""

    new: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Which record stands for each invention that an import touches.

    Parameters
    ----------
    winners : a row per invention: ``seq`` of the record that stands, its ``id`` and ``year``, ``numbers`` (all others
        that the invention is known by) and ``stood`` (whether the corpus had it).
    replaced : ``id`` and ``year`` of every stored row of these inventions.
    offsets : staged year → sequence number of its first row.
    """

    winners: pl.DataFrame
    replaced: pl.DataFrame
    offsets: Mapping[int, int]

    @property
    def years(self) -> frozenset[int]:
        """Years that gain, lose or confirm a row."""
        return frozenset(self.winners["year"].to_list()) | frozenset(self.replaced["year"].to_list())


def plan(corpus: Corpus, staged: Mapping[int, Sequence[Path]]) -> Plan:
    """Return which records stand once ``staged`` (year → files, in the order read) is in the corpus.

    Records are one invention where they have the same id or the same application, or where one without an application
    is named by another as a publication of its own. Of these the newest publication stands, a grant before an
    application; of equally new ones that which was read last.
    """
    offsets: dict[int, int] = {}
    pieces: list[pl.DataFrame] = []
    position = 0
    for year in sorted(staged):
        offsets[year] = position
        keys = _keys(pl.scan_parquet(list(staged[year])).with_row_index("seq")).collect()
        pieces.append(keys.with_columns(pl.col("seq") + position))
        position += keys.height
    stored = _keys(corpus.patents().with_columns(seq=pl.lit(_STORED))).collect()
    if not pieces:
        empty = stored.clear()
        return Plan(_winners(_grouped(empty)), empty.select("id", "year"), offsets)
    incoming = pl.concat(pieces)
    both = _grouped(pl.concat([_touched(stored, incoming), incoming]))
    both = both.join(both.filter(pl.col("seq") > _STORED).select("group").unique(), on="group", how="semi")
    return Plan(_winners(both), both.filter(pl.col("seq") == _STORED).select("id", "year"), offsets)


def merge_year(
    planned: Plan, year: int, before: pl.DataFrame | None, staged: Sequence[Path]
) -> tuple[pl.DataFrame, Changes]:
    """Return the rows of a year after the import, by date and id, and what changed in it.

    Parameters
    ----------
    before : the year's stored rows, None where it has none.
    staged : the year's staged files, in the order read.
    """
    before = before if before is not None else pl.DataFrame(schema=STORED_SCHEMA)
    winners = planned.winners.filter(pl.col("year") == year).select("seq", "id", "stood", final="numbers")
    kept = before.join(planned.replaced, on="id", how="anti")
    arrived = pl.DataFrame(schema=STORED_SCHEMA)
    if staged:
        rows = pl.scan_parquet(list(staged)).with_row_index("seq")
        rows = rows.with_columns(pl.col("seq").cast(pl.Int64) + planned.offsets[year])
        arrived = _renumbered(rows.join(winners.lazy(), on="seq").collect())
    confirmed = winners.filter(pl.col("seq") == _STORED).drop("seq")
    standing = _renumbered(before.drop("digest").join(confirmed, on="id"))
    changed = pl.concat([arrived, standing])
    same = changed.join(before.select("id", "digest"), on=["id", "digest"], how="semi").height
    new = winners.filter(~pl.col("stood")).height
    after = pl.concat([kept, changed]).sort("known_from", "id", nulls_last=True)
    return after, Changes(new, changed.height - same - new, same)


def digest_of(frame: pl.DataFrame) -> str:
    """Return a digest of the rows of a year in their order."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(frame["digest"].to_numpy().astype("<u8").tobytes())
    return digest.hexdigest()


def _keys(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return what merging must know of each row, some 100 bytes."""
    return rows.select(
        pl.col("seq").cast(pl.Int64),
        "id",
        "application",
        granted=pl.col("id").str.contains(_GRANT),
        day=pl.coalesce("publication_date", "grant_date"),
        year=pl.col("known_from").dt.year().cast(pl.Int32).fill_null(UNDATED),
        numbers="also_published_as",
    )


def _touched(stored: pl.DataFrame, incoming: pl.DataFrame) -> pl.DataFrame:
    """Return the stored rows that share an id, an application or another number with a staged record."""
    numbers = _names(incoming).select("number").unique()
    by_number = _names(stored).join(numbers, on="number", how="semi").select("id")
    applications = incoming.select("application").drop_nulls().unique()
    by_application = stored.join(applications, on="application", how="semi").select("id")
    return stored.join(pl.concat([by_number, by_application]).unique(), on="id", how="semi")


def _names(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``number`` and ``id`` for every number of a row, its id included."""
    others = rows.select("id", number="numbers").filter(pl.col("number").list.len() > 0).explode("number")
    return pl.concat([rows.select("id", number="id"), others.drop_nulls("number")])


def _grouped(rows: pl.DataFrame) -> pl.DataFrame:
    """Add ``group``: the application where one is known for the id, else the record that names it, else the id."""
    applications = rows.drop_nulls("application").group_by("id").agg(application_of_id=pl.col("application").max())
    rows = rows.join(applications, on="id", how="left", maintain_order="left")
    own = pl.lit("application ") + pl.col("application_of_id")
    named = (
        rows.filter(pl.col("numbers").list.len() > 0)
        .select(namer=pl.coalesce(own, pl.lit("id ") + pl.col("id")), number="numbers")
        .explode("number")
        .drop_nulls("number")
        .group_by("number")
        .agg(pl.col("namer").min())
    )
    rows = rows.join(named, left_on="id", right_on="number", how="left", maintain_order="left")
    group = pl.coalesce(own, "namer", pl.lit("id ") + pl.col("id"))
    return rows.with_columns(group=group).drop("application_of_id", "namer")


def _winners(both: pl.DataFrame) -> pl.DataFrame:
    """Return the record that stands for each group, with the other numbers of the group in order."""
    standing = (
        both.sort("group", "granted", "day", "seq", nulls_last=False)
        .group_by("group", maintain_order=True)
        .agg(pl.last("seq", "id", "year"), stood=(pl.col("seq") == _STORED).any())
    )
    others = (
        pl.concat(
            [
                both.select("group", number="id"),
                both.filter(pl.col("numbers").list.len() > 0).select("group", number="numbers").explode("number"),
            ]
        )
        .join(standing.select("group", "id"), on="group")
        .filter(pl.col("number") != pl.col("id"))
        .group_by("group")
        .agg(numbers=pl.col("number").unique().sort())
    )
    return standing.join(others, on="group", how="left", maintain_order="left").with_columns(
        pl.col("numbers").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    )


def _renumbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows as they are stored: ``final`` as their other numbers, and a digest over all columns."""
    rows = rows.with_columns(also_published_as="final").select(list(SCHEMA))
    digests = [
        int.from_bytes(hashlib.blake2b(repr(row).encode("utf-8", "replace"), digest_size=8).digest(), "big")
        for row in rows.iter_rows()
    ]
    return rows.with_columns(digest=pl.Series(digests, dtype=pl.UInt64))
