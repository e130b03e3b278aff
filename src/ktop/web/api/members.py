"""API operations of the members of an organisation, and of the links by which people join it."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from ktop.usecases.members.interface import NewLink
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.conditions import CONDITION_FAILS, TAGGED, IfMatch, tag
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses
from ktop.web.asking import origin

UserId = Annotated[str, Path(description="Identifier of a user.", pattern="^[0-9a-f]{32}$")]
LinkId = Annotated[str, Path(description="Identifier of a link.", pattern="^[0-9a-f]{32}$")]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class MemberShown(BaseModel):
    """A member with all roles in the organisation."""

    user: str
    login: str
    name: str
    roles: list[str] = Field(examples=[["bank_officer"]])


class Roles(BaseModel):
    """The roles of a member, in the place of the present ones."""

    model_config = ConfigDict(extra="forbid")

    roles: list[str] = Field(
        min_length=1, max_length=10, description="As listed at `/api/v1/member-roles`.", examples=[["bank_officer"]]
    )


class Invitation(BaseModel):
    """The role that somebody is invited to."""

    model_config = ConfigDict(extra="forbid")

    role: str = Field(max_length=40, description="As listed at `/api/v1/member-roles`.", examples=["bank_officer"])
    email: str | None = Field(
        None, max_length=200, description="Where the link is sent as well, if this installation sends mail."
    )


class LinkShown(BaseModel):
    """A link that can still be used; its address is told once, when it is made."""

    id: str
    purpose: Literal["join", "reset"]
    role: str | None
    expires: datetime.datetime


class NewLinkShown(BaseModel):
    """A link just made."""

    address: str = Field(description="The address to hand over, told once.")
    expires: datetime.datetime
    mailed: bool = Field(description="Whether it is sent by mail as well.")


class ResetAsked(BaseModel):
    """What of a member's access is set anew."""

    model_config = ConfigDict(extra="forbid")

    second_factor: bool = Field(False, description="Whether the second factor is forgotten, too.")


@router.get("/members", tags=["members"], responses={**error_answers(422)})
def members(use: Uses, who: Acting, lang: Language = None) -> list[MemberShown]:
    """List the organisation's members by name."""
    found: dict[str, MemberShown] = {}
    for one in use.members.members(who):
        shown = MemberShown(user=one.user, login=one.login, name=one.name, roles=[])
        found.setdefault(one.user, shown).roles.append(one.role)
    return list(found.values())


@router.get("/member-roles", tags=["members"], responses={**error_answers(422)})
def roles(use: Uses, who: Acting, lang: Language = None) -> list[str]:
    """List the roles that one can give in one's organisation."""
    return list(use.members.roles(who))


@router.get("/members/{user_id}", tags=["members"], responses={200: TAGGED, **error_answers(404, 422)})
def member(user_id: UserId, response: Response, use: Uses, who: Acting, lang: Language = None) -> MemberShown:
    """Fetch one member."""
    found = use.members.member(who, user_id)
    tag(response, found.version)
    return MemberShown.model_validate(found, from_attributes=True)


@router.patch(
    "/members/{user_id}",
    tags=["members"],
    responses={200: TAGGED, **error_answers(404, 409, 422, *CONDITION_FAILS)},
)
def change_roles(
    user_id: UserId,
    body: Roles,
    condition: IfMatch,
    response: Response,
    use: Uses,
    who: Acting,
    lang: Language = None,
) -> MemberShown:
    """Give a member other roles."""
    found = use.members.change_roles(who, user_id, body.roles, version=condition.version())
    tag(response, found.version)
    return MemberShown.model_validate(found, from_attributes=True)


@router.delete(
    "/members/{user_id}",
    status_code=204,
    response_class=Response,
    tags=["members"],
    responses={**error_answers(404, 409, 422, *CONDITION_FAILS)},
)
def end_member(user_id: UserId, condition: IfMatch, use: Uses, who: Acting, lang: Language = None) -> Response:
    """End a member's roles in the organisation."""
    use.members.end(who, user_id, version=condition.version())
    return Response(status_code=204)


@router.post("/members/{user_id}/reset", status_code=201, tags=["members"], responses={**error_answers(404, 409, 422)})
def reset_member(
    user_id: UserId, body: ResetAsked, request: Request, use: Uses, who: Acting, lang: Language = None
) -> NewLinkShown:
    """Make a link by which a member sets a new password within a day."""
    return _link(request, use.members.reset(who, user_id, second_factor=body.second_factor, origin=origin(request)))


@router.post(
    "/members/{user_id}/erasure",
    status_code=204,
    response_class=Response,
    tags=["members"],
    responses={**error_answers(404, 409, 422)},
)
def erase_member(user_id: UserId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Erase what is known of a member, for good; records stay under an identifier."""
    use.erasure.erase_member(who, user_id)
    return Response(status_code=204)


@router.get("/invitations", tags=["members"], responses={**error_answers(422)})
def invitations(use: Uses, who: Acting, lang: Language = None) -> list[LinkShown]:
    """List the links that can still be used."""
    return [LinkShown.model_validate(link, from_attributes=True) for link in use.members.links(who)]


@router.post("/invitations", status_code=201, tags=["members"], responses={**error_answers(422)})
def invite(body: Invitation, request: Request, use: Uses, who: Acting, lang: Language = None) -> NewLinkShown:
    """Make a link by which one person joins with a role, within seven days."""
    return _link(request, use.members.invite(who, body.role, email=body.email, origin=origin(request)))


@router.delete(
    "/invitations/{link_id}",
    status_code=204,
    response_class=Response,
    tags=["members"],
    responses={**error_answers(404, 422)},
)
def withdraw_invitation(link_id: LinkId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Withdraw a link."""
    use.members.withdraw(who, link_id)
    return Response(status_code=204)


def _link(request: Request, made: NewLink) -> NewLinkShown:
    return NewLinkShown(address=f"{origin(request)}/join/{made.token}", expires=made.expires, mailed=made.mailed)
