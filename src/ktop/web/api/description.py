"""The OpenAPI document: what the framework gathers, the shape of errors, and the words in the reader's language.

English words stand beside the code they describe; catalogue/api_words.yaml has the Korean ones for each.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response

from ktop.catalogue import Lang, load
from ktop.web.api.schemas import Problem

ADDRESS = "/api/v1/openapi.json"
#: What a document holds that is no words: examples, and what is compared or called by.
_NO_WORDS = frozenset(("example", "examples", "default", "const", "enum", "pattern"))


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an application, in English; made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            separate_input_output_schemas=app.separate_input_output_schemas,
        )
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = made
    return app.openapi_schema


def in_language(document: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    """Return the document with its descriptions in a language; what the catalogue does not have stays English."""
    if lang == "en":
        return dict(document)
    words = load("api_words")
    said: dict[str, Any] = _said(document, {_folded(english): korean for english, korean in words.items()})
    for operations in said["paths"].values():
        for operation in operations.values():
            operation["summary"] = operation.get("description", operation["summary"]).split(". ")[0].rstrip(".")
    return said


def descriptions(part: Any) -> Iterator[str]:
    """Give every description in a part of a document."""
    if isinstance(part, Mapping):
        for name, value in part.items():
            if name == "description" and isinstance(value, str):
                yield _folded(value)
            elif name not in _NO_WORDS:
                yield from descriptions(value)
    elif isinstance(part, list):
        for value in part:
            yield from descriptions(value)


def _said(part: Any, words: Mapping[str, str]) -> Any:
    if isinstance(part, Mapping):
        return {
            name: words.get(_folded(value), value)
            if name == "description" and isinstance(value, str)
            else value
            if name in _NO_WORDS
            else _said(value, words)
            for name, value in part.items()
        }
    return [_said(value, words) for value in part] if isinstance(part, list) else part


def _folded(description: str) -> str:
    return " ".join(description.split())


def router_of(app: FastAPI) -> APIRouter:
    """Return the route that gives the document."""
    router = APIRouter(include_in_schema=False)
    made = functools.cache(lambda lang: in_language(describe(app), lang))

    @router.get(ADDRESS)
    async def document(lang: Annotated[Lang, Query()] = "en") -> Response:
        """Give the OpenAPI document in Korean or English."""
        return JSONResponse(made(lang), headers={"content-language": lang})

    return router
