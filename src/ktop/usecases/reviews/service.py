"""Keeps comments and overrides; the model's own grade is never changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.domain.review.override import TRACKS_APART, reason_of, require_second_person, tracks_apart, wanted_grade
from ktop.kernel.errors import InputError
from ktop.store.reviews import ReviewRow
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import Store
from ktop.usecases.reviews.interface import Review, ReviewedRating

REVIEW = "own:rating:review"


class ReviewService:
    """See ``ktop.usecases.reviews.interface.Reviews``."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store

    def of_rating(self, actor: Actor, rating_id: str) -> ReviewedRating:
        require(actor, REVIEW)
        with self._store().reading(actor) as unit:
            results = unit.ratings.get(rating_id).results
            rows = unit.reviews.of(rating_id)
        apart = {
            rating["model"]["name"]: {grade: n for grade, n in tracks_apart(rating).items() if n >= TRACKS_APART}
            for rating in results
        }
        far = {model: grades for model, grades in apart.items() if grades}
        return ReviewedRating(rating_id, self._named(rows, actor), far)

    def waiting(self, actor: Actor) -> list[Review]:
        require(actor, REVIEW)
        with self._store().reading(actor) as unit:
            rows = unit.reviews.waiting()
        return self._named(rows, actor)

    def _named(self, rows: Sequence[ReviewRow], actor: Actor) -> list[Review]:
        """Return reviews with people's names for their identifiers; who is no longer known stays a dash."""
        users = {user for row in rows for user in (row.made_by, row.decided_by) if user}
        with self._store().installation() as work:
            known = {user: work.identity.person(user) for user in users}
        names = {user: person.name if person else "–" for user, person in known.items()}
        return [
            replace(
                _review(row, actor),
                made_by=names[row.made_by],
                decided_by=names[row.decided_by] if row.decided_by else None,
            )
            for row in rows
        ]

    def comment(self, actor: Actor, rating_id: str, said: str) -> Review:
        require(actor, REVIEW)
        reason = reason_of(said)
        with self._store().unit(actor) as unit:
            unit.ratings.get(rating_id)
            row = _new(actor, rating_id, kind="comment", reason=reason, state="said")
            unit.reviews.add(row)
            unit.tell("rating.commented", rating_id, {"review": row.id})
        return _review(row, actor)

    def propose_override(
        self, actor: Actor, rating_id: str, *, model: str, grade: str, wanted: str, reason: str
    ) -> Review:
        require(actor, REVIEW)
        why = reason_of(reason)
        with self._store().unit(actor) as unit:
            found = [one for one in unit.ratings.get(rating_id).results if one["model"]["name"] == model]
            if not found:
                raise InputError("reviews.no_such_grade")
            given = wanted_grade(found[0], grade, wanted)
            row = _new(
                actor, rating_id, kind="override", reason=why, state="proposed",
                model=model, grade=grade, given=given, wanted=wanted,
            )  # fmt: skip
            unit.reviews.add(row)
            told = {"review": row.id, "model": model, "grade": grade, "given": given, "wanted": wanted}
            unit.tell("rating.override_proposed", rating_id, told)
        return _review(row, actor)

    def decide(self, actor: Actor, review_id: str, *, agree: bool, said: str) -> Review:
        require(actor, REVIEW)
        decision = reason_of(said)
        state = "confirmed" if agree else "refused"
        with self._store().reading(actor) as unit:
            proposer = unit.reviews.get(review_id).made_by
        with self._store().installation(reading=True) as work:
            makers = work.keys.makers({proposer, actor.user})
        require_second_person(makers.get(proposer, proposer), makers.get(actor.user, actor.user))
        with self._store().unit(actor) as unit:
            row = unit.reviews.get(review_id)
            unit.reviews.decide(review_id, state, decision, datetime.now(UTC))
            unit.tell(f"rating.override_{state}", row.rating_id, {"review": row.id, "wanted": row.wanted})
            return _review(unit.reviews.get(review_id), actor)


def _new(
    actor: Actor, rating_id: str, *, kind: str, reason: str, state: str,
    model: str = "", grade: str = "", given: str = "", wanted: str = "",
) -> ReviewRow:  # fmt: skip
    return ReviewRow(
        new_id(), rating_id, kind, model, grade, given, wanted, reason, state, actor.user, datetime.now(UTC)
    )


def _review(row: ReviewRow, actor: Actor) -> Review:
    return Review(
        row.id, row.rating_id, row.kind, row.model, row.grade, row.given, row.wanted, row.reason, row.state,
        row.made_by, row.created, row.decided_by, row.decided, row.decision, row.made_by == actor.user,
    )  # fmt: skip
