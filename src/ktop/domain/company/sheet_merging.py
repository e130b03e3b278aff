"""Puts rows of sheets into company records: what a row says replaces what was known, what it leaves empty stays."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ktop.domain.company.entry import SELF_REPORTED
from ktop.domain.company.record import UNITS_KRW, Company
from ktop.domain.company.sheets import SheetRow, plain, sheets
from ktop.kernel.errors import InputError

_GROUPS = ("ceo", "credit", "checklist")


@dataclass(slots=True)
class Planned:
    """What rows come to: key of a company → its record, and the keys of those not kept before.

    Rows that do not go together with what is known have got their errors.
    """

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    new: set[str] = field(default_factory=set)


def keys_of(rows: Sequence[SheetRow]) -> list[str]:
    """Return the keys of the companies that rows speak of."""
    return list(dict.fromkeys(row.key for row in rows if row.key))


def plan(rows: Sequence[SheetRow], kept: Mapping[str, Mapping[str, Any]], today: date) -> Planned:
    """Return the records that the right rows make of what is kept (key → newest record).

    A row of a list whose company is neither kept nor given is refused, and so is one that makes the record wrong.
    """
    planned = Planned()
    own: dict[str, list[SheetRow]] = defaultdict(list)
    refused = {row.key for row in rows if row.sheet == "companies" and row.errors}
    given = {row.key for row in rows if row.sheet == "companies" and not row.errors}
    order = list(sheets())
    for row in sorted(rows, key=lambda one: (order.index(one.sheet), one.number)):
        if row.errors or not row.entry:
            continue
        if row.key not in kept and row.key not in given:
            row.does_not_fit("business_number", "sheets.company_refused" if row.key in refused else "sheets.no_company")
            continue
        own[row.key].append(row)
    for key, its in own.items():
        record = _record(key, its, kept.get(key), today)
        if record is not None:
            planned.records[key] = record
            if key not in kept:
                planned.new.add(key)
    return planned


def _record(key: str, rows: Sequence[SheetRow], base: Mapping[str, Any] | None, today: date) -> dict[str, Any] | None:
    """Return a company's record with its rows; None where none of them could be taken."""
    whole = _with(rows, base, today)
    if _problem(whole) is None:
        return whole
    taken: list[SheetRow] = []  # one by one, to find the rows that do not go together with the rest
    for row in rows:
        problem = _problem(_with([*taken, row], base, today))
        if problem is None:
            taken.append(row)
        elif base is None and row.sheet != "companies" and not taken:
            row.does_not_fit("business_number", "sheets.company_refused")
        else:
            row.does_not_fit("", problem.key, **problem.params)
    return _with(taken, base, today) if taken else None


def _problem(record: Mapping[str, Any]) -> InputError | None:
    try:
        Company.from_mapping(record)
    except InputError as error:
        return error
    return None


def _with(rows: Sequence[SheetRow], base: Mapping[str, Any] | None, today: date) -> dict[str, Any]:
    record: dict[str, Any] = copy.deepcopy(dict(base)) if base else {}
    if base is None:
        record |= {"source": SELF_REPORTED, "source_date": today.isoformat()}
    changed: list[str] = []
    for row in rows:
        part = sheets()[row.sheet].part
        if part is None:
            changed += _put_fields(record, row.entry)
        else:
            changed += _put_entry(record, part, dict(row.entry), sheets()[row.sheet].once)
    for name, once in (("statements", "year"), ("staff", "date")):
        if name in record:
            record[name] = sorted(record[name], key=lambda entry: str(entry[once]))
    if base is not None and changed:
        _tell(record, changed, today)
    return record


def _put_fields(record: dict[str, Any], entry: Mapping[str, Any]) -> list[str]:
    changed = []
    for name, value in entry.items():
        if name in _GROUPS:
            group = dict(record.get(name) or {})
            changed += [f"{name}.{one}" for one, said in value.items() if group.get(one) != said]
            record[name] = group | value
        elif record.get(name) != value:
            record[name] = value
            changed.append(name)
    return changed


def _put_entry(record: dict[str, Any], part: str, entry: dict[str, Any], once: Sequence[str]) -> list[str]:
    """Put one entry into a list of the record; return the paths whose values are others now."""
    entries = [dict(one) for one in record.get(part) or ()]
    same = next((one for one in entries if all(_same(one.get(n), entry.get(n)) for n in once)), None)
    named = f"{part}.{entry[once[0]]}" if len(once) == 1 else ""
    if same is None:
        entries.append(entry)
        record[part] = entries
        return [named or part]
    if part == "statements":
        same, entry = _in_won(same), _in_won(entry)
        entries = [same if one["year"] == same["year"] else one for one in entries]
    changed = [name for name, value in entry.items() if same.get(name) != value]
    same.update(entry)
    record[part] = entries
    return [f"{named}.{name}" for name in changed] if named else [part] * bool(changed)


def _same(one: Any, other: Any) -> bool:
    return (one is None and other is None) or str(one) == str(other)


def _in_won(statement: dict[str, Any]) -> dict[str, Any]:
    """Return a statement in won: what two files say of one year may be in two units."""
    unit = UNITS_KRW[statement.get("unit") or "krw"]
    if unit == 1:
        return statement
    amounts = {
        name: plain(float(value) * unit)
        for name, value in statement.items()
        if isinstance(value, int | float) and name not in ("year", "months")
    }
    return {**statement, **amounts, "unit": "krw"}


def _tell(record: dict[str, Any], changed: Sequence[str], today: date) -> None:
    """Say of changed values that they are the firm's word now, whatever stood behind the values before."""
    sources = [dict(one) for one in record.get("sources") or ()]
    lists = {path for path in changed if path in ("rnd_projects",)}
    gone = set(changed)
    sources = [
        one
        for one in sources
        if one["path"] not in gone and not any(one["path"].startswith(f"{path}.") for path in lists)
    ]
    told = {"source": SELF_REPORTED, "date": today.isoformat()}
    record["sources"] = [*sources, *({"path": path, **told} for path in dict.fromkeys(changed))]
