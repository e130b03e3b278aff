"""My results: the ratings an organisation has made, found again, named, noted on and put away."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, message, text
from ktop.kernel.errors import InputError
from ktop.report import numbers
from ktop.usecases.rate.interface import KeptResult, Kind
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_ROWS = 25
_MODELS = ("tech-index", "ktrs-fm", "start-up", "originality")
_KINDS: tuple[Kind, ...] = ("company", "technology", "both")


@router.get("/my/results")
async def results(request: Request, q: str = "", kind: str = "", away: str = "", after: str | None = None) -> Response:
    """List kept results; ``q`` searches, ``kind`` and ``away`` filter, ``after`` continues a long list."""
    lang = language(request)
    chosen: Kind | None = next((one for one in _KINDS if one == kind), None)
    found = await ask(
        request,
        platform(request).ratings.results,
        search=q[:200],
        kind=chosen,
        archived=away == "1",
        limit=_ROWS,
        after=after or None,
    )
    asked = {"q": q[:200], "kind": chosen or "", "away": "1" if away == "1" else ""}
    older = f"/my/results?{urlencode(asked | {'after': found.after})}" if found.after else ""
    rows = [_row(result, lang) for result in found.items]
    shown = [name for name in _MODELS if any(row["figures"].get(name) for row in rows)]
    return page(request, "kept.html", rows=rows, models=shown, asked=asked, kinds=_KINDS, older=older)


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
        "name": result.title or result.name or text("kept.without_name", lang),
        "of": result.name if result.title else "",
        "note": result.note,
        "kind": text(f"kept.kind_{result.kind}", lang),
        "figures": figures,
        "as_of": result.as_of.isoformat(),
        "created": result.created.astimezone().strftime("%Y-%m-%d %H:%M"),
    }
