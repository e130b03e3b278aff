"""Results: the page of kept ratings, their PDF and JSON, and what would happen if some facts were different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ktop.catalogue import Lang, message, text
from ktop.domain.company.fact_spec import CHECKLISTS, FACTS, fact_groups
from ktop.domain.patent.document import Patent
from ktop.kernel.errors import InputError, KtopError
from ktop.report import labels, numbers
from ktop.report.pdf import report
from ktop.report.present import is_technology, report_view
from ktop.report.present.growth_paths import with_growth_paths
from ktop.report.present.models import recomputed_sentence
from ktop.report.present.path import Path, path_view
from ktop.report.present.views import ReportView
from ktop.report.present.what_if import Change, changes_between, inputs_between, versions_between
from ktop.usecases.rate.interface import StoredRating
from ktop.web import forms
from ktop.web.api.schemas import stored as as_json
from ktop.web.asking import actor, ask, platform
from ktop.web.language import language
from ktop.web.pages.common import KEEP, blocking, day, identifier, may_apply, may_send, posted, texts
from ktop.web.pages.reviews import reviews_of
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of a result and its words; the overview's ``id`` is empty."""

    id: str
    label: str


# These two stand before the page: its address would match theirs too.
@router.get("/ratings/{rating_id}.pdf")
async def as_pdf(request: Request, rating_id: str) -> Response:
    """Give the report as a PDF in the reader's language."""
    stored = await _asked_for(request, rating_id)
    lang = language(request)
    stored = replace(stored, ratings=await _with_paths(request, stored))
    content = await blocking(report, stored.ratings, lang, technology_text=stored.text)
    name = f"ktop-{stored.as_of.isoformat()}-{stored.id[:8]}-{lang}.pdf"
    return Response(
        content, media_type="application/pdf", headers={"content-disposition": f'attachment; filename="{name}"'}
    )


@router.get("/ratings/{rating_id}.json")
async def as_file(request: Request, rating_id: str) -> Response:
    """Give the result as JSON, as the API does."""
    stored = await ask(request, platform(request).ratings.rating, identifier(rating_id))
    return JSONResponse(as_json(stored).model_dump(mode="json"))


@router.get("/ratings/{rating_id}")
async def rating(request: Request, rating_id: str) -> Response:
    """Show a kept result; ``?suggest=1`` also tries which added terms would raise a technology's originality,
    ``?recompute=1`` computes it again and says whether every bit agrees."""
    stored = await _asked_for(request, rating_id)
    answers: Sequence[Mapping[str, Any]] = ()
    if request.query_params.get("recompute") == "1":
        answers = await ask(request, platform(request).ratings.recompute, stored.id)
    return await _page(request, stored, recomputed=[recomputed_sentence(one, language(request)) for one in answers])


async def _asked_for(request: Request, rating_id: str) -> StoredRating:
    """Return a kept result, with suggestions in its technology rating where the address asks for them."""
    stored = await ask(request, platform(request).ratings.rating, identifier(rating_id))
    if request.query_params.get("suggest") != "1" or stored.text is None:
        return stored
    found = await ask(request, platform(request).ratings.suggestions, stored.id)
    ratings = [
        {**rating, "details": {**rating["details"], "suggestions": found}} if is_technology(rating) else rating
        for rating in stored.ratings
    ]
    return replace(stored, ratings=ratings)


@router.post("/ratings/{rating_id}/what-if")
async def what_if(request: Request, rating_id: str) -> Response:
    """Rate again with some facts changed and show the difference; nothing is kept."""
    path = f"/ratings/{identifier(rating_id)}"
    form = texts(await posted(request, path))
    use = platform(request)
    lang = language(request)
    stored = await ask(request, use.ratings.rating, rating_id)
    if KEEP in form:
        return await _page(request, stored, typed=form)
    before = await _typed_before(request, stored)
    names = tuple(name for name in forms.what_if_names() if name in form)
    given, problems = forms.read(form, lang, names)
    # A field left as it was is no change; a blanked one becomes missing.
    changed: dict[str, Any] = {
        name: given.get(name) for name in names if name not in problems and form[name].strip() != before.get(name, "")
    }
    result: Sequence[Change] = ()
    sentence = ""
    if changed and not problems:
        try:
            result = changes_between(stored.ratings, await ask(request, use.ratings.what_if, rating_id, changed), lang)
        except InputError as error:
            sentence = message(error, lang)
    return await _page(
        request,
        stored,
        typed=form,
        result=result,
        tried=bool(changed),
        sentence=sentence,
        problems=problems,
        status=422 if sentence or problems else 200,
    )


async def _page(
    request: Request,
    stored: StoredRating,
    *,
    typed: Mapping[str, str] | None = None,
    result: Sequence[Change] = (),
    tried: bool = False,
    sentence: str = "",
    problems: Mapping[str, str] | None = None,
    recomputed: Sequence[str] = (),
    status: int = 200,
) -> Response:
    lang = language(request)
    use = platform(request)
    part = "what-if" if typed is not None else _part(request)
    # Told with a model, not on the overview: what firms of the same cell did.
    ratings = await _with_paths(request, stored) if part else stored.ratings
    view = await blocking(report_view, ratings, lang, technology_text=stored.text, medium="page")
    has_company = any(not is_technology(one) for one in stored.ratings)
    fields: tuple[forms.Field, ...] = ()
    more: list[dict[str, Any]] = []
    if has_company and stored.record is not None:
        shown = {**await _typed_before(request, stored), **(typed or {})}
        fields = _fields(forms.WHAT_IF, lang, shown, problems or {})
        more = _more_fields(lang, shown, problems or {})
    history = await _history(request, stored, lang)
    tabs = _tabs(view, lang, with_fields=bool(fields), with_history=bool(history))
    # With HTMX only the what-if part is fetched anew.
    template = "what_if.html" if request.headers.get("hx-request") == "true" and typed is not None else "rating.html"
    return page(
        request,
        template,
        status,
        view=view,
        part=part if part in {tab.id for tab in tabs} else "",
        tabs=tabs,
        stored=stored,
        created=numbers.moment(stored.created, lang),
        failures=[sentence[lang] for sentence in stored.failures.values()],
        fields=fields,
        more=more,
        problems=problems or {},
        has_company=has_company,
        may_send=may_send(actor(request)),
        apply_with=stored.id if stored.of_itself and may_apply(actor(request)) else "",
        reviewed=await reviews_of(request, stored, lang),
        suggested=request.query_params.get("suggest") == "1",
        companies=await ask(request, use.companies.example_companies) if has_company else (),
        paths=await _paths(request, stored, part),
        patents=await _patents(request, view) if part in ("patents", "all") else {},
        history=history,
        result=result,
        tried=tried,
        posted=typed is not None and KEEP not in typed,
        sentence=sentence,
        recomputed=recomputed,
        say=lambda key: text(f"lifecycle.{key}", lang),
    )


async def _history(request: Request, stored: StoredRating, lang: Lang) -> Mapping[str, Any]:
    """Return what changed since the last result on the same subject, and why; empty where there was none before.

    ``?until=`` asks for the last one as of that day or before: a day that cannot be read counts as none.
    """
    try:
        until = day(request.query_params.get("until"))
    except InputError:
        until = None
    find = platform(request).ratings.earlier
    newest = await ask(request, find, stored.id)
    if newest is None:
        return {}
    before = newest if until is None else await ask(request, find, stored.id, until)
    shown = {"until": "" if until is None else until.isoformat(), "before": before}
    if before is None:
        return shown
    return shown | {
        "day": numbers.day(before.as_of, lang),
        "made": numbers.moment(before.created, lang),
        "moved": [one for one in changes_between(before.ratings, stored.ratings, lang) if one.difference],
        "inputs": inputs_between(before.ratings, stored.ratings, lang),
        "versions": versions_between(before.ratings, stored.ratings),
        "later": before.as_of != stored.as_of,
    }


async def _paths(request: Request, stored: StoredRating, part: str) -> Mapping[str, Path]:
    """Return how to reach the next grade, by model, where the part that shows it is asked for."""
    if stored.record is None or part not in ("all", *(one["model"]["name"] for one in stored.ratings)):
        return {}
    try:
        found = await ask(request, platform(request).ratings.paths, stored.id)
    except KtopError:  # a record that today's rules refuse: the result stands without a path
        return {}
    return {path["model"]: path_view(path, language(request)) for path in found}


async def _with_paths(request: Request, stored: StoredRating) -> Sequence[Mapping[str, Any]]:
    """Return the ratings with what firms in the same growth-risk cell did."""
    return with_growth_paths(stored.ratings, await ask(request, platform(request).ratings.growth_paths, stored.id))


async def _patents(request: Request, view: ReportView) -> Mapping[str, Patent]:
    """Return what the corpus in force has of the similar patents; nothing where it is not ready or another one."""
    shown = [one.patent_id for rating in view.ratings if rating.technology for one in rating.technology.neighbours]
    if not shown:
        return {}
    try:
        return await ask(request, platform(request).technologies.patents_named, shown)
    except KtopError:  # the list stands without abstracts
        return {}


def _part(request: Request) -> str:
    """Return the part of the result that is asked for; what is asked for beside it names its own."""
    if request.query_params.get("suggest") == "1":
        return "novelty"
    if request.query_params.get("recompute") == "1":
        return "about"
    return request.query_params.get("part", "")


def _tabs(view: ReportView, lang: Lang, *, with_fields: bool, with_history: bool) -> tuple[Tab, ...]:
    """Return the parts that a result has, the overview first: each is a page of its own, so none needs a script."""
    found = [Tab("", text("result.part_overview", lang))]
    found += [Tab(rating.model, labels.word("tab", rating.model, lang)) for rating in view.ratings]
    technology = next((rating.technology for rating in view.ratings if rating.technology), None)
    if technology is not None and technology.neighbours:
        found.append(Tab("patents", text("result.part_patents", lang)))
    if technology is not None and (technology.novelty or technology.suggestions):
        found.append(Tab("novelty", text("result.part_novelty", lang)))
    if with_fields:
        found.append(Tab("what-if", text("web.what_if", lang)))
    if with_history:
        found.append(Tab("history", text("result.part_history", lang)))
    if view.inputs:
        found.append(Tab("inputs", text("result.part_inputs", lang)))
    if view.text:
        found.append(Tab("text", text("result.part_text", lang)))
    found.append(Tab("about", text("result.part_about", lang)))
    found.append(Tab("all", text("result.part_all", lang)))
    return tuple(found)


async def _typed_before(request: Request, stored: StoredRating) -> Mapping[str, str]:
    """Return the facts of the what-if form as they were when rated: those that its models took, else the record's."""
    facts = {entry["name"]: entry["value"] for rating in stored.ratings for entry in rating["inputs"]}
    if not facts.keys() >= {name for name in forms.what_if_names() if not FACTS[name].optional}:
        records = platform(request).companies
        facts = dict(await ask(request, records.facts_of_record, stored.record or {}, stored.as_of)) | facts
    return forms.typed({name: facts.get(name) for name in forms.what_if_names()})


def _fields(
    names: Sequence[str], lang: Lang, values: Mapping[str, str], problems: Mapping[str, str]
) -> tuple[forms.Field, ...]:
    return tuple(replace(forms.field(FACTS[n], lang, values.get(n, ""), problems.get(n, "")), help="") for n in names)


def _more_fields(lang: Lang, values: Mapping[str, str], problems: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the further facts of the what-if form under their headings; a part with a problem stands open."""
    groups: dict[str, list[str]] = {}
    for name in forms.what_if_names():
        if name not in forms.WHAT_IF:
            groups.setdefault(FACTS[name].group, []).append(name)
    return [
        {
            "title": fact_groups()[group][lang],
            "questions": group in CHECKLISTS,
            "fields": _fields(names, lang, values, problems),
            "missing": sum(not values.get(name) for name in names),
            "open": any(name in problems for name in names),
        }
        for group, names in groups.items()
    ]
