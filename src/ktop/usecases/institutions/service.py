"""Creates, suspends and merges institutions, and makes their first accounts."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from ktop.domain.party.actor import Actor
from ktop.domain.party.organisation import (
    ACTIVE,
    INSTITUTIONS,
    MERGED,
    SUSPENDED,
    needs_second_factor,
    require_move,
)
from ktop.domain.party.password import check_password
from ktop.domain.party.permission import Allowed, check, require, roles_of_kind
from ktop.kernel.errors import ConflictError, InputError, NotFoundError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.store.identity import OrganisationRow
from ktop.store.unit_of_work import InstallationWork, Store
from ktop.usecases.accounts.password_hashes import PasswordHashes
from ktop.usecases.accounts.people import read_login, read_name
from ktop.usecases.institutions.interface import CompanyOnPlatform, InstitutionCard

_VERIFIES = "platform:company:verify"
_LONGEST_EVIDENCE = 200
_IDENTIFIER = re.compile(r"[a-z][a-z0-9-]{1,39}")


def _now() -> datetime:
    return datetime.now(UTC)


class InstitutionService:
    """See ``ktop.usecases.institutions.interface.Institutions``. ``now`` tells the time."""

    def __init__(self, store: Callable[[], Store], hashes: PasswordHashes, now: Callable[[], datetime] = _now) -> None:
        self._store, self._hashes, self._now = store, hashes, now

    def institutions(
        self, actor: Actor, *, limit: int | None = None, after: str | None = None
    ) -> Page[InstitutionCard]:
        require(actor, "platform:institution:read")
        rows = rows_asked(limit)
        behind = str(read_cursor(after, str)[0]) if after else ""
        with self._store().installation(reading=True) as work:
            found = work.identity.organisations(INSTITUTIONS, after=behind, limit=rows + 1)
            return page_of(_cards(work, actor, found), rows, lambda card: (card.id,))

    def institution(self, actor: Actor, institution: str) -> InstitutionCard:
        require(actor, "platform:institution:read")
        with self._store().installation(reading=True) as work:
            row = work.identity.organisation(institution)
            if row.kind not in INSTITUTIONS:
                raise NotFoundError("institutions.not_found")
            return _cards(work, actor, [row])[0]

    def create(self, actor: Actor, institution: str, kind: str, name_ko: str, name_en: str) -> InstitutionCard:
        require(actor, "platform:institution:manage")
        if not _IDENTIFIER.fullmatch(institution):
            raise InputError("institutions.identifier_form")
        if kind not in INSTITUTIONS:
            raise InputError("institutions.unknown_kind", known=", ".join(INSTITUTIONS))
        row = OrganisationRow(institution, kind, read_name(name_ko), read_name(name_en), ACTIVE, self._now())
        with self._store().installation() as work:
            if institution in {known.id for known in work.identity.organisations()}:
                raise ConflictError("institutions.identifier_taken")
            work.identity.add_organisation(row)
            work.tell(actor, "institution.created", institution, {"kind": kind})
            return _cards(work, actor, [row])[0]

    def suspend(self, actor: Actor, institution: str, *, version: int | None = None) -> InstitutionCard:
        return self._move(actor, institution, SUSPENDED, "institution.suspended", version)

    def reopen(self, actor: Actor, institution: str, *, version: int | None = None) -> InstitutionCard:
        return self._move(actor, institution, ACTIVE, "institution.reopened", version)

    def merge(self, actor: Actor, institution: str, into: str, *, version: int | None = None) -> InstitutionCard:
        require(actor, "platform:institution:manage")
        now = self._now()
        with self._store().installation() as work:
            row, other = work.identity.organisation(institution), work.identity.organisation(into)
            _require_movable(actor, row, MERGED)
            if institution == into or row.kind != other.kind or other.state != ACTIVE:
                raise InputError("institutions.cannot_take_in")
            for member in work.identity.members_of(institution):
                work.identity.end_memberships(member.user, institution, now, member.role)
                if (member.user, member.role) not in {(one.user, one.role) for one in work.identity.members_of(into)}:
                    work.identity.add_membership(member.user, into, member.role, now)
            work.sessions.end_of_organisation(institution)
            changed = {"state": MERGED, "merged_into": into}
            return self._changed(work, actor, row, "institution.merged", changed, version)

    def companies(
        self, actor: Actor, *, unverified: bool = False, limit: int | None = None, after: str | None = None
    ) -> Page[CompanyOnPlatform]:
        require(actor, _VERIFIES)
        rows = rows_asked(limit)
        behind = str(read_cursor(after, str)[0]) if after else ""
        with self._store().installation(reading=True) as work:
            found = work.identity.organisations(("company",), after=behind, limit=rows + 1, unverified=unverified)
            return page_of(_companies(work, found), rows, lambda company: (company.id,))

    def company(self, actor: Actor, company: str) -> CompanyOnPlatform:
        require(actor, _VERIFIES)
        with self._store().installation(reading=True) as work:
            return _companies(work, [_joined(work, company)])[0]

    def verify_number(
        self, actor: Actor, company: str, evidence: str, *, version: int | None = None
    ) -> CompanyOnPlatform:
        require(actor, _VERIFIES)
        seen = " ".join(evidence.split())
        if not 1 <= len(seen) <= _LONGEST_EVIDENCE or not seen.isprintable():
            raise InputError("institutions.evidence_form", most=_LONGEST_EVIDENCE)
        with self._store().installation() as work:
            row = _joined(work, company)
            if row.business_number is None:
                raise ConflictError("institutions.no_number")
            if _verified(row) is not None:
                raise ConflictError("institutions.verified_already")
            noted = {"number_verified": True, "verified_at": self._now().isoformat(), "evidence": seen}
            known = row.version if version is None else version
            work.identity.change_organisation(company, known, settings={**row.settings, **noted})
            work.tell(actor, "company.number_verified", company, {})
            return _companies(work, [work.identity.organisation(company)])[0]

    def add_account(
        self, actor: Actor, organisation: str, role: str, login: str, name: str, password: str | None = None
    ) -> str:
        require(actor, "platform:institution:manage")
        known_as, called, now = read_login(login), read_name(name), self._now()
        chosen = password if password is not None else secrets.token_urlsafe(15)
        with self._store().installation(reading=True) as work:
            row = work.identity.organisation(organisation)
        if role not in roles_of_kind(row.kind):
            raise InputError("institutions.unknown_role", known=", ".join(roles_of_kind(row.kind)))
        second = needs_second_factor(row.kind)
        check_password(chosen, beside_second_factor=second, about=(known_as, called, row.name_ko, row.name_en))
        hashed = self._hashes.hash(chosen)
        with self._store().installation() as work:
            if work.identity.person_of_login(known_as) is not None:
                raise ConflictError("accounts.login_taken")
            user = work.identity.add_user(login=known_as, name=called, lang="ko", demo=False, now=now)
            work.identity.add_membership(user, organisation, role, now)
            work.credentials.set_password(user, hashed, now)
            work.tell(actor, "account.made", user, {"organisation": organisation, "role": role})
        return chosen

    def _move(self, actor: Actor, institution: str, to: str, action: str, version: int | None) -> InstitutionCard:
        require(actor, "platform:institution:manage")
        with self._store().installation() as work:
            row = work.identity.organisation(institution)
            _require_movable(actor, row, to)
            if to == SUSPENDED:
                work.sessions.end_of_organisation(institution)
            return self._changed(work, actor, row, action, {"state": to}, version)

    def _changed(
        self,
        work: InstallationWork,
        actor: Actor,
        row: OrganisationRow,
        action: str,
        values: dict[str, str],
        version: int | None,
    ) -> InstitutionCard:
        work.identity.change_organisation(row.id, row.version if version is None else version, **values)
        work.tell(actor, action, row.id, values)
        return _cards(work, actor, [work.identity.organisation(row.id)])[0]


def _joined(work: InstallationWork, company: str) -> OrganisationRow:
    row = work.identity.organisation(company)
    if row.kind != "company":
        raise NotFoundError("institutions.not_found")
    return row


def _verified(row: OrganisationRow) -> datetime | None:
    if not row.settings.get("number_verified"):
        return None
    at = row.settings.get("verified_at")
    return datetime.fromisoformat(at) if at else row.created


def _companies(work: InstallationWork, rows: Sequence[OrganisationRow]) -> list[CompanyOnPlatform]:
    kept = work.bytes_kept([row.id for row in rows])
    return [
        CompanyOnPlatform(
            id=row.id,
            name={"ko": row.name_ko, "en": row.name_en},
            business_number=row.business_number,
            state=row.state,
            demo=row.demo,
            verified=_verified(row),
            evidence=str(row.settings.get("evidence", "")),
            version=row.version,
            kept_bytes=kept[row.id],
        )
        for row in rows
    ]


def _require_movable(actor: Actor, row: OrganisationRow, to: str) -> None:
    """Raise ``ConflictError`` for what would leave nobody to run the installation, or no such change."""
    if row.id == actor.organisation:
        raise ConflictError("institutions.own")
    require_move(row.state, to)


def _cards(work: InstallationWork, actor: Actor, rows: Sequence[OrganisationRow]) -> list[InstitutionCard]:
    manages = isinstance(check(actor, "platform:institution:manage"), Allowed)
    kept = work.bytes_kept([row.id for row in rows]) if manages else {}
    return [
        InstitutionCard(
            id=row.id,
            kind=row.kind,
            name={"ko": row.name_ko, "en": row.name_en},
            state=row.state,
            merged_into=row.merged_into,
            demo=row.demo,
            version=row.version,
            kept_bytes=kept.get(row.id),
        )
        for row in rows
    ]
