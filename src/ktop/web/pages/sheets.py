"""Companies from a spreadsheet: templates, an upload shown with its errors by cell, taking in what is right of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from ktop.catalogue import Lang, message, text
from ktop.domain.company.sheets import label_of, sheets
from ktop.kernel.errors import ConflictError, InputError, UnavailableError
from ktop.report import numbers
from ktop.usecases.sheets.interface import CellProblem, SheetImport
from ktop.web.asking import ask, platform
from ktop.web.downloads import download
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/imports")
async def start(request: Request) -> Response:
    """Show the templates and where a file is uploaded."""
    return _start(request)


@router.get("/imports/template.xlsx")
async def template(request: Request, sheet: str = "") -> Response:
    """Give a template, of one sheet or of all."""
    found = await ask(request, platform(request).sheets.template, sheet[:40] or None, language(request))
    return download(found.content, found.name, found.media_type)


@router.post("/imports")
async def given(request: Request) -> Response:
    """Read an uploaded file and lead to what it says."""
    form, lang = await posted(request, "/imports"), language(request)
    upload = form.get("table")
    try:
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise InputError("web.no_table_chosen")
        found = await ask(request, platform(request).sheets.give, await upload.read(), upload.filename, lang)
    except (InputError, UnavailableError) as error:
        return _start(request, message(error, lang), error.http_status)
    return RedirectResponse(f"/imports/{found.id}", status_code=303)


@router.get("/imports/{import_id}")
async def shown(request: Request, import_id: str) -> Response:
    """Show what a file says and what is wrong with it."""
    found = await ask(request, platform(request).sheets.given, identifier(import_id))
    return _shown(request, found)


@router.post("/imports/{import_id}")
async def taken(request: Request, import_id: str) -> Response:
    """Take in what is right of a file."""
    await posted(request, f"/imports/{identifier(import_id)}")
    try:
        await ask(request, platform(request).sheets.take, identifier(import_id), language(request))
    except (InputError, ConflictError) as error:
        found = await ask(request, platform(request).sheets.given, identifier(import_id))
        return _shown(request, found, message(error, language(request)), error.http_status)
    return RedirectResponse(f"/imports/{import_id}", status_code=303)


@router.get("/imports/{import_id}/rest.xlsx")
async def rest(request: Request, import_id: str) -> Response:
    """Give the rows that were not taken in, marked."""
    found = await ask(request, platform(request).sheets.rest, identifier(import_id))
    return download(found.content, found.name, found.media_type)


def _start(request: Request, problem: str = "", status: int = 200) -> Response:
    lang = language(request)
    kinds = [{"id": one.id, "name": one.name[lang], "about": one.about[lang]} for one in sheets().values()]
    return page(request, "imports.html", status, say=_words(lang), kinds=kinds, problem=problem)


def _shown(request: Request, found: SheetImport, problem: str = "", status: int = 200) -> Response:
    lang = language(request)
    counts = [
        {
            "name": sheets()[one.sheet].name[lang],
            "rows": f"{one.rows:,}",
            "right": f"{one.right:,}",
            "wrong": f"{one.rows - one.right:,}",
        }
        for one in found.counts
    ]
    return page(
        request,
        "import.html",
        status,
        say=_words(lang),
        found=found,
        read=numbers.moment(found.read, lang),
        counts=counts,
        problems=[_problem(one, lang) for one in found.problems],
        told=[text(key, lang, **params) for key, params in found.told],
        problem=problem,
    )


def _problem(one: CellProblem, lang: Lang) -> dict[str, Any]:
    return {
        "sheet": sheets()[one.sheet].name[lang],
        "row": one.row,
        "column": label_of(one.column)[lang] if one.column else text("sheets.whole_row", lang),
        "what": text(one.key, lang, **{"more": "", **one.params}),
    }


def _words(lang: Lang) -> Any:
    def say(key: str, **params: object) -> str:
        return text(f"sheets.{key}", lang, **params)

    return say
