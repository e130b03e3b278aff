"""A case goes from draft to an end by steps of the right side only, whatever is tried in whatever order."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ktop.catalogue import load
from ktop.domain.finance.case import (
    Application,
    Case,
    Given,
    Step,
    act,
    check_application,
    follow,
    overdue,
    run_out,
    term_end,
)
from ktop.domain.finance.figures import figures
from ktop.domain.finance.process import Side, process
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, KtopError

BEGUN = datetime(2026, 6, 1, 9, tzinfo=UTC)
#: How many sequences are tried; ``KTOP_SEQUENCES=10000`` tries as many as a release is judged by.
SEQUENCES = int(os.environ.get("KTOP_SEQUENCES", "150"))
SIDES: tuple[Side, ...] = ("company", "guarantor", "bank", "rule")
NEEDED = [name for name, about in load("finance")["documents"].items() if about["needed"]]


def draft(amount_krw: int = 100_000_000) -> Case:
    return Case(
        id="case",
        company="gaon",
        guarantor="kotec",
        bank="ibk",
        application=Application("rating", "research", amount_krw, 36),
        state="draft",
        guarantee="none",
        loan="none",
        figures={},
        since=BEGUN,
        due=None,
        version=0,
        created=BEGUN,
    )


def given_for(name: str, case: Case, side: Side) -> Given:
    """What a sensible person says with a step."""
    typed = {
        "share_percent": 85,
        "rule_fee_percent": 1.2,
        "guaranteed_krw": int(case.application.amount_krw * 0.8),
        "fee_percent": "1.2",
        "loan_krw": f"{case.application.amount_krw:,}",
        "interest_percent": 4.5,
        "months": 36,
        "claimed_krw": case.figures.get("guaranteed_krw", 1),
        "paid_krw": case.figures.get("claimed_krw", 1),
    }
    needed = process().actions[name].figures
    return Given("사유", {key: typed[key] for key in needed}, NEEDED, {side})


def test_every_state_is_reached_and_none_is_a_trap() -> None:
    reached, found = {"draft"}, True
    while found:
        steps = [action for action in process().actions.values() if action.before & reached]
        following = {state for action in steps for state in (action.to, action.second) if state}
        found, reached = bool(following - reached), reached | following
    assert reached == set(process().states)
    ends = {name for name, state in process().states.items() if state.waits_for is None}
    for state in reached - ends:
        assert process().possible(state, process().states[state].waits_for or "rule"), f"nobody can leave {state}"
    back = set(ends)
    for _ in process().states:
        back |= {state for action in process().actions.values() if action.to in back for state in action.before}
    assert back == reached, "an end is in reach from everywhere"


def test_two_people_are_asked_for_amounts_that_are_eligible() -> None:
    asked = {action.by for action in process().actions.values() if action.second}
    limits, caps = load("finance")["second_above_krw"], load("guarantee")["limit"]["grade_cap_krw"].values()
    assert asked == limits.keys(), "each side with a second step has its limit"
    assert all(min(caps) < limit < max(caps) for limit in limits.values()), "some grades reach it, some never do"


def test_every_wait_has_an_end_or_is_the_banks_own() -> None:
    timed = {state for action in process().actions.values() if action.overdue for state in action.before}
    assert all(process().states[state].days or process().states[state].term for state in timed)
    waiting = {name for name, state in process().states.items() if state.waits_for == "company"} - {"draft"}
    assert waiting <= timed, "what waits for the company runs out by itself"


class Cases(RuleBasedStateMachine):
    """Four sides try steps on one case; a plain record of money tells whether what must hold does."""

    def __init__(self) -> None:
        super().__init__()
        self.case, self.steps, self.at = draft(), list[Step](), BEGUN
        self.fixed: dict[str, float] = {}

    @rule(
        name=st.sampled_from(sorted(process().actions)),
        side=st.sampled_from(SIDES),
        person=st.sampled_from(["kim", "lee"]),
        hours=st.one_of(st.integers(0, 600), st.integers(0, 30_000)),  # years, too: terms end
        sensible=st.booleans(),
    )
    def step(self, name: str, side: Side, person: str, hours: int, sensible: bool) -> None:
        self.at += timedelta(hours=hours)
        action = process().actions[name]
        if sensible:  # else most sequences would never leave the draft
            possible = [one for one in process().actions.values() if self.case.state in one.before]
            action = possible[hours % len(possible)] if possible else action
            name, side = action.name, action.by
        by = action.rule or person if side == "rule" else f"{side}-{person}"
        try:
            step = act(self.case, self.steps, name, side, by, self.at, given_for(name, self.case, side))
        except KtopError as refusal:
            assert isinstance(refusal, InputError | ForbiddenError | ConflictError)
            assert side != action.by or self.case.state not in action.before or refusal.key != "finance.other_side"
            return
        assert side == action.by and self.case.state in action.before
        assert not (action.overdue and not overdue(self.case, self.at))
        assert side == "rule" or not run_out(self.case, self.at)
        self.steps.append(step)
        self.case = follow(self.case, step, self.steps[:-1])
        if self.case.state == "signed":
            self.fixed = dict(self.case.figures)

    @invariant()
    def the_parts_agree_with_the_common_state(self) -> None:
        case = self.case
        assert case.version == len(self.steps)
        if case.state in ("signed", "disbursed", "monitored"):
            assert (case.guarantee, case.loan in ("agreed", "paid_out")) == ("in_force", True)
        if case.state == "bank_review":
            assert case.guarantee == "approved"
        if case.ended:
            assert case.guarantee in ("none", "refused", "lapsed", "paid", "ended")
            assert case.loan in ("none", "refused", "ended", "repaid", "subrogated", "written_off")
        if case.state in ("overdue", "defaulted", "claimed", "claim_second"):
            called = "claimed" if case.state.startswith("claim") else "in_force"
            assert (case.guarantee, case.loan) == (called, "overdue" if case.state == "overdue" else "defaulted")
        assert (case.state == "subrogated") == (case.guarantee == "paid") == (case.loan == "subrogated")

    @invariant()
    def money_stays_after_the_contract(self) -> None:
        if self.fixed:
            claims = {"claimed_krw", "paid_krw"}
            assert {name: value for name, value in self.case.figures.items() if name not in claims} == self.fixed
            assert all(self.case.figures.get(name, 0) <= self.fixed["guaranteed_krw"] for name in claims)
            if self.case.state == "subrogated":
                assert self.case.figures["paid_krw"] <= self.case.figures["claimed_krw"]
            assert self.fixed["guaranteed_krw"] <= self.fixed["loan_krw"] * self.fixed["share_percent"] / 100

    @invariant()
    def two_people_decide_on_much(self) -> None:
        confirmed = [step for step in self.steps if process().actions[step.action].another_person]
        for step in confirmed:
            before = [one for one in self.steps[: step.number - 1] if one.side == step.side]
            assert before and before[-1].by != step.by


Cases.TestCase.settings = settings(max_examples=SEQUENCES, stateful_step_count=30)
TestCases = Cases.TestCase


class MuchMoney(Cases):
    """The same above the limit at which two people decide."""

    def __init__(self) -> None:
        super().__init__()
        self.case = draft(500_000_000)


MuchMoney.TestCase.settings = settings(max_examples=SEQUENCES, stateful_step_count=30)
TestMuchMoney = MuchMoney.TestCase


def test_much_needs_two_people() -> None:
    case = draft(500_000_000)
    steps: list[Step] = []
    for name, side, by in (
        ("submit", "company", "a"),
        ("find_eligible", "rule", "eligibility-4"),
        ("hand_in", "company", "a"),
        ("approve_guarantee", "guarantor", "kim"),
    ):
        step = act(case, steps, name, side, by, BEGUN, given_for(name, case, side))  # type: ignore[arg-type]
        steps.append(step)
        case = follow(case, step)
    assert case.state == "guarantee_second" and case.guarantee == "asked"
    with pytest.raises(ForbiddenError) as same:
        act(case, steps, "confirm_guarantee", "guarantor", "kim", BEGUN, Given(consents={"guarantor"}))
    assert same.value.key == "finance.another_person"
    with pytest.raises(ForbiddenError) as program:  # a key is no second person, whoever made it
        act(case, steps, "confirm_guarantee", "guarantor", "key:1", BEGUN, Given(consents={"guarantor"}, program=True))
    assert program.value.key == "finance.only_people"
    step = act(case, steps, "confirm_guarantee", "guarantor", "lee", BEGUN, Given(consents={"guarantor"}))
    assert follow(case, step).guarantee == "approved"


def test_figures_are_validated_where_they_are_said() -> None:
    assert figures({"loan_krw": "120,000,000", "months": "36"}, ("loan_krw", "months")) == {
        "loan_krw": 120_000_000,
        "months": 36,
    }
    for wrong in ("", "-1", "1e400", "NaN", "1,2,3", "99999999999999"):
        with pytest.raises(InputError):
            figures({"loan_krw": wrong, "months": 1}, ("loan_krw", "months"))
    with pytest.raises(InputError) as unknown:
        figures({"loan_krw": 5_000_000, "months": 1, "bonus": 3}, ("loan_krw", "months"))
    assert unknown.value.key == "finance.figure_unknown"


def test_more_than_was_applied_for_is_refused() -> None:
    case = draft()
    for name in ("submit", "find_eligible", "hand_in", "approve_guarantee", "hand_over"):
        action = process().actions[name]
        case = follow(case, act(case, [], name, action.by, action.rule or "x", BEGUN, given_for(name, case, action.by)))
    given = given_for("offer_loan", case, "bank")
    wrong = Given("", {**given.figures, "loan_krw": 100_000_001}, (), {"bank"})
    with pytest.raises(InputError) as refused:
        act(case, [], "offer_loan", "bank", "kim", BEGUN, wrong)
    assert refused.value.key == "finance.loan_above_application"


def on_the_way(*names: str, amount_krw: int = 100_000_000, **typed: object) -> tuple[Case, list[Step]]:
    """Take steps in order, each by a person of its own; ``typed`` changes figures."""
    case, steps = draft(amount_krw), list[Step]()
    for name in names:
        action = process().actions[name]
        given = given_for(name, case, action.by)
        said = {**given.figures, **{key: value for key, value in typed.items() if key in given.figures}}
        given = Given(given.reason, said, given.documents, given.consents)
        at = steps[-1].at + timedelta(hours=1) if steps else BEGUN
        by = action.rule or f"person-{len(steps)}"
        step = act(case, steps, name, action.by, by, at, given)
        case = follow(case, step, steps)
        steps.append(step)
    return case, steps


TO_THE_BANK = ("submit", "find_eligible", "hand_in", "approve_guarantee", "hand_over")
TO_THE_LOAN = (*TO_THE_BANK, "offer_loan", "sign", "disburse", "monitor")


def test_a_smaller_loan_has_a_smaller_guarantee() -> None:
    case, steps = on_the_way(*TO_THE_BANK, "offer_loan", loan_krw=70_000_001)
    assert case.figures["guaranteed_krw"] == 59_500_000, "85 % of it in whole won, where 80 million were approved"
    assert steps[-1].figures["guaranteed_krw"] == 59_500_000, "the step says so"
    same, _ = on_the_way(*TO_THE_BANK, "offer_loan", loan_krw=95_000_000)
    assert same.figures["guaranteed_krw"] == 80_000_000
    two = [*TO_THE_BANK[:4], "confirm_guarantee", "hand_over", "offer_loan"]
    much, steps = on_the_way(*two, amount_krw=400_000_000, loan_krw=100_000_000)
    assert much.state == "bank_second" and much.figures["guaranteed_krw"] == 85_000_000
    for name in ("refuse_loan", "appeal_loan", "reopen_loan"):
        action = process().actions[name]
        step = act(much, steps, name, action.by, name, BEGUN, given_for(name, much, action.by))
        much, steps = follow(much, step, steps), [*steps, step]
    again = act(much, steps, "offer_loan", "bank", "kim", BEGUN, given_for("offer_loan", much, "bank"))
    assert follow(much, again).figures["guaranteed_krw"] == 320_000_000, "as approved, not as reduced"


def test_what_is_not_repaid_goes_from_overdue_to_the_guarantor() -> None:
    case, steps = on_the_way(*TO_THE_LOAN)
    assert case.due == term_end(case, steps) == date(2029, 6, 1), "36 months after it was paid out"
    late = datetime(2029, 6, 3, tzinfo=UTC)
    with pytest.raises(ConflictError):
        act(case, steps, "find_overdue", "rule", "maturity-1", BEGUN, Given())
    step = act(case, steps, "find_overdue", "rule", "maturity-1", late, Given())
    case, steps = follow(case, step, steps), [*steps, step]
    assert (case.state, case.loan, case.due) == ("overdue", "overdue", date(2029, 7, 3))
    with pytest.raises(ConflictError) as over:
        act(case, steps, "report_paid", "bank", "kim", late, Given())
    assert over.value.key == "finance.term_over"
    step = act(case, steps, "find_default", "rule", "default-1", late + timedelta(days=40), Given())
    case, steps = follow(case, step, steps), [*steps, step]
    with pytest.raises(InputError) as much:
        act(case, steps, "claim_guarantee", "bank", "kim", late, Given("부도", {"claimed_krw": 80_000_001}))
    assert much.value.key == "finance.claim_above_guarantee"
    step = act(case, steps, "claim_guarantee", "bank", "kim", late, Given("부도", {"claimed_krw": 50_000_000}))
    case, steps = follow(case, step, steps), [*steps, step]
    with pytest.raises(InputError) as more:
        act(case, steps, "pay_claim", "guarantor", "lee", late, Given("", {"paid_krw": 50_000_001}))
    assert more.value.key == "finance.paid_above_claim"
    case = follow(case, act(case, steps, "pay_claim", "guarantor", "lee", late, Given("", {"paid_krw": 50_000_000})))
    assert (case.state, case.guarantee, case.loan, case.ended) == ("subrogated", "paid", "subrogated", True)


def test_a_missed_instalment_that_is_paid_goes_on_to_the_end_of_the_term() -> None:
    case, _ = on_the_way(*TO_THE_LOAN, "report_overdue", "report_paid")
    assert (case.state, case.loan, case.guarantee, case.due) == ("monitored", "paid_out", "in_force", date(2029, 6, 1))
    ended, _ = on_the_way(*TO_THE_LOAN, "report_overdue", "declare_default", "claim_guarantee", "refuse_claim", "close")
    assert (ended.state, ended.guarantee, ended.loan) == ("closed", "ended", "repaid")


@pytest.mark.parametrize(
    "wrong",
    [
        Application("r", "gambling", 100_000_000, 36),
        Application("r", "research", 10, 36),
        Application("r", "research", 100_000_000, 0),
        Application("r", "research", 100_000_000, 36, "가" * 1001),
    ],
)
def test_an_odd_application_is_refused(wrong: Application) -> None:
    with pytest.raises(InputError):
        check_application(wrong)
