"""Figures as a reader of the written analysis sees them: values with units, shares, standings, Korean and English."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterable, Sequence

from ktop.catalogue import Lang, LocalText, messages, text
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.indicators import ChecklistItem, Indicator

_MAN = 10_000
_MILLION = 1_000_000


def shown_value(indicator: Indicator, value: float, lang: Lang) -> str:
    """Return an indicator's value with its unit, e.g. 3건, 12.4%, 25만 원/명, answer 4 of 5."""
    if isinstance(indicator, ChecklistItem):
        return text("opinion.answer", lang, value=int(value))
    code = coded(indicator, value)
    if code is not None:
        return within_sentence(code[lang])
    unit = indicator.unit[lang]
    if indicator.unit["en"].startswith("KRW"):
        if lang == "ko":
            return f"{value / _MAN:,.0f}만 {unit}" if value >= _MAN else f"{value:,.0f}{unit}"
        amount = f"KRW {value / _MILLION:,.2f} million" if value >= _MILLION else f"KRW {value:,.0f}"
        return amount + unit.removeprefix("KRW")
    number = f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:,.1f}"
    if indicator.estimate:
        return text("report.estimate", lang, value=number + unit)  # estimates are shares, in per cent
    if lang == "ko" or unit == "%":
        return number + unit
    return f"{number} {unit[:-1] if number == '1' and unit.endswith('s') else unit}"


def coded(indicator: Indicator, value: float) -> LocalText | None:
    """Return the words of a value that is a code of one fact (2: certified institute), None for any other value."""
    spec = FACTS.get(indicator.expression.source)
    if spec is None or not spec.choices or spec.kind == "flag":
        return None
    return spec.choices.get(int(value))


def percent(share: float) -> str:
    """Return a share as per cent with one decimal: 0.1234 is 12.3%; two decimals below one per cent."""
    return f"{100 * share:.1f}%" if share >= 0.01 else f"{100 * share:.2f}%"


def within_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence: a small first letter, unless it begins with an abbreviation."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def points(value: float) -> str:
    """Return the size of a number of points, one decimal, never zero."""
    return f"{max(abs(value), 0.1):.1f}"


def seed_of(figures: Iterable[float]) -> int:
    """Return a whole number that depends on a company's figures only: which wording its sentences take."""
    return zlib.crc32(" ".join(f"{figure:.9g}" for figure in figures).encode())


def variant(key: str, choice: int) -> str:
    """Return one of the catalogue keys ``key_1``, ``key_2`` …, or ``key`` itself where it has no variants."""
    known = variants(key)
    return known[choice % len(known)] if known else key


@functools.cache
def variants(key: str) -> Sequence[str]:
    """Return the keys ``key_1``, ``key_2`` … that the catalogue has."""
    texts = messages()
    keys: list[str] = []
    while f"{key}_{len(keys) + 1}" in texts:
        keys.append(f"{key}_{len(keys) + 1}")
    return keys
