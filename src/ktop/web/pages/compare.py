"""Two companies or two technologies side by side."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import message
from ktop.kernel.errors import InputError, NotFoundError
from ktop.report import numbers
from ktop.report.present import is_technology, origin, rating_view, subject_name
from ktop.report.present.comparison import compare as compared
from ktop.report.present.comparison import technologies
from ktop.usecases.rate.interface import StoredRating
from ktop.web.asking import actor, ask, platform
from ktop.web.language import language
from ktop.web.pages.common import blocking, identifier, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/compare")
async def compare(request: Request) -> Response:
    """Show two kept results side by side, or ask which; ``?a=`` alone fills in the first."""
    a, b = request.query_params.get("a"), request.query_params.get("b")
    if not a or not b:
        return await _ask(request, {"a": a or "", "kind": request.query_params.get("kind", "")})
    found = await ask(request, platform(request).ratings.compare, identifier(a), identifier(b))
    lang = language(request)
    first: StoredRating = found["a"]
    second: StoredRating = found["b"]
    models_of = [{r["model"]["name"] for r in stored.ratings} for stored in (first, second)]
    ratings = [
        [r for r in stored.ratings if r["model"]["name"] in models_of[0] & models_of[1]] for stored in (first, second)
    ]
    names = (subject_name(ratings[0][0], lang), subject_name(ratings[1][0], lang))
    if names[0] == names[1]:  # the same subject twice: tell the two results apart by letter
        names = (f"{names[0]} (A)", f"{names[1]} (B)")
    heads = [
        {
            "id": stored.id,
            "as_of": numbers.day(stored.as_of, lang),
            "figures": [rating_view(r, lang, "text").headline[0] for r in own],
        }
        for stored, own in zip((first, second), ratings, strict=True)
    ]
    models = await blocking(compared, ratings[0], ratings[1], found["gaps"], names, lang)
    sides = None
    if found.get("technologies"):
        one, other = (next(r for r in side if is_technology(r)) for side in ratings)
        sides = await blocking(technologies, one, other, found["technologies"], lang)
    return page(
        request,
        "compare.html",
        heads=heads,
        names=names,
        models=models,
        sides=sides,
        origin=origin(ratings[0] + ratings[1], lang),
    )


@router.post("/compare")
async def chosen(request: Request) -> Response:
    """Find or make the two results that were chosen, and lead to their comparison.

    Each side is a kept result's identifier, ``demo:`` and a demonstration company or ``sample:`` and a sample summary,
    which is rated now; or a summary of its own, pasted below.
    """
    form = texts(await posted(request))
    use = platform(request)
    ids = []
    try:
        for side in ("a", "b"):
            given, pasted = form.get(side, "").strip(), form.get(f"{side}_text", "").strip()
            if given.startswith("sample:") and not pasted:
                pasted = next(
                    (
                        e.text
                        for e in use.technologies.example_technologies(actor(request))
                        if e.id == given[len("sample:") :]
                    ),
                    "",
                )
                if not pasted:
                    raise NotFoundError("web.rating_not_found")
            if pasted:
                ids.append((await ask(request, use.ratings.rate_technology, pasted, None)).id)
                continue
            if not given:
                raise InputError("web.choose_two_technologies" if form.get("kind") else "web.choose_two")
            if given.startswith("demo:"):
                record = await ask(request, use.companies.example_record, given.removeprefix("demo:"))
                ids.append((await ask(request, use.ratings.rate_company, record, None)).id)
            else:
                ids.append(identifier(given))
                await ask(request, use.ratings.rating, given)
    except (InputError, NotFoundError) as error:
        return await _ask(request, form, message(error, language(request)), error.http_status)
    return RedirectResponse(f"/compare?a={ids[0]}&b={ids[1]}", status_code=303)


async def _ask(request: Request, given: Mapping[str, str], problem: str = "", status: int = 200) -> Response:
    kind = "technology" if given.get("kind") == "technology" else ""
    use = platform(request)
    return page(
        request,
        "compare_choose.html",
        status,
        kind=kind,
        companies=() if kind else await ask(request, use.companies.example_companies),
        examples=await ask(request, use.technologies.example_technologies) if kind else (),
        given=given,
        problem=problem,
    )
