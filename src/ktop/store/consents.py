"""Consents: each is of two organisations, the company that gives it and the institution it is given to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, insert, not_, or_, select, tuple_, update

from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import FOLLOWING, Consent, State, Terms
from ktop.kernel.errors import ConflictError, NotFoundError
from ktop.store.tables import consent_changes, consents, organisations, ratings

_TERMS = [field.name for field in fields(Terms)]
_SETS = ("results", "inputs", "technologies")
_OWN = [field.name for field in fields(Consent) if field.name not in ("terms", "company")]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a consent's state: who made it, when and why."""

    consent: str
    state: State
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation as the other side of a consent sees it."""

    id: str
    kind: str
    name_ko: str
    name_en: str
    business_number: str | None


class ConsentRepository:
    """The consents that an actor's organisation gave, or was given, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def add(self, consent: Consent, reason: str) -> None:
        """Keep a new consent and the first change of its state."""
        self._of_two(consent)
        self._connection.execute(insert(consents).values(**_values(consent)))
        self._note(consent, reason)

    def follow(self, consent: Consent, reason: str) -> None:
        """Keep the next state of a consent that was read as of the version before.

        Raises ``ConflictError`` where somebody else changed it meanwhile.
        """
        self._of_two(consent)
        kept = ("state", "state_at", "state_by", "granted_by", "authenticated_by", "version")
        values = {name: value for name, value in _values(consent).items() if name in kept}
        statement = update(consents).where(
            consents.c.id == consent.id, consents.c.version == consent.version - 1, self._mine()
        )
        if self._connection.execute(statement.values(**values)).rowcount != 1:
            raise ConflictError("consent.changed_meanwhile")
        self._note(consent, reason)

    def get(self, consent_id: str, *, to_change: bool = False) -> Consent:
        """Return a consent of the actor's organisation, given or received.

        ``to_change`` waits for whoever reads by it at this moment. Raises ``NotFoundError`` where there is none.
        """
        query = self._own().where(consents.c.id == consent_id)
        if to_change:
            query = query.with_for_update()
        found = self._connection.execute(query).one_or_none()
        if found is None:
            raise NotFoundError("consent.not_found")
        return _consent(found)

    def newest(
        self, *, state: State | None = None, before: tuple[Any, ...] | None = None, limit: int = 50
    ) -> list[Consent]:
        """Return consents, the newest first, behind ``before`` (moment made, identifier)."""
        query = self._own().order_by(consents.c.created.desc(), consents.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(consents.c.state == state)
        if before is not None:
            query = query.where(tuple_(consents.c.created, consents.c.id) < before)
        return [_consent(found) for found in self._connection.execute(query)]

    def covering_rating(self, rating_id: str, *, once: bool) -> list[Consent]:
        """Return the active consents, of a kind, of the company that keeps a rating; see ``covering``."""
        given = {"rating": rating_id, "grantee": self._actor.organisation}
        return [_consent(found) for found in self._connection.execute(_COVERING_RATING[once], given)]

    def covering(self, company: str, *, once: bool) -> list[Consent]:
        """Return the active consents of a company for the actor's organisation, those of a kind.

        Until this transaction ends nobody else can end them; those that a look-up uses up are held for it alone.
        """
        given = {"company": company, "grantee": self._actor.organisation}
        return [_consent(found) for found in self._connection.execute(_COVERING[once], given)]

    def given_by(self, company: str) -> list[Consent]:
        """Return what ``covering`` does, but for looks that come once, and without holding it: for what only reads."""
        given = {"company": company, "grantee": self._actor.organisation}
        return [_consent(found) for found in self._connection.execute(_GIVEN_BY, given)]

    def covering_all(self) -> list[Consent]:
        """Return the active consents of all companies for the actor's organisation, but for those of one look."""
        given = {"grantee": self._actor.organisation}
        return [_consent(found) for found in self._connection.execute(_covering(once=False), given)]

    def active_with(self, grantee: str) -> list[Consent]:
        """Return the active consents that the actor's own organisation gave one institution, oldest first."""
        query = self._own().where(
            consents.c.tenant == self._actor.organisation, consents.c.grantee == grantee, consents.c.state == "active"
        )
        return [_consent(found) for found in self._connection.execute(query.order_by(consents.c.created))]

    def changes(self, consent_id: str) -> list[Change]:
        """Return the changes of a consent's state, oldest first."""
        query = (
            select(consent_changes)
            .where(
                consent_changes.c.consent == consent_id,
                or_(
                    consent_changes.c.tenant == self._actor.organisation,
                    consent_changes.c.grantee == self._actor.organisation,
                ),
            )
            .order_by(consent_changes.c.number)
        )
        return [Change(row.consent, row.state, row.at, row.by, row.reason) for row in self._connection.execute(query)]

    def party(self, organisation_id: str) -> Party:
        """Return an organisation that takes part; raises ``NotFoundError`` for one that is unknown or not active."""
        found = self._connection.execute(_PARTY, {"organisation": organisation_id}).one_or_none()
        if found is None:
            raise NotFoundError("consent.no_such_organisation")
        return _party(found)

    def names(self, organisation_ids: Sequence[str]) -> dict[str, Party]:
        """Return organisations by their identifiers, ended ones too; unknown ones are left out."""
        asked = {"organisations": sorted(set(organisation_ids))}
        return {row.id: _party(row) for row in self._connection.execute(_NAMES, asked)}

    def company_by_number(self, business_number: str) -> Party | None:
        """Return the company of a business number (ten digits), None where none takes part."""
        found = self._connection.execute(
            select(organisations)
            .where(
                organisations.c.business_number == business_number,
                organisations.c.kind == "company",
                organisations.c.state == "active",
            )
            .order_by(organisations.c.created)
            .limit(1)
        ).one_or_none()
        return None if found is None else _party(found)

    def institutions(self) -> list[Party]:
        """Return the institutions that a consent can be given to, by name."""
        query = (
            select(organisations)
            .where(organisations.c.kind.in_(("agency", "bank", "investor", "operator")))
            .where(organisations.c.state == "active")
            .order_by(organisations.c.name_ko, organisations.c.id)
        )
        return [_party(row) for row in self._connection.execute(query)]

    def _note(self, consent: Consent, reason: str) -> None:
        self._connection.execute(
            insert(consent_changes).values(
                consent=consent.id,
                tenant=consent.company,
                grantee=consent.grantee,
                state=consent.state,
                at=consent.state_at,
                by=consent.state_by,
                reason=reason,
            )
        )

    def _mine(self) -> Any:
        return or_(consents.c.tenant == self._actor.organisation, consents.c.grantee == self._actor.organisation)

    def _own(self) -> Select[Any]:
        return select(consents).where(and_(self._mine()))

    def _of_two(self, consent: Consent) -> None:
        if self._actor.organisation not in (consent.company, consent.grantee):
            raise NotFoundError("consent.not_found")


class ConsentClock:
    """The consents of all organisations whose last day is over, for the installation itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def over(self, day: date, limit: int) -> list[Consent]:
        """Return consents, asked for or active, whose last day was before a day, and of which it is not noted."""
        open_yet = consents.c.state.in_([state for state, following in FOLLOWING.items() if "expired" in following])
        query = select(consents).where(open_yet, consents.c.valid_until < day).order_by(consents.c.valid_until)
        return [_consent(found) for found in self._connection.execute(query.limit(limit))]


def _covering(once: bool) -> Select[Any]:
    return (
        select(consents)
        .where(consents.c.grantee == bindparam("grantee"), consents.c.state == "active", consents.c.once == once)
        .order_by(consents.c.created, consents.c.id)
        .with_for_update(read=not once, of=consents)
    )


#: Each look-up asks these: making a statement anew takes longer than running it.
_COVERING = {once: _covering(once).where(consents.c.tenant == bindparam("company")) for once in (False, True)}
_COVERING_RATING = {
    once: _covering(once)
    .join(ratings, ratings.c.tenant == consents.c.tenant)
    .where(ratings.c.id == bindparam("rating"))
    for once in (False, True)
}
_GIVEN_BY = select(consents).where(
    consents.c.tenant == bindparam("company"),
    consents.c.grantee == bindparam("grantee"),
    consents.c.state == "active",
    not_(consents.c.once),
)
_NAMES = select(organisations).where(organisations.c.id.in_(bindparam("organisations", expanding=True)))
_PARTY = select(organisations).where(organisations.c.id == bindparam("organisation"), organisations.c.state == "active")


def _values(consent: Consent) -> dict[str, Any]:
    terms = {name: getattr(consent.terms, name) for name in _TERMS}
    for name in _SETS:
        terms[name] = sorted(terms[name])
    return {"tenant": consent.company, **{name: getattr(consent, name) for name in _OWN}, **terms}


def _consent(row: Row[Any]) -> Consent:
    terms: dict[str, Any] = {name: getattr(row, name) for name in _TERMS}
    for name in _SETS:
        terms[name] = frozenset(terms[name])
    return Consent(company=row.tenant, terms=Terms(**terms), **{name: getattr(row, name) for name in _OWN})


#: What a query asks for to know an organisation beside what else it asks for.
PARTY = tuple(organisations.c[field.name].label(f"party_{field.name}") for field in fields(Party))


def party_of(row: Row[Any]) -> Party:
    """Return the organisation of a row that begins with the columns of ``PARTY``."""
    return Party(*row[: len(PARTY)])


def _party(row: Row[Any]) -> Party:
    return Party(row.id, row.kind, row.name_ko, row.name_en, row.business_number)
