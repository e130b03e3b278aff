"""Invites members by link, ends memberships, and lets an administrator hand over a new password."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from ktop.catalogue import LocalText
from ktop.domain.party.actor import Actor
from ktop.domain.party.organisation import ACTIVE, needs_second_factor
from ktop.domain.party.password import check_password
from ktop.domain.party.permission import givable_roles, require, role_permissions
from ktop.kernel.errors import ChangedError, ConflictError, InputError, NotFoundError
from ktop.store.identity import OrganisationRow
from ktop.store.invitations import InvitationRow
from ktop.store.sessions import hash_of
from ktop.store.unit_of_work import InstallationWork, Store
from ktop.usecases.accounts.interface import Browser, NewSession
from ktop.usecases.accounts.password_hashes import PasswordHashes
from ktop.usecases.accounts.people import (
    asks_second_factor,
    begin_session,
    read_login,
    read_name,
    renew_session,
    require_whole_person,
)
from ktop.usecases.keys.leaving import tell_keys_left_behind
from ktop.usecases.mail.post import PostOffice, read_address
from ktop.usecases.members.interface import Joining, Link, LinkTold, Member, MemberCard, NewLink

_JOIN_WITHIN, _RESET_WITHIN = timedelta(days=7), timedelta(days=1)
_MANAGES = "own:member:manage"


def _now() -> datetime:
    return datetime.now(UTC)


class MemberService:
    """See ``ktop.usecases.members.interface.Members``. ``now`` tells the time, ``post`` takes letters."""

    def __init__(
        self,
        store: Callable[[], Store],
        hashes: PasswordHashes,
        now: Callable[[], datetime] = _now,
        *,
        post: PostOffice,
    ) -> None:
        self._store, self._hashes, self._now, self._post = store, hashes, now, post

    def members(self, actor: Actor) -> Sequence[Member]:
        require(actor, "own:member:read")
        with self._store().installation(reading=True) as work:
            rows = work.identity.members_of(actor.organisation)
        return [Member(row.user, row.login, row.name, row.role, row.created) for row in rows]

    def organisation_name(self, actor: Actor) -> LocalText:
        require(actor, "own:member:read")
        with self._store().installation(reading=True) as work:
            found = work.identity.organisation(actor.organisation)
        return {"ko": found.name_ko, "en": found.name_en}

    def name_in_english(self, actor: Actor, name: str) -> LocalText:
        require(actor, _MANAGES)
        with self._store().installation() as work:
            found = work.identity.organisation(actor.organisation)
            name_en = read_name(name) if name.strip() else found.name_ko
            work.identity.change_organisation(found.id, found.version, name_en=name_en)
            work.tell(actor, "organisation.named", found.id, {})
        return {"ko": found.name_ko, "en": name_en}

    def roles(self, actor: Actor) -> Sequence[str]:
        require(actor, _MANAGES)
        with self._store().installation(reading=True) as work:
            return givable_roles(actor, work.identity.organisation(actor.organisation).kind)

    def links(self, actor: Actor) -> Sequence[Link]:
        require(actor, _MANAGES)
        with self._store().installation(reading=True) as work:
            rows = work.invitations.of(actor.organisation, self._now())
        return [Link(row.public_id, _purpose(row), row.role, row.expires) for row in rows]

    def invite(self, actor: Actor, role: str, *, email: str | None = None, origin: str = "") -> NewLink:
        require(actor, _MANAGES)
        to = read_address(email) if email and email.strip() else None
        with self._store().installation() as work:
            organisation = work.identity.organisation(actor.organisation)
            possible = givable_roles(actor, organisation.kind)
            if role not in possible:
                raise InputError("institutions.unknown_role", known=", ".join(possible))
            made = self._link(work, actor, "join", _JOIN_WITHIN, role=role)
            if to is None:
                return made
            told = _told_by_mail(made, organisation, origin)
            return replace(
                made, mailed=self._post.write(work, "invitation", to, self._now(), sender=actor.organisation, **told)
            )

    def withdraw(self, actor: Actor, link: str) -> None:
        require(actor, _MANAGES)
        with self._store().installation() as work:
            if not work.invitations.withdraw(actor.organisation, link):
                raise NotFoundError("members.no_such_link")
            work.tell(actor, "member.link_withdrawn", link, {})

    def member(self, actor: Actor, user: str) -> MemberCard:
        require(actor, "own:member:read")
        with self._store().installation(reading=True) as work:
            return _card(work, actor, user)

    def change_roles(self, actor: Actor, user: str, roles: Sequence[str], *, version: str | None = None) -> MemberCard:
        require(actor, _MANAGES)
        now, wanted = self._now(), set(roles)
        with self._store().installation() as work:
            work.identity.hold_members(actor.organisation)
            present = _card(work, actor, user)
            possible = givable_roles(actor, work.identity.organisation(actor.organisation).kind)
            if not wanted or not wanted ^ set(present.roles) <= set(possible):
                raise InputError("institutions.unknown_role", known=", ".join(possible))
            _require_version(present, version)
            for role in sorted(set(present.roles) - wanted):
                if not work.identity.end_memberships(user, actor.organisation, now, role):
                    raise ChangedError("repeats.version_changed")
            for role in sorted(wanted - set(present.roles)):
                work.identity.add_membership(user, actor.organisation, role, now)
            _require_manager(work, actor)
            if not any(_MANAGES in role_permissions()[role] for role in wanted):
                work.invitations.withdraw_made_by(actor.organisation, user)
            work.tell(actor, "member.roles_changed", user, {"from": sorted(present.roles), "to": sorted(wanted)})
            return _card(work, actor, user)

    def end(self, actor: Actor, user: str, *, version: str | None = None) -> None:
        require(actor, _MANAGES)
        now = self._now()
        with self._store().installation() as work:
            work.identity.hold_members(actor.organisation)
            present = _card(work, actor, user)
            _require_version(present, version)
            require_manageable(work, actor, present.roles)
            if work.identity.end_memberships(user, actor.organisation, now) != len(present.roles):
                raise ChangedError("repeats.version_changed")
            _require_manager(work, actor)
            work.invitations.withdraw_made_by(actor.organisation, user)
            work.tell(actor, "member.ended", user, {})
            tell_keys_left_behind(work, actor, user, actor.organisation, now)

    def reset(self, actor: Actor, user: str, *, second_factor: bool = False, origin: str = "") -> NewLink:
        require(actor, _MANAGES)
        with self._store().installation() as work:
            require_own_member(work, actor, user)
            if second_factor:
                for kind in ("totp", "recovery", "passkey"):
                    work.credentials.remove(user, kind)
                work.sessions.end_all(user)
            work.invitations.withdraw_resets(user)
            made = self._link(work, actor, "reset", _RESET_WITHIN, user=user, second_factor=second_factor)
            told = _told_by_mail(made, work.identity.organisation(actor.organisation), origin)
            mailed = self._post.notify(work, "reset", user, self._now(), sender=actor.organisation, **told)
            return replace(made, mailed=mailed)

    def read_link(self, actor: Actor, token: str) -> LinkTold:
        with self._store().installation(reading=True) as work:
            row, organisation = self._open(work, token)
            person = work.identity.person(row.user) if row.user else None
        name: LocalText = {"ko": organisation.name_ko, "en": organisation.name_en}
        return LinkTold(_purpose(row), name, row.role, person.login if person else None)

    def join(self, actor: Actor, token: str, given: Joining, browser: Browser) -> NewSession:
        login, name, now = read_login(given.login), read_name(given.name), self._now()
        with self._store().installation(reading=True) as work:
            row, organisation = self._open(work, token, "join")
        second = needs_second_factor(organisation.kind)
        about = (login, name, organisation.name_ko, organisation.name_en)
        check_password(given.password, beside_second_factor=second, about=about)
        hashed = self._hashes.hash(given.password)
        with self._store().installation() as work:
            self._use(work, token, now)
            if work.identity.person_of_login(login) is not None:
                raise ConflictError("accounts.login_taken")
            user = work.identity.add_user(login=login, name=name, lang=given.lang, demo=False, now=now)
            self._add(work, user, row, now)
            work.credentials.set_password(user, hashed, now)
            session, _ = begin_session(
                work,
                user=user,
                organisation=row.tenant,
                strength=1,
                known_by="password",
                agent=browser.agent,
                now=now,
            )
            return session

    def join_as(self, actor: Actor, token: str) -> NewSession:
        require_whole_person(actor)
        now = self._now()
        with self._store().installation() as work:
            row, _ = self._open(work, token, "join")
            self._use(work, token, now)
            held = {(kept.id, role) for kept, roles in work.identity.memberships_of(actor.user) for role in roles}
            if (row.tenant, row.role) in held:
                raise ConflictError("members.already")
            self._add(work, actor.user, row, now)
            return renew_session(work, actor, organisation=row.tenant, now=now)

    def set_password(self, actor: Actor, token: str, password: str) -> None:
        now = self._now()
        with self._store().installation(reading=True) as work:
            row, _ = self._open(work, token, "reset")
            person = work.identity.person(row.user or "")
            organisations = work.identity.memberships_of(row.user or "")
        if person is None:
            raise NotFoundError("members.no_such_link")
        about = (
            person.login,
            person.name,
            *(name for kept, _ in organisations for name in (kept.name_ko, kept.name_en)),
        )
        check_password(password, beside_second_factor=asks_second_factor(organisations), about=about)
        hashed = self._hashes.hash(password)
        with self._store().installation() as work:
            self._use(work, token, now)
            if {kept.id for kept, _ in work.identity.memberships_of(person.user)} != {row.tenant}:
                raise NotFoundError("members.no_such_link")  # left, or joined another, since the link was made
            work.credentials.set_password(person.user, hashed, now)
            work.sessions.end_all(person.user)
            work.tell(Actor(person.user, row.tenant), "account.password_reset", person.user, {})

    def _open(
        self, work: InstallationWork, token: str, purpose: str | None = None
    ) -> tuple[InvitationRow, OrganisationRow]:
        row = work.invitations.find(token, self._now())
        if row is None or (purpose is not None and row.purpose != purpose):
            raise NotFoundError("members.no_such_link")
        organisation = work.identity.organisation(row.tenant)
        if organisation.state != ACTIVE:
            raise NotFoundError("members.no_such_link")
        return row, organisation

    def _use(self, work: InstallationWork, token: str, now: datetime) -> None:
        if not work.invitations.use(token, now):
            raise NotFoundError("members.no_such_link")

    def _add(self, work: InstallationWork, user: str, row: InvitationRow, now: datetime) -> None:
        assert row.role is not None, "a link to join has a role"
        work.identity.add_membership(user, row.tenant, row.role, now)
        work.tell(Actor(user, row.tenant), "member.joined", user, {"role": row.role, "invited_by": row.made_by})

    def _link(
        self,
        work: InstallationWork,
        actor: Actor,
        purpose: str,
        within: timedelta,
        *,
        role: str | None = None,
        user: str | None = None,
        second_factor: bool = False,
    ) -> NewLink:
        token, now = secrets.token_urlsafe(32), self._now()
        expires = now + within
        public = work.invitations.add(
            token,
            purpose=purpose,
            organisation=actor.organisation,
            made_by=actor.user,
            now=now,
            expires=expires,
            role=role,
            user=user,
        )
        told = {"purpose": purpose, "role": role, "user": user, "second_factor": second_factor}
        work.tell(actor, "member.link_made", public, told)
        return NewLink(token, expires)


def _told_by_mail(made: NewLink, organisation: OrganisationRow, origin: str) -> dict[str, Any]:
    name: LocalText = {"ko": organisation.name_ko, "en": organisation.name_en}
    day = made.expires.astimezone().date().isoformat()
    return {"organisation": name, "address": f"{origin}/join/{made.token}", "day": day}


def require_own_member(work: InstallationWork, actor: Actor, user: str) -> None:
    """Raise where an actor may not open or close a member's account: ``NotFoundError`` for no member,
    ``ConflictError`` for one of other organisations as well, one who runs the installation where the actor does not,
    and for the actor: who found a browser open is not to get past the present password.
    """
    if user == actor.user:
        raise ConflictError("members.own_account")
    organisations = {row.id: roles for row, roles in work.identity.memberships_of(user)}
    if actor.organisation not in organisations:
        raise NotFoundError("members.no_such_member")
    if organisations.keys() != {actor.organisation}:
        raise ConflictError("members.of_others_too")
    require_manageable(work, actor, organisations[actor.organisation])


def require_manageable(work: InstallationWork, actor: Actor, roles: Iterable[str]) -> None:
    """Raise ``ConflictError`` where a member has a role that the actor could not give."""
    if not set(roles) <= set(givable_roles(actor, work.identity.organisation(actor.organisation).kind)):
        raise ConflictError("members.above_own")


def _card(work: InstallationWork, actor: Actor, user: str) -> MemberCard:
    """Return one member of the actor's organisation; raises ``NotFoundError`` for none."""
    rows = [row for row in work.identity.members_of(actor.organisation) if row.user == user]
    if not rows:
        raise NotFoundError("members.no_such_member")
    known = "".join(sorted(f"{row.role} {row.created.isoformat()}\n" for row in rows))
    roles = sorted(row.role for row in rows)
    return MemberCard(user, rows[0].login, rows[0].name, roles, hash_of(known)[:16])


def _require_version(present: MemberCard, version: str | None) -> None:
    if version is not None and version != present.version:
        raise ChangedError("repeats.version_changed")


def _require_manager(work: InstallationWork, actor: Actor) -> None:
    """Raise ``ConflictError`` where nobody is left in the actor's organisation who manages its members."""
    left = work.identity.members_of(actor.organisation)
    if not any(_MANAGES in role_permissions()[row.role] and row.state == ACTIVE for row in left):
        raise ConflictError("members.last_manager")


def _purpose(row: InvitationRow) -> Literal["join", "reset"]:
    return "join" if row.purpose == "join" else "reset"
