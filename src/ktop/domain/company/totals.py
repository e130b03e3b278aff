"""Facts a company record gives as totals: for a firm whose details nobody listed (a form, a survey, an annual table).

``facts: {patents_registered: 4}`` says what ``ip`` would say one right at a time. Details are the better evidence:
where both are given, the details count.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Set
from typing import Any

import numpy as np

from ktop.domain.company.errors import refuse, told
from ktop.domain.company.fact_spec import CHECKLISTS, FACTS, FactRule, FactSpec, FactValue, fact_rules
from ktop.domain.company.kinds import fact_kind
from ktop.domain.values.kind import shown
from ktop.kernel.errors import InputError

#: Groups of facts that the record states in fields of their own.
_OWN_FIELDS = frozenset({"identity", *CHECKLISTS})


def total_facts() -> dict[str, FactSpec]:
    """Return the facts that may be given as totals, by name."""
    return {name: s for name, s in FACTS.items() if s.numeric and not s.derived and s.group not in _OWN_FIELDS}


def read_totals(given: Mapping[Any, Any]) -> dict[str, float | None]:
    """Check totals: known names, numbers, whole where they count things, within their limits; None stays missing.

    Raises pydantic's error with the catalogue's sentence for the first that is wrong.
    """
    known = total_facts()
    totals: dict[str, float | None] = {}
    for key, value in given.items():
        spec = known.get(str(key))
        if spec is None:
            near = difflib.get_close_matches(shown(key), known, n=1, cutoff=0.6)
            if near:
                raise refuse("company.unknown_field_near", field=shown(key), nearest=near[0])
            raise refuse("company.unknown_total", field=shown(key))
        number = told(fact_kind(spec.name), value, where=spec.label_with_name)
        totals[spec.name] = None if number is None else float(number)
    return totals


def add_totals(facts: dict[str, FactValue], totals: Mapping[str, float | None]) -> set[str]:
    """Fill facts the details leave missing from ``totals``, in place; returns the names filled.

    Raises ``InputError`` where the facts then contradict each other (more technical staff than staff).
    """
    filled = {name for name, value in totals.items() if value is not None and facts[name] is None}
    for name in filled:
        value = totals[name]
        facts[name] = value if FACTS[name].kind == "number" or value is None else int(value)
    for rule in broken_rules(facts) if filled else ():
        raise refusal_of(rule, facts)
    return filled


def broken_rules(facts: Mapping[str, Any], about: Set[str] | None = None) -> tuple[FactRule, ...]:
    """Return the relations between facts that do not hold, those that name one of ``about`` where it is given.

    A missing fact breaks none.
    """
    broken = []
    for rule in fact_rules():
        values = [facts.get(name) for name in rule.holds.names]
        if (about is not None and not about & rule.holds.names) or any(value is None for value in values):
            continue
        columns = {name: np.array([facts[name]], float) for name in rule.holds.names}
        if rule.holds.evaluate(columns)[0] == 0:
            broken.append(rule)
    return tuple(broken)


def refusal_of(
    rule: FactRule, facts: Mapping[str, Any], written: Callable[[str, Any], str] | None = None
) -> InputError:
    """Return the sentence on a relation that does not hold; ``written`` writes a fact's value as its place does."""
    low, high = (
        f"{facts[name]:,}" if written is None else written(name, facts[name]) for name in (rule.smaller, rule.larger)
    )
    labels = {"label": dict(FACTS[rule.smaller].label), "other": dict(FACTS[rule.larger].label)}
    return InputError("facts.exceeds", **labels, value=low, limit=high)
