"""Reports on what programmes have brought about: asked for, read, kept as files."""

from __future__ import annotations

import functools
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from ktop.catalogue import Lang, message, text
from ktop.domain.party.permission import Allowed, check
from ktop.domain.work.job import ENDED
from ktop.kernel.errors import InputError, UnavailableError
from ktop.report import numbers
from ktop.report.charts import Table
from ktop.report.effect import Reader, effect_sections
from ktop.usecases.effects.interface import EffectReport
from ktop.web.asking import actor, ask, platform
from ktop.web.downloads import download
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts
from ktop.web.pages.programme_rows import job_row
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_FIELDS = ("outcome", "covariates", "by", "score")
_FOLLOW_SECONDS = 3


@router.get("/programmes/effects")
async def effects(request: Request, after: str | None = None) -> Response:
    """List the reports, and ask for one."""
    return await _list(request, after=after)


@router.post("/programmes/effects")
async def give(request: Request) -> Response:
    """Have an effect estimated."""
    whole = await posted(request)
    form, upload = texts(whole), whole.get("table")
    given = {name: form.get(name, "").strip() for name in _FIELDS}
    try:
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise InputError("web.no_table_chosen")
        made = await ask(
            request,
            platform(request).effects.give,
            await upload.read(),
            upload.filename,
            outcome=given["outcome"],
            covariates=_named(given["covariates"]),
            by=_named(given["by"]),
            score=given["score"] or None,
        )
    except (InputError, UnavailableError) as error:
        return await _list(request, given=given, problem=message(error, language(request)), status=error.http_status)
    return RedirectResponse(f"/programmes/effects/{made.job.id}?follow=1", status_code=303)


@router.get("/programmes/effects/{report_id}/report.{ending}")
async def file(
    request: Request, report_id: str, ending: Literal["pdf", "xlsx", "html", "json"], reader: Reader = "officer"
) -> Response:
    """Give a report as a file."""
    use, lang = platform(request).effects, language(request)
    found = await ask(request, use.file, identifier(report_id), ending, reader, lang)
    return download(found.content, found.name, found.media_type)


@router.get("/programmes/effects/{report_id}")
async def report(request: Request, report_id: str, reader: Reader = "officer", follow: bool = False) -> Response:
    """Show one report, or how far its analysis is."""
    lang, known = language(request), identifier(report_id)
    use = platform(request).effects
    card = await ask(request, use.report, known)
    found = await ask(request, use.found, known) if card.ready else None
    shown = page(
        request,
        "programme_effect.html",
        say=_words(lang),
        report=_row(card, lang),
        reader=reader,
        job=job_row(card.job, lang),
        follows=follow and card.job.state not in ENDED,
        parts_of=[] if found is None else effect_sections(found, lang, reader),
        numeric_of=numeric_columns,
    )
    if follow and card.job.state not in ENDED:
        shown.headers["refresh"] = str(_FOLLOW_SECONDS)
    return shown


async def _list(
    request: Request,
    *,
    after: str | None = None,
    given: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    lang = language(request)
    lines = await ask(request, platform(request).effects.reports, limit=50, after=after)
    return page(
        request,
        "programme_effects.html",
        status,
        say=_words(lang),
        rows=[_row(one, lang) for one in lines.items],
        after=lines.after,
        given=given or dict.fromkeys(_FIELDS, ""),
        manages=isinstance(check(actor(request), "own:programme:manage"), Allowed),
        problem=problem,
    )


def numeric_columns(table: Table) -> list[int]:
    """Return the columns of a table that hold figures, for those are set to the right."""
    figures = ("+", "-", "–", "<", "₩", *"0123456789")
    return [
        column for column in range(1, len(table.columns)) if any(row[column].startswith(figures) for row in table.rows)
    ]


def _row(card: EffectReport, lang: Lang) -> dict[str, Any]:
    return {
        "id": card.job.id,
        "file": card.file,
        "outcome": card.outcome,
        "created": numbers.moment(card.job.created, lang),
        "state": text(f"jobs.state_{card.job.state}", lang),
        "ready": card.ready,
    }


def _named(given: str) -> list[str]:
    return [name.strip() for name in given.split(",") if name.strip()]


def _words(lang: Lang) -> Any:
    return functools.partial(_say, lang=lang)


def _say(key: str, *, lang: Lang, **params: object) -> str:
    return text(f"effect.{key}", lang, **params)
