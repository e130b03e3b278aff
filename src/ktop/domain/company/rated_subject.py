"""One company as it is rated on a day: record, facts, table, inputs and warnings, worked out once for every model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np

from ktop.domain.company.doubts import doubts
from ktop.domain.company.fact_spec import FactValue
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.facts import facts_and_inputs
from ktop.domain.company.record import Company
from ktop.domain.company.warnings import company_warnings, credit_warnings
from ktop.domain.rating.rating import Input, Warning


@dataclass(frozen=True, slots=True)
class RatedSubject:
    """What all models see of one company. Made once and handed on, so that they cannot see different companies.

    Parameters
    ----------
    facts : every fact of ``FACTS`` as of the day, None where missing.
    table : the same as a table of one row.
    inputs : the facts with their sources and dates.
    warnings : what is doubtful about the record itself.
    """

    record: Company
    as_of: date
    facts: Mapping[str, FactValue]
    table: FactTable
    inputs: tuple[Input, ...]
    warnings: tuple[Warning, ...]

    @classmethod
    def of(cls, record: Mapping[str, Any] | Company, as_of: date) -> Self:
        """Read a record as of a day. Raises ``InputError`` for a record that is wrong or younger than the day."""
        company = record if isinstance(record, Company) else Company.from_mapping(record)
        facts, inputs = facts_and_inputs(company, as_of)
        table = FactTable.from_columns({name: np.array([value], dtype=object) for name, value in facts.items()}, as_of)
        warnings = (*company_warnings(company, as_of), *credit_warnings(facts), *doubts(company, as_of, table))
        return cls(company, as_of, facts, table, inputs, warnings)
