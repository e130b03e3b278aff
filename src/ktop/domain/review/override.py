"""A person's grade beside a model's: which grades can be wanted, why, and whose second pair of eyes decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktop.domain.rating.grades import ladder
from ktop.kernel.errors import ConflictError, InputError

#: What a person says must let another one follow it, and fit a page.
FEWEST_CHARACTERS, MOST_CHARACTERS = 10, 2000
#: From so many grades between the two tracks of a model on, a person should look.
TRACKS_APART = 2


def reason_of(given: str) -> str:
    """Return a reason without white space around it; raises ``InputError`` where it is too short or too long."""
    reason = given.strip()
    if not FEWEST_CHARACTERS <= len(reason) <= MOST_CHARACTERS:
        raise InputError("reviews.reason_length", fewest=FEWEST_CHARACTERS, most=MOST_CHARACTERS)
    return reason


def wanted_grade(rating: Mapping[str, Any], grade: str, wanted: str) -> str:
    """Return the model's grade that ``wanted`` would stand beside.

    Raises ``InputError`` for a grade that the rating does not have, a symbol its ladder does not have, or the grade
    that it has already.
    """
    given = rating["grades"].get(grade)
    if given is None:
        raise InputError("reviews.no_such_grade")
    ladder(grade).index(wanted)
    if wanted == given:
        raise InputError("reviews.same_grade", grade=given)
    return str(given)


def require_second_person(proposer: str, decider: str) -> None:
    """Raise ``ConflictError`` where somebody would agree with themselves."""
    if proposer == decider:
        raise ConflictError("reviews.second_person")


def tracks_apart(rating: Mapping[str, Any]) -> dict[str, int]:
    """Return by how many grades the tracks of a rating differ, grade → notches; empty for a model with one track."""
    found = {}
    for grade, tracks in (rating["details"].get("tracks") or {}).items():
        known = [symbol for symbol in tracks.values() if symbol]
        if len(known) > 1:
            places = [ladder(grade).index(symbol) for symbol in known]
            found[str(grade)] = max(places) - min(places)
    return found
