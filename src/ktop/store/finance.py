"""Guarantee and loan cases: each is of three organisations, the company, the guarantor and the bank."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Row,
    Table,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from ktop.domain.finance.case import Application, Case, CaseDocument, Step, local_day
from ktop.domain.finance.process import process
from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ConflictError, NotFoundError
from ktop.store.storage import take_room
from ktop.store.tables import finance_cases, finance_documents, finance_steps
from ktop.store.tables.base import new_id

_KNOWN = [finance_documents.c[field.name] for field in fields(CaseDocument)]


class CaseRepository:
    """The cases that an actor's organisation is a side of, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def add(self, case: Case) -> None:
        """Keep a new case of the actor's own company."""
        if case.company != self._actor.organisation:
            raise NotFoundError("finance.not_found")
        self._connection.execute(insert(finance_cases).values(**_values(case)))

    def get(self, case_id: str, *, to_change: bool = False) -> Case:
        """Return a case; ``to_change`` keeps others from changing it until the transaction ends.

        Raises ``NotFoundError`` where the organisation is no side of one of that identifier; a draft is the company's.
        """
        found = self._asked(_CASE[to_change], case=case_id).one_or_none()
        if found is None:
            raise NotFoundError("finance.not_found")
        return _case(found)

    def newest(
        self, *, states: Collection[str] = (), before: tuple[Any, ...] | None = None, limit: int = 50
    ) -> list[Case]:
        """Return cases, newest first, behind ``before`` (moment made, identifier); all states where none is named."""
        query = select(finance_cases).where(_cases())
        if states:
            query = query.where(finance_cases.c.state.in_(states))
        if before is not None:
            query = query.where(tuple_(finance_cases.c.created, finance_cases.c.id) < before)
        query = query.order_by(finance_cases.c.created.desc(), finance_cases.c.id.desc()).limit(limit)
        return [_case(row) for row in self._asked(query)]

    def committed_krw(self, case: Case, since: date) -> int:
        """Return what a company's other cases ask for in won: those found eligible and undecided, approved, or in force
        since a day or later, that of a rating which could not know of them.
        """
        return sum(
            one.application.amount_krw
            for one, signed in self._committed(case)
            if signed is None or one.guarantee in ("asked", "approved") or local_day(signed) >= since
        )

    def ratings_committed(self, case: Case) -> set[str]:
        """Return the ratings that those other cases stand on."""
        return {one.application.rating for one, _ in self._committed(case)}

    def _committed(self, case: Case) -> list[tuple[Case, datetime | None]]:
        """Return a company's other cases that take of its limit, with the moment their guarantee came into force."""
        signed = select(func.max(finance_steps.c.at)).where(
            finance_steps.c.case == finance_cases.c.id, finance_steps.c.action == "sign"
        )
        query = select(finance_cases, signed.scalar_subquery().label("signed")).where(
            finance_cases.c.tenant == case.company,
            finance_cases.c.id != case.id,
            finance_cases.c.state.not_in(("draft", "submitted")),
            finance_cases.c.guarantee.in_(("asked", "approved", "in_force", "claimed")),
        )
        return [(_case(row), row.signed) for row in self._connection.execute(query)]

    def hold_limit(self) -> None:
        """Keep others from taking of the company's limit until the transaction ends.

        SQLite has one writer at a time; PostgreSQL would let two each add up what was there before both.
        """
        if self._connection.dialect.name == "postgresql":
            key = func.hashtextextended(f"limit:{self._actor.organisation}", 0)
            self._connection.execute(select(func.pg_advisory_xact_lock(key)))

    def in_default(self, case: Case) -> bool:
        """Return whether another case of the company is overdue or in default, or its guarantor had to pay."""
        query = select(finance_cases.c.id).where(
            finance_cases.c.tenant == case.company,
            finance_cases.c.id != case.id,
            finance_cases.c.loan.in_(("overdue", "defaulted", "subrogated", "written_off")),
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def revise(self, case: Case) -> None:
        """Keep what a draft or a returned application says now; its documents go with it to whom it is meant for."""
        own, sides = self._actor.organisation, {"guarantor": case.guarantor, "bank": case.bank}
        self._connection.execute(
            update(finance_cases)
            .where(finance_cases.c.id == case.id, finance_cases.c.tenant == own)
            .values(application=asdict(case.application), **sides)
        )
        self._connection.execute(
            update(finance_documents)
            .where(finance_documents.c.case == case.id, finance_documents.c.tenant == own)
            .values(sides)
        )

    def drafts(self) -> int:
        """Return how many applications of the actor's own company are drafts."""
        mine = (finance_cases.c.tenant == self._actor.organisation) & (finance_cases.c.state == "draft")
        return int(self._connection.execute(select(func.count()).select_from(finance_cases).where(mine)).scalar_one())

    def take(self, case: Case, step: Step, key: str) -> None:
        """Keep a step and the case as it stands after it.

        Raises ``ConflictError`` where somebody else took a step meanwhile.
        """
        values = {name: value for name, value in _values(case).items() if name in _CHANGING}
        if self._asked(_TAKEN, case=case.id, before=step.number - 1, **values).rowcount != 1:
            raise ConflictError("finance.changed_meanwhile")
        said = {name: getattr(step, name) for name in _STEP}
        sides = {"tenant": case.company, "guarantor": case.guarantor, "bank": case.bank}
        self._connection.execute(
            insert(finance_steps), {**said, **sides, "case": case.id, "key": key, "step": step.number}
        )

    def steps(self, case_id: str) -> list[Step]:
        """Return the steps of a case, in order."""
        return [_step(row) for row in self._asked(_STEPS, case=case_id)]

    def step_of(self, case_id: str, key: str) -> Step | None:
        """Return the step that somebody named so before."""
        found = self._asked(_STEP_OF, case=case_id, key=key).one_or_none()
        return None if found is None else _step(found)

    def add_document(self, case: Case, *, kind: str, name: str, media_type: str, content: bytes) -> CaseDocument:
        """Keep a file of a case and return what is known of it; raises ``TooLargeError`` for want of room."""
        take_room(self._connection, self._actor, len(content))
        made = CaseDocument(
            id=new_id(),
            kind=kind,
            name=name[-200:],
            media_type=media_type,
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            created=datetime.now(UTC),
            made_by=self._actor.user,
        )
        values: dict[str, Any] = {field.name: getattr(made, field.name) for field in fields(CaseDocument)}
        sides = {"tenant": case.company, "guarantor": case.guarantor, "bank": case.bank}
        self._connection.execute(insert(finance_documents).values(**values, **sides, case=case.id, content=content))
        return made

    def documents(self, case_id: str) -> list[CaseDocument]:
        """Return what is known of the files of a case, oldest first."""
        return [_document(row) for row in self._asked(_DOCUMENTS, case=case_id)]

    def document(self, case_id: str, document_id: str) -> tuple[CaseDocument, bytes]:
        """Return one file of a case; raises ``NotFoundError`` where there is none of that identifier,
        ``ConflictError`` where it no longer is what was handed in.
        """
        query = select(*_KNOWN, finance_documents.c.content).where(
            finance_documents.c.id == document_id, finance_documents.c.case == case_id, _mine(finance_documents)
        )
        found = self._asked(query).one_or_none()
        if found is None:
            raise NotFoundError("store.document_not_found")
        known = {field.name: getattr(found, field.name) for field in fields(CaseDocument)}
        content = bytes(found.content)
        if hashlib.sha256(content).hexdigest() != known["sha256"]:
            raise ConflictError("finance.document_changed")
        return CaseDocument(**known), content

    def _asked(self, statement: Executable, **given: Any) -> CursorResult[Any]:
        """Run a statement that asks for rows of the actor's own organisation."""
        return self._connection.execute(statement, {**given, "own": self._actor.organisation})


class CaseClock:
    """The cases of all organisations that wait for a rule or whose time has run out, for the installation itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def waiting(self, day: date, limit: int) -> Sequence[Case]:
        """Return cases whose next step is a rule's, those that have waited longest first."""
        by_rule = [name for name, state in process().states.items() if state.waits_for == "rule"]
        over = [action.before for action in process().actions.values() if action.overdue]
        may_end = sorted(set().union(*over))
        query = select(finance_cases).where(
            or_(
                finance_cases.c.state.in_(by_rule),
                (finance_cases.c.due < day) & finance_cases.c.state.in_(may_end),
            )
        )
        return [_case(row) for row in self._connection.execute(query.order_by(finance_cases.c.since).limit(limit))]

    def to_remind(self, until: date, limit: int) -> Sequence[Case]:
        """Return cases whose last day is at hand and of which nobody was reminded in their present state."""
        query = select(finance_cases).where(
            finance_cases.c.due <= until,
            or_(finance_cases.c.reminded.is_(None), finance_cases.c.reminded < finance_cases.c.since),
        )
        return [_case(row) for row in self._connection.execute(query.order_by(finance_cases.c.due).limit(limit))]

    def reminded(self, case_id: str, at: datetime) -> None:
        """Note that a reminder was sent."""
        self._connection.execute(update(finance_cases).where(finance_cases.c.id == case_id).values(reminded=at))


def _mine(table: Table) -> ColumnElement[bool]:
    """The rows that the organisation ``own`` is a side of."""
    return or_(*(table.c[side] == bindparam("own") for side in ("tenant", "guarantor", "bank")))


def _cases() -> ColumnElement[bool]:
    """What the organisation ``own`` may know of: what was never submitted is the company's own, withdrawn or not."""
    submitted = exists().where(finance_steps.c.case == finance_cases.c.id, finance_steps.c.action == "submit")
    return or_(finance_cases.c.tenant == bindparam("own"), _mine(finance_cases) & submitted)


_CHANGING = ("state", "guarantee", "loan", "figures", "since", "due", "version")
#: Each step of a case asks these: making a statement anew takes longer than running it.
_CASE = {
    False: (_ONE_CASE := select(finance_cases).where(finance_cases.c.id == bindparam("case"), _cases())),
    True: _ONE_CASE.with_for_update(),
}
_TAKEN = (
    update(finance_cases)
    .where(finance_cases.c.id == bindparam("case"), finance_cases.c.version == bindparam("before"), _cases())
    .values({name: bindparam(name) for name in _CHANGING})
)
_OF_CASE = select(finance_steps).where(finance_steps.c.case == bindparam("case"), _mine(finance_steps))
_STEPS = _OF_CASE.order_by(finance_steps.c.step)
_STEP_OF = _OF_CASE.where(finance_steps.c.key == bindparam("key"))
_DOCUMENTS = (
    select(*_KNOWN)
    .where(finance_documents.c.case == bindparam("case"), _mine(finance_documents))
    .order_by(finance_documents.c.created, finance_documents.c.id)
)
_STEP = [field.name for field in fields(Step) if field.name != "number"]


def _values(case: Case) -> dict[str, Any]:
    values = {field.name: getattr(case, field.name) for field in fields(Case) if field.name != "company"}
    return values | {"tenant": case.company, "application": asdict(case.application), "figures": dict(case.figures)}


def _case(row: Row[Any]) -> Case:
    read = {
        field.name: getattr(row, field.name) for field in fields(Case) if field.name not in ("company", "application")
    }
    return Case(company=row.tenant, application=_application(row.application), **read)


def _application(read: Mapping[str, Any]) -> Application:
    return Application(**{**read, "inputs": tuple(read["inputs"])})


def _step(row: Row[Any]) -> Step:
    return Step(number=row.step, **{name: getattr(row, name) for name in _STEP})


def _document(row: Row[Any]) -> CaseDocument:
    return CaseDocument(**{field.name: getattr(row, field.name) for field in fields(CaseDocument)})
