"""What is published of the platform, for everybody."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import Lang, load, text
from ktop.domain.company.classification import cell_labels
from ktop.domain.rating.grades import ladder
from ktop.report import numbers
from ktop.report.list_file import MEDIA_TYPES
from ktop.validation.small_cells import LEAST
from ktop.web.asking import ask, platform
from ktop.web.downloads import download
from ktop.web.language import language
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
#: Paragraphs of the method, in order.
_METHOD = ("method_firms", "method_later", "method_rates", "method_hidden", "method_files")


@router.get("/statistics")
async def statistics(request: Request) -> Response:
    """Show the public figures."""
    lang = language(request)
    found = await ask(request, platform(request).statistics.published)
    tables = [] if found is None else _tables(found.tables, lang)
    made = "" if found is None else numbers.moment(found.made, lang)
    return page(request, "statistics.html", tables=tables, made=made, least=LEAST)


@router.get("/statistics/method")
async def method(request: Request) -> Response:
    """Tell how the figures are counted and what is hidden."""
    lang = language(request)
    said = {key: text(f"statistics.{key}", lang, least=LEAST) for key in _METHOD}
    return page(request, "statistics_method.html", said=said)


@router.get("/statistics/{name}.csv")
async def table(request: Request, name: str) -> Response:
    """Give one table as text."""
    return await _file(request, name, "csv")


@router.get("/statistics/{name}.xlsx")
async def workbook(request: Request, name: str) -> Response:
    """Give one table as a workbook."""
    return await _file(request, name, "xlsx")


async def _file(request: Request, name: str, ending: str) -> Response:
    content = await ask(request, platform(request).statistics.table, name, ending)
    return download(content, f"ktop-{name}.{ending}", MEDIA_TYPES[ending])


def _tables(found: Mapping[str, Any], lang: Lang) -> list[dict[str, Any]]:
    usage = _cross(found["usage"], "kind", "half_year", "count")
    shown = [{"title": text("statistics.usage", lang), "file": "usage", **_worded(usage, "kind", lang)}]
    for name, what in (("grades_by_industry", "industry"), ("grades_by_region", "region")):
        halves = sorted({row["half_year"] for row in found[name]}, reverse=True)
        for half in halves[:1]:  # the file has the others
            rows = [row for row in found[name] if row["half_year"] == half]
            crossed = _cross(rows, what, "grade", "firms")
            title = text(f"statistics.{name}", lang, half=_half(half, lang))
            shown.append({"title": title, "file": name, **_worded(crossed, what, lang)})
    for half in sorted({row.get("half_year", "") for row in found["later"]}, reverse=True):
        rows = [row for row in found["later"] if row.get("half_year", "") == half]
        crossed = _cross(rows, "outcome", "grade", "firms")
        title = text("statistics.later", lang, half=_half(half, lang))
        shown.append({"title": title, "file": "later", **_worded(crossed, "outcome", lang)})
        rates = [row for row in found.get("rates", ()) if row["half_year"] == half]
        if rates:
            shown.append(
                {
                    "title": text("statistics.rates", lang, half=_half(half, lang)),
                    "file": "rates",
                    **_rates(rates, lang),
                }
            )
    return shown


def _rates(rows: Sequence[Mapping[str, Any]], lang: Lang) -> dict[str, Any]:
    order = {grade: at for at, grade in enumerate(ladder("business").symbols)}
    rows = sorted(rows, key=lambda row: order.get(row["grade"], 99))
    hidden = text("statistics.hidden", lang)
    shares = [
        [
            text(f"statistics.rate_{name}", lang),
            *[hidden if row[name] is None else numbers.percent(row[name] / 100, lang) for row in rows],
        ]
        for name in ("failure_percent", "high_growth_percent")
    ]
    return {"head": [text("statistics.outcome", lang), *(row["grade"] for row in rows)], "rows": shares}


def _cross(rows: Sequence[Mapping[str, Any]], down: str, across: str, count: str) -> dict[str, Any]:
    """Return rows as a table of two ways, grades in the order of their ladder."""
    order = {grade: at for at, grade in enumerate(ladder("business").symbols)}
    columns = sorted({row[across] for row in rows}, key=lambda name: (order.get(name, 99), name))
    cells = {(row[down], row[across]): row[count] for row in rows}
    names = sorted({row[down] for row in rows})
    return {
        "columns": columns,
        "rows": [(name, [cells.get((name, column), 0) for column in columns]) for name in names],
    }


def _worded(table: dict[str, Any], what: str, lang: Lang) -> dict[str, Any]:
    hidden = text("statistics.hidden", lang)
    rows = [
        [_word(what, name, lang), *[hidden if count is None else f"{count:,}" for count in counts]]
        for name, counts in table["rows"]
    ]
    columns = [_half(one, lang) if re.fullmatch(r"\d{4}-H[12]", one) else one for one in table["columns"]]
    return {"head": [text(f"statistics.{what}", lang), *columns], "rows": rows}


def _half(name: str, lang: Lang) -> str:
    """Return a half-year in words, ``2026-H1`` as "2026년 상반기"; empty where figures of old name none."""
    year, _, half = name.partition("-H")
    return text(f"statistics.half_{half}", lang, year=year) if half else name


def _word(what: str, name: str, lang: Lang) -> str:
    if not name:
        return text("statistics.not_known", lang)
    if what == "region":
        found: Mapping[str, Any] = load("regions")["regions"]
        return str(found[name][lang]) if name in found else name
    if what == "industry":
        labels = cell_labels("industry_group")
        return labels[name][lang] if name in labels else name
    return text(f"statistics.{what}_{name}", lang)
