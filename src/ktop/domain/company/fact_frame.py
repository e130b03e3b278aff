"""Checks and reads a batch file, one company a row: columns become clean facts, bad rows become reasons."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ktop.catalogue import LANGS, text
from ktop.domain.company.batch_periods import bring_to_a_year, period_columns
from ktop.domain.company.fact_column import missing_column
from ktop.domain.company.fact_spec import FACTS, fact_groups, fact_rules
from ktop.domain.company.headings import (
    Heading,
    fact_words,
    folded,
    heading_of,
    states_foreign_currency,
    unit_in_note,
)
from ktop.domain.company.row_problems import Problem, RowProblems
from ktop.kernel.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from ktop.kernel.tables import Table

__all__ = ["Problem", "RowProblems", "batch_columns", "read_frame", "read_table"]

Columns = dict[str, npt.NDArray[Any]]
# A refused row keeps these, so that an output file can name it.
_KEPT = ("company_id", "name", "name_en", "business_number")
#: Unknown columns named in the warning; a file may have hundreds.
_NAMED = 10


def batch_columns() -> list[dict[str, Any]]:
    """Return the columns of a batch file in order, JSON-ready: name, label, description, unit, range, choices, example.

    Derived facts are left out: they are worked out from the others.
    """
    return [
        {
            "name": spec.name,
            "type": spec.kind,
            "group": spec.group,
            "group_label": dict(fact_groups()[spec.group]),
            "label": dict(spec.label),
            "description": dict(spec.description),
            "unit": spec.unit,
            "unit_label": dict(spec.unit_label) if spec.unit_label else None,
            "minimum": spec.minimum,
            "maximum": spec.maximum,
            "choices": {str(code): dict(words) for code, words in spec.choices.items()},
            "example": spec.example.isoformat() if isinstance(spec.example, date) else spec.example,
            "required": False,
        }
        for spec in FACTS.values()
        if not spec.derived
    ]


def read_frame(frame: pl.DataFrame, as_of: date, ignore: Sequence[str] = ()) -> tuple[Columns, RowProblems]:
    """Return the clean columns of the facts a frame holds, and what is wrong with its rows; see ``read_table``."""
    from ktop.kernel.tables import Table

    return read_table(Table(frame), as_of, ignore)


def read_table(table: Table, as_of: date, ignore: Sequence[str] = ()) -> tuple[Columns, RowProblems]:
    """Return the clean columns of the facts a table holds, and what is wrong with its rows.

    Columns are named as the facts or by their Korean or English label; order does not matter. A unit of money that a
    heading or a note above the table states is applied and told. A refused row has every fact missing except its names
    and numbers of identity. Raises ``InputError`` where no column is a fact, two mean the same one, the units stated
    are several, or a column of a fact is of a kind that holds no single values.
    """
    from ktop.domain.company.set_aside import set_aside

    problems = RowProblems.none_yet(table.frame.height)
    periods = period_columns(table.frame.columns)
    chosen, headings = _match(table.frame.columns, (*ignore, *periods.values()), problems)
    _refuse_kinds(table.frame, chosen)
    units = _units(table, chosen, headings, problems)
    frame = set_aside(table, chosen, problems)
    columns = _read(replace(table, frame=frame), chosen, headings, units, problems)
    bring_to_a_year(frame, periods, columns, problems)
    if problems.notes:
        _warn(problems, "periods_other", count=len(problems.notes), row=min(problems.notes) + 1)
    _check_rules(columns, as_of, problems)
    _check_rows(frame, chosen, columns, problems)
    for name, values in columns.items():
        if name not in _KEPT:
            values[~problems.ok] = missing_column(FACTS[name], 1)[0]
    return columns, problems


def _match(
    names: Sequence[str], ignore: Sequence[str], problems: RowProblems
) -> tuple[dict[str, str], dict[str, Heading]]:
    """Return fact → column and fact → what its heading states; columns that are no facts are named in a warning."""
    chosen: dict[str, str] = {}
    headings: dict[str, Heading] = {}
    unknown: list[str] = []
    for column in names:
        heading = heading_of(column)
        if heading is None:
            if states_foreign_currency(column):
                raise InputError("facts.foreign_currency", heading=_flat(column))
            if column not in ignore:
                unknown.append(column)
        elif heading.fact in chosen:
            raise InputError(
                "facts.column_twice", first=_flat(chosen[heading.fact]), second=_flat(column), name=heading.fact
            )
        else:
            chosen[heading.fact] = column
            headings[heading.fact] = heading
    if not chosen:
        raise InputError("facts.no_fact_columns")
    far = []
    for column in unknown:
        near = _nearest(folded(column)[:60])
        if near is not None and near not in chosen:
            _warn(problems, "unknown_column_near", name=_flat(column), nearest=near)
        else:
            far.append(_flat(column))
    if far:
        listed = ", ".join(far[:_NAMED]) + (" …" if len(far) > _NAMED else "")
        _warn(problems, "unknown_columns", count=len(far), names=listed)
    return chosen, headings


@functools.lru_cache(maxsize=4096)
def _nearest(word: str) -> str | None:
    """Return the fact whose heading a word is close to, None where it is close to none."""
    words = fact_words()
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.85)
    return words[near[0]] if near else None


def _flat(column: str) -> str:
    """Return a column's name as sentences show it."""
    return " ".join(column.split())[:40]


def _refuse_kinds(frame: pl.DataFrame, chosen: dict[str, str]) -> None:
    """Refuse columns whose cells are no single values: lists, groups, spans of time, bytes."""
    import polars as pl

    schema = frame.schema
    for fact, column in chosen.items():
        kind = schema[column]
        if kind.is_nested() or kind in (pl.Duration, pl.Time, pl.Binary, pl.Object):
            raise InputError(
                "facts.column_kind", column=_flat(column), label=dict(FACTS[fact].label), kind=str(kind.base_type())
            )


def _units(table: Table, chosen: dict[str, str], headings: dict[str, Heading], problems: RowProblems) -> dict[str, int]:
    """Return fact → won of the unit stated for its column; tells the units applied."""
    noted: dict[int, tuple[int, str]] = {}
    for row, words in table.above:
        won = unit_in_note(words)
        if won is not None:
            noted.setdefault(won, (row, words))
    if len(noted) > 1:
        raise InputError("facts.several_units", note=" / ".join(_flat(words) for _, words in noted.values()))
    units: dict[str, int] = {}
    from_note: list[str] = []
    by_heading: dict[int, list[str]] = {}
    for fact, column in chosen.items():
        if FACTS[fact].unit != "krw":
            continue
        stated = headings[fact].unit_krw
        if stated is not None:
            units[fact] = stated
            by_heading.setdefault(stated, []).append(_flat(column))
        elif noted:
            units[fact] = next(iter(noted))
            from_note.append(_flat(column))
    for won, columns in by_heading.items():
        if won != 1:
            _warn(problems, "unit_of_heading", columns=_named(columns), count=len(columns), won=f"{won:,}")
    for won, (row, words) in noted.items():
        if won != 1 and from_note:
            listed = {"columns": _named(from_note), "count": len(from_note)}
            _warn(problems, "unit_of_note", note=_flat(words), row=row, won=f"{won:,}", **listed)
    return units


def _named(columns: Sequence[str]) -> str:
    return ", ".join(columns[:_NAMED]) + (" …" if len(columns) > _NAMED else "")


def _warn(problems: RowProblems, code: str, **params: Any) -> None:
    words = {
        lang: {name: value[lang] if isinstance(value, dict) else value for name, value in params.items()}
        for lang in LANGS
    }
    problems.warn(code, {lang: text(f"facts.{code}", lang, **words[lang]) for lang in LANGS})


def _read(
    table: Table,
    chosen: dict[str, str],
    headings: dict[str, Heading],
    units: dict[str, int],
    problems: RowProblems,
) -> Columns:
    from ktop.domain.company import frame_columns as read

    frame = table.frame
    columns: Columns = {}
    for name, spec in FACTS.items():
        if name in chosen:
            series = frame[chosen[name]]
            if spec.kind == "date" and table.days_from_1904:
                series = read.counted_from_1904(series)
            columns[name] = read.read_column(spec, series, problems, units.get(name))
    for name, (count, example) in problems.worded.items():
        _warn(problems, "amounts_in_words", label=dict(FACTS[name].label), count=count, example=example)
    zeros = sum(
        read.zeros_for_numbers(frame[chosen[name]])
        for name in ("business_number", "corporate_number")
        if name in chosen
    )
    if zeros:
        _warn(problems, "numbers_of_zeros", count=zeros)
    if "industry" in columns:
        codes, column = columns["industry"], chosen["industry"]
        revision = headings["industry"].revision
        if revision is not None:
            read.take_from_revision(codes, revision, problems)
            _warn(problems, "industry_revision", revision=revision)
        unsure = read.refuse_lost_zeros(codes, frame[column], table.numbers.get(column, frozenset()), problems)
        if unsure:
            _warn(problems, "industry_zero", count=len(unsure), example=unsure[0])
        read.refuse_industries(codes, columns.get("region", np.full(frame.height, None)), problems)
    if "corporate_number" in columns:
        off = read.off_the_check_digit(columns["corporate_number"])
        if off.any():
            _warn(problems, "corporate_check_digit", count=int(off.sum()), row=int(np.flatnonzero(off)[0]) + 1)
    return columns


def _check_rules(columns: Columns, as_of: date, problems: RowProblems) -> None:
    """Refuse rows whose facts contradict each other or the rating day."""
    for rule in fact_rules():
        if rule.holds.names <= columns.keys():
            low, high = columns[rule.smaller], columns[rule.larger]

            def params(row: int, low: npt.NDArray[Any] = low, high: npt.NDArray[Any] = high, of: str = rule.larger):  # type: ignore[no-untyped-def]
                return {"value": f"{low[row]:,g}", "other": dict(FACTS[of].label), "limit": f"{high[row]:,g}"}

            problems.add(rule.holds.evaluate(columns) == 0, "exceeds", rule.smaller, params)
    founded = columns.get("founded")
    if founded is not None:
        late = founded > np.datetime64(as_of)
        problems.add(
            late, "founded_after_as_of", "founded", lambda row: {"value": str(founded[row]), "as_of": str(as_of)}
        )


def _check_rows(frame: pl.DataFrame, chosen: dict[str, str], columns: Columns, problems: RowProblems) -> None:
    """Refuse empty rows, give every row an id and say where ids repeat."""
    empty = np.ones(frame.height, dtype=bool)
    for name, values in columns.items():
        spec = FACTS[name]
        if spec.kind == "date":
            empty &= np.isnat(values)
        elif spec.numeric:
            empty &= np.isnan(values)
        else:
            empty &= np.array([value is None for value in values.tolist()], dtype=bool)
    problems.add(empty & problems.ok, "empty_row", None, lambda row: {})
    ids = columns.get("company_id", missing_column(FACTS["company_id"], frame.height))
    numbers = columns.get("business_number", missing_column(FACTS["business_number"], frame.height))
    given = [own or number for own, number in zip(ids.tolist(), numbers.tolist(), strict=True)]
    seen: dict[str, int] = {}
    for one, rated in zip(given, problems.ok.tolist(), strict=True):
        if one is not None and rated:
            seen[one] = seen.get(one, 0) + 1
    doubled = [one for one, count in seen.items() if count > 1]
    if doubled:
        _warn(problems, "id_twice", count=len(doubled), example=doubled[0])
    columns["company_id"] = np.array([one or str(row + 1) for row, one in enumerate(given)], dtype=object)
