"""Rows of a table that are no company of their own: totals, notes, repeated headings, rows of a merged company."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.frame_columns import PLAIN_TEXT
from ktop.domain.company.headings import fact_words, folded, heading_of
from ktop.domain.company.row_problems import RowProblems
from ktop.domain.values.kind import MISSING_WORDS, as_seen, half_width
from ktop.kernel.tables import Table

#: Facts that tell companies apart.
IDENTITY = ("company_id", "name", "name_en", "business_number", "corporate_number")
#: Facts that a row of sums and means cannot have: one with any of them is a company, whatever it is called.
_OF_ONE_COMPANY = ("business_number", "corporate_number", "industry", "founded")
_COUNTED = r"(?:[(\[:]?[0-9][0-9,]*(?:개사|개|건|명|사|firms|companies|rows)?[)\]]?)?"
#: What total rows are called, without spaces: 합계, 소 계, 서울 소계, 총계(12개사), Grand total.
_TOTAL = re.compile(
    rf"(?:.{{0,20}}?(?:합계|소계|총계|누계|총합|중간계|평균|평균값)|계|합|총|전체|중앙값|중위값|중위수|표준편차|최대|최소|최댓값|최솟값"
    rf"|최대값|최소값|(?:grand|sub|over)?-?total|totals|sum|sums|average|averages|avg|mean|median|minimum|maximum|σ|∑)"
    rf"(?:행|row)?:?{_COUNTED}"
)
#: What no company is called: such a row may even name its industry.
_ONLY_A_TOTAL = re.compile(rf"(?:총?합계|소계|총계|누계|중간계|계|평균){_COUNTED}")
_TOTAL_LAST_WORD = re.compile(r".+\s(?:grand |sub-?)?total", re.IGNORECASE)
_LED = r"주석?|자료|출처|비고|참고|작성|기준|단위|담당|notes?|sources?|prepared|as of|units?"
#: How notes below or between the rows begin.
_NOTE = re.compile(
    rf"[※*☞▶]|\[?(?:{_LED})\]?\s*[0-9]*\s*[):.：]|\(주[0-9 )]|-?\s*(?:이하\s*여백|이상\s*끝|끝|以下\s*餘白)",
    re.IGNORECASE,
)
#: What totals hold, and how totals and notes begin: the quick way of a whole column; each such text is then looked at.
_HELD = ["합계", "소계", "총계", "누계", "총합", "중간계", "평균", "total"]
_BEGUN = (
    r"(?i)^[^가-힣a-z]*(?:계|합|총|전체|중[앙위][값수]|표준편차|최[대소댓솟]값?|sums?|averages?|avg|mean|median|minimum|maximum)"
    rf"[^가-힣a-z]*$|^(?:[※*☞▶\[σ∑]|(?:{_LED})\]?[0-9]*[):.：]|\(주[0-9)]|-?(?:이하|이상|끝|以))"
)


def set_aside(table: Table, chosen: Mapping[str, str], problems: RowProblems) -> pl.DataFrame:
    """Refuse the rows that are no company of their own, each with its reason, and return the frame without their cells.

    ``chosen`` : fact → column. A cell that several rows share goes to each of them where it is text, a day or a choice;
    an amount or a count that does so is marked as an error, for it is not clear whose it is.
    """
    frame = table.frame
    rows: dict[int, tuple[str, dict[str, Any]]] = {}
    for row, told in table.refused.items():
        rows[row] = (told.key, dict(told.params))
    _continued(table, chosen, rows)
    frame = _shared_amounts(table, chosen, frame, rows)
    for row, reason in _unlike_companies(frame, chosen):
        rows.setdefault(row, reason)
    if not rows:
        return frame
    mask = np.zeros(frame.height, dtype=bool)
    for row, (key, params) in rows.items():
        mask[row] = True
        problems.refuse_row(row, key, params)
    gone = pl.Series(mask)
    kept = {chosen[fact] for fact in IDENTITY if fact in chosen}
    return frame.with_columns(
        pl.when(gone).then(None).otherwise(pl.col(column)).alias(column)
        for column in chosen.values()
        if column not in kept or _is_nested(frame.schema[column])
    )


def _is_nested(kind: pl.DataType) -> bool:
    return kind.is_nested()


def _continued(table: Table, chosen: Mapping[str, str], rows: dict[int, tuple[str, dict[str, Any]]]) -> None:
    """Refuse the further rows of a company whose name or number is merged over several rows."""
    names = {column: fact for fact, column in chosen.items() if fact in IDENTITY}
    for merge in table.merged:
        if merge.column in names:
            for row in range(merge.first + 1, merge.last + 1):
                named = chosen.get("name", merge.column)
                company = str(table.frame[named][merge.first] or table.frame[merge.column][row])[:40]
                rows.setdefault(
                    row,
                    (
                        "facts.row_continues",
                        {"name": company, "row": table.begins + merge.first + 1, "cells": merge.cells},
                    ),
                )


def _shared_amounts(
    table: Table, chosen: Mapping[str, str], frame: pl.DataFrame, rows: Mapping[int, tuple[str, dict[str, Any]]]
) -> pl.DataFrame:
    amounts = {column for fact, column in chosen.items() if FACTS[fact].kind in ("number", "integer")}
    marked: dict[str, dict[int, str]] = {}
    for merge in table.merged:
        companies = [row for row in range(merge.first, merge.last + 1) if row not in rows]
        if merge.column in amounts and len(companies) > 1:
            marked.setdefault(merge.column, {}).update(dict.fromkeys(companies, f"#MERGED! ({merge.cells})"))
    for column, cells in marked.items():
        text = [cells.get(row, value) for row, value in enumerate(frame[column].cast(pl.String).to_list())]
        frame = frame.with_columns(pl.Series(column, text, dtype=pl.String))
    return frame


def _unlike_companies(
    frame: pl.DataFrame, chosen: Mapping[str, str]
) -> Iterator[tuple[int, tuple[str, dict[str, Any]]]]:
    """Yield the rows whose words say that they are no company, and those that say nothing of whose they are."""
    named = {fact: _text(frame[chosen[fact]]) for fact in IDENTITY if fact in chosen}
    if not named:
        return
    doubtful = np.zeros(frame.height, dtype=bool)
    nameless = np.ones(frame.height, dtype=bool)
    for fact, words in named.items():
        if nameless.any():
            nameless &= _blank(words)
        if fact in ("company_id", "name"):
            close = words.str.replace_all(" ", "", literal=True)
            heading = close.str.to_lowercase().is_in(_own_words(fact))
            held = close.str.contains_any(_HELD, ascii_case_insensitive=True)
            odd = ~words.str.contains(PLAIN_TEXT)  # full-width letters, no-break spaces: looked at one by one
            doubtful |= (held | close.str.contains(_BEGUN) | heading | odd).fill_null(False).to_numpy()
    for row in np.flatnonzero(doubtful | nameless).tolist():
        words_of = {fact: as_seen(words[row] or "") for fact, words in named.items()}
        if not nameless[row] and not any(
            _is_total(word) or _NOTE.match(word) or folded(word) in fact_words() for word in words_of.values() if word
        ):
            continue
        cells = [as_seen(str(cell)) for cell in frame.row(row) if cell is not None]
        filled = [cell for cell in cells if cell.casefold() not in MISSING_WORDS]
        if not filled:
            continue  # an empty row is told as one
        if reason := _reason(frame, chosen, row, words_of, filled, bool(nameless[row])):
            yield row, reason


def _reason(
    frame: pl.DataFrame,
    chosen: Mapping[str, str],
    row: int,
    words: Mapping[str, str],
    filled: list[str],
    nameless: bool,
) -> tuple[str, dict[str, Any]] | None:
    headings = sum(
        (found := heading_of(str(frame[column][row] or ""))) is not None and found.fact == fact
        for fact, column in chosen.items()
    )
    if headings >= 2 or (headings and len(filled) == 1):
        return "facts.heading_row", {}
    own = any(_filled(frame, chosen, fact, row) for fact in _OF_ONE_COMPANY)
    looked = filled if nameless else [words.get("name", ""), words.get("company_id", "")]
    total = next((word for word in looked if word and _is_total(word)), None)
    if total is not None and _ONLY_A_TOTAL.fullmatch("".join(half_width(total).split())):  # a subtotal of an industry
        own = any(_filled(frame, chosen, fact, row) for fact in ("business_number", "corporate_number"))
    if total is not None and not own:
        return "facts.total_row", {"words": total[:40]}
    if _NOTE.match(filled[0]) and (len(filled) == 1 or (len(filled) == 2 and not own) or filled[0][0] == "※"):
        return "facts.note_row", {"words": filled[0][:40]}
    if nameless:
        return ("facts.note_row", {"words": filled[0][:40]}) if len(filled) == 1 else ("facts.row_nameless", {})
    return None


def _is_total(word: str) -> bool:
    word = half_width(word)
    plain = "".join(word.split()).casefold()
    return _TOTAL.fullmatch(plain) is not None or _TOTAL_LAST_WORD.fullmatch(word) is not None


def _filled(frame: pl.DataFrame, chosen: Mapping[str, str], fact: str, row: int) -> bool:
    if fact not in chosen:
        return False
    cell = frame[chosen[fact]][row]
    return cell is not None and as_seen(str(cell)).casefold() not in MISSING_WORDS


def _text(series: pl.Series) -> pl.Series:
    if series.dtype.is_nested() or series.dtype == pl.Binary:
        return pl.Series([None] * len(series), dtype=pl.String)
    return series.cast(pl.String, strict=False).str.strip_chars()


def _blank(words: pl.Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    blank: np.ndarray[Any, np.dtype[np.bool_]] = (
        (words.str.to_lowercase().is_in(list(MISSING_WORDS)) | words.is_null() | (words == "NaN"))
        .fill_null(True)
        .to_numpy()
    )
    return blank


@functools.cache
def _own_words(fact: str) -> list[str]:
    """Return the headings of a fact, as ``close`` lower-case words are compared with them."""
    return [word for word, meant in fact_words().items() if meant == fact]
