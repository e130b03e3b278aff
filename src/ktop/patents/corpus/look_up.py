"""The look-up key of patent numbers (``ktop.domain.patent.numbers.look_up_key``) in SQL and in Polars."""

from __future__ import annotations

import re

import polars as pl

from ktop.domain.patent.numbers import LookUpRules, look_up_rules
from ktop.patents.corpus.database import Database, quoted

#: Only numbers that begin so are written in two ways; the patterns are asked for no others.
_TWO_WAYS = r"^(?:WO|JPWO|US[PR]\d|BRPI|DKPA)"


def make_look_up_macros(db: Database) -> None:
    """Define the SQL functions that ``with_keys`` uses."""
    rules = look_up_rules()
    same = "number"
    for pattern, written in rules.same:
        same = f"regexp_replace({same}, {quoted(pattern)}, {quoted(_one_digit(written))})"
    db.run(
        f"CREATE OR REPLACE TEMP MACRO same_number(number) AS "
        f"CASE WHEN regexp_matches(number, {quoted(_TWO_WAYS)}) THEN {same} ELSE number END"
    )
    db.run(
        f"CREATE OR REPLACE TEMP MACRO without_kind(number) AS "
        f"CASE WHEN regexp_full_match(number, {quoted(rules.ends_in_letter)}) THEN number "
        f"ELSE regexp_replace(number, {quoted(rules.with_kind)}, '\\1') END"
    )
    series = " ".join(
        f"WHEN regexp_full_match(body, {quoted(rule.number)}) THEN CASE WHEN kind = '' OR "
        f"contains({quoted(rule.together)}, kind) THEN body ELSE body || '/' || kind END"
        for rule in rules.series
    )
    db.run(f"CREATE OR REPLACE TEMP MACRO of_series(body, kind) AS CASE {series} ELSE body END")


def with_keys(query: str) -> str:
    """Return SQL for the rows of a query with a column ``key``, the look-up key of their ``number``.

    Needs ``make_look_up_macros``. Step by step: planned as one expression, its patterns took 50 ms.
    """
    same = f"FROM ({query}) SELECT *, same_number(number) AS same"
    bare = f"FROM ({same}) SELECT *, without_kind(same) AS bare"
    return f"FROM ({bare}) SELECT * EXCLUDE (same, bare), of_series(bare, substr(same, length(bare) + 1, 1)) AS key"


def look_up_key(number: pl.Expr) -> pl.Expr:
    """Return the key of a column of normalised numbers."""
    return number.map_batches(_keys, return_dtype=pl.String, is_elementwise=True)


def same_number(number: pl.Expr) -> pl.Expr:
    """Return numbers that sources write in two ways in one of them; only for comparing."""
    same = number
    for pattern, written in look_up_rules().same:
        same = same.str.replace(pattern, _braced(written))
    return pl.when(number.str.contains(_TWO_WAYS)).then(same).otherwise(number)


def without_kind(number: pl.Expr) -> pl.Expr:
    """Return numbers without their kind code, as they are where they have none."""
    rules = look_up_rules()
    bare = number.str.replace(rules.with_kind, "$1")
    return pl.when(number.str.contains(f"^(?:{rules.ends_in_letter})$")).then(number).otherwise(bare)


def _keys(numbers: pl.Series) -> pl.Series:
    """Work out the keys step by step: as one expression, its patterns are compiled and asked dozens of times."""
    same = numbers.to_frame("number").select(number=same_number(pl.col("number")))
    bodies = same.with_columns(body=without_kind(pl.col("number")))
    return bodies.select(_of_series(pl.col("number"), pl.col("body"), look_up_rules())).to_series()


def _of_series(number: pl.Expr, body: pl.Expr, rules: LookUpRules) -> pl.Expr:
    kind = number.str.slice(body.str.len_chars(), 1)
    key = body
    for rule in reversed(rules.series):
        other = (kind != "") & ~pl.lit(rule.together).str.contains(kind, literal=True)
        of_rule = pl.when(other).then(pl.concat_str(body, pl.lit("/"), kind)).otherwise(body)
        key = pl.when(body.str.contains(f"^(?:{rule.number})$")).then(of_rule).otherwise(key)
    return key


def _one_digit(written: str) -> str:
    r"""Return a replacement as RE2 reads it, where ``\20`` is group 2 and a zero."""
    return re.sub(r"\\g<(\d)>", r"\\\1", written)


def _braced(written: str) -> str:
    """Return a replacement as Polars reads it."""
    return re.sub(r"\\(\d)", r"${\1}", _one_digit(written).replace("$", "$$"))
