"""Technology: a summary is pasted and rated against the patent corpus."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import message
from ktop.domain.technology.summary import titled
from ktop.kernel.errors import InputError, UnavailableError
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import KEEP, day, posted, texts, to_rating, waits
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/technology")
async def technology(request: Request) -> Response:
    """Show the text field, filled with a sample where ``?sample=`` names one."""
    return await _page(request, {}, request.query_params.get("sample"))


@router.post("/technology")
async def rate(request: Request) -> Response:
    """Rate the pasted summary."""
    form = texts(await posted(request))
    if KEEP in form:
        return await _page(request, form, None)
    try:
        summary = titled(form.get("title"), form.get("text", ""))
        stored = await ask(request, platform(request).ratings.rate_technology, summary, day(form.get("as_of")))
    except UnavailableError as error:
        return waits(request, "/technology", form, error)
    except InputError as error:
        return await _page(request, form, None, message(error, language(request)), error.http_status)
    return to_rating(stored)


async def _page(
    request: Request, given: dict[str, str], sample: str | None, problem: str = "", status: int = 200
) -> Response:
    examples = await ask(request, platform(request).technologies.example_technologies)
    chosen = next((e for e in examples if e.id == sample), None)
    return page(
        request,
        "technology.html",
        status,
        examples=examples,
        given_title=given.get("title", ""),
        text=given.get("text", chosen.text if chosen else ""),
        as_of=given.get("as_of", ""),
        problem=problem,
    )
