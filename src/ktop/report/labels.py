"""Words of the catalogue for the names a rating uses: models, scores, grades, targets, indicators, facts, codes."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ktop.catalogue import Lang, load, messages, text
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.expression import compile_expression
from ktop.report.numbers import day, figure, is_missing, missing, money

#: Catalogue files of each model's indicators, where their words and units stand.
_CATALOGUES = {
    "tech-index": ("indicators", "accounts"),
    "ktrs-fm": ("ktrs_fm", "checklist", "accounts"),
    "start-up": ("startup", "checklist"),
    "global-expansion": ("global_expansion", "abroad_checklist"),
    "originality": ("originality",),
}


def word(prefix: str, name: str, lang: Lang) -> str:
    """Return the text ``report.{prefix}_{name}``, or the bare name in readable form where the catalogue has none."""
    key = f"report.{prefix}_{name.replace('-', '_')}"
    return text(key, lang) if key in messages() else name.replace("_", " ")


def person(name: str, lang: Lang) -> str:
    """Return a person's name as a page shows it: as given, but those of demonstration accounts in its language."""
    return _demo_people().get(name, {}).get(lang, name)


def company(name: str | None, lang: Lang, name_en: str | None = None) -> str:
    """Return a company's name as a page shows it: in English where that is known, else as kept.

    Those that come with the project have a name in each language. Empty where there is none.
    """
    if lang == "en" and name_en:
        return name_en
    names: Mapping[Lang, str] = load("invented_names").get(name, {})
    return names.get(lang, name or "")


@functools.cache
def _demo_people() -> Mapping[str, Mapping[Lang, str]]:
    return {one["name"]["ko"]: one["name"] for one in load("institutions")["accounts"].values()}


@functools.cache
def _entries(model: str) -> Mapping[str, Mapping[str, Any]]:
    entries: dict[str, Mapping[str, Any]] = {}
    for catalogue in _CATALOGUES.get(model, ()):
        content = load(catalogue)
        entries |= content.get("indicators") or content.get("items") or {}
    return entries


@functools.cache
def groups(model: str) -> Mapping[str, Mapping[Lang, str]]:
    """Return a model's indicator groups, id → words, in the catalogue's order; empty for a model without them."""
    groups: dict[str, Mapping[Lang, str]] = {}
    for catalogue in _CATALOGUES.get(model, ()):
        groups |= load(catalogue)["groups"]
    return groups


def group(model: str, name: str, lang: Lang) -> str:
    """Return the words of one indicator group."""
    return groups(model)[name][lang] if name in groups(model) else word("group", name, lang)


def indicator(model: str, name: str, lang: Lang) -> str:
    """Return the words of one indicator."""
    entry = _entries(model).get(name)
    return entry["label"][lang] if entry else word("indicator", name, lang)


def indicator_value(model: str, name: str, value: Any, lang: Lang) -> str | None:
    """Return an indicator's value with its unit, None where it is missing."""
    if is_missing(value):
        return None
    if not isinstance(value, (int, float)):
        return str(value)
    entry = _entries(model).get(name)
    if entry is None:
        return figure(value, lang)
    if "options" in entry:
        return text("report.answer", lang, value=int(value))
    codes = FACTS[entry["formula"]].choices if entry.get("formula") in FACTS else {}
    if int(value) in codes and FACTS[entry["formula"]].kind == "choice":
        return codes[int(value)][lang]
    unit: Mapping[Lang, str] = entry["unit"]
    if entry.get("format") == "percent":
        value = 100 * value
    elif entry.get("format") == "ratio":  # held as a logarithm
        value = math.exp(value)
    if unit["en"].startswith("KRW"):
        return money(value, lang) + {"ko": "/명", "en": " per person"}[lang] * unit["en"].endswith("person")
    return with_unit(figure(value, lang), unit[lang], lang)


def counted(model: str, name: str, value: Any, inputs: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """Return what an indicator's value was estimated from, e.g. 0 products; empty where the value is no estimate.

    Rates of few things are drawn towards those of the reference firms, since a version of their model: the rating's
    ``inputs`` tell by which formula this one came about. Where they were withheld nobody can say.
    """
    entry = _entries(model).get(name) or {}
    if "counted" not in entry or is_missing(value):
        return ""
    facts = {one["name"]: one["value"] for one in inputs}
    told = [compile_expression(str(entry[key])) for key in ("formula", "counted")]
    columns = {fact: np.array([_number(facts.get(fact))]) for one in told for fact in one.names}
    estimate, plain = (float(one.evaluate(columns)[0]) for one in told)
    if math.isnan(plain) or not math.isclose(estimate, value, rel_tol=1e-6):
        return ""
    return with_unit(figure(plain, lang), entry.get("counted_unit", entry["unit"])[lang], lang)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def with_unit(shown: str, unit: str | None, lang: Lang) -> str:
    """Join a figure and its unit: no space in Korean or before a percent sign, one of a thing in the singular."""
    if not unit:
        return shown
    if lang == "ko" or unit == "%":
        return f"{shown}{unit}"
    one_thing = shown == "1" and unit.endswith("s") and unit != "times"  # "1 times" is a factor
    return f"{shown} {unit[:-1] if one_thing else unit}"


def fact(name: str, lang: Lang) -> str:
    """Return the words of one company fact."""
    return FACTS[name].label[lang] if name in FACTS else word("input", name, lang)


def fact_value(name: str, value: Any, lang: Lang) -> str:
    """Return a fact's exact value with its unit, the words of a code, or the word for missing."""
    if is_missing(value):
        return missing(lang)
    if name not in FACTS:
        return figure(value, lang) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
    spec = FACTS[name]
    for code in (value, int(value) if isinstance(value, (float, bool)) else value):
        if code in spec.choices:
            words = spec.choices[code][lang]
            return f"{code}. {words}" if spec.group == "checklist" else words
    if spec.kind == "date":
        return day(value, lang)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        digits = 0 if float(value).is_integer() else 1
        return with_unit(figure(value, lang, digits), spec.unit_label[lang] if spec.unit_label else None, lang)
    return str(value)
