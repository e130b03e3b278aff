"""Makes a company record of what sources state: the first by priority holds, the others stand beside it.

Nothing is filled in: what no source states is missing. What a person said of a value holds until its source changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from pydantic import ValidationError

from ktop.catalogue import load
from ktop.collect.value import Plain, Scope, Value, plain_name
from ktop.domain.company.errors import first_error
from ktop.domain.company.record import (
    Certification,
    Company,
    IpRight,
    RecordPart,
    RndProject,
    StaffCount,
    Statement,
)
from ktop.domain.values.industry import industry_group
from ktop.kernel.errors import InputError, KtopError

#: Lists of the record: part, the field that the entry's name in a path stands for (None: it stands for nothing).
_LISTS: Mapping[str, tuple[type[RecordPart], str | None]] = {
    "statements": (Statement, "year"),
    "staff": (StaffCount, "date"),
    "rnd_projects": (RndProject, None),
    "certifications": (Certification, None),
    "ip": (IpRight, None),
}
_FIELDS = ("name", "name_en", "business_number", "corporate_number", "industry", "region", "founded")
#: Two sources that differ by such a factor mean the same amount in another unit.
_UNITS = (1_000.0, 1_000_000.0)
_NEAR = 0.005

#: ``agreed``: one source, or all say the same. ``differs``: sources disagree. ``unit``: by a factor of a unit.
#: ``confirmed`` and ``corrected``: a person said so. ``changed``: the source says something else since.
State: TypeAlias = Literal["agreed", "differs", "unit", "confirmed", "corrected", "changed"]


@dataclass(frozen=True, slots=True)
class Stated:
    """A value as one answer states it. ``answer`` is the identifier that the answer is kept under."""

    value: Value
    source: str
    answer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person said of a value: that it is right, or what is right instead, and why.

    ``against`` is what the source said then; ``value`` None takes the value out, at the path of an entry all of it.
    """

    path: str
    value: Plain | None
    against: Plain | None
    corrected: bool
    reason: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """A value of the record: what holds, who says so, and who says otherwise."""

    path: str
    value: Plain | None
    state: State
    source: str
    on: date | None
    stated: tuple[Stated, ...]
    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was made of all answers.

    Parameters
    ----------
    values : the values of the record by their path.
    record : the record, without what does not go together; with ``sources`` for every value.
    left_out : path → key and values of the sentence on why it is not in the record.
    questions : values found by the company's name alone, which a person has to confirm.
    scope : whose statements they are.
    """

    values: Mapping[str, Merged]
    record: Mapping[str, Any]
    left_out: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    questions: tuple[Stated, ...] = ()
    scope: Scope = ""


def gather(
    business_number: str, stated: Sequence[Stated], choices: Sequence[Choice] = (), *, accept_names: bool = False
) -> Gathered:
    """Merge what sources state of the company with a business number (ten digits) with what people said of it.

    ``accept_names`` takes entries that were found by the company's name alone. A later choice of a path replaces an
    earlier one. Pure: the same answers give the same record.
    """
    chosen = {choice.path: choice for choice in choices}
    accepted = {choice.path for choice in choices if not choice.corrected and choice.value is not None}
    # a right that another source joins by its number is the company's, whoever else found it by name
    accepted |= {_entry(one.value.path) for one in stated if one.value.sure and one.value.path.startswith("ip.")}
    unsure = [
        one for one in stated if not one.value.sure and not accept_names and _entry(one.value.path) not in accepted
    ]
    taken_out = {choice.path for choice in chosen.values() if is_entry(choice.path) and choice.corrected}
    unsure = [one for one in unsure if _entry(one.value.path) not in taken_out]
    out = {id(one) for one in unsure}
    held = [one for one in stated if id(one) not in out and _entry(one.value.path) not in taken_out]
    scope = _scope(held)
    by_path: dict[str, list[Stated]] = defaultdict(list)
    for one in held:
        if one.value.scope in ("", scope):
            by_path[one.value.path].append(one)
    for path in chosen:
        if "." not in path or path.split(".")[0] in (*_LISTS, "credit"):
            by_path.setdefault(path, [])
    values = _with_units({path: _merged(path, found, chosen.get(path)) for path, found in sorted(by_path.items())})
    record, left_out = _record(business_number, {p: m for p, m in values.items() if m.value is not None})
    return Gathered(values, record, left_out, tuple(unsure), scope)


def _entry(path: str) -> str:
    """Return the path of the list entry that a value belongs to."""
    return ".".join(path.split(".")[:2])


def is_entry(path: str) -> bool:
    """Return whether a path names a whole entry of a list."""
    steps = path.split(".")
    return len(steps) == 2 and steps[0] in _LISTS


def _scope(stated: Sequence[Stated]) -> Scope:
    """Return whose statements are used: the first of the catalogue's that has the newest year."""
    years: dict[Scope, int] = {}
    for one in stated:
        parts = one.value.path.split(".")
        if parts[0] == "statements" and parts[2] != "year_end" and one.value.scope:
            years[one.value.scope] = max(years.get(one.value.scope, 0), int(parts[1]))
    newest = max(years.values(), default=0)
    order: list[Scope] = load("sources")["scopes"]
    return next((scope for scope in order if years.get(scope) == newest and newest), "")


def _rank(path: str, source: str) -> int:
    priority: Mapping[str, list[str]] = load("sources")["priority"]
    beginning = max((one for one in priority if one == "" or path == one or path.startswith(f"{one}.")), key=len)
    order = priority[beginning]
    return order.index(source) if source in order else len(order)


def _merged(path: str, found: Sequence[Stated], choice: Choice | None) -> Merged:
    """Merge one value. Of one source the last statement holds: a later report restates the years before it."""
    newest: dict[str, Stated] = {}
    for one in found:
        known = newest.get(one.source)
        if known is None or (one.value.order, one.at) > (known.value.order, known.at):
            newest[one.source] = one
    ranked = sorted(newest.values(), key=lambda one: _rank(path, one.source))
    others = [one for one in found if one not in ranked and one.value.value != newest[one.source].value.value]
    shown = (*ranked, *sorted(others, key=lambda one: one.value.order, reverse=True))
    best = ranked[0] if ranked else None
    state: State = _state([_compared(path, one.value.value) for one in ranked])
    if choice is None:
        assert best is not None, "a path without a choice has a statement"
        return Merged(path, best.value.value, state, best.source, best.value.on, shown)
    said = None if best is None else best.value.value
    if best is not None and said not in (choice.against, choice.value):
        state = "changed"  # a person decides anew; until then what they said holds
    else:
        state = "corrected" if choice.corrected else "confirmed"
    on = choice.at.date() if choice.at and choice.corrected else (best.value.on if best else None)
    source = "user" if choice.corrected or best is None else best.source
    return Merged(path, choice.value, state, source, on, shown, choice)


def _compared(path: str, value: Plain) -> Plain:
    """Return what two sources are held against each other by: a name without its legal form.

    A right's numbers never disagree: one office names the application, the other one the publication.
    """
    if path.startswith("ip.") and path.endswith(".number"):
        return ""
    return plain_name(str(value)) if path in ("name", "name_en") else value


def _with_units(values: Mapping[str, Merged]) -> dict[str, Merged]:
    """Return the values, with those of a year's statement in doubt whose source wrote that year in another unit."""
    doubted: set[tuple[str, str]] = set()
    for path, merged in values.items():
        if merged.state == "unit":
            first = merged.stated[0].value.value
            doubted |= {(_entry(path), one.source) for one in merged.stated if _another_unit(first, one.value.value)}
    return {
        path: replace(merged, state="unit")
        if merged.state == "agreed" and (_entry(path), merged.source) in doubted and not path.endswith(".year_end")
        else merged
        for path, merged in values.items()
    }


def _state(values: Sequence[Plain]) -> State:
    first, *others = values or [""]
    differing = [other for other in others if other != first]
    if not differing:
        return "agreed"
    return "unit" if any(_another_unit(first, other) for other in differing) else "differs"


def _another_unit(first: Plain, other: Plain) -> bool:
    numbers = [abs(v) for v in (first, other) if isinstance(v, int | float) and not isinstance(v, bool) and v]
    if len(numbers) < 2:
        return False
    factor = max(numbers) / min(numbers)
    return any(abs(factor / unit - 1) < _NEAR for unit in _UNITS)


def _record(
    business_number: str, values: Mapping[str, Merged]
) -> tuple[dict[str, Any], dict[str, tuple[str, Mapping[str, Any]]]]:
    """Put values together, each part by itself, so that one that does not hold leaves the others standing."""
    record: dict[str, Any] = {"business_number": business_number}
    left_out: dict[str, tuple[str, Mapping[str, Any]]] = {}
    kept: list[Merged] = []
    for name in _FIELDS:
        if name in values and name != "business_number":
            _try(record, left_out, kept, name, {name: values[name]})
    suspended = values.get("credit.business_suspended")
    if suspended is not None:
        record["credit"] = {"business_suspended": suspended.value}
        kept.append(suspended)
    sources: list[dict[str, Any]] = []
    for name, (part, named_by) in _LISTS.items():
        entries: dict[str, dict[str, Merged]] = defaultdict(dict)
        for path, merged in values.items():
            steps = path.split(".")
            if steps[0] == name and len(steps) == 3:
                entries[steps[1]][steps[2]] = merged
        for key, fields in sorted(entries.items()):
            entry = {field: merged.value for field, merged in fields.items()}
            if named_by is not None:
                entry[named_by] = int(key) if named_by == "year" else key
            if set(entry) - {named_by} <= {"year_end"}:
                continue  # a year of which nothing but its end is known
            problem = _problem(part, entry)
            if problem is not None:
                left_out[f"{name}.{key}"] = problem
                continue
            record.setdefault(name, []).append(entry)
            if named_by is not None:
                kept += fields.values()
            else:
                sources += _sources_of_list(name, key, list(fields.values()), sources)
    record.setdefault("name", business_number)
    sources = [_source(merged.path, merged) for merged in kept] + sources
    return {**_plain(record), "sources": sources}, left_out


def _try(
    record: dict[str, Any],
    left_out: dict[str, tuple[str, Mapping[str, Any]]],
    kept: list[Merged],
    name: str,
    values: Mapping[str, Merged],
) -> None:
    merged = values[name]
    value = merged.value
    if name == "industry" and industry_group(str(value)) is None:
        left_out[name] = ("collect.unknown_industry", {"value": str(value)[:20]})
        return
    problem = _problem(Company, {"name": "기업", name: value})
    if problem is not None:
        left_out[name] = problem
        return
    record[name] = value
    kept.append(merged)


def _problem(part: type[RecordPart], entry: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Return the key and values of the sentence on why a part cannot stand in a record, None where it can."""
    plain = _plain(entry)
    try:
        if part is Company:
            Company.from_mapping(plain)
        else:
            part.model_validate(plain)
    except ValidationError as errors:
        error: KtopError = first_error(errors, plain, part)
        return error.key, error.params
    except InputError as error:
        return error.key, error.params
    return None


def _plain(value: Any) -> Any:
    """Return values as JSON has them; whole amounts as whole numbers."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _source(path: str, merged: Merged) -> dict[str, Any]:
    """Return the entry of the record's ``sources``: collected values are backed, corrected ones are one's own word."""
    found: dict[str, Any] = {"path": path, "source": merged.source}
    on = merged.on or (merged.stated[0].at.date() if merged.stated and merged.source != "user" else None)
    if on is not None:
        found["date"] = on.isoformat()
    if merged.source != "user":
        found["status"] = "evidenced"
    return found


def _sources_of_list(
    name: str, key: str, fields: Sequence[Merged], told: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the source of an entry that the record has no path of its own for, and of its list, once."""
    first = min(fields, key=lambda merged: _rank(name, merged.source))
    entry = {**_source(name, first), "path": f"{name}.{key}"}
    return [entry] if any(one["path"] == name for one in told) else [{**entry, "path": name}, entry]
