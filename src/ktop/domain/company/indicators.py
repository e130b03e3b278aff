"""Indicators: what the models look at, each a formula over company facts, read from the catalogue and evaluated."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ktop.catalogue import Lang, load
from ktop.domain.expression import Expression, compile_expression

if TYPE_CHECKING:
    from ktop.domain.company.fact_table import FactTable


#: The group of the ratios of a firm's statements, which stands beside the groups of every model that reads them.
ACCOUNTS = "accounts"


@dataclass(frozen=True, slots=True)
class Former:
    """A formula that earlier model versions have for an indicator, and the words that fit it."""

    formula: str
    definition: Mapping[Lang, str]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator of a model.

    Parameters
    ----------
    id : the field's English name, unique within its model.
    group : capability or item group, a key of ``indicator_groups(model)``.
    labels, definition, unit : words in Korean and English.
    direction : +1 where a higher value is better (speaks for growth and against failure), -1 where a lower one is.
    expression : its formula over company facts.
    source : where the formula comes from, "reconstruction" where the original is not public.
    feasible : ids of the steps (``steps()``) a company can take to move it; empty where it cannot.
    former : formulas it had in earlier model versions.
    no_sign : targets for which ``direction`` does not hold, and why; models impose neither direction there.
    estimate : whether it is drawn towards the reference firms, as rates of few things are.
    """

    id: str
    group: str
    labels: Mapping[Lang, str]
    definition: Mapping[Lang, str]
    unit: Mapping[Lang, str]
    direction: int
    expression: Expression
    source: str
    feasible: tuple[str, ...] = ()
    former: tuple[Former, ...] = ()
    no_sign: Mapping[str, Mapping[Lang, str]] = field(default_factory=dict)
    estimate: bool = False

    def sign(self, target: str) -> int:
        """Return which way a higher value moves the probability of a target: +1, -1, or 0 where either may be."""
        return 0 if target in self.no_sign else -self.direction if target == "failure" else self.direction

    def by(self, formula: str) -> Indicator:
        """Return the indicator as a model version has it whose formula is ``formula``, with the words that fit."""
        if formula == self.expression.source:
            return self
        words = next((former.definition for former in self.former if former.formula == formula), self.definition)
        return dataclasses.replace(self, definition=words, expression=compile_expression(formula), estimate=False)


@dataclass(frozen=True, slots=True)
class ChecklistItem(Indicator):
    """A checklist question: an indicator whose value is the number of the chosen answer, 1 (lowest) to 5 (best).

    ``question`` is asked, ``options`` are its five answers, ``rationale`` says why the answer matters.
    """

    question: Mapping[Lang, str] | None = None
    options: Mapping[int, Mapping[Lang, str]] | None = None
    rationale: Mapping[Lang, str] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A change a company can make.

    Parameters
    ----------
    changes : fact → formula of the amount to add to it, over today's facts.
    effort : "low", "medium" or "high".
    months : usual duration.
    text : what to do, Korean and English.
    cost_krw : formulas of the least and the most it costs in the first year, KRW.
    evidence : what proves it, Korean and English.
    counted : share of the gain of rating again that is told, 1 unless the step is mere spending.
    spending : whether it is an expense that anybody can book.
    unless : formula that is true where a firm cannot take the step, None where every firm can.
    in_korea : whether only a firm in Korea can.
    """

    id: str
    changes: Mapping[str, Expression]
    effort: str
    months: int
    text: Mapping[Lang, str]
    cost_krw: tuple[Expression, Expression]
    evidence: Mapping[Lang, str]
    counted: float = 1.0
    spending: bool = False
    unless: Expression | None = None
    in_korea: bool = False


def _indicator(name: str, entry: Mapping[str, Any]) -> Indicator:
    return Indicator(
        id=name,
        group=entry["group"],
        labels=entry["label"],
        definition=entry["definition"],
        unit=entry["unit"],
        direction={"+": 1, "-": -1}[entry["direction"]],
        expression=compile_expression(str(entry["formula"])),
        source=entry["source"],
        feasible=tuple(entry["feasible"]),
        former=tuple(Former(str(one["formula"]), one["definition"]) for one in entry.get("former", ())),
        no_sign=entry.get("no_sign", {}),
        estimate="counted" in entry,
    )


@functools.cache
def tech_index_indicators() -> tuple[Indicator, ...]:
    """Return the 14 indicators of the Tech-Index, in the order infra, input, activity, output."""
    return tuple(_indicator(name, entry) for name, entry in load("indicators")["indicators"].items())


@functools.cache
def ktrs_fm_items() -> tuple[Indicator, ...]:
    """Return the 14 quantitative items of KTRS-FM."""
    return tuple(_indicator(name, entry) for name, entry in load("ktrs_fm")["indicators"].items())


@functools.cache
def startup_items() -> tuple[Indicator, ...]:
    """Return the 15 items of the start-up model, none of them financial."""
    return tuple(_indicator(name, entry) for name, entry in load("startup")["indicators"].items())


@functools.cache
def accounts_ratios() -> tuple[Indicator, ...]:
    """Return the six ratios of a firm's statements, of the group ``ACCOUNTS``."""
    return tuple(_indicator(name, entry) for name, entry in load("accounts")["indicators"].items())


def indicators_of(known: Iterable[Indicator], formulas: Mapping[str, str]) -> tuple[Indicator, ...]:
    """Return the indicators of one model version, given by the formula of each, in that order.

    Raises ``KeyError`` for one that ``known`` does not have.
    """
    by_id = {indicator.id: indicator for indicator in known}
    return tuple(by_id[name].by(formula) for name, formula in formulas.items())


@functools.cache
def global_expansion_items() -> tuple[Indicator, ...]:
    """Return the quantitative items of the global-expansion model."""
    return tuple(_indicator(name, entry) for name, entry in load("global_expansion")["indicators"].items())


def checklist_items() -> tuple[ChecklistItem, ...]:
    """Return the 25 checklist items q01 ... q25 of KTRS-FM."""
    return _questions("checklist")


def abroad_checklist_items() -> tuple[ChecklistItem, ...]:
    """Return the 15 checklist items g01 ... g15 on markets abroad."""
    return _questions("abroad_checklist")


@functools.cache
def _questions(checklist: str) -> tuple[ChecklistItem, ...]:
    catalogue = load(checklist)
    return tuple(
        ChecklistItem(
            id=name,
            group=item["group"],
            labels=item["label"],
            definition=item["question"],
            unit=catalogue["unit"],
            direction=1,
            expression=compile_expression(name),
            source=catalogue["source"],
            question=item["question"],
            options=item["options"],
            rationale=item["rationale"],
        )
        for name, item in catalogue["items"].items()
    )


def indicator_groups(catalogue: str) -> Mapping[str, Mapping[Lang, str]]:
    """Return the groups of one catalogue, id → words, in order.

    ``catalogue`` is "indicators" (Tech-Index), "ktrs_fm", "startup", "checklist" or "accounts".
    """
    groups: Mapping[str, Mapping[Lang, str]] = load(catalogue)["groups"]
    return groups


@functools.cache
def steps() -> Mapping[str, Step]:
    """Return every step a company can take, by id."""
    return {
        name: Step(
            id=name,
            changes={fact: compile_expression(str(amount)) for fact, amount in entry["changes"].items()},
            effort=entry["effort"],
            months=entry["months"],
            text=entry["text"],
            cost_krw=(
                compile_expression(str(entry["cost_krw"]["low"])),
                compile_expression(str(entry["cost_krw"]["high"])),
            ),
            evidence=entry["evidence"],
            counted=float(entry.get("spending", {}).get("counted", 1.0)),
            spending="spending" in entry,
            unless=compile_expression(str(entry["unless"])) if "unless" in entry else None,
            in_korea=bool(entry.get("in_korea", False)),
        )
        for name, entry in load("steps")["steps"].items()
    }


def evaluate(indicators: Sequence[Indicator], table: FactTable) -> npt.NDArray[np.float64]:
    """Return the indicators' values for every company, shape ``(n, k)`` float64, NaN where missing."""
    values = np.full((table.n, len(indicators)), np.nan)
    for k, indicator in enumerate(indicators):
        values[:, k] = indicator.expression.evaluate(table.columns)
    return values
