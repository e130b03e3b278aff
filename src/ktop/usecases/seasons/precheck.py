"""Where a company stands with the rules of programmes: which clause is in its way, and what would change that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ktop.catalogue import LANGS, LocalText, text
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import Step, steps
from ktop.domain.decision.programme import Clause, OneOf, ProgrammeRule
from ktop.domain.decision.screening import Columns, Screening, screen
from ktop.domain.decision.verdict import Success
from ktop.domain.expression import Expression
from ktop.models.company_model import CompanyModel
from ktop.models.next_steps import offers_of, with_steps
from ktop.report.labels import fact_value
from ktop.usecases.programmes.applicants import columns_of, rated
from ktop.usecases.seasons.interface import CallCard, ClauseStanding, Standing

_MOST_REMEDIES = 3
_CONSTANT = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")


class Precheck:
    """One company as it is, and as it would be after each step it can take: rated once for all rules."""

    def __init__(self, table: FactTable, models: Sequence[CompanyModel]) -> None:
        offered = offers_of(steps(), table)
        self._steps: list[Step] = [step for step, _ in offered]
        rows = with_steps(table, offered)
        self._columns: Columns = columns_of(rows, rated(models, rows))
        self._n = rows.n

    def standing(self, rule: ProgrammeRule) -> tuple[str, float | None, list[ClauseStanding]]:
        """Return whether the company could apply (eligible, refused or ask), its points, and every clause."""
        found = screen(rule, self._columns, np.ones(self._n, dtype=bool), [None] * self._n)
        failed = (found.states[0] == 0) | (
            np.isnan(found.states[0]) & np.array([clause.missing == "refuse" for clause in rule.clauses], dtype=bool)
        )
        asked = np.isnan(found.states[0]) & ~failed
        decision = "refused" if failed.any() else "ask" if asked.any() else "eligible"
        points = float(found.criteria[0].sum()) if rule.points else None
        return decision, points, [self._clause(found, k, clause) for k, clause in enumerate(rule.clauses)]

    def _clause(self, found: Screening, k: int, clause: Clause) -> ClauseStanding:
        verdict = found.verdicts(0)[clause.id]
        if isinstance(verdict, Success):
            return ClauseStanding(clause.id, clause.label, verdict.outcome, None, ())
        remedies: list[LocalText] = []
        if found.states[0, k] == 0:
            rows = np.flatnonzero(found.states[1:, k] == 1)
            remedies = [self._steps[row].text for row in rows[:_MOST_REMEDIES]] or self._by_value(clause)
        return ClauseStanding(clause.id, clause.label, verdict.outcome, verdict.reason, remedies)

    def _by_value(self, clause: Clause) -> list[LocalText]:
        """Return the nearest value of one fact with which a clause would hold: one of the limits that it names."""
        condition = clause.condition
        if isinstance(condition, OneOf):
            words = {lang: FACTS[condition.fact].label[lang] for lang in LANGS}
            values = ", ".join(condition.values[:20])
            return [
                {
                    lang: text("programmes_season.would_be_one_of", lang, what=words[lang], values=values)
                    for lang in LANGS
                }
            ]
        if not isinstance(condition, Expression):
            return []
        found: list[LocalText] = []
        limits = {float(number) for number in _CONSTANT.findall(condition.source)}
        for name in sorted(condition.names & FACTS.keys()):
            now = float(self._columns[name][0])
            if np.isnan(now):
                continue
            tried = sorted(
                {value + by for value in limits for by in (-1.0, 0.0, 1.0) if value + by >= 0},
                key=lambda v: abs(v - now),
            )
            one: Mapping[str, Any] = {other: self._columns[other][:1] for other in condition.names}
            if name == "age_years":  # nobody grows younger
                tried = [value for value in tried if value > now]
            held = [value for value in tried if condition.evaluate({**one, name: np.array([value])})[0] == 1]
            if held:
                known = {"what": FACTS[name].label}
                found.append(
                    {
                        lang: text(
                            "programmes_season.would_be",
                            lang,
                            value=fact_value(name, held[0], lang),
                            now=fact_value(name, now, lang),
                            **known,
                        )
                        for lang in LANGS
                    }
                )
        return found[:_MOST_REMEDIES]


def standing_of(firm: Precheck, rule: ProgrammeRule, call: CallCard | None) -> Standing:
    """Return where a company stands with a rule, of an open call or of the examples."""
    decision, points, clauses = firm.standing(rule)
    return Standing(
        call=None if call is None else call.call.id,
        name=rule.name,
        agency=dict.fromkeys(LANGS, rule.agency) if call is None else call.agency,
        closes=None if call is None else call.call.closes,
        decision=decision,
        points=points,
        most=sum(criterion.most for criterion in rule.points),
        clauses=clauses,
    )
