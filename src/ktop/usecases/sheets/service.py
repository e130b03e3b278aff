"""Reads spreadsheets of companies, keeps what they say until it is taken in, and takes in what is right."""

from __future__ import annotations

import json
import secrets
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.company.sheet_merging import Planned, keys_of, plan
from ktop.domain.company.sheets import CellError, SheetHeadings, SheetRow, read_rows, sheet_of, sheets
from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import plain_text
from ktop.domain.party.permission import require
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, InputError, NotFoundError, TooLargeError
from ktop.kernel.tables import Table, Told
from ktop.report.company_sheets import write_sheets
from ktop.store.portfolio import CompanyRow
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import Store, UnitOfWork
from ktop.usecases.batches.interface import Download
from ktop.usecases.batches.rating import MEDIA_TYPES
from ktop.usecases.batches.service import plain_name
from ktop.usecases.sheets.interface import REST, ROWS, SUMMARY, CellProblem, SheetCount, SheetImport
from ktop.usecases.uploads import read_told_sheets

#: Rows of a file: so many are read and checked within a few seconds.
MOST_ROWS = 20_000
_SHOWN_PROBLEMS = 200


class SheetImportService:
    """See ``ktop.usecases.sheets.interface.SheetImports``. ``limit_mb`` bounds a file."""

    def __init__(self, store: Callable[[], Store], limit_mb: int) -> None:
        self._store, self._limit_mb = store, limit_mb

    def template(self, actor: Actor, sheet: str | None = None, lang: Lang = "ko") -> Download:
        require(actor, "own:company:edit")
        if sheet is not None and sheet not in sheets():
            raise NotFoundError("sheets.no_such_sheet", known=", ".join(sheets()))
        chosen = [one for one in sheets().values() if sheet in (None, one.id)]
        return Download(f"k-top-{sheet or 'companies'}-{lang}.xlsx", MEDIA_TYPES["xlsx"], write_sheets(chosen, lang))

    def give(self, actor: Actor, content: bytes, name: str, lang: Lang = "ko") -> SheetImport:
        require(actor, "own:company:edit")
        shown = plain_name(name)
        rows, unknown, told = self._read(content, shown)
        import_id = secrets.token_hex(16)
        with self._store().reading(actor) as unit:
            kept, _ = _kept(unit, keys_of(rows))
        planned = plan(rows, {key: record for key, (_, record) in kept.items()}, today())
        found = SheetImport(
            import_id, shown, "read", datetime.now(UTC), **_summed(rows, planned), unknown=unknown, told=told
        )
        rest = _rest_of(rows, lang)
        with self._store().unit(actor) as unit:
            _keep(unit, import_id, ROWS, _rows_packed(rows))
            _keep(unit, import_id, SUMMARY, _packed(asdict(found)))
            if rest:
                _keep(unit, import_id, REST, rest)
            unit.tell("company.import_read", import_id, {"rows": len(rows), "wrong": found.wrong_rows})
        return found

    def given(self, actor: Actor, import_id: str) -> SheetImport:
        require(actor, "own:company:edit")
        with self._store().reading(actor) as unit:
            return _found(unit, import_id)

    def take(self, actor: Actor, import_id: str, lang: Lang = "ko") -> SheetImport:
        require(actor, "own:company:edit")
        with self._store().unit(actor) as unit:
            found = _found(unit, import_id)
            if found.state == "taken":
                raise ConflictError("sheets.taken_already")
            given = unit.documents.of([import_id], ROWS)
            content = unit.documents.content(given[0].id) if given else b""
            # Whoever removes the rows takes them in; a second one at the same moment waits here, and finds none.
            if not unit.documents.remove(import_id, ROWS):
                raise ConflictError("sheets.taken_already")
            rows = _rows_unpacked(content)
            kept, companies = _kept(unit, keys_of(rows))
            planned = plan(rows, {key: record for key, (_, record) in kept.items()}, today())
            if not planned.records:
                raise InputError("sheets.nothing_right")
            unit.portfolio.keep_many(
                [_written(key, record, kept, companies) for key, record in planned.records.items()]
            )
            taken = replace(found, state="taken", **_summed(rows, planned))
            for kind in (SUMMARY, REST):
                unit.documents.remove(import_id, kind)
            _keep(unit, import_id, SUMMARY, _packed(asdict(taken)))
            rest = _rest_of(rows, lang)
            if rest:
                _keep(unit, import_id, REST, rest)
            told = {"companies": len(planned.records), "new": len(planned.new), "rest": taken.wrong_rows}
            unit.tell("company.imported", import_id, told)
        return taken

    def rest(self, actor: Actor, import_id: str) -> Download:
        require(actor, "own:company:edit")
        with self._store().reading(actor) as unit:
            found = _found(unit, import_id)
            kept = unit.documents.of([import_id], REST)
            if not kept:
                raise NotFoundError("sheets.no_rest")
            name = f"{Path(found.file).stem}-rest.xlsx"
            return Download(name, MEDIA_TYPES["xlsx"], unit.documents.content(kept[0].id))

    def _read(
        self, content: bytes, shown: str
    ) -> tuple[list[SheetRow], list[str], list[tuple[str, Mapping[str, Any]]]]:
        """Return the rows of a file, headings nobody knows, and what was done to read it."""
        if len(content) > self._limit_mb * 1_000_000:
            raise TooLargeError("batches.too_large", file=shown, limit_mb=self._limit_mb)
        ending = Path(shown).suffix.lower()
        if ending not in (".xlsx", ".csv"):
            raise InputError("sheets.unknown_file", file=shown)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"sheet{ending}"
            path.write_bytes(content)
            notes = [text("sheets.notes_sheet", lang) for lang in LANGS]
            tables = read_told_sheets(path, shown, SheetHeadings(), notes)
        rows: list[SheetRow] = []
        unknown: list[str] = []
        told: list[Told] = []
        seen = False
        for name, table in tables:
            kind = sheet_of(name, table.frame.columns)
            if kind is None:
                told.append(Told("sheets.sheet_unknown", {"sheet": name[:40]}))
                continue
            seen = True
            _require_rows(len(rows) + table.frame.height)
            its, others = read_rows(kind, table)
            mend = {text("sheets.column_problem", lang) for lang in LANGS}
            rows += its
            unknown += [heading for heading in others if heading not in mend and _holds(table, heading)]
            told += table.told
        if not seen:
            raise InputError("sheets.no_sheet", known=", ".join(one.name["ko"] for one in sheets().values()))
        if not rows:
            raise InputError("sheets.empty", file=shown)
        return rows, list(dict.fromkeys(unknown))[:20], [(one.key, dict(one.params)) for one in told]


def _require_rows(rows: int) -> None:
    if rows > MOST_ROWS:
        raise TooLargeError("sheets.too_many_rows", rows=rows, most=MOST_ROWS)


def _holds(table: Table, heading: str) -> bool:
    """Return whether a column holds anything: an empty one without a known heading is nobody's loss."""
    return any(
        " ".join(name.split())[:40] == heading and series.null_count() < series.len()
        for name, series in zip(table.frame.columns, table.frame, strict=True)
    )


def _kept(
    unit: UnitOfWork, keys: Sequence[str]
) -> tuple[dict[str, tuple[int, Mapping[str, Any]]], dict[str, CompanyRow]]:
    """Return the newest version of what is kept of companies, and the companies, by key."""
    numbers = [key[2:] for key in keys if key.startswith("n:")]
    companies = unit.portfolio.companies_known_as(numbers, [key[2:] for key in keys if key.startswith("i:")])
    records = unit.portfolio.newest_records([row.id for row in companies.values()])
    known = {key: records[row.id] for key, row in companies.items() if row.id in records}
    return known, companies


def _written(
    key: str,
    record: Mapping[str, Any],
    kept: Mapping[str, tuple[int, Mapping[str, Any]]],
    companies: Mapping[str, CompanyRow],
) -> tuple[CompanyRow | None, CompanyRow, int, Mapping[str, Any]]:
    before = companies.get(key)
    number = kept[key][0] + 1 if key in kept else 1
    name = plain_text(str(record["name"]))[:200] or "–"
    name_en = plain_text(str(record.get("name_en") or ""))[:200] or None
    business_number = str(record.get("business_number") or "").replace("-", "") or None
    company_id = plain_text(str(record.get("company_id") or ""))[:100] or None
    if before is not None:
        row = replace(
            before,
            name=name,
            name_en=name_en,
            business_number=business_number or before.business_number,
            company_id=company_id or before.company_id,
        )
        return before, row, number, record
    now = datetime.now(UTC)
    row = CompanyRow(new_id(), name, business_number, company_id, "", now, now, False, 1, name_en)
    return None, row, number, record


def _summed(rows: Sequence[SheetRow], planned: Planned) -> dict[str, Any]:
    counts = []
    for sheet in sheets():
        its = [row for row in rows if row.sheet == sheet]
        if its:
            counts.append(SheetCount(sheet, len(its), sum(not row.errors for row in its)))
    wrong = [row for row in rows if row.errors]
    problems = [
        CellProblem(row.sheet, row.number, error.column, error.key, error.params)
        for row in wrong[:_SHOWN_PROBLEMS]
        for error in row.errors
    ]
    return {
        "counts": counts,
        "companies": len(planned.records),
        "new": len(planned.new),
        "wrong_rows": len(wrong),
        "problems": problems[:_SHOWN_PROBLEMS],
    }


def _rest_of(rows: Sequence[SheetRow], lang: Lang) -> bytes:
    """Return the wrong rows as an .xlsx, empty where there are none."""
    wrong = [row for row in rows if row.errors]
    if not wrong:
        return b""
    chosen = [one for one in sheets().values() if any(row.sheet == one.id for row in wrong)]
    return write_sheets(chosen, lang, wrong, lambda key, params: text(key, lang, **{"more": "", **params}))


def _keep(unit: UnitOfWork, import_id: str, kind: str, content: bytes) -> None:
    unit.documents.add(kind=kind, name=kind, media_type="application/octet-stream", subject=import_id, content=content)


def _packed(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, ensure_ascii=False, default=str).encode(), 1)


def _rows_packed(rows: Sequence[SheetRow]) -> bytes:
    """Return rows as they were read, without what their merging found: that is found anew when they are taken in."""
    return _packed(
        [
            [row.sheet, row.number, row.cells, row.key, row.entry, [asdict(error) for error in row.unread]]
            for row in rows
        ]
    )


def _rows_unpacked(content: bytes) -> list[SheetRow]:
    return [
        SheetRow(sheet, number, cells, key, entry, [CellError(**error) for error in errors])
        for sheet, number, cells, key, entry, errors in json.loads(zlib.decompress(content))
    ]


def _found(unit: UnitOfWork, import_id: str) -> SheetImport:
    kept = unit.documents.of([import_id], SUMMARY)
    if not kept:
        raise NotFoundError("sheets.not_found")
    told = json.loads(zlib.decompress(unit.documents.content(kept[0].id)))
    return SheetImport(
        **{
            **told,
            "read": datetime.fromisoformat(told["read"]),
            "counts": [SheetCount(**one) for one in told["counts"]],
            "problems": [CellProblem(**one) for one in told["problems"]],
            "told": [(key, params) for key, params in told["told"]],
        }
    )
