"""One guarantee and loan case and what follows which step: no change without a person or a named rule."""

from __future__ import annotations

import calendar
import contextlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from ktop.catalogue import LANGS, Lang, load
from ktop.domain.finance.figures import figures
from ktop.domain.finance.process import Action, Side, process
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError

_LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Application:
    """What a company applies for.

    Parameters
    ----------
    rating : the kept rating that it stands on.
    purpose : a key of catalogue/finance.yaml; ``words`` say it in the company's own.
    amount_krw : the loan wished for.
    months : for how long.
    inputs : groups of inputs that guarantor and bank see beside the result.
    """

    rating: str
    purpose: str
    amount_krw: int
    months: int
    words: str = ""
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step that was taken: by whom, or by which rule, when, why, with which figures."""

    number: int
    action: str
    before: str
    after: str
    side: Side
    by: str
    at: datetime
    reason: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)

    def reason_in(self, lang: Lang) -> str:
        """Return the reason as a reader of a language sees it: a rule's is kept in both, a line each."""
        lines = self.reason.split("\n")
        return lines[LANGS.index(lang)] if self.side == "rule" and len(lines) == len(LANGS) else self.reason


@dataclass(frozen=True, slots=True)
class CaseDocument:
    """What is known of a file of a case without reading it."""

    id: str
    kind: str
    name: str
    media_type: str
    bytes: int
    sha256: str
    created: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands.

    Parameters
    ----------
    company, guarantor, bank : the organisations of its three sides.
    state : one of ``process().states``; ``guarantee`` and ``loan`` say where these parts stand.
    figures : what was decided so far: guaranteed amount, fee, loan, interest, term.
    since : when the state was reached; ``due`` its last day.
    version : counts the steps taken.
    """

    id: str
    company: str
    guarantor: str
    bank: str
    application: Application
    state: str
    guarantee: str
    loan: str
    figures: Mapping[str, float]
    since: datetime
    due: date | None
    version: int
    created: datetime

    def side_of(self, organisation: str) -> Side | None:
        """Return the side that an organisation is, None for a stranger."""
        sides: dict[str, Side] = {self.bank: "bank", self.guarantor: "guarantor", self.company: "company"}
        return sides.get(organisation)

    @property
    def ended(self) -> bool:
        """Whether nothing can follow."""
        return process().states[self.state].waits_for is None


def check_application(application: Application) -> None:
    """Raise ``InputError`` for a purpose, an amount or a term that no application can have."""
    if application.purpose not in load("finance")["purposes"]:
        raise InputError("finance.no_such_purpose")
    figures({"loan_krw": application.amount_krw, "months": application.months}, ("loan_krw", "months"))
    if len(application.words) > _LONGEST_REASON:
        raise InputError("finance.reason_long", most=_LONGEST_REASON)


@dataclass(frozen=True, slots=True)
class Given:
    """What comes with a step: the reason, the figures as typed, and what is known around it.

    Parameters
    ----------
    documents : kinds of documents that are there.
    consents : sides that the company lets see its result now.
    program : whether a program acts by its key instead of a person.
    makers : who made the keys by which programs took steps: what a key did, its maker did.
    """

    reason: str = ""
    figures: Mapping[str, object] = field(default_factory=dict)
    documents: Collection[str] = ()
    consents: Collection[Side] = ()
    program: bool = False
    makers: Mapping[str, str] = field(default_factory=dict)


def act(case: Case, steps: Sequence[Step], name: str, side: Side, by: str, at: datetime, given: Given) -> Step:
    """Return the step that somebody takes; ``follow`` gives the case after it.

    Parameters
    ----------
    steps : those taken so far, in order.
    by : the user, or the name of the rule.

    Raises ``InputError`` for what is missing or odd, ``ForbiddenError`` for the wrong side or person, ``ConflictError``
    where the case does not stand where the step begins.
    """
    action = process().actions.get(name)
    if action is None:
        raise InputError("finance.no_such_action", action=name[:60])
    _require_may(case, steps, action, side, by, at, given)
    _require_all(action, side, given)
    said = figures(given.figures, action.figures, action.may_say)
    said |= _reduced(case, steps, said)
    _check_money(case, said)
    after = action.second if action.second and _needs_second(case, side) else action.to
    return Step(case.version + 1, name, case.state, after, side, by, at, given.reason.strip(), said)


def repeats(step: Step, name: str, given: Given) -> bool:
    """Whether what is asked is the step that was taken: the same action, reason and figures; raises as ``act``."""
    if name != step.action or given.reason.strip() != step.reason:
        return False
    action = process().actions[name]
    said = figures(given.figures, action.figures, action.may_say)
    return said == {key: step.figures[key] for key in (*action.figures, *action.may_say) if key in step.figures}


def possible(case: Case, steps: Sequence[Step], side: Side, by: str, at: datetime, given: Given) -> list[Action]:
    """Return the steps that somebody may take now, in the order of the process, whatever has to be said with each."""
    may = []
    for action in process().possible(case.state, side):
        with contextlib.suppress(ConflictError, ForbiddenError):
            _require_may(case, steps, action, side, by, at, given)
            may.append(action)
    return may


def _require_may(
    case: Case, steps: Sequence[Step], action: Action, side: Side, by: str, at: datetime, given: Given
) -> None:
    if action.by != side or (action.rule is not None and by != action.rule):
        raise ForbiddenError("finance.other_side", action=action.label, side=load("finance")["sides"][action.by])
    if case.state not in action.before:
        raise ConflictError("finance.not_now", action=action.label, state=process().states[case.state].label)
    if side != "rule" and run_out(case, at):  # else it would depend on when the clock's own step is taken
        raise ConflictError("finance.time_over", action=action.label, due=str(case.due))
    if action.once and any(step.action == action.name for step in steps):
        raise ConflictError("finance.only_once", action=action.label)
    if action.overdue and not overdue(case, at):
        raise ConflictError("finance.not_overdue")
    if action.within_term and (end := term_end(case, steps)) is not None and local_day(at) > end:
        raise ConflictError("finance.term_over", action=action.label)
    if action.another_person and given.program:  # else two keys, or a key and who made it, would pass for two people
        raise ForbiddenError("finance.only_people", action=action.label)
    acted = [(step.side, given.makers.get(step.by, step.by)) for step in steps]
    person = given.makers.get(by, by)
    if action.another_person and next((who for of, who in reversed(acted) if of == side), None) == person:
        raise ForbiddenError("finance.another_person")
    if side != "rule" and any(of != side and who == person for of, who in acted):
        raise ForbiddenError("finance.own_case", action=action.label)


def follow(case: Case, step: Step, steps: Sequence[Step] = ()) -> Case:
    """Return a case after a step, its parts and its last day as the process says; ``steps`` are those before it."""
    action, state = process().actions[step.action], process().states[step.after]
    decided = step.after == action.to
    due = None if state.days is None else local_day(step.at) + timedelta(days=state.days)
    if state.term:
        due = term_end(case, (*steps, step))
    return replace(
        case,
        state=step.after,
        guarantee=_part(case.guarantee, action.guarantee) if decided else case.guarantee,
        loan=_part(case.loan, action.loan) if decided else case.loan,
        figures={**case.figures, **step.figures},
        since=step.at,
        due=due,
        version=step.number,
    )


def local_day(at: datetime) -> date:
    """Return the day of a moment where the installation stands, as ``ktop.kernel.clock.today`` counts days."""
    return at.astimezone().date()


def term_end(case: Case, steps: Sequence[Step]) -> date | None:
    """Return the last day of the loan's term, which begins when it is paid out; None before that."""
    begun = next((local_day(step.at) for step in steps if step.action == "disburse"), None)
    if begun is None:
        return None
    months = begun.year * 12 + begun.month - 1 + int(case.figures.get("months", case.application.months))
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(begun.day, calendar.monthrange(year, month)[1]))


def overdue(case: Case, at: datetime) -> bool:
    """Whether the last day of the present state is over."""
    return case.due is not None and local_day(at) > case.due


def run_out(case: Case, at: datetime) -> bool:
    """Whether a rule leads the case on because the last day of its state is over, so that nobody else may."""
    return overdue(case, at) and any(action.overdue for action in process().possible(case.state, "rule"))


def _part(before: str, after: str | None) -> str:
    """Return where a part stands: what was never approved cannot lapse, and what was refused stays so."""
    if after is None or (after in ("lapsed", "ended") and before in ("none", "refused")):
        return before
    return after


def _require_all(action: Action, side: Side, given: Given) -> None:
    reason = given.reason.strip()
    if action.reason and not reason:
        raise InputError("finance.reason_missing", action=action.label)
    if len(reason) > _LONGEST_REASON:
        raise InputError("finance.reason_long", most=_LONGEST_REASON)
    if action.documents:
        kinds = load("finance")["documents"]
        if lacking := [about for name, about in kinds.items() if about["needed"] and name not in given.documents]:
            raise InputError("finance.document_missing", what=lacking[0])
    if action.consent and side not in given.consents:
        raise ConflictError("finance.no_consent")


def _check_money(case: Case, said: Mapping[str, float]) -> None:
    """Raise ``InputError`` for amounts that do not go with the application and with one another."""
    known = {**case.figures, **said}
    most, share = case.application.amount_krw, known.get("share_percent", 100) / 100
    if known.get("loan_krw", 0) > most:
        raise InputError("finance.loan_above_application", most=f"{most:,.0f}")
    guaranteed, of = known.get("guaranteed_krw"), known.get("loan_krw", most)
    if guaranteed is not None and guaranteed > of * share:
        raise InputError("finance.guarantee_above_share", percent=f"{share * 100:g}", most=f"{of * share:,.0f}")
    for part, whole, key in (
        ("claimed_krw", "guaranteed_krw", "finance.claim_above_guarantee"),
        ("paid_krw", "claimed_krw", "finance.paid_above_claim"),
    ):
        if part in said and said[part] > known.get(whole, 0):
            raise InputError(key, most=f"{known.get(whole, 0):,.0f}")


def _reduced(case: Case, steps: Sequence[Step], said: Mapping[str, float]) -> dict[str, float]:
    """Return the guaranteed amount where a loan below what was applied for makes it smaller than approved.

    Reckoned from what the guarantor approved, so that a second, higher offer of the bank has all of it again.
    """
    if "loan_krw" not in said or "guaranteed_krw" not in case.figures:
        return {}
    given = [step.figures["guaranteed_krw"] for step in steps if step.action == "approve_guarantee"]
    approved = given[-1] if given else case.figures["guaranteed_krw"]
    # In whole won; by hundredths of a per cent, as a share in binary fractions would lose a won.
    most = math.floor(round(said["loan_krw"]) * round(case.figures.get("share_percent", 100) * 100) / 10_000)
    reduced = float(min(approved, most))
    return {} if reduced == case.figures["guaranteed_krw"] else {"guaranteed_krw": reduced}


def _needs_second(case: Case, side: Side) -> bool:
    limits = load("finance")["second_above_krw"]
    return side in limits and case.application.amount_krw > limits[side]
