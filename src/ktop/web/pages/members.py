"""Members of an organisation, and the links by which people join it or set a new password."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import message, text
from ktop.domain.party.permission import Allowed, check, role_names
from ktop.kernel.errors import ConflictError, InputError, KtopError
from ktop.report import labels, numbers
from ktop.usecases.members.interface import Joining, Member, NewLink
from ktop.web import tables, who_asks
from ktop.web.asking import actor, ask, origin, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/organisation/members")
async def members(request: Request) -> Response:
    """List the members; who manages them sees links and forms as well."""
    return await _members(request)


@router.post("/organisation/name")
async def name_in_english(request: Request) -> Response:
    """Set the organisation's name in English."""
    form = texts(await posted(request, "/organisation/members"))
    return await _answered(
        request, lambda: ask(request, platform(request).members.name_in_english, form.get("name_en", ""))
    )


@router.post("/organisation/members/invite")
async def invite(request: Request) -> Response:
    """Make an invitation link and show it, once."""
    form = texts(await posted(request, "/organisation/members"))
    use, email = platform(request).members, form.get("email", "")
    return await _answered(
        request, lambda: ask(request, use.invite, form.get("role", ""), email=email, origin=origin(request))
    )


@router.post("/organisation/members/{user}/end")
async def end(request: Request, user: str) -> Response:
    """End a member's roles."""
    await posted(request, "/organisation/members")
    return await _answered(request, lambda: ask(request, platform(request).members.end, identifier(user)))


@router.post("/organisation/members/{user}/erase")
async def erase(request: Request, user: str) -> Response:
    """Erase what is known of a member."""
    await posted(request, "/organisation/members")
    return await _answered(request, lambda: ask(request, platform(request).erasure.erase_member, identifier(user)))


@router.post("/organisation/members/{user}/reset")
async def reset(request: Request, user: str) -> Response:
    """Make a link by which a member sets a new password, and show it, once."""
    form = texts(await posted(request, "/organisation/members"))
    both = bool(form.get("second_factor"))
    use = platform(request).members
    return await _answered(
        request, lambda: ask(request, use.reset, identifier(user), second_factor=both, origin=origin(request))
    )


@router.post("/organisation/links/{link}/withdraw")
async def withdraw(request: Request, link: str) -> Response:
    """Withdraw a link."""
    await posted(request, "/organisation/members")
    return await _answered(request, lambda: ask(request, platform(request).members.withdraw, identifier(link)))


@router.get("/join/{token}")
async def follow(request: Request, token: str) -> Response:
    """Show what a link is for, with the form to use it."""
    return await _follow(request, token)


@router.post("/join/{token}")
async def join(request: Request, token: str) -> Response:
    """Join with a new account, or set the new password."""
    form = texts(await posted(request))
    use = platform(request).members
    try:
        told = await ask(request, use.read_link, token[:100])
        if told.purpose == "reset":
            await ask(request, use.set_password, token, form.get("password", ""))
            return RedirectResponse("/sign-in", status_code=303)
        fields = {name: form.get(name, "") for name in ("login", "name", "password")}
        given = Joining(**fields, lang=language(request))
        session = await ask(request, use.join, token, given, who_asks.browser(request))
    except (InputError, ConflictError) as error:
        return await _follow(request, token, form, error)
    answer = RedirectResponse("/account", status_code=303)
    who_asks.remember(request, answer, session)
    return answer


@router.post("/join/{token}/account")
async def join_as(request: Request, token: str) -> Response:
    """Join with the account that is signed in."""
    await posted(request, f"/join/{token}")
    try:
        session = await ask(request, platform(request).members.join_as, token[:100])
    except ConflictError as error:
        return await _follow(request, token, {}, error)
    answer = RedirectResponse("/account", status_code=303)
    who_asks.remember(request, answer, session)
    return answer


async def _answered(request: Request, act: Any) -> Response:
    try:
        made = await act()
    except (InputError, ConflictError) as error:
        return await _members(request, error=error)
    if isinstance(made, NewLink):
        return await _members(request, made=made)
    return RedirectResponse("/organisation/members", status_code=303)


async def _members(request: Request, *, made: NewLink | None = None, error: KtopError | None = None) -> Response:
    use = platform(request).members
    manages = isinstance(check(actor(request), "own:member:manage"), Allowed)
    lang, column = language(request), tables.Column[Member]
    columns = [
        column("name", text("members.name", lang), lambda one: labels.person(one.name, lang), long=True),
        column("login", text("accounts.login", lang), lambda one: one.login),
        column(
            "role",
            text("members.role", lang),
            lambda one: one.role,
            "choice",
            shown=lambda role: role_names()[role][lang],
        ),
        column("since", text("members.since", lang), lambda one: one.since.astimezone(numbers.KOREA).date(), "day"),
    ]
    table = tables.listed(request, "members", text("members.title", lang), columns, await ask(request, use.members))
    if file := tables.file_of(request, table):
        return file
    values: dict[str, Any] = {
        "table": table,
        "manages": manages,
        "mails": platform(request).mail.available(actor(request)),
        "roles": await ask(request, use.roles) if manages else (),
        "links": await ask(request, use.links) if manages else (),
        "role_names": role_names(),
        "organisation": await ask(request, use.organisation_name),
        "made": made,
        "address": f"{origin(request)}/join/{made.token}" if made else "",
        "problem": message(error, language(request)) if error else "",
    }
    return page(request, "members.html", error.http_status if error else 200, **values)


async def _follow(
    request: Request, token: str, given: dict[str, str] | None = None, error: KtopError | None = None
) -> Response:
    told = await ask(request, platform(request).members.read_link, token[:100])
    values = {"told": told, "token": token, "given": given or {}, "role_names": role_names()}
    problem = message(error, language(request)) if error else ""
    return page(request, "join.html", error.http_status if error else 200, problem=problem, **values)
