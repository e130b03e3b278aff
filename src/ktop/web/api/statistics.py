"""API operation of the public figures."""

from __future__ import annotations

import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from ktop.kernel.errors import NotFoundError
from ktop.validation.small_cells import LEAST
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses

router = APIRouter(prefix="/api/v1")


class FiguresShown(BaseModel):
    """The public figures: use by half-year, grades by industry and region, what became of rated firms."""

    made: datetime.datetime
    least: int = Field(description="Counts from 1 to one less than this are hidden (null), with others that tell them.")
    tables: dict[str, list[dict[str, Any]]]


@router.get("/statistics", tags=["statistics"], responses={**error_answers(404)})
def statistics(use: Uses, who: Acting, lang: Language = None) -> FiguresShown:
    """Fetch the figures that were published last."""
    found = use.statistics.published(who)
    if found is None:
        raise NotFoundError("statistics.none_yet")
    return FiguresShown(made=found.made, least=LEAST, tables=dict(found.tables))
