"""Signs people in and up, and keeps their sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from ktop.catalogue import LocalText, messages
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.party.organisation import ACTIVE, needs_second_factor
from ktop.domain.party.password import check_password
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.registration_numbers import BUSINESS_NUMBER, clean_digits
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError, SignInError
from ktop.store.identity import OrganisationRow, PersonRow
from ktop.store.sessions import SessionRow
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import InstallationWork, Store
from ktop.usecases.accounts.interface import (
    Account,
    Asker,
    Browser,
    NewSession,
    OrganisationChoice,
    SessionCard,
    SignUp,
)
from ktop.usecases.accounts.password_hashes import PasswordHashes
from ktop.usecases.accounts.people import (
    IDLE,
    asks_second_factor,
    begin_session,
    folded,
    open_organisations,
    read_login,
    read_name,
    renew_session,
    require_person,
    require_whole_person,
)
from ktop.usecases.accounts.throttle import Throttle
from ktop.usecases.mail.post import PostOffice, read_address

#: A session's use is noted no more often than this: not every request is to be a write.
_SEEN_EVERY = timedelta(minutes=1)


def _now() -> datetime:
    return datetime.now(UTC)


class AccountService:
    """See ``ktop.usecases.accounts.interface.Accounts``. ``now`` tells the time, ``post`` takes letters."""

    def __init__(
        self,
        store: Callable[[], Store],
        hashes: PasswordHashes,
        now: Callable[[], datetime] = _now,
        *,
        post: PostOffice,
    ) -> None:
        self._store, self._hashes, self._now, self._post = store, hashes, now, post

    def sign_in(self, actor: Actor, login: str, password: str, browser: Browser) -> NewSession:
        known_as, now = folded(login)[:200], self._now()
        throttle = Throttle(known_as, browser.address)
        with self._store().installation(reading=True) as work:
            throttle.require_patience(work, now)
            person = work.identity.person_of_login(known_as)
            user = person.user if person else ""
            kept = work.credentials.of(user, "password")
            organisations = work.identity.memberships_of(user)
        right, newer = self._hashes.verify(password, kept[0].secret if kept else None)
        with self._store().installation() as work:
            if not right or person is None or person.state != ACTIVE:
                throttle.note(work, now)
                work.tell(INSTALLATION, "account.sign_in_failed", user or "unknown", {"way": "password"})
                failed = True
            else:
                failed = False
                throttle.forget(work)
                if newer:
                    work.credentials.rehash(kept[0].id, newer)
                possible = open_organisations(organisations)
                if possible:
                    return self._begin(work, user, possible[0][0].id, "password", browser.agent, now)
        if failed:  # after the block, which would undo what was noted
            raise SignInError("accounts.wrong_sign_in")
        raise ForbiddenError("accounts.no_organisation")

    def sign_up(self, actor: Actor, given: SignUp, browser: Browser) -> NewSession:
        now = self._now()
        login, name, company = read_login(given.login), read_name(given.name), read_name(given.company)
        company_en = read_name(given.company_en) if given.company_en.strip() else company
        number = _business_number(given.business_number)
        check_password(given.password, beside_second_factor=False, about=(login, name, company, company_en))
        throttle = Throttle("sign-up", browser.address)
        with self._store().installation() as work:
            throttle.require_patience(work, now)
            throttle.note(work, now)  # each counts, successful or not: accounts are not made by the hundred
        hashed = self._hashes.hash(given.password)
        with self._store().installation() as work:
            if work.identity.person_of_login(login) is not None:
                raise ConflictError("accounts.login_taken")
            if work.identity.company_of_number(number) is not None:
                raise ConflictError("accounts.company_known")
            organisation = OrganisationRow(
                new_id(), "company", company, company_en, ACTIVE, now, number, settings={"number_verified": False}
            )
            work.identity.add_organisation(organisation)
            user = work.identity.add_user(login=login, name=name, lang=given.lang, demo=False, now=now)
            work.identity.add_membership(user, organisation.id, "company_owner", now)
            work.credentials.set_password(user, hashed, now)
            work.tell(Actor(user, organisation.id), "account.signed_up", user, {"kind": "company"})
            return self._begin(work, user, organisation.id, "password", browser.agent, now)

    def asker(self, actor: Actor, token: str) -> Asker | None:
        now = self._now()
        with self._store().installation(reading=True) as work:
            found = work.sessions.find(token)
        if found is None or found.user_state != ACTIVE or found.expires <= now or found.seen + IDLE <= now:
            return None
        if found.seen + _SEEN_EVERY <= now:
            with self._store().installation() as work:
                work.sessions.see(found.public_id, now)
        return _asker(found)

    def sign_out(self, actor: Actor) -> None:
        require_person(actor)
        with self._store().installation() as work:
            work.sessions.end(actor.user, actor.session)
            work.tell(actor, "account.signed_out", actor.user, {})

    def switch(self, actor: Actor, organisation: str) -> NewSession:
        require_whole_person(actor)
        now = self._now()
        with self._store().installation() as work:
            mine = open_organisations(work.identity.memberships_of(actor.user))
            if organisation not in {row.id for row, _ in mine}:
                raise ForbiddenError("accounts.not_a_member")
            began = renew_session(work, actor, organisation=organisation, now=now)
            work.tell(Actor(actor.user, organisation), "account.switched", actor.user, {"from": actor.organisation})
            return began

    def account(self, actor: Actor) -> Account:
        require_whole_person(actor)
        now = self._now()
        with self._store().installation(reading=True) as work:
            person = work.identity.person(actor.user)
            organisations = work.identity.memberships_of(actor.user)
            sessions = work.sessions.of(actor.user)
        assert person is not None, "a session has a person"
        choices = [
            OrganisationChoice(
                row.id,
                row.kind,
                {"ko": row.name_ko, "en": row.name_en},
                sorted(roles),
                open=row.state == ACTIVE,
                acting=row.id == actor.organisation,
            )
            for row, roles in organisations
        ]
        cards = [
            SessionCard(row.public_id, row.agent, row.created, row.seen, here=row.public_id == actor.session)
            for row in sessions
            if row.expires > now and row.seen + IDLE > now
        ]
        return Account(person.login, person.name, person.demo, choices, cards, person.email, person.notices)

    def end_session(self, actor: Actor, session: str) -> None:
        require_whole_person(actor)
        with self._store().installation() as work:
            if not work.sessions.end(actor.user, session):
                raise NotFoundError("accounts.no_such_session")
            work.tell(actor, "account.session_ended", actor.user, {})

    def end_other_sessions(self, actor: Actor) -> int:
        require_whole_person(actor)
        with self._store().installation() as work:
            ended = work.sessions.end_all(actor.user, but=actor.session)
            work.tell(actor, "account.session_ended", actor.user, {"count": ended})
            return ended

    def change_password(self, actor: Actor, present: str, new: str) -> None:
        require_whole_person(actor)
        now = self._now()
        person, throttle = self._confirmed(actor, present, now)
        with self._store().installation(reading=True) as work:
            organisations = work.identity.memberships_of(actor.user)
        about = (person.login, person.name, *(name for row, _ in organisations for name in (row.name_ko, row.name_en)))
        check_password(new, beside_second_factor=asks_second_factor(organisations), about=about)
        hashed = self._hashes.hash(new)
        with self._store().installation() as work:
            throttle.forget(work)
            work.credentials.set_password(actor.user, hashed, now)
            work.sessions.end_all(actor.user, but=actor.session)
            work.tell(actor, "account.password_changed", actor.user, {})
            self._post.notify(work, "password_changed", actor.user, now, sender=actor.organisation)

    def change_email(self, actor: Actor, email: str, password: str, *, notices: bool = True) -> None:
        require_whole_person(actor)
        now = self._now()
        to = read_address(email) if email.strip() else None
        _, throttle = self._confirmed(actor, password, now)
        with self._store().installation() as work:
            throttle.forget(work)
            work.identity.set_email(actor.user, to, notices=notices)
            work.tell(actor, "account.email_changed", actor.user, {"known": to is not None, "notices": notices})

    def _confirmed(self, actor: Actor, password: str, now: datetime) -> tuple[PersonRow, Throttle]:
        """Return the actor's person where the password is theirs; raises ``InputError`` where it is not."""
        throttle = Throttle("password", f"account {actor.user}")
        with self._store().installation(reading=True) as work:
            throttle.require_patience(work, now)
            kept = work.credentials.of(actor.user, "password")
            person = work.identity.person(actor.user)
        right, _ = self._hashes.verify(password, kept[0].secret if kept else None)
        if not right or person is None:
            with self._store().installation() as work:
                throttle.note(work, now)
                work.tell(actor, "account.password_refused", actor.user, {})
            raise InputError("accounts.password_wrong")
        return person, throttle

    def _begin(
        self, work: InstallationWork, user: str, organisation: str, known_by: str, agent: str, now: datetime
    ) -> NewSession:
        work.sessions.forget_expired(now)
        began, _ = begin_session(
            work, user=user, organisation=organisation, strength=1, known_by=known_by, agent=agent, now=now
        )
        work.tell(Actor(user, organisation), "account.signed_in", user, {"way": known_by})
        return began


def _asker(found: SessionRow) -> Asker:
    """Return who a session is of; where the organisation is suspended or the membership has ended, without roles."""
    roles = found.roles if found.organisation_state == ACTIVE else frozenset[str]()
    second: Literal["", "prove", "enrol"] = ""
    if found.strength < 2 and not found.demo:
        if found.has_second_factor:
            second = "prove"
        elif needs_second_factor(found.kind or "company"):
            second = "enrol"
    actor = Actor(
        found.user,
        found.organisation or "none",
        roles,
        second_factor_missing=bool(second),
        known_by=str(found.data.get("known_by", "password")),
        session=found.public_id,
    )
    name: LocalText = {"ko": found.name_ko or "", "en": found.name_en or ""}
    return Asker(actor, found.name, name, found.kind or "", found.demo, second)


def _business_number(given: str) -> str:
    try:
        number = BUSINESS_NUMBER.parse(given)
    except RefusedValueError as refusal:
        raise refusal.at(messages()["accounts.business_number"]) from None
    if number is None:
        raise InputError("web.required", field=messages()["accounts.business_number"])
    return clean_digits(number)
