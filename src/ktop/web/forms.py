"""The company form: its sections and fields come from the facts catalogue, and what is posted becomes facts again.

A blank field is a missing fact. Money is entered in millions of won unless another unit is chosen. What a text means
is for the fact's kind of value to say (``ktop.domain.values``).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ktop.catalogue import Lang, load, message, text
from ktop.domain.company.entry import problems_of
from ktop.domain.company.fact_spec import CHECKLISTS, FACTS, FactSpec, fact_groups
from ktop.domain.company.kinds import fact_kind
from ktop.domain.company.record import UNITS_KRW
from ktop.domain.values.kind import RefusedValueError, ValueKind
from ktop.domain.values.money import Money
from ktop.kernel.clock import today

#: The unit of money in the form.
_MILLION = 1_000_000
#: Facts that are given by the file or worked out, so nobody types them in.
_NOT_ASKED = frozenset({"company_id", "corporate_number"})
_REQUIRED = frozenset({"name"})
#: How the field on what stands behind an answer is named, before the answer's own name.
STATUS = "status_"
#: Sections of the form: its own name and the groups of facts in it.
_SECTIONS = (
    ("identity", ("identity",)),
    ("ceo", ("ceo",)),
    ("staff", ("staff", "rnd_organisation")),
    ("statement", ("statement",)),
    ("activity", ("activity", "output")),
    ("other", ("other_ip", "credit")),
    ("checklist", ("checklist",)),
    ("abroad", ("abroad", "checklist_abroad")),
)
_UNITS_OFFERED = (1, 1_000, _MILLION)
#: Facts offered in the what-if form: what a company can change within a year or two.
WHAT_IF = (
    *("technical_staff", "research_staff", "advanced_degree_staff", "rnd_organisation"),
    *("sales_krw_t0", "rnd_expense_krw_t0", "training_expense_krw_t0", "marketing_expense_krw_t0"),
    *("rnd_projects_3y", "rnd_projects_completed_3y", "patents_filed_3y", "patents_registered", "certifications_valid"),
    *("own_commercialised_3y", "venture_certified", "innobiz_certified"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One question of the form, in the reader's language."""

    name: str
    label: str
    help: str
    kind: str  # "text", "date", "number", "choice", "radio", "region"
    value: str
    unit: str = ""
    required: bool = False
    options: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    #: Whether leaving it out moves a rating more than most others do.
    weighs: bool = False
    #: Where the value comes from, where that is not who fills in the form.
    source: str = ""
    #: What stands behind an answer of the checklist, "" where it is the firm's word; and the words to choose from.
    status: str = ""
    statuses: tuple[tuple[str, str], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the form with its fields; checklist fields stand in groups of their own."""

    name: str
    title: str
    lead: str
    groups: tuple[tuple[str, tuple[Field, ...]], ...]


@functools.cache
def asked() -> tuple[FactSpec, ...]:
    """Return the facts the form asks for, in order."""
    wanted = {group for _, groups in _SECTIONS for group in groups}
    return tuple(s for s in FACTS.values() if s.group in wanted and not s.derived and s.name not in _NOT_ASKED)


def sections(
    lang: Lang, values: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None
) -> tuple[Section, ...]:
    """Return the form filled with ``values`` (as typed), each problem beside its field."""
    values, problems = values or {}, problems or {}
    made = []
    for name, groups in _SECTIONS:
        parts: dict[str, list[Field]] = {}
        for spec in asked():
            if spec.group not in groups:
                continue
            if spec.group in CHECKLISTS:
                checklist = load(CHECKLISTS[spec.group])
                heading = checklist["groups"][checklist["items"][spec.name]["group"]][lang]
            else:
                heading = fact_groups()[spec.group][lang] if len(groups) > 1 else ""
            found = field(spec, lang, values.get(spec.name, ""), problems.get(spec.name, ""))
            if spec.group in CHECKLISTS:
                found = replace(found, status=values.get(STATUS + spec.name, ""), statuses=_status_options(lang))
            parts.setdefault(heading, []).append(found)
        title, lead = text(f"web.section_{name}", lang), text(f"web.section_{name}_lead", lang)
        made.append(Section(name, title, lead, tuple((heading, tuple(fields)) for heading, fields in parts.items())))
    return tuple(made)


@functools.cache
def what_if_names() -> tuple[str, ...]:
    """Return every fact that what-if can change, the usual ones first: all that is asked but who the firm is."""
    fixed = ("name", "name_en", "business_number")
    return (*WHAT_IF, *(spec.name for spec in asked() if spec.name not in (*WHAT_IF, *fixed)))


def field(spec: FactSpec, lang: Lang, value: str = "", problem: str = "", unit_krw: int = _MILLION) -> Field:
    """Return one fact as a question; amounts are asked for in ``unit_krw``."""
    kind, unit = "text", spec.unit_label[lang] if spec.unit_label else ""
    options: tuple[tuple[str, str], ...] = ()
    label, hint = spec.label[lang], spec.description[lang]
    if spec.kind == "flag" or spec.name == "region":
        hint = ""  # the catalogue describes the code in a file; the form shows its words
    if spec.group in CHECKLISTS:
        kind, label, hint = "radio", spec.description[lang], ""
        options = tuple((str(code), words[lang]) for code, words in spec.choices.items())
    elif spec.choices:
        kind = "choice"
        options = tuple((str(code), words[lang]) for code, words in spec.choices.items())
    elif spec.name == "region":
        kind = "choice"
        options = tuple((code, words[lang]) for code, words in load("regions")["regions"].items())
    elif spec.kind == "date":
        kind = "date"
    elif spec.kind in ("number", "integer"):
        kind = "number"
        if spec.unit == "krw":
            unit = unit_words(lang)[unit_krw]
    required = spec.name in _REQUIRED
    return Field(spec.name, label, hint, kind, value, unit, required, options, problem, spec.name in weighty())


def industry_options(lang: Lang) -> tuple[tuple[str, str], ...]:
    """Return the two-digit divisions of the industry classification, as suggestions."""
    return tuple(
        (f"{entry['section']}{code}", entry["label"][lang])
        for code, entry in load("industries")["ksic"].items()
        if len(code) == 2
    )


@functools.cache
def weighty() -> frozenset[str]:
    """Return the facts whose absence moves ratings most (``catalogue/entry.yaml``)."""
    return frozenset(load("entry")["weighs_much"])


@functools.cache
def unit_words(lang: Lang) -> Mapping[int, str]:
    """Return the units that amounts can be entered in: won of one → its word."""
    return {
        won: load("company")["values"]["unit"][unit][lang] for unit, won in UNITS_KRW.items() if won in _UNITS_OFFERED
    }


def _status_options(lang: Lang) -> tuple[tuple[str, str], ...]:
    return tuple((code, words[lang]) for code, words in load("company")["values"]["status"].items())


def statuses(posted: Mapping[str, str]) -> dict[str, str]:
    """Return what stands behind each answer of the checklist; those that are the firm's word are left out."""
    said = {spec.name: posted.get(STATUS + spec.name, "") for spec in asked() if spec.group in CHECKLISTS}
    return {name: status for name, status in said.items() if status in ("evidenced", "confirmed")}


@functools.cache
def kind_asked(name: str, unit_krw: int = _MILLION) -> ValueKind[Any]:
    """Return the kind of value a field of the form takes: the fact's own, money in the unit chosen."""
    kind = fact_kind(name)
    return replace(kind, unit_krw=unit_krw, worded=False) if isinstance(kind, Money) else kind


def typed(facts: Mapping[str, Any], unit_krw: int = _MILLION) -> dict[str, str]:
    """Return facts as they would be typed into the form; a missing one is left out."""
    shown = {}
    for spec in asked():
        value = facts.get(spec.name)
        if value is not None and value == value:
            shown[spec.name] = kind_asked(spec.name, unit_krw).caption(value)
    return shown


def read(
    posted: Mapping[str, str], lang: Lang, names: tuple[str, ...] | None = None, unit_krw: int = _MILLION
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the facts that were typed and, by fact, the sentence on what cannot be read or cannot be true.

    Missing ones are left out. ``names`` asks for some fields only; what is required is then not missed.
    """
    facts: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for spec in asked() if names is None else (FACTS[name] for name in names):
        try:
            value = kind_asked(spec.name, unit_krw).parse(posted.get(spec.name))
        except RefusedValueError as refusal:
            problems[spec.name] = message(refusal.at(dict(spec.label)), lang)
            continue
        if value is not None:
            facts[spec.name] = _plain(value)
        elif spec.name in _REQUIRED and names is None:
            problems[spec.name] = text("web.required", lang, field=spec.label[lang])

    def written(name: str, value: Any) -> str:
        spec, shown = FACTS[name], kind_asked(name, unit_krw).caption(value)
        return f"{shown} {unit_words(lang)[unit_krw]}" if spec.unit == "krw" else shown

    for name, error in problems_of(facts, today(), written).items():
        problems[name] = message(error, lang)
        del facts[name]
    return facts, {name: problems[name] for name in FACTS if name in problems}


def _plain(value: Any) -> Any:
    """Return a value as a record in JSON holds it: whole figures without a decimal point, days in ISO 8601."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return value
