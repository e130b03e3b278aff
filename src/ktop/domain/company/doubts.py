"""All that is doubtful of a company's amounts: those that are rated, and those of statements too old to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.company.amount_check import decimals, odd_amounts
from ktop.domain.company.amount_warnings import amount_warnings, usual_amounts
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.facts import earlier_facts, newest_statement
from ktop.domain.company.plausibility import implausible_warnings, plausible_ratios, ratio_figures
from ktop.domain.rating.rating import Warning

if TYPE_CHECKING:
    from ktop.domain.company.record import Company

#: How the fact of a statement's own year ends.
_OWN = "_t0"


def doubts(company: Company, as_of: date, table: FactTable) -> tuple[Warning, ...]:
    """Return what is doubtful of a company's amounts; ``table`` is its facts as of the day, one row."""
    return (
        *amount_warnings(table).get(0, ()),
        *implausible_warnings(table).get(0, ()),
        *_earlier(company, as_of),
    )


def _earlier(company: Company, as_of: date) -> list[Warning]:
    """Return the same of each earlier statement by itself, less the amounts that are facts of today's rating too.

    A slip in them moves no rating of today; it did move those of then, and tells how carefully the rest was entered.
    """
    newest, rows = newest_statement(company, as_of), earlier_facts(company, as_of)
    if newest is None or not rows:
        return []
    ranges, names = usual_amounts(), sorted({name for facts in rows.values() for name in facts})
    columns = {name: np.array([facts.get(name) for facts in rows.values()], dtype=np.float64) for name in names}
    unknown = np.full(len(rows), np.nan)
    amounts = np.column_stack([columns.get(name, unknown) for name in ranges.names])
    odd, found = odd_amounts(decimals(amounts), ranges, decimals(columns["staff_total"])).amounts, []
    for row, year in enumerate(rows):
        back = newest.year - year
        own = {name for name in names if name.endswith(_OWN) and f"{name.removesuffix(_OWN)}_t{back}" not in FACTS}
        for step in np.unique(odd[row]).tolist():
            stray = [name for name, of in zip(ranges.names, odd[row], strict=True) if of == step]
            if step and (told := [name for name in stray if name in own]):
                code = "amounts_small" if step < 0 else "amounts_large"
                found.append(_warning(code, told, year=year, factor=f"{10 ** abs(step):,}"))
        for ratio in plausible_ratios():
            if own.intersection(ratio.facts) and all(name in columns for name in ratio.formula.names):
                value = ratio.formula.evaluate({name: columns[name][row : row + 1] for name in ratio.formula.names})
                if figures := ratio_figures(ratio, float(value[0])):
                    found.append(_warning("implausible", ratio.facts, year=year, ratio=ratio.label, **figures))
    return found


def _warning(code: str, facts: Sequence[str], **params: Any) -> Warning:
    def told(lang: Lang) -> str:
        # "R&D expense (latest year)" is that of the statement's own year here.
        items = ", ".join(FACTS[name].label[lang].partition("(")[0].strip() for name in facts)
        words = {name: value[lang] if isinstance(value, dict) else value for name, value in params.items()}
        return text(f"company.warn_{code}_earlier", lang, items=items, **words)

    return Warning(code=code, text={lang: told(lang) for lang in LANGS})
