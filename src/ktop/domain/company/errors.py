"""One clear sentence from pydantic's list of errors: what is wrong, where in the record, and what to do."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from ktop.catalogue import Lang, load, messages
from ktop.domain.values.kind import RefusedValueError, ValueKind, Where, shown
from ktop.domain.values.text import UNWRITABLE
from ktop.kernel.errors import InputError

T = TypeVar("T")

# pydantic's error type -> catalogue key, for the form of a record; what is wrong with a value its kind says.
_KEYS: Mapping[str, str] = {
    "missing": "missing_field",
    "too_long": "too_many",
    "tuple_type": "not_a_list",
    "dict_type": "not_a_group",
    "model_type": "not_a_group",
    "model_attributes_type": "not_a_group",
}
#: pydantic's name for an error of ours, which carries the key and the values of its sentence.
OWN_ERROR = "ktop"
#: Levels looked through for names; a record has three.
_DEEPEST = 30
_LEAVES = (str, int, float, type(None))


def refuse(key: str, **params: Any) -> PydanticCustomError:
    """Return the error a validator raises to have the catalogue sentence ``key`` told to the user."""
    return PydanticCustomError(OWN_ERROR, "refused", {"key": key, "params": params})


def refuse_value(error: RefusedValueError, where: Where | None = None) -> PydanticCustomError:
    """Return a value's refusal as the error a validator raises; its place is the field's own without ``where``."""
    params = {name: value for name, value in error.params.items() if name not in ("where", "more")}
    return refuse(error.key, **params, **({} if where is None else {"where": where}))


def told(kind: ValueKind[T], given: object, where: Where | None = None) -> T | None:
    """Return the value read by its kind; a refusal becomes one that pydantic gathers with the others."""
    try:
        return kind.parse(given)
    except RefusedValueError as error:
        raise refuse_value(error, where) from None


def refuse_unwritable_keys(record: Mapping[Any, Any] | Sequence[Any], where: str = "", depth: int = 0) -> None:
    """Raise ``InputError`` for a field whose name holds half a character, which pydantic cannot take."""
    entries = record.items() if isinstance(record, Mapping) else enumerate(record, 1)
    for name, entry in entries:
        if isinstance(name, str) and UNWRITABLE.search(name):
            raise RefusedValueError("unwritable_text", name).at(where.strip(".") or messages()["company.record"])
        if isinstance(entry, _LEAVES):
            continue  # nearly all are; the question below takes longer
        if isinstance(entry, Mapping | list | tuple) and depth < _DEEPEST:
            refuse_unwritable_keys(entry, f"{where}.{shown(name)}", depth + 1)


def first_error(errors: ValidationError, record: Any, model: type[BaseModel]) -> InputError:
    """Return the sentence for the first of ``errors``, with the number of further ones."""
    found = errors.errors(include_url=False)
    key, params = _sentence(found[0], record, model)
    return InputError(key, **params, more=_more(len(found) - 1))


def every_error(
    errors: ValidationError, record: Any, model: type[BaseModel]
) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return each of ``errors`` as the path of its field ("" for what concerns several), key and values."""
    return [
        (".".join(map(str, error["loc"])), *_sentence(error, record, model))
        for error in errors.errors(include_url=False)
    ]


def _more(count: int) -> dict[str, str]:
    if count == 0:
        return {"ko": "", "en": ""}
    template = messages()["company.more_one" if count == 1 else "company.more"]
    return {lang: words.format(count=count) for lang, words in template.items()}


def _sentence(error: ErrorDetails, record: Any, model: type[BaseModel]) -> tuple[str, dict[str, Any]]:
    where = _where(error["loc"], record)
    if error["type"] == OWN_ERROR:
        own = error["ctx"]
        return own["key"], {"where": where, **own["params"]}
    if error["type"] == "extra_forbidden":
        return _unknown_field(error, record, model)
    name = "missing_field" if error["input"] is None else _KEYS.get(error["type"], "invalid")
    params: dict[str, Any] = {"where": where, "value": shown(error["input"])}
    if name == "too_many":
        params["limit"] = f"{error['ctx']['max_length']:,}"
    return f"company.{name}", params


def _where(loc: Sequence[int | str], record: Any) -> str | Mapping[Lang, str]:
    """Write a place as a path; an entry of a list is named by its year or date where it has one, else by its number."""
    steps: list[str] = []
    here = record
    for step in loc:
        if isinstance(step, int):
            entry = here[step] if isinstance(here, Sequence) and step < len(here) else None
            named = (entry.get("year") or entry.get("date")) if isinstance(entry, Mapping) else None
            plain = isinstance(named, str | int | date) and named != ""
            steps.append(shown(named).replace(",", "") if plain else f"#{step + 1}")
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
    params: dict[str, Any] = {"where": _where(parents, record), "field": shown(field)}
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
