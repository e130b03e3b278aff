"""How many months a statement covers: after a change of the fiscal year, or in its first year, a firm has a short one.

Amounts of a period (sales, income, expenses) of another length than a year are brought to twelve months; those of fewer
than three months say too little and are set aside. Amounts of a day (assets, equity) stay. Either is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from ktop.domain.company.field_types import MOST_MONTHS

if TYPE_CHECKING:
    from ktop.domain.company.record import Statement

YEAR_MONTHS = 12
#: A shorter period is set aside: four times the figures of a quarter is a guess, twelve times those of a month is none.
FEWEST_MONTHS = 3
_DAYS_PER_MONTH = 30.4375
#: Items of a statement that belong to a period, not to its last day.
FLOWS = frozenset(
    {"sales", "operating_profit", "net_income", "rnd_expense", "training_expense", "marketing_expense",
     "interest_expense", "dividends"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """What a statement covers.

    Parameters
    ----------
    months : how many; 12 where nothing says otherwise.
    told_by : "stated" (months or first day), "year_ends" (of this statement and the one before), or "" (nothing).
    gap : months between the end of the statement before and the beginning of this one that no statement covers.
    """

    months: int = YEAR_MONTHS
    told_by: Literal["stated", "year_ends", ""] = ""
    gap: int = 0

    def yearly(self, amount: float) -> float | None:
        """Return an amount of the period as one of twelve months; None where the period is too short to say."""
        return of_a_year(amount, self.months)


def of_a_year(amount: float, months: int) -> float | None:
    """Return an amount of so many months as one of twelve; None below ``FEWEST_MONTHS``."""
    if months == YEAR_MONTHS:
        return amount
    return None if months < FEWEST_MONTHS else amount * YEAR_MONTHS / months


def months_between(first: date, last: date) -> int:
    """Return the whole months from one day to another, rounded: 2024-12-31 to 2025-03-31 are 3."""
    return round((last - first).days / _DAYS_PER_MONTH)


def periods_of(statements: Sequence[Statement]) -> Mapping[int, Period]:
    """Return fiscal year → what its statement covers, of statements in order of years.

    Where a statement says neither its months nor its first day, its year end and that of the year before tell them:
    less than eleven and a half months apart, and the fiscal year was changed.
    """
    found: dict[int, Period] = {}
    former: Statement | None = None
    for statement in statements:
        gap = 0
        apart = months_between(former.ends, statement.ends) if former is not None else 0
        follows = former is not None and statement.year - former.year == 1
        if statement.months is not None:
            period = Period(statement.months, "stated")
        elif statement.period_start is not None:
            before = statement.period_start - timedelta(days=1)
            period = Period(min(max(months_between(before, statement.ends), 1), MOST_MONTHS), "stated")
        elif follows and 0 < apart < YEAR_MONTHS:
            period = Period(apart, "year_ends")
        else:
            period = Period()
            gap = apart - YEAR_MONTHS if follows and apart > YEAR_MONTHS else 0
        found[statement.year] = Period(period.months, period.told_by, gap)
        former = statement
    return found


def first_months(founded: date | None, ends: date, months: int) -> int | None:
    """Return how many months a firm had existed at the end of a period longer than that; None for older firms."""
    if founded is None or founded > ends:
        return None
    alive = months_between(founded - timedelta(days=1), ends)
    return alive if alive < months else None
