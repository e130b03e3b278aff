"""The wizard: a company entered in five steps, each saved as it is sent, and rated at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from ktop.catalogue import Lang, load, message, text
from ktop.domain.company.entry import AREAS
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.industry_search import industries_like
from ktop.domain.party.permission import Allowed, check
from ktop.domain.rating.rating import Warning
from ktop.domain.values.day import DAY
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.registration_numbers import BusinessNumber
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, InputError, NotFoundError, UnavailableError
from ktop.usecases.portfolio.interface import KeptCompany
from ktop.usecases.rate.interface import StoredRating
from ktop.web import entry, entry_sheet, forms
from ktop.web.asking import actor, ask, asker, platform
from ktop.web.entry import STEPS, Draft
from ktop.web.language import language
from ktop.web.pages.common import blocking, identifier, may_send, posted, texts
from ktop.web.pages.consents import given_terms
from ktop.web.pages.consents import words as consent_words
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_MOST_FOUND = 8
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Opened:
    """A company being entered: None where nothing of it is kept yet."""

    company: KeptCompany | None
    draft: Draft

    @property
    def address(self) -> str:
        """Where its steps are."""
        return "/my/companies/new" if self.company is None else f"/my/companies/{self.company.id}/enter"


@router.get("/my/companies/new")
async def begin(request: Request) -> Response:
    """Show the first step, filled from an example (``?from=``) or from a kept result's answers (``?rating=``)."""
    asked = request.query_params
    if rating_id := asked.get("rating"):
        stored = await ask(request, platform(request).ratings.rating, identifier(rating_id))
        if stored.company is not None:
            return RedirectResponse(f"/my/companies/{stored.company}/enter/who", status_code=303)
        return await _show(request, Opened(None, _draft_of_rating(stored)), "who", rating=stored.id)
    if example := asked.get("from"):
        record = await ask(request, platform(request).companies.example_record, example)
        return await _show(request, Opened(None, entry.draft_of_record(record, 0)), "who", example=example)
    return await _show(request, Opened(None, _blank(request)), "who")


@router.post("/my/companies/new")
async def begun(request: Request) -> Response:
    """Keep the first step as a draft: of the company of that business number, where one is kept, else of a new one."""
    form = await posted(request)
    given = texts(form)
    opened = Opened(None, await _begun_from(request, given))
    number = _business_number(given.get("business_number", ""))
    if number:
        found = await ask(request, platform(request).portfolio.kept_companies, search=number)
        same = next((one for one in found.items if one.business_number == number), None)
        if same is not None:
            opened = await _opened(request, same.id)
    return await _sent(request, opened, "who", form)


@router.get("/my/companies/{kept_id}/enter")
async def resume(request: Request, kept_id: str) -> Response:
    """Lead to the first step that was not sent yet."""
    opened = await _opened(request, kept_id)
    step = next((one for one in STEPS if one not in opened.draft.seen), STEPS[0])
    return RedirectResponse(f"{opened.address}/{step}", status_code=303)


@router.get("/my/companies/{kept_id}/enter/{step}")
async def show(request: Request, kept_id: str, step: str) -> Response:
    """Show one step as it was left."""
    opened = await _opened(request, kept_id)
    seen = _step(step) in opened.draft.seen
    return await _show(request, opened, step, told=seen, status=200)


@router.post("/my/companies/{kept_id}/enter/{step}")
async def sent(request: Request, kept_id: str, step: str) -> Response:
    """Keep one step and go where its button leads."""
    form = await posted(request, f"/my/companies/{identifier(kept_id)}/enter/{_step(step)}")
    return await _sent(request, await _opened(request, kept_id), step, form)


@router.post("/my/companies/{kept_id}/draft")
async def draft_dropped(request: Request, kept_id: str) -> Response:
    """Forget the draft."""
    await posted(request, f"/my/companies/{identifier(kept_id)}")
    await ask(request, platform(request).portfolio.drop_draft, identifier(kept_id))
    return RedirectResponse("/my/companies", status_code=303)


@router.get("/my/companies/{kept_id}/enter.xlsx")
async def template(request: Request, kept_id: str) -> Response:
    """Give the spreadsheet template, filled with what is known."""
    opened = await _opened(request, kept_id)
    content = await blocking(entry_sheet.template, opened.draft, language(request))
    return Response(content, media_type=_XLSX, headers={"content-disposition": 'attachment; filename="k-top.xlsx"'})


@router.post("/my/companies/{kept_id}/enter.xlsx")
async def filled(request: Request, kept_id: str) -> Response:
    """Fill the form from an uploaded template and show it with what must be mended."""
    form = await posted(request, f"/my/companies/{identifier(kept_id)}/enter/figures")
    opened, lang = await _opened(request, kept_id), language(request)
    upload = form.get("sheet")
    try:
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise InputError("wizard.sheet_missing")
        content = await upload.read()
        rows = await blocking(entry_sheet.rows_of_file, content, upload.filename)
        found = entry_sheet.taken(opened.draft, rows)
        if not found.count:
            raise InputError("wizard.sheet_none")
    except InputError as error:
        return await _show(request, opened, "figures", sentence=message(error, lang), status=error.http_status)
    opened = await _keep(request, opened, found.draft)
    return await _show(request, opened, "figures", told=True, notes=_taken_notes(found, "sheet_done", lang))


def _taken_notes(found: entry_sheet.Taken, key: str, lang: Lang) -> list[str]:
    notes = [text(f"wizard.{key}", lang, n=found.count)]
    if found.unknown:
        notes.append(text("wizard.paste_unknown", lang, items=", ".join(found.unknown)))
    return notes


async def _sent(request: Request, opened: Opened, step: str, form: FormData) -> Response:
    given = texts(form)
    go = given.get("go", "next")
    draft = entry.with_step(opened.draft, step, given)
    opened = await _keep(request, opened, draft)
    if go == "find":
        return await _show(request, opened, step, words=given.get("words", ""))
    if go == "paste":
        found = entry_sheet.taken(draft, entry_sheet.rows_of_text(given.get("pasted", "")[:20_000]))
        opened = await _keep(request, opened, found.draft)
        lang = language(request)
        return await _show(request, opened, step, told=True, notes=_taken_notes(found, "paste_done", lang))
    if go.startswith("question:"):
        return _to(opened, step, question=go.removeprefix("question:"))
    if go == "later":
        return RedirectResponse("/my/companies", status_code=303)
    if go.startswith("lang:"):
        asked = {"question": given["question"]} if "question" in given else {}
        return _to(opened, step, lang=go.removeprefix("lang:"), **asked)
    if go.startswith("step:"):
        return _to(opened, _step(go.removeprefix("step:")))
    lang = language(request)
    problems = _problems(draft, step, lang)
    if problems:
        return await _show(request, opened, step, told=True, status=422)
    if step == "checklist" and (onward := _next_question(given)):
        return _to(opened, step, question=onward)
    doubts = await _doubts(request, draft, lang) if step in ("who", "figures") else []
    if doubts:
        return await _show(request, opened, step, told=True, doubts=doubts, status=422)
    if step == STEPS[-1]:
        return await _finish(request, opened, form)
    return _to(opened, STEPS[STEPS.index(step) + 1])


async def _finish(request: Request, opened: Opened, form: FormData) -> Response:
    """Keep the record as a version, rate it, and give the consent that was asked for."""
    lang, use, given = language(request), platform(request), texts(form)
    facts, problems = opened.draft.facts(lang)
    assert opened.company is not None  # kept just now
    if problems:
        return await _show(request, opened, "consent", told=True, status=422, given=form)
    try:
        as_of = DAY.parse(given.get("as_of"))
    except RefusedValueError as refusal:
        sentence = message(refusal.at({one: text("web.as_of", one) for one in ("ko", "en")}), lang)
        return await _show(request, opened, "consent", sentence=sentence, status=422, given=form)
    base = await _base(request, opened)
    kept = opened.company.id
    try:
        if given.get("share") == "1" and given.get("institution", "") == "":
            raise InputError("wizard.no_institution")
        terms = given_terms(form) if given.get("share") == "1" else None
        record = await ask(request, use.companies.entered_record, opened.draft.entry(facts), base)
        await ask(request, use.portfolio.save_company, record, kept)
        technology = await _technology(request, opened)
        stored = await ask(request, use.portfolio.rate_kept_company, kept, as_of, technology)
        if terms is not None:
            await ask(request, use.consents.give, given["institution"], terms, given.get("reason", ""))
    except (InputError, ConflictError, UnavailableError) as error:
        await _keep(request, opened, opened.draft)
        sentence = message(error, lang)
        return await _show(request, opened, "consent", sentence=sentence, status=error.http_status, given=form)
    return RedirectResponse(f"/ratings/{stored.id}", status_code=303)


async def _technology(request: Request, opened: Opened) -> str | None:
    """Keep the technology that was described, as a new one or in the place of the one it was shown from."""
    draft, use = opened.draft, platform(request).portfolio
    if not draft.text.strip() or opened.company is None:
        return None
    title = draft.title.strip() or draft.typed.get("name", "").strip()
    if draft.technology:
        kept = await ask(request, use.kept_technology, draft.technology)
        if (kept.title, kept.text) == (title, draft.text.strip()):
            return kept.id
        return (await ask(request, use.edit_technology, kept.id, kept.version, title=title, text=draft.text)).id
    return (await ask(request, use.save_technology, title, draft.text, opened.company.id)).id


async def _opened(request: Request, kept_id: str) -> Opened:
    """Return a company with its draft; without one, what would be a draft of its newest version."""
    use = platform(request).portfolio
    company = await ask(request, use.kept_company, identifier(kept_id))
    newest = (await ask(request, use.records_of, company.id))[0]
    draft = entry.kept_draft(newest.record) if newest.draft else None
    if draft is None:
        if newest.draft:  # given by a program: a record like any other, but perhaps not a right one
            try:
                draft = entry.draft_of_record(newest.record, 0)
            except InputError:
                draft = Draft(typed={"name": company.name}, year=today().year - 1)
        else:
            draft = entry.draft_of_record(newest.record, newest.number)
            technologies = await ask(request, use.kept_technologies, company=company.id, limit=1)
            for kept in technologies.items:
                draft = replace(draft, title=kept.title, text=kept.text, technology=kept.id)
    return Opened(company, draft)


async def _base(request: Request, opened: Opened) -> Mapping[str, Any] | None:
    if not opened.draft.base or opened.company is None:
        return None
    versions = await ask(request, platform(request).portfolio.records_of, opened.company.id)
    return next((one.record for one in versions if one.number == opened.draft.base and not one.draft), None)


async def _keep(request: Request, opened: Opened, draft: Draft) -> Opened:
    kept_id = None if opened.company is None else opened.company.id
    company = await ask(request, platform(request).portfolio.save_draft, draft.record(), kept_id)
    return Opened(company, draft)


async def _begun_from(request: Request, given: Mapping[str, str]) -> Draft:
    """Return what the first step was filled from, named by its hidden fields."""
    if given.get("rating"):
        stored = await ask(request, platform(request).ratings.rating, identifier(given["rating"]))
        return _draft_of_rating(stored)
    if given.get("from"):
        record = await ask(request, platform(request).companies.example_record, given["from"])
        return entry.draft_of_record(record, 0)
    return _blank(request)


def _draft_of_rating(stored: StoredRating) -> Draft:
    if stored.record is None:
        raise NotFoundError("wizard.no_answers")
    return replace(entry.draft_of_record(stored.record, 0), text=stored.text or "")


def _blank(request: Request) -> Draft:
    """Return an empty draft, of a company's own account with the company's name."""
    who = asker(request)
    own = {"name": who.organisation["ko"]} if who is not None and who.kind == "company" else {}
    return Draft(typed=own, year=today().year - 1)


def _problems(draft: Draft, step: str, lang: Lang) -> dict[str, str]:
    """Return what is wrong in a step, by fact; in the last one, of all of them."""
    _, problems = draft.facts(lang)
    wanted = set(FACTS) if step == "consent" else set(entry.names_of(step))
    return {name: sentence for name, sentence in problems.items() if name in wanted}


async def _doubts(request: Request, draft: Draft, lang: Lang) -> list[Warning]:
    """Return the doubts about the figures that nobody has settled yet."""
    facts, problems = draft.facts(lang)
    if problems:
        return []
    use = platform(request).companies
    try:
        record = await ask(request, use.entered_record, draft.entry(facts))
        found = await ask(request, use.doubts, record, None)
    except InputError:
        return []  # told where it is rated
    return [doubt for doubt in found if entry.doubt_key(doubt) not in draft.settled]


def _to(opened: Opened, step: str, **asked: str) -> RedirectResponse:
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
    return RedirectResponse(f"{opened.address}/{step}{'?' + query if query else ''}", status_code=303)


def _step(given: str) -> str:
    if given not in STEPS:
        raise NotFoundError("wizard.no_such_step")
    return given


def _business_number(given: str) -> str | None:
    try:
        return BusinessNumber.parse(given).digits if given.strip() else None
    except RefusedValueError:
        return None


def _next_question(given: Mapping[str, str]) -> str:
    """Return the question after the one that was sent, "" after the last or where all were sent at once."""
    names = entry.names_of("checklist")
    here = given.get("question", "")
    if here not in names or names.index(here) + 1 == len(names):
        return ""
    return names[names.index(here) + 1]


async def _show(
    request: Request,
    opened: Opened,
    step: str,
    *,
    told: bool = False,
    status: int = 200,
    words: str = "",
    doubts: list[Warning] | None = None,
    sentence: str = "",
    given: FormData | None = None,
    notes: Sequence[str] = (),
    **hidden: str,
) -> Response:
    lang, draft = language(request), opened.draft
    problems = _problems(draft, step, lang) if told else {}
    fields = {name: entry.field_of(draft, name, lang, problems.get(name, "")) for name in entry.names_of(step)}
    return page(
        request,
        f"wizard_{step}.html",
        status,
        say=lambda key, **params: text(f"wizard.{key}", lang, **params),
        opened=opened,
        draft=draft,
        step=step,
        steps=_progress(draft, step, lang),
        fields=fields,
        areas={area: _area(draft, area) for area in AREAS},
        statuses=entry.status_options(lang),
        may_review=isinstance(check(actor(request), "own:rating:review"), Allowed),
        may_collect=isinstance(check(actor(request), "own:company:edit"), Allowed),
        problems=problems,
        places={name: entry.step_of(name) for name in problems},
        labels_of={name: FACTS[name].label[lang] for name in problems},
        doubts=[(entry.doubt_key(doubt), doubt.text[lang]) for doubt in doubts or ()],
        sentence=sentence,
        notes=notes,
        hidden=hidden,
        **(await _of_step(request, opened, step, words, given)),
    )


async def _of_step(request: Request, opened: Opened, step: str, words: str, given: FormData | None) -> dict[str, Any]:
    """Return what only one step shows."""
    lang, draft = language(request), opened.draft
    if step == "who":
        found = industries_like(words, lang)[:_MOST_FOUND] if words else ()
        return {"words": words, "found": found, "industry": _industry(draft, lang)}
    if step == "figures":
        return {
            "grid": _grid(lang),
            "units": forms.unit_words(lang),
            "years": entry.years_offered(today()),
        }
    if step == "checklist":
        return _checklist(request, draft)
    if step == "technology":
        abroad = {name for name in entry.names_of(step) if FACTS[name].optional}
        return {"abroad": abroad, "abroad_open": any(draft.typed.get(name) for name in abroad)}
    if step == "consent":
        return await _last_step(request, opened, given)
    return {}


def _industry(draft: Draft, lang: Lang) -> str:
    """Return what the code typed is called, "" where it is none."""
    code = draft.typed.get("industry", "")
    found = industries_like(code, lang) if code else ()
    return found[0][1] if found else ""


def _grid(lang: Lang) -> list[dict[str, Any]]:
    """Return the statements' rows: a label, and a cell per year, None where nobody asks for that year."""
    items = load("company")["fields"]
    return [
        {
            "label": items[f"statements.{stem}"]["label"][lang],
            "help": items[f"statements.{stem}"]["description"][lang],
            "weighs": f"{stem}_krw_t0" in forms.weighty(),
            "cells": [backs.get(back) for back in range(3)],
        }
        for stem, backs in entry_sheet.statement_cells().items()
    ]


def _checklist(request: Request, draft: Draft) -> dict[str, Any]:
    names = entry.names_of("checklist")
    asked = request.query_params.get("question", "")
    open_ones = [name for name in names if not draft.typed.get(name)]
    here = asked if asked in names else (open_ones or names)[0]
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(load("checklist")["items"][name]["group"], []).append(name)
    return {
        "question": here,
        "number": names.index(here) + 1,
        "count": len(names),
        "before": names[names.index(here) - 1] if here != names[0] else "",
        "groups": [(load("checklist")["groups"][group][language(request)], of) for group, of in groups.items()],
        "answered": len(names) - len(open_ones),
        "short": {name: FACTS[name].label[language(request)] for name in names},
        "why": load("checklist")["items"][here]["rationale"][language(request)],
    }


async def _last_step(request: Request, opened: Opened, given: FormData | None) -> dict[str, Any]:
    """Return what the last step shows: what is still missing and weighs much, and whom to share with."""
    lang, draft, who = language(request), opened.draft, actor(request)
    use = platform(request).consents
    may_share = may_send(who) and isinstance(check(who, "own:consent:give"), Allowed)
    missing = [
        {"step": entry.step_of(name), "name": name, "label": FACTS[name].label[lang]}
        for name in FACTS
        if name in forms.weighty() and not draft.typed.get(name, "").strip()
    ]
    facts, problems = draft.facts(lang)
    doubts = await _doubts(request, draft, lang)
    return {
        "missing": missing,
        "count_known": sum(not FACTS[name].optional for name in facts),
        "count_all": sum(not spec.optional for spec in forms.asked()),
        "questions_open": sum(not draft.typed.get(name) for name in entry.names_of("checklist")),
        "open_problems": [
            {"step": entry.step_of(name), "name": name, "sentence": sentence} for name, sentence in problems.items()
        ],
        "open_doubts": [doubt.text[lang] for doubt in doubts],
        "may_share": may_share,
        "institutions": await ask(request, use.institutions) if may_share else (),
        "notice": (await ask(request, use.notice)).text[lang] if may_share else "",
        "consent_words": consent_words(lang),
        "given": texts(given) if given else {},
        "checked": {
            name: frozenset(str(one) for one in given.getlist(name)) if given else frozenset()
            for name in ("results", "inputs")
        },
    }


def _area(draft: Draft, area: str) -> dict[str, str]:
    mark = draft.marks.get(area)
    return {"status": mark.status if mark else "", "note": mark.note if mark else ""}


def _progress(draft: Draft, here: str, lang: Lang) -> list[dict[str, Any]]:
    """Return the five steps with how far each is."""
    steps = []
    for number, step in enumerate(STEPS, start=1):
        given, of = entry.known(draft, step)
        steps.append(
            {
                "name": step,
                "number": number,
                "title": text(f"wizard.step_{step}", lang),
                "here": step == here,
                "seen": step in draft.seen,
                "given": given,
                "of": of,
                "wrong": step in draft.seen and step != here and bool(_problems(draft, step, lang)) and of > 0,
            }
        )
    return steps
