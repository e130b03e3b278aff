"""My technologies: summaries that an organisation keeps, changed, noted on, put away and rated."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import message
from ktop.kernel.errors import ChangedError, InputError, UnavailableError
from ktop.usecases.portfolio.interface import KeptTechnology
from ktop.web import tables
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts, to_rating, version_typed
from ktop.web.pages.my_companies import say
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
#: Letters of a summary that a list shows.
_SHOWN = 160


@router.get("/my/technologies")
async def technologies(request: Request) -> Response:
    """List kept technologies."""
    said = say(language(request))
    away = tables.switch(request, "away", said("put_away"))
    found = await ask(
        request,
        tables.window,
        platform(request).portfolio.kept_technologies,
        tables.after_of(request),
        search=tables.search_of(request),
        archived=away.on,
    )
    column = tables.Column[KeptTechnology]
    columns = [
        column(
            "title",
            said("column_title"),
            lambda one: one.title,
            href=lambda one: f"/my/technologies/{one.id}",
            note=lambda one: one.note,
        ),
        column("text", said("column_text"), lambda one: one.text, shown=_beginning, long=True),
        column("changed", said("column_changed"), lambda one: one.changed, "moment"),
    ]
    table = tables.listed(
        request,
        "technologies",
        said("technologies_title"),
        columns,
        found,
        switches=(away,),
        searched=True,
        search_help=said("search_technology"),
    )
    return tables.file_of(request, table) or page(request, "my_technologies.html", say=said, table=table)


def _beginning(words: str) -> str:
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN].rstrip()}…"


@router.get("/my/technologies/{kept_id}")
async def technology(request: Request, kept_id: str) -> Response:
    """Show one technology, or under ``new`` the form for a further one."""
    return await _page(request, identifier(kept_id))


@router.post("/my/technologies/{kept_id}")
async def described(request: Request, kept_id: str) -> Response:
    """Keep a technology, and rate it where that was asked for."""
    form = texts(await posted(request, f"/my/technologies/{identifier(kept_id)}"))
    use = platform(request).portfolio
    words = {"title": form.get("title", ""), "text": form.get("text", "")}
    shown = kept_id
    try:
        if kept_id == "new":
            kept = await ask(request, use.save_technology, words["title"], words["text"])
        else:
            kept = await ask(
                request,
                use.edit_technology,
                kept_id,
                version_typed(form.get("version")) or 0,
                **words,
                note=form.get("note", ""),
                archived=form.get("archived") == "1",
            )
        shown = kept.id
        if form.get("go") == "rate":
            return to_rating(await ask(request, use.rate_kept_technology, kept.id, None))
    except (InputError, ChangedError, UnavailableError) as error:
        return await _page(request, shown, message(error, language(request)), error.http_status, form)
    return RedirectResponse("/my/technologies", status_code=303)


async def _page(
    request: Request, kept_id: str, problem: str = "", status: int = 200, given: dict[str, str] | None = None
) -> Response:
    kept = None if kept_id == "new" else await ask(request, platform(request).portfolio.kept_technology, kept_id)
    words = {name: getattr(kept, name, "") for name in ("title", "text", "note")}
    words |= {name: value for name, value in (given or {}).items() if name in words}
    said = say(language(request))
    return page(request, "my_technology.html", status, say=said, kept=kept, words=words, problem=problem)
