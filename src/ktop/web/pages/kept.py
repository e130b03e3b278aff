"""My results: the ratings an organisation has made, found again, named, noted on and put away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, message, text
from ktop.kernel.errors import InputError
from ktop.report import labels, numbers
from ktop.usecases.rate.interface import KeptResult
from ktop.web import tables
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_MODELS = ("tech-index", "ktrs-fm", "start-up", "global-expansion", "originality")


@router.get("/my/results")
async def results(request: Request) -> Response:
    """List kept results."""
    lang = language(request)
    away = tables.switch(request, "away", text("kept.put_away", lang))
    found = await ask(
        request,
        tables.window,
        platform(request).ratings.results,
        tables.after_of(request),
        search=tables.search_of(request),
        archived=away.on,
    )
    columns = _columns(found.items, lang)
    title, told = text("kept.title", lang), text("kept.search_help", lang)
    table = tables.listed(request, "results", title, columns, found, switches=(away,), searched=True, search_help=told)
    return tables.file_of(request, table) or page(request, "kept.html", table=table)


def _columns(found: Sequence[KeptResult], lang: Lang) -> list[tables.Column[KeptResult]]:
    """Return the columns of results; of the models those that gave a figure."""
    column = tables.Column[KeptResult]
    shown = [name for name in _MODELS if any(one.figures.get(name) is not None for one in found)]

    def figure(model: str) -> tables.Column[KeptResult]:
        label, name = text(f"kept.column_{model}", lang), model.replace("-", "_")
        return column(name, label, lambda one: one.figures.get(model), "number")

    return [
        column(
            "name",
            text("kept.column_name", lang),
            lambda one: one.title or labels.company(one.name, lang, one.name_en) or text("kept.without_name", lang),
            href=lambda one: f"/ratings/{one.id}",
            note=lambda one: " · ".join(
                part for part in (labels.company(one.name, lang, one.name_en) if one.title else "", one.note) if part
            ),
        ),
        column(
            "kind",
            text("kept.column_kind", lang),
            lambda one: one.kind,
            "choice",
            shown=lambda kind: text(f"kept.kind_{kind}", lang),
        ),
        *(figure(model) for model in shown),
        column("as_of", text("kept.column_as_of", lang), lambda one: one.as_of, "day"),
        column("made", text("kept.column_created", lang), lambda one: one.created, "moment"),
    ]


@router.get("/my/results/{rating_id}")
async def describe(request: Request, rating_id: str) -> Response:
    """Show the form of a result's title and note."""
    return await _form(request, identifier(rating_id))


@router.post("/my/results/{rating_id}")
async def described(request: Request, rating_id: str) -> Response:
    """Keep a result's title and note."""
    form = texts(await posted(request, f"/my/results/{identifier(rating_id)}"))
    title, note = form.get("title", ""), form.get("note", "")
    try:
        await ask(
            request,
            platform(request).ratings.describe,
            identifier(rating_id),
            title=title,
            note=note,
            archived=form.get("archived") == "1",
        )
    except InputError as error:
        return await _form(
            request, identifier(rating_id), message(error, language(request)), {"title": title, "note": note}
        )
    return RedirectResponse("/my/results", status_code=303)


async def _form(request: Request, rating_id: str, problem: str = "", given: dict[str, Any] | None = None) -> Response:
    result = await ask(request, platform(request).ratings.result, rating_id)
    row = _row(result, language(request))
    words = {"title": result.title, "note": result.note, **(given or {})}
    return page(request, "kept_one.html", 422 if problem else 200, row=row, result=result, words=words, problem=problem)


def _row(result: KeptResult, lang: Lang) -> dict[str, Any]:
    figures = {
        name: numbers.figure(value, lang, 1) if isinstance(value, float | int) else value
        for name, value in result.figures.items()
        if value is not None
    }
    return {
        "id": result.id,
        "name": result.title or labels.company(result.name, lang, result.name_en) or text("kept.without_name", lang),
        "of": labels.company(result.name, lang, result.name_en) if result.title else "",
        "note": result.note,
        "kind": text(f"kept.kind_{result.kind}", lang),
        "figures": figures,
        "as_of": numbers.day(result.as_of, lang),
    }
