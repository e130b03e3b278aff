"""Sheets of companies (기업 자료 양식): which columns each has, and what a row of one says or why it cannot be read.

A row is read whole or not at all; whatever is wrong in it is told cell by cell. An empty cell says nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ktop.catalogue import LANGS, LocalText, load
from ktop.domain.company.errors import every_error
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.headings import CompanyHeadings, folded, unit_apart, unit_in_note
from ktop.domain.company.kinds import fact_kind, record_choice
from ktop.domain.company.record import UNITS_KRW, Company, RecordPart, RndProject, StaffCount, Statement
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.registration_numbers import BUSINESS_NUMBER
from ktop.domain.values.text import IDENTIFIER

if TYPE_CHECKING:  # a table loads polars, which a command that only asks for words need not wait for
    from ktop.kernel.tables import Table

PARTS: Mapping[str, type[RecordPart]] = {"statements": Statement, "staff": StaffCount, "rnd_projects": RndProject}
#: Columns whose cell may go for several rows when it is merged over them: everything that is no figure.
_SHARED = frozenset({"business_number", "company_id", "name", "year_end", "unit", "funding", "result"})
_UNIT = "statements.unit"
#: Columns of statements that are no amounts.
_NO_AMOUNTS = frozenset({"year", "year_end", "period_start", "months", "unit", "currency"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of sheet: its name, its columns in order, those no row may lack, and the record's list it fills.

    ``once`` are the fields of an entry that tell the entries of one company apart.
    """

    id: str
    name: LocalText
    about: LocalText
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    part: str | None = None
    once: tuple[str, ...] = ()


@functools.cache
def sheets() -> Mapping[str, Sheet]:
    """Return every sheet by its identifier, in the order in which they are read."""
    return {
        name: Sheet(
            name,
            told["name"],
            told["about"],
            tuple(told["columns"]),
            tuple(told["needed"]),
            told.get("part"),
            tuple(told.get("once", ())),
        )
        for name, told in load("company_sheets")["sheets"].items()
    }


def label_of(column: str) -> LocalText:
    """Return what a column is called."""
    if column in FACTS and FACTS[column].group == "checklist":
        number = column[1:]
        return {lang: f"{number}. {FACTS[column].label[lang]}" for lang in LANGS}
    label: LocalText = load("company")["fields"][column]["label"]
    return label


def described(column: str) -> LocalText:
    """Return what a column means; of a question also its options."""
    if column in FACTS and FACTS[column].group == "checklist":
        told = load("checklist")["items"][column]
        return {
            lang: "\n".join(
                [told["question"][lang], *(f"{number}: {words[lang]}" for number, words in told["options"].items())]
            )
            for lang in LANGS
        }
    description: LocalText = load("company")["fields"][column]["description"]
    return description


def choices_of(column: str) -> Sequence[LocalText]:
    """Return what may stand in a column of choices, in words; empty for any other column."""
    last = column.split(".")[-1]
    if column in FACTS and FACTS[column].group == "checklist":
        return [dict.fromkeys(LANGS, str(number)) for number in FACTS[column].choices]
    if column == "region":
        return list(load("regions")["regions"].values())
    if last in load("company")["values"]:
        return list(load("company")["values"][last].values())
    yes_no = (column.startswith("credit.") and not last.endswith("_krw")) or (
        last == "technical" and column[:3] == "ceo"
    )
    return [{"ko": "예", "en": "yes"}, {"ko": "아니오", "en": "no"}] if yes_no else []


class SheetHeadings(CompanyHeadings):
    """The headings of all sheets (``ktop.kernel.table_layout.Headings``), or of one."""

    def __init__(self, sheet: Sheet | None = None) -> None:
        self._words = _words(tuple(sheets()) if sheet is None else (sheet.id,))

    def meaning(self, heading: str) -> str | None:
        """Return the column a heading stands for, None where it is unknown."""
        return self.column(heading)[0]

    def column(self, heading: str) -> tuple[str | None, int | None]:
        """Return the column a heading stands for, and the won of a unit of money that it states."""
        if len(heading) > 300:
            return None, None
        words = folded(heading)
        bare = _marks().sub("", words)
        for known in (words, bare):
            if known in self._words:
                return self._words[known], None
        bare, unit = unit_apart(words)
        return self._words.get(bare), unit


@functools.cache
def _marks() -> re.Pattern[str]:
    """Return the notes in brackets that change nothing of what a heading means: (필수), (KSIC)."""
    return re.compile(
        "[([](?:" + "|".join(re.escape(folded(word)) for word in load("company_sheets")["marks"]) + ")[)\\]]"
    )


@functools.cache
def _words(names: tuple[str, ...]) -> Mapping[str, str]:
    """Return every heading of some sheets, folded → column: the template's own before those that offices use."""
    found: dict[str, str] = {}
    columns = [column for name in names for column in sheets()[name].columns]
    for column in columns:
        for word in (column, column.split(".")[-1], *label_of(column).values()):
            found.setdefault(folded(word), column)
        if column in FACTS:
            found.setdefault(folded(FACTS[column].label["ko"]), column)
            found.setdefault(folded(FACTS[column].label["en"]), column)
    for column in columns:
        for word in _also(column):
            found.setdefault(folded(word), column)
    return found


def _also(column: str) -> Sequence[str]:
    """Return what offices call a column: as in tables to be rated, and accounts as in filings."""
    told = load("company_sheets")
    fact, last = told["facts"].get(column, column), column.split(".")[-1]
    words = list(FACTS[fact].aliases) if fact in FACTS else []
    if column.startswith("statements."):
        words += load("sources")["accounts"].get(last, {}).get("names", ())
    return [*words, *told["also"].get(column, ())]


def sheet_of(name: str, headings: Sequence[str]) -> Sheet | None:
    """Return which sheet a table is: by its own name, else by the most headings that only such a sheet has."""
    for sheet in sheets().values():
        if name.strip() in sheet.name.values():
            return sheet
    keys = {"business_number", "company_id", "name"}
    score = {
        sheet.id: len({SheetHeadings(sheet).meaning(heading) for heading in headings} - keys - {None})
        for sheet in sheets().values()
    }
    best = max(score, key=lambda one: score[one])
    return sheets()[best] if score[best] else None


@dataclass(frozen=True, slots=True)
class CellError:
    """What is wrong with a cell: its column ("" for the row as a whole), the key of the sentence and its values."""

    column: str
    key: str
    params: Mapping[str, Any]


@dataclass(slots=True)
class SheetRow:
    """One row.

    Parameters
    ----------
    sheet : identifier of the sheet.
    number : the row as the file counts it, from 1.
    cells : column → what stands in the cell, for those that are filled.
    key : the company: "n:" with its business number, or "i:" with one's own id; "" where it cannot be told.
    entry : what the row says, as the record has it, with JSON types; empty where the row itself has errors.
    errors : what is wrong with it, first by itself, then beside what is known.
    """

    sheet: str
    number: int
    cells: Mapping[str, Any]
    key: str = ""
    entry: Mapping[str, Any] = field(default_factory=dict)
    errors: list[CellError] = field(default_factory=list)

    def refuse(self, column: str, key: str, **params: Any) -> None:
        """Note what is wrong with a cell by itself."""
        self.errors.append(CellError(column, key, params))
        self.entry = {}

    def does_not_fit(self, column: str, key: str, **params: Any) -> None:
        """Note what does not go together with what is known; it may, when more is known."""
        self.errors.append(CellError(column, key, params))

    @property
    def unread(self) -> Sequence[CellError]:
        """What is wrong with the row by itself."""
        return () if self.entry else self.errors


def read_rows(sheet: Sheet, table: Table) -> tuple[list[SheetRow], list[str]]:
    """Return the rows of a table that is such a sheet, and the headings that it does not know.

    Raises ``InputError`` for a table that states its amounts in several units, or in another currency.
    """
    headings = SheetHeadings(sheet)
    places: dict[str, tuple[str, int | None]] = {}
    unknown = []
    for name in table.frame.columns:
        column, unit = headings.column(name)
        if column is None or column in (known for known, _ in places.values()):
            unknown.append(" ".join(name.split())[:40])
        else:
            places[name] = (column, unit)
    noted = [unit for _, words in table.above if (unit := unit_in_note(words))] if sheet.id == "statements" else []
    merged = _merged(table, places)
    rows = []
    names = list(places)
    for at, cells in enumerate(table.frame.select(names).iter_rows()):
        held = {places[name][0]: cell for name, cell in zip(names, cells, strict=True) if _filled(cell)}
        if not held:
            continue
        row = SheetRow(sheet.id, table.begins + at + 1, held)
        if at in table.refused:
            row.refuse("", table.refused[at].key, **table.refused[at].params)
        else:
            units = {column: unit for column, unit in places.values() if unit}
            _read(row, sheet, units, noted[0] if noted else None, merged.get(at, {}))
        rows.append(row)
    _once(rows, sheet)
    return rows, unknown


def _filled(cell: Any) -> bool:
    return cell is not None and cell == cell and (not isinstance(cell, str) or bool(cell.strip()))


def _merged(table: Table, places: Mapping[str, tuple[str, int | None]]) -> dict[int, dict[str, str]]:
    """Return row → column → name of the merged cells, where a figure was merged over several rows."""
    found: dict[int, dict[str, str]] = {}
    for merge in table.merged:
        column = places.get(merge.column, ("", None))[0]
        if column and column.split(".")[-1] not in _SHARED:
            for row in range(merge.first, merge.last + 1):
                found.setdefault(row, {})[column] = merge.cells
    return found


def _read(row: SheetRow, sheet: Sheet, units: Mapping[str, int], noted: int | None, merged: Mapping[str, str]) -> None:
    for column, cells in merged.items():
        row.refuse(column, "sheets.merged", cells=cells)
    row.key = _key(row)
    for column in sheet.needed:
        if column not in row.cells:
            row.refuse(column, "company.missing_field", where=label_of(column))
    if row.errors:
        return
    if sheet.id == "checklist":
        entry = _answers(row)
    elif sheet.part is None:
        entry = _company(row)
    else:
        entry = _part(row, sheet, units, noted)
    if not row.errors:
        if not entry:
            row.refuse("", "sheets.says_nothing")
        row.entry = entry


def _key(row: SheetRow) -> str:
    """Return whose row it is; its errors say where that cannot be told."""
    keys = {}
    for column, kind in (("business_number", BUSINESS_NUMBER), ("company_id", IDENTIFIER)):
        try:
            keys[column] = kind.parse(row.cells.get(column))
        except RefusedValueError as refusal:
            told = refusal.at(label_of(column))
            row.refuse(column, told.key, **told.params)
            return ""
    if keys["business_number"]:
        return f"n:{keys['business_number'].replace('-', '')}"
    if keys["company_id"]:
        return f"i:{keys['company_id']}"
    row.refuse("business_number", "sheets.key_needed")
    return ""


def _company(row: SheetRow) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for column, cell in row.cells.items():
        group, _, name = column.rpartition(".")
        (record.setdefault(group, {}) if group else record)[name] = cell
    return _checked(row, Company, record, "")


def _part(row: SheetRow, sheet: Sheet, units: Mapping[str, int], noted: int | None) -> dict[str, Any]:
    prefix = f"{sheet.part}."
    entry = {name.removeprefix(prefix): cell for name, cell in row.cells.items() if name.startswith(prefix)}
    if sheet.id == "statements" and not _in_units(row, entry, units, noted):
        return {}
    found = _checked(row, PARTS[str(sheet.part)], entry, prefix)
    if set(found) <= {*sheet.once, "unit"} and sheet.id != "projects":
        return {}
    return found


def _in_units(row: SheetRow, entry: dict[str, Any], units: Mapping[str, int], noted: int | None) -> bool:
    """Give the entry the unit that its headings or a note state; a cell that says another is refused."""
    stated = {unit for column, unit in units.items() if column in row.cells}
    if not stated and (noted is None or "unit" in entry):
        return True
    if len(stated) > 1:
        row.refuse(_UNIT, "sheets.several_units")
        return False
    won = next(iter(stated)) if stated else noted
    code = next((code for code, one in UNITS_KRW.items() if one == won), None)
    try:
        said = record_choice("unit").parse(entry.get("unit"))
    except RefusedValueError:
        return True  # told with the other cells
    mixed = any(
        name not in _NO_AMOUNTS and f"statements.{name}" not in units and stated for name in entry
    )  # some headings state a unit, others none
    if code is None or mixed or said not in (None, code):
        row.refuse(_UNIT, "sheets.several_units")
        return False
    entry["unit"] = code
    return True


def _answers(row: SheetRow) -> dict[str, Any]:
    answers: dict[str, int] = {}
    for column, cell in row.cells.items():
        if column not in FACTS or FACTS[column].group != "checklist":
            continue
        try:
            answer = fact_kind(column).parse(cell)
        except RefusedValueError as refusal:
            told = refusal.at(label_of(column))
            row.refuse(column, told.key, **told.params)
            continue
        if answer is not None:
            answers[column] = int(answer)
    return {"checklist": answers} if answers else {}


def _checked(row: SheetRow, part: type[RecordPart], entry: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    try:
        read = part.model_validate(entry)
    except ValidationError as errors:
        for path, key, params in every_error(errors, entry, part):
            column = f"{prefix}{path}" if path else _concerned(params, prefix)
            words = {name: _in_words(value, prefix) for name, value in params.items()}
            where = label_of(column) if column in row.cells or path else params.get("where")
            row.refuse(column, key, **{**words, "where": where})
        return {}
    said: dict[str, Any] = plain(read.model_dump(mode="json", exclude_unset=True, exclude_none=True))
    return said


def plain(value: Any) -> Any:
    """Return values as the record's files have them: whole amounts as whole numbers."""
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _concerned(params: Mapping[str, Any], prefix: str) -> str:
    """Return the column that an error of several fields is shown at."""
    for name in ("smaller", "later", "field"):
        column = f"{prefix}{params.get(name, '')}"
        if params.get(name) and column in load("company")["fields"]:
            return column
    return ""


def _in_words(value: Any, prefix: str) -> Any:
    return label_of(f"{prefix}{value}") if f"{prefix}{value}" in load("company")["fields"] else value


def _once(rows: Sequence[SheetRow], sheet: Sheet) -> None:
    """Refuse rows that say again what a row above says of the same company."""
    first: dict[tuple[Any, ...], int] = {}
    for row in rows:
        if row.entry and row.key:
            same = (row.key, *(row.entry.get(name) for name in sheet.once))
            if same in first:
                column = f"{sheet.part}.{sheet.once[-1]}" if sheet.once else "business_number"
                row.refuse(column, "sheets.twice", row=first[same])
            else:
                first[same] = row.number
