"""Reviews: what evaluators say of results, grades of people beside those of models, and what waits for a second one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ktop.catalogue import Lang, load, message, text
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.party.permission import Allowed, check
from ktop.kernel.errors import KtopError
from ktop.report import labels, numbers
from ktop.usecases.rate.interface import StoredRating
from ktop.usecases.reviews.interface import Review
from ktop.web import tables
from ktop.web.asking import actor, ask, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)

#: So many items are named as what to check where the tracks of a model differ.
_ITEMS_TO_CHECK = 5
#: Fields of the forms that keep what was typed.
_TYPED = ("said", "rating", "grade", "wanted", "reason")


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a result for those who may review it: overrides in words, and whether they count."""

    rating: str
    sentences: Sequence[tuple[str, bool]]


async def reviews_of(request: Request, stored: StoredRating, lang: Lang) -> Beside | None:
    """Return what people say of a result's grades, None for whoever may not review it."""
    who = actor(request)
    if who == LOCAL_OWNER or not isinstance(check(who, "own:rating:review"), Allowed):
        return None
    found = await ask(request, platform(request).reviews.of_rating, stored.id)
    told = [
        (_beside("beside" if one.state == "confirmed" else "beside_proposed", one, lang), one.state == "confirmed")
        for one in found.reviews
        if one.state in ("confirmed", "proposed")
    ]
    return Beside(stored.id, told)


def _beside(key: str, one: Review, lang: Lang) -> str:
    said = {"grade": labels.word("grade", one.grade, lang), "wanted": one.wanted, "given": one.given}
    return text(f"reviews.{key}", lang, **said, **({"reason": one.reason} if key == "beside" else {}))


@router.get("/reviews")
async def desk(request: Request) -> Response:
    """Show what waits for a second pair of eyes."""
    lang = language(request)
    waiting = await ask(request, platform(request).reviews.waiting)
    column = tables.Column[Review]
    columns = [
        column(
            "what",
            text("reviews.col_what", lang),
            lambda one: _row(one, lang)["what"],
            href=lambda one: f"/ratings/{one.rating}/review",
        ),
        column("who", text("reviews.col_who", lang), lambda one: labels.person(one.made_by, lang), "choice"),
        column("reason", text("reviews.col_reason", lang), lambda one: one.reason, long=True),
        column("when", text("reviews.col_when", lang), lambda one: one.created, "moment"),
        column(
            "mine",
            text("reviews.col_state", lang),
            lambda one: "mine" if one.mine else "yours",
            "choice",
            shown=lambda whose: text(f"reviews.waits_{whose}", lang),
            tone=lambda one: "" if one.mine else "warn",
        ),
    ]
    table = tables.listed(request, "reviews", text("reviews.waiting", lang), columns, waiting)
    return tables.file_of(request, table) or page(request, "reviews.html", table=table)


@router.get("/ratings/{rating_id}/review")
async def review(request: Request, rating_id: str) -> Response:
    """Show what is said of a result, where its tracks differ, and the forms to comment and to override."""
    return await _page(request, identifier(rating_id))


@router.post("/ratings/{rating_id}/review")
async def commented(request: Request, rating_id: str) -> Response:
    """Keep a comment."""
    form = texts(await posted(request, f"/ratings/{identifier(rating_id)}/review"))
    try:
        await ask(request, platform(request).reviews.comment, rating_id, form.get("said", ""))
    except KtopError as error:
        return await _page(request, rating_id, error, form)
    return RedirectResponse(f"/ratings/{rating_id}/review", status_code=303)


@router.post("/ratings/{rating_id}/override")
async def overridden(request: Request, rating_id: str) -> Response:
    """Propose a grade beside a model's."""
    form = texts(await posted(request, f"/ratings/{identifier(rating_id)}/review"))
    model, _, grade = form.get("grade", "").partition("/")
    wanted = form.get("wanted", "")
    try:
        await ask(
            request,
            platform(request).reviews.propose_override,
            rating_id,
            model=model,
            grade=grade,
            wanted=wanted,
            reason=form.get("reason", ""),
        )
    except KtopError as error:
        return await _page(request, rating_id, error, form)
    return RedirectResponse(f"/ratings/{rating_id}/review", status_code=303)


@router.post("/reviews/{review_id}")
async def decided(request: Request, review_id: str) -> Response:
    """Say the second person's word."""
    form = texts(await posted(request, "/reviews"))
    use, rating_id = platform(request).reviews, form.get("rating", "")
    try:
        agree = form.get("answer") == "agree"
        done = await ask(request, use.decide, identifier(review_id), agree=agree, said=form.get("said", ""))
    except KtopError as error:
        if not rating_id:
            raise
        return await _page(request, identifier(rating_id), error, form)
    return RedirectResponse(f"/ratings/{done.rating}/review", status_code=303)


async def _page(
    request: Request, rating_id: str, error: KtopError | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    lang = language(request)
    stored = await ask(request, platform(request).ratings.rating, rating_id)
    found = await ask(request, platform(request).reviews.of_rating, rating_id)
    graded = [
        (f"{rating['model']['name']}/{name}", f"{labels.word('grade', name, lang)} ({given})")
        for rating in stored.ratings
        for name, given in rating["grades"].items()
        if name in load("grades")["ladders"]
    ]
    ladders = load("grades")["ladders"]
    names = list(dict.fromkeys(key.partition("/")[2] for key, _ in graded))
    return page(
        request,
        "review.html",
        200 if error is None else error.http_status,
        rating_id=rating_id,
        subject=stored.ratings[0]["subject"].get("name") or stored.ratings[0]["subject"].get("title") or "",
        rows=[_row(one, lang) for one in found.reviews],
        graded=graded,
        wanted=[(ladders[name]["label"][lang], ladders[name]["symbols"]) for name in names],
        apart=[line for rating in stored.ratings for line in _apart(rating, lang)],
        tracked=any(rating["details"].get("tracks") for rating in stored.ratings),
        typed=dict.fromkeys(_TYPED, "") | dict(typed or {}),
        problem="" if error is None else message(error, lang),
    )


def _row(one: Review, lang: Lang) -> dict[str, Any]:
    grade = labels.word("grade", one.grade, lang) if one.grade else ""
    said = {"grade": grade, "given": one.given, "wanted": one.wanted}
    return {
        "id": one.id,
        "rating": one.rating,
        "when": numbers.moment(one.created, lang),
        "who": labels.person(one.made_by, lang),
        "what": text("reviews.change", lang, **said) if one.grade else text("reviews.kind_comment", lang),
        "reason": one.reason,
        "state": text(f"reviews.state_{one.state}", lang),
        "decision": text("reviews.decided", lang, who=labels.person(one.decided_by or "", lang), said=one.decision)
        if one.decision
        else "",
        "waits": one.state == "proposed",
        "mine": one.mine,
    }


def _apart(rating: Mapping[str, Any], lang: Lang) -> list[tuple[str, str]]:
    """Return where the tracks of a rating are far apart, and which values moved that score most."""
    from ktop.domain.review.override import TRACKS_APART, tracks_apart

    told = []
    for grade, notches in tracks_apart(rating).items():
        if notches < TRACKS_APART:
            continue
        tracks = rating["details"]["tracks"][grade]
        parts = sorted(
            (part for part in rating["contributions"] if part["score"] == grade), key=lambda part: -abs(part["points"])
        )
        items = ", ".join(
            labels.indicator(rating["model"]["name"], part["indicator"], lang) for part in parts[:_ITEMS_TO_CHECK]
        )
        words = {"grade": labels.word("grade", grade, lang), "notches": str(notches)}
        said = text("reviews.apart", lang, statistics=tracks.get("statistics"), ai=tracks.get("ai"), **words)
        told.append((said, text("reviews.apart_check", lang, items=items) if items else ""))
    return told
