"""Whether an application may go on, and on which terms: rules over the rating that it stands on.

An open reconstruction (catalogue/finance.yaml); every answer names the version of its rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ktop.catalogue import LANGS, LocalText, load, text
from ktop.domain.decision.guarantee import money
from ktop.domain.decision.verdict import Failure, Success, Verdict
from ktop.domain.finance.case import Application

_CLAUSES = ("rated", "not_in_default", "recent", "guarantee_possible", "within_limit")


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What the rule found, clause by clause, and the terms that the guarantor's rule would give.

    Parameters
    ----------
    share_percent : share of the loan that can be guaranteed; ``fee_percent`` a year, None without a grade.
    limit_krw : up to how much the rating's own decision allows.
    """

    verdicts: Mapping[str, Verdict]
    share_percent: float
    fee_percent: float | None
    limit_krw: int

    @property
    def eligible(self) -> bool:
        """Whether every clause holds."""
        return all(isinstance(verdict, Success) for verdict in self.verdicts.values())

    def reason(self) -> LocalText:
        """Return why not, in words; empty where eligible."""
        failed = [verdict.reason for verdict in self.verdicts.values() if isinstance(verdict, Failure)]
        return {lang: " ".join(reason[lang] for reason in failed) for lang in LANGS}


def find(
    application: Application,
    results: Sequence[Mapping[str, Any]],
    as_of: date,
    day: date,
    committed_krw: int = 0,
    *,
    in_default: bool = False,
) -> Eligibility:
    """Return what the rule finds for an application on a day.

    Parameters
    ----------
    results : the models' answers of the rating, as stored; ``as_of`` their day.
    committed_krw : what the company's other applications ask for that the rating could not know of: several together
        stay within the one limit.
    in_default : whether a loan of the company's is overdue or in default, or a guarantor had to pay for one.
    """
    decided = next((found for found in results if "guarantee" in found.get("details", {})), None)
    guarantee: Mapping[str, Any] = decided["details"]["guarantee"] if decided else {}
    limit, rule, days = int(guarantee.get("amount_krw", 0)), load("finance")["guarantee_rule"], (day - as_of).days
    most = load("finance")["rating_days"]
    grade = str(decided["grades"].get("business", "")) if decided else ""
    fee = rule["fee_percent"].get(grade.rstrip("+-"))
    held = {
        "rated": decided is not None and fee is not None,
        "not_in_default": not in_default,
        "recent": days <= most,
        "guarantee_possible": decided is not None and guarantee["status"] != "refused",
        "within_limit": decided is not None and application.amount_krw + committed_krw <= limit,
    }
    params = {"days": days, "most": most}
    verdicts: dict[str, Verdict] = {}
    for name in _CLAUSES:
        if held[name]:
            verdicts[name] = Success()
        elif name == "rated" or decided is not None:  # without a decision the others say nothing of their own
            verdicts[name] = Failure(
                {
                    lang: text(
                        f"finance.clause_{name}{'_together' if name == 'within_limit' and committed_krw else ''}",
                        lang,
                        **params,
                        amount=money(application.amount_krw, lang),
                        limit=money(limit, lang),
                        committed=money(committed_krw, lang),
                    )
                    for lang in LANGS
                }
            )
    return Eligibility(verdicts, _share(results, rule), fee, limit)


def _share(results: Sequence[Mapping[str, Any]], rule: Mapping[str, Any]) -> float:
    inputs = [one for result in results for one in result.get("inputs", ()) if one.get("name") == "age_years"]
    age = next((one["value"] for one in inputs if one.get("value") is not None), None)
    young = age is not None and age < rule["young_years"]
    return float(rule["share_young_percent"] if young else rule["share_percent"])
