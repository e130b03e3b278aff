"""Companies and technologies that an organisation keeps, and what was known of a company when and by whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table, func, insert, or_, select, tuple_, update

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ChangedError, NotFoundError
from ktop.store.tables import companies, record_versions, technologies
from ktop.store.tables.base import new_id

#: The number of a company's draft, the one row that a form overwrites; versions count from 1.
_DRAFT = 0
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """A company that the organisation keeps; ``name_en`` where its record says one, ``version`` counts edits."""

    id: str
    name: str
    business_number: str | None
    company_id: str | None
    note: str
    created: datetime
    changed: datetime
    archived: bool
    version: int
    name_en: str | None = None


@dataclass(frozen=True, slots=True)
class RecordRow:
    """What was known of a company from ``known_at`` on, and who gave it; never changed, but for a draft."""

    number: int
    known_at: datetime
    given_by: str
    draft: bool
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TechnologyRow:
    """A technology that the organisation keeps, of the kept company ``company`` or of its own."""

    id: str
    company: str | None
    title: str
    text: str
    note: str
    created: datetime
    changed: datetime
    archived: bool
    version: int


Row = TypeVar("Row", CompanyRow, TechnologyRow)


class Portfolio:
    """What an actor's organisation keeps, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def company(self, kept_id: str, *, to_change: bool = False) -> CompanyRow:
        """Return one company; raises ``NotFoundError`` where there is none of that identifier."""
        return self._one(companies, CompanyRow, kept_id, to_change)

    def companies(self, kept_ids: Collection[str]) -> list[CompanyRow]:
        """Return several kept companies; raises ``NotFoundError`` where one of them is not the organisation's."""
        query = self._own(companies).where(companies.c.id.in_(set(kept_ids)))
        rows = [_row(found, CompanyRow) for found in self._connection.execute(query)]
        for missing in set(kept_ids) - {row.id for row in rows}:
            self.company(missing)
        return rows

    def company_known_as(self, business_number: str | None, company_id: str | None) -> CompanyRow | None:
        """Return the company of a business number, else the one that the organisation calls so, where it keeps one."""
        for column, value in ((companies.c.business_number, business_number), (companies.c.company_id, company_id)):
            if value:
                query = self._own(companies).where(column == value).order_by(companies.c.created).limit(1)
                found = self._connection.execute(query.with_for_update()).one_or_none()
                return None if found is None else _row(found, CompanyRow)
        return None

    def companies_known_as(self, numbers: Sequence[str], ids: Sequence[str]) -> dict[str, CompanyRow]:
        """Return the companies of many business numbers (``n:NUMBER``) and own ids (``i:ID``) that are kept."""
        found: dict[str, CompanyRow] = {}
        for prefix, column, values in (
            ("n:", companies.c.business_number, numbers),
            ("i:", companies.c.company_id, ids),
        ):
            for some in _few(values):
                query = self._own(companies).where(column.in_(some)).order_by(companies.c.created.desc())
                for row in self._connection.execute(query):
                    found[f"{prefix}{getattr(row, column.name)}"] = _row(row, CompanyRow)
        return found

    def newest_records(self, kept_ids: Sequence[str]) -> dict[str, tuple[int, Mapping[str, Any]]]:
        """Return the newest version of many companies' records: company → number and record; drafts are none."""
        found: dict[str, tuple[int, Mapping[str, Any]]] = {}
        of = record_versions.c
        for some in _few(kept_ids):
            mine = (of.tenant == self._actor.organisation, of.company.in_(some), of.number != _DRAFT)
            newest = (
                select(of.company, func.max(of.number).label("number")).where(*mine).group_by(of.company).subquery()
            )
            query = select(of.company, of.number, of.record).join(
                newest, (of.company == newest.c.company) & (of.number == newest.c.number)
            )
            for row in self._connection.execute(query.where(of.tenant == self._actor.organisation)):
                found[row.company] = (row.number, row.record)
        return found

    def keep_many(self, given: Sequence[tuple[CompanyRow | None, CompanyRow, int, Mapping[str, Any]]]) -> None:
        """Keep many records at once: the company kept before (None: a new one), as it is now, version, record.

        A version ends the company's draft. Raises ``ChangedError`` where a company was changed since it was read.
        """
        now, tenant = datetime.now(UTC), self._actor.organisation
        new = [row for before, row, _, _ in given if before is None]
        if new:
            names = [field.name for field in fields(CompanyRow)]
            self._connection.execute(
                insert(companies), [{name: getattr(row, name) for name in names} | {"tenant": tenant} for row in new]
            )
        for before, row, _, _ in given:
            if before is not None:
                self._change(companies, row)
        for some in _few([before.id for before, _, _, _ in given if before is not None]):
            mine = (record_versions.c.company.in_(some), record_versions.c.tenant == tenant)
            self._connection.execute(record_versions.delete().where(*mine, record_versions.c.number == _DRAFT))
        versions = [
            {
                "id": new_id(),
                "tenant": tenant,
                "company": row.id,
                "number": number,
                "known_at": now,
                "given_by": self._actor.user,
                "draft": False,
                "record": dict(record),
            }
            for _, row, number, record in given
        ]
        if versions:
            self._connection.execute(insert(record_versions), versions)

    def add_company(
        self, name: str, business_number: str | None, company_id: str | None, name_en: str | None = None
    ) -> CompanyRow:
        """Keep a company and return it."""
        now = datetime.now(UTC)
        made = CompanyRow(new_id(), name, business_number, company_id, "", now, now, False, 1, name_en)
        self._add(companies, made)
        return made

    def change_company(self, changed: CompanyRow) -> CompanyRow:
        """Keep an edit of a company that was read as of its ``version``; raises ``ChangedError`` for another."""
        return self._change(companies, changed)

    def find_companies(
        self, search: str, archived: bool, before: tuple[Any, ...] | None, limit: int, *, only_drafts: bool = False
    ) -> list[CompanyRow]:
        """Return companies by part of their name or the beginning of a number, the last changed first."""
        query = self._own(companies).where(companies.c.archived == archived)
        if only_drafts:
            query = query.where(companies.c.id.in_(self._drafts()))
        if search:
            digits = "".join(sign for sign in search if sign.isdigit())
            found = [
                companies.c.name.icontains(search, autoescape=True),
                companies.c.name_en.icontains(search, autoescape=True),
                companies.c.company_id.icontains(search, autoescape=True),
            ]
            if digits:
                found.append(companies.c.business_number.startswith(digits, autoescape=True))
            query = query.where(or_(*found))
        return self._listed(query, companies, CompanyRow, before, limit)

    def add_record(self, company: str, record: Mapping[str, Any], *, draft: bool) -> RecordRow:
        """Keep what is known of a company: as a further version, which ends the draft, or as its one draft."""
        mine = (record_versions.c.company == company, record_versions.c.tenant == self._actor.organisation)
        newest = select(func.max(record_versions.c.number)).where(*mine)
        number = _DRAFT if draft else (self._connection.execute(newest).scalar() or 0) + 1
        made = RecordRow(number, datetime.now(UTC), self._actor.user, draft, dict(record))
        self._connection.execute(record_versions.delete().where(*mine, record_versions.c.number == _DRAFT))
        values = {field.name: getattr(made, field.name) for field in fields(RecordRow)}
        self._connection.execute(
            insert(record_versions).values(**values, id=new_id(), tenant=self._actor.organisation, company=company)
        )
        return made

    def records(self, company: str) -> list[RecordRow]:
        """Return what was known of a company: its draft, if any, then its versions, the newest first."""
        query = select(record_versions).where(
            record_versions.c.company == company, record_versions.c.tenant == self._actor.organisation
        )
        ordered = query.order_by(record_versions.c.draft.desc(), record_versions.c.number.desc())
        names = [field.name for field in fields(RecordRow)]
        return [RecordRow(**{name: getattr(row, name) for name in names}) for row in self._connection.execute(ordered)]

    def drafts_among(self, kept_ids: Collection[str]) -> set[str]:
        """Return which of some companies have a draft."""
        query = self._drafts().where(record_versions.c.company.in_(kept_ids))
        return set(self._connection.execute(query).scalars())

    def drop_draft(self, company: str) -> None:
        """Forget a company's draft, and the company with it where nothing else was ever known of it."""
        mine = (record_versions.c.company == company, record_versions.c.tenant == self._actor.organisation)
        self._connection.execute(record_versions.delete().where(*mine, record_versions.c.number == _DRAFT))
        if not self.records(company) and not self.find_technologies("", False, company, None, 1):
            own = (companies.c.id == company, companies.c.tenant == self._actor.organisation)
            self._connection.execute(companies.delete().where(*own))

    def _drafts(self) -> Select[Any]:
        return select(record_versions.c.company).where(
            record_versions.c.tenant == self._actor.organisation, record_versions.c.number == _DRAFT
        )

    def technology(self, kept_id: str, *, to_change: bool = False) -> TechnologyRow:
        """Return one technology; raises ``NotFoundError`` where there is none of that identifier."""
        return self._one(technologies, TechnologyRow, kept_id, to_change)

    def add_technology(self, title: str, text: str, company: str | None) -> TechnologyRow:
        """Keep a technology and return it."""
        now = datetime.now(UTC)
        made = TechnologyRow(new_id(), company, title, text, "", now, now, False, 1)
        self._add(technologies, made)
        return made

    def change_technology(self, changed: TechnologyRow) -> TechnologyRow:
        """Keep an edit of a technology that was read as of its ``version``; raises ``ChangedError`` for another."""
        return self._change(technologies, changed)

    def find_technologies(
        self, search: str, archived: bool, company: str | None, before: tuple[Any, ...] | None, limit: int
    ) -> list[TechnologyRow]:
        """Return technologies by part of their title, the last changed first."""
        query = self._own(technologies).where(technologies.c.archived == archived)
        if search:
            query = query.where(technologies.c.title.icontains(search, autoescape=True))
        if company is not None:
            query = query.where(technologies.c.company == company)
        return self._listed(query, technologies, TechnologyRow, before, limit)

    def _add(self, table: Table, made: CompanyRow | TechnologyRow) -> None:
        values = {field.name: getattr(made, field.name) for field in fields(made)}
        self._connection.execute(insert(table).values(**values, tenant=self._actor.organisation))

    def _one(self, table: Table, kind: type[Row], kept_id: str, to_change: bool) -> Row:
        query = self._own(table).where(table.c.id == kept_id)
        found = self._connection.execute(query.with_for_update() if to_change else query).one_or_none()
        if found is None:
            raise NotFoundError("portfolio.not_found")
        return _row(found, kind)

    def _change(self, table: Table, changed: Row) -> Row:
        kept = replace(changed, changed=datetime.now(UTC), version=changed.version + 1)
        values = {
            field.name: getattr(kept, field.name) for field in fields(kept) if field.name not in ("id", "created")
        }
        mine = (table.c.id == kept.id, table.c.tenant == self._actor.organisation, table.c.version == changed.version)
        if self._connection.execute(update(table).where(*mine).values(**values)).rowcount != 1:
            raise ChangedError("portfolio.changed_meanwhile")
        return kept

    def _listed(
        self, query: Select[Any], table: Table, kind: type[Row], before: tuple[Any, ...] | None, limit: int
    ) -> list[Row]:
        if before is not None:
            query = query.where(tuple_(table.c.changed, table.c.id) < before)
        ordered = query.order_by(table.c.changed.desc(), table.c.id.desc()).limit(limit)
        return [_row(found, kind) for found in self._connection.execute(ordered)]

    def _own(self, table: Table) -> Select[Any]:
        """Return the query that every other one is made of: the actor's organisation and no other."""
        return select(table).where(table.c.tenant == self._actor.organisation)


def _few(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Give values so many at a time as one query may name."""
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


def _row(found: Any, kind: type[Row]) -> Row:
    return kind(**{field.name: getattr(found, field.name) for field in fields(kind)})
