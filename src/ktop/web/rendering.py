"""Fills page templates: every text from the catalogue, every value escaped."""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ktop.catalogue import Lang, text
from ktop.domain.party.actor import VISITOR
from ktop.report import labels, numbers
from ktop.web import navigation, tables
from ktop.web.asking import actor, asker
from ktop.web.language import language, remember, switched
from ktop.web.security import TOKEN_FIELD

_STRONG = ' class="strong"'


@functools.cache
def environment() -> Environment:
    """Return the template environment: always escaping, an unknown name is an error."""
    made = Environment(
        loader=PackageLoader("ktop.web"),
        autoescape=True,
        auto_reload=False,  # an installed template does not change
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["token_field"] = TOKEN_FIELD
    made.filters["table_rows"] = table_rows
    return made


def table_rows(
    rows: Iterable[Sequence[object]],
    numeric: Container[int] = (),
    strong: Container[int] = (),
    long: Container[int] = (),
    names: Sequence[object] = (),
) -> Markup:
    """Return the rows of a table's body. ``numeric`` and ``long`` are columns, ``strong`` rows, counted from 0.

    ``names`` are the headings of the columns, where each cell is to carry its own for a screen too narrow for a table.
    A result has a thousand cells: a loop in the template took a third of the page's time.
    """
    named = [f' data-name="{escape(name)}"' for name in names]
    classes: list[str] = []
    written = []
    for place, row in enumerate(rows):
        for column in range(len(classes), len(row)):
            kind = ' class="num"' if column in numeric else ' class="long-cell"' if column in long else ""
            classes.append(kind + (named[column] if column < len(named) else ""))
        cells = [f'<th scope="row"{named[0] if named else ""}>{escape(row[0])}</th>'] if row else []
        cells += [f"<td{shown}>{escape(cell)}</td>" for cell, shown in zip(row[1:], classes[1:], strict=False)]
        written.append(f"    <tr{_STRONG if place in strong else ''}>{''.join(cells)}</tr>\n")
    return Markup("".join(written))  # noqa: S704 - every cell is escaped above


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page in the reader's language.

    Templates get ``t(key, ...)`` for texts of ``messages/web.yaml``, ``phrase(key, ...)`` for any,
    ``lang``, ``csrf``, ``assets``, ``menu``, ``asker``, ``visiting`` and ``values``.
    """
    lang = language(request)
    state = request.app.state
    context = {
        "t": functools.partial(web_text, lang=lang),
        "lang": lang,
        "other_lang": "en" if lang == "ko" else "ko",
        "other_address": switched(request, "en" if lang == "ko" else "ko"),
        "phrase": functools.partial(_said, lang=lang),
        "here": request.url.path,
        "menu": navigation.menu(request),
        "asker": asker(request),
        "visiting": actor(request) == VISITOR,
        "csrf": state.tokens.token(request),
        "assets": state.assets,
        "labels": labels,
        "numbers": numbers,
        **values,
    }
    response = HTMLResponse(environment().get_template(template).render(context), status_code=status)
    remember(request, response)
    tables.remember(request, response)
    state.tokens.remember(request, response)
    return response


def web_text(key: str, *, lang: Lang, **params: Any) -> str:
    """Return a text of the page's own room."""
    return text(f"web.{key}", lang, **params)


def _said(key: str, *, lang: Lang, **params: Any) -> str:
    return text(key, lang, **params)
