"""The rules that an institution sets for itself: a bank's loan rule, and limits on shares of a portfolio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, message, text
from ktop.domain.decision.guarantee import money
from ktop.domain.finance.figures import figure
from ktop.domain.finance.loan_rule import LoanTerms, graded_letters, read_rule, terms
from ktop.domain.finance.watch import Limits
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.number import Number
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError
from ktop.report import numbers
from ktop.usecases.finance.interface import LoanRuleCard
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/organisation/rules")
async def rules(request: Request) -> Response:
    """Show the rules in force, to be changed."""
    return await _page(request)


@router.post("/organisation/rules/loan")
async def set_loan_rule(request: Request) -> Response:
    """Put a new version of the loan rule in force, or only try it."""
    fields = texts(await posted(request, "/organisation/rules"))
    try:
        rule = read_rule(_typed(fields))
        if fields.get("try"):
            asked = int(figure("loan_krw", fields.get("amount_krw"))), int(figure("months", fields.get("months")))
            return await _page(request, fields, tried=terms(rule, fields.get("grade", ""), *asked))
        await ask(request, platform(request).finance.set_loan_rule, rule)
    except (InputError, ConflictError) as error:
        return await _page(request, fields, message(error, language(request)), error.http_status)
    return RedirectResponse("/organisation/rules", status_code=303)


@router.post("/organisation/rules/portfolio")
async def set_limits(request: Request) -> Response:
    """Put other limits of the portfolio in force."""
    fields = texts(await posted(request, "/organisation/rules"))
    try:
        limits = Limits(*(_share(fields, name, language(request)) for name in ("industry_percent", "region_percent")))
        await ask(request, platform(request).watch.set_limits, limits)
    except (InputError, ConflictError) as error:
        return await _page(request, fields, message(error, language(request)), error.http_status)
    return RedirectResponse("/organisation/rules", status_code=303)


def _share(fields: Mapping[str, str], name: str, lang: Lang) -> float | None:
    try:
        return Number(0, 100).parse(fields.get(name, ""))
    except RefusedValueError as refusal:
        raise refusal.at(text(f"watch.limit_{name}", lang)) from None


def _typed(fields: Mapping[str, str]) -> dict[str, Any]:
    rates = {letters: fields.get(f"interest_{letters}", "").strip() for letters in graded_letters()}
    return {
        "most_krw": fields.get("most_krw"),
        "most_months": fields.get("most_months"),
        "interest_percent": {letters: rate for letters, rate in rates.items() if rate},
    }


async def _page(
    request: Request,
    given: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
    tried: LoanTerms | None = None,
) -> Response:
    lang, use = language(request), platform(request)
    try:
        card, is_bank = await ask(request, use.finance.loan_rule), True
    except ForbiddenError:
        card, is_bank = None, False
    limits = await ask(request, use.watch.limits)
    known = {
        **_filled(card),
        "industry_percent": _number(limits.industry_percent),
        "region_percent": _number(limits.region_percent),
        **(given or {}),
    }
    return page(
        request,
        "institution_rules.html",
        status,
        is_bank=is_bank,
        version=None if card is None else (card.version, numbers.moment(card.made, lang)),
        letters=graded_letters(),
        given=known,
        tried=None if tried is None else _said(tried, lang),
        problem=problem,
    )


def _said(found: LoanTerms, lang: Lang) -> list[str]:
    said = [] if found.reason is None else [found.reason[lang]]
    if found.loan_krw is not None:
        gives = {
            "loan": money(found.loan_krw, lang),
            "months": found.months,
            "interest": _number(found.interest_percent),
        }
        said.insert(0, text("finance.rule_try_gives", lang, **gives))
    return said


def _filled(card: LoanRuleCard | None) -> dict[str, str]:
    if card is None:
        return {}
    rule = card.rule
    rates = {f"interest_{letters}": _number(rate) for letters, rate in rule.interest_percent.items()}
    return {"most_krw": f"{rule.most_krw:,}", "most_months": str(rule.most_months), **rates}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
