"""The wizard that a company is entered by: its five steps, and the draft that keeps what was typed between them.

A draft is kept with the company (``Portfolio.save_draft``) as a record whose ``entry`` holds the texts as typed, so
that nothing is lost that cannot be read yet.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from typing import Any

from ktop.catalogue import Lang, load, text
from ktop.domain.company.entry import (
    AREAS,
    CompanyEntry,
    Mark,
    entered_facts,
    marks_of,
    year_of_statements,
)
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.rating.rating import Warning
from ktop.domain.values.kind import RefusedValueError
from ktop.kernel.clock import today
from ktop.web import forms

STEPS = ("who", "figures", "technology", "checklist", "consent")
MILLION = 1_000_000
_LONGEST, _LONGEST_NOTE, _LONGEST_TEXT = 200, 300, 20_000
#: What the draft keeps of the last step until the rating is made.
_CONSENT_FIELDS = ("institution", "purpose", "valid_until", "once", "reason")


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has typed so far.

    Parameters
    ----------
    typed : fact → text.
    unit_krw : won of one in the amounts typed.
    year : fiscal year of the facts ``…_t0``.
    marks : question or area → what stands behind it.
    title, text : the technology's, in the words of the firm; ``technology`` is its identifier where it is kept.
    base : number of the version of the record that the form was filled from, 0 where it was filled from nothing.
    seen : the steps that were sent, whose problems are told.
    settled : doubts that the user has looked at and lets stand (``doubt_key``).
    """

    typed: Mapping[str, str] = field(default_factory=dict)
    unit_krw: int = MILLION
    year: int = 0
    marks: Mapping[str, Mark] = field(default_factory=dict)
    country: str = ""
    title: str = ""
    text: str = ""
    technology: str = ""
    base: int = 0
    seen: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return the draft as a record that is kept as one."""
        names = {name: self.typed[name].strip() for name in ("name", "business_number") if self.typed.get(name)}
        return {**names, "entry": asdict(self)}

    def facts(self, lang: Lang) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the facts typed and what is wrong with them, by fact."""
        return forms.read(self.typed, lang, unit_krw=self.unit_krw)

    def entry(self, facts: Mapping[str, Any]) -> CompanyEntry:
        """Return what was entered, for the record to be made of it."""
        answered = {name: mark for name, mark in self.marks.items() if name in AREAS or facts.get(name) is not None}
        return CompanyEntry(facts, self.year or None, answered, self.country or None)


def draft_of_record(record: Mapping[str, Any], base: int) -> Draft:
    """Return the draft that shows a record: in millions of won, or in won where millions would be fractions."""
    day = today()
    facts = entered_facts(record, day)
    amounts = [value for name, value in facts.items() if FACTS[name].unit == "krw" and isinstance(value, int | float)]
    unit = next((won for won in (MILLION, 1_000) if all(amount % won == 0 for amount in amounts)), 1)
    return Draft(
        typed=forms.typed(facts, unit),
        unit_krw=unit,
        year=year_of_statements(record, day),
        marks=marks_of(record),
        country=str(record.get("country") or ""),
        base=base,
    )


def kept_draft(record: Mapping[str, Any]) -> Draft | None:
    """Return the draft that a kept record is; None for a record that was not made by the wizard.

    A program may keep anything as a draft: what is none of ours is none.
    """
    told = record.get("entry")
    if not isinstance(told, Mapping):
        return None
    try:
        marks = {name: Mark(**mark) for name, mark in (told.get("marks") or {}).items()}
        given = {**told, "marks": marks, "seen": tuple(told.get("seen", ())), "settled": tuple(told.get("settled", ()))}
        draft = Draft(**given)
    except (TypeError, AttributeError):
        return None
    blank = Draft()
    fits = all(isinstance(getattr(draft, one.name), type(getattr(blank, one.name))) for one in fields(Draft))
    return draft if fits and all(isinstance(value, str) for value in draft.typed.values()) else None


@functools.cache
def names_of(step: str) -> tuple[str, ...]:
    """Return the facts that a step asks for, in the order of the catalogue."""
    groups = load("entry")["steps"][step]
    return tuple(spec.name for spec in forms.asked() if spec.group in groups)


def step_of(fact: str) -> str:
    """Return the step that asks for a fact."""
    return next(step for step in STEPS if fact in names_of(step))


def with_step(draft: Draft, step: str, posted: Mapping[str, str]) -> Draft:
    """Return a draft with what was typed in one step in the place of what it held of it."""
    changed = replace(draft, seen=tuple(dict.fromkeys((*draft.seen, step))))
    names = [name for name in names_of(step) if name in posted]
    if step == "figures":
        changed = _with_unit(changed, posted)
    mine = {name: posted[name][:_LONGEST] for name in names}
    if step == "figures" and changed.unit_krw != draft.unit_krw:
        mine = {name: in_unit(name, value, draft, changed.unit_krw) for name, value in mine.items()}
    kept = {name: value for name, value in draft.typed.items() if name not in mine}
    changed = replace(changed, typed={**kept, **{name: value for name, value in mine.items() if value.strip()}})
    marks = dict(changed.marks)
    for name in (*AREAS, *names):
        if forms.STATUS + name in posted or f"note_{name}" in posted:
            status = posted.get(forms.STATUS + name, "")
            note = posted.get(f"note_{name}", "").strip()[:_LONGEST_NOTE]
            marks[name] = Mark(status if status in ("evidenced", "confirmed") else "", note)
    changed = replace(changed, marks={name: mark for name, mark in marks.items() if mark != Mark()})
    if step == "who":
        changed = replace(changed, country=posted.get("country", "").strip().upper()[:2])
    if step == "technology":
        title, words = posted.get("title", "")[:_LONGEST], posted.get("text", "")[:_LONGEST_TEXT]
        changed = replace(changed, title=title, text=words)
    settled = posted.get("settled", "").split()
    return replace(changed, settled=tuple(dict.fromkeys((*changed.settled, *settled))))


def doubt_key(doubt: Warning) -> str:
    """Return what a doubt is remembered by: its sentence, so that other figures are asked about anew."""
    return hashlib.sha256(doubt.text["en"].encode()).hexdigest()[:16]


def years_offered(day: date) -> range:
    """Return the fiscal years that can be the newest, the last one first."""
    return range(day.year, day.year - 6, -1)


def known(draft: Draft, step: str) -> tuple[int, int]:
    """Return how many facts of a step are given, of how many; those that not every firm is asked for do not count."""
    names = [name for name in names_of(step) if not FACTS[name].optional]
    return sum(bool(draft.typed.get(name, "").strip()) for name in names), len(names)


def field_of(draft: Draft, name: str, lang: Lang, problem: str = "") -> forms.Field:
    """Return one fact of a draft as a question."""
    shown = forms.field(FACTS[name], lang, draft.typed.get(name, ""), problem, draft.unit_krw)
    mark = draft.marks.get(name, Mark())
    return replace(shown, status=mark.status, note=mark.note, statuses=status_options(lang))


def status_options(lang: Lang) -> tuple[tuple[str, str], ...]:
    """Return what can stand behind a value, "" for the firm's word."""
    return tuple((code, text(f"wizard.status_{code or 'declared'}", lang)) for code in ("", "evidenced", "confirmed"))


def _with_unit(draft: Draft, posted: Mapping[str, str]) -> Draft:
    unit, year = posted.get("unit", ""), posted.get("year", "")
    won = int(unit) if unit.isascii() and unit.isdigit() and len(unit) < 10 else 0
    chosen = int(year) if year.isascii() and year.isdigit() and len(year) == 4 else 0
    return replace(
        draft,
        unit_krw=won if won in forms.unit_words("en") else draft.unit_krw,
        year=chosen if 1950 <= chosen <= today().year + 1 else draft.year,
    )


def in_unit(name: str, value: str, before: Draft, unit_krw: int) -> str:
    """Return a text in a unit just chosen: what stood there before is the same amount, what is typed now as typed."""
    if FACTS[name].unit != "krw" or value != before.typed.get(name, ""):
        return value
    try:
        amount = forms.kind_asked(name, before.unit_krw).parse(value)
    except RefusedValueError:
        return value
    return value if amount is None else forms.kind_asked(name, unit_krw).caption(amount)
