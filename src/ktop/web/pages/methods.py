"""How ratings are computed and where their limits lie, told from the catalogue itself; and a page on the REST API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import Lang, load, text
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.decision.guarantee import money
from ktop.kernel.errors import NotFoundError
from ktop.report.appendix import GRADES, glossary, grade_table
from ktop.report.present import models as present
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)

#: Every model that is explained, with the number of sentences that tell how it works.
MODELS: Mapping[str, int] = {"tech-index": 5, "ktrs-fm": 6, "start-up": 3, "global-expansion": 3, "originality": 5}
#: The ladders each grades by; those of growth and risk also have the matrix and the guarantee rule.
LADDERS: Mapping[str, tuple[str, ...]] = {
    "tech-index": (),
    "ktrs-fm": ("growth", "risk"),
    "start-up": ("growth", "risk"),
    "global-expansion": (),
    "originality": ("originality",),
}


@router.get("/methods")
async def methods(request: Request) -> Response:
    """Explain the models: indicators with their formulas, ladders with their cuts, released versions, limits."""
    return await _explained(request, tuple(MODELS))


@router.get("/glossary")
async def words(request: Request) -> Response:
    """Tell what the words of pages and reports mean."""
    lang = language(request)
    return page(request, "glossary.html", terms=glossary(lang), grades=[grade_table(name, lang) for name in GRADES])


@router.get("/methods/{model}")
async def method(request: Request, model: str) -> Response:
    """Explain one model, on a page of its own that can be cited."""
    if model not in MODELS:
        raise NotFoundError("models.no_such_model", name=model[:40])
    return await _explained(request, (model,))


async def _explained(request: Request, shown: tuple[str, ...]) -> Response:
    lang = language(request)
    graded = {name for model in shown for name in LADDERS[model]}
    use = platform(request)
    cards = [card for card in await ask(request, use.models.model_cards) if card["name"] in shown]
    in_force = [await ask(request, use.models.model_card, c["name"], c["version"]) for c in cards if c.get("champion")]
    measured = [present.card_view(card, lang) for card in in_force]
    return page(
        request,
        "methods.html",
        tech_index=_indicators("indicators", "indicators", lang),
        ktrs_fm=_indicators("ktrs_fm", "indicators", lang),
        startup=_indicators("startup", "indicators", lang),
        global_expansion=_indicators("global_expansion", "indicators", lang),
        abroad_checklist=_indicators("abroad_checklist", "items", lang),
        published=_published(lang),
        checklist=_indicators("checklist", "items", lang),
        accounts=_indicators("accounts", "indicators", lang),
        measures=_measures(lang),
        ladders=_ladders(lang, graded),
        matrix=load("grades")["business_matrix"] if "risk" in graded else None,
        guarantee=_guarantee(lang) if "risk" in graded else None,
        measured=[view for view in measured if view.targets],
        shown=[(model, MODELS[model]) for model in shown],
        alone=len(shown) == 1,
        models=present.version_rows(cards, (), lang),
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


def _published(lang: Lang) -> list[dict[str, str]]:
    """Return the published figures on exporting that the synthetic firms are held against, with their sources."""
    content = load("reference_abroad")
    return [
        {
            "label": text(f"global_expansion.figure_{name}", lang),
            "value": f"{figure['value']:g}%",
            "tolerance": f"{figure['tolerance']:g}",
            "source": content["sources"][figure["source"]]["label"][lang],
        }
        for name, figure in content["targets"].items()
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
        if weights[name] > 0.0  # others belong to former versions
    ]


def _guarantee(lang: Lang) -> dict[str, Any]:
    """Return the small-guarantee rule: each clause with the sentence that refuses by it, and the cap of each grade."""
    rule = load("guarantee")
    shown = {"grade": "…", "rounding": money(rule["limit"]["rounding_krw"], lang)} | dict.fromkeys(FACTS, "…")
    return {
        "label": rule["label"][lang],
        "version": rule["version"],
        "clauses": [
            (
                clause["label"][lang],
                text(
                    f"guarantee.{clause['id']}_failed",
                    lang,
                    **shown,
                    minimum=clause.get("grade", ""),
                    growth=clause.get("growth", ""),
                    risk=clause.get("risk", ""),
                ),
                clause.get("formula", ""),
                clause["source"][lang] if "source" in clause else "",
            )
            for clause in rule["clauses"]
        ],
        "caps": [(grade, money(cap, lang)) for grade, cap in rule["limit"]["grade_cap_krw"].items()],
        "shares": {
            "share": f"{100 * rule['limit']['sales_share']:g}%",
            "startup": f"{100 * rule['limit']['startup_sales_share']:g}%",
            "floor": money(rule["limit"]["startup_floor_krw"], lang),
        },
    }


def _ladders(lang: Lang, names: set[str]) -> list[dict[str, Any]]:
    """Return the named ladders: what each is called, what is cut, and each grade's range as text."""
    shown = []
    for name, ladder in load("grades")["ladders"].items():
        cuts = ladder["cuts"]
        if not cuts or name not in names:
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
