"""Models and their versions: what is in force, who decided so, each version's card, and drift."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from ktop.catalogue import message, text
from ktop.domain.party.permission import Allowed, check
from ktop.kernel.errors import ConflictError, InputError, KtopError, NotFoundError
from ktop.report.present import models as present
from ktop.usecases.models.originality import NAME as ORIGINALITY
from ktop.web import tables
from ktop.web.asking import actor, ask, platform
from ktop.web.language import language
from ktop.web.pages.common import posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,39}")


@router.get("/models")
async def models(request: Request) -> Response:
    """List every version with its state and last drift verdict, and the log of changes."""
    lang, use = language(request), platform(request)
    cards = await ask(request, use.models.model_cards)
    reports = await ask(request, use.models.drift_reports)
    column, say = tables.Column[present.VersionRow], functools.partial(_say, lang=lang)
    columns = [
        column("model", say("col_model"), lambda one: one.title, "choice"),
        column(
            "version", say("col_version"), lambda one: one.version, href=lambda one: f"/models/{one.name}/{one.version}"
        ),
        column("trained", say("col_trained_on"), lambda one: one.trained_on),
        column("origin", say("col_origin"), lambda one: one.origin, "choice"),
        column("force", say("col_in_force"), lambda one: one.in_force, "choice"),
        column("drift", say("col_drift"), lambda one: one.drift, "choice", tone=lambda one: one.tone),
    ]
    table = tables.listed(request, "models", say("versions_title"), columns, present.version_rows(cards, reports, lang))
    return tables.file_of(request, table) or page(
        request,
        "models.html",
        say=say,
        table=table,
        log=present.log_table(await ask(request, use.models.model_history), lang),
    )


@router.get("/models/{name}/{version}")
async def model(request: Request, name: str, version: str) -> Response:
    """Show one version: its card, its figures on firms it never saw, and the last measurement of drift."""
    return await _version(request, name, version)


@router.post("/models/{name}/{version}/promotion")
async def promote(request: Request, name: str, version: str) -> Response:
    """Put a version in force."""
    at = _address(name, version)
    form = await posted(request, at)
    why, comparison = str(form.get("why", "")), form.get("comparison")
    content = await comparison.read() if isinstance(comparison, UploadFile) and comparison.filename else None
    try:
        use = platform(request).models
        await ask(request, use.promote, name, version, why=why, evidence=content, anyway="anyway" in form)
    except (InputError, ConflictError) as error:
        return await _version(request, name, version, error, why)
    return RedirectResponse(at, status_code=303)


@router.post("/models/{name}/{version}/rollback")
async def roll_back(request: Request, name: str, version: str) -> Response:
    """Put the version in force again that was before this one."""
    at = _address(name, version)
    why = texts(await posted(request, at)).get("why", "")
    try:
        event = await ask(request, platform(request).models.rollback, name, why=why, expected=version)
    except (InputError, ConflictError) as error:
        return await _version(request, name, version, error, why)
    return RedirectResponse(_address(name, event["version"]), status_code=303)


@router.post("/models/{name}/{version}/drift")
async def measure_drift(request: Request, name: str, version: str) -> Response:
    """Have drift of one version measured over the ratings kept, by a job."""
    await posted(request, _address(name, version))
    await ask(request, platform(request).models.model_card, name, version)
    job = await ask(request, platform(request).jobs.give, "models.drift", {"name": f"{name}@{version}"})
    return RedirectResponse(f"/jobs/{job.id}?follow=1", status_code=303)


def _address(name: str, version: str) -> str:
    """Return where the page of a version is; raises ``NotFoundError`` for what cannot be one."""
    if not _NAME.fullmatch(name) or not _NAME.fullmatch(version):
        raise NotFoundError("models.no_such_model", name=name[:40])
    return f"/models/{name}/{version}"


async def _version(
    request: Request, name: str, version: str, error: KtopError | None = None, why: str = ""
) -> Response:
    at, lang, use = _address(name, version), language(request), platform(request)
    card = await ask(request, use.models.model_card, name, version)
    reports = await ask(request, use.models.drift_reports)
    found = [r for r in reports if (r["model"]["name"], r["model"]["version"]) == (name, version)]
    decides = isinstance(check(actor(request), "platform:model:manage"), Allowed)
    return page(
        request,
        "model.html",
        error.http_status if error else 200,
        say=functools.partial(_say, lang=lang),
        card=present.card_view(card, lang),
        drift=present.drift_view(found[0], lang) if found else None,
        decision=await _decision(request, card) if decides else None,
        at=at,
        why=why,
        problem=message(error, lang) if error else "",
    )


async def _decision(request: Request, card: Mapping[str, Any]) -> Mapping[str, str] | None:
    """Return what an operator may do with a version: put it in force instead of another, or go back behind it."""
    if card["name"] == ORIGINALITY:
        return None  # its versions come with the program, and a corpus is measured for one
    if card["champion"]:
        return {"does": "rollback", "before": card.get("before") or ""}
    cards = await ask(request, platform(request).models.model_cards)
    now = next((one["version"] for one in cards if one["name"] == card["name"] and one["champion"]), "–")
    return {"does": "promotion", "now": now}


def _say(key: str, *, lang: str, **params: object) -> str:
    return text(f"lifecycle.{key}", "en" if lang == "en" else "ko", **params)
