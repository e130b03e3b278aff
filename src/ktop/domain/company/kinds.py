"""Which kind of value each fact and each choice of the record is; a fact and its field of the record take the same."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from ktop.catalogue import load
from ktop.domain.company.fact_spec import CHECKLISTS, FACTS, FactSpec
from ktop.domain.values.choice import Choice
from ktop.domain.values.count import Count
from ktop.domain.values.day import DAY
from ktop.domain.values.industry import INDUSTRY
from ktop.domain.values.kind import ValueKind
from ktop.domain.values.money import Money
from ktop.domain.values.money_units import UNIT_WORDS, unit_of
from ktop.domain.values.number import Number
from ktop.domain.values.region import REGION
from ktop.domain.values.registration_numbers import BUSINESS_NUMBER, CORPORATE_NUMBER
from ktop.domain.values.text import IDENTIFIER, TEXT
from ktop.domain.values.yes_no import YES_NO

#: Choices of the record that facts code as numbers: choice → (fact, code of the record → code of the fact).
FACT_CODES: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "degree": ("ceo_degree", {"none": 0, "bachelor": 1, "master": 2, "doctor": 3}),
    "rnd_organisation": ("rnd_organisation", {"none": 0, "department": 1, "institute": 2}),
}
_NAMED: Mapping[str, ValueKind[str]] = {
    "company_id": IDENTIFIER,
    "business_number": BUSINESS_NUMBER,
    "corporate_number": CORPORATE_NUMBER,
    "industry": INDUSTRY,
    "region": REGION,
}


@functools.cache
def fact_kind(name: str) -> ValueKind[Any]:
    """Return the kind of a fact's values."""
    spec = FACTS[name]
    if name in _NAMED:
        return _NAMED[name]
    if spec.kind == "flag":
        return YES_NO
    if spec.choices:
        return _fact_choice(spec)
    if spec.kind == "date":
        return DAY
    if spec.minimum is None or spec.maximum is None:
        return TEXT
    if spec.kind == "integer":
        return Count(int(spec.minimum), int(spec.maximum))
    if spec.unit == "krw":
        return Money(spec.minimum, spec.maximum, worded=True)
    return Number(spec.minimum, spec.maximum)


@functools.cache
def record_choice(choice: str) -> Choice[str]:
    """Return a choice of the record (``values`` in company.yaml), which also takes the codes and words of its fact."""
    labels: Mapping[str, Any] = load("company")["values"][choice]
    words = {word: code for code, label in labels.items() for word in label.values()}
    if choice == "unit":  # every way to say the same won: 천원, KRW 000, thousand won
        units = {unit_of(word): code for word, code in words.items()}
        words |= {word: units[won] for word, won in UNIT_WORDS.items() if won in units}
    if choice in FACT_CODES:
        fact, codes = FACT_CODES[choice]
        for code, number in codes.items():
            words |= {str(number): code} | dict.fromkeys(FACTS[fact].choices[number].values(), code)
    return Choice(tuple(labels), words)


def _fact_choice(spec: FactSpec) -> Choice[Any]:
    words: dict[str, Any] = {}
    if spec.group not in CHECKLISTS:  # an answer of a question is a sentence: it is given by its number
        words = {word: code for code, label in spec.choices.items() for word in label.values()}
    for choice, (fact, codes) in FACT_CODES.items():
        if fact == spec.name:
            labels = load("company")["values"][choice]
            for code, number in codes.items():
                words |= {code: number} | dict.fromkeys(labels[code].values(), number)
    return Choice(tuple(spec.choices), words)
