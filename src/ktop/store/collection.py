"""What was collected of companies, what people said of it, and how often and how well sources were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import NotFoundError
from ktop.store.documents import DocumentRepository
from ktop.store.tables import collected_answers, collections, source_counts, source_states, source_uses, value_choices
from ktop.store.tables.base import new_id

T = TypeVar("T", "CollectionRow", "AnswerRow", "ChoiceRow")
#: Kind of the documents that hold answers as they came.
ANSWER = "collect.answer"
CALL = "call"


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """One collection of a company; see ``ktop.store.tables.collection``."""

    id: str
    business_number: str
    hints: Mapping[str, Any]
    job: str | None
    company: str | None
    state: str
    report: Mapping[str, Any]
    created: datetime
    ended: datetime | None
    made_by: str


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer; ``document`` holds its content."""

    id: str
    collection: str
    source: str
    operation: str
    asked: str
    outcome: str
    detail: str
    at: datetime
    retry_at: datetime | None
    document: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """What a person said of a value."""

    path: str
    value: Any
    against: Any
    corrected: bool
    reason: str
    made_by: str
    at: datetime


class CollectionRepository:
    """The collections of an actor's organisation, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def begin(self, business_number: str, hints: Mapping[str, Any], job: str | None = None) -> CollectionRow:
        """Begin a collection."""
        row = CollectionRow(
            new_id(),
            business_number,
            dict(hints),
            job,
            None,
            "running",
            {},
            datetime.now(UTC),
            None,
            self._actor.user,
        )
        values = {field.name: getattr(row, field.name) for field in fields(CollectionRow)}
        self._connection.execute(insert(collections).values(**values, tenant=self._actor.organisation))
        return row

    def change(self, collection_id: str, **values: Any) -> None:
        """Change a collection: its job, state, report, the company it was saved to."""
        mine = (collections.c.id == collection_id, collections.c.tenant == self._actor.organisation)
        self._connection.execute(update(collections).where(*mine).values(**values))

    def get(self, collection_id: str) -> CollectionRow:
        """Return one collection; raises ``NotFoundError`` where there is none of that identifier."""
        query = select(collections).where(
            collections.c.id == collection_id, collections.c.tenant == self._actor.organisation
        )
        found = self._connection.execute(query).one_or_none()
        if found is None:
            raise NotFoundError("collect.not_found")
        return _row(CollectionRow, found)

    def recent(self, limit: int, business_number: str | None = None) -> list[CollectionRow]:
        """Return collections, the newest first."""
        query = select(collections).where(collections.c.tenant == self._actor.organisation)
        if business_number is not None:
            query = query.where(collections.c.business_number == business_number)
        ordered = query.order_by(collections.c.created.desc(), collections.c.id).limit(limit)
        return [_row(CollectionRow, found) for found in self._connection.execute(ordered)]

    def add_answer(
        self,
        collection_id: str,
        *,
        source: str,
        operation: str,
        asked: str,
        address: str,
        outcome: str,
        detail: str,
        at: datetime,
        retry_at: datetime | None,
        content: bytes,
        media_type: str,
    ) -> AnswerRow:
        """Keep an answer as it came."""
        document = DocumentRepository(self._connection, self._actor).add(
            kind=ANSWER,
            name=f"{source}-{operation}",
            media_type=media_type,
            subject=collection_id,
            content=content,
        )
        row = AnswerRow(
            new_id(),
            collection_id,
            source,
            operation,
            asked,
            outcome,
            detail,
            at,
            retry_at,
            document.id,
            document.sha256,
        )
        values = {field.name: getattr(row, field.name) for field in fields(AnswerRow)}
        kept = {**values, "tenant": self._actor.organisation, "address": address}
        self._connection.execute(insert(collected_answers).values(**kept))
        return row

    def link_answer(self, collection_id: str, answer: AnswerRow, address: str) -> AnswerRow:
        """Keep an answer of an earlier collection with another one, too; the content is kept once."""
        row = AnswerRow(
            new_id(),
            collection_id,
            *(getattr(answer, field.name) for field in fields(AnswerRow)[2:]),
        )
        values = {field.name: getattr(row, field.name) for field in fields(AnswerRow)}
        kept = {**values, "tenant": self._actor.organisation, "address": address}
        self._connection.execute(insert(collected_answers).values(**kept))
        return row

    def answers(self, collection_id: str) -> list[AnswerRow]:
        """Return the answers of a collection, the oldest first."""
        query = select(collected_answers).where(
            collected_answers.c.collection == collection_id, collected_answers.c.tenant == self._actor.organisation
        )
        ordered = query.order_by(collected_answers.c.at, collected_answers.c.id)
        return [_row(AnswerRow, found) for found in self._connection.execute(ordered)]

    def answer(self, answer_id: str) -> AnswerRow:
        """Return one answer; raises ``NotFoundError`` where there is none of that identifier."""
        query = select(collected_answers).where(
            collected_answers.c.id == answer_id, collected_answers.c.tenant == self._actor.organisation
        )
        found = self._connection.execute(query).one_or_none()
        if found is None:
            raise NotFoundError("collect.answer_not_found")
        return _row(AnswerRow, found)

    def remembered(self, source: str, operation: str, asked: str, address: str, since: datetime) -> AnswerRow | None:
        """Return the newest answer to the same question that said something, None where there is none so young."""
        table = collected_answers
        query = select(table).where(
            table.c.tenant == self._actor.organisation,
            table.c.source == source,
            table.c.operation == operation,
            table.c.asked == asked,
            table.c.address == address,
            table.c.outcome.in_(("found", "no_data")),
            table.c.at >= since,
        )
        found = self._connection.execute(query.order_by(table.c.at.desc()).limit(1)).one_or_none()
        return None if found is None else _row(AnswerRow, found)

    def choose(self, business_number: str, choice: ChoiceRow) -> None:
        """Add what the actor says of a value."""
        values = {field.name: getattr(choice, field.name) for field in fields(ChoiceRow)}
        self._connection.execute(
            insert(value_choices).values(
                id=new_id(), tenant=self._actor.organisation, business_number=business_number, **values
            )
        )

    def choices(self, business_number: str) -> list[ChoiceRow]:
        """Return what was said of a company's values, the oldest first."""
        query = select(value_choices).where(
            value_choices.c.tenant == self._actor.organisation, value_choices.c.business_number == business_number
        )
        return [_row(ChoiceRow, found) for found in self._connection.execute(query.order_by(value_choices.c.at))]


def _row(kind: type[T], found: Row[Any]) -> T:
    return kind(**{field.name: getattr(found, field.name) for field in fields(kind)})


@dataclass(frozen=True, slots=True)
class Taken:
    """How many calls may be made; where none, which period is full, or until when and why the source is left alone."""

    calls: int
    wait_seconds: float = 0.0
    full: str = ""
    why: str = ""
    until: datetime | None = None


class SourceLedger:
    """How often and how well each source was asked, over all organisations and workers of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(
        self,
        source: str,
        periods: Mapping[str, int],
        per_second: float | None,
        now: datetime,
        most: int = 1,
        *,
        tenant: str = "",
        share: float = 1.0,
        burst: int = 0,
    ) -> Taken:
        """Count up to ``most`` calls in every period, or none where one is full or the source is left alone.

        An organisation (``tenant``) gets at most its share of every period; what it used is counted by itself, too.
        After a pause ``burst`` calls need no wait: the first turn then lies before now (``wait_seconds`` below 0).
        The state's row is locked first, so that two workers never take the last call of a period both.
        """
        self._there(source_states, source=source, failures=0)
        state = self._connection.execute(
            select(source_states).where(source_states.c.source == source).with_for_update()
        ).one()
        if state.rests_until is not None and state.rests_until > now:
            return Taken(0, why=state.why, until=state.rests_until)
        left = {period: limit - self._count(source, period) for period, limit in periods.items()}
        full = next((period for period, calls in left.items() if calls <= 0), None)
        if full is not None:
            return Taken(0, full=full, why="quota")
        own = {period: int(limit * share) - self._used(source, period, tenant) for period, limit in periods.items()}
        spent = next((period for period, calls in own.items() if tenant and calls <= 0), None)
        if spent is not None:
            return Taken(0, full=spent, why="share")
        calls = min(most, *left.values(), *(own.values() if tenant else ())) if left else most
        for period in periods:
            self._add(source, period, CALL, now, calls=calls)
            if tenant:
                self._there(source_uses, source=source, period=period, tenant=tenant, count=0, last=now)
                mine = self._of(source, [period], tenant)
                used = {"count": source_uses.c.count + calls, "last": now}
                self._connection.execute(update(source_uses).where(*mine).values(**used))
        if per_second is None:
            return Taken(calls)
        earliest = now - timedelta(seconds=burst / per_second)
        turn = max(earliest, state.next_at or earliest)
        self._connection.execute(
            update(source_states)
            .where(source_states.c.source == source)
            .values(next_at=turn + timedelta(seconds=calls / per_second))
        )
        return Taken(calls, wait_seconds=(turn - now).total_seconds())

    def give_back(self, source: str, periods: Sequence[str], calls: int, *, tenant: str = "") -> None:
        """Take calls off the count that were taken and not made."""
        own = update(source_uses).where(*self._of(source, periods, tenant))
        self._connection.execute(own.values(count=source_uses.c.count - calls))
        table = source_counts
        mine = (table.c.source == source, table.c.period.in_(periods), table.c.kind == CALL)
        self._connection.execute(update(table).where(*mine).values(count=table.c.count - calls))

    def note(
        self,
        source: str,
        outcome: str,
        detail: str,
        day: str,
        now: datetime,
        *,
        calls: int,
        most_failures: int,
        rest: timedelta,
        quota_until: datetime,
    ) -> None:
        """Note how calls turned out, all of them the same way."""
        self._there(source_states, source=source, failures=0)
        state = self._connection.execute(
            select(source_states).where(source_states.c.source == source).with_for_update()
        ).one()
        self._add(source, day, outcome, now, detail, calls=calls)
        failures = state.failures + calls if outcome == "broken" else 0
        rests: dict[str, Any] = {"rests_until": None, "why": ""}
        if outcome == "quota":
            rests = {"rests_until": quota_until, "why": "quota"}
        elif failures >= most_failures:
            rests = {"rests_until": now + rest, "why": "resting"}
        mine = source_states.c.source == source
        self._connection.execute(update(source_states).where(mine).values(failures=failures, **rests))

    def states(self) -> dict[str, tuple[int, datetime | None, str]]:
        """Return source → failures in a row, until when it is left alone, and why."""
        rows = self._connection.execute(select(source_states))
        return {row.source: (row.failures, row.rests_until, row.why) for row in rows}

    def counts(self, periods: Sequence[str]) -> dict[str, dict[tuple[str, str], tuple[int, datetime, str]]]:
        """Return source → (period, kind) → count, moment of the last and its detail."""
        found: dict[str, dict[tuple[str, str], tuple[int, datetime, str]]] = {}
        for row in self._connection.execute(
            select(source_counts).where(source_counts.c.period.in_(periods))
        ).mappings():
            kept = (int(row["count"]), row["last"], str(row["detail"]))
            found.setdefault(row["source"], {})[row["period"], row["kind"]] = kept
        return found

    def uses(self, periods: Sequence[str]) -> dict[str, dict[str, dict[str, int]]]:
        """Return source → period → organisation → calls made for it, those with most first."""
        query = select(source_uses).where(source_uses.c.period.in_(periods)).order_by(source_uses.c.count.desc())
        found: dict[str, dict[str, dict[str, int]]] = {}
        for row in self._connection.execute(query).mappings():
            found.setdefault(row["source"], {}).setdefault(row["period"], {})[row["tenant"]] = int(row["count"])
        return found

    def _of(self, source: str, periods: Sequence[str], tenant: str) -> tuple[Any, ...]:
        table = source_uses
        return table.c.source == source, table.c.period.in_(periods), table.c.tenant == tenant

    def _used(self, source: str, period: str, tenant: str) -> int:
        query = select(source_uses.c.count).where(*self._of(source, [period], tenant))
        return self._connection.scalar(query) or 0

    def forget_before(self, moment: datetime) -> None:
        """Forget counts of periods long past."""
        self._connection.execute(delete(source_counts).where(source_counts.c.last < moment))
        self._connection.execute(delete(source_uses).where(source_uses.c.last < moment))

    def _count(self, source: str, period: str) -> int:
        query = select(source_counts.c.count).where(
            source_counts.c.source == source, source_counts.c.period == period, source_counts.c.kind == CALL
        )
        return self._connection.scalar(query) or 0

    def _add(self, source: str, period: str, kind: str, now: datetime, detail: str = "", *, calls: int) -> None:
        self._there(source_counts, source=source, period=period, kind=kind, count=0, last=now)
        table = source_counts
        one = (table.c.source == source, table.c.period == period, table.c.kind == kind)
        self._connection.execute(update(table).where(*one).values(count=table.c.count + calls, last=now, detail=detail))

    def _there(self, table: Table, **values: Any) -> None:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        self._connection.execute(dialect.insert(table).values(**values).on_conflict_do_nothing())
