"""Fills page templates: every text from the catalogue, every value escaped."""

from __future__ import annotations

import functools
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from ktop.catalogue import Lang, text
from ktop.report import labels, numbers
from ktop.web.language import language, remember, switched
from ktop.web.security import TOKEN_FIELD


@functools.cache
def environment() -> Environment:
    """Return the template environment: always escaping, an unknown name is an error."""
    made = Environment(
        loader=PackageLoader("ktop.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["token_field"] = TOKEN_FIELD
    return made


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page in the reader's language.

    Templates get ``t(key, ...)`` for texts of ``messages/web.yaml``, ``lang``, ``csrf``, ``assets`` and ``values``.
    """
    lang = language(request)
    state = request.app.state
    context = {
        "t": functools.partial(web_text, lang=lang),
        "lang": lang,
        "other_lang": "en" if lang == "ko" else "ko",
        "other_address": switched(request, "en" if lang == "ko" else "ko"),
        "here": request.url.path,
        "csrf": state.tokens.token(request),
        "assets": state.assets,
        "labels": labels,
        "numbers": numbers,
        **values,
    }
    response = HTMLResponse(environment().get_template(template).render(context), status_code=status)
    remember(request, response)
    state.tokens.remember(request, response)
    return response


def web_text(key: str, *, lang: Lang, **params: Any) -> str:
    """Return a text of the page's own room."""
    return text(f"web.{key}", lang, **params)
