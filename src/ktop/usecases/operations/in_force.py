"""The settings of an installation as an operator may see them: everything but what is secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import make_url

from ktop.catalogue import LocalText, load
from ktop.kernel.settings import Settings
from ktop.usecases.operations.interface import SettingInForce


def settings_in_force(settings: Settings) -> Sequence[SettingInForce]:
    """Return every setting in the order of its declaration; a secret is told as set or not.

    A setting is a secret where it is kept out of the settings' own text form (``repr=False``).
    """
    korean = load("settings")
    told = []
    for name, field in Settings.model_fields.items():
        value, secret = getattr(settings, name), field.repr is False
        about: LocalText = {"ko": korean[name], "en": field.description or ""}
        is_set, changed = value not in (None, ""), value != field.default
        shown = None if secret or not is_set else _shown(name, value)
        told.append(SettingInForce(name.upper(), shown, secret, is_set, changed, about))
    return told


def _shown(name: str, value: Any) -> str:
    if name.startswith("database_"):  # the address may hold a password
        address = make_url(value)
        address = address.difference_update_query([name for name in address.query if "password" in name])
        return address.render_as_string(hide_password=True)
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
