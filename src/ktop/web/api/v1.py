"""REST API, version 1: rate, fetch, and look up what a record may hold and which models there are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from ktop.domain.party.actor import Actor
from ktop.domain.technology.summary import titled
from ktop.usecases.platform import Platform
from ktop.web.api.bodies import BodyRoute, written
from ktop.web.api.schemas import (
    CompanyRequest,
    Comparison,
    Description,
    ProposalsRequest,
    Result,
    Results,
    Stored,
    StoredTechnology,
    TechnologyRequest,
    error_answers,
    stored,
)
from ktop.web.asking import actor, platform


# Asynchronous, because the framework gives a plain dependency a worker thread of its own, for every request.
async def asked(request: Request) -> Platform:
    """Return the platform this application was made with."""
    return platform(request)


async def asking(request: Request) -> Actor:
    """Return who asks."""
    return actor(request)


Uses = Annotated[Platform, Depends(asked)]
Acting = Annotated[Actor, Depends(asking)]
Language = Annotated[str | None, Query(description="Language of error sentences.", pattern="^(ko|en)$")]
ResultId = Annotated[str, Query(description="Identifier of a kept result.", pattern="^[0-9A-Za-z_-]{1,64}$")]
RatingId = Annotated[str, Path(description="Identifier of a kept result.", pattern="^[0-9A-Za-z_-]{1,64}$")]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


# The operations are plain functions: the framework runs them in worker threads, because rating blocks.
@router.post(
    "/ratings/company",
    status_code=201,
    tags=["ratings"],
    response_model=Stored,
    responses={**error_answers(400, 413, 422, 503)},
)
def rate_company(body: CompanyRequest, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Rate a company by Tech-Index and KTRS-FM, and a start-up by its own model as well."""
    return written(stored(use.ratings.rate_company(who, body.record, body.as_of)), 201)


@router.post(
    "/ratings/technology",
    status_code=201,
    tags=["ratings"],
    responses={**error_answers(400, 413, 422, 503)},
    response_model_exclude_unset=True,  # no prospects where nobody asked for them
)
def rate_technology(body: TechnologyRequest, use: Uses, who: Acting, lang: Language = None) -> StoredTechnology:
    """Rate a technology summary against the installed patent corpus."""
    foreseen: dict[str, Any] = {}
    if body.applicant is not None:  # asked first: a name that names nobody keeps no rating
        found = use.technologies.prospects_with_applicant(who, body.applicant, body.as_of)
        foreseen["prospects_with_applicant"] = dict(found)
    kept = stored(use.ratings.rate_technology(who, titled(body.title, body.text), body.as_of))
    return StoredTechnology(**kept.model_dump(), **foreseen)


@router.get("/ratings", tags=["ratings"], responses={**error_answers(422)})
def ratings(
    use: Uses,
    who: Acting,
    search: Annotated[str, Query(max_length=200, description="Part of a name, title or note.")] = "",
    kind: Annotated[Literal["company", "technology", "both"] | None, Query(description="What was rated.")] = None,
    archived: Annotated[bool, Query(description="Those put away instead of the others.")] = False,
    limit: Annotated[int, Query(ge=1, le=200, description="Results on a page.")] = 50,
    after: Annotated[str | None, Query(max_length=400, description="Where the page before ended.")] = None,
    lang: Language = None,
) -> Results:
    """List the organisation's kept results, newest first."""
    found = use.ratings.results(who, search=search, kind=kind, archived=archived, limit=limit, after=after)
    return Results(items=[Result(**asdict(result)) for result in found.items], after=found.after)


@router.patch("/ratings/{rating_id}", tags=["ratings"], responses={**error_answers(404, 422)})
def describe(rating_id: RatingId, body: Description, use: Uses, who: Acting, lang: Language = None) -> Result:
    """Name a kept result, note something on it, put it away; the result itself never changes."""
    found = use.ratings.describe(who, rating_id, title=body.title, note=body.note, archived=body.archived)
    return Result(**asdict(found))


@router.get("/ratings/{rating_id}", tags=["ratings"], response_model=Stored, responses={**error_answers(404, 422)})
def rating(rating_id: RatingId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Fetch a kept result."""
    return written(stored(use.ratings.rating(who, rating_id)))


@router.get("/ratings/{rating_id}/recomputed", tags=["ratings"], responses={**error_answers(404, 422)})
def recomputed(rating_id: RatingId, use: Uses, who: Acting, lang: Language = None) -> list[dict[str, Any]]:
    """Compute a kept result again from its own inputs and model versions, and say whether every bit agrees."""
    return [dict(answer) for answer in use.ratings.recompute(who, rating_id)]


@router.get("/ratings/{rating_id}/growth-paths", tags=["ratings"], responses={**error_answers(404, 422)})
def growth_paths(rating_id: RatingId, use: Uses, who: Acting, lang: Language = None) -> list[dict[str, Any]]:
    """Fetch what firms in the cell of a kept result did, those that rose beside those that fell."""
    return [dict(path) for path in use.ratings.growth_paths(who, rating_id)]


@router.get("/ratings/{rating_id}/suggestions", tags=["ratings"], responses={**error_answers(400, 404, 422, 503)})
def suggestions(rating_id: RatingId, use: Uses, who: Acting, lang: Language = None) -> dict[str, Any]:
    """Try which added terms would raise the originality of a kept result's technology."""
    return dict(use.ratings.suggestions(who, rating_id))


@router.post("/proposals", tags=["ratings"], responses={**error_answers(400, 413, 422, 503)})
def proposals(body: ProposalsRequest, use: Uses, who: Acting, lang: Language = None) -> list[dict[str, Any]]:
    """Rank proposals by originality and flag those that repeat a patent or one another; nothing is kept."""
    given = [proposal.model_dump() for proposal in body.proposals]
    return [dict(row) for row in use.technologies.rank_proposals(who, given, "en" if lang == "en" else "ko")]


@router.get("/compare", tags=["ratings"], responses={**error_answers(400, 404, 422)})
def compare(a: ResultId, b: ResultId, use: Uses, who: Acting, lang: Language = None) -> Comparison:
    """Hold two kept results of companies, or of technologies, side by side."""
    found = use.ratings.compare(who, a, b)
    sides = {"a": stored(found["a"]), "b": stored(found["b"])}
    return Comparison(**sides, gaps=found["gaps"], technologies=found["technologies"])


@router.get("/schema/company", tags=["reference"], responses={**error_answers(422)})
def company_schema(use: Uses, who: Acting, lang: Language = None) -> dict[str, Any]:
    """Fetch the JSON Schema of a company record."""
    return dict(use.companies.company_schema(who))
