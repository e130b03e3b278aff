"""A call for applications (공고): its states, what may follow which, and who stands when places are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeAlias

from ktop.catalogue import messages
from ktop.kernel.errors import ConflictError, InputError

#: open (firms apply), closed (rated and ranked), appeals (preliminary result told, firms may object), announced.
CallState: TypeAlias = Literal["open", "closed", "appeals", "announced"]
#: Action → the states it is possible in, and the state after it.
STEPS: Mapping[str, tuple[frozenset[CallState], CallState]] = {
    "close": (frozenset({"open"}), "closed"),
    "reopen": (frozenset({"closed"}), "open"),
    "tell": (frozenset({"closed"}), "appeals"),
    "announce": (frozenset({"appeals"}), "announced"),
}
#: States in which applicants are rated and ranked.
RANKING: frozenset[CallState] = frozenset({"closed", "appeals"})
#: States in which an applicant sees its own result.
TOLD: frozenset[CallState] = frozenset({"appeals", "announced"})
#: How long after the rating day the figures of a rating hold; older ones count as missing.
RATING_VALID_DAYS = 365
_LONGEST_CALL_DAYS = 366


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a programme under one published rule.

    Parameters
    ----------
    opens, closes : first and last day of applying.
    as_of : the day that facts and ratings hold on.
    blind : whether officers see numbers in the place of names until the result is announced.
    round : how often applicants were ranked; 0 before the first time.
    job : identifier of the newest ranking job; empty before.
    version : counts changes.
    """

    id: str
    agency: str
    rule: str
    programme: str
    year: int
    state: CallState
    opens: date
    closes: date
    as_of: date
    blind: bool
    round: int
    job: str
    version: int
    created: datetime
    made_by: str
    announced: datetime | None = None


def check_days(opens: date, closes: date, as_of: date) -> None:
    """Raise ``InputError`` for days that cannot be those of a call."""
    if not opens <= closes <= opens + timedelta(days=_LONGEST_CALL_DAYS):
        raise InputError("programmes_season.days_order")
    if abs((as_of - closes).days) > RATING_VALID_DAYS:
        raise InputError("programmes_season.as_of_far", days=RATING_VALID_DAYS)


def step(call: Call, action: str, at: datetime, *, open_appeals: int, upheld_since_round: int) -> Call:
    """Return a call after an action.

    Raises ``ConflictError`` where the state does not allow it, where nobody has been ranked, or where appeals stand in
    the way of an announcement: some not decided, or upheld and not ranked again.
    """
    if action not in STEPS or call.state not in STEPS[action][0]:
        raise ConflictError(
            "programmes_season.cannot_follow", state=messages()[f"programmes_season.state_{call.state}"]
        )
    if action in ("tell", "announce") and call.round == 0:
        raise ConflictError("programmes_season.not_ranked")
    if action == "announce" and open_appeals:
        raise ConflictError("programmes_season.appeals_open", count=open_appeals)
    if action == "announce" and upheld_since_round:
        raise ConflictError("programmes_season.rank_again", count=upheld_since_round)
    announced = at if action == "announce" else call.announced
    return replace(call, state=STEPS[action][1], version=call.version + 1, announced=announced)


def actions_of(call: Call) -> tuple[str, ...]:
    """Return the actions that the state of a call allows."""
    return tuple(name for name, (states, _) in STEPS.items() if call.state in states)


def may_apply(call: Call, day: date) -> None:
    """Raise ``ConflictError`` where nobody may apply on a day."""
    if call.state != "open" or not call.opens <= day <= call.closes:
        raise ConflictError("programmes_season.not_open", opens=str(call.opens), closes=str(call.closes))


def valid_figures(figures: Mapping[str, Any] | None, rated_on: date | None, day: date) -> Mapping[str, Any]:
    """Return the figures of a rating that hold on a day: none where the rating is too old, or younger than the day."""
    if not figures or rated_on is None or not 0 <= (day - rated_on).days <= RATING_VALID_DAYS:
        return {}
    return figures


def standing(states: Sequence[str], consents: Sequence[str | None]) -> list[bool]:
    """Return which applicants stand: those not withdrawn and, where they apply by consent, with one in force.

    ``consents`` has the state of each applicant's consent, None for one whose agency brought its data itself.
    """
    return [state == "applied" and consent in (None, "active") for state, consent in zip(states, consents, strict=True)]
