"""REST API, version 1: rate, fetch, and look up what a record may hold and which models there are."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from ktop.web.api.bodies import BodyRoute
from ktop.web.api.schemas import (
    CompanyRequest,
    Comparison,
    ProposalsRequest,
    Stored,
    TechnologyRequest,
    error_answers,
    stored,
)
from ktop.web.ports import Services


def services_of(request: Request) -> Services:
    """Return the services this application was made with."""
    found: Services = request.app.state.services
    return found


Uses = Annotated[Services, Depends(services_of)]
Language = Annotated[str | None, Query(description="Language of error sentences.", pattern="^(ko|en)$")]
ResultId = Annotated[str, Query(description="Identifier of a kept result.", pattern="^[0-9A-Za-z_-]{1,64}$")]
RatingId = Annotated[str, Path(description="Identifier of a kept result.", pattern="^[0-9A-Za-z_-]{1,64}$")]

ModelPart = Annotated[str, Path(description="Name or version of a model.", pattern="^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$")]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


# The operations are plain functions: the framework runs them in worker threads, because rating blocks.
@router.post("/ratings/company", status_code=201, tags=["ratings"], responses={**error_answers(400, 413, 422, 503)})
def rate_company(body: CompanyRequest, services: Uses, lang: Language = None) -> Stored:
    """Rate a company by Tech-Index and KTRS-FM, and a start-up by its own model as well."""
    return stored(services.rate_company(body.record, body.as_of))


@router.post("/ratings/technology", status_code=201, tags=["ratings"], responses={**error_answers(400, 413, 422, 503)})
def rate_technology(body: TechnologyRequest, services: Uses, lang: Language = None) -> Stored:
    """Rate a technology summary against the installed patent corpus."""
    return stored(services.rate_technology(body.text, body.as_of))


@router.get("/ratings/{rating_id}", tags=["ratings"], responses={**error_answers(404, 422)})
def rating(rating_id: RatingId, services: Uses, lang: Language = None) -> Stored:
    """Fetch a kept result."""
    return stored(services.rating(rating_id))


@router.get("/ratings/{rating_id}/recomputed", tags=["ratings"], responses={**error_answers(404, 422)})
def recomputed(rating_id: RatingId, services: Uses, lang: Language = None) -> list[dict[str, Any]]:
    """Compute a kept result again from its own inputs and model versions, and say whether every bit agrees."""
    return [dict(answer) for answer in services.recompute(rating_id)]


@router.get("/ratings/{rating_id}/suggestions", tags=["ratings"], responses={**error_answers(400, 404, 422, 503)})
def suggestions(rating_id: RatingId, services: Uses, lang: Language = None) -> dict[str, Any]:
    """Try which added terms would raise the originality of a kept result's technology."""
    return dict(services.suggestions(rating_id))


@router.post("/proposals", tags=["ratings"], responses={**error_answers(400, 413, 422, 503)})
def proposals(body: ProposalsRequest, services: Uses, lang: Language = None) -> list[dict[str, Any]]:
    """Rank proposals by originality and flag those that repeat a patent or one another; nothing is kept."""
    given = [proposal.model_dump() for proposal in body.proposals]
    return [dict(row) for row in services.rank_given(given, "en" if lang == "en" else "ko")]


@router.get("/compare", tags=["ratings"], responses={**error_answers(400, 404, 422)})
def compare(a: ResultId, b: ResultId, services: Uses, lang: Language = None) -> Comparison:
    """Hold two kept results of companies, or of technologies, side by side."""
    found = services.compare(a, b)
    sides = {"a": stored(found["a"]), "b": stored(found["b"])}
    return Comparison(**sides, gaps=found["gaps"], technologies=found["technologies"])


@router.get("/schema/company", tags=["reference"], responses={**error_answers(422)})
def company_schema(services: Uses, lang: Language = None) -> dict[str, Any]:
    """Fetch the JSON Schema of a company record."""
    return dict(services.schema())


@router.get("/models", tags=["reference"], responses={**error_answers(422)})
def models(services: Uses, lang: Language = None) -> list[dict[str, Any]]:
    """List every model version, released or this installation's own, and which is in force."""
    return [dict(card) for card in services.models()]


@router.get("/models/history", tags=["reference"], responses={**error_answers(422)})
def model_history(services: Uses, lang: Language = None) -> list[dict[str, Any]]:
    """List who entered, promoted or rolled back which version, when and why."""
    return [dict(event) for event in services.model_history()]


@router.get("/models/drift", tags=["reference"], responses={**error_answers(422)})
def model_drift(services: Uses, lang: Language = None) -> list[dict[str, Any]]:
    """List the newest drift report of every version that has one."""
    return [dict(report) for report in services.model_drift()]


@router.get("/models/{name}/{version}", tags=["reference"], responses={**error_answers(404, 422)})
def model_card(name: ModelPart, version: ModelPart, services: Uses, lang: Language = None) -> dict[str, Any]:
    """Fetch one version's card with its history."""
    return dict(services.model_card(name, version))
