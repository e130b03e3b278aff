"""Tables of a season: applicants as they come in, rules tried on them, the result as it goes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.company.fact_table import FactTable
from ktop.domain.decision.programme import ProgrammeRule, read_rule
from ktop.domain.season.call import Call
from ktop.store.programmes import ApplicationRow, ResultRow, RuleRow
from ktop.store.tables.base import new_id
from ktop.usecases.programmes.applicants import business_number, facts_of_row
from ktop.usecases.programmes.preview import clause_counts
from ktop.usecases.seasons.interface import Changed, RulePreview
from ktop.usecases.seasons.ranking import screened

_MOST_CHANGED, _LAST = 100, 2**31


def call_of_day(day: date) -> Call:
    """Return a call in whose place rules are tried."""
    now = datetime.now(UTC)
    return Call("-", "-", "-", "-", day.year, "closed", day, day, day, False, 0, "", 1, now, "-")


def rows_of_table(table: Any, call: Call, digest: str) -> list[ApplicationRow]:
    """Return the rows of a table as applications, each with its facts or with the reasons why it cannot be read."""
    facts, problems = FactTable.from_table(table, call.as_of)
    reasons = {lang: problems.reason_column(lang) for lang in LANGS}
    now = datetime.now(UTC)
    rows = []
    for row in range(facts.n):
        known = facts_of_row(facts, row)
        wrong = None if facts.ok[row] else {str(lang): reasons[lang][row] or "" for lang in LANGS}
        rows.append(
            ApplicationRow(
                number=row + 1,
                id=new_id(),
                company="",
                call=call.id,
                source="upload",
                upload=digest,
                name=str(known.get("name") or "–")[:200],
                business_number=business_number(known.get("business_number")) if wrong is None else None,
                facts=known,
                problems=wrong,
                consent=None,
                figures=None,
                rated_with="",
                rated_on=None,
                state="applied",
                created=now,
            )
        )
    return rows


def preview_of(
    rule: ProgrammeRule, against: RuleRow | None, call: Call, applications: Sequence[ApplicationRow]
) -> RulePreview:
    """Return what a rule says of applicants of before, and whom ``against`` would have treated otherwise."""
    applications = [one for one in applications if one.state == "applied" and one.consent_state in (None, "active")]
    found = screened(rule, call, applications)
    changed: list[Changed] = []
    counts: Counter[tuple[str, str]] = Counter()
    if against is not None:
        before = screened(read_rule(against.source.encode()), call, applications).decisions
        for k, (old, new) in enumerate(zip(before, found.decisions, strict=True)):
            if old != new:
                counts[old, new] += 1
                if len(changed) < _MOST_CHANGED:
                    changed.append(Changed(str(applications[k].number), old, new))
    return RulePreview(
        rows=len(applications),
        decisions=dict(Counter(found.decisions)),
        clauses=clause_counts(found, [one.problems is None for one in applications]),
        changed=changed,
        changed_count=dict(counts),
        compared_with=None if against is None else f"{against.programme}-{against.year}-{against.rule_version}",
    )


def result_frame(
    rule: ProgrammeRule, call: Call, rows: Sequence[tuple[ApplicationRow, ResultRow]], masked: bool, lang: Lang
) -> pl.DataFrame:
    """Return a ranking as a table, best first; who is masked has neither name nor number in it."""
    rows = sorted(rows, key=lambda row: (row[1].rank or _LAST, row[0].number))
    hidden = [masked or one.consent_state not in (None, "active") for one, _ in rows]
    columns: dict[str, Any] = {
        "number": [one.number for one, _ in rows],
        "name": [None if hide else one.name for hide, (one, _) in zip(hidden, rows, strict=True)],
        "business_number": [None if hide else one.business_number for hide, (one, _) in zip(hidden, rows, strict=True)],
        "decision": [result.decision for _, result in rows],
        "decision_text": [text(f"programmes.decision_{result.decision}", lang) for _, result in rows],
        "rank": [result.rank for _, result in rows],
        "points": [result.points for _, result in rows],
        "reasons_ko": [result.reasons.get("ko") for _, result in rows],
        "reasons_en": [result.reasons.get("en") for _, result in rows],
    }
    for name in sorted({name for _, result in rows for name in result.figures}):
        columns[name] = [result.figures.get(name) for _, result in rows]
    columns["as_of"] = [call.as_of] * len(rows)
    columns["rule"] = [rule.id] * len(rows)
    columns["round"] = [call.round] * len(rows)
    return pl.DataFrame(columns, strict=False)
