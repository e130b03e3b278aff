"""Signing in and up, and one's own account: organisations, sessions, password."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import message
from ktop.domain.party.actor import VISITOR
from ktop.domain.party.permission import role_names
from ktop.kernel.errors import ConflictError, InputError, SignInError, TooManyRequestsError
from ktop.usecases.accounts.interface import NewSession, SignUp
from ktop.web import who_asks
from ktop.web.asking import actor, ask, origin, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, ours, posted, texts, told
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
async def sign_in_form(request: Request) -> Response:
    """Ask for login and password; ``?next=`` says what page needed them."""
    return await sign_in_page(request, ours(request.query_params.get("next", "")))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Sign in and lead on to the page that was asked for."""
    form = texts(await posted(request))
    onward, login = ours(form.get("next", "")), form.get("login", "")
    try:
        session = await ask(
            request, platform(request).accounts.sign_in, login, form.get("password", ""), who_asks.browser(request)
        )
    except (SignInError, TooManyRequestsError) as error:
        problem = message(error, language(request))
        return told(await sign_in_page(request, onward, login, problem, error.http_status), error)
    return _with_session(request, session, onward or "/home")


@router.get("/sign-up")
async def sign_up_form(request: Request) -> Response:
    """Ask for what makes the account of a company's owner."""
    return page(request, "sign_up.html", given={}, problem="")


@router.post("/sign-up")
async def sign_up(request: Request) -> Response:
    """Make the account and its company, and lead to where the company is entered."""
    form = texts(await posted(request))
    fields = ("login", "name", "password", "company", "company_en", "business_number")
    given = SignUp(**{name: form.get(name, "") for name in fields}, lang=language(request))
    try:
        session = await ask(request, platform(request).accounts.sign_up, given, who_asks.browser(request))
    except (InputError, ConflictError, TooManyRequestsError) as error:
        problem = message(error, language(request))
        return told(page(request, "sign_up.html", error.http_status, given=form, problem=problem), error)
    return _with_session(request, session, "/my/companies/new")


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session and lead home."""
    await posted(request, "/")
    await ask(request, platform(request).accounts.sign_out)
    answer = RedirectResponse("/", status_code=303)
    who_asks.forget(request, answer)
    answer.headers["clear-site-data"] = '"cache"'
    return answer


@router.get("/account")
async def account(request: Request) -> Response:
    """Show one's own account."""
    return await _account(request)


@router.post("/account/organisation")
async def switch(request: Request) -> Response:
    """Act for another of one's organisations, in a new session."""
    form = texts(await posted(request, "/account"))
    session = await ask(request, platform(request).accounts.switch, form.get("organisation", ""))
    return _with_session(request, session, "/home")


@router.post("/account/password")
async def change_password(request: Request) -> Response:
    """Change one's own password."""
    form = texts(await posted(request, "/account"))
    given = (form.get("present", ""), form.get("new", ""))
    try:
        await ask(request, platform(request).accounts.change_password, *given)
    except (InputError, TooManyRequestsError) as error:
        return told(await _account(request, problem=message(error, language(request)), status=error.http_status), error)
    return await _account(request, done="accounts.password_changed")


@router.post("/account/email")
async def change_email(request: Request) -> Response:
    """Change the address that notices go to."""
    form = texts(await posted(request, "/account"))
    given = (form.get("email", ""), form.get("present", ""))
    try:
        wanted = form.get("notices") == "yes"
        await ask(request, platform(request).accounts.change_email, *given, notices=wanted)
    except (InputError, TooManyRequestsError) as error:
        return told(await _account(request, problem=message(error, language(request)), status=error.http_status), error)
    return await _account(request, done="mail.address_saved")


@router.post("/account/provider/leave")
async def leave_provider(request: Request) -> Response:
    """Let the person sign in by a provider's account no more."""
    form = texts(await posted(request, "/account"))
    try:
        await ask(request, platform(request).providers.leave, identifier(form.get("account")))
    except ConflictError as error:
        return await _account(request, problem=message(error, language(request)), status=error.http_status)
    return RedirectResponse("/account", status_code=303)


@router.post("/account/erasure")
async def erase(request: Request) -> Response:
    """Erase what is known of the person, and lead home."""
    form = texts(await posted(request, "/account"))
    given = (form.get("login", ""), form.get("password", ""))
    try:
        await ask(request, platform(request).erasure.erase_me, *given)
    except (InputError, ConflictError, TooManyRequestsError) as error:
        return told(await _account(request, problem=message(error, language(request)), status=error.http_status), error)
    answer = RedirectResponse("/", status_code=303)
    who_asks.forget(request, answer)
    answer.headers["clear-site-data"] = '"cache"'
    return answer


@router.post("/account/sessions")
async def end_sessions(request: Request) -> Response:
    """End one of one's own sessions, or all others."""
    form = texts(await posted(request, "/account"))
    accounts = platform(request).accounts
    if form.get("session"):
        await ask(request, accounts.end_session, form["session"])
    else:
        await ask(request, accounts.end_other_sessions)
    return RedirectResponse("/account", status_code=303)


async def sign_in_page(
    request: Request, onward: str, login: str = "", problem: str = "", status: int = 200
) -> Response:
    """Ask for what somebody signs in by."""
    provider = platform(request).providers.available(VISITOR)
    passkeys, at = platform(request).passkeys, origin(request)
    challenge = None
    if actor(request) == VISITOR and passkeys.possible(VISITOR, at):
        challenge = await ask(request, passkeys.ask, at)
    values = {"provider": provider, "challenge": challenge, "login": login}
    return page(request, "sign_in.html", status, next=onward, problem=problem, **values)


async def _account(request: Request, *, problem: str = "", done: str = "", status: int = 200) -> Response:
    found = await ask(request, platform(request).accounts.account)
    values: dict[str, Any] = {"account": found, "role_names": role_names(), "problem": problem, "done": done}
    providers = platform(request).providers
    values["provider"] = providers.available(VISITOR)
    values["joined"] = await ask(request, providers.joined)
    return page(request, "account.html", status, **values)


def _with_session(request: Request, session: NewSession, onward: str) -> Response:
    answer = RedirectResponse(onward, status_code=303)
    who_asks.remember(request, answer, session)
    return answer
