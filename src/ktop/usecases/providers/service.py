"""Signs people in by an OpenID Connect provider: discovery, code with PKCE, and the ID token checked by its keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from ktop.domain.party.actor import VISITOR, Actor
from ktop.domain.party.organisation import ACTIVE
from ktop.kernel.errors import ConflictError, NotFoundError, SignInError, UnavailableError
from ktop.kernel.sealing import Sealer
from ktop.store.unit_of_work import Store
from ktop.usecases.accounts.interface import Browser
from ktop.usecases.accounts.people import begin_session, open_organisations, require_whole_person
from ktop.usecases.providers.interface import Arrival, Departure, JoinedAccount

_PATIENCE_SECONDS = 10.0
#: What a journey to the provider and back may take.
_JOURNEY_SECONDS = 600
_LEEWAY_SECONDS = 60
#: Signatures with a public key alone: with a shared secret, or none, anybody could make an ID token.
_ALGORITHMS = ["RS256", "PS256", "ES256"]
_LONGEST_ANSWER = 200_000
_PLACE = "sign-in provider"


def _now() -> datetime:
    return datetime.now(UTC)


class ProviderService:
    """See ``ktop.usecases.providers.interface.Providers``.

    Parameters
    ----------
    issuer, client_id, client_secret : as registered with the provider; without an issuer there is none.
    sealer : seals what the browser keeps during the journey.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        sealer: Sealer,
        issuer: str | None,
        client_id: str,
        client_secret: str,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._store, self._sealer, self._now = store, sealer, now
        self._issuer, self._client = issuer, (client_id, client_secret)

    def available(self, actor: Actor) -> bool:
        return self._issuer is not None

    def depart(self, actor: Actor, back_to: str, onward: str = "") -> Departure:
        if actor != VISITOR:
            require_whole_person(actor)
        place = self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client[0],
            "redirect_uri": back_to,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        until = self._now().timestamp() + _JOURNEY_SECONDS
        kept = {"state": state, "nonce": nonce, "verifier": verifier, "onward": onward, "by": actor.session}
        address = place["authorization_endpoint"]
        joined = "&" if "?" in address else "?"
        return Departure(
            f"{address}{joined}{urlencode(asked)}", self._sealer.seal(json.dumps(kept | {"until": until}), _PLACE)
        )

    def arrive(self, actor: Actor, kept: str, state: str, code: str, back_to: str, browser: Browser) -> Arrival:
        began = self._began(kept)
        if not hmac.compare_digest(str(began["state"]).encode(), state.encode()) or began["by"] != actor.session:
            raise SignInError("providers.does_not_hold")
        place = self._discovered()
        said = self._claims(place, self._token(place, code, str(began["verifier"]), back_to), str(began["nonce"]))
        known_as, now = f"{self._issuer} {said['sub']}", self._now()
        with self._store().installation() as work:
            known = work.credentials.named("oidc", known_as)
            if actor != VISITOR:
                if known is not None:
                    raise ConflictError("providers.joined_already")
                work.credentials.add(actor.user, "oidc", name=known_as, secret="", now=now)
                work.tell(actor, "account.provider_joined", actor.user, {})
                return Arrival(None, str(began["onward"]))
            person = work.identity.person(known.user) if known is not None else None
            possible = open_organisations(work.identity.memberships_of(person.user)) if person else []
            if known is None or person is None or person.state != ACTIVE or not possible:
                raise SignInError("providers.nobody_here")
            factors = said.get("amr") or ()
            strength = 2 if isinstance(factors, list) and "mfa" in factors else 1
            session, _ = begin_session(
                work,
                user=person.user,
                organisation=possible[0][0].id,
                strength=strength,
                known_by="oidc+mfa" if strength == 2 else "oidc",
                agent=browser.agent,
                now=now,
            )
            work.credentials.use(known.id, now)
            work.tell(Actor(person.user, possible[0][0].id), "account.signed_in", person.user, {"way": "oidc"})
            return Arrival(session, str(began["onward"]))

    def joined(self, actor: Actor) -> Sequence[JoinedAccount]:
        require_whole_person(actor)
        with self._store().installation(reading=True) as work:
            rows = work.credentials.of(actor.user, "oidc")
        return [JoinedAccount(row.id, row.name.partition(" ")[0], row.created, row.used) for row in rows]

    def leave(self, actor: Actor, account: str) -> None:
        require_whole_person(actor)
        with self._store().installation() as work:
            if not work.credentials.remove(actor.user, "oidc", account):
                raise NotFoundError("providers.not_joined")
            if not work.credentials.of(actor.user, "password", "passkey", "oidc"):
                raise ConflictError("providers.nothing_left")
            work.tell(actor, "account.provider_left", actor.user, {})

    def _began(self, kept: str) -> Mapping[str, Any]:
        try:
            began: Mapping[str, Any] = json.loads(self._sealer.unseal(kept, _PLACE))
        except UnavailableError as error:
            raise SignInError("providers.does_not_hold") from error
        if began["until"] < self._now().timestamp():
            raise SignInError("providers.does_not_hold")
        return began

    def _discovered(self) -> Mapping[str, Any]:
        """Return where the provider's endpoints are; raises ``UnavailableError`` where it says so for another."""
        if self._issuer is None:
            raise NotFoundError("providers.none")
        found = self._asked("GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer") != self._issuer or any(not isinstance(found.get(name), str) for name in wanted):
            raise UnavailableError("providers.no_answer")
        return found

    def _token(self, place: Mapping[str, Any], code: str, verifier: str, back_to: str) -> str:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back_to, "code_verifier": verifier}
        answer = self._asked("POST", place["token_endpoint"], data=form, auth=self._client)
        if not isinstance(answer.get("id_token"), str):
            raise SignInError("providers.does_not_hold")
        return str(answer["id_token"])

    def _claims(self, place: Mapping[str, Any], token: str, nonce: str) -> Mapping[str, Any]:
        """Return what an ID token says once all of it holds (OpenID Connect Core, section 3.1.3.7)."""
        from joserfc import jwt  # only where somebody comes back from a provider
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            keys = KeySet.import_key_set(self._asked("GET", place["jwks_uri"]))  # type: ignore[arg-type]
            said = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
            now = int(self._now().timestamp())
            jwt.JWTClaimsRegistry(
                now=now,
                leeway=_LEEWAY_SECONDS,
                iss={"essential": True, "value": self._issuer or ""},
                aud={"essential": True, "value": self._client[0]},
                exp={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(said)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SignInError("providers.does_not_hold") from error
        return said

    def _asked(self, method: str, address: str, **given: Any) -> dict[str, Any]:
        """Return the JSON object that the provider answers with; it is read whole only up to a limit."""
        try:
            body = bytearray()
            with httpx.stream(method, address, timeout=_PATIENCE_SECONDS, follow_redirects=False, **given) as answer:
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > _LONGEST_ANSWER:
                        raise UnavailableError("providers.no_answer")
            if 400 <= answer.status_code < 500 and method == "POST":
                raise SignInError("providers.does_not_hold")
            found = json.loads(body) if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            raise UnavailableError("providers.no_answer") from error
        if not isinstance(found, dict):
            raise UnavailableError("providers.no_answer")
        return found
