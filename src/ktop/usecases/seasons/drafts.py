"""Text of a draft rule: what its head says, a clause added to it, a new draft begun from another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

from ktop import catalogue
from ktop.catalogue import load
from ktop.domain.decision.programme import ProgrammeRule, read_rule
from ktop.domain.decision.rule_file import LONGEST_RULE_BYTES, read_rule_file
from ktop.kernel.errors import InputError, NotFoundError
from ktop.usecases.seasons.interface import Problem

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
    plain = source.replace("\r\n", "\n").replace("\r", "\n")
    if len(plain.encode()) > LONGEST_RULE_BYTES:
        raise InputError("programmes.rule_too_long", kb=LONGEST_RULE_BYTES // 1000)
    return "".join(sign for sign in plain if sign.isprintable() or sign in "\n")


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


def _indented(clause: str, by: int) -> list[str]:
    return [" " * by + line for line in clause.rstrip("\n").split("\n")]
