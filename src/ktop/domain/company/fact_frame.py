"""Checks and reads a batch file, one company a row: columns become clean facts, bad rows become reasons."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ktop.catalogue import LANGS, text
from ktop.domain.company.fact_column import missing_column
from ktop.domain.company.fact_spec import FACTS, fact_groups, fact_rules
from ktop.domain.company.row_problems import Problem, RowProblems
from ktop.kernel.errors import InputError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Problem", "RowProblems", "batch_columns", "read_frame"]

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
    """Return the clean columns of the facts a frame holds, and what is wrong with its rows.

    Columns are named as the facts or by their Korean or English label; order does not matter. A refused row has every
    fact missing except its names and numbers of identity. Raises ``InputError`` where no column is a fact or two mean
    the same one.
    """
    problems = RowProblems.none_yet(frame.height)
    chosen = _match(frame.columns, ignore, problems)
    columns = _read(frame, chosen, problems)
    _check_rules(columns, as_of, problems)
    _check_rows(frame, chosen, columns, problems)
    for name, values in columns.items():
        if name not in _KEPT:
            values[~problems.ok] = missing_column(FACTS[name], 1)[0]
    return columns, problems


def _match(names: Sequence[str], ignore: Sequence[str], problems: RowProblems) -> dict[str, str]:
    """Return fact → column; columns that are no facts are named in a warning."""
    by_word: dict[str, str] = {}
    for fact, spec in FACTS.items():
        by_word |= {spec.label["ko"].casefold(): fact, spec.label["en"].casefold(): fact}
    by_word |= {fact: fact for fact in FACTS}
    chosen: dict[str, str] = {}
    unknown: list[str] = []
    for column in names:
        word = column.strip().casefold()
        fact = by_word.get(word, "")
        if not fact:
            if column not in ignore:
                unknown.append(column)
        elif fact in chosen:
            raise InputError("facts.column_twice", first=chosen[fact], second=column, name=fact)
        else:
            chosen[fact] = column
    if not chosen:
        raise InputError("facts.no_fact_columns")
    far = []
    for column in unknown:
        near = difflib.get_close_matches(column.strip().casefold(), by_word, n=1, cutoff=0.85)
        if near and by_word[near[0]] not in chosen:
            _warn(problems, "unknown_column_near", name=column[:40], nearest=by_word[near[0]])
        else:
            far.append(column[:40])
    if far:
        listed = ", ".join(far[:_NAMED]) + (" …" if len(far) > _NAMED else "")
        _warn(problems, "unknown_columns", count=len(far), names=listed)
    return chosen


def _warn(problems: RowProblems, code: str, **params: Any) -> None:
    problems.warn(code, {lang: text(f"facts.{code}", lang, **params) for lang in LANGS})


def _read(frame: pl.DataFrame, chosen: dict[str, str], problems: RowProblems) -> Columns:
    from ktop.domain.company import frame_columns as read

    columns: Columns = {
        name: read.read_column(spec, frame[chosen[name]], problems) for name, spec in FACTS.items() if name in chosen
    }
    if "industry" in columns:
        read.refuse_industries(columns["industry"], columns.get("region", np.full(frame.height, None)), problems)
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
    for one in given:
        if one is not None:
            seen[one] = seen.get(one, 0) + 1
    doubled = [one for one, count in seen.items() if count > 1]
    if doubled:
        _warn(problems, "id_twice", count=len(doubled), example=doubled[0])
    columns["company_id"] = np.array([one or str(row + 1) for row, one in enumerate(given)], dtype=object)
