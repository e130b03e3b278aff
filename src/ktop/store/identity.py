"""Organisations, users, what is known of the person behind a user, and who is of which organisation.

Reached before it is known who acts, so within a transaction of the installation; what an actor may see of it is for the
use cases to bound by the actor's organisation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from ktop.kernel.errors import ChangedError, NotFoundError
from ktop.store.tables import credentials, memberships, organisations, persons, sessions, users
from ktop.store.tables.base import new_id


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """One organisation; kinds and states as in ``ktop.domain.party.organisation``."""

    id: str
    kind: str
    name_ko: str
    name_en: str
    state: str
    created: datetime
    business_number: str | None = None
    merged_into: str | None = None
    demo: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A user with what is known of the person. ``state``: active, suspended."""

    user: str
    state: str
    demo: bool
    login: str
    name: str
    lang: str
    email: str | None = None
    notices: bool = True


class IdentityRepository:
    """Organisations, users, persons and memberships, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # Organisations

    def add_organisation(self, row: OrganisationRow) -> None:
        """Enter an organisation."""
        values = {name: getattr(row, name) for name in OrganisationRow.__slots__}
        self._connection.execute(insert(organisations).values(**values))

    def organisation(self, organisation_id: str) -> OrganisationRow:
        """Return one organisation; raises ``NotFoundError`` where there is none of that identifier."""
        found = self._connection.execute(select(organisations).where(organisations.c.id == organisation_id)).first()
        if found is None:
            raise NotFoundError("institutions.not_found")
        return OrganisationRow(**found._mapping)

    def organisations(
        self,
        kinds: Sequence[str] | None = None,
        *,
        after: str = "",
        limit: int = 1000,
        unverified: bool = False,
    ) -> list[OrganisationRow]:
        """Return organisations of some kinds by identifier, those behind ``after``.

        ``unverified``: only those whose business number nobody has verified.
        """
        query = select(organisations).where(organisations.c.id > after).order_by(organisations.c.id).limit(limit)
        if kinds is not None:
            query = query.where(organisations.c.kind.in_(kinds))
        if unverified:
            verified = organisations.c.settings["number_verified"].as_boolean()
            query = query.where(or_(verified.is_(None), verified.is_(False)))
        return [OrganisationRow(**row._mapping) for row in self._connection.execute(query)]

    def company_of_number(self, business_number: str) -> OrganisationRow | None:
        """Return the company that joined under a business number (ten digits), None where there is none."""
        mine = and_(organisations.c.business_number == business_number, organisations.c.kind == "company")
        found = self._connection.execute(select(organisations).where(mine)).first()
        return None if found is None else OrganisationRow(**found._mapping)

    def change_organisation(self, organisation_id: str, version: int, **values: Any) -> None:
        """Change an organisation; raises ``ChangedError`` where somebody else has since version ``version``."""
        own = and_(organisations.c.id == organisation_id, organisations.c.version == version)
        changed = self._connection.execute(update(organisations).where(own).values(**values, version=version + 1))
        if changed.rowcount != 1:
            raise ChangedError("institutions.changed")

    # Users

    def add_user(self, *, login: str, name: str, lang: str, demo: bool, now: datetime, email: str | None = None) -> str:
        """Enter a user with what is known of the person; return the user's identifier.

        ``login`` must be free (``person_of_login``); of two at a time the database lets in one.
        """
        user = new_id()
        self._connection.execute(insert(users).values(id=user, state="active", demo=demo, created=now, version=1))
        person = {"user": user, "login": login, "name": name, "lang": lang, "email": email}
        self._connection.execute(insert(persons).values(**person))
        return user

    def person_of_login(self, login: str) -> PersonRow | None:
        """Return who signs in by a login (folded), None where there is nobody."""
        return self._person(persons.c.login == login)

    def person(self, user: str) -> PersonRow | None:
        """Return the person behind a user, None where there is none (any more)."""
        return self._person(persons.c.user == user)

    def _person(self, condition: Any) -> PersonRow | None:
        columns = (persons, users.c.state, users.c.demo)
        query = select(*columns).join(users, users.c.id == persons.c.user).where(condition)
        found = self._connection.execute(query).first()
        return None if found is None else PersonRow(**found._mapping)

    def set_email(self, user: str, email: str | None, *, notices: bool) -> None:
        """Keep a person's address of mail, or none, and whether letters of consents and results go there."""
        self._connection.execute(update(persons).where(persons.c.user == user).values(email=email, notices=notices))

    def people_to_notify(self, organisation: str, roles: Sequence[str]) -> list[PersonRow]:
        """Return who has one of some roles in an organisation, signs in, has an address and wants letters."""
        query = (
            select(persons, users.c.state, users.c.demo)
            .join(users, users.c.id == persons.c.user)
            .join(memberships, memberships.c.user == users.c.id)
            .where(
                memberships.c.organisation == organisation,
                memberships.c.ended.is_(None),
                memberships.c.role.in_(roles),
                users.c.state == "active",
                persons.c.email.is_not(None),
                persons.c.notices,
            )
            .order_by(persons.c.user)
            .distinct()
        )
        return [PersonRow(**row._mapping) for row in self._connection.execute(query)]

    def set_user_state(self, user: str, state: str) -> None:
        """Let a user sign in (``active``) or not (``suspended``, ``erased``)."""
        self._connection.execute(
            update(users).where(users.c.id == user).values(state=state, version=users.c.version + 1)
        )

    def erase_person(self, user: str) -> None:
        """Forget all that is known of a person; what the user did stays, under an identifier that leads nowhere."""
        self.set_user_state(user, "erased")
        for table in (sessions, credentials, persons):
            self._connection.execute(delete(table).where(table.c.user == user))

    # Memberships

    def add_membership(self, user: str, organisation: str, role: str, now: datetime) -> None:
        """Give a user a role in an organisation."""
        given = {"user": user, "organisation": organisation, "role": role}
        self._connection.execute(insert(memberships).values(id=new_id(), created=now, **given))

    def end_memberships(self, user: str, organisation: str, now: datetime, role: str | None = None) -> int:
        """End a user's roles in an organisation, or one of them; return how many."""
        own = and_(
            memberships.c.user == user, memberships.c.organisation == organisation, memberships.c.ended.is_(None)
        )
        if role is not None:
            own = and_(own, memberships.c.role == role)
        return self._connection.execute(update(memberships).where(own).values(ended=now)).rowcount

    def memberships_of(self, user: str) -> list[tuple[OrganisationRow, frozenset[str]]]:
        """Return the organisations that a user is of now, with the roles there, by name."""
        query = (
            select(organisations, memberships.c.role)
            .join(memberships, memberships.c.organisation == organisations.c.id)
            .where(memberships.c.user == user, memberships.c.ended.is_(None))
            .order_by(organisations.c.name_ko, organisations.c.id)
        )
        roles: dict[str, tuple[OrganisationRow, set[str]]] = {}
        for row in self._connection.execute(query):
            values = dict(row._mapping)
            role = values.pop("role")
            roles.setdefault(row.id, (OrganisationRow(**values), set()))[1].add(role)
        return [(organisation, frozenset(found)) for organisation, found in roles.values()]

    def hold_members(self, organisation: str) -> None:
        """Keep others from changing who is of an organisation until the transaction ends.

        SQLite has one writer at a time; PostgreSQL would let the last two managers end each other.
        """
        if self._connection.dialect.name == "postgresql":
            key = func.hashtextextended(f"members of {organisation}", 0)
            self._connection.execute(select(func.pg_advisory_xact_lock(key)))

    def members_of(self, organisation: str) -> Sequence[Any]:
        """Return the present members of an organisation: user, role, since, login, name, state, by name."""
        columns = (memberships.c.user, memberships.c.role, memberships.c.created, persons.c.login, persons.c.name)
        query = (
            select(*columns, users.c.state, users.c.demo)
            .join(users, users.c.id == memberships.c.user)
            .join(persons, persons.c.user == users.c.id)
            .where(memberships.c.organisation == organisation, memberships.c.ended.is_(None))
            .order_by(persons.c.name, memberships.c.role)
        )
        return self._connection.execute(query).all()

    def demo_accounts(self) -> int:
        """Return how many demonstration users can sign in."""
        query = select(func.count()).select_from(users).where(users.c.demo, users.c.state == "active")
        return int(self._connection.execute(query).scalar_one())
