"""Which language a reader gets: Korean unless asked otherwise, remembered in a cookie."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from ktop.catalogue import LANGS, Lang
from ktop.web.asking import is_secure

COOKIE = "ktop_lang"
_YEAR_SECONDS = 365 * 24 * 3600


def language(request: Request) -> Lang:
    """Return the language asked for by ``?lang=``, else the remembered one, else Korean."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGS:
            return wanted
    return "ko"


def remember(request: Request, response: Response) -> None:
    """Keep a language that the reader has just chosen."""
    chosen = request.query_params.get("lang")
    if chosen in LANGS and chosen != request.cookies.get(COOKIE):
        response.set_cookie(
            COOKIE, chosen, max_age=_YEAR_SECONDS, httponly=True, samesite="lax", secure=is_secure(request)
        )


def switched(request: Request, lang: Lang) -> str:
    """Return this page's address in another language; a page that answered a form leads to the page of that form."""
    path = request.url.path
    if request.method != "GET":
        path = str(getattr(request.state, "get_path", path))
    # "//evil.example/" would be another site, and browsers read a backslash as a slash: the path is one of ours.
    path = "/" + quote(path.lstrip("/\\"), safe="/:@!$&'()*+,;=~")
    return f"{path}?{request.url.include_query_params(lang=lang).query}"
