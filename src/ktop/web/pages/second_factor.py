"""The second factor: shown after signing in, set up and removed on the account."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from ktop.catalogue import message
from ktop.kernel.errors import ConflictError, InputError, KtopError, TooManyRequestsError
from ktop.web import who_asks
from ktop.web.asking import actor, ask, asker, origin, platform
from ktop.web.language import language
from ktop.web.pages.common import ours, posted, texts, told
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_TELLS = (InputError, ConflictError, TooManyRequestsError)


@router.get("/account/second-factor")
async def second_factor(request: Request) -> Response:
    """Ask for the code, or show what is set up; ``?next=`` says what page needed it."""
    return await _page(request, onward=ours(request.query_params.get("next", "")))


@router.post("/account/second-factor")
async def prove(request: Request) -> Response:
    """Take the code that somebody shows, and lead on."""
    form = texts(await posted(request))
    onward = ours(form.get("next", ""))
    try:
        session = await ask(request, platform(request).second_factors.prove, form.get("code", ""))
    except _TELLS as error:
        return await refused(request, error, onward)
    answer = RedirectResponse(onward or "/home", status_code=303)
    who_asks.remember(request, answer, session)
    return answer


@router.post("/account/second-factor/app")
async def set_up(request: Request) -> Response:
    """Offer an app, then keep it once its first code is right."""
    form = texts(await posted(request, "/account/second-factor"))
    use = platform(request).second_factors
    try:
        if not form.get("code"):
            return await _page(request, offer=await ask(request, use.offer_app))
        made = await ask(request, use.confirm_app, form["code"])
    except _TELLS as error:
        return await refused(request, error)
    answer = page(request, "recovery_codes.html", codes=made.recovery_codes)
    who_asks.remember(request, answer, made.session)
    return answer


@router.post("/account/second-factor/remove")
async def remove(request: Request) -> Response:
    """Remove the app by a code of it."""
    form = texts(await posted(request, "/account/second-factor"))
    try:
        await ask(request, platform(request).second_factors.remove_app, form.get("code", ""))
    except _TELLS as error:
        return await refused(request, error)
    return RedirectResponse("/account/second-factor", status_code=303)


async def refused(request: Request, error: KtopError, onward: str = "") -> Response:
    """Show the page again with what does not hold."""
    problem = message(error, language(request))
    return told(await _page(request, problem=problem, status=error.http_status, onward=onward), error)


async def _page(
    request: Request, *, offer: Any = None, problem: str = "", status: int = 200, onward: str = ""
) -> Response:
    who = asker(request)
    proving = who is not None and who.second_factor == "prove"
    found = None if proving else await ask(request, platform(request).second_factors.factors)
    passkeys, at = platform(request).passkeys, origin(request)
    possible = passkeys.possible(actor(request), at)
    challenge = await ask(request, passkeys.ask if proving else passkeys.begin, at) if possible and not offer else None
    own = () if proving or offer else await ask(request, passkeys.passkeys)
    picture = _picture(offer.address) if offer else ""
    values = {"proving": proving, "factors": found, "offer": offer, "picture": picture, "next": onward}
    values |= {"challenge": challenge, "passkeys": own, "possible": possible}
    return page(request, "second_factor.html", status, problem=problem, **values)


def _picture(address: str) -> Markup:
    import segno  # only where somebody sets a factor up

    drawn = segno.make(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    return Markup(drawn)  # noqa: S704 - made of modules alone; the address does not stand in it
