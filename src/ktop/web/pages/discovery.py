"""Being found and finding: a company decides what it shows to whom, institutions search, both see what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, load, message, text
from ktop.domain.company.classification import cell_labels
from ktop.domain.party.discovery import ALIKE, FINDERS, GRADED, OptIn, Profile, Wanted, bands
from ktop.domain.party.permission import Allowed, check
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.number import Number
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, InputError, NotFoundError
from ktop.kernel.paging import Page
from ktop.report import labels, numbers
from ktop.usecases.discovery.interface import ContactCard, FoundFirm
from ktop.web import tables
from ktop.web.asking import actor, ask, platform
from ktop.web.language import language
from ktop.web.pages.common import day, identifier, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
#: Parts of the profile, in the order of the page.
_PARTS = ("business", "growth", "risk", "index_score", "industry", "size", "age_band", "region", "model")
#: What a search may ask for, as its form and its address call it.
_WANTED = (
    "index_score",
    "business",
    "growth",
    "risk",
    "industry",
    "region",
    "size",
    "age_band",
    "words",
    "model",
    "like",
)
_PEERS = {"industry": "industry_group", "size": "size", "age_band": "age_band"}


@router.get("/discovery")
async def discovery(request: Request, after: str | None = None) -> Response:
    """Show a company what it lets be found, an institution a search."""
    return await _page(request, after=after)


@router.post("/discovery")
async def opt_in(request: Request) -> Response:
    """Let the company be found."""
    form = await posted(request)
    fields = texts(form)
    try:
        until = day(fields.get("until")) or today() + timedelta(days=365)
        to = frozenset(value for value in form.getlist("to") if isinstance(value, str))
        anonymous = fields.get("named") != "1"
        hidden = frozenset(value for value in form.getlist("hidden") if isinstance(value, str))
        rating = identifier(fields.get("rating") or None)
        given = OptIn(rating, to, anonymous, fields.get("words", ""), until, hidden)
        await ask(request, platform(request).discovery.opt_in, given)
    except (InputError, NotFoundError) as error:
        return await _page(request, message(error, language(request)), error.http_status)
    return _back()


@router.post("/discovery/out")
async def opt_out(request: Request) -> Response:
    """Take the company out."""
    await posted(request, "/discovery")
    await ask(request, platform(request).discovery.opt_out)
    return _back()


@router.post("/discovery/contacts/{contact_id}")
async def answer(request: Request, contact_id: str) -> Response:
    """Accept or decline a request for contact."""
    form = await posted(request, "/discovery")
    accept = form.get("answer") == "accept"
    try:
        await ask(request, platform(request).discovery.answer_contact, identifier(contact_id), accept=accept)
    except ConflictError as error:
        return await _page(request, message(error, language(request)), error.http_status)
    return _back()


@router.post("/discovery/searches")
async def save_search(request: Request) -> Response:
    """Keep a search."""
    fields = texts(await posted(request, "/discovery"))
    try:
        await ask(request, platform(request).discovery.save_search, fields.get("name", ""), _wanted(fields))
    except (InputError, ConflictError) as error:
        return await _page(request, message(error, language(request)), error.http_status)
    return _back()


@router.post("/discovery/searches/{search_id}/new")
async def new_finds(request: Request, search_id: str) -> Response:
    """Show what a kept search found since this was last asked."""
    await posted(request, "/discovery")
    found = await ask(request, platform(request).discovery.new_finds, identifier(search_id))
    return await _page(request, new=found)


@router.post("/discovery/searches/{search_id}/delete")
async def forget_search(request: Request, search_id: str) -> Response:
    """Keep a search no more."""
    await posted(request, "/discovery")
    await ask(request, platform(request).discovery.forget_search, identifier(search_id))
    return _back()


@router.get("/discovery/{card_id}")
async def opened(request: Request, card_id: str) -> Response:
    """Open one company that was found."""
    return await _opened(request, identifier(card_id))


@router.post("/discovery/{card_id}/contact")
async def contact(request: Request, card_id: str) -> Response:
    """Ask it for contact."""
    form = await posted(request, f"/discovery/{identifier(card_id)}")
    said = texts(form).get("message", "")
    try:
        await ask(request, platform(request).discovery.ask_contact, card_id, said)
    except (InputError, ConflictError) as error:
        return await _opened(request, card_id, message(error, language(request)), error.http_status, said)
    return _back()


def _back() -> RedirectResponse:
    return RedirectResponse("/discovery", status_code=303)


async def _page(
    request: Request,
    problem: str = "",
    status: int = 200,
    after: str | None = None,
    new: Sequence[FoundFirm] | None = None,
) -> Response:
    lang, who, use = language(request), actor(request), platform(request).discovery
    may_find = isinstance(check(who, "granted:discovery:read"), Allowed)
    is_company = isinstance(check(who, "own:ledger:read"), Allowed) and not may_find
    shown: dict[str, Any] = {"table": None, "asked": {}, "own": None, "looks": (), "ratings": (), "searches": ()}
    if new is not None:
        shown["table"] = _table(request, new, {})
    if may_find:
        asked = dict(request.query_params)
        shown["asked"] = asked
        shown["searches"] = [
            {"id": one.id, "name": one.name, "new": one.new, "query": _query(one.wanted)}
            for one in await ask(request, use.saved_searches)
        ]
        if {*asked} & {*_WANTED}:
            try:
                found = await ask(request, use.search, _wanted(asked), after=after)
                shown["table"] = _table(request, found, asked)
                if file := tables.file_of(request, shown["table"]):
                    return file
            except InputError as error:
                problem, status = message(error, lang), error.http_status
    if is_company:
        card = await ask(request, use.own_card)
        kept = await ask(request, platform(request).ratings.results, kind="company", of_itself=True, limit=50)
        looks = await ask(request, use.looks, limit=20)
        shown["own"] = card and {
            "sentence": _state(card.opt_in, lang),
            "profile": profile_rows(card.profile, lang),
            "anonymous": card.opt_in.anonymous,
            "opt_in": card.opt_in,
        }
        shown["ratings"] = [
            (one.id, f"{one.title or labels.company(one.name, lang, one.name_en)} ({numbers.day(one.as_of, lang)})")
            for one in kept.items
        ]
        shown["looks"] = [
            (numbers.moment(look.at, lang), look.viewer.name[lang], text(f"discovery.way_{look.way}", lang))
            for look in looks.items
        ]
    contacts = [_contact(one, lang) for one in (await ask(request, use.contacts) if may_find or is_company else ())]
    return page(
        request,
        "discovery.html",
        status,
        is_company=is_company,
        may_find=may_find,
        may_decide=isinstance(check(who, "own:consent:give"), Allowed),
        choices=_choices(lang),
        parts_of_profile=[(name, text(f"discovery.field_{name}", lang)) for name in _PARTS],
        finders=[(kind, text(f"discovery.to_{kind}", lang)) for kind in FINDERS],
        alike=ALIKE,
        wanted=_WANTED,
        may_request=isinstance(check(who, "granted:consent:request"), Allowed),
        contacts=contacts,
        waits=any(one["open"] for one in contacts),  # what waits for an answer stands before the long form
        problem=problem,
        **shown,
    )


async def _opened(request: Request, card_id: str, problem: str = "", status: int = 200, said: str = "") -> Response:
    lang = language(request)
    firm = await ask(request, platform(request).discovery.open_found, card_id)
    return page(
        request,
        "discovery_firm.html",
        status,
        row=_row(firm, lang),
        number=firm.company.business_number if firm.company else None,
        profile=profile_rows(firm.profile, lang),
        problem=problem,
        said=said,
    )


def _wanted(asked: dict[str, str]) -> Wanted:
    try:
        index = Number(0, 100).parse(asked.get("index_score"))
    except RefusedValueError as refusal:
        raise refusal.at({"ko": "혁신성장역량지수", "en": "Tech-Index"}) from None
    return Wanted(index_score=index, **{name: asked.get(name, "") for name in _WANTED if name != "index_score"})


def _query(wanted: Wanted) -> str:
    return urlencode({name: value for name, value in asdict(wanted).items() if value not in ("", None)})


def profile_rows(profile: Profile, lang: Lang) -> list[tuple[str, str]]:
    """Return what is shown of a company as label and value."""
    regions = load("regions")["regions"]
    index = None if profile.index_score is None else f"{profile.index_score:.0f}+"
    values = {
        **{name: getattr(profile, name) for name in ("business", "growth", "risk")},
        "index_score": index,
        **{name: _word(name, getattr(profile, name), lang) for name in _PEERS},
        "region": regions[profile.region][lang] if profile.region in regions else profile.region,
        "model": _model(profile.model, lang),
    }
    return [(text(f"discovery.field_{name}", lang), value or numbers.missing(lang)) for name, value in values.items()]


def _word(name: str, value: str, lang: Lang) -> str:
    labels = cell_labels(_PEERS[name])
    return labels[value][lang] if value in labels else value


def _model(name: str, lang: Lang) -> str:
    return text(f"discovery.model_{name.replace('-', '_')}", lang) if name in GRADED else name


def _choices(lang: Lang) -> list[tuple[str, list[tuple[str, str]]]]:
    grades = [
        (name, [(band, text("discovery.or_better", lang, grade=band)) for band in bands(name)])
        for name in ("business", "growth", "risk")
    ]
    peers = [(name, [(key, label[lang]) for key, label in cell_labels(fact).items()]) for name, fact in _PEERS.items()]
    regions = [(key, label[lang]) for key, label in load("regions")["regions"].items()]
    models = [(name, _model(name, lang)) for name in GRADED]
    return [*grades, *peers, ("region", regions), ("model", models)]


def _table(
    request: Request, found: Sequence[FoundFirm] | Page[FoundFirm], asked: Mapping[str, str]
) -> tables.Table[FoundFirm]:
    """Return the firms that were found, as all lists are shown. One page of the search at a time: every firm on it is
    told that it was found, so none is read that is not shown."""
    lang, column = language(request), tables.Column[FoundFirm]

    def of(name: str) -> tables.Column[FoundFirm]:
        place, label = _PARTS.index(name), text(f"discovery.field_{name}", lang)
        if name == "index_score":
            least = column(name, label, lambda firm: firm.profile.index_score, "number")
            return replace(least, shown=lambda score: numbers.missing(lang) if score is None else f"{score:.0f}+")
        if name not in ("business", "growth", "risk"):
            return column(name, label, lambda firm: profile_rows(firm.profile, lang)[place][1], "choice")
        best_first = bands(name)

        def rank(firm: FoundFirm) -> int | None:
            band = getattr(firm.profile, name)
            return best_first.index(band) if band in best_first else None

        return column(
            name, label, rank, "choice", shown=lambda at: numbers.missing(lang) if at is None else best_first[at]
        )

    columns = [
        column(
            "company",
            text("discovery.column_company", lang),
            lambda firm: _row(firm, lang)["name"],
            href=lambda firm: f"/discovery/{firm.id}",
            note=lambda firm: " · ".join(filter(None, (text("discovery.near", lang) * firm.near, firm.said))),
            long=True,
        ),
        *(of(name) for name in _PARTS),
    ]
    title = text("discovery.found_title", lang)
    beside = {name: value for name, value in asked.items() if name in _WANTED}
    table = tables.listed(request, "discovery", title, columns, found, beside=beside)
    return replace(table, older_words=text("discovery.more", lang))


def _row(firm: FoundFirm, lang: Lang) -> dict[str, Any]:
    name = firm.company.name[lang] if firm.company else text("discovery.without_name", lang)
    values = [value for _, value in profile_rows(firm.profile, lang)]
    return {"id": firm.id, "name": name, "said": firm.said, "values": values}


def _state(given: OptIn, lang: Lang) -> str:
    to = ", ".join(text(f"discovery.to_{kind}", lang) for kind in FINDERS if kind in given.to)
    how = text("discovery.how_anonymous" if given.anonymous else "discovery.how_named", lang)
    return text("discovery.state_on", lang, until=numbers.day(given.until, lang), to=to, how=how)


def _contact(one: ContactCard, lang: Lang) -> dict[str, Any]:
    return {
        "id": one.id,
        "who": one.asker.name[lang],
        "company": one.company.name[lang] if one.company else text("discovery.without_name", lang),
        "yours": one.yours,
        "number": one.company.business_number if one.company and not one.yours and one.state == "accepted" else None,
        "open": one.yours and one.state == "asked",
        "message": one.message,
        "state": text(f"discovery.contact_{one.state}", lang),
        "asked": numbers.moment(one.asked, lang),
    }
