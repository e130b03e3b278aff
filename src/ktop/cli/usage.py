"""A wrongly typed command, told in the user's language instead of the framework's English.

The framework keeps its error classes private, so they are told apart by their names and by what they carry; one that is
not known stays as the framework tells it.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from typer.exceptions import TyperException

from ktop.cli.state import Terminal

#: What pydantic calls a wrong value → the text that says what was expected, with pydantic's own parameters.
_EXPECTED = {
    "int_parsing": "usage_integer",
    "int_from_float": "usage_integer",
    "float_parsing": "usage_number",
    "greater_than_equal": "usage_at_least",
    "less_than_equal": "usage_at_most",
}


def usage_sentences(error: TyperException, terminal: Terminal) -> str:
    """Return what is wrong with a command as it was typed, and how to see its help."""
    found = _what(error, terminal)
    context = getattr(error, "ctx", None)
    if context is not None:
        found += "\n" + terminal.say("usage_help", command=context.command_path)
    return found


def _what(error: Any, terminal: Terminal) -> str:
    message = str(getattr(error, "message", "") or error)
    option, parameter = getattr(error, "option_name", None), getattr(error, "param", None)
    kind = type(error).__name__
    if kind == "NoSuchOption":
        near = ", ".join(sorted(error.possibilities or ()))
        return terminal.say("usage_no_option", option=option) + _meant(near, terminal)
    if kind == "MissingParameter" and parameter is not None:
        is_option = parameter.param_type_name == "option"
        return terminal.say("usage_missing_option" if is_option else "usage_missing_argument", name=_name(parameter))
    if kind == "BadParameter" and parameter is not None:
        return terminal.say("usage_bad_value", name=_name(parameter), expected=_expected(error, terminal))
    if option is not None:
        wants = "requires" in message
        return terminal.say("usage_needs_value" if wants else "usage_takes_no_value", option=option)
    if command := re.match(r"No such command ['\"]?(.+?)['\"]?\.(?:\s|$)", message):
        known = getattr(error.ctx.command, "commands", {}) if error.ctx is not None else {}
        near = ", ".join(get_close_matches(command[1], known))
        return terminal.say("usage_no_command", command=command[1]) + _meant(near, terminal)
    if extra := re.match(r"Got unexpected extra arguments? ?(?:\(s\) )?\((.+)\)", message):
        return terminal.say("usage_extra", given=extra[1])
    if message.startswith("Missing command"):
        return terminal.say("usage_missing_command")
    return str(error.format_message()) if hasattr(error, "format_message") else message


def _meant(near: str, terminal: Terminal) -> str:
    return " " + terminal.say("usage_meant", near=near) if near else ""


def _name(parameter: Any) -> str:
    """Return an option by its long name, an argument by what the help calls it."""
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return str(parameter.metavar or parameter.human_readable_name).strip("[]{}")


def _expected(error: Any, terminal: Terminal) -> str:
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        first = cause.errors()[0]
        if first["type"] in _EXPECTED:
            return terminal.say(_EXPECTED[first["type"]], **first.get("ctx", {}))
    return terminal.say("usage_other")
