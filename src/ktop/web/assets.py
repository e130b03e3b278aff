"""Files a page needs: one stylesheet, web fonts, the script of passkeys, and HTMX where the installation has it."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from starlette.concurrency import run_in_threadpool

from ktop.kernel.errors import NotFoundError
from ktop.report.fonts import WebFonts

router = APIRouter(include_in_schema=False)
#: Addresses of these files change with their content, so browsers may keep them for good.
_FOREVER = {"cache-control": "public, max-age=31536000, immutable"}


@functools.cache
def stylesheet() -> bytes:
    """Return the stylesheet."""
    return resources.files("ktop.web").joinpath("static/ktop.css").read_bytes()


@functools.cache
def passkeys() -> bytes:
    """Return the script that asks a browser for a passkey; there is no way to without one."""
    return resources.files("ktop.web").joinpath("static/passkeys.js").read_bytes()


@functools.cache
def pages() -> bytes:
    """Return the script of the pages, which makes a few things easier; every page works without it."""
    return resources.files("ktop.web").joinpath("static/pages.js").read_bytes()


@functools.cache
def htmx() -> bytes | None:
    """Return HTMX 2 as shipped by an installed package, None where there is none: pages work without it.

    The package is found by its folder and never imported, because importing it needs Django.
    """
    found = importlib.util.find_spec("django_htmx")
    for folder in (found.submodule_search_locations or ()) if found else ():
        for name in ("htmx-2.min.js", "htmx.min.js"):
            path = Path(folder) / "static" / "django_htmx" / name
            if path.is_file():
                return path.read_bytes()
    return None


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=6).hexdigest()


def addresses(fonts: WebFonts) -> dict[str, str | None]:
    """Return the addresses of the stylesheet, the font rules, scripts (HTMX None where absent) for the page's head."""
    script = htmx()
    return {
        "stylesheet": f"/static/{_digest(stylesheet())}/ktop.css",
        "fonts": f"/static/{_digest(fonts.css().encode())}/fonts.css",
        "pages": f"/static/{_digest(pages())}/pages.js",
        "passkeys": f"/static/{_digest(passkeys())}/passkeys.js",
        "htmx": None if script is None else f"/static/{_digest(script)}/htmx.js",
    }


@router.get("/static/{digest}/{name}")
def static_file(request: Request, digest: str, name: str) -> Response:
    """Serve one of our text files; an outdated address gets the present file, but is not kept."""
    fonts: WebFonts = request.app.state.fonts
    files: dict[str, tuple[str, Callable[[], bytes | None]]] = {
        "ktop.css": ("text/css", stylesheet),
        "fonts.css": ("text/css", lambda: fonts.css().encode()),
        "pages.js": ("text/javascript", pages),
        "passkeys.js": ("text/javascript", passkeys),
        "htmx.js": ("text/javascript", htmx),
    }
    if name not in files:
        raise NotFoundError("web.page_not_found")
    kind, read = files[name]
    content = read()
    if content is None:
        raise NotFoundError("web.page_not_found")
    headers = _FOREVER if digest == _digest(content) else {"cache-control": "no-cache"}
    return Response(content, media_type=kind, headers=headers)


@router.get("/fonts/{key}/{name}.woff2")
async def font(request: Request, key: str, name: str) -> Response:
    """Serve one font slice, cut now where it was not yet."""
    path = await run_in_threadpool(request.app.state.fonts.path, key, name)
    return FileResponse(path, media_type="font/woff2", headers=_FOREVER)


@router.get("/favicon.ico")
def icon() -> Response:
    """Serve the icon: a small drawing of our own."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        '<rect width="32" height="32" rx="6" fill="#0b50d0"/>'
        '<path d="M8 23V9m0 8 7-8m-4 5 5 9" stroke="#fff" stroke-width="3" fill="none" stroke-linecap="round"/>'
        '<path d="M20 23v-6m5 6V11" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>'
    )
    return Response(svg, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})
