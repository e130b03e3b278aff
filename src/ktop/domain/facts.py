"""Company facts: the flat values every rating starts from, for one company or for many.

The one door to what lies in ``fact_spec`` (what each fact is), ``company_facts`` (from a company record) and
``fact_table`` (columns for many companies).
"""

from __future__ import annotations

from ktop.domain.fact_spec import FACTS, FactRule, FactSpec, FactValue, fact_groups, fact_rules
from ktop.domain.fact_table import FactTable

__all__ = [
    "FACTS",
    "FactRule",
    "FactSpec",
    "FactTable",
    "FactValue",
    "fact_groups",
    "fact_rules",
]
