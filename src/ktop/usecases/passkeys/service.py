"""Registers and checks passkeys (Web Authentication level 3), with user verification and for one origin.

Every challenge counts once: a passkey remembers when the newest challenge was made that it has answered, and takes none
that is as old (the database compares, so of two at a time one holds).
"""

from __future__ import annotations

import ipaddress
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from ktop.domain.party.actor import INSTALLATION, VISITOR, Actor
from ktop.domain.party.organisation import ACTIVE
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError, SignInError, UnavailableError
from ktop.kernel.sealing import Sealer
from ktop.signing import base64url
from ktop.store.credentials import CredentialRow
from ktop.store.unit_of_work import InstallationWork, Store
from ktop.usecases.accounts.interface import Browser, NewSession
from ktop.usecases.accounts.people import (
    asks_second_factor,
    begin_session,
    open_organisations,
    read_name,
    renew_session,
    require_person,
    require_whole_person,
)
from ktop.usecases.accounts.throttle import Throttle
from ktop.usecases.mail.post import PostOffice
from ktop.usecases.passkeys.interface import Challenge, PasskeyCard
from ktop.usecases.second_factor.service import require_whole_or_first

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

_NAME = "K-TOP"
_MOST = 10
_PLACE = "passkey challenge"
#: What an answer may take, with time to find the device; as long is what the browser is told.
_SECONDS = 300
_LONGEST_ANSWER = 20_000


class _NotHeldError(Exception):
    """An answer that does not hold; the kinds of reasons are told to nobody."""


def _now() -> datetime:
    return datetime.now(UTC)


class PasskeyService:
    """See ``ktop.usecases.passkeys.interface.Passkeys``.

    Parameters
    ----------
    sealer : seals what the browser keeps between challenge and answer.
    post : takes letters; ``now`` tells the time.
    """

    def __init__(
        self, store: Callable[[], Store], sealer: Sealer, now: Callable[[], datetime] = _now, *, post: PostOffice
    ) -> None:
        self._store, self._sealer, self._now, self._post = store, sealer, now, post

    def possible(self, actor: Actor, origin: str) -> bool:
        return _has_name(_host(origin))

    def passkeys(self, actor: Actor) -> Sequence[PasskeyCard]:
        require_whole_or_first(self._store(), actor)
        with self._store().installation(reading=True) as work:
            rows = work.credentials.of(actor.user, "passkey")
        return [PasskeyCard(row.id, str(row.data.get("label", "")), row.created, row.used) for row in rows]

    def begin(self, actor: Actor, origin: str) -> Challenge:
        require_whole_or_first(self._store(), actor)
        with self._store().installation(reading=True) as work:
            known = work.credentials.of(actor.user, "passkey")
            person = work.identity.person(actor.user)
        if len(known) >= _MOST:
            raise ConflictError("passkeys.too_many", most=_MOST)
        import webauthn  # loads a library of certificates: only where somebody uses a passkey
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        kept, challenge = self._challenge(actor, "register")
        options = webauthn.generate_registration_options(
            rp_id=_named(origin),
            rp_name=_NAME,
            user_id=actor.user.encode(),
            user_name=person.login if person else "",
            user_display_name=person.name if person else "",
            challenge=challenge,
            timeout=_SECONDS * 1000,
            exclude_credentials=_descriptors(known),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
        )
        return Challenge(webauthn.options_to_json(options), kept)

    def register(self, actor: Actor, kept: str, answer: str, name: str, origin: str) -> NewSession:
        require_whole_or_first(self._store(), actor)
        label, now = read_name(name or _NAME), self._now()
        import webauthn  # as above
        from webauthn.helpers.exceptions import WebAuthnException

        try:
            began = self._began(kept, actor, "register")
            made = webauthn.verify_registration_response(
                credential=_read(answer),
                expected_challenge=base64url.decode(began["challenge"]),
                expected_rp_id=_named(origin),
                expected_origin=origin,
                require_user_verification=True,
            )
        except (WebAuthnException, _NotHeldError, ValueError, KeyError, TypeError):
            raise InputError("passkeys.does_not_hold") from None
        key, known_as = base64url.encode(made.credential_public_key), base64url.encode(made.credential_id)
        if len(known_as) > 300:
            raise InputError("passkeys.does_not_hold")
        data = {"label": label, "counter": began["at"], "signs": made.sign_count}
        with self._store().installation() as work:
            if work.credentials.named("passkey", known_as) is not None:
                raise ConflictError("passkeys.known_already")
            if len(work.credentials.of(actor.user, "passkey")) >= _MOST:
                raise ConflictError("passkeys.too_many", most=_MOST)
            work.credentials.add(actor.user, "passkey", name=known_as, secret=key, now=now, data=data)
            work.tell(actor, "account.second_factor_added", actor.user, {"kind": "passkey"})
            self._post.notify(work, "factor_changed", actor.user, now, sender=actor.organisation)
            return renew_session(work, actor, strength=2, known_by=f"{actor.known_by}+passkey", now=now)

    def ask(self, actor: Actor, origin: str) -> Challenge:
        import webauthn  # as above
        from webauthn.helpers.structs import UserVerificationRequirement

        known: Sequence[CredentialRow] = ()
        if actor != VISITOR:
            require_person(actor)
            with self._store().installation(reading=True) as work:
                known = work.credentials.of(actor.user, "passkey")
        kept, challenge = self._challenge(actor, "show")
        options = webauthn.generate_authentication_options(
            rp_id=_named(origin),
            challenge=challenge,
            timeout=_SECONDS * 1000,
            allow_credentials=_descriptors(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return Challenge(webauthn.options_to_json(options), kept)

    def sign_in(self, actor: Actor, kept: str, answer: str, origin: str, browser: Browser) -> NewSession:
        now = self._now()
        throttle = Throttle("passkey", browser.address)
        with self._store().installation(reading=True) as work:
            throttle.require_patience(work, now)
        try:
            with self._store().installation() as work:
                shown = self._shown(work, VISITOR, kept, answer, origin, now)
                person = work.identity.person(shown.user)
                if person is None or person.state != ACTIVE:
                    raise _NotHeldError
                possible = open_organisations(work.identity.memberships_of(shown.user))
                if not possible:
                    raise ForbiddenError("accounts.no_organisation")
                work.sessions.forget_expired(now)
                throttle.forget(work)
                session, _ = begin_session(
                    work,
                    user=shown.user,
                    organisation=possible[0][0].id,
                    strength=2,
                    known_by="passkey",
                    agent=browser.agent,
                    now=now,
                )
                told = Actor(shown.user, possible[0][0].id)
                work.tell(told, "account.signed_in", shown.user, {"way": "passkey"})
                return session
        except _NotHeldError:
            with self._store().installation() as work:
                throttle.note(work, now)
                work.tell(INSTALLATION, "account.sign_in_failed", "unknown", {"way": "passkey"})
            raise SignInError("passkeys.nobody_here") from None

    def prove(self, actor: Actor, kept: str, answer: str, origin: str) -> NewSession:
        require_person(actor)
        now = self._now()
        throttle = Throttle("second factor", f"account {actor.user}")
        with self._store().installation(reading=True) as work:
            throttle.require_patience(work, now)
        try:
            with self._store().installation() as work:
                self._shown(work, actor, kept, answer, origin, now)
                throttle.forget(work)
                work.tell(actor, "account.second_factor_shown", actor.user, {"kind": "passkey"})
                return renew_session(work, actor, strength=2, known_by=f"{actor.known_by}+passkey", now=now)
        except _NotHeldError:
            self._refuse(actor, throttle, now)

    def remove(self, actor: Actor, passkey: str) -> None:
        require_whole_person(actor)
        with self._store().installation() as work:
            if not work.credentials.remove(actor.user, "passkey", passkey):
                raise NotFoundError("passkeys.not_found")
            demanded = asks_second_factor(work.identity.memberships_of(actor.user))
            if demanded and not work.credentials.of(actor.user, "passkey", "totp"):
                raise ConflictError("second_factor.demanded")
            if not work.credentials.of(actor.user, "password", "passkey", "oidc"):
                raise ConflictError("providers.nothing_left")
            work.tell(actor, "account.second_factor_removed", actor.user, {"kind": "passkey"})
            self._post.notify(work, "factor_changed", actor.user, self._now(), sender=actor.organisation)

    def _challenge(self, actor: Actor, purpose: str) -> tuple[str, bytes]:
        """Return a new challenge of 256 random bits, and the same sealed with what it is for and when it was made."""
        challenge = secrets.token_bytes(32)
        at = round(self._now().timestamp() * 1000)
        said = {"challenge": base64url.encode(challenge), "at": at, "by": actor.session, "purpose": purpose}
        return self._sealer.seal(json.dumps(said), _PLACE), challenge

    def _began(self, kept: str, actor: Actor, purpose: str) -> Mapping[str, Any]:
        try:
            began: Mapping[str, Any] = json.loads(self._sealer.unseal(kept[:2000], _PLACE))
        except UnavailableError as error:
            raise _NotHeldError from error
        age = self._now().timestamp() * 1000 - began["at"]
        if began["by"] != actor.session or began["purpose"] != purpose or not 0 <= age + 1 <= _SECONDS * 1000:
            raise _NotHeldError
        return began

    def _shown(
        self, work: InstallationWork, actor: Actor, kept: str, answer: str, origin: str, now: datetime
    ) -> CredentialRow:
        """Return the passkey that an answer shows, used up for this challenge; raises ``_NotHeldError`` for none."""
        import webauthn  # as above
        from webauthn.helpers.exceptions import WebAuthnException

        try:
            began, given = self._began(kept, actor, "show"), _read(answer)
            known = work.credentials.named("passkey", str(given["id"])[:300])
            if known is None or (actor != VISITOR and known.user != actor.user):
                raise _NotHeldError
            handle = given["response"].get("userHandle")
            if handle and base64url.decode(handle) != known.user.encode():
                raise _NotHeldError
            signs = int(known.data.get("signs", 0))
            found = webauthn.verify_authentication_response(
                credential=given,
                expected_challenge=base64url.decode(began["challenge"]),
                expected_rp_id=_named(origin),
                expected_origin=origin,
                credential_public_key=base64url.decode(known.secret),
                credential_current_sign_count=signs,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _NotHeldError from error
        more = {"label": known.data.get("label", ""), "signs": found.new_sign_count}
        if not work.credentials.use(known.id, now, began["at"], more):
            raise _NotHeldError
        return known

    def _refuse(self, actor: Actor, throttle: Throttle, now: datetime) -> NoReturn:
        with self._store().installation() as work:
            throttle.note(work, now)
            work.tell(actor, "account.second_factor_refused", actor.user, {})
        raise InputError("passkeys.does_not_hold")


def _host(origin: str) -> str:
    return urlsplit(origin).hostname or ""


def _has_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(host)
    return False


def _named(origin: str) -> str:
    """Return the name that passkeys are bound to; raises ``ConflictError`` for an address without one."""
    host = _host(origin)
    if not _has_name(host):
        raise ConflictError("passkeys.needs_name")
    return host


def _read(answer: str) -> dict[str, Any]:
    try:
        found = json.loads(answer) if len(answer) <= _LONGEST_ANSWER else None
    except RecursionError:
        raise _NotHeldError from None
    if not isinstance(found, dict):
        raise _NotHeldError
    return found


def _descriptors(known: Sequence[CredentialRow]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=base64url.decode(row.name)) for row in known]
