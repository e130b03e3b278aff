"""Reads the demo vocabularies: themes with their subjects, parts, problems and effects in Korean and English."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ktop import catalogue

_DATES = re.compile(r"\s*@(\d{4})(?:-(\d{4}))?\s*$")
_TAGS = re.compile(r"\s*#([a-z]+)\s*$")
_FIRST_YEAR, _LAST_YEAR = 1900, 9999


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a vocabulary.

    Parameters
    ----------
    fields : its columns: two for phrases (Korean, English), four for parts (name and function in both languages),
        for subjects kind, Korean, English and class symbols.
    since, until : first and last year in which the words are used.
    groups : the subjects' groups it fits; empty = all.
    """

    fields: tuple[str, ...]
    since: int
    until: int
    groups: frozenset[str]

    def used_in(self, year: int) -> bool:
        """Return whether the words are in use in ``year``."""
        return self.since <= year <= self.until

    def fits(self, groups: frozenset[str]) -> bool:
        """Return whether the entry suits a subject with these groups."""
        return not self.groups or not groups or bool(self.groups & groups)


@dataclass(frozen=True, slots=True)
class Theme:
    """A field of technology with its words and its growth over the years."""

    name: str
    labels: dict[str, str]
    growth: dict[str, Any]
    slots: dict[str, tuple[Entry, ...]]
    subjects: tuple[Entry, ...]
    parts: tuple[Entry, ...]
    materials: tuple[Entry, ...]
    steps: tuple[Entry, ...]
    problems: tuple[Entry, ...]
    effects: tuple[Entry, ...]
    details: tuple[Entry, ...]


def parse_entry(line: str, columns: int) -> Entry:
    """Parse ``"ko | en @since-until #groups"``. Raises ``ValueError`` where the number of columns is wrong."""
    groups: frozenset[str] = frozenset()
    since, until = _FIRST_YEAR, _LAST_YEAR
    if tags := _TAGS.search(line):
        groups, line = frozenset(tags[1]), line[: tags.start()]
    if dates := _DATES.search(line):
        since, until = int(dates[1]), int(dates[2] or _LAST_YEAR)
        line = line[: dates.start()]
    fields = tuple(field.strip() for field in line.split("|"))
    if len(fields) != columns or not all(fields):
        raise ValueError(f"expected {columns} columns: {line!r}")
    return Entry(fields, since, until, groups)


def _entries(lines: list[str] | None, columns: int) -> tuple[Entry, ...]:
    return tuple(parse_entry(line, columns) for line in lines or ())


@functools.cache
def themes() -> tuple[Theme, ...]:
    """Return all themes in the order of their names."""
    folder = resources.files("ktop.catalogue").joinpath("demo_vocabulary")
    names = sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return tuple(_theme(catalogue.load(f"demo_vocabulary/{name}")) for name in names if not name.startswith("_"))


def _theme(data: dict[str, Any]) -> Theme:
    return Theme(
        name=data["theme"],
        labels=data["labels"],
        growth=data["growth"],
        slots={name: _entries(lines, 2) for name, lines in data["slots"].items()},
        subjects=_entries(data["subjects"], 4),
        parts=_entries(data.get("parts"), 4),
        materials=_entries(data.get("materials"), 4),
        steps=_entries(data.get("steps"), 2),
        problems=_entries(data["problems"], 2),
        effects=_entries(data["effects"], 2),
        details=_entries(data["details"], 2),
    )


@functools.cache
def grammar() -> dict[str, Any]:
    """Return the sentence patterns of both languages and the pieces of applicants' names."""
    patterns: dict[str, Any] = catalogue.load("demo_vocabulary/_grammar")
    return patterns
