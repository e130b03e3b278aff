"""Rules of an agency: drafts that may change, published versions that never do, trials on former applicants."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ktop.domain.decision.programme import read_rule
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require, require_any
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, InputError, NotFoundError
from ktop.store.programmes import RuleRow
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import UnitOfWork
from ktop.usecases.seasons import drafts
from ktop.usecases.seasons.cards import (
    rule_card,
)
from ktop.usecases.seasons.interface import (
    ClauseText,
    RuleCard,
    RulePreview,
)
from ktop.usecases.seasons.ranking import figures_for, models_in_force
from ktop.usecases.seasons.room import SeasonRoom
from ktop.usecases.seasons.sheets import call_of_day, preview_of, rows_of_table


class RulePart(SeasonRoom):
    """Rules of ``ktop.usecases.seasons.interface.Seasons``."""

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

    def change_clause(
        self, actor: Actor, rule_id: str, version: int, clause: str, values: Mapping[str, str] | None
    ) -> RuleCard:
        def changed(source: str) -> str:
            return drafts.checked_text(drafts.with_clause_changed(source, clause, values))

        return self._edit(actor, rule_id, version, changed)

    def clauses(self, actor: Actor, rule_id: str) -> Sequence[ClauseText]:
        return drafts.clauses_of(self.rule(actor, rule_id).source)

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

    def _edit(self, actor: Actor, rule_id: str, version: int, change: Callable[[str], str]) -> RuleCard:
        require(actor, "own:programme:manage")
        with self._store().unit(actor) as unit:
            draft = _draft(unit, rule_id, version)
            edited = _headed(replace(draft, source=change(draft.source), changed=self._clock(), changed_by=actor.user))
            kept = unit.seasons.change_rule(edited)
            unit.tell("programme.edited", rule_id, {"version": kept.version})
            return rule_card(kept)


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
