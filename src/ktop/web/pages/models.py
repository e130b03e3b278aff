"""Models and their versions: what is in force, who decided so, each version's card, and drift."""

from __future__ import annotations

import functools
import re

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import text
from ktop.kernel.errors import NotFoundError
from ktop.report.present import models as present
from ktop.web import tables
from ktop.web.asking import ask, platform
from ktop.web.language import language
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
    if not _NAME.fullmatch(name) or not _NAME.fullmatch(version):
        raise NotFoundError("models.no_such_model", name=name[:40])
    lang, use = language(request), platform(request)
    card = await ask(request, use.models.model_card, name, version)
    reports = await ask(request, use.models.drift_reports)
    found = [r for r in reports if (r["model"]["name"], r["model"]["version"]) == (name, version)]
    return page(
        request,
        "model.html",
        say=functools.partial(_say, lang=lang),
        card=present.card_view(card, lang),
        drift=present.drift_view(found[0], lang) if found else None,
    )


def _say(key: str, *, lang: str, **params: object) -> str:
    return text(f"lifecycle.{key}", "en" if lang == "en" else "ko", **params)
