"""Text of a draft rule: what its head says, a clause added to it, a new draft begun from another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from ktop import catalogue
from ktop.catalogue import LANGS, load
from ktop.domain.decision.programme import Clause, OneOf, ProgrammeRule, read_rule
from ktop.domain.decision.rule_file import LONGEST_RULE_BYTES, plain, read_rule_file
from ktop.domain.expression import Expression
from ktop.kernel.errors import InputError, NotFoundError
from ktop.usecases.seasons.interface import ClauseText, Problem

_NUMBER = re.compile(r"\d{1,9}(\.\d{1,4})?")
_CODES = re.compile(r"[A-Za-z0-9+-]{1,12}(\s*,\s*[A-Za-z0-9+-]{1,12}){0,60}")


def understood(source: str) -> tuple[ProgrammeRule | None, Problem | None]:
    """Return the rule that a text says, or what is wrong with it."""
    try:
        return read_rule(source.encode()), None
    except InputError as error:
        return None, Problem(error.key, error.params)


def checked_text(source: str) -> str:
    """Return a text with the line ends of a file; raises ``InputError`` for one that is too long."""
    ordinary = source.replace("\r\n", "\n").replace("\r", "\n")
    if len(ordinary.encode()) > LONGEST_RULE_BYTES:
        raise InputError("programmes.rule_too_long", kb=LONGEST_RULE_BYTES // 1000)
    return "".join(sign for sign in ordinary if sign.isprintable() or sign in "\n")


def example(name: str, agency: str) -> str:
    """Return the text of an example of the catalogue as the draft of an agency."""
    if not re.fullmatch(r"[a-z0-9-]{1,40}", name):
        raise NotFoundError("programmes.not_found", programme=name[:40], year="–")
    file = resources.files(catalogue).joinpath("programmes").joinpath(f"{name}.yaml")
    if not file.is_file():
        raise NotFoundError("programmes.not_found", programme=name, year="–")
    return re.sub(r"(?m)^agency:.*$", lambda _: f"agency: {agency}", file.read_text("utf-8"), count=1)


def with_version(source: str, version: int) -> str:
    """Return a text with another version in its head."""
    return re.sub(r"(?m)^version:.*$", f"version: {version}", source, count=1)


def with_clause(source: str, kind: str, values: Mapping[str, str]) -> str:
    """Return a text with a common clause behind its other clauses; comments and order stay as they are.

    Raises ``InputError`` for a value that does not fit, or a text in which the place cannot be found.
    """
    known = load("common_clauses").get(kind)
    if known is None:
        raise InputError("programmes_season.no_such_clause")
    value = values.get("value", "").strip()
    pattern = {"number": _NUMBER, "codes": _CODES}.get(known["value"])
    if pattern is not None and not pattern.fullmatch(value):
        raise InputError("programmes_season.clause_value", label=known["label"])
    clause = known["clause"].format(value=value)
    lines = source.rstrip("\n").split("\n")
    entry = read_rule_file(source.encode())
    begins = entry.lines.get("clauses")
    if begins is None:
        return "\n".join([*lines, "clauses:", *_indented(clause, 2), ""])
    later = sorted(line for line in entry.lines.values() if line > begins)
    end = later[0] - 1 if later else len(lines)
    while end > begins and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    if lines[begins - 1].split("#")[0].strip() != "clauses:":
        raise InputError("programmes_season.clause_place", line=begins)
    first = next((line for line in lines[begins:end] if line.lstrip().startswith("- ")), "  - ")
    indent = len(first) - len(first.lstrip())
    return "\n".join([*lines[:end], *_indented(clause, indent), *lines[end:], ""])


def clauses_of(source: str) -> list[ClauseText]:
    """Return the clauses of a rule as a form shows them; none of a text that cannot be understood."""
    rule, _ = understood(source)
    return [] if rule is None else [_as_text(clause) for clause in rule.clauses]


def _as_text(clause: Clause) -> ClauseText:
    condition = clause.condition
    if isinstance(condition, Expression):
        kind, looks_at, said = "holds", "", condition.source
    elif isinstance(condition, OneOf):
        kind, looks_at, said = "one_of", condition.fact, ", ".join(condition.values)
    else:
        kind, looks_at, said = "grade_at_least", condition.grade_name, condition.grade
    return ClauseText(clause.id, clause.label, kind, looks_at, said, clause.reason, clause.missing)


def with_clause_changed(source: str, clause_id: str, values: Mapping[str, str] | None) -> str:
    """Return a text with one clause as a form says it, or without it where ``values`` is None.

    The other lines stay as they are, with their comments. Raises ``InputError`` for a clause that is not there, or a
    text in which its lines cannot be told.
    """
    entry = read_rule_file(source.encode())
    items = list(entry.entries("clauses"))
    place = next((k for k, item in enumerate(items) if item.get("id") == clause_id), None)
    if place is None:
        raise InputError("programmes_season.no_such_clause")
    lines = source.rstrip("\n").split("\n")
    first = items[place].line - 1
    if not lines[first].lstrip().startswith("- "):
        raise InputError("programmes_season.clause_place", line=entry.lines["clauses"])
    later = [item.line - 1 for item in items[place + 1 : place + 2]]
    later += [line - 1 for line in entry.lines.values() if line - 1 > first]
    end = min(later, default=len(lines))
    while end > first + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    indent = len(lines[first]) - len(lines[first].lstrip())
    block = [] if values is None else _indented(_dumped(_changed(plain(items[place]), values)), indent)
    kept = [*lines[:first], *block, *lines[end:]]
    if values is None and len(items) == 1:
        kept[entry.lines["clauses"] - 1] = "clauses: []"
    return "\n".join([*kept, ""])


def _changed(clause: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Return a clause with what a form says of it; a text left empty stays as it was."""
    said = {name: value.strip() for name, value in values.items() if value.strip()}
    for name in ("label", "reason"):
        clause[name] = {lang: said.get(f"{name}_{lang}", clause[name][lang]) for lang in LANGS}
    condition = said.get("condition")
    if condition is not None and "holds" in clause:
        clause["holds"] = condition
    elif condition is not None:
        kind = "one_of" if "one_of" in clause else "grade_at_least"
        (looks_at,) = clause[kind]
        listed = [value.strip() for value in condition.split(",") if value.strip()]
        clause[kind] = {looks_at: listed if kind == "one_of" else condition}
    if said.get("missing") in ("ask", "refuse"):
        clause["missing"] = said["missing"]
    return clause


def _dumped(clause: Mapping[str, Any]) -> str:
    import yaml  # reading rules needs it anyway, and only an edit writes it

    return yaml.safe_dump([dict(clause)], allow_unicode=True, sort_keys=False, width=1_000)


def _indented(clause: str, by: int) -> list[str]:
    return [" " * by + line for line in clause.rstrip("\n").split("\n")]
