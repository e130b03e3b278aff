"""API operations of the keys of programs: made by a person, never by a program."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from ktop.usecases.keys.interface import KeyCard, NewKey
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.conditions import CONDITION_FAILS, TAGGED, IfMatch, tag
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses

KeyId = Annotated[str, Path(description="Prefix of a key.", pattern="^[0-9a-f]{12}$")]
Days = Annotated[int, Field(ge=1, le=365, description="Days that it counts for.")]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class KeyShown(BaseModel):
    """A key by its prefix."""

    id: str = Field(description="The prefix that it is shown by; the client id of OAuth 2.")
    name: str
    scopes: list[str]
    made_by: str
    created: datetime.datetime
    expires: datetime.datetime
    used: datetime.datetime | None
    state: Literal["active", "expired", "revoked"]
    left_behind: bool = Field(
        description="Whether it is in use and was made, or last rotated, by a person who has left: rotate or revoke it."
    )


class NewKeyShown(KeyShown):
    """A key just made. `key` is never shown again."""

    key: str = Field(description="The whole key, also the client secret of OAuth 2; told once.")


class KeyAsked(BaseModel):
    """A key to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200, description="What it is for.", examples=["Loan desk"])
    scopes: list[str] = Field(
        min_length=1,
        max_length=100,
        description="Permissions that one role joins, as listed at `/api/v1/key-scopes`.",
        examples=[["own:rating:read"]],
    )
    days: Days = 365


class Rotation(BaseModel):
    """How long the new secret counts for."""

    model_config = ConfigDict(extra="forbid")

    days: Days = 365


@router.get("/keys", tags=["keys"], responses={**error_answers(422)})
def keys(use: Uses, who: Acting, lang: Language = None) -> list[KeyShown]:
    """List the organisation's keys, newest first."""
    return [KeyShown.model_validate(card, from_attributes=True) for card in use.keys.keys(who)]


@router.get("/key-scopes", tags=["keys"], responses={**error_answers(422)})
def key_scopes(use: Uses, who: Acting, lang: Language = None) -> list[str]:
    """List the permissions that a key of the organisation can have."""
    return list(use.keys.possible_scopes(who))


@router.post("/keys", status_code=201, tags=["keys"], responses={201: TAGGED, **error_answers(422)})
def make_key(body: KeyAsked, response: Response, use: Uses, who: Acting, lang: Language = None) -> NewKeyShown:
    """Make a key; the answer holds the whole of it, this once."""
    return _made(response, use.keys.make(who, body.name, body.scopes, body.days))


@router.get("/keys/{key_id}", tags=["keys"], responses={200: TAGGED, **error_answers(404, 422)})
def key(key_id: KeyId, response: Response, use: Uses, who: Acting, lang: Language = None) -> KeyShown:
    """Fetch one key."""
    return _shown(response, use.keys.key(who, key_id))


@router.post(
    "/keys/{key_id}/rotation",
    tags=["keys"],
    responses={200: TAGGED, **error_answers(404, 409, 422, *CONDITION_FAILS)},
)
def rotate_key(
    key_id: KeyId,
    body: Rotation,
    condition: IfMatch,
    response: Response,
    use: Uses,
    who: Acting,
    lang: Language = None,
) -> NewKeyShown:
    """Give a key another secret; the former one and its tokens count no more."""
    return _made(response, use.keys.rotate(who, key_id, body.days, version=condition.edit()))


@router.delete(
    "/keys/{key_id}",
    status_code=204,
    response_class=Response,
    tags=["keys"],
    responses={**error_answers(404, 422, *CONDITION_FAILS)},
)
def revoke_key(key_id: KeyId, condition: IfMatch, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Revoke a key with its tokens, for good."""
    use.keys.revoke(who, key_id, version=condition.edit())
    return Response(status_code=204)


def _shown(response: Response, card: KeyCard) -> KeyShown:
    tag(response, card.version)
    return KeyShown.model_validate(card, from_attributes=True)


def _made(response: Response, made: NewKey) -> NewKeyShown:
    return NewKeyShown(**_shown(response, made.card).model_dump(), key=made.key)
