"""Support programmes: an agency's rules, calls, applications, results, appeals, and the projects it supported."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, tuple_, update

from ktop.domain.party.actor import Actor
from ktop.domain.season.call import TOLD, Call
from ktop.kernel.errors import ChangedError, ConflictError, NotFoundError
from ktop.store.tables import (
    api_keys,
    consents,
    programme_appeals,
    programme_applications,
    programme_calls,
    programme_conflicts,
    programme_results,
    programme_rules,
)
from ktop.store.tables.base import new_id

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A draft or published rule; ``source`` is its YAML, ``version`` counts edits of a draft."""

    id: str
    programme: str
    year: int
    rule_version: int
    name_ko: str
    name_en: str
    state: str
    source: str
    version: int
    created: datetime
    changed: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application; ``consent_state`` is that of its consent now, None where it needs none."""

    number: int
    id: str
    company: str
    call: str
    source: str
    upload: str
    name: str
    business_number: str | None
    facts: Mapping[str, Any]
    problems: Mapping[str, str] | None
    consent: str | None
    figures: Mapping[str, Any] | None
    rated_with: str
    rated_on: date | None
    state: str
    created: datetime
    consent_state: str | None = None


@dataclass(frozen=True, slots=True)
class ResultRow:
    """What became of an application in a round."""

    application: str
    round: int
    decision: str
    points: float | None
    rank: int | None
    reasons: Mapping[str, str]
    figures: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class AppealRow:
    """An appeal; ``facts`` are the corrected ones, ``first`` and ``second`` the results before and after them."""

    id: str
    company: str
    call: str
    application: str
    reason: str
    facts: Mapping[str, Any] | None
    first: Mapping[str, Any]
    second: Mapping[str, Any] | None
    state: str
    round: int
    created: datetime
    made_by: str
    decided: datetime | None = None
    decided_by: str | None = None
    decided_reason: str | None = None


class SeasonRepository:
    """The programmes of an actor's organisation, or what a company applied for, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    # --- rules ------------------------------------------------------------------------------------------------------

    def rules(self) -> list[RuleRow]:
        """Return the agency's own rules, the newest first."""
        table = programme_rules
        query = select(table).where(table.c.tenant == self._actor.organisation)
        ordered = query.order_by(table.c.programme, table.c.year.desc(), table.c.rule_version.desc(), table.c.id)
        return [_read(RuleRow, row) for row in self._connection.execute(ordered)]

    def rule(self, rule_id: str, *, to_change: bool = False) -> RuleRow:
        """Return a rule of one's own, or a published one; raises ``NotFoundError`` where there is none."""
        table = programme_rules
        mine = table.c.tenant == self._actor.organisation
        query = select(table).where(
            table.c.id == rule_id, mine if to_change else or_(mine, table.c.state == "published")
        )
        found = self._connection.execute(query.with_for_update() if to_change else query).one_or_none()
        if found is None:
            raise NotFoundError("programmes_season.no_rule")
        return _read(RuleRow, found)

    def add_rule(self, rule: RuleRow) -> None:
        """Keep a new draft."""
        self._connection.execute(insert(programme_rules).values(**_write(rule), tenant=self._actor.organisation))

    def change_rule(self, rule: RuleRow) -> RuleRow:
        """Keep a draft as it says now; raises ``ChangedError`` where somebody else changed it since ``version``."""
        table = programme_rules
        values = _write(rule) | {"version": rule.version + 1}
        ours = (table.c.id == rule.id) & (table.c.tenant == self._actor.organisation) & (table.c.state == "draft")
        if (
            self._connection.execute(
                update(table).where(ours, table.c.version == rule.version).values(**values)
            ).rowcount
            != 1
        ):
            raise ChangedError("programmes_season.changed_meanwhile")
        return RuleRow(**values)

    def remove_rule(self, rule_id: str) -> None:
        """Remove a draft."""
        table = programme_rules
        self._connection.execute(
            delete(table).where(
                table.c.id == rule_id, table.c.tenant == self._actor.organisation, table.c.state == "draft"
            )
        )

    # --- calls ------------------------------------------------------------------------------------------------------

    def add_call(self, call: Call) -> None:
        """Keep a new call of the actor's own agency."""
        self._connection.execute(insert(programme_calls).values(**_call_values(call), tenant=self._actor.organisation))

    def call(self, call_id: str, *, to_change: bool = False) -> Call:
        """Return a call; ``to_change`` only one's own. Raises ``NotFoundError`` where there is none."""
        query = select(programme_calls).where(programme_calls.c.id == call_id)
        if to_change:
            query = query.where(programme_calls.c.tenant == self._actor.organisation).with_for_update()
        found = self._connection.execute(query).one_or_none()
        if found is None:
            raise NotFoundError("programmes_season.no_call")
        return _call(found)

    def change_call(self, call: Call) -> None:
        """Keep a call as it stands; raises ``ChangedError`` where somebody else changed it meanwhile."""
        table = programme_calls
        ours = (table.c.id == call.id) & (table.c.tenant == self._actor.organisation)
        changed = update(table).where(ours, table.c.version == call.version - 1).values(**_call_values(call))
        if self._connection.execute(changed).rowcount != 1:
            raise ChangedError("programmes_season.changed_meanwhile")

    def calls(self, *, before: tuple[Any, ...] | None = None, limit: int = 50) -> list[Call]:
        """Return the agency's own calls, newest first."""
        table = programme_calls
        query = select(table).where(table.c.tenant == self._actor.organisation)
        if before is not None:
            query = query.where(tuple_(table.c.created, table.c.id) < before)
        ordered = query.order_by(table.c.created.desc(), table.c.id.desc()).limit(limit)
        return [_call(row) for row in self._connection.execute(ordered)]

    def open_calls(self, day: date) -> list[Call]:
        """Return the calls of all agencies that can be applied to on a day, those that close first."""
        table = programme_calls
        query = select(table).where(table.c.state == "open", table.c.opens <= day, table.c.closes >= day)
        return [_call(row) for row in self._connection.execute(query.order_by(table.c.closes, table.c.id).limit(200))]

    # --- applications -----------------------------------------------------------------------------------------------

    def add_applications(self, rows: Sequence[ApplicationRow], agency: str) -> None:
        """Keep new applications to a call of an agency; their numbers are given by the database."""
        left_out = ("number", "consent_state")
        values = [{k: v for k, v in _write(row).items() if k not in left_out} | {"tenant": agency} for row in rows]
        for start in range(0, len(values), 500):
            self._connection.execute(insert(programme_applications), values[start : start + 500])

    def uploads(self, call_id: str) -> dict[str, int]:
        """Return what was uploaded to a call: digest → how many rows."""
        table = programme_applications
        query = (
            select(table.c.upload, func.count())
            .where(table.c.call == call_id, table.c.tenant == self._actor.organisation, table.c.upload != "")
            .group_by(table.c.upload)
        )
        return {row.upload: int(row[1]) for row in self._connection.execute(query)}

    def applications(self, call_id: str) -> list[ApplicationRow]:
        """Return all applications to a call of one's own agency, in the order they came."""
        query = self._applications().where(
            programme_applications.c.call == call_id, programme_applications.c.tenant == self._actor.organisation
        )
        return [_read(ApplicationRow, row) for row in self._connection.execute(query)]

    def application(self, application_id: str) -> ApplicationRow:
        """Return one application, as agency or as applicant; raises ``NotFoundError`` where there is none."""
        query = self._applications().where(programme_applications.c.id == application_id, self._sides())
        found = self._connection.execute(query).one_or_none()
        if found is None:
            raise NotFoundError("programmes_season.no_application")
        return _read(ApplicationRow, found)

    def hold_call(self, call_id: str) -> None:
        """Keep others from applying to a call, appealing and leading it on until the transaction ends."""
        if self._connection.dialect.name == "postgresql":
            key = func.hashtextextended(f"call {call_id}", 0)
            self._connection.execute(select(func.pg_advisory_xact_lock(key)))

    def applied(self, call_id: str | None = None) -> list[ApplicationRow]:
        """Return the applications that the actor's own company made, newest first."""
        table = programme_applications
        query = self._applications().where(table.c.company == self._actor.organisation)
        if call_id is not None:
            query = query.where(table.c.call == call_id)
        found = self._connection.execute(query.order_by(None).order_by(table.c.number.desc()).limit(200))
        return [_read(ApplicationRow, row) for row in found]

    def end_application(self, application_id: str) -> None:
        """Note that an applicant withdrew; what it handed over is no longer kept."""
        table = programme_applications
        self._connection.execute(
            update(table)
            .where(table.c.id == application_id, table.c.company == self._actor.organisation)
            .values(state="withdrawn", facts={}, figures=None, rated_with="", rated_on=None)
        )

    def keep_figures(self, figures: Mapping[str, Mapping[str, Any]], rated_with: str, rated_on: date) -> None:
        """Keep the figures of some applications' ratings: identifier → figures."""
        table = programme_applications
        for application, values in figures.items():
            self._connection.execute(
                update(table)
                .where(table.c.id == application, table.c.tenant == self._actor.organisation)
                .values(figures=dict(values), rated_with=rated_with, rated_on=rated_on)
            )

    def correct(self, application_id: str, facts: Mapping[str, Any]) -> None:
        """Put corrected facts in the place of those that an application was handed in with; it has to be rated anew."""
        table = programme_applications
        self._connection.execute(
            update(table)
            .where(table.c.id == application_id, table.c.tenant == self._actor.organisation)
            .values(facts=dict(facts), problems=None, figures=None, rated_with="", rated_on=None)
        )

    def count_applications(self, call_ids: Collection[str]) -> dict[str, int]:
        """Return how many applications some calls of one's own have."""
        table = programme_applications
        query = (
            select(table.c.call, func.count())
            .where(table.c.call.in_(call_ids), table.c.tenant == self._actor.organisation)
            .group_by(table.c.call)
        )
        return {row.call: int(row[1]) for row in self._connection.execute(query)}

    def companies(self, call_id: str) -> list[str]:
        """Return the companies that applied to a call of one's own themselves."""
        table = programme_applications
        query = select(table.c.company).where(
            table.c.call == call_id, table.c.tenant == self._actor.organisation, table.c.company != ""
        )
        return sorted(set(self._connection.scalars(query)))

    # --- results, appeals, conflicts --------------------------------------------------------------------------------

    def add_results(self, call_id: str, rows: Sequence[tuple[ApplicationRow, ResultRow]]) -> None:
        """Keep the results of a round."""
        values = [
            _write(result) | {"tenant": self._actor.organisation, "company": application.company, "call": call_id}
            for application, result in rows
        ]
        for start in range(0, len(values), 500):
            self._connection.execute(insert(programme_results), values[start : start + 500])

    def results(self, call_id: str, number: int) -> dict[str, ResultRow]:
        """Return the results of a round of one's own call: application → result."""
        table = programme_results
        query = select(table).where(
            table.c.call == call_id, table.c.round == number, table.c.tenant == self._actor.organisation
        )
        return {row.application: _read(ResultRow, row) for row in self._connection.execute(query)}

    def decision_counts(self, call_id: str, number: int) -> dict[str, int]:
        """Return decision → how many, of a round of one's own call."""
        table = programme_results
        query = (
            select(table.c.decision, func.count())
            .where(table.c.call == call_id, table.c.round == number, table.c.tenant == self._actor.organisation)
            .group_by(table.c.decision)
        )
        return {row.decision: int(row[1]) for row in self._connection.execute(query)}

    def ranked(
        self, call_id: str, number: int, *, decision: str | None, behind: tuple[Any, ...] | None, limit: int
    ) -> list[tuple[ApplicationRow, ResultRow | None]]:
        """Return applications with their results of a round, by rank and number, without their facts.

        ``behind`` is the rank (2**31 for none) and number of the last one before.
        """
        table, results = programme_applications, programme_results
        left_out = ("facts", "figures")
        columns = [table.c[field.name] for field in fields(ApplicationRow) if field.name in table.c]
        of_result = [results.c[name].label(f"result_{name}") for name in ("round", "decision", "points", "rank")]
        of_result += [results.c[name].label(f"result_{name}") for name in ("reasons", "figures", "at")]
        rank = func.coalesce(results.c.rank, 2**31)
        query = (
            select(
                *(column for column in columns if column.name not in left_out),
                consents.c.state.label("consent_state"),
                *of_result,
            )
            .select_from(
                table.outerjoin(consents, consents.c.id == table.c.consent).outerjoin(
                    results, (results.c.application == table.c.id) & (results.c.round == number)
                )
            )
            .where(table.c.call == call_id, table.c.tenant == self._actor.organisation)
        )
        if decision is not None:
            query = query.where(results.c.decision == decision)
        if behind is not None:
            query = query.where(tuple_(rank, table.c.number) > behind)
        found = []
        for row in self._connection.execute(query.order_by(rank, table.c.number).limit(limit)):
            known = {f.name: getattr(row, f.name) for f in fields(ApplicationRow) if f.name not in left_out}
            result = None
            if row.result_round is not None:
                named = {f.name: getattr(row, f"result_{f.name}") for f in fields(ResultRow) if f.name != "application"}
                result = ResultRow(application=row.id, **named)
            found.append((ApplicationRow(**known, facts={}, figures=None), result))
        return found

    def results_of(self, application_id: str) -> list[ResultRow]:
        """Return the results of one application, round by round; an applicant's own only when they are told."""
        table, calls = programme_results, programme_calls
        told = (table.c.company == self._actor.organisation) & calls.c.state.in_(TOLD)
        query = (
            select(table)
            .join(calls, calls.c.id == table.c.call)
            .where(table.c.application == application_id, or_(table.c.tenant == self._actor.organisation, told))
            .order_by(table.c.round)
        )
        return [_read(ResultRow, row) for row in self._connection.execute(query)]

    def add_appeal(self, appeal: AppealRow, agency: str) -> None:
        """Keep an appeal."""
        self._connection.execute(insert(programme_appeals).values(**_write(appeal), tenant=agency))

    def appeals(self, *, call: str | None = None, application: str | None = None) -> list[AppealRow]:
        """Return appeals, as agency or as applicant, oldest first."""
        table = programme_appeals
        own = self._actor.organisation
        query = select(table).where(or_(table.c.tenant == own, table.c.company == own))
        if call is not None:
            query = query.where(table.c.call == call)
        if application is not None:
            query = query.where(table.c.application == application)
        ordered = query.order_by(table.c.created, table.c.id)
        return [_read(AppealRow, row) for row in self._connection.execute(ordered)]

    def appeal(self, appeal_id: str) -> AppealRow:
        """Return an appeal to one's own agency, held until the transaction ends."""
        table = programme_appeals
        query = select(table).where(table.c.id == appeal_id, table.c.tenant == self._actor.organisation)
        found = self._connection.execute(query.with_for_update()).one_or_none()
        if found is None:
            raise NotFoundError("programmes_season.no_appeal")
        return _read(AppealRow, found)

    def decide_appeal(self, appeal: AppealRow) -> None:
        """Keep the decision on an appeal; raises ``ConflictError`` where it was decided already."""
        table = programme_appeals
        ours = (table.c.id == appeal.id) & (table.c.tenant == self._actor.organisation)
        changed = update(table).where(ours, table.c.state == "open").values(**_write(appeal))
        if self._connection.execute(changed).rowcount != 1:
            raise ConflictError("programmes_season.appeal_decided")

    def add_conflict(self, call_id: str, application_id: str, reason: str) -> None:
        """Note a conflict of interest of the actor, once."""
        if application_id in self.conflicts(call_id):
            return
        self._connection.execute(
            insert(programme_conflicts).values(
                id=new_id(),
                tenant=self._actor.organisation,
                call=call_id,
                application=application_id,
                person=self._actor.user,
                reason=reason,
                created=datetime.now(UTC),
            )
        )

    def conflicts(self, call_id: str, *, anybody: bool = False) -> set[str]:
        """Return the applications that the actor, or anybody, declared a conflict of interest with."""
        table = programme_conflicts
        query = select(table.c.application).where(table.c.call == call_id, table.c.tenant == self._actor.organisation)
        if not anybody:
            query = query.where(self._same_person(table.c.person))
        return set(self._connection.scalars(query))

    def _same_person(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the condition for what the actor did, as a person or by a key that the person made."""
        mine = api_keys.c.tenant == self._actor.organisation
        maker: str | None = self._connection.scalar(
            select(api_keys.c.made_by).where(mine, "key:" + api_keys.c.id == self._actor.user)
        )
        person = maker or self._actor.user
        return or_(
            column == person, column.in_(select("key:" + api_keys.c.id).where(mine, api_keys.c.made_by == person))
        )

    def _applications(self) -> Any:
        table = programme_applications
        with_consent = table.outerjoin(consents, consents.c.id == table.c.consent)
        return select(table, consents.c.state.label("consent_state")).select_from(with_consent).order_by(table.c.number)

    def _sides(self) -> Any:
        table, own = programme_applications, self._actor.organisation
        return or_(table.c.tenant == own, table.c.company == own)


def _write(of: Any) -> dict[str, Any]:
    return {field.name: getattr(of, field.name) for field in fields(of)}


def _read(kind: type[T], row: Row[Any]) -> T:
    named: Any = kind
    read: T = named(**{field.name: getattr(row, field.name) for field in fields(named)})
    return read


def _call_values(call: Call) -> dict[str, Any]:
    return {name: value for name, value in _write(call).items() if name != "agency"}


def _call(row: Row[Any]) -> Call:
    read = {field.name: getattr(row, field.name) for field in fields(Call) if field.name != "agency"}
    return Call(agency=row.tenant, **read)
