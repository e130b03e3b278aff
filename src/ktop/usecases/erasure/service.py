"""Erases persons, within the rules on who may and who must be left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from ktop.domain.party.actor import Actor
from ktop.domain.party.organisation import ACTIVE
from ktop.domain.party.permission import require, role_permissions
from ktop.kernel.errors import ConflictError, InputError, NotFoundError
from ktop.store.identity import OrganisationRow
from ktop.store.unit_of_work import InstallationWork, Store
from ktop.usecases.accounts.password_hashes import PasswordHashes
from ktop.usecases.accounts.people import folded, require_whole_person
from ktop.usecases.accounts.throttle import Throttle
from ktop.usecases.keys.leaving import tell_keys_left_behind
from ktop.usecases.members.service import require_own_member

_MANAGES, _RUNS = "own:member:manage", "platform:institution:manage"


def _now() -> datetime:
    return datetime.now(UTC)


class ErasureService:
    """See ``ktop.usecases.erasure.interface.Erasure``. ``now`` tells the time."""

    def __init__(self, store: Callable[[], Store], hashes: PasswordHashes, now: Callable[[], datetime] = _now) -> None:
        self._store, self._hashes, self._now = store, hashes, now

    def erase_me(self, actor: Actor, login: str, password: str) -> None:
        require_whole_person(actor)
        now = self._now()
        throttle = Throttle("password", f"account {actor.user}")
        with self._store().installation(reading=True) as work:
            throttle.require_patience(work, now)
            person = work.identity.person(actor.user)
            kept = work.credentials.of(actor.user, "password")
        right = self._hashes.verify(password, kept[0].secret)[0] if kept else True
        if person is None or not right or folded(login) != person.login:
            with self._store().installation() as work:
                throttle.note(work, now)
                work.tell(actor, "account.erasure_refused", actor.user, {})
            raise InputError("erasure.not_confirmed")
        with self._store().installation() as work:
            self._erase(work, actor, actor.user)

    def erase_member(self, actor: Actor, user: str) -> None:
        require(actor, _MANAGES)
        with self._store().installation() as work:
            require_own_member(work, actor, user)
            self._erase(work, actor, user)

    def erase_anybody(self, actor: Actor, login: str) -> str:
        require(actor, "platform:person:erase")
        with self._store().installation() as work:
            person = work.identity.person_of_login(folded(login)[:200])
            if person is None:
                raise NotFoundError("erasure.nobody")
            self._erase(work, actor, person.user, by_operator=True)
            return person.user

    def _erase(self, work: InstallationWork, actor: Actor, user: str, *, by_operator: bool = False) -> None:
        for organisation in sorted(row.id for row, _ in work.identity.memberships_of(user)):
            work.identity.hold_members(organisation)
        organisations = work.identity.memberships_of(user)
        now = self._now()
        for row, _ in organisations:
            work.identity.end_memberships(user, row.id, now)
            work.invitations.withdraw_made_by(row.id, user)
            tell_keys_left_behind(work, actor, user, row.id, now)
        _require_somebody_left(work, organisations, by_operator)
        work.invitations.withdraw_resets(user)
        work.letters.forget(user)
        work.identity.erase_person(user)
        work.tell(actor, "account.erased", user, {"by": "operator" if by_operator else _by(actor, user)})


def _by(actor: Actor, user: str) -> str:
    return "the person" if actor.user == user else "an administrator"


def _require_somebody_left(
    work: InstallationWork, organisations: Sequence[tuple[OrganisationRow, frozenset[str]]], by_operator: bool
) -> None:
    """Raise ``ConflictError`` where members would be left with nobody to manage them, or the platform with nobody.

    Whoever is alone in an organisation may go: a right to be forgotten is no use if the last one cannot.
    """
    for row, roles in organisations:
        left = [one for one in work.identity.members_of(row.id) if one.state == ACTIVE]
        given = frozenset[str]().union(*(role_permissions()[one.role] for one in left))
        if any(_RUNS in role_permissions()[role] for role in roles) and _RUNS not in given:
            raise ConflictError("erasure.last_operator")
        if left and _MANAGES not in given and not by_operator:
            raise ConflictError("erasure.last_manager")
