"""One clear sentence from pydantic's list of errors: what is wrong, where in the record, and what to do."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from ktop.catalogue import Lang, load, messages
from ktop.kernel.errors import InputError

T = TypeVar("T")

# pydantic's error type -> catalogue key, and the name of its limit within the error where it has one.
_KEYS: Mapping[str, tuple[str, str | None]] = {
    "missing": ("missing_field", None),
    "int_type": ("not_whole", None),
    "int_parsing": ("not_whole", None),
    "int_parsing_size": ("too_large", None),
    "int_from_float": ("not_whole", None),
    "float_type": ("not_a_number", None),
    "float_parsing": ("not_a_number", None),
    "finite_number": ("not_a_number", None),
    "greater_than_equal": ("too_small", "ge"),
    "less_than_equal": ("too_large", "le"),
    "string_type": ("not_text", None),
    "string_too_short": ("empty_text", None),
    "string_too_long": ("text_too_long", "max_length"),
    "too_short": ("empty_text", None),
    "too_long": ("too_many", "max_length"),
    "tuple_type": ("not_a_list", None),
    "dict_type": ("not_a_group", None),
    "model_type": ("not_a_group", None),
    "model_attributes_type": ("not_a_group", None),
}
_OWN = "ktop"


def refuse(key: str, **params: Any) -> PydanticCustomError:
    """Return the error a validator raises to have the catalogue sentence ``key`` told to the user."""
    return PydanticCustomError(_OWN, "refused", {"key": key, "params": params})


def told(parse: Callable[[str], T], value: str) -> T:
    """Return ``parse(value)``; an ``InputError`` becomes one that pydantic gathers with the others."""
    try:
        return parse(value)
    except InputError as error:
        raise refuse(error.key, **error.params) from None


def first_error(errors: ValidationError, record: Any, model: type[BaseModel]) -> InputError:
    """Return the sentence for the first of ``errors``, with the number of further ones."""
    found = errors.errors(include_url=False)
    key, params = _sentence(found[0], record, model)
    return InputError(key, **params, more=_more(len(found) - 1))


def _more(count: int) -> dict[str, str]:
    if count == 0:
        return {"ko": "", "en": ""}
    template = messages()["company.more_one" if count == 1 else "company.more"]
    return {lang: words.format(count=count) for lang, words in template.items()}


def _sentence(error: ErrorDetails, record: Any, model: type[BaseModel]) -> tuple[str, dict[str, Any]]:
    where = _where(error["loc"], record)
    if error["type"] == _OWN:
        own = error["ctx"]
        return own["key"], {"where": where, **own["params"]}
    if error["type"] == "extra_forbidden":
        return _unknown_field(error, record, model)
    name, limit = _KEYS.get(error["type"], ("invalid", None))
    shown = error["input"]
    if shown is None:
        name, limit = "missing_field", None
    elif name == "too_many" and isinstance(shown, str):
        name = "text_too_long"
    params: dict[str, Any] = {"where": where, "value": f"{shown:,}" if _is_number(shown) else str(shown)[:40]}
    if limit:
        bound = error["ctx"][limit]
        params["limit"] = f"{bound:,.0f}" if _is_number(bound) else str(bound)
    return f"company.{name}", params


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _where(loc: Sequence[int | str], record: Any) -> str | Mapping[Lang, str]:
    """Write a place as a path; an entry of a list is named by its year or date where it has one, else by its number."""
    steps: list[str] = []
    here = record
    for step in loc:
        if isinstance(step, int):
            entry = here[step] if isinstance(here, Sequence) and step < len(here) else None
            named = isinstance(entry, Mapping) and (entry.get("year") or entry.get("date"))
            steps.append(str(named) if named else f"#{step + 1}")
            here = entry
        else:
            steps.append(step)
            here = here.get(step) if isinstance(here, Mapping) else None
    return ".".join(steps)[:120] or messages()["company.record"]


def _unknown_field(error: ErrorDetails, record: Any, model: type[BaseModel]) -> tuple[str, dict[str, Any]]:
    *parents, field = error["loc"]
    names = list(_part(model, parents).model_fields)
    words = {word: path.split(".")[-1] for path, word in _labels([str(p) for p in parents if isinstance(p, str)])}
    candidates = {name.casefold(): name for name in names} | words
    near = difflib.get_close_matches(str(field).strip().casefold(), candidates, n=1, cutoff=0.6)
    params: dict[str, Any] = {"where": _where(parents, record), "field": str(field)[:40]}
    if near:
        return "company.unknown_field_near", {**params, "nearest": candidates[near[0]]}
    return "company.unknown_field", {**params, "fields": ", ".join(names)}


def _labels(parents: Sequence[str]) -> list[tuple[str, str]]:
    """Return (path, word) of the fields at one level, Korean and English words alike."""
    level = [
        (path, entry["label"])
        for path, entry in load("company")["fields"].items()
        if path.split(".")[:-1] == [*parents]
    ]
    return [(path, words[lang].casefold()) for path, words in level for lang in ("ko", "en")]


def _part(model: type[BaseModel], parents: Sequence[int | str]) -> type[BaseModel]:
    """Return the class of the record's part at a place."""
    for step in parents:
        if isinstance(step, str):
            model = _model_in(model.model_fields[step].annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in typing.get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None
