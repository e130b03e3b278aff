"""Companies or technologies side by side: two with what makes the difference, up to five in aligned columns."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, message, text
from ktop.kernel.errors import InputError, NotFoundError
from ktop.report import labels, numbers
from ktop.report.present import is_technology, origin, rating_view, subject_name
from ktop.report.present.comparison import aligned, technologies
from ktop.report.present.comparison import compare as compared
from ktop.usecases.rate.interface import KeptResult, Kind, StoredRating
from ktop.web.asking import actor, ask, platform
from ktop.web.language import language
from ktop.web.pages.common import blocking, day_written, identifier, posted, texts
from ktop.web.pages.my_companies import figures_line
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


#: Results shown beside each other at most.
MOST = 5
_LISTED = 50


@router.get("/compare")
async def compare(request: Request) -> Response:
    """Show kept results side by side (``?id=`` two to five times, or ``?a=`` and ``?b=``), or ask which."""
    query = request.query_params
    ids = [one for one in (query.get("a"), query.get("b"), *query.getlist("id")) if one]
    if len(ids) < 2:
        return await _ask(request, {"kind": query.get("kind", ""), "q": query.get("q", "")}, ids)
    if len(ids) > 2:
        return await _side_by_side(request, list(dict.fromkeys(ids))[:MOST])
    found = await ask(request, platform(request).ratings.compare, identifier(ids[0]), identifier(ids[1]))
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


async def _side_by_side(request: Request, ids: list[str]) -> Response:
    """Show three to five results in aligned columns; those of another kind than the first have nothing to align."""
    lang = language(request)
    results = [await ask(request, platform(request).ratings.rating, identifier(one)) for one in ids]
    models = await blocking(aligned, [stored.ratings for stored in results], lang)
    if not models:
        raise InputError("platform.nothing_to_compare")
    columns = [
        {
            "id": stored.id,
            "name": subject_name(stored.ratings[0], lang),
            "as_of": numbers.day(stored.as_of, lang),
        }
        for stored in results
    ]
    everything = [rating for stored in results for rating in stored.ratings]
    return page(request, "compare_columns.html", columns=columns, models=models, origin=origin(everything, lang))


@router.post("/compare")
async def chosen(request: Request) -> Response:
    """Find or make the results that were chosen, and lead to their comparison.

    Each is a kept result's identifier, ``demo:`` and a demonstration company or ``sample:`` and a sample summary,
    which is rated now; or a summary of its own, pasted below. They come as ``pick`` two to five times, or as ``a``
    and ``b``.
    """
    posted_form = await posted(request)
    form = texts(posted_form)
    picked = [
        one for one in (*posted_form.getlist("pick"), form.get("a", ""), form.get("b", "")) if isinstance(one, str)
    ]
    picked = list(dict.fromkeys(one.strip() for one in picked if one.strip()))
    pasted = [text for text in (form.get("text", ""), form.get("a_text", ""), form.get("b_text", "")) if text.strip()]
    try:
        if not 2 <= len(picked) + len(pasted) <= MOST:
            key = "compare_choose_technologies" if form.get("kind") else "compare_choose_companies"
            raise InputError(f"result.{key}", most=MOST)
        ids = [await _found_or_made(request, one) for one in picked]
        ids += [(await ask(request, platform(request).ratings.rate_technology, text, None)).id for text in pasted]
    except (InputError, NotFoundError) as error:
        return await _ask(request, form, picked, message(error, language(request)), error.http_status)
    if len(ids) == 2:
        return RedirectResponse(f"/compare?a={ids[0]}&b={ids[1]}", status_code=303)
    return RedirectResponse("/compare?" + "&".join(f"id={one}" for one in ids), status_code=303)


async def _found_or_made(request: Request, chosen_one: str) -> str:
    """Return the identifier of a kept result, rated now where a demonstration company or a sample was chosen."""
    use = platform(request)
    kind, _, name = chosen_one.rpartition(":")
    if kind == "demo":
        record = await ask(request, use.companies.example_record, name)
        return (await ask(request, use.ratings.rate_company, record, day_written(record))).id
    if kind == "sample":
        examples = use.technologies.example_technologies(actor(request))
        summary = next((example.text for example in examples if example.id == name), None)
        if summary is None:
            raise NotFoundError("web.rating_not_found")
        return (await ask(request, use.ratings.rate_technology, summary, None)).id
    return (await ask(request, use.ratings.rating, identifier(chosen_one))).id


async def _ask(
    request: Request, given: Mapping[str, str], picked: Sequence[str], problem: str = "", status: int = 200
) -> Response:
    """Ask which results to compare: kept ones, newest first, and those that come with the platform."""
    kind: Kind = "technology" if given.get("kind") == "technology" else "company"
    use = platform(request)
    search = given.get("q", "").strip()[:200]
    listed = await ask(request, use.ratings.results, search=search, limit=_LISTED)
    lang = language(request)
    kept = [_row(result, lang) for result in listed.items if result.kind in (kind, "both")]
    for one in picked:
        if ":" not in one and one not in {row["id"] for row in kept}:
            with contextlib.suppress(NotFoundError):  # a mistyped address: the list is there to choose from
                stored = await ask(request, use.ratings.rating, identifier(one))
                row = {"id": stored.id, "name": subject_name(stored.ratings[0], lang), "figures": ""}
                kept.insert(0, row | {"as_of": numbers.day(stored.as_of, lang)})
    return page(
        request,
        "compare_choose.html",
        status,
        kind=kind if kind == "technology" else "",
        kept=kept,
        companies=() if kind == "technology" else await ask(request, use.companies.example_companies),
        examples=await ask(request, use.technologies.example_technologies) if kind == "technology" else (),
        picked=picked,
        given=given,
        most=MOST,
        problem=problem,
    )


def _row(result: KeptResult, lang: Lang) -> dict[str, str]:
    name = result.title or labels.company(result.name, lang, result.name_en) or text("kept.without_name", lang)
    figures, as_of = figures_line(result, lang), numbers.day(result.as_of, lang)
    return {"id": result.id, "name": name, "figures": figures, "as_of": as_of}
