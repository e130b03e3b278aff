"""Decides which of many publications stand in the corpus: one per application, the newest, with the others' numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ktop.patents.corpus.corpus import SCHEMA, STORED_SCHEMA, UNDATED, Corpus
from ktop.patents.corpus.database import database, parquet, quoted
from ktop.patents.corpus.look_up import look_up_key, same_number, without_kind
from ktop.patents.corpus.record_supplements import completed

#: Sequence number of records that stand in the corpus already; staged ones are numbered from 0.
_STORED = -1
#: Kind codes of granted rights; a grant is newer than the application, also where a source prints no day.
_GRANT = r"[BCESY]\d?$"
#: Check letters of Singapore look like kind codes of grants.
_NO_KIND = r"^SG\d{11}[P-Y]$"
WANTED_SCHEMA: dict[str, pl.DataType] = {
    "number": pl.String(),
    "of_application": pl.Boolean(),
    "filing": pl.Date(),
    "publication": pl.Date(),
}


@dataclass(frozen=True, slots=True)
class Changes:
    """Patents of one year that an import added, changed, and found as they were."""

    new: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Which record stands for each invention that an import touches, and which others tell more about it.

    Parameters
    ----------
    winners : a row per invention: ``seq`` of the record that stands, its ``id``, the ``year`` that it was read in,
        ``final_year`` that it belongs to, ``filing`` and ``publication`` (its dates, those of its donors where it has
        none), ``numbers`` (all others that the invention is known by) and ``stood`` (whether the corpus had it).
    donors : the records that do not stand: ``seq``, ``id`` and ``year`` as above, ``target`` (the id that stands) with
        ``final_year``, and ``rank`` (0 for the newest).
    replaced : ``id`` and ``year`` of every stored row of these inventions.
    names : ``number`` and ``of_application`` → ``target``, its ``final_year`` and whether the number is its ``own``.
    offsets : staged year → sequence number of its first row.
    """

    winners: pl.DataFrame
    donors: pl.DataFrame
    replaced: pl.DataFrame
    names: pl.DataFrame
    offsets: Mapping[int, int]

    @property
    def years(self) -> frozenset[int]:
        """Years that gain, lose or confirm a row."""
        return frozenset(self.winners["final_year"].to_list()) | frozenset(self.replaced["year"].to_list())

    @property
    def superseded(self) -> int:
        """Staged records that do not stand: older publications, and earlier copies, of patents that do."""
        return self.donors.filter(pl.col("seq") > _STORED).height


def plan(corpus: Corpus, staged: Mapping[int, Sequence[Path]], completions: pl.DataFrame | None = None) -> Plan:
    """Return which records stand once ``staged`` (year → files, in the order read) is in the corpus.

    Records are one invention where they have the same id or the same application, or where one without an application
    is named by another as a publication of its own. Of these the newest publication stands, a grant before an
    application; of equally new ones that which was read last.

    Parameters
    ----------
    completions : ``number``, ``of_application``, ``filing`` and ``publication`` (dates or null) of each patent that
        completions name; None where there are none.
    """
    wanted = pl.DataFrame(schema=WANTED_SCHEMA) if completions is None else completions
    offsets: dict[int, int] = {}
    pieces: list[pl.DataFrame] = []
    position = 0
    for year in sorted(staged):
        offsets[year] = position
        keys = _keys(pl.scan_parquet(list(staged[year])).with_row_index("seq")).collect()
        pieces.append(keys.with_columns(pl.col("seq") + position))
        position += keys.height
    stored = _keys(corpus.patents().with_columns(seq=pl.lit(_STORED))).collect()
    incoming = pl.concat(pieces) if pieces else stored.clear()
    both = _grouped(pl.concat([_touched(stored, incoming, wanted), incoming]))
    named = _names(both).join(wanted, on=["number", "of_application"], how="semi")
    touched = pl.concat([both.filter(pl.col("seq") > _STORED).select("group"), named.select("group")]).unique()
    both = both.join(touched, on="group", how="semi")
    winners = _dated(_winners(both), both, named, wanted)
    targets = winners.select("group", "final_year", target="id", standing="seq")
    donors = (
        both.sort("granted", "day", "seq", descending=True, nulls_last=True)
        .with_columns(rank=pl.int_range(pl.len()))
        .join(targets, on="group")
        .filter((pl.col("id") != pl.col("target")) | (pl.col("seq") != pl.col("standing")))
        .select("seq", "id", "year", "target", "final_year", "rank")
    )
    names = (
        named.join(targets, on="group")
        .with_columns(
            own=pl.col("of_application")
            | (pl.col("number") == pl.col("target"))
            | (pl.col("number") == _kindless("target")).fill_null(value=False)
        )
        .sort("own", "number", "target", descending=[True, False, False])
        .unique(["number", "of_application"], keep="first", maintain_order=True)
        .select("number", "of_application", "target", "final_year", "own")
    )
    replaced = both.filter(pl.col("seq") == _STORED).select("id", "year")
    return Plan(winners.drop("group"), donors, replaced, names, offsets)


def merge_year(
    planned: Plan,
    year: int,
    stored: Mapping[int, Path],
    staged: Mapping[int, Sequence[Path]],
    completions: Sequence[Path] = (),
) -> tuple[pl.DataFrame, Changes]:
    """Return the rows of a year after the import, by date and id, and what changed in it.

    Parameters
    ----------
    stored : year → the corpus's file.
    staged : year → staged files, in the order read.
    completions : files of what completes patents of this year, as ``completing.routed`` writes them.
    """
    before = pl.read_parquet(stored[year]) if year in stored else pl.DataFrame(schema=STORED_SCHEMA)
    winners = planned.winners.filter(pl.col("final_year") == year)
    donors = planned.donors.filter(pl.col("final_year") == year)
    kept = before.join(planned.replaced, on="id", how="anti")
    standing = _taken(planned, winners, stored, staged).drop("also_published_as")
    standing = standing.join(winners.select("id", "filing", "publication", also_published_as="numbers"), on="id")
    others = _taken(planned, donors, stored, staged)
    changed = _stored_form(completed(standing, others, [pl.read_parquet(file) for file in completions]))
    same = changed.join(before.select("id", "digest"), on=["id", "digest"], how="semi").height
    new = winners.filter(~pl.col("stood")).height
    after = pl.concat([kept, changed]).sort("known_from", "id", nulls_last=True)
    return after, Changes(new, changed.height - same - new, same)


def _taken(
    planned: Plan, chosen: pl.DataFrame, stored: Mapping[int, Path], staged: Mapping[int, Sequence[Path]]
) -> pl.DataFrame:
    """Return the chosen records whole, from wherever they lie, with the columns of ``chosen`` that tell them apart."""
    extra = [name for name in ("target", "rank") if name in chosen.columns]
    pieces = [pl.DataFrame(schema=SCHEMA | {name: chosen.schema[name] for name in extra})]
    for (year,), part in chosen.group_by("year"):
        origin = int(str(year))
        old = part.filter(pl.col("seq") == _STORED).select("id", *extra)
        if old.height:
            pieces.append(pl.scan_parquet(stored[origin]).drop("digest").join(old.lazy(), on="id").collect())
        fresh = part.filter(pl.col("seq") > _STORED).select("seq", *extra)
        if fresh.height:
            rows = pl.scan_parquet(list(staged[origin])).with_row_index("seq")
            rows = rows.with_columns(pl.col("seq").cast(pl.Int64) + planned.offsets[origin])
            pieces.append(rows.join(fresh.lazy(), on="seq").drop("seq").collect())
    return pl.concat([piece.select(pieces[0].columns) for piece in pieces])


def digest_of(frame: pl.DataFrame) -> str:
    """Return a digest of the rows of a year in their order."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(frame["digest"].to_numpy().astype("<u8").tobytes())
    return digest.hexdigest()


def merge_citations(old: Path | None, staged: Sequence[Path], target: Path) -> tuple[str, int]:
    """Write the citation table of ``old`` and ``staged`` together to ``target``, each citation once, sorted.

    A citation keeps the category that was read first. Works on disk where memory does not reach.

    Returns
    -------
    digest of the content, number of rows.
    """
    files = [*([] if old is None else [old]), *staged]
    listed = ", ".join(quoted("".join(f"[{sign}]" if sign in "[*?" else sign for sign in str(file))) for file in files)
    read = f"read_parquet([{listed}], hive_partitioning = false, filename = true, file_row_number = true)"
    first = "" if old is None else f"CASE WHEN filename = {quoted(str(old))} THEN '' ELSE filename END || "
    place = f"{first or 'filename || '}printf('%012d', file_row_number)"
    with database(target.parent) as db:
        db.write(
            f"SELECT citing, cited, arg_min(category, {place}) AS category FROM {read} "  # noqa: S608 - our own files
            "GROUP BY citing, cited ORDER BY citing, cited",
            target,
        )
        rows, digest = db.rows(
            "SELECT count(*), bit_xor(md5_number_lower(concat_ws(chr(31), citing, cited, coalesce(category, '')))) "  # noqa: S608
            f"FROM {parquet(target)}"
        )[0]
    return f"{digest or 0:016x}", rows


def _keys(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return what merging must know of each row, some 100 bytes."""
    return rows.select(
        pl.col("seq").cast(pl.Int64),
        "id",
        "application",
        granted=pl.col("id").str.contains(_GRANT) & ~pl.col("id").str.contains(_NO_KIND),
        day=pl.coalesce("publication_date", "grant_date"),
        year=pl.col("known_from").dt.year().cast(pl.Int32).fill_null(UNDATED),
        numbers="also_published_as",
        filing="filing_date",
    )


def _touched(stored: pl.DataFrame, incoming: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """Return the stored rows that share a number, with or without its kind code, or an application with a staged one.

    Some may turn out to be of another group (another publication of an application that neither names): they stay.
    """
    told = [_numbers(incoming).select("number"), wanted.filter(~pl.col("of_application")).select("number")]
    keys = pl.concat(told).unique().select(key=look_up_key(pl.col("number"))).unique()
    stored_keys = _numbers(stored).select("id", key=look_up_key(pl.col("number")))
    by_number = stored_keys.join(keys, on="key", how="semi").select("id")
    applications = pl.concat(
        [incoming.select("application"), wanted.filter("of_application").select(application="number")]
    )
    by_application = stored.join(applications.drop_nulls().unique(), on="application", how="semi").select("id")
    return stored.join(pl.concat([by_number, by_application]).unique(), on="id", how="semi")


def _kindless(column: str) -> pl.Expr:
    """Return the number without its kind code where it may stand for it, null where it would mean another document."""
    number = pl.col(column)
    return pl.when(~look_up_key(number).str.contains("/")).then(without_kind(number))


def _numbers(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``number`` and ``id`` for every number of a row, its id included."""
    others = rows.select("id", number="numbers").filter(pl.col("number").list.len() > 0).explode("number")
    return pl.concat([rows.select("id", number="id"), others.drop_nulls("number")])


def _names(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``number``, ``of_application``, ``id`` and ``group`` for everything that completions may call a row."""
    groups = rows.select("id", "group").unique()
    numbers = pl.concat([_numbers(rows), rows.select("id", number=_kindless("id")).drop_nulls()]).unique()
    applications = rows.select("id", number="application").drop_nulls().unique()
    both = [numbers.with_columns(of_application=False), applications.with_columns(of_application=True)]
    return pl.concat(both).join(groups, on="id").select("number", "of_application", "id", "group")


def _dated(winners: pl.DataFrame, both: pl.DataFrame, named: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """Add the dates of what stands, from others of its group where it has none, and the year that it belongs to."""
    newest = both.sort("granted", "day", "seq", descending=True, nulls_last=True)
    filed = newest.drop_nulls("filing").group_by("group").agg(other_filing=pl.first("filing"))
    by_group = named.join(wanted, on=["number", "of_application"]).group_by("group")
    told = by_group.agg(told_filing=pl.col("filing").min(), told_publication=pl.col("publication").min())
    dated = winners.join(filed, on="group", how="left").join(told, on="group", how="left")
    dated = dated.with_columns(
        filing=pl.coalesce("filing", "other_filing", "told_filing"), publication=pl.coalesce("day", "told_publication")
    )
    known = pl.coalesce("filing", "publication")
    year = known.dt.year().cast(pl.Int32).fill_null(UNDATED)
    return dated.with_columns(final_year=year).drop("other_filing", "told_filing", "told_publication", "day")


def _grouped(rows: pl.DataFrame) -> pl.DataFrame:
    """Add ``group``: the application where one is known for the id, else the record that names it, else the number.

    A number without its kind code is the same as with it, where its office gives it to one invention; so are those of
    one publication that sources write in two ways. US numbers are the same whatever the kind code.
    """
    applications = rows.drop_nulls("application").group_by("id").agg(application_of_id=pl.col("application").max())
    rows = rows.join(applications, on="id", how="left", maintain_order="left")
    told = _numbers(rows).filter(pl.col("number") == without_kind(pl.col("number")))
    loose = told.select(key=look_up_key(pl.col("number"))).unique().with_columns(loose=pl.lit(value=True))
    rows = rows.with_columns(key=look_up_key(pl.col("id")))
    rows = rows.join(loose, on="key", how="left", maintain_order="left")
    by_key = pl.col("loose").fill_null(value=False) | pl.col("id").str.starts_with("US")
    rows = rows.with_columns(bare=pl.when(by_key).then("key").otherwise(same_number(pl.col("id")))).drop("key", "loose")
    by_bare = rows.drop_nulls("application_of_id").group_by("bare").agg(of_bare=pl.col("application_of_id").max())
    rows = rows.join(by_bare, on="bare", how="left", maintain_order="left")
    rows = rows.with_columns(application_of_id=pl.coalesce("application_of_id", "of_bare")).drop("of_bare")
    own = pl.lit("application ") + pl.col("application_of_id")
    named = (
        rows.filter(pl.col("numbers").list.len() > 0)
        .select(namer=pl.coalesce(own, pl.lit("id ") + pl.col("bare")), number="numbers")
        .explode("number")
        .drop_nulls("number")
        .group_by("number")
        .agg(pl.col("namer").min())
    )
    rows = rows.join(named, left_on="id", right_on="number", how="left", maintain_order="left")
    group = pl.coalesce(own, "namer", pl.lit("id ") + pl.col("bare"))
    return rows.with_columns(group=group).drop("application_of_id", "namer", "bare")


def _winners(both: pl.DataFrame) -> pl.DataFrame:
    """Return the record that stands for each group, with the other numbers of the group in order."""
    standing = (
        both.sort("group", "granted", "day", "seq", nulls_last=False)
        .group_by("group", maintain_order=True)
        .agg(pl.last("seq", "id", "year", "day", "filing"), stood=(pl.col("seq") == _STORED).any())
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


def _stored_form(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows as they are stored, with a digest over all columns."""
    rows = rows.select(list(SCHEMA))
    digests = [
        int.from_bytes(hashlib.blake2b(repr(row).encode("utf-8", "replace"), digest_size=8).digest(), "big")
        for row in rows.iter_rows()
    ]
    return rows.with_columns(digest=pl.Series(digests, dtype=pl.UInt64))
