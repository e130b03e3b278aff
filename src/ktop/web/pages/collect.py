"""Collecting a company: type its number, follow, look at every value and where it is from, confirm, correct, rate.

For the operator: how each public source is, and one call to try it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import load, message, text
from ktop.collect.merging import is_entry
from ktop.domain.work.job import ENDED
from ktop.kernel.errors import InputError
from ktop.report import numbers
from ktop.usecases.collect.interface import CompanyCollection
from ktop.web import tables
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.collect_rows import (
    EVERY_DAYS,
    SHOWN_CHANGES,
    change_row,
    coverage_rows,
    entry_tables,
    label_of,
    left_out_of,
    names_of,
    question_rows,
    record_sections,
    report_row,
    room_words,
    source_row,
    validated_line,
    written_number,
)
from ktop.web.pages.common import identifier, posted, texts, to_rating
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_FOLLOW_SECONDS = 2
_SHOWN_PAYLOAD = 60_000
#: Collections that are listed, the newest.
_SHOWN_COLLECTIONS = 200


@router.get("/collect")
async def begin(request: Request) -> Response:
    """Show where a number is typed (``?number=`` fills it in), and what was collected before."""
    return await _start(request, given={"business_number": request.query_params.get("number", "")[:20]})


@router.post("/collect")
async def begun(request: Request) -> Response:
    """Have a company collected, and lead to its page."""
    form = texts(await posted(request, "/collect"))
    try:
        found = await ask(
            request,
            platform(request).collect.begin,
            form.get("business_number", ""),
            names=[form["name"]] if form.get("name", "").strip() else [],
            made_up=form.get("made_up") == "1",
        )
    except InputError as error:
        lang = language(request)
        missing = error.key == "collect.no_sources"  # whoever stands before a page sets no keys
        words = text("collect.page_no_sources", lang) if missing else message(error, lang)
        return await _start(request, words, form, error.http_status)
    return RedirectResponse(f"/collect/{found.id}", status_code=303)


@router.get("/collect/{collection_id}")
async def collection(request: Request, collection_id: str) -> Response:
    """Show one collection."""
    return await _shown(request, identifier(collection_id))


@router.post("/collect/{collection_id}/confirm")
async def confirm(request: Request, collection_id: str) -> Response:
    """Confirm values as their sources state them."""
    form = await posted(request, f"/collect/{identifier(collection_id)}")
    paths = [path for path in form.getlist("path") if isinstance(path, str)]
    await ask(request, platform(request).collect.confirm, identifier(collection_id), paths)
    return RedirectResponse(f"/collect/{collection_id}", status_code=303)


@router.post("/collect/{collection_id}/correct")
async def correct(request: Request, collection_id: str) -> Response:
    """Write another value instead of a source's, with the reason."""
    form = texts(await posted(request, f"/collect/{identifier(collection_id)}"))
    if form.get("entry"):  # of a list: one of its fields, or all of it
        whole = not form.get("field")
        form |= {"path": form["entry"] if whole else f"{form['entry']}.{form['field']}"}
        form |= {"value": "" if whole else form.get("value", "")}
    told = [form.get(name, "") for name in ("path", "value", "reason")]
    try:
        await ask(request, platform(request).collect.correct, identifier(collection_id), *told)
    except InputError as error:
        return await _shown(request, collection_id, message(error, language(request)), error.http_status)
    return RedirectResponse(f"/collect/{collection_id}", status_code=303)


@router.post("/collect/{collection_id}/validate")
async def validate(request: Request, collection_id: str) -> Response:
    """Ask the tax service whether the registration is as said."""
    form = texts(await posted(request, f"/collect/{identifier(collection_id)}"))
    try:
        opened = date.fromisoformat(form.get("opened", ""))
    except ValueError:
        return await _shown(request, collection_id, text("collect.opened_needed", language(request)), 422)
    name = form.get("representative", "")
    try:
        await ask(request, platform(request).collect.validate, identifier(collection_id), opened, name)
    except InputError as error:
        return await _shown(request, collection_id, message(error, language(request)), error.http_status)
    return RedirectResponse(f"/collect/{collection_id}#validation", status_code=303)


@router.post("/collect/{collection_id}/save")
async def save(request: Request, collection_id: str) -> Response:
    """Keep the record as a version of the company's, and rate it where that is wanted."""
    form = texts(await posted(request, f"/collect/{identifier(collection_id)}"))
    try:
        kept = await ask(request, platform(request).collect.save, identifier(collection_id))
        if form.get("rate") == "1":
            return to_rating(await ask(request, platform(request).portfolio.rate_kept_company, kept.id, None))
    except InputError as error:
        return await _shown(request, collection_id, message(error, language(request)), error.http_status)
    return RedirectResponse(f"/collect/{collection_id}", status_code=303)


@router.post("/collect/{collection_id}/follow")
async def follow(request: Request, collection_id: str) -> Response:
    """Have the company collected again by itself, or no more."""
    form = texts(await posted(request, f"/collect/{identifier(collection_id)}"))
    days = form.get("days", "")
    try:
        every = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else None
        await ask(request, platform(request).collect.follow, identifier(collection_id), every)
    except InputError as error:
        return await _shown(request, collection_id, message(error, language(request)), error.http_status)
    return RedirectResponse(f"/collect/{collection_id}", status_code=303)


@router.post("/collect/changes/{change_id}")
async def change_seen(request: Request, change_id: str) -> Response:
    """Say that a change was looked at."""
    await posted(request, "/collect")
    await ask(request, platform(request).collect.see_change, identifier(change_id))
    return RedirectResponse("/collect", status_code=303)


@router.get("/collect/answers/{answer_id}")
async def payload(request: Request, answer_id: str) -> Response:
    """Show an answer as it came, as text and never as what it says it is."""
    found, lang = await ask(request, platform(request).collect.payload, identifier(answer_id)), language(request)
    shown = found.content[:_SHOWN_PAYLOAD].decode("utf-8", "replace")
    if found.content.startswith(b"PK"):
        shown = text("collect.page_binary", lang)
    words = {
        "source": load("sources")["sources"][found.answer.source]["name"][lang],
        "operation": found.answer.operation,
        "outcome": text(f"collect.outcome_{found.answer.outcome}", lang),
        "at": numbers.moment(found.answer.at, lang),
        "sha256": found.answer.sha256,
        "asked": found.asked,
        "size": f"{len(found.content):,}",
    }
    cut = len(found.content) > _SHOWN_PAYLOAD
    return page(
        request, "collect_answer.html", say=room_words(lang), told=words, shown=shown, cut=cut, back=found.collection
    )


@router.get("/sources")
async def sources(request: Request) -> Response:
    """Show the operator how every public source is."""
    lang = language(request)
    found = await ask(request, platform(request).collect.sources)
    rows = [source_row(state, lang) for state in found]
    return page(request, "sources.html", say=room_words(lang), rows=rows)


@router.post("/sources/{source}/try")
async def try_source(request: Request, source: str) -> Response:
    """Make one call to a source."""
    await posted(request, "/sources")
    await ask(request, platform(request).collect.try_source, identifier(source))
    return RedirectResponse("/sources", status_code=303)


async def _start(
    request: Request, problem: str = "", given: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    lang = language(request)
    column = tables.Column[CompanyCollection]
    columns = [
        column(
            "number",
            text("collect.page_number_label", lang),
            lambda one: written_number(one.business_number),
            href=lambda one: f"/collect/{one.id}",
            note=lambda one: text("collect.made_up_badge", lang) if one.made_up else "",
        ),
        column(
            "state",
            text("collect.column_state", lang),
            lambda one: one.state,
            "choice",
            shown=lambda state: text(f"collect.state_{state}", lang),
        ),
        column("created", text("collect.column_at", lang), lambda one: one.created, "moment"),
    ]
    before = await ask(request, platform(request).collect.collections, _SHOWN_COLLECTIONS)
    table = tables.listed(request, "collections", text("collect.page_before", lang), columns, before)
    if status == 200 and (written := tables.file_of(request, table)):
        return written
    made_up = await ask(request, platform(request).collect.made_up_numbers)
    changes = await ask(request, platform(request).collect.changes, unseen=True, limit=SHOWN_CHANGES)
    return page(
        request,
        "collect.html",
        status,
        say=room_words(lang),
        table=table,
        problem=problem,
        given=given or {},
        made_up=[(number, name[lang]) for number, name in made_up],
        changes=[change_row(change, lang) for change in changes],
    )


async def _shown(request: Request, collection_id: str, problem: str = "", status: int = 200) -> Response:
    lang = language(request)
    found = await ask(request, platform(request).collect.collection, collection_id)
    job = await ask(request, platform(request).jobs.job, found.job) if found.job and found.state != "done" else None
    running = found.state != "done" and not (job is not None and job.state in ENDED)
    if job is not None and job.problem and not running:
        problem = problem or text(job.problem["key"], lang, **job.problem["params"])
    answer = page(
        request,
        "collection.html",
        status,
        say=room_words(lang),
        found=found,
        number=written_number(found.business_number),
        names=names_of(found, lang),
        problem=problem,
        running=running,
        done=(job.done, job.of or 4) if job is not None else (0, 4),
        reports=[report_row(found, source, lang) for source in found.reports],
        sections=record_sections(found, lang),
        tables=entry_tables(found, lang),
        questions=question_rows(found, lang),
        taken_out=[
            (path, f"{label_of(path.split('.')[0], lang)} {path.split('.')[1]}", merged.choice.reason)
            for path, merged in found.values.items()
            if is_entry(path) and merged.choice is not None and merged.choice.corrected
        ],
        notices=[text(notice.key, lang, **notice.params) for notice in found.notices],
        left_out=[(path, text(key, lang, **params)) for path, (key, params) in left_out_of(found).items()],
        coverage=coverage_rows(found, lang),
        follow_days=EVERY_DAYS,
        validated=validated_line(found, lang),
        founded=found.record.get("founded", ""),
        due=numbers.moment(found.followed.due, lang) if found.followed else "",
        agreed=[path for path, merged in found.values.items() if merged.state == "agreed"],
    )
    if running:
        answer.headers["refresh"] = str(_FOLLOW_SECONDS)
    return answer
