"""A company's facts in a spreadsheet: the template that is filled in, and rows from it, or pasted, put into a draft."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from ktop.catalogue import LANGS, Lang, load, text
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.headings import folded, heading_of
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.money_units import unit_of
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError
from ktop.usecases.uploads import read_told_table
from ktop.web import entry, forms
from ktop.web.entry import Draft

_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_MOST_ROWS = 400


@dataclass(frozen=True, slots=True)
class Taken:
    """A draft with what rows said, how many values they said, and the items that nobody knows."""

    draft: Draft
    count: int
    unknown: tuple[str, ...]


def template(draft: Draft, lang: Lang) -> bytes:
    """Return the .xlsx template, filled with what the draft holds: items by row, the statements' years by column."""
    import xlsxwriter  # only who asks for the template needs it

    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as workbook:
        head = workbook.add_format({"bold": True, "bg_color": "#E7EFFD", "border": 1})
        amount = workbook.add_format({"align": "right"})
        muted = workbook.add_format({"font_color": "#58616A"})
        sheet = workbook.add_worksheet("K-TOP")
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 3, 16)
        sheet.set_column(4, 4, 70)
        sheet.freeze_panes(1, 1)
        year = draft.year or today().year - 1
        for column, word in enumerate(
            [text("wizard.sheet_item", lang), *(str(year - back) for back in range(3)), text("wizard.sheet_help", lang)]
        ):
            sheet.write_string(0, column, word, head)
        sheet.write_string(1, 0, text("wizard.unit", lang))
        sheet.write_string(1, 1, forms.unit_words(lang)[draft.unit_krw])
        row = 2
        for stem, backs in statement_cells().items():
            told = load("company")["fields"][f"statements.{stem}"]
            sheet.write_string(row, 0, told["label"][lang])
            for back, name in backs.items():
                sheet.write_string(row, 1 + back, draft.typed.get(name, ""), amount)
            sheet.write_string(row, 4, told["description"][lang], muted)
            row += 1
        for step in ("who", "figures", "technology"):
            for name in entry.names_of(step):
                if FACTS[name].group != "statement":
                    sheet.write_string(row, 0, FACTS[name].label[lang])
                    sheet.write_string(row, 1, draft.typed.get(name, ""))
                    sheet.write_string(row, 4, FACTS[name].description[lang], muted)
                    row += 1
    return content.getvalue()


def rows_of_file(content: bytes, name: str) -> list[list[str]]:
    """Return the rows of an uploaded .xlsx or .csv as texts; raises ``InputError`` for a file that is neither."""
    ending = Path(name).suffix.lower()
    if ending not in (".xlsx", ".csv"):
        raise InputError("wizard.sheet_none")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sheet{ending}"
        path.write_bytes(content)
        frame = read_told_table(path, Path(name).name[:80]).frame
    return [[str(column) for column in frame.columns], *([_text(cell) for cell in row] for row in frame.rows())]


def rows_of_text(pasted: str) -> list[list[str]]:
    """Return the rows of cells copied from a spreadsheet: tabs between cells, a line a row."""
    return [[cell.strip() for cell in line.split("\t")] for line in pasted.splitlines() if line.strip()]


def taken(draft: Draft, rows: Sequence[Sequence[str]]) -> Taken:
    """Put rows into a draft: the item in the first cell, then a value, or for statements one a year."""
    year = draft.year or today().year - 1
    columns: dict[int, int] = {}
    typed: dict[str, str] = {}
    unknown: list[str] = []
    for row in rows[:_MOST_ROWS]:
        years = {place: int(cell) for place, cell in enumerate(row) if _YEAR.fullmatch(cell.removesuffix("년").strip())}
        if years and all(
            not cell or place in years or place == 0 or not _is_number(cell) for place, cell in enumerate(row)
        ):
            year = max(years.values())
            columns = {place: year - one for place, one in years.items()}
            continue
        label = row[0].strip() if row else ""
        values = {place: cell.strip() for place, cell in enumerate(row) if place and cell.strip()}
        if not label or not values:
            continue
        if folded(label) in _unit_labels():
            won = unit_of(folded(next(iter(values.values()))))
            if won is not None and won in forms.unit_words("en"):
                draft = _in_other_unit(draft, won)
            continue
        stem = _stem(label)
        if stem is not None:
            for place, value in values.items():
                back = columns.get(place, place - 1) if columns else place - 1
                name = statement_cells()[stem].get(back)
                if name is not None and (not columns or place in columns):
                    typed[name] = value
            continue
        heading = heading_of(label)
        if heading is not None and heading.fact in _asked() and 1 in values:
            typed[heading.fact] = values[1]
        else:
            unknown.append(label[:40])
    told = {name: _written(name, value, draft) for name, value in typed.items()}
    return Taken(replace(draft, typed={**draft.typed, **told}, year=year), len(told), tuple(unknown[:8]))


@functools.cache
def statement_cells() -> Mapping[str, Mapping[int, str]]:
    """Return the statements' items in the order of the table: item → years back → fact."""
    cells: dict[str, dict[int, str]] = {}
    for name in entry.names_of("figures"):
        if FACTS[name].group == "statement":
            stem, back = name.rsplit("_krw_t", 1)
            cells.setdefault(stem, {})[int(back)] = name
    return dict(sorted(cells.items(), key=lambda item: -len(item[1])))


@functools.cache
def _asked() -> frozenset[str]:
    return frozenset(name for step in ("who", "figures", "technology") for name in entry.names_of(step))


@functools.cache
def _unit_labels() -> frozenset[str]:
    return frozenset(folded(text("wizard.unit", lang)) for lang in LANGS)


@functools.cache
def _stems() -> Mapping[str, str]:
    items = load("company")["fields"]
    return {
        folded(word): stem
        for stem in statement_cells()
        for word in (stem, *items[f"statements.{stem}"]["label"].values())
    }


def _stem(label: str) -> str | None:
    """Return the item of a statement that a label names, None where it names none."""
    bare = re.sub(r"^[\sIVX0-9.()ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ·-]+", "", label)
    for word in (label, bare):
        if folded(word) in _stems():
            return _stems()[folded(word)]
        heading = heading_of(word)
        if heading is not None and FACTS[heading.fact].group == "statement":
            return heading.fact.rsplit("_krw_t", 1)[0]
    return None


def _written(name: str, value: str, draft: Draft) -> str:
    """Return a value as the form writes it, so that choices are found; what cannot be read stays as it is."""
    kind = forms.kind_asked(name, draft.unit_krw)
    try:
        found = kind.parse(value)
    except RefusedValueError:
        return value[:200]
    return "" if found is None else kind.caption(found)


def _in_other_unit(draft: Draft, won: int) -> Draft:
    if won == draft.unit_krw:
        return draft
    moved = {name: entry.in_unit(name, value, draft, won) for name, value in draft.typed.items()}
    return replace(draft, typed=moved, unit_krw=won)


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[-−△(]?[0-9][0-9,.]*\)?", cell.strip()))


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
