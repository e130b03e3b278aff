"""API operations of spreadsheets of companies: templates, check a file, take in its right rows, get back the rest."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from ktop.catalogue import LANGS, Lang, text
from ktop.usecases.sheets.interface import SheetImport
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses
from ktop.web.downloads import download

ImportId = Annotated[str, Path(description="Identifier of a file that was read.", pattern="^[0-9a-f]{32}$")]
Sheet = Literal["companies", "statements", "staff", "projects", "checklist"]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class SheetCountShown(BaseModel):
    """Rows of a sheet, and how many of them are right."""

    sheet: Sheet
    rows: int
    right: int


class CellProblemShown(BaseModel):
    """What is wrong with a cell; `column` is empty for a whole row."""

    sheet: Sheet
    row: int = Field(description="The row as the file counts it, from 1.")
    column: str
    key: str
    text: dict[Literal["ko", "en"], str]


class ImportShown(BaseModel):
    """A file that was read; its right rows are kept only when they are taken in."""

    id: str
    file: str
    state: Literal["read", "taken"]
    read: datetime.datetime
    counts: list[SheetCountShown]
    companies: int = Field(description="Records that the right rows make.")
    new: int = Field(description="Companies among them that were not kept before.")
    wrong_rows: int
    problems: list[CellProblemShown] = Field(description="The first 200; the file of the rest has all.")
    unknown: list[str] = Field(description="Headings that nothing was read of.")


_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The .xlsx.", "content": {"application/octet-stream": {}}}
}


@router.get(
    "/import-templates", tags=["imports"], response_class=Response, responses={**_FILE, **error_answers(404, 422)}
)
def template(
    use: Uses,
    who: Acting,
    sheet: Annotated[Sheet | None, Query(description="Only this sheet; without it, all.")] = None,
    lang: Language = None,
) -> Response:
    """Download the template of the spreadsheets of companies."""
    found = use.sheets.template(who, sheet, _spoken(lang))
    return download(found.content, found.name, found.media_type)


@router.post(
    "/imports",
    status_code=201,
    tags=["imports"],
    responses={**error_answers(400, 413, 422, 503)},
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file itself.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def give(
    request: Request,
    use: Uses,
    who: Acting,
    name: Annotated[
        str,
        Query(description="The file's name; its ending tells .xlsx or .csv.", max_length=200, examples=["firms.xlsx"]),
    ],
    lang: Language = None,
) -> ImportShown:
    """Check a spreadsheet of companies; the body is the file, and nothing of it is kept yet."""
    content = await request.body()
    return shown(await run_in_threadpool(lambda: use.sheets.give(who, content, name, _spoken(lang))))


@router.get("/imports/{import_id}", tags=["imports"], responses={**error_answers(404, 422)})
def given(import_id: ImportId, use: Uses, who: Acting, lang: Language = None) -> ImportShown:
    """Fetch what was found in a spreadsheet."""
    return shown(use.sheets.given(who, import_id))


@router.post("/imports/{import_id}/take", tags=["imports"], responses={**error_answers(404, 409, 413, 422)})
def take(import_id: ImportId, use: Uses, who: Acting, lang: Language = None) -> ImportShown:
    """Keep the right rows as further versions of the companies' records."""
    return shown(use.sheets.take(who, import_id, _spoken(lang)))


@router.get(
    "/imports/{import_id}/rest",
    tags=["imports"],
    response_class=Response,
    responses={**_FILE, **error_answers(404, 422)},
)
def rest(import_id: ImportId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Download the rows that were not taken in, every wrong cell marked."""
    found = use.sheets.rest(who, import_id)
    return download(found.content, found.name, found.media_type)


def _spoken(lang: str | None) -> Lang:
    return "en" if lang == "en" else "ko"


def shown(found: SheetImport) -> ImportShown:
    """Return a file that was read as the API gives it."""
    counts: Any = [{"sheet": one.sheet, "rows": one.rows, "right": one.right} for one in found.counts]
    problems: Any = [
        {
            "sheet": one.sheet,
            "row": one.row,
            "column": one.column,
            "key": one.key,
            "text": {lang: text(one.key, lang, **{"more": "", **one.params}) for lang in LANGS},
        }
        for one in found.problems
    ]
    return ImportShown(
        id=found.id,
        file=found.file,
        state=found.state,
        read=found.read,
        counts=counts,
        companies=found.companies,
        new=found.new,
        wrong_rows=found.wrong_rows,
        problems=problems,
        unknown=list(found.unknown),
    )
