"""The first page: what this is, and three ways to begin; the third gives all three results at once."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import message
from ktop.kernel.errors import InputError, UnavailableError
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import chosen_record, posted, rated_as_of, texts, to_rating, waits
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(request: Request) -> Response:
    """Show the first page; ``?sample=`` fills in a sample technology."""
    return await _home(request, {"sample": request.query_params.get("sample", "")})


@router.post("/ratings")
async def rate_all(request: Request) -> Response:
    """Rate a company and its technology at once, and lead to the results."""
    form = await posted(request, "/")
    given = texts(form)
    try:
        record = await chosen_record(request, form)
        summary = given.get("text", "")
        as_of = rated_as_of(form, record)
        if summary.strip():
            return to_rating(await ask(request, platform(request).ratings.rate_both, record, summary, as_of))
        return to_rating(await ask(request, platform(request).ratings.rate_company, record, as_of))
    except UnavailableError as error:
        if form.get("record"):  # a file cannot be sent again from a page
            raise
        return waits(request, "/ratings", given, error)
    except InputError as error:
        return await _home(request, given, message(error, language(request)), error.http_status)


async def _home(request: Request, given: dict[str, str], problem: str = "", status: int = 200) -> Response:
    use = platform(request)
    companies = await ask(request, use.companies.example_companies)
    examples = await ask(request, use.technologies.example_technologies)
    sample = next((e for e in examples if e.id == given.get("sample")), None)
    return page(
        request,
        "home.html",
        status,
        companies=companies,
        examples=examples,
        company=given.get("company", ""),
        text=given.get("text", sample.text if sample else ""),
        problem=problem,
    )
