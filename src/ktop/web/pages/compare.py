"""Two companies side by side."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import message
from ktop.errors import InputError, NotFoundError
from ktop.report import numbers
from ktop.report.present import is_technology, origin, rating_view, subject_name
from ktop.report.present.comparison import compare as compared
from ktop.web.language import language
from ktop.web.pages.common import blocking, identifier, posted, services, texts
from ktop.web.ports import StoredRating
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/compare")
async def compare(request: Request) -> Response:
    """Show two kept results side by side, or ask which; ``?a=`` alone fills in the first."""
    a, b = request.query_params.get("a"), request.query_params.get("b")
    if not a or not b:
        return await _ask(request, a or "")
    found = await blocking(services(request).compare, identifier(a), identifier(b))
    lang = language(request)
    first: StoredRating = found["a"]
    second: StoredRating = found["b"]
    ratings = []
    for stored in (first, second):
        ratings.append([r for r in stored.ratings if not is_technology(r)])
        if not ratings[-1]:
            raise InputError("web.compare_companies_only")
    names = (subject_name(ratings[0][0], lang), subject_name(ratings[1][0], lang))
    if names[0] == names[1]:  # the same company twice: tell the two results apart by letter
        names = (f"{names[0]} (A)", f"{names[1]} (B)")
    heads = [
        {
            "id": stored.id,
            "as_of": numbers.day(stored.as_of, lang),
            "figures": [rating_view(r, lang).headline[0] for r in own],
        }
        for stored, own in zip((first, second), ratings, strict=True)
    ]
    models = await blocking(compared, ratings[0], ratings[1], found["gaps"], names, lang)
    return page(
        request,
        "compare.html",
        heads=heads,
        names=names,
        models=models,
        origin=origin(ratings[0] + ratings[1], lang),
    )


@router.post("/compare")
async def chosen(request: Request) -> Response:
    """Find or make the two results that were chosen, and lead to their comparison.

    Each side is a kept result's identifier or ``demo:`` and a demonstration company, which is rated now.
    """
    form = texts(await posted(request))
    use = services(request)
    ids = []
    try:
        for side in ("a", "b"):
            given = form.get(side, "").strip()
            if not given:
                raise InputError("web.choose_two")
            if given.startswith("demo:"):
                record = await blocking(use.company_record, given.removeprefix("demo:"))
                ids.append((await blocking(use.rate_company, record, None)).id)
            else:
                ids.append(identifier(given))
                await blocking(use.rating, given)
    except (InputError, NotFoundError) as error:
        return await _ask(
            request, form.get("a", ""), form.get("b", ""), message(error, language(request)), error.http_status
        )
    return RedirectResponse(f"/compare?a={ids[0]}&b={ids[1]}", status_code=303)


async def _ask(request: Request, a: str, b: str = "", problem: str = "", status: int = 200) -> Response:
    companies = await blocking(services(request).demo_companies)
    return page(request, "compare_choose.html", status, companies=companies, a=a, b=b, problem=problem)
