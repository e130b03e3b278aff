"""Jobs and batches: a table of companies is uploaded, followed while it is rated, and its answer downloaded.

A page that follows a job asks the browser to load it again (``?follow=1``); a link on it stops that.
"""

from __future__ import annotations

import functools
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from ktop.catalogue import Lang, message, text
from ktop.domain.work.job import ENDED, Job
from ktop.domain.work.kind import job_kinds
from ktop.kernel.errors import InputError
from ktop.report import numbers
from ktop.web.asking import ask, platform
from ktop.web.downloads import download
from ktop.web.language import language
from ktop.web.pages.common import day, identifier, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_FOLLOW_SECONDS = 3
_TONES = {"done": "good", "failed": "bad"}


@router.get("/jobs")
async def jobs(request: Request, after: str | None = None) -> Response:
    """List the organisation's jobs."""
    lang = language(request)
    found = await ask(request, platform(request).jobs.jobs, limit=50, after=after)
    rows = [_row(job, lang) for job in found.items]
    return page(request, "jobs.html", say=_words(lang), rows=rows, after=found.after)


@router.get("/jobs/{job_id}")
async def job(request: Request, job_id: str, follow: bool = False) -> Response:
    """Show one job with its progress."""
    found = await ask(request, platform(request).jobs.job, identifier(job_id))
    return _job_page(request, found, follow=follow)


@router.post("/jobs/{job_id}/cancel")
async def cancel(request: Request, job_id: str) -> Response:
    """Cancel one job."""
    await posted(request, f"/jobs/{identifier(job_id)}")
    await ask(request, platform(request).jobs.cancel, identifier(job_id))
    return RedirectResponse(f"/jobs/{job_id}", status_code=303)


@router.get("/batches")
async def batches(request: Request, after: str | None = None) -> Response:
    """Ask for a table of companies, and list those given."""
    return await _batches_page(request, after=after)


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
    found = await ask(request, platform(request).batches.batch, identifier(batch_id))
    return _job_page(request, found.job, follow=follow, batch=found)


@router.get("/batches/{batch_id}/answer")
async def answer(request: Request, batch_id: str) -> Response:
    """Give the rated table."""
    found = await ask(request, platform(request).batches.answer, identifier(batch_id))
    return download(found.content, found.name, found.media_type)


async def _batches_page(request: Request, status: int = 200, problem: str = "", after: str | None = None) -> Response:
    lang = language(request)
    found = await ask(request, platform(request).batches.batches, limit=50, after=after)
    rows = [_row(batch.job, lang) | {"file": batch.file, "ready": batch.ready} for batch in found.items]
    return page(request, "batches.html", status, say=_words(lang), rows=rows, after=found.after, problem=problem)


def _job_page(request: Request, job: Job, *, follow: bool, batch: Any = None) -> Response:
    lang = language(request)
    follows = follow and job.state not in ENDED
    problem = text(job.problem["key"], lang, **job.problem["params"]) if job.problem else ""
    shown = page(
        request, "job.html", say=_words(lang), job=_row(job, lang), problem=problem, batch=batch, follows=follows
    )
    if follows:
        shown.headers["refresh"] = str(_FOLLOW_SECONDS)
    return shown


def _row(job: Job, lang: Lang) -> dict[str, Any]:
    """Return a job as pages show it."""
    of = job.of
    return {
        "id": job.id,
        "name": job_kinds()[job.kind].name[lang] if job.kind in job_kinds() else job.kind,
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
        "address": f"/batches/{job.id}" if job.kind == "rate.batch" else f"/jobs/{job.id}",
    }


def _words(lang: Lang) -> Any:
    return functools.partial(_say, lang=lang)


def _say(key: str, *, lang: Lang, **params: object) -> str:
    return text(f"jobs.{key}", lang, **params)
