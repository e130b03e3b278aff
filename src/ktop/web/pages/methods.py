"""How ratings are computed and where their limits lie, told from the catalogue itself; and a page on the REST API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import Lang, load
from ktop.errors import NotFoundError
from ktop.web.language import language
from ktop.web.pages.common import blocking, services
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)

#: Every model that is explained, with the number of sentences that tell how it works.
MODELS: Mapping[str, int] = {"tech-index": 5, "ktrs-fm": 6, "start-up": 3, "originality": 5}


@router.get("/methods")
async def methods(request: Request) -> Response:
    """Explain the models: indicators with their formulas, ladders with their cuts, released versions, limits."""
    return await _explained(request, tuple(MODELS))


@router.get("/methods/{model}")
async def method(request: Request, model: str) -> Response:
    """Explain one model, on a page of its own that can be cited."""
    if model not in MODELS:
        raise NotFoundError("models.no_such_model", name=model[:40])
    return await _explained(request, (model,))


async def _explained(request: Request, shown: tuple[str, ...]) -> Response:
    lang = language(request)
    return page(
        request,
        "methods.html",
        tech_index=_indicators("indicators", "indicators", lang),
        ktrs_fm=_indicators("ktrs_fm", "indicators", lang),
        startup=_indicators("startup", "indicators", lang),
        checklist=_indicators("checklist", "items", lang),
        measures=_measures(lang),
        ladders=_ladders(lang),
        shown=[(model, MODELS[model]) for model in shown],
        alone=len(shown) == 1,
        models=[card for card in await blocking(services(request).models) if card["name"] in shown],
    )


@router.get("/api")
async def api(request: Request) -> Response:
    """List the operations of the REST API, from its OpenAPI document."""
    document = request.app.openapi()
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("description") or operation["summary"],
            "parameters": operation.get("parameters", []),
            "body": _example(document, operation),
        }
        for path, methods_ in document["paths"].items()
        for method, operation in methods_.items()
    ]
    return page(request, "api.html", operations=operations, base=str(request.base_url).rstrip("/"))


def _example(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any] | None:
    """Return an example body of an operation, made of the examples of its schema's fields."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    schema = document["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[-1]]
    return {name: part["examples"][0] for name, part in schema["properties"].items() if part.get("examples")}


def _indicators(catalogue: str, key: str, lang: Lang) -> list[dict[str, str]]:
    content = load(catalogue)
    return [
        {
            "group": content["groups"][entry["group"]][lang],
            "label": entry["label"][lang],
            "definition": (entry.get("definition") or entry["question"])[lang],
            "formula": str(entry.get("formula", "")),
        }
        for entry in content[key].values()
    ]


def _measures(lang: Lang) -> list[dict[str, str]]:
    """Return the originality model's measures with formula, source, worked example and weight released."""
    content, told = load("originality"), load("originality_measures")
    weights = load("originality_weights")["weights"]
    return [
        {
            "group": content["groups"][entry["group"]][lang],
            "label": entry["label"][lang],
            "definition": entry["definition"][lang],
            "weight": f"{100 * weights[name]:.1f} %",
            "formula": told[name]["formula"],
            "source": told[name]["source"],
            "example": told[name]["example"][lang],
        }
        for name, entry in content["indicators"].items()
    ]


def _ladders(lang: Lang) -> list[dict[str, Any]]:
    """Return every ladder that has cuts: its name, what is cut, and each grade's range as text."""
    shown = []
    for ladder in load("grades")["ladders"].values():
        cuts = ladder["cuts"]
        if not cuts:
            continue
        share = max(cuts) <= 1
        figures = [f"{100 * cut:g}%" if share else f"{cut:g}" for cut in cuts]
        sign = "≥" if ladder["better"] == "high" else "≤"
        rest = "<" if ladder["better"] == "high" else ">"
        ranges = [f"{sign} {figure}" for figure in figures] + [f"{rest} {figures[-1]}"]
        shown.append(
            {
                "label": ladder["label"][lang],
                "over": ladder["over"][lang],
                "grades": list(zip(ladder["symbols"], ranges, strict=True)),
            }
        )
    return shown
