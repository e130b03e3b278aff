"""API operations of jobs and batches: give a table of companies, follow it, download the answer."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from ktop.catalogue import LANGS, text
from ktop.domain.company.field_types import Day
from ktop.domain.work.job import Job
from ktop.usecases.batches.interface import Batch, Ending
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses
from ktop.web.downloads import download

State = Literal["waiting", "running", "done", "failed", "cancelled"]
JobId = Annotated[str, Path(description="Identifier of a job.", pattern="^[0-9a-f]{32}$")]
Limit = Annotated[int | None, Query(description="How many, 1 to 200; without it 50.")]
After = Annotated[str | None, Query(description="Cursor: the `after` of the page before.", max_length=400)]
Key = Annotated[
    str | None, Query(description="Given twice under one key, it is done once.", min_length=1, max_length=200)
]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class ProgressShown(BaseModel):
    """How far a job is, in its own count; `of` is null where nobody knows."""

    done: int
    of: int | None


class JobShown(BaseModel):
    """One job."""

    id: str
    kind: str = Field(examples=["rate.batch"])
    state: State
    progress: ProgressShown
    attempts: int = Field(description="Begun since the job last got further.")
    error: dict[Literal["ko", "en"], str] | None = Field(description="Why it failed, or why it is tried again.")
    created: datetime.datetime
    started: datetime.datetime | None
    ended: datetime.datetime | None
    result: dict[str, Any] | None


class JobsShown(BaseModel):
    """Jobs, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[JobShown]
    after: str | None


class BatchShown(BaseModel):
    """A table of companies and what came of it; the counts are null until it is done."""

    id: str
    file: str
    job: JobShown
    ready: bool = Field(description="Whether the answer can be downloaded.")
    answer: str = Field(description="Name of the answer's file.")
    rows: int | None
    rated: int | None
    refused: int | None
    remarks: list[str]


class BatchesShown(BaseModel):
    """Batches, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[BatchShown]
    after: str | None


class JobRequest(BaseModel):
    """A job to give."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=40, description="`models.drift` or `corpus.prepare`.", examples=["models.drift"])
    arguments: dict[str, str] = Field(default_factory=dict, examples=[{"name": "ktrs-fm"}])
    key: str | None = Field(None, min_length=1, max_length=200, description="Given twice under one key, done once.")


@router.get("/jobs", tags=["jobs"], responses={**error_answers(422)})
def jobs(
    use: Uses,
    who: Acting,
    state: Annotated[list[State] | None, Query(description="Only jobs in these states.")] = None,
    limit: Limit = None,
    after: After = None,
    lang: Language = None,
) -> JobsShown:
    """List the organisation's jobs."""
    page = use.jobs.jobs(who, states=state or (), limit=limit, after=after)
    return JobsShown(items=[shown(job) for job in page.items], after=page.after)


@router.post("/jobs", status_code=202, tags=["jobs"], responses={**error_answers(400, 403, 409, 422)})
def give_job(body: JobRequest, use: Uses, who: Acting, lang: Language = None) -> JobShown:
    """Give a job of the installation's upkeep."""
    return shown(use.jobs.give(who, body.kind, body.arguments, body.key))


@router.get("/jobs/{job_id}", tags=["jobs"], responses={**error_answers(404, 422)})
def job(job_id: JobId, use: Uses, who: Acting, lang: Language = None) -> JobShown:
    """Fetch one job: its state, progress and error."""
    return shown(use.jobs.job(who, job_id))


@router.post("/jobs/{job_id}/cancel", tags=["jobs"], responses={**error_answers(404, 409, 422)})
def cancel_job(job_id: JobId, use: Uses, who: Acting, lang: Language = None) -> JobShown:
    """Cancel a job: one that waits at once, one that runs at its next item."""
    return shown(use.jobs.cancel(who, job_id))


@router.get("/batches", tags=["batches"], responses={**error_answers(422)})
def batches(use: Uses, who: Acting, limit: Limit = None, after: After = None, lang: Language = None) -> BatchesShown:
    """List the tables given."""
    page = use.batches.batches(who, limit=limit, after=after)
    return BatchesShown(items=[shown_batch(batch) for batch in page.items], after=page.after)


@router.post(
    "/batches",
    status_code=202,
    tags=["batches"],
    responses={**error_answers(400, 409, 413, 422, 503)},
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file itself.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def give_batch(
    request: Request,
    use: Uses,
    who: Acting,
    name: Annotated[
        str,
        Query(
            description="The file's name; its ending tells .xlsx, .csv, .jsonl or .parquet.",
            max_length=200,
            examples=["firms.xlsx"],
        ),
    ],
    as_of: Annotated[Day, Query(description="Day of the ratings (ISO 8601); without it, today.")] = None,
    model: Annotated[
        list[str] | None, Query(description="Models; without any, Tech-Index and KTRS-FM.", max_length=10)
    ] = None,
    answer: Annotated[Ending, Query(description="Ending of the answer's file.")] = "xlsx",
    key: Key = None,
    lang: Language = None,
) -> BatchShown:
    """Give a table of companies (one a row) to be rated in the background; the body is the file."""
    content = await request.body()

    def give() -> Batch:
        spoken: Any = lang or "ko"
        return use.batches.give(who, content, name, models=model, as_of=as_of, lang=spoken, ending=answer, key=key)

    return shown_batch(await run_in_threadpool(give))


@router.get("/batches/{job_id}", tags=["batches"], responses={**error_answers(404, 422)})
def batch(job_id: JobId, use: Uses, who: Acting, lang: Language = None) -> BatchShown:
    """Fetch one table's progress and counts."""
    return shown_batch(use.batches.batch(who, job_id))


@router.get(
    "/batches/{job_id}/answer",
    tags=["batches"],
    response_class=Response,
    responses={
        200: {"description": "The rated table.", "content": {"application/octet-stream": {}}},
        **error_answers(404, 422),
    },
)
def answer_of(job_id: JobId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Download the rated table."""
    found = use.batches.answer(who, job_id)
    return download(found.content, found.name, found.media_type)


def shown(job: Job) -> JobShown:
    """Return a job as the API gives it."""
    problem = job.problem
    return JobShown(
        id=job.id,
        kind=job.kind,
        state=job.state,
        progress=ProgressShown(done=job.done, of=job.of),
        attempts=job.attempts,
        error=None if problem is None else {lang: text(problem["key"], lang, **problem["params"]) for lang in LANGS},
        created=job.created,
        started=job.started,
        ended=job.ended,
        result=None if job.result is None else dict(job.result),
    )


def shown_batch(batch: Batch) -> BatchShown:
    """Return a batch as the API gives it."""
    return BatchShown(
        id=batch.job.id,
        file=batch.file,
        job=shown(batch.job),
        ready=batch.ready,
        answer=batch.answer,
        rows=batch.rows,
        rated=batch.rated,
        refused=batch.refused,
        remarks=list(batch.remarks),
    )
