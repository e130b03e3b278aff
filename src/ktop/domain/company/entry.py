"""A company's facts as somebody enters them, made a record: what was not touched stays as the record before had it.

A form shows a record as flat facts. Where one of them is changed, the part of the record it is made of is told anew by
what was typed; every other part keeps its details, sources and dates.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ktop.domain.company.fact_spec import CHECKLISTS, FACTS, FactValue
from ktop.domain.company.facts import company_facts, newest_statement
from ktop.domain.company.provenance import paths_of_facts
from ktop.domain.company.record import UNITS_KRW, Company
from ktop.domain.company.totals import broken_rules, refusal_of
from ktop.domain.values.industry import INDUSTRY
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.region import FOREIGN
from ktop.kernel.errors import InputError

#: How many years of statements are entered: the newest and the two before.
YEARS = 3
SELF_REPORTED = "self-reported"
#: Parts of a record that one mark can stand for, and the facts in them, by group.
AREAS: Mapping[str, tuple[str, ...]] = {
    "ceo": ("ceo",),
    "staff": ("staff", "rnd_organisation"),
    "statements": ("statement",),
    "technology": ("activity", "output", "other_ip", "abroad"),
}
#: Fields of a record that a fact fills as it is.
_PLAIN = ("company_id", "name", "name_en", "business_number", "corporate_number", "industry", "region", "founded")
#: Facts that not every form asks for: where one is not told it stays as it was.
_NOT_ALWAYS_ASKED = frozenset(("company_id", "corporate_number"))
_DETAILS = frozenset(("ceo", "staff", "rnd_projects", "certifications", "commercialisations", "ip", "credit"))


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands behind an answer or a part of a record: ``status`` as in the record, and a note of what it is."""

    status: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class CompanyEntry:
    """What was entered.

    Parameters
    ----------
    facts : flat facts by name; one that is absent or None is missing.
    statement_year : the fiscal year of the facts named ``…_t0``; None where no year was said.
    marks : by question of the checklist (``q01``) or area (``AREAS``).
    country : of a firm outside Korea.
    """

    facts: Mapping[str, Any]
    statement_year: int | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict)
    country: str | None = None


def record_of_entry(entry: CompanyEntry, base: Mapping[str, Any] | None, today: date) -> dict[str, Any]:
    """Return the record that says what was entered, on top of ``base``, the record that the form was filled from.

    Raises ``InputError`` where ``base`` itself is wrong.
    """
    record: dict[str, Any] = copy.deepcopy(dict(base or {}))
    before = entered_facts(base, today) if base else {}
    given = {name: value for name, value in entry.facts.items() if value is not None and name in FACTS}
    asked = {name for name in _asked() if name in given or name not in _NOT_ALWAYS_ASKED}
    changed = {name for name in asked if not _same(given.get(name), before.get(name))}
    year_before = year_of_statements(base, today) if base else None
    if entry.statement_year is not None and entry.statement_year != year_before and _of_statement(given):
        changed |= _of_statement(given)
    roots = {_root(name) for name in changed}
    totals = {name: value for name, value in (record.pop("facts", None) or {}).items() if value is not None}
    for name in changed & set(_PLAIN):
        _put(record, name, given.get(name))
    abroad = given.get("region") == FOREIGN
    _put(record, "country", (entry.country or record.get("country")) if abroad else None)
    touched = {name for name in asked if _root(name) in roots and _root(name) not in (*_PLAIN, "checklist")}
    if "statements" in roots:
        totals = {name: value for name, value in totals.items() if FACTS[name].group != "statement"}
        year = entry.statement_year or year_before or today.year - 1
        _put(record, "statements", _statements(base, given, year) or None)
        touched = {name for name in touched if FACTS[name].group != "statement"}
    for root in roots & (_DETAILS | {"rnd_organisation"}):
        record.pop(root, None)
    for name in (name for name in FACTS if name in touched):
        totals.pop(name, None)
        if name in given:
            totals[name] = given[name]
    _put(record, "facts", totals or None)
    answers = {name: value for name, value in given.items() if FACTS[name].group in CHECKLISTS}
    _put(record, "checklist", answers or None)
    _put_sources(record, entry, roots if base else set(), touched & totals.keys(), today)
    return record


def entered_facts(record: Mapping[str, Any], today: date) -> dict[str, FactValue]:
    """Return the facts of a record that a form shows; those of days that are still to come are shown as well."""
    company = Company.from_mapping(record)
    latest = max((statement.ends for statement in company.statements or ()), default=today)
    return company_facts(company, max(today, latest))


def year_of_statements(record: Mapping[str, Any], today: date) -> int:
    """Return the newest fiscal year of a record, the last calendar year where it has no statement."""
    company = Company.from_mapping(record)
    latest = max((statement.ends for statement in company.statements or ()), default=today)
    newest = newest_statement(company, max(today, latest))
    if newest is not None:
        return newest.year
    told = company.source_date if company.facts else None
    return (told or today).year - 1


def marks_of(record: Mapping[str, Any]) -> dict[str, Mark]:
    """Return the marks of a record by question and area, as ``CompanyEntry`` holds them."""
    found: dict[str, Mark] = {}
    for source in record.get("sources") or ():
        path = str(source.get("path", ""))
        root, _, rest = path.partition(".")
        if root == "checklist" and rest:
            where: str | None = rest
        elif root == "facts":
            where = _area(rest)
        else:
            where = next((area for area in AREAS if root == area or root in _roots_of(area)), None)
        note = str(source.get("source") or "")
        status = str(source.get("status") or "")
        note = "" if note in (SELF_REPORTED, "form") else note
        if where is not None and (status or note):
            found.setdefault(where, Mark(status if status != "declared" else "", note))
    return found


def problems_of(
    facts: Mapping[str, Any], today: date, written: Callable[[str, Any], str] | None = None
) -> dict[str, InputError]:
    """Return what cannot be true of facts that can all be read, by the fact to mend: every problem at once.

    ``written`` writes a fact's value as the form does, in the unit that was typed.
    """
    problems: dict[str, InputError] = {}
    for rule in broken_rules(facts):
        problems.setdefault(rule.smaller, refusal_of(rule, facts, written))
    industry = facts.get("industry")
    if industry:
        try:
            INDUSTRY.existing(str(industry), facts.get("region") == FOREIGN)
        except RefusedValueError as refusal:
            problems["industry"] = refusal.at(dict(FACTS["industry"].label))
    founded = facts.get("founded")
    if founded and str(founded) > today.isoformat():
        problems["founded"] = InputError("company.founded_after_as_of", founded=str(founded), as_of=today.isoformat())
    return problems


def _asked() -> set[str]:
    return {name for name, spec in FACTS.items() if not spec.derived}


def _root(name: str) -> str:
    return paths_of_facts(None, None)[name].split(".")[0]


def _roots_of(area: str) -> set[str]:
    return {_root(name) for name, spec in FACTS.items() if spec.group in AREAS[area]}


def _area(fact: str) -> str | None:
    spec = FACTS.get(fact)
    return next((area for area, groups in AREAS.items() if spec is not None and spec.group in groups), None)


def _of_statement(facts: Mapping[str, Any]) -> set[str]:
    return {name for name in facts if FACTS[name].group == "statement"}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, date) or isinstance(other, date):
        return str(one) == str(other)
    return bool(one == other)


def _put(record: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        record.pop(name, None)
    else:
        record[name] = value


def _statements(base: Mapping[str, Any] | None, given: Mapping[str, Any], year: int) -> list[dict[str, Any]]:
    """Return the statements with what was entered, in won; other years, and items nobody asks for, as they were."""
    company = Company.from_mapping(base) if base else None
    former = {statement.year: statement for statement in (company.statements or () if company else ())}
    asked: dict[int, set[str]] = {}
    for name in _of_statement(FACTS):
        stem, back = name.rsplit("_krw_t", 1)
        asked.setdefault(year - int(back), set()).add(stem)
    made: dict[int, dict[str, Any]] = {}
    for past, statement in former.items():
        if past > year:  # the newest year is the one that was chosen
            continue
        kept = statement.model_dump(mode="json", exclude_none=True)
        if past in asked:  # what is typed is of twelve months, in won
            factor = UNITS_KRW[kept.pop("unit", "krw")]
            usual = statement.months in (None, 12) and statement.period_start is None
            amounts = {
                item: value * factor
                for item, value in kept.items()
                if isinstance(value, int | float) and item not in ("year", "months") and item not in asked[past]
            }
            ends = {"year_end": kept["year_end"]} if "year_end" in kept else {}
            kept = {"year": past, **ends, **(amounts if usual else {})}
        made[past] = kept
    for ago in range(YEARS):
        typed = {item: given[f"{item}_krw_t{ago}"] for item in asked[year - ago] if f"{item}_krw_t{ago}" in given}
        statement_now = {**made.pop(year - ago, {"year": year - ago}), **dict(sorted(typed.items()))}
        if statement_now.keys() - {"year", "year_end"}:
            made[year - ago] = statement_now
    return [made[past] for past in sorted(made, reverse=True)]


def _put_sources(record: dict[str, Any], entry: CompanyEntry, roots: set[str], totals: set[str], today: date) -> None:
    """Say where what was touched comes from, and what stands behind it; what was not touched keeps its own."""
    record.setdefault("source", SELF_REPORTED)
    record.setdefault("source_date", today.isoformat())
    before = marks_of(record)
    moved = {area for area in AREAS if entry.marks.get(area, Mark()) != before.get(area, Mark())}
    gone = roots | {root for area in moved for root in (*_roots_of(area), area)} | {"checklist"}
    kept = []
    for source in record.get("sources") or ():
        root, _, rest = str(source.get("path", "")).partition(".")
        if root == "facts" and rest:
            stale = rest in totals or _area(rest) in moved or _root(rest) in roots
        else:
            stale = root in gone
        if not stale:
            kept.append(source)
    own_word = record["source"] == SELF_REPORTED and record["source_date"] == today.isoformat()
    added: dict[str, dict[str, Any]] = {}
    for area in AREAS:
        mark = entry.marks.get(area, Mark())
        marked = bool(mark.status or mark.note)
        for path in _paths(record, area):
            root, _, rest = path.partition(".")
            new = (_root(rest) if root == "facts" else root) in roots
            if (area in moved or new) and (marked or (new and not own_word)):
                added[path] = _source(path, mark, today)
    for root in sorted(roots & set(_PLAIN)):
        if not own_word and root in record:
            added[root] = _source(root, Mark(), today)
    for question in sorted(record.get("checklist") or ()):
        mark = entry.marks.get(question, Mark())
        if mark.status or mark.note:
            added[f"checklist.{question}"] = _source(f"checklist.{question}", mark, today, word="form")
    _put(record, "sources", [*kept, *added.values()] or None)


def _paths(record: Mapping[str, Any], area: str) -> list[str]:
    """Return where the values of an area stand in a record: its parts, and its totals one by one."""
    parts = [root for root in sorted(_roots_of(area)) if root in record and root != "facts"]
    return parts + [f"facts.{name}" for name in (record.get("facts") or {}) if _area(name) == area]


def _source(path: str, mark: Mark, today: date, word: str = SELF_REPORTED) -> dict[str, Any]:
    status = {"status": mark.status} if mark.status else {}
    return {"path": path, "source": mark.note or word, "date": today.isoformat(), **status}
