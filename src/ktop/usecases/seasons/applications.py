"""Applications: uploaded by the agency or made by companies, which check beforehand where they stand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from ktop.catalogue import load
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.decision.programme import read_rule
from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import ONE_RATING, Terms, check_reason
from ktop.domain.party.permission import require, require_any
from ktop.domain.season.call import may_apply
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError, TooLargeError
from ktop.store.access_ledger import Seen
from ktop.store.programmes import ApplicationRow
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import UnitOfWork
from ktop.usecases.consent.service import give_in, revoke_in
from ktop.usecases.programmes.applicants import business_number, facts_of_record
from ktop.usecases.programmes.service import shipped_rules
from ktop.usecases.seasons.cards import (
    application_card,
    call_card,
)
from ktop.usecases.seasons.interface import (
    ApplicationCard,
    Standing,
    Uploaded,
)
from ktop.usecases.seasons.precheck import Precheck, standing_of
from ktop.usecases.seasons.ranking import models_in_force
from ktop.usecases.seasons.room import SeasonRoom, require_no_conflict
from ktop.usecases.seasons.sheets import rows_of_table

_MOST_ROWS = 50_000


class ApplicationPart(SeasonRoom):
    """Applications of ``ktop.usecases.seasons.interface.Seasons``."""

    def upload(self, actor: Actor, call_id: str, content: bytes, name: str) -> Uploaded:
        require(actor, "own:programme:manage")
        table = self._read(content, name)
        digest = hashlib.sha256(content).hexdigest()
        with self._store().unit(actor) as unit:
            call = unit.seasons.call(call_id, to_change=True)
            if call.state != "open":
                raise ConflictError("programmes_season.not_open", opens=str(call.opens), closes=str(call.closes))
            before = unit.seasons.uploads(call_id)
            if digest in before:
                return Uploaded(before[digest], 0, before=True)
            if sum(before.values()) + table.frame.height > _MOST_ROWS:
                raise TooLargeError("batches.too_many_rows", rows=table.frame.height, most=_MOST_ROWS)
            rows = rows_of_table(table, call, digest)
            unit.seasons.add_applications(rows, call.agency)
            unread = sum(one.problems is not None for one in rows)
            unit.tell("programme.uploaded", call_id, {"sha256": digest, "rows": len(rows), "unread": unread})
        return Uploaded(len(rows), unread, before=False)

    def apply(self, actor: Actor, call_id: str, record: Mapping[str, Any]) -> ApplicationCard:
        require(actor, "own:programme:apply")
        day = self._clock().date()
        with self._store().unit(actor) as unit:
            unit.seasons.hold_call(call_id)
            call = unit.seasons.call(call_id)
            may_apply(call, day)
            company = unit.consents.party(actor.organisation)
            if company.kind != "company":
                raise ForbiddenError("consent.only_companies")
            facts = facts_of_record(record, call.as_of)
            number = business_number(facts.get("business_number"))
            if company.business_number and number and number != company.business_number:
                raise InputError("programmes_season.other_company")
            if any(one.state == "applied" for one in unit.seasons.applied(call_id)):
                raise ConflictError("programmes_season.applied_already")
            application = new_id()
            until = today() + timedelta(days=load("consent")["default_days"])
            terms = Terms(
                purpose="programme_review",
                results=frozenset({ONE_RATING + application}),
                inputs=frozenset(set(load("consent")["inputs"]) - {"technology_text"}),
                technologies=frozenset(),
                valid_from=today(),
                valid_until=until,
            )
            consent = give_in(unit, call.agency, terms, "")
            row = ApplicationRow(
                number=0,
                id=application,
                company=actor.organisation,
                call=call_id,
                source="page",
                upload="",
                name=str(facts.get("name") or company.name_ko)[:200],
                business_number=number or company.business_number,
                facts=facts,
                problems=None,
                consent=consent.id,
                figures=None,
                rated_with="",
                rated_on=None,
                state="applied",
                created=self._clock(),
            )
            unit.seasons.add_applications([row], call.agency)
            unit.tell("programme.applied", application, {"call": call_id, "consent": consent.id}, [call.agency])
            return application_card(unit, unit.seasons.application(application))

    def withdraw(self, actor: Actor, application_id: str, reason: str) -> ApplicationCard:
        require(actor, "own:programme:apply")
        with self._store().unit(actor) as unit:
            row = _own(unit, application_id)
            call = unit.seasons.call(row.call)
            if row.state != "applied" or call.state == "announced":
                raise ConflictError("programmes_season.no_withdrawal")
            unit.seasons.end_application(row.id)
            if row.consent is not None:
                revoke_in(unit, row.consent, check_reason(reason))
            unit.tell("programme.withdrawn", row.id, {"call": row.call}, [call.agency])
            return application_card(unit, unit.seasons.application(row.id))

    def standings(self, actor: Actor, record: Mapping[str, Any], as_of: date | None = None) -> Sequence[Standing]:
        require(actor, "own:rating:make")
        subject = RatedSubject.of(record, as_of or today())
        with self._store().reading(actor) as unit:
            day = self._clock().date()
            calls = [(one, unit.seasons.rule(one.rule)) for one in unit.seasons.open_calls(day)]
            cards = {one.id: call_card(unit, one) for one, _ in calls}
        models = [self._registry.model(name) for name in models_in_force(self._registry)]
        firm = Precheck(subject.table, models)
        found = [standing_of(firm, read_rule(row.source.encode()), cards[one.id]) for one, row in calls]
        return [*found, *(standing_of(firm, rule, None) for rule in shipped_rules() if rule.clauses)]

    def applications(self, actor: Actor) -> Sequence[ApplicationCard]:
        require(actor, "own:programme:apply")
        with self._store().reading(actor) as unit:
            return [application_card(unit, row) for row in unit.seasons.applied()]

    def application(self, actor: Actor, application_id: str) -> ApplicationCard:
        require_any(actor, "own:programme:review", "own:programme:manage", "own:programme:apply")
        with self._store().unit(actor) as unit:
            row = unit.seasons.application(application_id)
            if row.company != actor.organisation:
                require_no_conflict(unit, row)
                if row.consent is not None and row.consent_state == "active":
                    unit.ledger.add(
                        Seen(
                            company=row.company,
                            at=self._clock(),
                            consent=row.consent,
                            rating="",
                            seen={"listed": [row.id]},
                            purpose="programme_review",
                            way="page",
                        )
                    )
            return application_card(unit, row)


def _own(unit: UnitOfWork, application_id: str) -> ApplicationRow:
    row = unit.seasons.application(application_id)
    if not row.company or row.company != unit.actor.organisation:
        raise NotFoundError("programmes_season.no_application")
    return row
