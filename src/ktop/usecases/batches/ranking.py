"""The companies of a rated table in order of their grades, kept beside its answer so that a page can show them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ktop.catalogue import load
from ktop.domain.review.override import tracks_apart
from ktop.usecases.batches.interface import RankedCompany

#: Column of the ranking → columns of the answer that give it, the first that does.
_FROM = {
    "name": ("name",),
    "business_number": ("business_number",),
    "business": ("ktrs_fm_grade_business", "start_up_grade_business"),
    "growth": ("ktrs_fm_grade_growth", "start_up_grade_growth"),
    "risk": ("ktrs_fm_grade_risk", "start_up_grade_risk"),
    "index": ("tech_index_index",),
    "problems": ("problems",),
    "warnings": ("warnings",),
    "name_en": ("name_en",),
}
#: Columns of the answer that hold what each track of a model said, by grade.
_TRACKS = {grade: [f"ktrs_fm_track_{track}_{grade}" for track in ("statistics", "ai")] for grade in ("growth", "risk")}
_KINDS = {name: pl.Float64 if name == "index" else pl.String for name in _FROM}


def ranking_of(answer: pl.DataFrame) -> bytes:
    """Return what is kept of a ranking: a few columns of an answer, in its order, as Parquet."""
    columns = {}
    for name, sources in _FROM.items():
        given = [pl.col(source).cast(_KINDS[name], strict=False) for source in sources if source in answer.columns]
        chosen = pl.coalesce(given) if given else pl.lit(None, dtype=_KINDS[name])
        columns[name] = (
            answer.select(chosen.alias(name)).to_series() if answer.height else pl.Series([], dtype=_KINDS[name])
        )
    columns["apart"] = pl.Series([_apart(row) for row in answer.iter_rows(named=True)], dtype=pl.Int64)
    content = io.BytesIO()
    pl.DataFrame(columns).write_parquet(content, compression="zstd", statistics=False)
    return content.getvalue()


def ranked(kept: bytes) -> Sequence[RankedCompany]:
    """Return the companies in order: by technology-business grade, then by Tech-Index; those without either last."""
    rows = list(pl.read_parquet(io.BytesIO(kept)).iter_rows(named=True))
    symbols = {symbol: place for place, symbol in enumerate(load("grades")["ladders"]["business"]["symbols"])}
    keys = [_key(row["business"], row["index"], symbols) for row in rows]
    order = sorted(range(len(rows)), key=lambda place: (keys[place] is None, keys[place] or (0, 0.0), place))
    companies, rank = [], 0
    for position, place in enumerate(order, start=1):
        if position == 1 or keys[place] != keys[order[position - 2]]:
            rank = position
        companies.append(RankedCompany(place + 1, None if keys[place] is None else rank, **rows[place]))
    return companies


def _apart(row: Mapping[str, Any]) -> int | None:
    """Return by how many grades the two tracks differ at most, None where there are none to compare."""
    said = {grade: {name: row.get(name) for name in names} for grade, names in _TRACKS.items()}
    found = tracks_apart({"details": {"tracks": said}})
    return max(found.values(), default=None)


def _key(grade: str | None, index: float | None, symbols: dict[str, int]) -> tuple[int, float] | None:
    """Return what a company is ranked by, smaller first: a missing grade or index comes after every given one."""
    if grade is None and index is None:
        return None
    return symbols.get(grade or "", len(symbols)), -index if index is not None else 1.0
