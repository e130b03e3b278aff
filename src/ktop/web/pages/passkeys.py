"""Passkeys: sign in, show one as a second factor, register and remove."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import message
from ktop.kernel.errors import ConflictError, InputError, SignInError, TooManyRequestsError
from ktop.web import who_asks
from ktop.web.asking import ask, origin, platform
from ktop.web.language import language
from ktop.web.pages import accounts, second_factor
from ktop.web.pages.common import identifier, ours, posted, texts, told

router = APIRouter(include_in_schema=False)


@router.post("/sign-in/passkey")
async def sign_in(request: Request) -> Response:
    """Sign in by a passkey and lead on to the page that was asked for."""
    form = texts(await posted(request, "/sign-in"))
    onward = ours(form.get("next", ""))
    given = (form.get("kept", ""), form.get("answer", ""), origin(request), who_asks.browser(request))
    try:
        session = await ask(request, platform(request).passkeys.sign_in, *given)
    except (SignInError, TooManyRequestsError) as error:
        problem = message(error, language(request))
        return told(await accounts.sign_in_page(request, onward, "", problem, error.http_status), error)
    answer = RedirectResponse(onward or "/home", status_code=303)
    who_asks.remember(request, answer, session)
    return answer


@router.post("/account/second-factor/passkey")
async def prove(request: Request) -> Response:
    """Take the passkey that somebody shows, and lead on."""
    form = texts(await posted(request, "/account/second-factor"))
    onward = ours(form.get("next", ""))
    try:
        given = (form.get("kept", ""), form.get("answer", ""), origin(request))
        session = await ask(request, platform(request).passkeys.prove, *given)
    except (InputError, TooManyRequestsError) as error:
        return await second_factor.refused(request, error, onward)
    answer = RedirectResponse(onward or "/home", status_code=303)
    who_asks.remember(request, answer, session)
    return answer


@router.post("/account/passkeys")
async def register(request: Request) -> Response:
    """Keep a passkey just made."""
    form = texts(await posted(request, "/account/second-factor"))
    try:
        given = (form.get("kept", ""), form.get("answer", ""), form.get("name", ""), origin(request))
        session = await ask(request, platform(request).passkeys.register, *given)
    except (InputError, ConflictError) as error:
        return await second_factor.refused(request, error)
    answer = RedirectResponse("/account/second-factor", status_code=303)
    who_asks.remember(request, answer, session)
    return answer


@router.post("/account/passkeys/remove")
async def remove(request: Request) -> Response:
    """Remove a passkey."""
    form = texts(await posted(request, "/account/second-factor"))
    try:
        await ask(request, platform(request).passkeys.remove, identifier(form.get("passkey")))
    except ConflictError as error:
        return await second_factor.refused(request, error)
    return RedirectResponse("/account/second-factor", status_code=303)
