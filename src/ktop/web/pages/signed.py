"""Signed results: issue, download and withdraw them; verify one, uploaded or by its QR code; the published keys."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from ktop.catalogue import message, text
from ktop.domain.party.permission import Allowed, check
from ktop.kernel.errors import InputError, NotFoundError
from ktop.report.present.verification import shown_inputs, verification_rows, withdrawn_at
from ktop.usecases.results.interface import Results, Verification
from ktop.web.asking import actor, ask, platform
from ktop.web.language import language
from ktop.web.pages.common import identifier, posted
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
_LIST_DIGITS = 4
#: Files that are verified together on the page.
_MOST_FILES = 20


def _results(request: Request) -> Results:
    return platform(request).results


# ── open to everybody ────────────────────────────────────────────────────────────────────────────────────────────────


@router.get("/.well-known/jwks.json")
async def jwks(request: Request) -> Response:
    """Give the public keys of the installation (RFC 7517)."""
    keys = await ask(request, _results(request).public_keys)
    headers = {"cache-control": "public, max-age=300", "access-control-allow-origin": "*"}
    return JSONResponse(keys, media_type="application/jwk-set+json", headers=headers)


@router.get("/status/results/{number}")
async def status_list(request: Request, number: str) -> Response:
    """Give a signed list of withdrawn results (W3C Bitstring Status List)."""
    if not number.isascii() or not number.isdigit() or len(number) > _LIST_DIGITS:
        raise NotFoundError("signing.no_status_list")
    token = await ask(request, _results(request).status_list, int(number))
    headers = {"cache-control": "public, max-age=60", "access-control-allow-origin": "*"}
    return Response(token, media_type="application/vc+jwt", headers=headers)


@router.get("/verify")
async def verify(request: Request) -> Response:
    """Ask for a signed result."""
    return _verify_page(request)


@router.post("/verify")
async def verify_upload(request: Request) -> Response:
    """Tell whether an uploaded signed result holds; nothing of it is kept."""
    form, lang = await posted(request, files=_MOST_FILES + 1), language(request)  # one more is told of in a sentence
    uploads = [one for one in form.getlist("file") if isinstance(one, UploadFile) and one.filename]
    try:
        if not uploads:
            raise InputError("signed.verify_none")
        if len(uploads) > _MOST_FILES:
            raise InputError("signed.verify_many", most=_MOST_FILES)
        if len(uploads) > 1:
            return _verify_page(request, files=[await _verified(request, one) for one in uploads])
        (upload,) = uploads
        found = await ask(request, _results(request).verify_result, await upload.read())
    except InputError as error:
        return _verify_page(request, problem=message(error, lang), status=422)
    return _verify_page(request, found)


@router.get("/verify/{result_id}")
async def verify_issued(request: Request, result_id: str) -> Response:
    """Tell whether a result issued here still counts: where the QR code of a report leads."""
    found = await ask(request, _results(request).published_result, _known(result_id))
    return _verify_page(request, found)


async def _verified(request: Request, upload: UploadFile) -> tuple[str, str, str]:
    """Return name, whose result, and what became of one of several files."""
    lang, name = language(request), (upload.filename or "")[:100]
    try:
        found = await ask(request, _results(request).verify_result, await upload.read())
    except InputError as error:
        return name, "", message(error, lang)
    whose = found.company or found.technology or ""
    if found.revoked:
        return name, whose, withdrawn_at(found.revoked, lang)
    return name, whose, text(f"signed.{'page_authentic' if found.status_checked else 'authentic_unchecked'}", lang)


def _verify_page(
    request: Request,
    found: Verification | None = None,
    *,
    problem: str = "",
    status: int = 200,
    files: Sequence[tuple[str, str, str]] = (),
) -> Response:
    lang = language(request)
    inputs: Sequence[Any] = ()
    rows: Sequence[Any] = ()
    verdict = ""
    if found is not None:
        rows, inputs = verification_rows(asdict(found), lang), shown_inputs(asdict(found), lang)
        key = "page_authentic" if found.status_checked else "authentic_unchecked"
        verdict = "" if found.revoked else text(f"signed.{key}", lang)
        problem = withdrawn_at(found.revoked, lang) if found.revoked else ""
    shown = {"rows": rows, "inputs": inputs, "files": files}
    return page(request, "verify.html", status, **shown, verdict=verdict, problem=problem, say=_say(request))


# ── the organisation's own ───────────────────────────────────────────────────────────────────────────────────────────


@router.get("/ratings/{rating_id}/signed")
async def signed(request: Request, rating_id: str) -> Response:
    """List what was signed of a kept rating."""
    stored = await ask(request, platform(request).ratings.rating, identifier(rating_id))
    issued = await ask(request, _results(request).results_of, stored.id)
    may = isinstance(check(actor(request), "own:result:issue"), Allowed)
    return page(request, "signed.html", rating_id=stored.id, issued=issued, may_issue=may, say=_say(request))


@router.post("/ratings/{rating_id}/signed")
async def issue(request: Request, rating_id: str) -> Response:
    """Sign a kept rating."""
    await posted(request, f"/ratings/{identifier(rating_id)}/signed")
    issued = await ask(request, _results(request).issue_result, rating_id)
    return RedirectResponse(f"/results/{issued.id}", status_code=303)


# These two stand before the page: its address would match theirs too.
@router.get("/results/{result_id}.pdf")
async def result_report(request: Request, result_id: str) -> Response:
    """Give the signed PDF report in the reader's language."""
    lang = language(request)
    content = await ask(request, _results(request).result_report, _known(result_id), lang)
    return _download(content, "application/pdf", f"ktop-signed-{result_id[:8]}-{lang}.pdf")


@router.get("/results/{result_id}.json")
async def result_file(request: Request, result_id: str) -> Response:
    """Give the signed JSON file; ``?only=1&show=…`` shows just the inputs named."""
    shown = request.query_params.getlist("show") if request.query_params.get("only") == "1" else None
    content = await ask(request, _results(request).result_file, _known(result_id), shown)
    return _download(content, "application/json", f"ktop-signed-{result_id[:8]}.json")


@router.get("/results/{result_id}")
async def result(request: Request, result_id: str) -> Response:
    """Show one signed result: downloads, inputs to choose, withdrawal."""
    return await _result_page(request, _known(result_id))


@router.post("/results/{result_id}/revoke")
async def revoke(request: Request, result_id: str) -> Response:
    """Withdraw a signed result, with a reason."""
    form = await posted(request, f"/results/{_known(result_id)}")
    reason = form.get("reason")
    try:
        await ask(request, _results(request).revoke_result, result_id, reason if isinstance(reason, str) else "")
    except InputError as error:
        return await _result_page(request, result_id, problem=message(error, language(request)), status=422)
    return RedirectResponse(f"/results/{result_id}", status_code=303)


async def _result_page(request: Request, result_id: str, *, problem: str = "", status: int = 200) -> Response:
    issued = await ask(request, _results(request).result, result_id)
    may = isinstance(check(actor(request), "own:result:revoke"), Allowed)
    return page(request, "result.html", status, issued=issued, problem=problem, may_revoke=may, say=_say(request))


def _download(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})


def _known(result_id: str) -> str:
    try:
        return identifier(result_id)
    except NotFoundError:
        raise NotFoundError("signing.result_not_found") from None


def _say(request: Request) -> Any:
    lang = language(request)
    return functools.partial(_signed_text, lang=lang)


def _signed_text(key: str, *, lang: Any, **params: Any) -> str:
    return text(f"signed.{key}", lang, **params)
