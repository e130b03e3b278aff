"""Supported projects: brought in, followed by year, and which need a look."""

from __future__ import annotations

import functools
from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from ktop.catalogue import Lang, message, text
from ktop.domain.party.permission import Allowed, check
from ktop.kernel.errors import InputError
from ktop.report import numbers
from ktop.report.programmes import overview_sections
from ktop.web.asking import actor, ask, platform
from ktop.web.downloads import download
from ktop.web.language import language
from ktop.web.pages.common import posted, texts
from ktop.web.pages.programme_effects import numeric_columns
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/programmes/projects")
async def projects(request: Request) -> Response:
    """Show figures by programme, overlap and the projects that warn."""
    return await _page(request)


@router.get("/programmes/report")
async def overview(request: Request) -> Response:
    """Show the programmes from application to outcome."""
    lang = language(request)
    found = await ask(request, platform(request).follow_up.overview)
    return page(
        request,
        "programme_report.html",
        parts_of=overview_sections(asdict(found), lang),
        numeric_of=numeric_columns,
    )


@router.get("/programmes/report/programmes.{ending}")
async def overview_file(request: Request, ending: Literal["pdf", "xlsx", "html"]) -> Response:
    """Give the same as a file."""
    found = await ask(request, platform(request).follow_up.report, ending, language(request))
    return download(found.content, found.name, found.media_type)


@router.post("/programmes/projects")
async def take_in(request: Request) -> Response:
    """Take a table of projects or outcomes in."""
    form, lang = await posted(request), language(request)
    upload, kind = form.get("table"), texts(form).get("do", "projects")
    use = platform(request).follow_up
    try:
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise InputError("web.no_table_chosen")
        add = use.add_outcomes if kind == "outcomes" else use.add_projects
        rows = await ask(request, add, await upload.read(), upload.filename)
    except InputError as error:
        return await _page(request, problem=message(error, lang), status=error.http_status)
    key = "taken_outcomes" if kind == "outcomes" else "taken_projects"
    return await _page(request, said=text(f"programmes_follow.{key}", lang, rows=f"{rows:,}"))


async def _page(request: Request, problem: str = "", said: str = "", status: int = 200) -> Response:
    lang = language(request)
    found = await ask(request, platform(request).follow_up.followed)
    rows = [
        (
            one.programme,
            f"{one.projects:,}",
            f"{one.firms:,}",
            "–" if one.budget_krw is None else numbers.money(one.budget_krw, lang),
            f"{one.met:,} / {one.decided:,}",
            "–" if one.cost_krw is None else numbers.money(one.cost_krw, lang),
            f"{one.warned:,}",
        )
        for one in found.programmes
    ]
    warned = [
        (one.name, f"{one.programme} {one.year}", " ".join(sign.reason[lang] for sign in signs))
        for one, signs in found.warned
    ]
    return page(
        request,
        "programme_projects.html",
        status,
        say=_words(lang),
        rows=rows,
        overlap={"firms": f"{found.firms:,}", "several": f"{found.several:,}", "most": found.most},
        warned=warned,
        manages=isinstance(check(actor(request), "own:programme:manage"), Allowed),
        problem=problem,
        said=said,
    )


def _words(lang: Lang) -> Any:
    return functools.partial(_say, lang=lang)


def _say(key: str, *, lang: Lang, **params: object) -> str:
    return text(f"programmes_follow.{key}", lang, **params)
