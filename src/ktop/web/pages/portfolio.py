"""The portfolio of an institution: where the companies that it keeps stand now, and which to look at."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import Lang, load, text
from ktop.kernel.clock import today
from ktop.kernel.paging import Page
from ktop.report import numbers
from ktop.web import tables
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.my_companies import Listed, listed_companies, name_shown, number_shown
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
#: A rating older than this is worth making again: statements come once a year.
_OLD = timedelta(days=365)
#: Companies of this grade and below are worth a look.
_LOW = "CCC"
_MODEL = "ktrs-fm"


@router.get("/portfolio")
async def portfolio(request: Request) -> Response:
    """Count kept companies by the grade of their newest result, and list them."""
    lang = language(request)
    found = await ask(request, tables.window, platform(request).portfolio.kept_companies, tables.after_of(request))
    rows = await listed_companies(request, found.items)
    title = text("desk.portfolio_title", lang)
    table = tables.listed(request, "portfolio", title, _columns(lang), Page(rows, found.after), order="grade_rank")
    if file := tables.file_of(request, table):
        return file
    symbols = load("grades")["ladders"]["business"]["symbols"]
    grades = Counter(grade for row in rows if (grade := _grade(row)))
    rated = [row for row in rows if row.newest]
    old = sum(row.newest is not None and row.newest.as_of < today() - _OLD for row in rows)
    low = sum(n for grade, n in grades.items() if symbols.index(grade) >= symbols.index(_LOW))
    spread = [
        (grade, f"{grades[grade]:,}", numbers.percent(grades[grade] / grades.total(), lang))
        for grade in symbols
        if grades[grade]
    ]
    cards = [
        _card("portfolio_rated", len(rated), lang),
        _card("portfolio_unrated", len(rows) - len(rated), lang),
        _card("portfolio_old", old, lang, "warn" if old else ""),
        _card("portfolio_low", low, lang, "bad" if low else "")
        | {"note": text("desk.portfolio_low_note", lang, grade=_LOW)},
    ]
    return page(request, "portfolio.html", table=table, cards=cards, spread=spread)


def _card(key: str, count: int, lang: Lang, tone: str = "") -> dict[str, Any]:
    return {"label": text(f"desk.{key}", lang), "value": f"{count:,}", "tone": tone, "note": ""}


def _grade(row: Listed) -> str | None:
    grade = row.newest.figures.get(_MODEL) if row.newest else None
    return str(grade) if grade in load("grades")["ladders"]["business"]["symbols"] else None


def _columns(lang: Lang) -> list[tables.Column[Listed]]:
    column = tables.Column[Listed]
    symbols = load("grades")["ladders"]["business"]["symbols"]

    def rank(row: Listed) -> int | None:
        grade = _grade(row)
        return symbols.index(grade) if grade else None

    def age(row: Listed) -> int | None:
        return (today() - row.newest.as_of).days if row.newest else None

    return [
        column(
            "name",
            text("wizard.column_company", lang),
            lambda row: name_shown(row.company, lang),
            href=lambda row: f"/my/companies/{row.company.id}",
            note=lambda row: row.company.note,
        ),
        column("number", text("wizard.column_number", lang), lambda row: number_shown(row.company.business_number)),
        column(
            "grade_rank",
            text("kept.column_ktrs-fm", lang),
            rank,
            "choice",
            shown=lambda place: "–" if place is None else symbols[place],
            href=lambda row: f"/ratings/{row.newest.id}" if row.newest else "",
        ),
        column(
            "index",
            text("kept.column_tech-index", lang),
            lambda row: row.newest.figures.get("tech-index") if row.newest else None,
            "number",
        ),
        column("as_of", text("kept.column_as_of", lang), lambda row: row.newest.as_of if row.newest else None, "day"),
        column(
            "age",
            text("desk.portfolio_age", lang),
            age,
            "number",
            shown=lambda days: "–" if days is None else text("desk.portfolio_days", lang, n=f"{days:,}"),
            tone=lambda row: "warn" if (age(row) or 0) > _OLD.days else "",
        ),
    ]
