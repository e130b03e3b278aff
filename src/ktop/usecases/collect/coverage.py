"""What a record is enough for: which indicators and items can be worked out of it, and which facts they lack."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ktop.domain.company.facts import company_facts
from ktop.domain.company.indicators import ktrs_fm_items, tech_index_indicators
from ktop.domain.company.record import Company
from ktop.kernel.errors import KtopError
from ktop.usecases.collect.interface import Coverage


def coverage_of(record: Mapping[str, Any], today: date) -> tuple[Coverage, ...]:
    """Return, for the 14 indicators and the quantitative items, the facts that are missing; none for a wrong record."""
    try:
        facts = company_facts(Company.from_mapping(record), today)
    except KtopError:
        return ()
    return tuple(
        Coverage(
            model,
            indicator.id,
            indicator.labels,
            tuple(name for name in sorted(indicator.expression.names) if facts.get(name) is None),
        )
        for model, known in (("tech-index", tech_index_indicators()), ("ktrs-fm", ktrs_fm_items()))
        for indicator in known
    )
