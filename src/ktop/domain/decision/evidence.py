"""Declared against evidenced (신고와 증빙): how far declared values lift a grade, and which answers are contradicted.

The rule is versioned data (catalogue/evidence.yaml). A rating that names no version was given before there was a rule.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ktop.catalogue import LANGS, LocalText, load, text
from ktop.domain.company.fact_spec import CHECKLISTS, FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.decision.guarantee import money
from ktop.domain.expression import Expression, compile_expression, evaluate_all
from ktop.domain.rating.grades import former_rule, ladder
from ktop.domain.rating.rating import Input, Status
from ktop.kernel.arrays import Booleans, Floats, Integers

STATUSES: tuple[Status, ...] = ("declared", "evidenced", "confirmed")
#: Groups of facts that say who a firm is and whom it is compared with: never left out.
_ALWAYS = frozenset({"identity", "derived", "credit"})


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An entry of the table: ``answers`` are not to be believed where ``when`` is true."""

    id: str
    answers: tuple[str, ...]
    when: Expression

    def told(self, table: FactTable, row: int) -> LocalText:
        """Return the sentence about one firm, with the figures that contradict its answer."""
        return {
            lang: text(
                f"evidence.contradiction_{self.id}",
                lang,
                **{name: _figure(table, name, row, lang) for name in sorted(self.when.names)},
            )
            for lang in LANGS
        }


@dataclass(frozen=True, slots=True)
class Uniform:
    """Answers that are nearly all the same: ``same`` of ``answered`` are ``answer``."""

    answer: int
    same: int
    answered: int


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """One version of the rule.

    Parameters
    ----------
    most_notches : ladder → how many notches a grade as declared may stand above the grade on evidence.
    without_evidence : ladder → the grade on evidence where nothing is evidenced.
    own_values_hold : whether a grade stands no higher above that of the firm's own values without its answers, either;
        not before evidence-2, where a record marked as declared was held by ``without_evidence`` alone.
    fewest, share : from which on answering is called uniform.
    """

    version: str
    most_notches: Mapping[str, int]
    without_evidence: Mapping[str, str]
    own_values_hold: bool
    contradictions: tuple[Contradiction, ...]
    fewest: int
    share: float

    def contradicted(self, table: FactTable, entries: Sequence[Contradiction] | None = None) -> Booleans:
        """Return which contradictions (or only those of ``entries``) each firm shows, shape ``(n, contradictions)``.

        A missing fact shows none.
        """
        asked = self.contradictions if entries is None else entries
        return np.asarray(evaluate_all([entry.when for entry in asked], table.columns, table.n) == 1.0)

    def uniform(self, table: FactTable, row: int) -> Uniform | None:
        """Return how uniformly one firm answered, None where its answers differ or are few."""
        answers = np.array([table.columns[name][row] for name in checklist_facts()], dtype=np.float64)
        known = answers[~np.isnan(answers)]
        if len(known) < self.fewest:
            return None
        values, counts = np.unique(known, return_counts=True)
        most = int(np.argmax(counts))
        if counts[most] < self.share * len(known):
            return None
        return Uniform(int(values[most]), int(counts[most]), len(known))

    def floor(self, name: str, on_evidence: str | None) -> int:
        """Return the best position on a ladder (0 is its best) that declared values may reach."""
        grade = self.without_evidence[name] if on_evidence is None else on_evidence
        return max(0, ladder(name).index(grade) - self.most_notches[name])

    def floors(self, name: str, on_evidence: Sequence[str | None]) -> Integers:
        """Return ``floor`` for many firms, shape ``(n,)``."""
        by_grade = {grade: self.floor(name, grade) for grade in set(on_evidence)}
        return np.array([by_grade[grade] for grade in on_evidence], dtype=np.int64)


@functools.cache
def checklist_facts() -> tuple[str, ...]:
    """Return the names of the checklist's answers."""
    return tuple(name for name, spec in FACTS.items() if spec.group == "checklist")


def statuses_of(inputs: Sequence[Input]) -> dict[str, Status]:
    """Return fact → what stands behind its value, of the facts that have one."""
    return {entry.name: entry.status or "declared" for entry in inputs if entry.value is not None}


def left_out_on_evidence(inputs: Sequence[Input]) -> tuple[str, ...]:
    """Return the facts that a result on evidence leaves out.

    Declared answers always. Other declared values only where some value of the record is marked: a record of which
    nobody said what stands behind it would else have nothing left to rate.
    """
    facts = [entry for entry in inputs if entry.name in FACTS and FACTS[entry.name].group not in _ALWAYS]
    marked = any(entry.status is not None for entry in facts if FACTS[entry.name].group not in CHECKLISTS)
    return tuple(
        entry.name
        for entry in facts
        if entry.value is not None
        and (entry.status or "declared") == "declared"
        and (marked or FACTS[entry.name].group in CHECKLISTS)
    )


def without(table: FactTable, facts: Collection[str], rows: Booleans | None = None) -> FactTable:
    """Return the table with some numeric facts missing, in all rows or in ``rows``; comparison groups stay."""
    gone = np.ones(table.n, dtype=bool) if rows is None else rows
    columns = {
        name: np.where(gone, np.nan, column) if name in facts and FACTS[name].numeric else column
        for name, column in table.columns.items()
    }
    return FactTable(n=table.n, as_of=table.as_of, columns=columns, ok=table.ok)


def without_contradicted(table: FactTable, rule: EvidenceRule, found: Booleans) -> FactTable:
    """Return the table with every contradicted answer missing in its row; ``found`` is what ``contradicted`` gave."""
    columns = dict(table.columns)
    for k, entry in enumerate(rule.contradictions):
        if found[:, k].any():
            for name in entry.answers:
                blanked: Floats = np.where(found[:, k], np.nan, columns[name])
                columns[name] = blanked
    return FactTable(n=table.n, as_of=table.as_of, columns=columns, ok=table.ok)


@functools.cache
def evidence_rule(version: str | None = None) -> EvidenceRule:
    """Return the rule in force, or a former version of it; raises ``KeyError`` for a version that never was."""
    entry = load("evidence")
    if version is not None and version != entry["version"]:
        entry = former_rule(version)
    return EvidenceRule(
        version=entry["version"],
        most_notches=entry["most_notches"],
        without_evidence=entry["without_evidence"],
        own_values_hold=bool(entry.get("own_values_hold", False)),
        contradictions=tuple(
            Contradiction(one["id"], tuple(one["answers"]), compile_expression(one["when"]))
            for one in entry["contradictions"]
        ),
        fewest=int(entry["uniform"]["fewest"]),
        share=float(entry["uniform"]["share"]),
    )


def _figure(table: FactTable, name: str, row: int, lang: Literal["ko", "en"]) -> str | float:
    value = float(table.columns[name][row])
    if np.isnan(value):
        return value
    if FACTS[name].unit == "krw":
        return money(round(value), lang)
    return int(value) if value.is_integer() else value
