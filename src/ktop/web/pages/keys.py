"""Keys of an organisation's programs: listed, made, rotated, revoked."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from ktop.catalogue import Lang, message, text
from ktop.domain.party.permission import permissions
from ktop.kernel.errors import InputError
from ktop.report import numbers
from ktop.usecases.keys.interface import KeyCard, NewKey
from ktop.web import tables
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/organisation/keys")
async def keys(request: Request) -> Response:
    """List the keys, with a form for a new one."""
    return await _keys(request)


@router.post("/organisation/keys")
async def make(request: Request) -> Response:
    """Make a key and show it, once."""
    form = await posted(request)
    given = texts(form)
    try:
        made = await ask(request, platform(request).keys.make, given.get("name", ""), _scopes(form), _days(given))
    except InputError as error:
        return await _keys(request, problem=message(error, language(request)), status=error.http_status)
    return await _keys(request, made=made)


@router.post("/organisation/keys/{key_id}/rotate")
async def rotate(request: Request, key_id: str) -> Response:
    """Give a key another secret and show it, once."""
    await posted(request, "/organisation/keys")
    return await _keys(request, made=await ask(request, platform(request).keys.rotate, identifier(key_id)))


@router.post("/organisation/keys/{key_id}/revoke")
async def revoke(request: Request, key_id: str) -> Response:
    """Revoke a key."""
    await posted(request, "/organisation/keys")
    await ask(request, platform(request).keys.revoke, identifier(key_id))
    return RedirectResponse("/organisation/keys", status_code=303)


def _scopes(form: FormData) -> list[str]:
    return [value for value in form.getlist("scope") if isinstance(value, str)]


def _days(given: dict[str, str]) -> int:
    days = given.get("days", "365")
    return int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0


async def _keys(request: Request, *, made: NewKey | None = None, problem: str = "", status: int = 200) -> Response:
    use, lang, column = platform(request).keys, language(request), tables.Column[KeyCard]
    columns = [
        column("name", text("keys.name", lang), lambda one: one.name, long=True),
        column("prefix", text("keys.prefix", lang), lambda one: one.id),
        column("scopes", text("keys.scopes", lang), lambda one: _scope_words(one, lang), long=True),
        column("expires", text("keys.expires", lang), lambda one: one.expires.astimezone(numbers.KOREA).date(), "day"),
        column("used", text("keys.used", lang), lambda one: one.used, "moment"),
        column(
            "state",
            text("keys.state", lang),
            lambda one: "left_behind" if one.left_behind else f"state_{one.state}",
            "choice",
            shown=lambda state: text(f"keys.{state}", lang),
            tone=lambda one: "" if one.state == "active" and not one.left_behind else "warn",
        ),
    ]
    found = await ask(request, use.keys)
    table = tables.listed(request, "keys", text("keys.title", lang), columns, found)
    return tables.file_of(request, table) or page(
        request,
        "keys.html",
        status,
        table=table,
        scopes=await ask(request, use.possible_scopes),
        words=permissions(),
        made=made,
        left_behind=any(one.left_behind for one in found),
        problem=problem,
    )


def _scope_words(key: KeyCard, lang: Lang) -> str:
    return ", ".join(permissions()[scope][lang] for scope in key.scopes)
