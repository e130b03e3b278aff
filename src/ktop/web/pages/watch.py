"""An institution's portfolio: how firms that consented have moved, early warnings, and how they spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, load, message, text
from ktop.domain.company.classification import cell_labels
from ktop.domain.finance.watch import Concentration, Migration, Standing
from ktop.kernel.errors import ConflictError, InputError, NotFoundError
from ktop.report import numbers
from ktop.usecases.watch.interface import Watched, WatchedFirm
from ktop.web import tables
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import day, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
#: Codes of a spread shown by themselves.
_MOST_CODES = 8


@router.get("/watch")
async def watch(request: Request) -> Response:
    """Show the portfolio, compared with a day."""
    return await _page(request)


@router.post("/watch")
async def add(request: Request) -> Response:
    """Add a firm by its business number."""
    number = texts(await posted(request)).get("business_number", "")
    try:
        await ask(request, platform(request).watch.add, number)
    except (InputError, NotFoundError, ConflictError) as error:
        return await _page(request, message(error, language(request)), error.http_status, number[:40])
    return RedirectResponse("/watch", status_code=303)


@router.post("/watch/all")
async def add_all(request: Request) -> Response:
    """Add every firm whose consent holds."""
    await posted(request, "/watch")
    await ask(request, platform(request).watch.add_all)
    return RedirectResponse("/watch", status_code=303)


@router.post("/watch/{company}/end")
async def end(request: Request, company: str) -> Response:
    """Take a firm out."""
    await posted(request, "/watch")
    await ask(request, platform(request).watch.remove, company)
    return RedirectResponse("/watch", status_code=303)


async def _page(request: Request, problem: str = "", status: int = 200, number: str = "") -> Response:
    lang, use = language(request), platform(request).watch
    try:
        found = await ask(request, use.watched, day(request.query_params.get("since")))
    except InputError as error:
        problem, status = message(error, lang), error.http_status
        found = await ask(request, use.watched, None)
    table = tables.listed(request, "watch", text("watch.firms_title", lang), _columns(lang), list(found.firms))
    return tables.file_of(request, table) or page(
        request,
        "watch.html",
        status,
        found=found,
        table=table,
        matrix=_matrix(found.migration),
        spreads=[
            ("industry", _spread(found.industries, _industries(lang), lang)),
            ("region", _spread(found.regions, _regions(lang), lang)),
        ],
        figures=_figures(found, lang),
        over=_over(found, lang),
        since=numbers.day(found.since, lang),
        limits=[sign_words(name, lang) for name in load("watch")["signs"]],
        again_days=load("watch")["limits"]["again_days"],
        number=number,
        problem=problem,
    )


def sign_words(sign: str, lang: Lang) -> str:
    """Return what an early warning says, with its limit."""
    known = load("watch")
    said: str = known["signs"][sign][lang].format(**known["limits"])
    return said


def _columns(lang: Lang) -> list[tables.Column[WatchedFirm]]:
    column = tables.Column[WatchedFirm]

    def said(name: str) -> str:
        return text(f"watch.column_{name}", lang)

    def grade(name: str) -> Any:
        def note(firm: WatchedFirm) -> str:
            then, now = _of(firm.before, name), _of(firm.now, name)
            return text("watch.was", lang, grade=then) if then and then != now else ""

        return column(name, said(name), lambda firm: _of(firm.now, name), "choice", note=note)

    def former(firm: WatchedFirm) -> str:
        if firm.before is None or firm.before.index_score is None:
            return ""
        return text("watch.was_score", lang, score=numbers.figure(firm.before.index_score, lang, 1))

    def signs(firm: WatchedFirm) -> str:
        return ", ".join(sign_words(sign, lang) for sign in firm.signs)

    return [
        column("company", said("company"), lambda firm: firm.company.name[lang]),
        column("signs", said("signs"), signs, long=True, tone=lambda firm: "warn" if firm.signs else ""),
        grade("business"),
        grade("risk"),
        column("index", said("index"), _index, "number", note=former),
        column("as_of", said("as_of"), lambda firm: firm.now and firm.now.as_of, "day"),
        column(
            "state",
            said("state"),
            lambda firm: text("watch.covered" if firm.covered else "watch.not_covered", lang),
            "choice",
            tone=lambda firm: "" if firm.covered else "bad",
        ),
        column("until", said("until"), lambda firm: firm.until, "day", href=_consent),
    ]


def _index(firm: WatchedFirm) -> float | None:
    return None if firm.now is None or firm.now.index_score is None else round(firm.now.index_score, 1)


def _consent(firm: WatchedFirm) -> str:
    return f"/consents/{firm.consent}" if firm.consent else ""


def _of(standing: Standing | None, name: str) -> str:
    return "" if standing is None else str(getattr(standing, name))


def _matrix(found: Migration) -> list[tuple[str, list[tuple[int, str]]]]:
    """Return the rows of the migration matrix: grade then, and (firms, rose or fell) by grade now."""
    return [
        (
            then,
            [
                (found.counts.get((then, now), 0), "same" if here == there else "up" if there < here else "down")
                for there, now in enumerate(found.grades)
            ],
        )
        for here, then in enumerate(found.grades)
    ]


def _figures(found: Watched, lang: Lang) -> list[tuple[str, str]]:
    moves = found.migration
    figures = {
        "firms": f"{len(found.firms):,}",
        "covered": f"{sum(firm.covered for firm in found.firms):,}",
        "warned": f"{sum(bool(firm.signs) for firm in found.firms):,}",
        "moves": f"{moves.up} · {moves.same} · {moves.down}",
    }
    return [(text(f"watch.figure_{name}", lang), value) for name, value in figures.items()]


def _over(found: Watched, lang: Lang) -> list[str]:
    labels = {"industry": _industries(lang), "region": _regions(lang)}
    said = []
    for one in found.exceeded:
        name, percent = labels[one.what].get(one.code, one.code), numbers.percent(one.percent / 100, lang)
        said.append(text("watch.exceeded", lang, name=name, percent=percent, most=f"{one.most_percent:g}"))
    return said


def _spread(found: Concentration, labels: Mapping[str, str], lang: Lang) -> dict[str, Any]:
    known = sum(count for _, count in found.counts)
    return {
        "rows": [
            (labels.get(code, code), text("watch.spread_count", lang, n=count), numbers.percent(count / known, lang))
            for code, count in found.counts[:_MOST_CODES]
        ],
        "index": "" if found.index is None else text("watch.spread_index", lang, index=f"{found.index:.2f}"),
        "unknown": text("watch.spread_unknown", lang, n=found.unknown) if found.unknown else "",
    }


def _industries(lang: Lang) -> dict[str, str]:
    return {code: label[lang] for code, label in cell_labels("industry_group").items()}


def _regions(lang: Lang) -> dict[str, str]:
    return {code: label[lang] for code, label in load("regions")["regions"].items()}
