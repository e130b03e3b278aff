"""A bank's own rule on the terms of its loans: up to how much, how long, and at which interest by grade.

What it gives is where the bank's officer begins; the officer decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ktop.catalogue import LANGS, LocalText, load, text
from ktop.domain.decision.guarantee import money
from ktop.domain.finance.figures import figure
from ktop.kernel.errors import InputError


@dataclass(frozen=True, slots=True)
class LoanRule:
    """One version of a bank's rule.

    Parameters
    ----------
    most_krw, most_months : of one loan.
    interest_percent : interest a year by letters of the business grade; no loan for a grade without one.
    """

    most_krw: int
    most_months: int
    interest_percent: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """What a rule gives for a loan asked for: its terms, or why there are none."""

    loan_krw: int | None
    months: int | None
    interest_percent: float | None
    reason: LocalText | None

    def figures(self) -> dict[str, float]:
        """Return the terms as figures of a case; empty where there are none."""
        if self.loan_krw is None or self.months is None or self.interest_percent is None:
            return {}
        return {
            "rule_loan_krw": self.loan_krw,
            "rule_months": self.months,
            "rule_interest_percent": self.interest_percent,
        }


def graded_letters() -> Sequence[str]:
    """Return the letters of business grades that a rule can give an interest for, best first."""
    return list(load("finance")["guarantee_rule"]["fee_percent"])


def read_rule(given: Mapping[str, Any]) -> LoanRule:
    """Return a rule from what was typed; raises ``InputError`` for a figure that is missing or out of bounds."""
    rates = given.get("interest_percent", {})
    if strange := sorted(set(rates) - set(graded_letters())):
        raise InputError("finance.rule_grade", grade=strange[0][:20])
    typed = {letters: rates.get(letters) for letters in graded_letters()}
    known = {letters: figure("interest_percent", value) for letters, value in typed.items() if value not in (None, "")}
    if not known:
        raise InputError("finance.rule_no_grade")
    return LoanRule(
        int(figure("loan_krw", given.get("most_krw"))), int(figure("months", given.get("most_months"))), known
    )


def terms(rule: LoanRule, grade: str, amount_krw: int, months: int) -> LoanTerms:
    """Return what a rule gives for a business grade, an amount in won and a term: never more than was asked for."""
    interest = rule.interest_percent.get(grade.rstrip("+-"))
    if interest is None:
        return LoanTerms(None, None, None, {lang: text("finance.rule_refuses", lang, grade=grade) for lang in LANGS})
    loan, term = min(amount_krw, rule.most_krw), min(months, rule.most_months)
    reason = None
    if (loan, term) != (amount_krw, months):
        reason = {lang: text("finance.rule_less", lang, most=money(loan, lang), months=term) for lang in LANGS}
    return LoanTerms(loan, term, interest, reason)
