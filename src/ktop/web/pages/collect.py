"""Collecting a company: type its number, follow, look at every value and where it is from, confirm, correct, rate.

For the operator: how each public source is, and one call to try it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, load, message, text
from ktop.collect.collecting import SourceReport
from ktop.collect.merging import Merged, is_entry
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.values.region import regions
from ktop.domain.work.job import ENDED
from ktop.kernel.errors import InputError
from ktop.report import labels, numbers
from ktop.usecases.collect.interface import CompanyChange, CompanyCollection, SourceState
from ktop.web import tables
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts, to_rating
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_FOLLOW_SECONDS = 2
_TONES = {
    "found": "good",
    "partly": "warn",
    "no_data": "",
    "not_asked": "",
    "not_permitted": "warn",
    "quota": "warn",
    "broken": "bad",
}
_STATE_TONES = {"differs": "warn", "unit": "bad", "changed": "bad", "confirmed": "good", "corrected": "good"}
_SHOWN_PAYLOAD = 60_000
_SHOWN_ORGANISATIONS = 10
#: Collections that are listed, the newest.
_SHOWN_COLLECTIONS = 200
#: Notices of changes on one page, entries of one notice, and how often a company may be collected again.
_SHOWN_CHANGES, _SHOWN_CHANGED, _EVERY_DAYS = 10, 8, (7, 30, 90)
#: Lists that the page shows an entry a row, each with these fields.
_LISTS: Mapping[str, tuple[str, ...]] = {
    "ip": ("number", "title", "status", "filed", "registered", "ended", "claims", "cited_by", "cites"),
    "rnd_projects": ("title", "start", "end", "funding"),
    "certifications": ("kind", "issued", "expires"),
}


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
        request, "collect_answer.html", say=_words(lang), told=words, shown=shown, cut=cut, back=found.collection
    )


@router.get("/sources")
async def sources(request: Request) -> Response:
    """Show the operator how every public source is."""
    lang = language(request)
    found = await ask(request, platform(request).collect.sources)
    rows = [_source_row(state, lang) for state in found]
    return page(request, "sources.html", say=_words(lang), rows=rows)


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
            lambda one: _number(one.business_number),
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
    changes = await ask(request, platform(request).collect.changes, unseen=True, limit=_SHOWN_CHANGES)
    return page(
        request,
        "collect.html",
        status,
        say=_words(lang),
        table=table,
        problem=problem,
        given=given or {},
        made_up=[(number, name[lang]) for number, name in made_up],
        changes=[_change(change, lang) for change in changes],
    )


def _change(change: CompanyChange, lang: Lang) -> dict[str, Any]:
    """Return a change as pages show it, an entry a row."""
    rows = [
        {
            "label": _label(one["path"], lang) if not _is_entry(one) else _label(one["path"].split(".")[0], lang),
            "before": _changed(one["path"], one["before"], lang),
            "now": _changed(one["path"], one["now"], lang),
            "source": _source_name(one["source"], lang),
        }
        for one in change.changes[:_SHOWN_CHANGED]
    ]
    title = text(
        "collect.change_title", lang, number=_number(change.business_number), found=numbers.moment(change.found, lang)
    )
    return {
        "id": change.id,
        "title": title,
        "collection": change.collection,
        "rows": rows,
        "more": max(0, len(change.changes) - len(rows)),
    }


def _is_entry(one: Mapping[str, Any]) -> bool:
    return isinstance(one["before"] or one["now"], Mapping)


def _changed(path: str, value: Any, lang: Lang) -> str:
    """Return a value before or after a change; a new entry of a list by its title, else what of it has changed."""
    if value is None:
        return "–"
    if not isinstance(value, Mapping):
        return _value(path, value, lang)
    if value.get("title"):
        return f"{value['title']} ({value['number']})" if value.get("number") else str(value["title"])
    at = {f"{path}.{name}": one for name, one in value.items()}
    return ", ".join(f"{_label(name, lang)} {_value(name, one, lang)}" for name, one in at.items())


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
        say=_words(lang),
        found=found,
        number=_number(found.business_number),
        names=_names(found, lang),
        problem=problem,
        running=running,
        done=(job.done, job.of or 4) if job is not None else (0, 4),
        reports=[_report_row(found, source, lang) for source in found.reports],
        sections=_sections(found, lang),
        tables=_tables(found, lang),
        questions=_questions(found, lang),
        taken_out=[
            (path, f"{_label(path.split('.')[0], lang)} {path.split('.')[1]}", merged.choice.reason)
            for path, merged in found.values.items()
            if is_entry(path) and merged.choice is not None and merged.choice.corrected
        ],
        notices=[text(notice.key, lang, **notice.params) for notice in found.notices],
        left_out=[(path, text(key, lang, **params)) for path, (key, params) in _left_out(found).items()],
        coverage=_coverage(found, lang),
        follow_days=_EVERY_DAYS,
        validated=_validated(found, lang),
        founded=found.record.get("founded", ""),
        due=numbers.moment(found.followed.due, lang) if found.followed else "",
        agreed=[path for path, merged in found.values.items() if merged.state == "agreed"],
    )
    if running:
        answer.headers["refresh"] = str(_FOLLOW_SECONDS)
    return answer


def _validated(found: CompanyCollection, lang: Lang) -> tuple[str, str] | None:
    """Return what the tax service said in words, and its tone."""
    told = found.validated
    if told is None:
        return None
    at = numbers.moment(told.at, lang)
    if told.right is None:
        return text(
            "collect.validation_unknown", lang, outcome=text(f"collect.outcome_{told.outcome}", lang), at=at
        ), "warn"
    return text(
        f"collect.validation_{'right' if told.right else 'wrong'}", lang, at=at
    ), "good" if told.right else "bad"


def _left_out(found: CompanyCollection) -> Mapping[str, Any]:
    return {} if found.gathered is None else found.gathered.left_out


def _names(found: CompanyCollection, lang: Lang) -> list[str]:
    """Return the company's names, the one of the page's language first; its number where none is known."""
    known = {name: str(found.record.get(name) or "") for name in ("name", "name_en")}
    ordered = (known["name_en"], known["name"]) if lang == "en" else (known["name"], known["name_en"])
    number = _number(found.business_number)
    return [name for name in ordered if name and name != found.business_number] or [number]


def _number(digits: str) -> str:
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def _source_name(source: str, lang: Lang) -> str:
    if source == "user":
        return text("collect.by_user", lang)
    return str(load("sources")["sources"][source]["name"][lang])


def _outcome(report: SourceReport) -> str:
    """Return how asking a source went: ``partly`` where it answered and something did not come."""
    return "partly" if report.outcome == "found" and report.failures else report.outcome


def _report_row(found: CompanyCollection, source: str, lang: Lang) -> dict[str, Any]:
    report = found.reports[source]
    codes = sorted({f"{operation} {detail}".strip() for operation, _, detail in report.failures if operation or detail})
    feeds = load("sources")["sources"][source]["feeds"]
    share = report.outcome == "quota" and any(detail == "share" for _, _, detail in report.failures)
    return {
        "name": _source_name(source, lang),
        "outcome": text(f"collect.outcome_{'share' if share else _outcome(report)}", lang),
        "tone": _TONES[_outcome(report)],
        "calls": f"{report.calls + report.reused:,}",
        "missing": "" if report.outcome == "found" else ", ".join(_label(path, lang) for path in feeds),
        "codes": ", ".join(codes)[:200],
        "retry": numbers.moment(report.retry_at, lang) if report.retry_at else "",
    }


def _label(path: str, lang: Lang) -> str:
    """Return a path in words, with the year or day in it."""
    fields = load("company")["fields"]
    steps = path.split(".")
    if path in fields:
        return str(fields[path]["label"][lang])
    if len(steps) == 3 and f"{steps[0]}.{steps[2]}" in fields:
        label = fields[f"{steps[0]}.{steps[2]}"]["label"][lang]
        return f"{label} ({steps[1]})" if steps[0] in ("statements", "staff") else str(label)
    return path


def _value(path: str, value: Any, lang: Lang) -> str:
    """Return a value as people read it."""
    last = path.split(".")[-1]
    if value is None:
        return numbers.missing(lang)
    if isinstance(value, bool):
        return text("collect.yes" if value else "collect.no", lang)
    if isinstance(value, date):
        return numbers.day(value, lang)
    if path.startswith("statements."):
        return f"{value:,.0f}"
    if path == "region" and value in regions():
        return regions()[value][lang]
    choice = {"status": "ip_status", "kind": "certification" if path.startswith("cert") else "ip_kind"}.get(last, last)
    words = load("company")["values"].get(choice, {}).get(value) if isinstance(value, str) else None
    return str(words[lang]) if words else str(value)


def _row(path: str, merged: Merged, lang: Lang) -> dict[str, Any]:
    choice = merged.choice
    return {
        "path": path,
        "label": _label(path, lang),
        "value": _value(path, merged.value, lang),
        "amount": path.startswith("statements.") and not path.endswith("year_end"),
        "source": _source_name(merged.source, lang),
        "on": numbers.day(merged.on, lang) if merged.on else "",
        "state": merged.state,
        "state_words": text(f"collect.value_{merged.state}", lang),
        "tone": _STATE_TONES.get(merged.state, ""),
        "answer": merged.stated[0].answer if merged.stated else "",
        "reason": choice.reason if choice is not None else "",
        "stated": [
            {
                "source": _source_name(one.source, lang),
                "value": _value(path, one.value.value, lang),
                "on": numbers.day(one.value.on, lang) if one.value.on else "",
                "answer": one.answer,
            }
            for one in merged.stated
        ],
        "shown_beside": merged.state not in ("agreed", "confirmed")
        or len({str(o.value.value) for o in merged.stated}) > 1,
        "to_decide": merged.state in ("differs", "unit", "changed"),
    }


def _sections(found: CompanyCollection, lang: Lang) -> list[dict[str, Any]]:
    """Return the values that stand a row each: the company itself, its statements and its people."""
    made = []
    for name in ("company", "statements", "staff"):
        own = [
            _row(path, merged, lang)
            for path, merged in sorted(found.values.items(), key=_place)
            if path != "business_number"
            and (path.split(".")[0] if "." in path and not path.startswith("credit.") else "company") == name
        ]
        if own:
            made.append({"title": text(f"collect.section_{name}", lang), "name": name, "rows": own})
    return made


def _place(value: tuple[str, Merged]) -> tuple[str, int, int]:
    """Return where a value stands on the page: the newest year or day first, in it as a company's form has them."""
    steps, fields = value[0].split("."), list(load("company")["fields"])
    listed = len(steps) == 3
    field = f"{steps[0]}.{steps[2]}" if listed else value[0]
    newest = int("".join(sign for sign in steps[1] if sign.isdigit()) or 0) if listed else 0
    return steps[0] if listed else "", -newest, fields.index(field) if field in fields else len(fields)


def _tables(found: CompanyCollection, lang: Lang) -> list[dict[str, Any]]:
    """Return the lists of the record, an entry a row."""
    made = []
    for name, columns in _LISTS.items():
        entries: dict[str, dict[str, Merged]] = {}
        for path, merged in found.values.items():
            steps = path.split(".")
            if steps[0] == name and len(steps) == 3:
                entries.setdefault(steps[1], {})[steps[2]] = merged
        if not entries:
            continue
        rows = [_entry(f"{name}.{key}", fields, columns, lang) for key, fields in sorted(entries.items(), reverse=True)]
        made.append(
            {
                "title": f"{_label(name, lang)} ({len(rows):,})",
                "columns": [_label(f"{name}.{column}", lang) for column in columns],
                "rows": rows,
                "entries": [(row["path"], row["title"]) for row in rows],
                "fields": [(column, _label(f"{name}.{column}", lang)) for column in columns],
            }
        )
    return made


def _entry(path: str, fields: Mapping[str, Merged], columns: tuple[str, ...], lang: Lang) -> dict[str, Any]:
    """Return an entry of a list; a cell that another answer states than the rest leads to that one."""
    answers = [merged.stated[0].answer for merged in fields.values() if merged.stated]
    first = max(answers, key=answers.count, default="")
    cells = []
    for column in columns:
        merged = fields.get(column)
        stated = merged.stated[0].answer if merged is not None and merged.stated else ""
        value = _value(f"{path}.{column}", merged.value if merged is not None else None, lang)
        cells.append({"value": value, "answer": stated if stated != first else ""})
    shown = [str(fields[name].value) for name in ("number", "title", "issued", "start") if name in fields]
    title = " · ".join(shown[:2]) or path.split(".")[1]
    reason = next((one.choice.reason for one in fields.values() if one.choice and one.choice.reason), "")
    return {
        "path": path,
        "title": title,
        "reason": reason,
        "cells": cells,
        "source": _source_name(next(iter(fields.values())).source, lang),
        "answer": first,
    }


def _questions(found: CompanyCollection, lang: Lang) -> list[dict[str, str]]:
    """Return what was found by name alone, an entry each."""
    entries: dict[str, dict[str, Any]] = {}
    for one in found.questions:
        steps = one.value.path.split(".")
        entry = entries.setdefault(".".join(steps[:2]), {"source": one.source, "answer": one.answer, "list": steps[0]})
        entry[steps[2]] = one.value.value
    return [
        {
            "path": path,
            "kind": _kind(entry, lang),
            "title": str(entry.get("title") or entry.get("number") or path),
            "when": _value("", entry.get("start") or entry.get("filed") or entry.get("issued"), lang),
            "source": _source_name(entry["source"], lang),
            "answer": entry["answer"],
        }
        for path, entry in entries.items()
    ]


def _kind(entry: Mapping[str, Any], lang: Lang) -> str:
    """Return what an entry is: a patent, a design, a certificate of its kind, or an entry of its list."""
    kind = f"{entry['list']}.kind"
    return _value(kind, entry["kind"], lang) if "kind" in entry else _label(entry["list"], lang)


def _coverage(found: CompanyCollection, lang: Lang) -> list[dict[str, Any]]:
    return [
        {
            "model": labels.word("model", model, lang),
            "known": sum(not one.missing for one in found.coverage if one.model == model),
            "of": sum(one.model == model for one in found.coverage),
            "lacking": [
                (one.label[lang], ", ".join(FACTS[name].label[lang] for name in one.missing))
                for one in found.coverage
                if one.model == model and one.missing
            ],
        }
        for model in dict.fromkeys(one.model for one in found.coverage)
    ]


def _source_row(state: SourceState, lang: Lang) -> dict[str, Any]:
    if not state.has_key:
        words, tone = text("collect.source_no_key", lang), ""
    elif state.rests_until is not None:
        until = numbers.moment(state.rests_until, lang)
        words, tone = text(f"collect.source_{state.why}", lang, until=until), "bad"
    else:
        words, tone = text("collect.source_ready", lang), "good"
    return {
        "source": state.source,
        "name": _source_name(state.source, lang),
        "address": state.address,
        "words": words,
        "tone": tone,
        "has_key": state.has_key,
        "used": [
            text(f"collect.quota_of_{period.split(' ')[0]}", lang, used=f"{used:,}", most=f"{most:,}")
            for period, (used, most) in state.used.items()
        ],
        "organisations": [
            f"{one.name[lang]} {one.calls:,}"
            for one in state.organisations[:_SHOWN_ORGANISATIONS]
            if one.organisation != LOCAL_OWNER.organisation  # without accounts there is nobody to tell apart
        ],
        "outcomes": [
            {
                "words": text(f"collect.outcome_{outcome}", lang),
                "count": f"{count:,}",
                "last": numbers.moment(last, lang),
                "detail": detail,
            }
            for outcome, (count, last, detail) in state.outcomes.items()
        ],
    }


def _words(lang: Lang) -> Any:
    def say(key: str, **params: object) -> str:
        return text(f"collect.{key}", lang, **params)

    return say
