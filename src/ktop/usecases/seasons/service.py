"""Leads the season of a programme; every change is one transaction with its audit event."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ktop.catalogue import Lang, load
from ktop.domain.company.headings import CompanyHeadings
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.decision.programme import read_rule
from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import ONE_RATING, Terms, check_reason, plain_text
from ktop.domain.party.permission import require, require_any
from ktop.domain.season.call import Call, check_days, may_apply, step
from ktop.domain.work.job import ENDED, Job
from ktop.domain.work.kind import job_kinds
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError, TooLargeError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.models.registry import ModelRegistry
from ktop.store.programmes import AppealRow, ApplicationRow, RuleRow
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import Store, UnitOfWork
from ktop.usecases.batches.rating import MEDIA_TYPES
from ktop.usecases.batches.service import plain_name
from ktop.usecases.consent.service import give_in, revoke_in
from ktop.usecases.programmes.applicants import business_number, facts_of_record
from ktop.usecases.programmes.service import shipped_rules
from ktop.usecases.seasons import drafts
from ktop.usecases.seasons.cards import (
    appeal_card,
    applicant,
    application_card,
    call_card,
    is_masked,
    plain_outcome,
    rule_card,
)
from ktop.usecases.seasons.interface import (
    Appeal,
    Applicant,
    ApplicationCard,
    CallCard,
    Download,
    RuleCard,
    RulePreview,
    Standing,
    Uploaded,
)
from ktop.usecases.seasons.precheck import Precheck, standing_of
from ktop.usecases.seasons.ranking import figures_for, mark_of, models_in_force, ranked
from ktop.usecases.seasons.sheets import call_of_day, preview_of, result_frame, rows_of_table
from ktop.usecases.uploads import read_told_table, write_table

KIND = "programme.rank"
_MOST_ROWS, _LONGEST_REASON, _LAST = 50_000, 2_000, 2**31


class SeasonService:
    """See ``ktop.usecases.seasons.interface.Seasons``. ``limit_mb`` bounds a table that is uploaded."""

    def __init__(
        self,
        store: Callable[[], Store],
        registry: ModelRegistry,
        limit_mb: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._registry, self._limit_mb, self._clock = store, registry, limit_mb, clock

    # --- rules ------------------------------------------------------------------------------------------------------

    def rules(self, actor: Actor) -> Sequence[RuleCard]:
        require_any(actor, "own:programme:manage", "own:programme:review")
        with self._store().reading(actor) as unit:
            return [rule_card(row) for row in unit.seasons.rules()]

    def rule(self, actor: Actor, rule_id: str) -> RuleCard:
        require(actor, "platform:institution:read")
        with self._store().reading(actor) as unit:
            return rule_card(unit.seasons.rule(rule_id))

    def draft(self, actor: Actor, *, example: str | None = None, like: str | None = None) -> RuleCard:
        require(actor, "own:programme:manage")
        with self._store().unit(actor) as unit:
            if like is not None:
                former = unit.seasons.rule(like)
                version = _next_version(unit.seasons.rules(), former.programme, former.year)
                source = drafts.with_version(former.source, version)
            else:
                source = drafts.example(example or "leap", actor.organisation)
            now = self._clock()
            row = RuleRow(new_id(), "", 0, 0, "–", "–", "draft", source, 1, now, now, actor.user)
            row = _headed(row)
            unit.seasons.add_rule(row)
            unit.tell("programme.drafted", row.id, {"programme": row.programme, "year": row.year})
            return rule_card(row)

    def save(self, actor: Actor, rule_id: str, version: int, source: str) -> RuleCard:
        return self._edit(actor, rule_id, version, lambda _: drafts.checked_text(source))

    def add_clause(self, actor: Actor, rule_id: str, version: int, kind: str, values: Mapping[str, str]) -> RuleCard:
        return self._edit(actor, rule_id, version, lambda source: drafts.with_clause(source, kind, values))

    def remove(self, actor: Actor, rule_id: str) -> None:
        require(actor, "own:programme:manage")
        with self._store().unit(actor) as unit:
            if unit.seasons.rule(rule_id, to_change=True).state != "draft":
                raise ConflictError("programmes_season.published")
            unit.seasons.remove_rule(rule_id)
            unit.tell("programme.removed", rule_id, {})

    def publish(self, actor: Actor, rule_id: str, version: int) -> RuleCard:
        require(actor, "own:programme:manage")
        with self._store().unit(actor) as unit:
            draft = _draft(unit, rule_id, version)
            rule = read_rule(draft.source.encode())
            least = _next_version(unit.seasons.rules(), rule.programme, rule.year)
            if rule.version < least:
                raise ConflictError("programmes_season.version_taken", version=rule.version, least=least)
            published = unit.seasons.change_rule(
                replace(_headed(draft), state="published", changed=self._clock(), changed_by=actor.user)
            )
            digest = hashlib.sha256(draft.source.encode()).hexdigest()
            unit.tell("programme.published", rule_id, {"rule": rule.id, "sha256": digest})
            return rule_card(published)

    def preview(
        self, actor: Actor, rule_id: str, *, call: str | None = None, table: tuple[bytes, str] | None = None
    ) -> RulePreview:
        require(actor, "own:programme:manage")
        with self._store().reading(actor) as unit:
            row = unit.seasons.rule(rule_id)
            rule = read_rule(row.source.encode())
            others = unit.seasons.rules()
            former = None
            if call is not None:
                former = unit.seasons.call(call)
                if former.agency != actor.organisation:
                    raise NotFoundError("programmes_season.no_call")
                applications = unit.seasons.applications(call)
                against: RuleRow | None = unit.seasons.rule(former.rule)
        if former is None:
            if table is None:
                raise InputError("web.no_table_chosen")
            day = today()
            former = call_of_day(day)
            applications = rows_of_table(self._read(table[0], table[1]), former, "preview")
            models = [self._registry.model(name) for name in models_in_force(self._registry)]
            figures = figures_for(applications, former, models)
            applications = [
                replace(one, figures=own, rated_on=day) for one, own in zip(applications, figures, strict=True)
            ]
            same = [o for o in others if o.state == "published" and o.programme == rule.programme and o.id != rule_id]
            against = max(same, key=lambda one: (one.year, one.rule_version), default=None)
        if against is not None and against.id == rule_id:
            against = None
        return preview_of(rule, against, former, applications)

    # --- calls ------------------------------------------------------------------------------------------------------

    def open_call(self, actor: Actor, rule_id: str, *, opens: date, closes: date, as_of: date, blind: bool) -> CallCard:
        require(actor, "own:programme:manage")
        check_days(opens, closes, as_of)
        with self._store().unit(actor) as unit:
            row = unit.seasons.rule(rule_id, to_change=True)
            if row.state != "published":
                raise ConflictError("programmes_season.not_published")
            call = Call(
                id=new_id(),
                agency=actor.organisation,
                rule=row.id,
                programme=row.programme,
                year=row.year,
                state="open",
                opens=opens,
                closes=closes,
                as_of=as_of,
                blind=blind,
                round=0,
                job="",
                version=1,
                created=self._clock(),
                made_by=actor.user,
            )
            unit.seasons.add_call(call)
            unit.tell("programme.called", call.id, {"rule": row.id, "opens": str(opens), "closes": str(closes)})
            return call_card(unit, call)

    def calls(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[CallCard]:
        require_any(actor, "own:programme:manage", "own:programme:review")
        rows = rows_asked(limit)
        before = read_cursor(after, datetime, str) if after else None
        with self._store().reading(actor) as unit:
            cards = [call_card(unit, one) for one in unit.seasons.calls(before=before, limit=rows + 1)]
        return page_of(cards, rows, lambda card: (card.call.created, card.call.id))

    def open_calls(self, actor: Actor) -> Sequence[CallCard]:
        require(actor, "platform:institution:read")
        with self._store().reading(actor) as unit:
            return [call_card(unit, one) for one in unit.seasons.open_calls(self._clock().date())]

    def call(self, actor: Actor, call_id: str) -> CallCard:
        require(actor, "platform:institution:read")
        with self._store().reading(actor) as unit:
            return call_card(unit, unit.seasons.call(call_id))

    def step(self, actor: Actor, call_id: str, action: str, version: int) -> CallCard:
        require(actor, "own:programme:manage")
        with self._store().unit(actor) as unit:
            call = unit.seasons.call(call_id, to_change=True)
            appeals = unit.seasons.appeals(call=call_id)
            after = step(
                replace(call, version=version),
                action,
                self._clock(),
                open_appeals=sum(one.state == "open" for one in appeals),
                upheld_since_round=sum(_counts_next(one, call) for one in appeals),
            )
            unit.seasons.change_call(after)
            told = unit.seasons.companies(call_id) if action in ("tell", "announce") else []
            unit.tell(f"programme.{action}", call_id, {"state": after.state, "round": after.round}, told)
            return call_card(unit, after)

    # --- applicants -------------------------------------------------------------------------------------------------

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
                _require_no_conflict(unit, row)
                if row.consent is not None and row.consent_state == "active":
                    unit.ledger.add(
                        company=row.company,
                        at=self._clock(),
                        consent=row.consent,
                        rating="",
                        seen={"listed": [row.id]},
                        purpose="programme_review",
                        way="page",
                    )
            return application_card(unit, row)

    def rank(self, actor: Actor, call_id: str) -> Job:
        require(actor, job_kinds()[KIND].permission)
        with self._store().unit(actor) as unit:
            call = unit.seasons.call(call_id, to_change=True)
            if call.state not in ("closed", "appeals"):
                raise ConflictError("programmes_season.close_first")
            if call.job and (running := unit.jobs.get(call.job)).state not in ENDED:
                return running
            arguments = {"call": call_id, "round": call.round + 1, "models": models_in_force(self._registry)}
            job = unit.jobs.add(KIND, arguments, priority=job_kinds()[KIND].priority)
            unit.seasons.change_call(replace(call, job=job.id, version=call.version + 1))
            return job

    def ranking(
        self,
        actor: Actor,
        call_id: str,
        *,
        decision: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Applicant]:
        require_any(actor, "own:programme:review", "own:programme:manage")
        rows = rows_asked(limit)
        behind = read_cursor(after, int, int) if after else None
        with self._store().reading(actor) as unit:
            call = _own_call(unit, call_id)
            found = unit.seasons.ranked(call_id, call.round, decision=decision, behind=behind, limit=rows + 1)
            mine = unit.seasons.conflicts(call_id)
            appealed = {one.application for one in unit.seasons.appeals(call=call_id)}
            lines = [
                (applicant(application, result, call, application.id in mine, application.id in appealed), result)
                for application, result in found
            ]
        page = page_of(lines, rows, lambda line: ((line[1] and line[1].rank) or _LAST, line[0].number))
        return Page([line for line, _ in page.items], page.after)

    def declare_conflict(self, actor: Actor, application_id: str, reason: str) -> None:
        require_any(actor, "own:programme:review", "own:programme:manage")
        with self._store().unit(actor) as unit:
            row = unit.seasons.application(application_id)
            _own_call(unit, row.call)
            unit.seasons.add_conflict(row.call, row.id, check_reason(reason))
            unit.tell("programme.conflict", row.id, {"call": row.call})

    def appeal(self, actor: Actor, application_id: str, reason: str, record: Mapping[str, Any] | None) -> Appeal:
        require_any(actor, "own:programme:apply", "own:programme:manage")
        why = _said(reason)
        with self._store().unit(actor) as unit:
            row = unit.seasons.application(application_id)
            call = unit.seasons.call(row.call)
            _require_no_conflict(unit, row)
            if call.state != "appeals" or row.state != "applied":
                raise ConflictError("programmes_season.no_appeal_now")
            if any(one.state == "open" for one in unit.seasons.appeals(application=row.id)):
                raise ConflictError("programmes_season.appealed_already")
            outcomes = unit.seasons.results_of(row.id)
            facts = None if record is None else facts_of_record(record, call.as_of)
            if facts is not None and business_number(facts.get("business_number")) not in (None, row.business_number):
                raise InputError("programmes_season.other_company")
            second = None if facts is None else self._second(unit, call, row, facts)
            made = AppealRow(
                id=new_id(),
                company=row.company,
                call=call.id,
                application=row.id,
                reason=why,
                facts=facts,
                first=plain_outcome(outcomes[-1]) if outcomes else {},
                second=second,
                state="open",
                round=call.round,
                created=self._clock(),
                made_by=actor.user,
            )
            unit.seasons.add_appeal(made, call.agency)
            unit.tell("programme.appealed", row.id, {"appeal": made.id, "corrected": facts is not None}, [call.agency])
            return appeal_card(made)

    def decide_appeal(self, actor: Actor, appeal_id: str, upheld: bool, reason: str) -> Appeal:
        require(actor, "own:programme:manage")
        why = _said(reason)
        with self._store().unit(actor) as unit:
            appeal = unit.seasons.appeal(appeal_id)
            row = unit.seasons.application(appeal.application)
            _require_no_conflict(unit, row)
            call = unit.seasons.call(appeal.call, to_change=True)
            if call.state != "appeals":
                raise ConflictError("programmes_season.no_appeal_now")
            if upheld and appeal.facts is None:
                raise ConflictError("programmes_season.nothing_corrected")
            decided = replace(
                appeal,
                state="upheld" if upheld else "rejected",
                round=call.round,
                decided=self._clock(),
                decided_by=actor.user,
                decided_reason=why,
            )
            unit.seasons.decide_appeal(decided)
            if upheld:
                unit.seasons.correct(row.id, appeal.facts or {})
            others = [row.company] if row.company else []
            unit.tell(f"programme.appeal_{decided.state}", row.id, {"appeal": appeal.id}, others)
            return appeal_card(decided)

    def result(self, actor: Actor, call_id: str, lang: Lang = "ko") -> Download:
        require(actor, "own:programme:manage")
        with self._store().unit(actor) as unit:
            call = _own_call(unit, call_id)
            if call.round == 0:
                raise ConflictError("programmes_season.not_ranked")
            rule = read_rule(unit.seasons.rule(call.rule).source.encode())
            applications = unit.seasons.applications(call_id)
            results = unit.seasons.results(call_id, call.round)
            unit.tell("programme.exported", call_id, {"round": call.round, "rows": len(applications)})
        masked = is_masked(call)
        frame = result_frame(
            rule, call, [(one, results[one.id]) for one in applications if one.id in results], masked, lang
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "result.xlsx"
            write_table(frame, path)
            return Download(path.read_bytes(), f"{rule.id}-{call.round}.xlsx", MEDIA_TYPES["xlsx"])

    # ----------------------------------------------------------------------------------------------------------------

    def _edit(self, actor: Actor, rule_id: str, version: int, change: Callable[[str], str]) -> RuleCard:
        require(actor, "own:programme:manage")
        with self._store().unit(actor) as unit:
            draft = _draft(unit, rule_id, version)
            edited = _headed(replace(draft, source=change(draft.source), changed=self._clock(), changed_by=actor.user))
            kept = unit.seasons.change_rule(edited)
            unit.tell("programme.edited", rule_id, {"version": kept.version})
            return rule_card(kept)

    def _read(self, content: bytes, name: str) -> Any:
        shown = plain_name(name)
        if Path(shown).suffix.lower()[1:] not in MEDIA_TYPES:
            raise InputError("batches.unknown_table", file=shown)
        if len(content) > self._limit_mb * 1_000_000:
            raise TooLargeError("batches.too_large", file=shown, limit_mb=self._limit_mb)
        if not content:
            raise InputError("batches.empty", file=shown)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"applicants{Path(shown).suffix.lower()}"
            path.write_bytes(content)
            return read_told_table(path, shown, CompanyHeadings())

    def _second(self, unit: UnitOfWork, call: Call, row: ApplicationRow, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what corrected data come to by themselves: points and clauses, without places."""
        models = [self._registry.model(name) for name in models_in_force(self._registry)]
        corrected = replace(row, facts=facts, problems=None)
        (figures,) = figures_for([corrected], call, models)
        corrected = replace(corrected, figures=figures, rated_on=call.as_of, rated_with=mark_of(call, models))
        rule = read_rule(unit.seasons.rule(call.rule).source.encode())
        (result,) = ranked(replace(rule, capacity=None, quotas=()), call, [replace(corrected, consent_state=None)])
        decision = "eligible" if result.decision == "selected" else result.decision
        return plain_outcome(replace(result, decision=decision, rank=None))


def _headed(row: RuleRow) -> RuleRow:
    """Return a draft with what its text says of programme, year and version; as before where it says nothing."""
    rule, _ = drafts.understood(row.source)
    if rule is None:
        return row
    return replace(
        row,
        programme=rule.programme,
        year=rule.year,
        rule_version=rule.version,
        name_ko=rule.name["ko"][:200],
        name_en=rule.name["en"][:200],
    )


def _next_version(rules: Sequence[RuleRow], programme: str, year: int) -> int:
    same = [one for one in rules if (one.programme, one.year, one.state) == (programme, year, "published")]
    return max((one.rule_version for one in same), default=0) + 1


def _draft(unit: UnitOfWork, rule_id: str, version: int) -> RuleRow:
    row = unit.seasons.rule(rule_id, to_change=True)
    if row.state != "draft":
        raise ConflictError("programmes_season.published")
    return replace(row, version=version)


def _own_call(unit: UnitOfWork, call_id: str) -> Call:
    call = unit.seasons.call(call_id)
    if call.agency != unit.actor.organisation:
        raise NotFoundError("programmes_season.no_call")
    return call


def _own(unit: UnitOfWork, application_id: str) -> ApplicationRow:
    row = unit.seasons.application(application_id)
    if not row.company or row.company != unit.actor.organisation:
        raise NotFoundError("programmes_season.no_application")
    return row


def _require_no_conflict(unit: UnitOfWork, row: ApplicationRow) -> None:
    if row.id in unit.seasons.conflicts(row.call):
        raise ForbiddenError("programmes_season.recused")


def _counts_next(appeal: AppealRow, call: Call) -> bool:
    """Whether an appeal was upheld after the newest ranking."""
    return appeal.state == "upheld" and appeal.round == call.round


def _said(reason: str) -> str:
    said = plain_text(reason)
    if not said or len(said) > _LONGEST_REASON:
        raise InputError("programmes_season.reason", most=_LONGEST_REASON)
    return said
