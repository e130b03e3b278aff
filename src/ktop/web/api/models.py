"""API operations of models: versions, who put which in force, drift, and the operator's decisions."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from ktop.web.api.bodies import BodyRoute
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses

ModelPart = Annotated[str, Path(description="Name or version of a model.", pattern="^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$")]
Why = Annotated[
    str,
    Field(
        min_length=1, max_length=1000, description="The reason; it stays in the log.", examples=["better on own data"]
    ),
]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class Promotion(BaseModel):
    """A version to put in force."""

    model_config = ConfigDict(extra="forbid")

    why: Why
    comparison: dict[str, Any] | None = Field(
        default=None, description="What `ktop models compare --out` wrote; its figures stand in the log."
    )
    anyway: bool = Field(default=False, description="Put it in force even though the comparison found it worse.")


class RollBack(BaseModel):
    """A version to go back behind."""

    model_config = ConfigDict(extra="forbid")

    why: Why


@router.get("/models", tags=["reference"], responses={**error_answers(422)})
def models(use: Uses, who: Acting, lang: Language = None) -> list[dict[str, Any]]:
    """List every model version, released or this installation's own, and which is in force."""
    return [dict(card) for card in use.models.model_cards(who)]


@router.get("/models/history", tags=["reference"], responses={**error_answers(422)})
def model_history(use: Uses, who: Acting, lang: Language = None) -> list[dict[str, Any]]:
    """List who entered, promoted or rolled back which version, when and why."""
    return [dict(event) for event in use.models.model_history(who)]


@router.get("/models/drift", tags=["reference"], responses={**error_answers(422)})
def model_drift(use: Uses, who: Acting, lang: Language = None) -> list[dict[str, Any]]:
    """List the newest drift report of every version that has one."""
    return [dict(report) for report in use.models.drift_reports(who)]


@router.get("/models/{name}/{version}", tags=["reference"], responses={**error_answers(404, 422)})
def model_card(name: ModelPart, version: ModelPart, use: Uses, who: Acting, lang: Language = None) -> dict[str, Any]:
    """Fetch one version's card with its history."""
    return dict(use.models.model_card(who, name, version))


@router.post("/models/{name}/{version}/promotion", tags=["reference"], responses={**error_answers(400, 404, 422)})
def promote(
    name: ModelPart, version: ModelPart, body: Promotion, use: Uses, who: Acting, lang: Language = None
) -> dict[str, Any]:
    """Put a version in force for every rating from now on, and answer the line of the log."""
    given = None if body.comparison is None else json.dumps(body.comparison).encode()
    return dict(use.models.promote(who, name, version, why=body.why, evidence=given, anyway=body.anyway))


@router.post("/models/{name}/{version}/rollback", tags=["reference"], responses={**error_answers(400, 404, 409, 422)})
def roll_back(
    name: ModelPart, version: ModelPart, body: RollBack, use: Uses, who: Acting, lang: Language = None
) -> dict[str, Any]:
    """Go back behind the version in force to the one before, and answer the line of the log."""
    return dict(use.models.rollback(who, name, why=body.why, expected=version))
