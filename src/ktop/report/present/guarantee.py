"""The small-guarantee decision as shown: every clause, and the limit worked out line by line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ktop.catalogue import Lang, load, text
from ktop.domain.decision.guarantee import guarantee_rule, money
from ktop.domain.rating.grades import ladders
from ktop.report import labels, numbers
from ktop.report.charts import Table
from ktop.report.present.common import RatingJson
from ktop.report.present.views import Clause, Guarantee

_TONES = {"possible": "good", "conditional": "warn", "refused": "bad"}
_MET = {"passed": True, "failed": False}
#: Ends of the names of facts that are amounts.
_KRW = ("_krw", "_krw_t0", "_krw_t1", "_krw_t2")
#: Facts that the limit is worked out from.
_NEEDED = ("guarantee_balance_krw", "sales_krw_t0", "age_band")


def guarantee_view(rating: RatingJson, lang: Lang) -> Guarantee | None:
    """Return the guarantee decision with every clause (``GuaranteeDecision.to_json``), None for a model without one."""
    decision = rating["details"].get("guarantee")
    if not isinstance(decision, Mapping):
        return None
    status, amount = decision["status"], decision["amount_krw"]
    clauses = tuple(
        Clause(
            _MET.get(clause["outcome"]),
            text(f"report.clause_{clause['outcome']}", lang),
            clause["label"][lang],
            clause["reason"][lang] if clause["reason"] else "",
            _figures(rating, decision["rule"], clause["id"], lang),
        )
        for clause in decision["clauses"]
    )
    return Guarantee(
        decision=text(f"report.guarantee_{status}", lang),
        tone=_TONES[status],
        limit=text("report.guarantee_limit", lang, amount=numbers.money(amount, lang)) if amount else "",
        text=decision["text"][lang],
        clauses=clauses,
        note=decision["note"][lang],
        arithmetic=_arithmetic(rating, decision, lang),
        met=sum(clause.met is True for clause in clauses),
    )


def _figures(rating: RatingJson, version: str, clause_id: str, lang: Lang) -> str:
    """Return the values that a clause was judged by, as far as the rating shows them: the grade or the facts."""
    try:
        rule = guarantee_rule(version)
    except KeyError:  # a rule of an installation that is not this one
        return ""
    clause = next((one for one in rule.clauses if one.id == clause_id), None)
    if clause is None:
        return ""
    grades, limits = rating["grades"], []
    if clause.kind == "grade_at_least":
        name = clause.settings["ladder"]
        return text("result.clause_grade", lang, grade=grades.get(name, "–"), least=clause.settings["grade"])
    if clause.kind == "not_both":
        names = ("growth", "risk")
        return ", ".join(f"{(ladders()[name].labels or {})[lang]} {grades.get(name, '–')}" for name in names)
    facts = {entry["name"]: entry["value"] for entry in rating["inputs"]}
    if clause.formula is not None and "sme_sales_limit_krw" in clause.formula.names:
        limit = rule.sme_sales_limit_krw.get(str(facts.get("industry_group")))
        limits = [] if limit is None else [text("result.clause_sme_limit", lang, limit=money(round(limit), lang))]
    told = [
        f"{labels.fact(name, lang)}: {_value(name, facts[name], lang)}"
        for name in rule.facts_of(clause)
        if name in facts and not numbers.is_missing(facts[name])
    ]
    return ", ".join([*told, *limits])


def _value(name: str, value: Any, lang: Lang) -> str:
    if name == "region":
        return str(load("regions")["regions"].get(value, {}).get(lang, value))
    return money(round(value), lang) if name.endswith(_KRW) else labels.fact_value(name, value, lang)


def _arithmetic(rating: RatingJson, decision: Mapping[str, Any], lang: Lang) -> Table | None:
    """Return the limit line by line, None where the rating does not show all that it is worked out from.

    The lines follow ``GuaranteeRule``; a limit that they do not lead to is not explained by them.
    """
    facts = {entry["name"]: entry["value"] for entry in rating["inputs"]}
    if not facts.keys() >= set(_NEEDED):
        return None
    try:
        rule = guarantee_rule(decision["rule"])
    except KeyError:  # a rule of an installation that is not this one
        return None
    grade = str(rating["grades"].get("business"))
    cap = rule.grade_cap_krw.get(grade)
    if cap is None:
        return None
    balance, sales = facts["guarantee_balance_krw"], facts["sales_krw_t0"]
    room = cap - (balance or 0.0)
    rows = [
        (text("result.limit_cap", lang, grade=grade), money(round(cap), lang)),
        (
            text("result.limit_balance", lang),
            numbers.missing(lang) if balance is None else f"− {money(round(balance), lang)}",
        ),
        (text("result.limit_room", lang), money(round(room), lang)),
    ]
    amount = room
    startup = facts["age_band"] == "startup"
    share = rule.startup_sales_share if startup else rule.sales_share
    label = text("result.limit_sales", lang, share=f"{100 * share:g}%")
    if sales is not None:
        part = max(share * sales, rule.startup_floor_krw if startup else -math.inf)
        rows.append((label, money(round(share * sales), lang)))
    else:
        part = rule.startup_floor_krw if startup else math.inf
        rows.append((label, numbers.missing(lang)))
    if startup:
        rows.append((text("result.limit_floor", lang), money(round(rule.startup_floor_krw), lang)))
    amount = math.floor(min(room, part) / rule.rounding_krw) * rule.rounding_krw
    if decision["status"] != "refused" and amount != decision["amount_krw"]:
        return None
    rounding = money(round(rule.rounding_krw), lang)
    rows.append((text("result.limit_smaller", lang, rounding=rounding), money(max(amount, 0), lang)))
    if decision["status"] == "refused":
        rows.append((text("result.limit_refused", lang), money(0, lang)))
    columns = (text("result.limit_line", lang), text("result.limit_amount", lang))
    return Table(text("result.limit_title", lang), columns, tuple(rows))
