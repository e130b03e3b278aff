"""Sets up and checks second factors: codes by time (TOTP, RFC 6238), and recovery codes."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError
from ktop.kernel.sealing import Sealer
from ktop.store.credentials import CredentialRow
from ktop.store.sessions import hash_of
from ktop.store.unit_of_work import InstallationWork, Store
from ktop.usecases.accounts.interface import NewSession
from ktop.usecases.accounts.people import asks_second_factor, renew_session, require_person, require_whole_person
from ktop.usecases.accounts.throttle import Throttle
from ktop.usecases.mail.post import PostOffice
from ktop.usecases.second_factor.interface import AppOffer, Factors, NewFactor

_ISSUER = "K-TOP"
#: Codes of the interval before and after count as well: clocks differ.
_WINDOW = (0, -1, 1)
_RECOVERY_CODES = 10


def _now() -> datetime:
    return datetime.now(UTC)


class SecondFactorService:
    """See ``ktop.usecases.second_factor.interface.SecondFactors``. Seeds are kept sealed; ``now`` tells the time."""

    def __init__(
        self,
        store: Callable[[], Store],
        sealer: Sealer,
        now: Callable[[], datetime] = _now,
        *,
        post: PostOffice,
    ) -> None:
        self._store, self._sealer, self._now, self._post = store, sealer, now, post

    def factors(self, actor: Actor) -> Factors:
        require_whole_or_first(self._store(), actor)
        with self._store().installation(reading=True) as work:
            apps = work.credentials.of(actor.user, "totp")
            codes = work.credentials.of(actor.user, "recovery")
            passkeys = work.credentials.of(actor.user, "passkey")
        app = apps[0] if apps else None
        return Factors(app.created if app else None, app.used if app else None, len(codes), len(passkeys))

    def offer_app(self, actor: Actor) -> AppOffer:
        require_whole_or_first(self._store(), actor)
        seed = base64.b32encode(secrets.token_bytes(20)).decode()
        sealed = self._sealer.seal(seed, _place(actor.user))
        with self._store().installation() as work:
            if work.credentials.of(actor.user, "totp"):
                raise ConflictError("second_factor.app_already")
            person = work.identity.person(actor.user)
            work.sessions.keep_data(actor.session, {"known_by": actor.known_by, "app": sealed})
        import pyotp  # only where somebody sets a factor up or shows one

        return AppOffer(
            seed, pyotp.TOTP(seed).provisioning_uri(name=person.login if person else "", issuer_name=_ISSUER)
        )

    def confirm_app(self, actor: Actor, code: str) -> NewFactor:
        require_whole_or_first(self._store(), actor)
        now = self._now()
        throttle = _throttle(actor)
        with self._store().installation() as work:
            throttle.begin(work, now)
            offered = next((row.data.get("app") for row in work.sessions.of(actor.user) if _is_of(row, actor)), None)
            if not offered:
                raise ConflictError("second_factor.nothing_offered")
        counter = _counter_of(code, self._sealer.unseal(str(offered), _place(actor.user)), now)
        if counter is None:
            self._refuse(actor)
        codes = [_recovery_code() for _ in range(_RECOVERY_CODES)]
        with self._store().installation() as work:
            throttle.succeed(work)
            if work.credentials.of(actor.user, "totp"):
                raise ConflictError("second_factor.app_already")
            work.credentials.add(
                actor.user, "totp", name="app", secret=str(offered), now=now, data={"counter": counter}
            )
            work.credentials.remove(actor.user, "recovery")
            for each in codes:
                work.credentials.add(actor.user, "recovery", name="code", secret=hash_of(_bare(each)), now=now)
            work.tell(actor, "account.second_factor_added", actor.user, {"kind": "totp"})
            self._post.notify(work, "factor_changed", actor.user, now, sender=actor.organisation)
            session = renew_session(work, actor, strength=2, known_by=f"{actor.known_by}+totp", now=now)
        return NewFactor(session, codes)

    def prove(self, actor: Actor, code: str) -> NewSession:
        require_person(actor)
        now = self._now()
        by = self._shown(actor, code, now)
        with self._store().installation() as work:
            work.tell(actor, "account.second_factor_shown", actor.user, {"kind": by})
            return renew_session(work, actor, strength=2, known_by=f"{actor.known_by}+{by}", now=now)

    def remove_app(self, actor: Actor, code: str) -> None:
        require_whole_person(actor)
        with self._store().installation(reading=True) as work:
            demanded = asks_second_factor(work.identity.memberships_of(actor.user))
            if demanded and not work.credentials.of(actor.user, "passkey"):
                raise ConflictError("second_factor.demanded")
        self._shown(actor, code, self._now())
        with self._store().installation() as work:
            work.credentials.remove(actor.user, "totp")
            work.credentials.remove(actor.user, "recovery")
            work.tell(actor, "account.second_factor_removed", actor.user, {"kind": "totp"})
            self._post.notify(work, "factor_changed", actor.user, self._now(), sender=actor.organisation)

    def _shown(self, actor: Actor, code: str, now: datetime) -> str:
        """Return the kind of factor that a code shows, used up from now on; raises ``InputError`` for none."""
        throttle = _throttle(actor)
        with self._store().installation() as work:
            throttle.begin(work, now)
            apps = work.credentials.of(actor.user, "totp")
            recovery = work.credentials.of(actor.user, "recovery")
        with self._store().installation() as work:
            by = self._used(work, apps, recovery, code, now)
            if by:
                throttle.succeed(work)
        if not by:
            self._refuse(actor)
        return by

    def _used(
        self,
        work: InstallationWork,
        apps: list[CredentialRow],
        recovery: list[CredentialRow],
        code: str,
        now: datetime,
    ) -> str:
        for app in apps:
            counter = _counter_of(code, self._sealer.unseal(app.secret, _place(app.user)), now)
            if counter is not None and work.credentials.use(app.id, now, counter):
                return "totp"
        for each in recovery:
            if hmac.compare_digest(hash_of(_bare(code)), each.secret) and work.credentials.take(each.id):
                return "recovery"
        return ""

    def _refuse(self, actor: Actor) -> None:
        with self._store().installation() as work:
            work.tell(actor, "account.second_factor_refused", actor.user, {})
        raise InputError("second_factor.wrong_code")


def require_whole_or_first(store: Store, actor: Actor) -> None:
    """Raise ``ForbiddenError`` unless somebody has shown their second factor, or has none yet to show."""
    require_person(actor)
    if actor.second_factor_missing:
        with store.installation(reading=True) as work:
            if work.credentials.of(actor.user, "totp", "passkey"):
                raise ForbiddenError("access.second_factor")


def _throttle(actor: Actor) -> Throttle:
    """By the user: codes have a million values, and only who knows the password gets as far as guessing them."""
    return Throttle("second factor", f"account {actor.user}")


def _is_of(row: object, actor: Actor) -> bool:
    return getattr(row, "public_id", None) == actor.session


def _place(user: str) -> str:
    return f"totp:{user}"


def _counter_of(code: str, seed: str, now: datetime) -> int | None:
    """Return the interval that a code is of, None where it is of none near now."""
    import pyotp  # as above

    app = pyotp.TOTP(seed)
    given = "".join(code.split())
    if len(given) != app.digits or not (given.isascii() and given.isdigit()):
        return None
    for step in _WINDOW:
        counter = app.timecode(now) + step
        if hmac.compare_digest(app.generate_otp(counter), given):
            return counter
    return None


def _recovery_code() -> str:
    """Return a code of 80 random bits in four groups; as random as that, a quick hash keeps it."""
    letters = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def _bare(code: str) -> str:
    return "".join(code.split()).replace("-", "").casefold()
