"""API operations of one's own account: for whoever has signed in by a browser; a program has none."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from ktop.web import who_asks
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses
from ktop.web.asking import origin

SessionId = Annotated[str, Path(description="Identifier of a session.", pattern="^[0-9a-f]{32}$")]
CredentialId = Annotated[str, Path(description="Identifier of a way to sign in.", pattern="^[0-9a-f]{32}$")]
Password = Annotated[str, Field(max_length=256, description="The present password.", examples=["correct horse staple"])]

router = APIRouter(prefix="/api/v1/account", route_class=BodyRoute)


class OrganisationShown(BaseModel):
    """An organisation that the person is of."""

    id: str
    kind: Literal["company", "agency", "bank", "investor", "operator"]
    name: dict[Literal["ko", "en"], str]
    roles: list[str]
    open: bool = Field(description="Whether one can act for it; not while it is suspended.")
    acting: bool = Field(description="Whether this session acts for it.")


class SessionShown(BaseModel):
    """A signed-in browser."""

    id: str
    agent: str = Field(description="What the browser calls itself.")
    created: datetime.datetime
    seen: datetime.datetime
    here: bool = Field(description="Whether it is the one that asks.")


class AccountShown(BaseModel):
    """A person's own account."""

    login: str
    name: str
    email: str | None = Field(description="Where notices go.")
    notices: bool = Field(description="Whether letters of consents and results go there, too.")
    demo: bool = Field(description="Whether it is a demonstration account.")
    organisations: list[OrganisationShown]
    sessions: list[SessionShown]


class PasswordChange(BaseModel):
    """A new password in the place of the present one."""

    model_config = ConfigDict(extra="forbid")

    present: Password
    new: str = Field(max_length=256, description="The new password.", examples=["tanrekoi vulmi pesado"])


class EmailChange(BaseModel):
    """The address that notices go to; empty for none."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=200, examples=["hong@bank.example"])
    password: Password
    notices: bool = Field(True, description="Whether letters of consents and results go there, too.")


class Acted(BaseModel):
    """The organisation to act for."""

    model_config = ConfigDict(extra="forbid")

    organisation: str = Field(max_length=64, description="Its identifier.", examples=["bank"])


class Ended(BaseModel):
    """How many sessions were ended."""

    ended: int


class ErasureConfirmed(BaseModel):
    """What confirms that the person is to be erased, for good."""

    model_config = ConfigDict(extra="forbid")

    login: str = Field(max_length=200, description="The account's own login.", examples=["hong.gildong"])
    password: str = Field("", max_length=256, description="The password, where the account has one.")


class FactorsShown(BaseModel):
    """What the person has set up as a second factor."""

    app_since: datetime.datetime | None = Field(description="Since when there is an authenticator app.")
    app_used: datetime.datetime | None
    recovery_codes: int = Field(description="Recovery codes that are left.")
    passkeys: int


class AppOffered(BaseModel):
    """What an authenticator app is set up with; it counts once its first code was shown."""

    seed: str = Field(description="The seed in Base32.")
    address: str = Field(description="An otpauth address with the same seed.")


class Code(BaseModel):
    """A code of the authenticator app, or a recovery code."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=40, description="Six digits, or a recovery code.", examples=["123456"])


class RecoveryCodes(BaseModel):
    """Recovery codes, told once."""

    recovery_codes: list[str]


class JoinedShown(BaseModel):
    """An account of a sign-in provider that was joined to this one."""

    id: str
    provider: str = Field(description="The provider's issuer.")
    joined: datetime.datetime
    used: datetime.datetime | None


class PasskeyShown(BaseModel):
    """A passkey of the person."""

    id: str
    name: str
    created: datetime.datetime
    used: datetime.datetime | None


class PasskeyOffered(BaseModel):
    """What a browser makes a passkey with."""

    options: str = Field(description="JSON for `navigator.credentials.create`.")
    kept: str = Field(description="Sent back with the browser's answer, within five minutes.")


class NewPasskey(BaseModel):
    """A passkey just made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=100, description="What the person calls it.", examples=["Office laptop"])
    kept: str = Field(max_length=2000, description="As it was offered.", examples=["s1.…"])
    answer: str = Field(max_length=20_000, description="The browser's answer, as JSON.", examples=["{}"])


@router.get("", tags=["account"], responses={**error_answers(422)})
def account(use: Uses, who: Acting, lang: Language = None) -> AccountShown:
    """Read one's own account: organisations and sessions."""
    return AccountShown.model_validate(use.accounts.account(who), from_attributes=True)


@router.put("/email", status_code=204, response_class=Response, tags=["account"], responses={**error_answers(422)})
def change_email(body: EmailChange, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Set the address that notices go to."""
    use.accounts.change_email(who, body.email, body.password, notices=body.notices)
    return Response(status_code=204)


@router.put("/password", status_code=204, response_class=Response, tags=["account"], responses={**error_answers(422)})
def change_password(body: PasswordChange, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Change one's own password; all other sessions end."""
    use.accounts.change_password(who, body.present, body.new)
    return Response(status_code=204)


@router.post(
    "/organisation", status_code=204, response_class=Response, tags=["account"], responses={**error_answers(422)}
)
def switch(body: Acted, request: Request, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Act for another of one's organisations; a new session cookie takes the place of the present one."""
    answer = Response(status_code=204)
    who_asks.remember(request, answer, use.accounts.switch(who, body.organisation))
    return answer


@router.delete("/sessions", tags=["account"], responses={**error_answers(422)})
def end_other_sessions(use: Uses, who: Acting, lang: Language = None) -> Ended:
    """End all of one's sessions but this one."""
    return Ended(ended=use.accounts.end_other_sessions(who))


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    response_class=Response,
    tags=["account"],
    responses={**error_answers(404, 422)},
)
def end_session(session_id: SessionId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """End one of one's own sessions."""
    use.accounts.end_session(who, session_id)
    return Response(status_code=204)


@router.post(
    "/erasure", status_code=204, response_class=Response, tags=["account"], responses={**error_answers(409, 422)}
)
def erase(body: ErasureConfirmed, request: Request, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Erase what is known of oneself, for good; records stay under an identifier."""
    use.erasure.erase_me(who, body.login, body.password)
    answer = Response(status_code=204)
    who_asks.forget(request, answer)
    return answer


@router.get("/second-factor", tags=["account"], responses={**error_answers(422)})
def factors(use: Uses, who: Acting, lang: Language = None) -> FactorsShown:
    """Read which second factors one has set up."""
    return FactorsShown.model_validate(use.second_factors.factors(who), from_attributes=True)


@router.post("/second-factor/app", tags=["account"], responses={**error_answers(409, 422)})
def offer_app(use: Uses, who: Acting, lang: Language = None) -> AppOffered:
    """Ask for what an authenticator app is set up with."""
    return AppOffered.model_validate(use.second_factors.offer_app(who), from_attributes=True)


@router.put("/second-factor/app", tags=["account"], responses={**error_answers(409, 422)})
def confirm_app(
    body: Code, request: Request, response: Response, use: Uses, who: Acting, lang: Language = None
) -> RecoveryCodes:
    """Keep the app that was offered, by its first code; the answer holds recovery codes, this once."""
    made = use.second_factors.confirm_app(who, body.code)
    who_asks.remember(request, response, made.session)
    return RecoveryCodes(recovery_codes=list(made.recovery_codes))


@router.post(
    "/second-factor", status_code=204, response_class=Response, tags=["account"], responses={**error_answers(422)}
)
def prove(body: Code, request: Request, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Show a code; a new session cookie takes the place of the present one."""
    answer = Response(status_code=204)
    who_asks.remember(request, answer, use.second_factors.prove(who, body.code))
    return answer


@router.post(
    "/second-factor/removal",
    status_code=204,
    response_class=Response,
    tags=["account"],
    responses={**error_answers(409, 422)},
)
def remove_app(body: Code, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Remove the app and its recovery codes, by a code of it."""
    use.second_factors.remove_app(who, body.code)
    return Response(status_code=204)


@router.get("/providers", tags=["account"], responses={**error_answers(422)})
def providers(use: Uses, who: Acting, lang: Language = None) -> list[JoinedShown]:
    """List the sign-in providers' accounts that were joined to one's own."""
    return [JoinedShown.model_validate(one, from_attributes=True) for one in use.providers.joined(who)]


@router.delete(
    "/providers/{credential_id}",
    status_code=204,
    response_class=Response,
    tags=["account"],
    responses={**error_answers(404, 409, 422)},
)
def leave_provider(credential_id: CredentialId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Sign in by a provider's account no more."""
    use.providers.leave(who, credential_id)
    return Response(status_code=204)


@router.get("/passkeys", tags=["account"], responses={**error_answers(422)})
def passkeys(use: Uses, who: Acting, lang: Language = None) -> list[PasskeyShown]:
    """List one's passkeys."""
    return [PasskeyShown.model_validate(one, from_attributes=True) for one in use.passkeys.passkeys(who)]


@router.post("/passkeys/options", tags=["account"], responses={**error_answers(409, 422)})
def offer_passkey(request: Request, use: Uses, who: Acting, lang: Language = None) -> PasskeyOffered:
    """Ask for what a passkey is made with."""
    return PasskeyOffered.model_validate(use.passkeys.begin(who, origin(request)), from_attributes=True)


@router.post(
    "/passkeys", status_code=204, response_class=Response, tags=["account"], responses={**error_answers(409, 422)}
)
def register_passkey(body: NewPasskey, request: Request, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Keep a passkey; a new session cookie takes the place of the present one."""
    answer = Response(status_code=204)
    session = use.passkeys.register(who, body.kept, body.answer, body.name, origin(request))
    who_asks.remember(request, answer, session)
    return answer


@router.delete(
    "/passkeys/{credential_id}",
    status_code=204,
    response_class=Response,
    tags=["account"],
    responses={**error_answers(404, 409, 422)},
)
def remove_passkey(credential_id: CredentialId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Remove a passkey."""
    use.passkeys.remove(who, credential_id)
    return Response(status_code=204)
