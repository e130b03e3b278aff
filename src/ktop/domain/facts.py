"""Company facts: the flat values every rating starts from, for one company or for many.

The one door to what lies in ``fact_spec`` (what each fact is), ``company_facts`` (from a company record),
``fact_table`` (columns for many companies) and ``fact_frame`` (batch files).
"""

from __future__ import annotations

from ktop.domain.company_facts import company_facts, company_inputs
from ktop.domain.company_warnings import company_warnings
from ktop.domain.fact_frame import batch_columns
from ktop.domain.fact_spec import FACTS, FactRule, FactSpec, FactValue, fact_groups, fact_rules
from ktop.domain.fact_table import FactTable
from ktop.domain.row_problems import Problem, RowProblems

__all__ = [
    "FACTS",
    "FactRule",
    "FactSpec",
    "FactTable",
    "FactValue",
    "Problem",
    "RowProblems",
    "batch_columns",
    "company_facts",
    "company_inputs",
    "company_warnings",
    "fact_groups",
    "fact_rules",
]
