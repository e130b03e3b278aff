"""Collects companies, keeps what was answered, and lets people confirm, correct and save it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ktop.catalogue import LANGS, LocalText, load
from ktop.collect import nts
from ktop.collect.answer import OUTCOMES
from ktop.collect.limits import KOREA, limits_of
from ktop.collect.merging import is_entry
from ktop.collect.stand_in.companies import made_up_companies
from ktop.collect.value import Identity
from ktop.domain.party.actor import Actor
from ktop.domain.party.consent import plain_text
from ktop.domain.party.permission import require
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.registration_numbers import BusinessNumber, CorporateNumber
from ktop.domain.work.kind import job_kinds
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError, NotFoundError
from ktop.kernel.progress import Progress, silent
from ktop.store.collection import ChoiceRow
from ktop.store.unit_of_work import InstallationWork, Store
from ktop.usecases.collect import reading
from ktop.usecases.collect.access import key_id
from ktop.usecases.collect.asking import SourceRoom
from ktop.usecases.collect.backing import keep_proof
from ktop.usecases.collect.interface import CompanyChange, CompanyCollection, Followed, Payload, SourceState, SourceUse
from ktop.usecases.collect.trying import PROBES
from ktop.usecases.portfolio.interface import KeptCompany, Portfolio

KIND = "collect.company"
_LONGEST_NAME, _LONGEST_REASON, _LONGEST_VALUE, _MOST_PATHS = 100, 500, 200, 2_000
#: Longest time after which a company is collected again.
_LONGEST_DAYS = 365


class CollectService:
    """See ``ktop.usecases.collect.interface.Collect``."""

    def __init__(self, store: Callable[[], Store], portfolio: Callable[[], Portfolio], sources: SourceRoom) -> None:
        self._store, self._portfolio, self._sources = store, portfolio, sources

    def collect(
        self,
        actor: Actor,
        business_number: str,
        *,
        names: Sequence[str] = (),
        corporate_number: str | None = None,
        made_up: bool = False,
        sources: Path | None = None,
        accept_names: bool = False,
        progress: Progress = silent,
    ) -> CompanyCollection:
        require(actor, "own:company:edit")
        number, hints = _asked(business_number, names, corporate_number, made_up)
        reach = self._sources.reach(made_up, sources)  # refuses a wrong file before anything is kept
        with self._store().unit(actor) as unit:
            row = unit.collections.begin(number, {**hints, "accept_names": accept_names})
            unit.tell("company.collecting", row.id, {})
        self._sources.collect(actor, row, reach, progress)
        return self.collection(actor, row.id)

    def begin(
        self,
        actor: Actor,
        business_number: str,
        *,
        names: Sequence[str] = (),
        corporate_number: str | None = None,
        made_up: bool = False,
    ) -> CompanyCollection:
        require(actor, "own:company:edit")
        number, hints = _asked(business_number, names, corporate_number, made_up)
        self._sources.reach(made_up, None)
        with self._store().unit(actor) as unit:
            row = unit.collections.begin(number, hints)
            kind = job_kinds()[KIND]
            job = unit.jobs.add(KIND, {"collection": row.id}, priority=kind.priority, key=row.id)
            unit.collections.change(row.id, job=job.id)
            unit.tell("company.collecting", row.id, {})
        return self.collection(actor, row.id)

    def collection(self, actor: Actor, collection_id: str) -> CompanyCollection:
        require(actor, "own:company:read")
        with self._store().reading(actor) as unit:
            row = unit.collections.get(collection_id)
            answers = reading.answers_of(unit, collection_id)
            choices = unit.collections.choices(row.business_number)
            followed = unit.follows.followed(row.business_number)
        found = reading.view(row, answers, choices)
        found = replace(found, validated=reading.validated(row))
        return found if followed is None else replace(found, followed=Followed(followed.every_days, followed.due))

    def collections(self, actor: Actor, limit: int = 20) -> Sequence[CompanyCollection]:
        require(actor, "own:company:read")
        with self._store().reading(actor) as unit:
            return [reading.outline(row) for row in unit.collections.recent(max(1, min(limit, 200)))]

    def payload(self, actor: Actor, answer_id: str) -> Payload:
        require(actor, "own:company:read")
        with self._store().reading(actor) as unit:
            row = unit.collections.answer(answer_id)
            document = unit.documents.get(row.document)
            content = unit.documents.content(row.document)
        return Payload(reading.answer_of(row), row.asked, document.media_type, content, row.collection)

    def confirm(self, actor: Actor, collection_id: str, paths: Sequence[str]) -> CompanyCollection:
        require(actor, "own:company:edit")
        found = self.collection(actor, collection_id)
        questions = {reading.entry_of(one.value.path) for one in found.questions}
        said = []
        for path in list(dict.fromkeys(paths))[:_MOST_PATHS]:
            if path in questions:
                said.append((path, True))
            elif path in found.values and is_entry(path):
                said.append((path, True))  # what was taken out is the company's after all
            elif path in found.values and found.values[path].stated:
                said.append((path, _json(found.values[path].stated[0].value.value)))
            else:
                raise NotFoundError("collect.no_value")
        with self._store().unit(actor) as unit:
            now = datetime.now(UTC)
            for path, value in said:
                choice = ChoiceRow(path, value, value, False, "", actor.user, now)
                unit.collections.choose(found.business_number, choice)
            unit.tell("company.confirmed", collection_id, {"values": len(said)})
        return self.collection(actor, collection_id)

    def correct(self, actor: Actor, collection_id: str, path: str, value: str, reason: str) -> CompanyCollection:
        require(actor, "own:company:edit")
        found = self.collection(actor, collection_id)
        entry = is_entry(path) and any(known.startswith(f"{path}.") for known in found.values)
        if path not in found.values and path not in reading.CORRECTABLE and not entry:
            raise NotFoundError("collect.no_value")
        if entry and value.strip():
            raise InputError("collect.entry_whole")
        why = plain_text(reason)[:_LONGEST_REASON]
        if not why:
            raise InputError("collect.reason_needed")
        if len(value) > _LONGEST_VALUE:
            raise InputError("collect.value_too_long", most=_LONGEST_VALUE)
        read = None if entry else reading.read_value(path, value)
        stated = found.values[path].stated if path in found.values else ()
        against = _json(stated[0].value.value) if stated else None
        with self._store().unit(actor) as unit:
            choice = ChoiceRow(path, _json(read), against, True, why, actor.user, datetime.now(UTC))
            unit.collections.choose(found.business_number, choice)
            unit.tell("company.corrected", collection_id, {"path": path})
        return self.collection(actor, collection_id)

    def validate(self, actor: Actor, collection_id: str, opened: date, representative: str) -> CompanyCollection:
        require(actor, "own:company:edit")
        name = plain_text(representative)
        if not name or len(name) > _LONGEST_NAME or "\n" in name:
            raise InputError("collect.representative_needed", most=_LONGEST_NAME)
        with self._store().reading(actor) as unit:
            row = unit.collections.get(collection_id)
        reach = self._sources.reach(bool(row.hints.get("made_up")))
        with self._sources.asker(actor, reach) as asker:
            answer = asker.ask(nts.VALIDATION, {}, nts.validation(row.business_number, opened, name))
        right = nts.is_right(answer.content, Identity(row.business_number)) if answer.outcome == "found" else None
        # the answer repeats the name, so neither it nor its hash is kept, from which a name could be guessed
        said = f"{row.business_number} {right} {answer.outcome} {answer.at.isoformat()}"
        told = {"right": right, "outcome": answer.outcome, "at": answer.at.isoformat()}
        told["digest"] = hashlib.sha256(said.encode()).hexdigest()
        with self._store().unit(actor) as unit:
            unit.collections.change(collection_id, hints={**row.hints, "validated": told})
            unit.tell("company.validated", collection_id, told)
        return self.collection(actor, collection_id)

    def save(self, actor: Actor, collection_id: str) -> KeptCompany:
        require(actor, "own:company:edit")
        found = self.collection(actor, collection_id)
        if found.gathered is None:
            raise InputError("collect.still_running")
        with self._store().reading(actor) as unit:
            proved = reading.proved(unit.collections.get(collection_id), reading.answers_of(unit, collection_id))
        kept = self._portfolio().save_company(actor, found.record)
        with self._store().unit(actor) as unit:
            keep_proof(unit, found.business_number, proved)
            unit.collections.change(collection_id, company=kept.id)
            unit.tell("company.collected", kept.id, {"collection": collection_id})
        return kept

    def follow(self, actor: Actor, collection_id: str, every_days: int | None) -> CompanyCollection:
        require(actor, "own:company:edit")
        if every_days is not None and not 1 <= every_days <= _LONGEST_DAYS:
            raise InputError("collect.every_days", most=_LONGEST_DAYS)
        with self._store().unit(actor) as unit:
            row = unit.collections.get(collection_id)
            if every_days is None:
                unit.follows.end(row.business_number)
            elif row.state != "done":
                raise InputError("collect.still_running")
            else:
                due = datetime.now(UTC) + timedelta(days=every_days)
                unit.follows.follow(row.business_number, collection_id, every_days, due)
            unit.tell("company.followed", collection_id, {"every_days": every_days})
        return self.collection(actor, collection_id)

    def changes(self, actor: Actor, *, unseen: bool = False, limit: int = 50) -> Sequence[CompanyChange]:
        require(actor, "own:company:read")
        with self._store().reading(actor) as unit:
            rows = unit.follows.changes(max(1, min(limit, 200)), unseen=unseen)
        return [CompanyChange(**{name: getattr(row, name) for name in CompanyChange.__slots__}) for row in rows]

    def see_change(self, actor: Actor, change_id: str) -> None:
        require(actor, "own:company:edit")
        with self._store().unit(actor) as unit:
            unit.follows.see(change_id)
            unit.tell("company.change_seen", change_id, {})

    def sources(self, actor: Actor) -> Sequence[SourceState]:
        require(actor, "platform:settings:read")
        reach = self._sources.own().accesses
        now = datetime.now(UTC)
        day = f"day {now.astimezone(KOREA):%Y-%m-%d}"
        periods = {source: limits_of(source).periods(now) for source in load("sources")["sources"]}
        asked = sorted({day, *(period for several in periods.values() for period in several)})
        with self._store().installation(reading=True) as work:
            states, counts, uses = work.sources.states(), work.sources.counts(asked), work.sources.uses(asked)
            named = {one for by_period in uses.values() for by_one in by_period.values() for one in by_one}
            names = {one: _name(work, one) for one in named}
        found = []
        for source, limited in periods.items():
            access = reach.get(source)
            known_as = key_id(source, access) if access else ""
            counted = counts.get(known_as, {})
            failures, until, why = states.get(known_as, (0, None, ""))
            resting = until is not None and until > now
            by_one = uses.get(known_as, {}).get(next(iter(limited), ""), {})
            found.append(
                SourceState(
                    source,
                    bool(access and access.key),
                    access.address if access else load("sources")["sources"][source]["address"],
                    {period: (counted.get((period, "call"), (0,))[0], most) for period, most in limited.items()},
                    {kind: counted[day, kind] for kind in OUTCOMES if (day, kind) in counted},
                    failures,
                    until if resting else None,
                    why if resting else "",
                    tuple(SourceUse(one, names[one], calls) for one, calls in by_one.items() if calls),
                )
            )
        return found

    def try_source(self, actor: Actor, source: str) -> SourceState:
        require(actor, "platform:settings:read")
        require(actor, "platform:source:try")
        if source not in PROBES:
            raise NotFoundError("collect.unknown_source", source=source[:40], known=", ".join(PROBES))
        with self._sources.asker(actor, self._sources.own()) as asker:
            asker.ask(*PROBES[source])
        return next(one for one in self.sources(actor) if one.source == source)

    def made_up_numbers(self, actor: Actor) -> Sequence[tuple[str, LocalText]]:
        require(actor, "own:company:read")
        return [
            (BusinessNumber(one.business_number).formatted, {"ko": one.name, "en": one.name_en})
            for one in made_up_companies(today())
        ]


def _name(work: InstallationWork, organisation: str) -> LocalText:
    """Return an organisation's names, its identifier where it is none that has accounts."""
    try:
        row = work.identity.organisation(organisation)
    except NotFoundError:
        return dict.fromkeys(LANGS, organisation)
    return {"ko": row.name_ko, "en": row.name_en}


def _asked(
    business_number: str, names: Sequence[str], corporate_number: str | None, made_up: bool
) -> tuple[str, dict[str, Any]]:
    """Return the number in ten digits and what else is known of the company; raises ``InputError``."""
    try:
        number = BusinessNumber.parse(business_number).digits
        registered = CorporateNumber.parse(corporate_number).digits if corporate_number else None
    except RefusedValueError as refusal:
        raise refusal.at({"ko": "사업자등록번호·법인등록번호", "en": "the registration number"}) from None
    known = [name for name in (plain_text(one)[:_LONGEST_NAME] for one in names[:5]) if name]
    return number, {"names": known, "corporate_number": registered, "made_up": made_up}


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
