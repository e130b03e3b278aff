"""Four sides try whatever they like on one kept case: all always see the same, and take only their own steps."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import BANK, COMPANY, GAON, add_organisations, add_rating
from databases import database_url

from ktop.domain.finance.case import Application, local_day
from ktop.domain.finance.process import process
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.store.identity import OrganisationRow
from ktop.store.unit_of_work import Store
from ktop.usecases.finance.interface import CaseCard
from ktop.usecases.finance.service import FinanceService

#: How many sequences are tried; ``KTOP_SEQUENCES=1000`` tries so many.
SEQUENCES = min(int(os.environ.get("KTOP_SEQUENCES", "4")), 10_000)
#: After how many sequences the store is made anew.
AT_ONE_STORE = 50
BEGUN = datetime(2026, 7, 15, 9, tzinfo=UTC)
#: Two people of each side, and a program of the bank's.
PEOPLE = {
    "company": (COMPANY, Actor("user-gaon-2", "gaon", frozenset({"company_owner"}))),
    "guarantor": tuple(Actor(f"user-{n}", "kotec", frozenset({"guarantee_officer"})) for n in ("g1", "g2")),
    "bank": (
        BANK,
        Actor("user-b2", "ibk", frozenset({"bank_officer"})),
        Actor("key:1", "ibk", frozenset({"bank_officer"}), frozenset({"own:finance:read", "own:finance:decide"})),
    ),
}
FOLDER = tempfile.TemporaryDirectory(prefix="ktop-sequences-")
SAID = {
    "guaranteed_krw": "60,000,000",
    "fee_percent": "1.1",
    "loan_krw": "80,000,000",
    "interest_percent": "4.2",
    "months": "36",
    "claimed_krw": "40,000,000",
    "paid_krw": "40,000,000",
}
#: Refusals for what was said with a step, or for what the company took back.
LACKING = {
    "finance.document_missing",
    "finance.guarantee_above_share",
    "finance.loan_above_application",
    "finance.claim_above_guarantee",
    "finance.paid_above_claim",
    "finance.no_consent",
    "finance.limit_taken",
}


class Sides(RuleBasedStateMachine):
    """Company, guarantor, bank and the clock on one case of a real store."""

    store: Store | None = None  # one for many sequences: each has a case of its own
    begun = 0

    def __init__(self) -> None:
        super().__init__()
        if Sides.store is None or Sides.begun % AT_ONE_STORE == 0:
            Sides.store = _new_store(Sides.store)
        Sides.begun += 1
        self.now = BEGUN
        self.shown: dict[str, CaseCard] = {}
        self.finance = FinanceService(lambda: Sides.store or _none(), lambda: self.now)
        self.figures: dict[str, float] = {}
        self.id = ""

    @initialize(much=st.booleans())
    def begin(self, much: bool) -> None:
        assert Sides.store is not None
        amount = 180_000_000 if much else 80_000_000  # above and below what one person decides on
        application = Application(add_rating(Sides.store, COMPANY, GAON), "research", amount, 36)
        self.id = self.finance.apply(COMPANY, application, guarantor="kotec", bank="ibk").id
        for kind in ("business_registration", "statements"):
            self.finance.add_document(COMPANY, self.id, kind, f"{kind}.pdf", b"%PDF-1.7 invented")

    def card(self, actor: Actor) -> CaseCard:
        """Return what somebody is shown now: asked once, until a step is taken or time passes."""
        if actor.user not in self.shown:
            self.shown[actor.user] = self.finance.case(actor, self.id)
        return self.shown[actor.user]

    @rule(
        side=st.sampled_from(sorted(PEOPLE)),
        who=st.integers(0, 2),
        name=st.sampled_from(sorted(process().actions)),
        possible=st.booleans(),
        again=st.booleans(),
    )
    def step(self, side: str, who: int, name: str, possible: bool, again: bool) -> None:
        actor = PEOPLE[side][who % len(PEOPLE[side])]
        case = self.card(COMPANY)
        if possible and (open_now := [a for a in process().actions.values() if case.state in a.before]):
            action = open_now[who % len(open_now)]
            name = action.name
            actor = PEOPLE.get(action.by, PEOPLE[side])[who % 2]
        action = process().actions[name]
        figures = {key: SAID[key] for key in action.figures if key in SAID}
        key = f"{name}-{case.version}"
        hidden = not _submitted(case) and actor.organisation != "gaon"
        offered = () if hidden else self.card(actor).actions
        try:
            after = self.finance.act(actor, self.id, name, reason="사유", figures=figures, key=key)
        except NotFoundError:
            assert hidden, "a draft is nobody's but the company's, withdrawn or not"
            return
        except (InputError, ForbiddenError, ConflictError) as refused:
            assert name not in offered or refused.key in LACKING, "whoever is offered a step may take it"
            assert self.finance.case(COMPANY, self.id) == case, "what is refused changes nothing"
            return
        self.shown = {actor.user: after}
        late = case.due is not None and local_day(self.now) > case.due
        by_the_clock = any(one.overdue for one in process().possible(case.state, "rule"))
        assert not (late and by_the_clock) or after.version == case.version, "nobody is before the clock's own step"
        assert after.you == action.by and action.by != "rule", "nobody takes another's step, a rule's least of all"
        assert not (action.another_person and actor.scopes is not None)
        assert name in offered or after.version == case.version, "whoever may take a step is offered it"
        if again:
            assert self.finance.act(actor, self.id, name, reason="사유", figures=figures, key=key) == after

    @rule(days=st.integers(1, 20), tended=st.booleans())
    def days_pass(self, days: int, tended: bool) -> None:
        self.now += timedelta(days=days)
        if tended:
            self.finance.tend(INSTALLATION)
        self.shown = {}

    @invariant()
    def all_sides_see_the_same(self) -> None:
        if not self.id:
            return
        own = self.card(COMPANY)
        if not _submitted(own):
            return
        for side in ("guarantor", "bank"):
            other = self.card(PEOPLE[side][0])
            assert (other.state, other.guarantee, other.loan, other.version, other.due) == (
                *(own.state, own.guarantee, own.loan, own.version),
                own.due,
            )
            assert [(one.action, one.after) for one in other.steps] == [(one.action, one.after) for one in own.steps]
            assert {*other.actions} <= {one.name for one in process().possible(own.state, other.you)}
        if any(one.action == "sign" for one in own.steps):
            agreed = {name: value for name, value in own.figures.items() if name not in ("claimed_krw", "paid_krw")}
            self.figures = self.figures or agreed
            assert agreed == self.figures, "no amount changes after the contract"
        assert process().states[own.state].waits_for != "rule", "a rule's step is never left owed"
        everybody = (actor for people in PEOPLE.values() for actor in people)
        runs_out = own.due is not None and local_day(self.now) > own.due  # a rule leads on when the worker comes
        way_on = process().states[own.state].waits_for is None or own.actions or other.actions or runs_out
        assert way_on or any(self.card(one).actions for one in everybody), "somebody has a way on"

    def teardown(self) -> None:
        """End what would take of the limit of the next case."""
        self.finance.tend(INSTALLATION)
        self.shown = {}
        case = self.card(COMPANY) if self.id else None
        if case and "withdraw" in case.actions:
            self.finance.act(COMPANY, self.id, "withdraw")
        elif case and case.state == "signed":  # its contract runs out
            self.now += timedelta(days=40)
            self.finance.tend(INSTALLATION)
        elif case and case.state == "disbursed":
            self.finance.act(BANK, self.id, "monitor")
            self.finance.act(BANK, self.id, "close")
        elif case and case.state in ("monitored", "overdue", "defaulted", "claimed", "claim_second"):
            if case.state in ("claimed", "claim_second"):
                self.finance.act(PEOPLE["guarantor"][0], self.id, "refuse_claim", reason="사유")
            self.finance.act(BANK, self.id, "close")


def _new_store(former: Store | None) -> Store:
    """Return a store with the organisations: companies of ten thousand cases are none, and each costs the next time."""
    if former is not None:
        former.engine.dispose()
    made = Store.open(database_url("sqlite", Path(tempfile.mkdtemp(dir=FOLDER.name))))
    add_organisations(made)
    with made.installation() as work:
        work.identity.add_organisation(OrganisationRow("kotec", "operator", "기술보증기금", "KOTEC", "active", BEGUN))
    return made


def _submitted(case: CaseCard) -> bool:
    return any(one.action == "submit" for one in case.steps)


def _none() -> Store:
    raise AssertionError("the store is made before anything is asked of it")


Sides.TestCase.settings = settings(max_examples=SEQUENCES, stateful_step_count=12, deadline=None)


class TestSides(Sides.TestCase):  # type: ignore[misc, name-defined] # made by hypothesis
    @classmethod
    def tearDownClass(cls) -> None:
        if Sides.store is not None:
            Sides.store.engine.dispose()
        FOLDER.cleanup()  # a worker of pytest-xdist ends without doing so
