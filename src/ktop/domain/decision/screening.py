"""Screens applicants by a programme's rule: clause by clause, points, rank, places - columnar, every row answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ktop.catalogue import LANGS, Lang, LocalText, text
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.decision.guarantee import money
from ktop.domain.decision.programme import (
    GRADES,
    SCORES,
    Clause,
    Criterion,
    OneOf,
    ProgrammeRule,
    Quota,
)
from ktop.domain.decision.verdict import Failure, Success, Unknown, Verdict
from ktop.domain.expression import Expression
from ktop.domain.rating.grades import ladder
from ktop.kernel.arrays import Booleans, Floats, Integers

#: selected, reserve (next when a place comes free), not_selected (eligible, but no place is left), ask (something is
#: missing), refused (a clause fails), repeated (the applicant stands above already), unread (the row itself is wrong).
Decision: TypeAlias = Literal["selected", "reserve", "not_selected", "ask", "refused", "repeated", "unread"]

#: Columns of applicants: facts and scores as float64 with NaN, other facts and grades as objects with None.
Columns: TypeAlias = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Screening:
    """What became of ``n`` applicants, in the order in which they stand in their table.

    Parameters
    ----------
    decisions : shape ``(n,)`` objects, each a ``Decision``.
    points : shape ``(n,)``, NaN where no points are given (refused, unread, or a rule without points).
    criteria : shape ``(n, criteria)``, the points of each criterion.
    rank : shape ``(n,)``, from 1 among those who are ranked, equal where nothing decides between them; 0 for others.
    states : shape ``(n, clauses)``: 1 holds, 0 fails, NaN not known.
    """

    rule: ProgrammeRule
    columns: Columns
    decisions: npt.NDArray[np.object_]
    points: Floats
    criteria: Floats
    rank: Integers
    states: Floats
    same_as: Integers

    def verdicts(self, row: int) -> Mapping[str, Verdict]:
        """Return clause → what it answers for one applicant."""
        return {clause.id: self._verdict(row, k, clause) for k, clause in enumerate(self.rule.clauses)}

    def _verdict(self, row: int, k: int, clause: Clause) -> Verdict:
        state = self.states[row, k]
        if state == 1:
            return Success()
        missing = tuple(name for name in clause.names if _is_missing(self.columns, name, row))
        if np.isnan(state) and clause.missing == "ask":
            return Unknown(_ask(clause, missing), missing)
        if missing:
            return Failure(_absent(clause, missing))
        values = {lang: {name: _shown(self.columns, name, row, lang) for name in clause.names} for lang in LANGS}
        return Failure({lang: clause.reason[lang].format(**values[lang]) for lang in LANGS})

    def reasons(self, row: int) -> LocalText:
        """Return why an applicant stands where it stands, as sentences."""
        decision: Decision = self.decisions[row]
        if decision in ("refused", "ask"):
            wanted = Failure if decision == "refused" else Unknown
            # Clauses that hold are passed over: most hold, and none of them has anything to say.
            open_clauses = [k for k, state in enumerate(self.states[row]) if state != 1]
            verdicts = [self._verdict(row, k, self.rule.clauses[k]) for k in open_clauses]
            found = [verdict for verdict in verdicts if isinstance(verdict, wanted)]
            return {lang: " ".join(verdict.reason[lang] for verdict in found) for lang in LANGS}
        return {lang: self._reason(row, decision, lang) for lang in LANGS}

    def _reason(self, row: int, decision: Decision, lang: Lang) -> str:
        if decision == "repeated":
            return text("programmes.reason_repeated", lang, row=int(self.same_as[row]) + 1)
        if decision == "unread":
            return ""
        values: dict[str, Any] = {"rank": int(self.rank[row])}
        if not np.isnan(self.points[row]):
            values["points"] = f"{self.points[row]:g}"
        key = decision if "points" in values else f"{decision}_without_points"
        sentences = [text(f"programmes.reason_{key}", lang, **values)]
        for k, criterion in enumerate(self.rule.points):
            if _is_missing(self.columns, criterion.of, row):
                sentences.append(text("programmes.reason_no_points", lang, label=criterion.label))
            else:
                given = {"points": f"{self.criteria[row, k]:g}", "most": f"{criterion.most:g}"}
                sentences.append(text("programmes.reason_points", lang, label=criterion.label, **given))
        return " ".join(sentences)


def screen(rule: ProgrammeRule, columns: Columns, ok: Booleans, identity: Sequence[str | None]) -> Screening:
    """Screen applicants.

    Parameters
    ----------
    columns : every name of ``rule.names``, each of shape ``(n,)``.
    ok : shape ``(n,)``, False where a row could not be read.
    identity : what tells an applicant from others (its business number); one that comes again is a repetition. None is
        nobody's.
    """
    n = len(ok)
    states = np.full((n, len(rule.clauses)), np.nan)
    for k, clause in enumerate(rule.clauses):
        states[:, k] = _state(clause, columns, n)
    criteria = np.zeros((n, len(rule.points)))
    for k, criterion in enumerate(rule.points):
        criteria[:, k] = _points(criterion, columns)
    refusing = np.array([clause.missing == "refuse" for clause in rule.clauses], dtype=bool)
    failed = np.any((states == 0) | (np.isnan(states) & refusing), axis=1)
    asked = np.any(np.isnan(states), axis=1) & ~failed
    same_as = _first_of(identity, ok)
    decisions = np.full(n, "not_selected", dtype=object)
    decisions[asked] = "ask"
    decisions[failed] = "refused"
    decisions[same_as >= 0] = "repeated"
    decisions[~ok] = "unread"
    standing = decisions == "not_selected"
    points = np.where(standing | asked, criteria.sum(axis=1), np.nan) if rule.points else np.full(n, np.nan)
    order, rank = _ranked(rule, columns, points, standing)
    for decision, rows in _places(rule, columns, order, rank).items():
        decisions[rows] = decision
    return Screening(rule, columns, decisions, points, criteria, rank, states, same_as)


def _state(clause: Clause, columns: Columns, n: int) -> Floats:
    """Return 1 where a clause holds, 0 where it does not, NaN where it is not known; shape ``(n,)``."""
    condition = clause.condition
    if isinstance(condition, Expression):
        # A formula without names is the same for all.
        return np.broadcast_to(condition.evaluate(columns or {"": np.zeros(n)}), n) if n else np.zeros(0)
    if isinstance(condition, OneOf):
        return _one_of(condition, columns)
    positions = _positions(columns, condition.grade_name)
    least = ladder(GRADES[condition.grade_name]).index(condition.grade)
    return np.where(positions < 0, np.nan, positions <= least)


def _one_of(condition: OneOf, columns: Columns) -> Floats:
    begins = condition.fact == "industry"
    answers: dict[str | None, float] = {None: np.nan}
    for value in set(columns[condition.fact]) - {None}:
        held = value.startswith(condition.values) if begins else value in condition.values
        answers[value] = float(held)
    return np.array([answers[value] for value in columns[condition.fact]], dtype=np.float64)


def _positions(columns: Columns, grade_name: str) -> Integers:
    """Return each grade's place on its ladder, 0 the best, -1 missing."""
    of = ladder(GRADES[grade_name])
    places = {symbol: -1 if symbol is None else of.index(symbol) for symbol in set(columns[grade_name])}
    return np.array([places[symbol] for symbol in columns[grade_name]], dtype=np.int64)


def _measured(columns: Columns, name: str) -> Floats:
    """Return a number, or a grade as a number that is higher the better it is; NaN where missing."""
    if name in GRADES:
        positions = _positions(columns, name)
        return np.where(positions < 0, np.nan, -positions)
    return np.asarray(columns[name], dtype=np.float64)


def _points(criterion: Criterion, columns: Columns) -> Floats:
    values = _measured(columns, criterion.of)
    points = np.zeros(len(values))
    for least, given in reversed(criterion.steps):
        limit = -ladder(GRADES[criterion.of]).index(str(least)) if criterion.of in GRADES else float(least)
        points[values >= limit] = given
    return points


def _first_of(identity: Sequence[str | None], ok: Booleans) -> Integers:
    """Return for each row the row above that is the same applicant, -1 where there is none."""
    seen: dict[str, int] = {}
    found = np.full(len(ok), -1, dtype=np.int64)
    for row, who in enumerate(identity):
        if who is None or not ok[row]:
            continue
        if who in seen:
            found[row] = seen[who]
        else:
            seen[who] = row
    return found


def _ranked(rule: ProgrammeRule, columns: Columns, points: Floats, standing: Booleans) -> tuple[Integers, Integers]:
    """Return the rows that stand, best first, and the rank of every row (equal where nothing decides)."""
    rows = np.flatnonzero(standing)
    rank = np.zeros(len(points), dtype=np.int64)
    if not len(rows):
        return rows, rank
    keys = [np.where(np.isnan(points), 0.0, -points)[rows]]
    for tie in rule.ties:
        values = _measured(columns, tie.of)[rows]
        signed = -values if tie.order == "high" else values
        keys.append(np.where(np.isnan(signed), np.inf, signed))  # what is missing decides for nobody
    order = np.lexsort([rows, *reversed(keys)])
    sorted_keys = np.stack([key[order] for key in keys])
    same = np.concatenate([[False], np.all(sorted_keys[:, 1:] == sorted_keys[:, :-1], axis=0)])
    places = np.arange(1, len(rows) + 1)
    rank[rows[order]] = np.maximum.accumulate(np.where(same, 0, places))
    return rows[order], rank


def _places(rule: ProgrammeRule, columns: Columns, order: Integers, rank: Integers) -> dict[Decision, Integers]:
    """Return who is selected and who is on the reserve list.

    Places kept by a quota are filled from the best of its group; the rest from the best of all. Where applicants of
    equal rank do not all fit, none of them is selected by the order of a list: they come first on the reserve list.
    """
    if rule.capacity is None:
        return {"selected": order}
    chosen: list[int] = []
    for quota in rule.quotas:
        kept = int(np.ceil(quota.share * rule.capacity - 1e-9))
        group = [row for row in order if row not in set(chosen) and _is_among(quota, columns, row)]
        chosen += _fitting(group, rank, min(kept, rule.capacity - len(chosen)))
    taken = set(chosen)
    left = [row for row in order if row not in taken]
    chosen += _fitting(left, rank, rule.capacity - len(chosen))
    taken = set(chosen)
    waiting = [row for row in order if row not in taken][: rule.reserve]
    return {"selected": np.array(chosen, dtype=np.int64), "reserve": np.array(waiting, dtype=np.int64)}


def _fitting(rows: Sequence[int], rank: Integers, places: int) -> list[int]:
    """Return the first ``places`` rows, without those whose equals would be left out."""
    if len(rows) <= places:
        return list(rows)
    return [row for row in rows[:places] if rank[row] != rank[rows[places]]]


def _is_among(quota: Quota, columns: Columns, row: int) -> bool:
    value = columns[quota.among.fact][row]
    if value is None:
        return False
    return value.startswith(quota.among.values) if quota.among.fact == "industry" else value in quota.among.values


def _is_missing(columns: Columns, name: str, row: int) -> bool:
    value = columns[name][row]
    return value is None or (isinstance(value, float | np.floating) and bool(np.isnan(value)))


def _label(name: str, lang: Lang) -> str:
    return FACTS[name].label[lang] if name in FACTS else text(f"programmes.name_{name}", lang)


def _listed(names: Sequence[str]) -> LocalText:
    return {lang: ", ".join(_label(name, lang) for name in names) for lang in LANGS}


def _ask(clause: Clause, missing: Sequence[str]) -> LocalText:
    return {lang: text("programmes.reason_ask", lang, label=clause.label, missing=_listed(missing)) for lang in LANGS}


def _absent(clause: Clause, missing: Sequence[str]) -> LocalText:
    return {
        lang: text("programmes.reason_absent", lang, label=clause.label, missing=_listed(missing)) for lang in LANGS
    }


def _shown(columns: Columns, name: str, row: int, lang: Lang) -> str:
    """Return a value as people write it."""
    value = columns[name][row]
    if _is_missing(columns, name, row):
        return "–"
    if name in FACTS:
        spec = FACTS[name]
        if spec.unit == "krw":
            return money(int(value), lang)
        if spec.choices:
            words = spec.choices.get(int(value) if spec.numeric else value)
            return words[lang] if words else str(value)
    if name in SCORES and "_p_" in name:
        return f"{100 * float(value):.1f}%"
    return f"{float(value):,.1f}".removesuffix(".0") if isinstance(value, float | np.floating) else str(value)
