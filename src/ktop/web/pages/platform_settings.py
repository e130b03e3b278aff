"""What is in force in this installation, and its health: for the operator, without a secret."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import text
from ktop.usecases.operations.interface import SettingInForce
from ktop.web import tables
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_TONES = {"good": "good", "warning": "warn", "bad": "bad"}


@router.get("/settings")
async def settings(request: Request) -> Response:
    """Show what the doctor finds, and every setting."""
    lang, use = language(request), platform(request).operations
    column = tables.Column[SettingInForce]

    def variable(one: SettingInForce) -> str:
        return text("desk.settings_variable", lang, name=one.variable)

    def value(one: SettingInForce) -> str:
        if one.secret or not one.set:
            return text("desk.settings_set" if one.set else "desk.settings_unset", lang)
        return one.value or ""

    columns = [
        column(
            "name",
            text("desk.settings_name", lang),
            variable,
        ),
        column("value", text("desk.settings_value", lang), value, long=True),
        column(
            "changed",
            text("desk.settings_default", lang),
            lambda one: "changed" if one.changed else "as_is",
            "choice",
            shown=lambda how: text(f"desk.settings_{how}", lang),
        ),
        column("about", text("desk.settings_about", lang), lambda one: one.about[lang], long=True),
    ]
    found = await ask(request, use.settings_in_force)
    table = tables.listed(request, "settings", text("desk.settings_list", lang), columns, found)
    if file := tables.file_of(request, table):
        return file
    findings = [
        (text(one.key, lang, **one.values), text(f"desk.state_{one.state}", lang), _TONES[one.state])
        for one in await ask(request, use.doctor)
    ]
    return page(request, "platform_settings.html", table=table, findings=findings)
