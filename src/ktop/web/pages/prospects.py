"""Prospects with an applicant: a page of its own beside a technology's result, never a part of it and never kept."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import message
from ktop.kernel.errors import InputError, NotFoundError
from ktop.report.present import subject_name
from ktop.usecases.rate.interface import StoredRating
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted, texts
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/ratings/{rating_id}/prospects")
async def prospects(request: Request, rating_id: str) -> Response:
    """Ask who files the technology of a kept result."""
    return _page(request, await _technology(request, rating_id))


@router.post("/ratings/{rating_id}/prospects")
async def foreseen(request: Request, rating_id: str) -> Response:
    """Foresee from the applicant's history as of the result's day; the name may be a person's, so no address has it."""
    stored = await _technology(request, rating_id)
    applicant = texts(await posted(request)).get("applicant", "")
    use = platform(request).technologies
    try:
        found = await ask(request, use.prospects_with_applicant, applicant, stored.as_of)
    except InputError as error:
        return _page(request, stored, applicant, problem=message(error, language(request)), status=error.http_status)
    return _page(request, stored, applicant, found)


async def _technology(request: Request, rating_id: str) -> StoredRating:
    """Return a kept result of a technology. Raises ``NotFoundError`` for one of a company alone."""
    stored = await ask(request, platform(request).ratings.rating, identifier(rating_id))
    if stored.text is None:
        raise NotFoundError("web.rating_not_found")
    return stored


def _page(
    request: Request, stored: StoredRating, applicant: str = "", found: Any = None, problem: str = "", status: int = 200
) -> Response:
    name = subject_name(stored.ratings[0], language(request))
    return page(
        request, "prospects.html", status, stored=stored, name=name, applicant=applicant, found=found, problem=problem
    )
