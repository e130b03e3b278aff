"""Proposals: a table is uploaded, ranked by originality, and shown or given back as a spreadsheet."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from ktop.catalogue import message
from ktop.kernel.errors import InputError
from ktop.report.present.proposals import proposals_table
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.pages.common import posted
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/proposals")
async def proposals(request: Request) -> Response:
    """Ask for a table of proposals."""
    return page(request, "proposals.html", table=None, problem="", remarks=())


@router.post("/proposals")
async def rank(request: Request) -> Response:
    """Rank the uploaded table; nothing of it is kept."""
    form = await posted(request)
    upload, lang = form.get("table"), language(request)
    try:
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise InputError("web.no_table_chosen")
        ranked = await ask(
            request, platform(request).technologies.rank_upload, await upload.read(), upload.filename, lang
        )
        if form.get("answer") == "xlsx":
            content = await ask(request, platform(request).technologies.ranked_spreadsheet, ranked.rows, lang)
            headers = {"content-disposition": 'attachment; filename="ktop-proposals.xlsx"'}
            return Response(content, media_type=_SPREADSHEET, headers=headers)
    except InputError as error:
        return page(request, "proposals.html", error.http_status, table=None, problem=message(error, lang), remarks=())
    table = proposals_table(ranked.rows, lang)
    return page(request, "proposals.html", table=table, problem="", remarks=ranked.remarks)
