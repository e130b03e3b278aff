"""Companies: the demonstration list, a record as a file, and the form with every main fact."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import message
from ktop.kernel.errors import InputError
from ktop.web import forms
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import KEEP, chosen_record, day, posted, rated_as_of, texts, to_rating
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/companies")
async def companies(request: Request) -> Response:
    """List the demonstration companies."""
    return page(
        request,
        "companies.html",
        companies=await ask(request, platform(request).companies.example_companies),
        problem="",
    )


@router.post("/companies")
async def rate_chosen(request: Request) -> Response:
    """Rate a demonstration company or an uploaded record."""
    form = await posted(request)
    use = platform(request)
    try:
        record = await chosen_record(request, form)
        return to_rating(await ask(request, use.ratings.rate_company, record, rated_as_of(form, record)))
    except InputError as error:
        return page(
            request,
            "companies.html",
            error.http_status,
            companies=await ask(request, use.companies.example_companies),
            problem=message(error, language(request)),
        )


@router.get("/companies/new")
async def new_company(request: Request) -> Response:
    """Show the form, filled with a demonstration company's facts where ``?from=`` names one."""
    values: dict[str, str] = {}
    source = request.query_params.get("from")
    if source:
        use = platform(request)
        record = await ask(request, use.companies.example_record, source)
        values = forms.typed(await ask(request, use.companies.facts_of_record, record, None))
    return _form(request, values)


@router.post("/companies/new")
async def rate_form(request: Request) -> Response:
    """Rate what was typed in; what cannot be read is said beside its field and nothing typed is lost."""
    form = texts(await posted(request))
    lang = language(request)
    if KEEP in form:
        return _form(request, form)
    facts, problems = forms.read(form, lang)
    if problems:
        return _form(request, form, problems, status=422)
    use = platform(request)
    try:
        record = await ask(request, use.companies.record_of_facts, facts, forms.statuses(form))
        return to_rating(await ask(request, use.ratings.rate_company, record, day(form.get("as_of"))))
    except InputError as error:
        return _form(request, form, sentence=message(error, lang), status=error.http_status)


def _form(
    request: Request,
    values: dict[str, str],
    problems: dict[str, str] | None = None,
    sentence: str = "",
    status: int = 200,
) -> Response:
    lang = language(request)
    return page(
        request,
        "company_form.html",
        status,
        sections=forms.sections(lang, values, problems),
        industries=forms.industry_options(lang),
        as_of=values.get("as_of", ""),
        problems=problems or {},
        sentence=sentence,
    )
