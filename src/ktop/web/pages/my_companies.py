"""My companies: what an organisation keeps of companies, the results of each with what changed, name, note, archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, message, text
from ktop.domain.values.registration_numbers import BusinessNumber
from ktop.kernel.errors import ChangedError, InputError, UnavailableError
from ktop.kernel.paging import Page
from ktop.report import labels, numbers
from ktop.report.present.what_if import changes_between, inputs_between, versions_between
from ktop.usecases.portfolio.interface import KeptCompany
from ktop.usecases.rate.interface import KeptResult, StoredRating
from ktop.web import tables
from ktop.web.asking import ask, asker, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts, version_typed
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_RESULTS = 10


@router.get("/my/companies")
async def companies(request: Request) -> Response:
    """List kept companies."""
    lang, said = language(request), say(language(request))
    drafts = tables.switch(request, "drafts", said("only_drafts"))
    away = tables.switch(request, "away", said("put_away"))
    found = await ask(
        request,
        tables.window,
        platform(request).portfolio.kept_companies,
        tables.after_of(request),
        search=tables.search_of(request),
        archived=away.on,
        only_drafts=drafts.on,
    )
    rows = await listed_companies(request, found.items)
    table = tables.listed(
        request,
        "companies",
        said("my_title"),
        _columns(rows, lang),
        Page(rows, found.after),
        switches=(drafts, away),
        searched=True,
        search_help=said("search"),
    )
    return tables.file_of(request, table) or page(request, "my_companies.html", say=said, table=table)


@router.get("/my/companies/{kept_id}")
async def company(request: Request, kept_id: str, after: str | None = None) -> Response:
    """Show one company: its results with what changed, the versions of its record, its name and note."""
    return await _company(request, identifier(kept_id), after=after)


@router.post("/my/companies/{kept_id}")
async def described(request: Request, kept_id: str) -> Response:
    """Keep a company's name and note, put it away or bring it back."""
    form = texts(await posted(request, f"/my/companies/{identifier(kept_id)}"))
    try:
        await ask(
            request,
            platform(request).portfolio.edit_company,
            kept_id,
            version_typed(form.get("version")) or 0,
            name=form.get("name", ""),
            note=form.get("note", ""),
            archived=form.get("archived") == "1",
        )
    except (InputError, ChangedError) as error:
        sentence = message(error, language(request))
        return await _company(request, kept_id, sentence, error.http_status, given=form)
    return RedirectResponse("/my/companies", status_code=303)


@router.post("/my/companies/{kept_id}/rate")
async def rated(request: Request, kept_id: str) -> Response:
    """Rate what is known of a company now, with its technology where it has one."""
    await posted(request, f"/my/companies/{identifier(kept_id)}")
    use = platform(request).portfolio
    try:
        technologies = await ask(request, use.kept_technologies, company=kept_id, limit=1)
        technology = next((one.id for one in technologies.items), None)
        stored = await ask(request, use.rate_kept_company, kept_id, None, technology)
    except (InputError, UnavailableError) as error:
        return await _company(request, kept_id, message(error, language(request)), error.http_status)
    return RedirectResponse(f"/ratings/{stored.id}", status_code=303)


@dataclass(frozen=True, slots=True)
class Listed:
    """A company as its list shows it: with its newest result, whether it is being entered, and what to do next."""

    company: KeptCompany
    draft: bool
    newest: KeptResult | None

    @property
    def next(self) -> tuple[str, str]:
        """The key of what to do next, and where."""
        if self.draft:
            return "next_draft", f"/my/companies/{self.company.id}/enter"
        if self.newest is None:
            return "next_rate", f"/my/companies/{self.company.id}"
        return "next_steps", f"/ratings/{self.newest.id}"


async def listed_companies(request: Request, found: Sequence[KeptCompany]) -> list[Listed]:
    """Return kept companies with what lists show beside them."""
    use, ids = platform(request), [one.id for one in found]
    drafts = await ask(request, use.portfolio.drafts_among, ids)
    newest = await ask(request, use.ratings.newest_results, ids)
    return [Listed(one, one.id in drafts, newest.get(one.id)) for one in found]


def _columns(rows: Sequence[Listed], lang: Lang) -> list[tables.Column[Listed]]:
    column, said = tables.Column[Listed], say(lang)
    models = dict.fromkeys(
        name for row in rows if row.newest for name, value in row.newest.figures.items() if value is not None
    )

    def figure(model: str) -> tables.Column[Listed]:
        label, name = text(f"kept.column_{model}", lang), model.replace("-", "_")
        return column(name, label, lambda row: row.newest.figures.get(model) if row.newest else None, "number")

    return [
        column(
            "name",
            said("column_company"),
            lambda row: said("nameless") if row.company.name == "–" else name_shown(row.company, lang),
            href=lambda row: f"/my/companies/{row.company.id}",
            note=lambda row: row.company.note,
        ),
        column("number", said("column_number"), lambda row: number_shown(row.company.business_number)),
        *(figure(model) for model in models),
        column("as_of", said("column_as_of"), lambda row: row.newest.as_of if row.newest else None, "day"),
        column(
            "next", said("column_next"), lambda row: row.next[0], "choice", href=lambda row: row.next[1], shown=said
        ),
        column("changed", said("column_changed"), lambda row: row.company.changed, "moment"),
    ]


def say(lang: Lang) -> Any:
    """Return what tells a text of ``messages/wizard.yaml``."""
    return lambda key, **params: text(f"wizard.{key}", lang, **params)


def name_shown(company: KeptCompany, lang: Lang) -> str:
    """Return a kept company's name in the language of the page, as far as it is known."""
    return labels.company(company.name, lang, company.name_en)


def number_shown(number: str | None) -> str:
    """Return a business number as people write it."""
    return BusinessNumber.parse(number).formatted if number else ""


def figures_line(result: KeptResult, lang: Lang) -> str:
    """Return the headlines of a result in one line."""
    shown = []
    for name, value in result.figures.items():
        if value is not None:
            figure = numbers.figure(value, lang, 1) if isinstance(value, float | int) else value
            shown.append(f"{text(f'kept.column_{name}', lang)} {figure}")
    return " · ".join(shown)


async def _company(
    request: Request,
    kept_id: str,
    problem: str = "",
    status: int = 200,
    after: str | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    lang, use = language(request), platform(request)
    kept = await ask(request, use.portfolio.kept_company, kept_id)
    records = await ask(request, use.portfolio.records_of, kept_id)
    found = await ask(
        request, use.ratings.results, archived=None, company=kept_id, limit=_RESULTS + 1, after=after or None
    )
    stored = [await ask(request, use.ratings.rating, one.id) for one in found.items]
    technologies = await ask(request, use.portfolio.kept_technologies, company=kept_id)
    draft = next((one for one in records if one.draft), None)
    more = len(found.items) > _RESULTS
    return page(
        request,
        "my_company.html",
        status,
        say=say(lang),
        company=kept,
        number=number_shown(kept.business_number),
        draft=numbers.moment(draft.known_at, lang) if draft else "",
        versions=[
            {"number": one.number, "moment": numbers.moment(one.known_at, lang), "by": _by(request, one.given_by, lang)}
            for one in records
            if not one.draft
        ],
        history=[
            _past(result, stored[place], stored[place + 1] if place + 1 < len(stored) else None, lang)
            for place, result in enumerate(found.items[:_RESULTS])
        ],
        older=f"?{urlencode({'after': found.after})}" if more and found.after else "",
        technologies=technologies.items,
        words={"name": kept.name, "note": kept.note} | {n: (given or {})[n] for n in ("name", "note") if given},
        problem=problem,
    )


def _by(request: Request, user: str, lang: Lang) -> str:
    """Return who gave something: oneself by name, others of the organisation as such."""
    who = asker(request)
    if who is not None and who.actor.user == user:
        return who.name
    return text("wizard.by_owner" if user == "local-owner" else "wizard.by_colleague", lang)


def _past(result: KeptResult, now: StoredRating, before: StoredRating | None, lang: Lang) -> dict[str, Any]:
    """Return one result of a history, with what changed since the one before and why."""
    shown = {
        "id": result.id,
        "as_of": numbers.day(result.as_of, lang),
        "made": numbers.moment(result.created, lang),
        "figures": figures_line(result, lang),
        "first": before is None,
    }
    if before is None:
        return shown | {"moved": (), "inputs": (), "models": ""}
    moved = [change for change in changes_between(before.ratings, now.ratings, lang) if change.difference]
    return shown | {
        "moved": moved,
        "inputs": inputs_between(before.ratings, now.ratings, lang),
        "models": versions_between(before.ratings, now.ratings),
    }
