"""Jobs and batches: a table of companies is uploaded, followed while it is rated, and its answer downloaded.

A page that follows a job asks the browser to load it again (``?follow=1``); a link on it stops that.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from ktop.catalogue import Lang, load, message, text
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.party.permission import Allowed, check
from ktop.domain.review.override import TRACKS_APART
from ktop.domain.work.job import ENDED, Job
from ktop.domain.work.kind import job_kinds
from ktop.kernel.errors import ConflictError, InputError
from ktop.report import labels, numbers
from ktop.usecases.batches.interface import Batch, RankedCompany
from ktop.web import tables
from ktop.web.asking import actor, ask, platform
from ktop.web.downloads import download
from ktop.web.language import language
from ktop.web.pages.common import day, identifier, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_FOLLOW_SECONDS = 3
_TONES = {"done": "good", "failed": "bad", "running": "warn"}


@router.get("/jobs")
async def jobs(request: Request) -> Response:
    """List the organisation's jobs, to the operator those of all."""
    return await _jobs(request)


@router.get("/jobs/{job_id}")
async def job(request: Request, job_id: str, follow: bool = False) -> Response:
    """Show one job with its progress."""
    everywhere = _may(request, "platform:job:read")
    found = await ask(request, platform(request).jobs.job, identifier(job_id), everywhere=everywhere)
    return _job_page(request, found, follow=follow)


@router.post("/jobs/{job_id}/cancel")
async def cancel(request: Request, job_id: str) -> Response:
    """Cancel one job."""
    form = texts(await posted(request, f"/jobs/{identifier(job_id)}"))
    everywhere = _may(request, "platform:job:cancel")
    try:
        await ask(request, platform(request).jobs.cancel, identifier(job_id), everywhere=everywhere)
    except ConflictError as error:  # it ended meanwhile
        return await _jobs(request, message(error, language(request)), error.http_status)
    back = "/jobs" if form.get("from") == "list" else f"/jobs/{job_id}"
    return RedirectResponse(back, status_code=303)


@router.get("/batches")
async def batches(request: Request) -> Response:
    """Ask for a table of companies, and list those given."""
    return await _batches_page(request)


@router.post("/batches")
async def give(request: Request) -> Response:
    """Keep an uploaded table and have it rated."""
    form = await posted(request)
    upload, lang, fields = form.get("table"), language(request), texts(form)
    ending: Any = fields.get("answer", "xlsx")
    try:
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise InputError("web.no_table_chosen")
        batch = await ask(
            request,
            platform(request).batches.give,
            await upload.read(),
            upload.filename,
            as_of=day(fields.get("as_of")),
            lang=lang,
            ending=ending,
        )
    except InputError as error:
        return await _batches_page(request, status=error.http_status, problem=message(error, lang))
    return RedirectResponse(f"/batches/{batch.job.id}?follow=1", status_code=303)


@router.get("/batches/{batch_id}")
async def batch(request: Request, batch_id: str, follow: bool = False) -> Response:
    """Show one batch with its progress, and its answer when there is one."""
    return await _batch_page(request, identifier(batch_id), follow=follow)


@router.post("/batches/{batch_id}/companies/{row}")
async def keep(request: Request, batch_id: str, row: int) -> Response:
    """Keep the rating of one company of a table, and lead to where it is commented on and overridden."""
    await posted(request, f"/batches/{identifier(batch_id)}")
    try:
        kept = await ask(request, platform(request).batches.keep, identifier(batch_id), row)
    except InputError as error:
        return await _batch_page(request, batch_id, problem=message(error, language(request)), status=error.http_status)
    to = "/review" if _may(request, "own:rating:review") and actor(request) != LOCAL_OWNER else ""
    return RedirectResponse(f"/ratings/{kept.id}{to}", status_code=303)


@router.get("/batches/{batch_id}/answer")
async def answer(request: Request, batch_id: str) -> Response:
    """Give the rated table."""
    found = await ask(request, platform(request).batches.answer, identifier(batch_id))
    return download(found.content, found.name, found.media_type)


async def _batches_page(request: Request, status: int = 200, problem: str = "") -> Response:
    lang = language(request)
    found = await ask(request, tables.window, platform(request).batches.batches, tables.after_of(request))
    column, said = tables.Column[Batch], _words(lang)
    columns = [
        column("file", said("column_file"), lambda one: one.file, href=lambda one: f"/batches/{one.job.id}"),
        column(
            "state",
            said("column_state"),
            lambda one: one.job.state,
            "choice",
            shown=lambda state: text(f"jobs.state_{state}", lang),
            tone=lambda one: _TONES.get(one.job.state, ""),
        ),
        column("progress", said("column_progress"), lambda one: one.job.done, "number", shown=_as_counted),
        column("rows", said("column_rows"), lambda one: one.rows, "number"),
        column("rated", said("column_rated"), lambda one: one.rated, "number"),
        column("refused", said("column_refused"), lambda one: one.refused, "number"),
        column("given", said("column_created"), lambda one: one.job.created, "moment"),
    ]
    table = tables.listed(request, "batches", said("batches_given"), columns, found)
    return tables.file_of(request, table) or page(
        request, "batches.html", status, say=said, table=table, problem=problem
    )


async def _jobs(request: Request, problem: str = "", status: int = 200) -> Response:
    lang, said, all_of_them = language(request), _words(language(request)), _may(request, "platform:job:read")
    use = platform(request).jobs
    found = await ask(request, tables.window, use.jobs, tables.after_of(request), everywhere=all_of_them)
    column, address = tables.Column[Job], functools.partial(_address, request)
    columns = [
        column("kind", said("column_kind"), lambda one: _name(one, lang), "choice", href=address),
        column(
            "state",
            said("column_state"),
            lambda one: one.state,
            "choice",
            shown=lambda state: text(f"jobs.state_{state}", lang),
            tone=lambda one: _TONES.get(one.state, ""),
            note=lambda one: _problem(one, lang),
        ),
        *([column("organisation", said("column_organisation"), lambda one: one.organisation)] if all_of_them else []),
        column("progress", said("column_progress"), lambda one: one.done, "number", shown=_as_counted),
        column("given", said("column_created"), lambda one: one.created, "moment"),
        column("ended", said("column_ended"), lambda one: one.ended, "moment"),
    ]
    table = tables.listed(request, "jobs", said("page_title"), columns, found)
    may_cancel = _may(request, "own:job:cancel") or _may(request, "platform:job:cancel")
    return tables.file_of(request, table) or page(
        request, "jobs.html", status, say=said, table=table, ended=ENDED, may_cancel=may_cancel, problem=problem
    )


def _may(request: Request, permission: str) -> bool:
    return isinstance(check(actor(request), permission), Allowed)


def _as_counted(done: int | None) -> str:
    return f"{done:,}" if done else "–"


def _name(job: Job, lang: Lang) -> str:
    return job_kinds()[job.kind].name[lang] if job.kind in job_kinds() else job.kind


def _address(request: Request, job: Job) -> str:
    """Return where a job is looked at: a table and its answer are opened by the organisation that gave it alone."""
    opens = job.kind == "rate.batch" and job.organisation == actor(request).organisation
    return f"/batches/{job.id}" if opens and _may(request, "own:batch:run") else f"/jobs/{job.id}"


def _problem(job: Job, lang: Lang) -> str:
    return text(job.problem["key"], lang, **job.problem["params"]) if job.problem else ""


async def _batch_page(
    request: Request, batch_id: str, *, follow: bool = False, problem: str = "", status: int = 200
) -> Response:
    lang, use = language(request), platform(request).batches
    found = await ask(request, use.batch, batch_id)
    table = None
    if found.ready:
        ranking = await ask(request, use.ranking, batch_id)
        table = tables.listed(request, "ranking", text("jobs.ranking", lang), _ranked_columns(ranking, lang), ranking)
        if file := tables.file_of(request, table):
            return file
    return _job_page(request, found.job, follow=follow, batch=found, table=table, problem=problem, status=status)


def _ranked_columns(ranking: Sequence[RankedCompany], lang: Lang) -> list[tables.Column[RankedCompany]]:
    """Return the columns of a ranking; those that say something of no company are left out."""
    column, said = tables.Column[RankedCompany], _words(lang)
    symbols = load("grades")["ladders"]["business"]["symbols"]
    columns = [
        column("rank", said("column_rank"), lambda one: one.rank, "number"),
        column(
            "name",
            said("column_name"),
            lambda one: labels.company(one.name, lang, one.name_en) or said("company_row", row=one.row),
            note=lambda one: one.problems or one.warnings or "",
        ),
        column("number", text("accounts.business_number", lang), lambda one: one.business_number),
        column(
            "business",
            text("kept.column_ktrs-fm", lang),
            lambda one: f"{symbols.index(one.business):02d}" if one.business in symbols else None,
            "choice",
            shown=lambda place: symbols[int(place)] if place else "–",
        ),
        column("growth", labels.word("grade", "growth", lang), lambda one: one.growth, "choice"),
        column("risk", labels.word("grade", "risk", lang), lambda one: one.risk, "choice"),
        column("index", text("kept.column_tech-index", lang), lambda one: one.index, "number"),
        column(
            "apart",
            said("column_apart"),
            lambda one: one.apart,
            "number",
            tone=lambda one: "warn" if (one.apart or 0) >= TRACKS_APART else "",
        ),
    ]
    always = ("rank", "name")
    return [one for one in columns if one.name in always or any(one.of(company) is not None for company in ranking)]


def _job_page(
    request: Request,
    job: Job,
    *,
    follow: bool,
    batch: Batch | None = None,
    table: tables.Table[RankedCompany] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    lang = language(request)
    follows = follow and job.state not in ENDED
    shown = page(
        request,
        "job.html",
        status,
        say=_words(lang),
        job=_row(request, job, lang),
        problem=problem or _problem(job, lang),
        batch=batch,
        table=table,
        follows=follows,
        may_keep=_may(request, "own:batch:run"),
        reviews=_may(request, "own:rating:review"),
    )
    if follows:
        shown.headers["refresh"] = str(_FOLLOW_SECONDS)
    return shown


def _row(request: Request, job: Job, lang: Lang) -> dict[str, Any]:
    """Return a job as pages show it."""
    of = job.of
    return {
        "id": job.id,
        "name": _name(job, lang),
        "state": job.state,
        "state_words": text(f"jobs.state_{job.state}", lang),
        "tone": _TONES.get(job.state, ""),
        "done": job.done,
        "of": of,
        "progress": f"{job.done:,} / {of:,}" if of is not None else f"{job.done:,}" if job.done else "–",
        "attempts": job.attempts,
        "ended": job.state in ENDED,
        "cancelled": job.cancel,
        "given": numbers.moment(job.created, lang),
        "over": numbers.moment(job.ended, lang) if job.ended else "–",
        "address": _address(request, job),
        "organisation": job.organisation if job.organisation != actor(request).organisation else "",
        "table": job.kind == "rate.batch",
    }


def _words(lang: Lang) -> Any:
    return functools.partial(_say, lang=lang)


def _say(key: str, *, lang: Lang, **params: object) -> str:
    return text(f"jobs.{key}", lang, **params)
