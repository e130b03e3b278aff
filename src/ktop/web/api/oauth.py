"""OAuth 2 for programs: a token for the key of an organisation (client credentials, RFC 6749 section 4.4)."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from ktop.domain.party.actor import VISITOR
from ktop.kernel.errors import InputError, KtopError, SignInError
from ktop.web.api.schemas import error_answers
from ktop.web.asking import platform
from ktop.web.errors import problem
from ktop.web.language import language

router = APIRouter(prefix="/api/v1")


class Token(BaseModel):
    """A token for a key; send it as ``Authorization: Bearer``."""

    access_token: str = Field(examples=["ktop_at_5vK3…"])
    token_type: str = Field("Bearer", description="Always Bearer.")
    expires_in: int = Field(description="Seconds that the token counts for.", examples=[3600])
    scope: str = Field(description="Permissions of the token, split by spaces.", examples=["own:rating:read"])


class TokenProblem(BaseModel):
    """Why there is no token: RFC 6749's words beside those of every other problem."""

    error: str = Field(examples=["invalid_client"])
    error_description: str
    code: str
    status: int
    details: dict[str, str]


_REFUSED = {"model": TokenProblem}


@router.post("/oauth/token", tags=["access"], responses={**error_answers(422), 400: _REFUSED, 401: _REFUSED})
async def token(
    request: Request,
    grant_type: Annotated[str, Form(max_length=40, examples=["client_credentials"])] = "",
    client_id: Annotated[str, Form(max_length=40, description="The key's prefix, unless in HTTP Basic.")] = "",
    client_secret: Annotated[str, Form(max_length=100, description="The whole key, unless in HTTP Basic.")] = "",
    scope: Annotated[str, Form(max_length=2000, description="Permissions, split by spaces; without it, all.")] = "",
) -> Token:
    """Exchange a key for a token of one hour, with all of its permissions or some."""
    try:
        if grant_type != "client_credentials":
            raise InputError("keys.grant_not_possible")
        given = _basic(request) or (client_id, client_secret)
        found = await run_in_threadpool(platform(request).keys.token, VISITOR, *given, scope.split() or None)
    except (SignInError, InputError) as error:
        return _refused(request, error)  # type: ignore[return-value] # a response is passed on as it is
    return Token(access_token=found.token, expires_in=found.seconds, scope=" ".join(found.scopes))


def _basic(request: Request) -> tuple[str, str] | None:
    """Return what HTTP Basic gives as client id and secret, None where there is no such header."""
    kind, _, content = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(content, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SignInError("access.key_wrong") from None
    return unquote_plus(name), unquote_plus(secret)


def _refused(request: Request, error: KtopError) -> Response:
    """Return an error in the words of RFC 6749, section 5.2."""
    said: dict[str, Any] = problem(error, language(request))
    word, status = "invalid_client", 401
    if isinstance(error, InputError):
        word = "unsupported_grant_type" if error.key == "keys.grant_not_possible" else "invalid_scope"
        status = 400
    shown = {"code": said["code"], "status": status, "details": said["details"]}
    body = {"error": word, "error_description": said["detail"], **shown}
    headers = {"www-authenticate": 'Basic realm="K-TOP"'} if status == 401 else None
    return JSONResponse(body, status, headers)
