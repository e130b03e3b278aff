"""Signing in by a provider: the way there and back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.kernel.errors import SignInError
from ktop.web import who_asks
from ktop.web.asking import ask, is_secure, origin, platform
from ktop.web.pages.common import ours

router = APIRouter(include_in_schema=False)
_BACK = "/sign-in/provider/back"
_COOKIE = "ktop_provider"


# A link and no form: browsers hold a form to this site (form-action) through all redirects that answer it.
@router.get("/sign-in/provider")
async def depart(request: Request) -> Response:
    """Lead to the provider; what the browser has to bring back goes along in a cookie that only this address gets."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise SignInError("providers.does_not_hold")  # no other site sends people on this way
    onward = ours(request.query_params.get("next", ""))
    departure = await ask(request, platform(request).providers.depart, origin(request) + _BACK, onward)
    answer = RedirectResponse(departure.address, status_code=303)
    answer.set_cookie(
        _COOKIE, departure.kept, max_age=600, httponly=True, samesite="lax", secure=is_secure(request), path=_BACK
    )
    return answer


@router.get(_BACK)
async def arrive(request: Request) -> Response:
    """Come back from the provider, signed in."""
    kept, given = request.cookies.get(_COOKIE, ""), request.query_params
    if not kept or len(kept) > 4000 or "code" not in given:
        raise SignInError("providers.does_not_hold")
    arrival = await ask(
        request,
        platform(request).providers.arrive,
        kept,
        given.get("state", ""),
        given["code"][:2000],
        origin(request) + _BACK,
        who_asks.browser(request),
    )
    answer = RedirectResponse(ours(arrival.onward) or ("/home" if arrival.session else "/account"), status_code=303)
    answer.delete_cookie(_COOKIE, path=_BACK)
    if arrival.session:
        who_asks.remember(request, answer, arrival.session)
    return answer
