"""The states of a guarantee and loan case, and who may take which step in which: data of catalogue/finance.yaml."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ktop.catalogue import LocalText, load

Side: TypeAlias = Literal["company", "guarantor", "bank", "rule"]


@dataclass(frozen=True, slots=True)
class State:
    """One state of a case.

    Parameters
    ----------
    waits_for : whose turn it is; None where the case has ended.
    days : how long that side has; None where nothing is due.
    term : whether it lasts until the loan's term is over.
    bank_sees : whether the bank sees documents and what the guarantor decided.
    """

    label: LocalText
    waits_for: Side | None
    days: int | None
    term: bool
    bank_sees: bool


@dataclass(frozen=True, slots=True)
class Action:
    """One step of a case, from some states to one.

    Parameters
    ----------
    by : the side that takes it; ``rule`` names the rule where no person does.
    second : the state that follows instead where the amount needs two people.
    figures : what must be said with it; see ``figure_bounds``.
    may_say : figures that can be said besides.
    reason, documents, consent : what it cannot go without: a reason, the needed documents, the company's consent.
    another_person : whether only a person may take it, no program, and not whoever took that side's last step.
    once : whether a case has it at most once.
    overdue : whether it is taken only when the time of the state has run out.
    within_term : whether it is taken only before the loan's term is over.
    guarantee, loan : what becomes of that part; None where it stays.
    """

    name: str
    label: LocalText
    by: Side
    before: frozenset[str]
    to: str
    rule: str | None
    second: str | None
    figures: tuple[str, ...]
    may_say: tuple[str, ...]
    reason: bool
    documents: bool
    consent: bool
    another_person: bool
    once: bool
    overdue: bool
    within_term: bool
    guarantee: str | None
    loan: str | None


@dataclass(frozen=True, slots=True)
class Process:
    """All states and steps of one version."""

    version: str
    states: Mapping[str, State]
    actions: Mapping[str, Action]

    def possible(self, state: str, side: Side) -> list[Action]:
        """Return the steps that a side can take in a state."""
        return [action for action in self.actions.values() if state in action.before and action.by == side]


@functools.cache
def process() -> Process:
    """Return the process in force."""
    found = load("finance")
    states = {
        name: State(
            label=about["label"],
            waits_for=about.get("waits_for"),
            days=about.get("days"),
            term=about.get("term", False),
            bank_sees=about.get("bank_sees", False),
        )
        for name, about in found["states"].items()
    }
    return Process(found["version"], states, {name: _action(name, about) for name, about in found["actions"].items()})


def _action(name: str, about: Mapping[str, Any]) -> Action:
    return Action(
        name=name,
        label=about["label"],
        by=about["by"],
        before=frozenset(about["from"]),
        to=about["to"],
        rule=about.get("rule"),
        second=about.get("second"),
        figures=tuple(about.get("figures", ())),
        may_say=tuple(about.get("may_say", ())),
        reason=about.get("reason", False),
        documents=about.get("documents", False),
        consent=about.get("consent", False),
        another_person=about.get("another_person", False),
        once=about.get("once", False),
        overdue=about.get("overdue", False),
        within_term=about.get("within_term", False),
        guarantee=about.get("guarantee"),
        loan=about.get("loan"),
    )
