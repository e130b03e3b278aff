"""What evaluators can do with ratings of their organisation: comment, override a grade, agree or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ktop.domain.party.actor import Actor


@dataclass(frozen=True, slots=True)
class Review:
    """A comment, or an override that stands beside the model's grade; see ``ktop.store.reviews.ReviewRow``.

    ``mine`` says whether whoever asks made it, so that it is not theirs to decide.
    """

    id: str
    rating: str
    kind: str
    model: str
    grade: str
    given: str
    wanted: str
    reason: str
    state: str
    made_by: str
    created: datetime
    decided_by: str | None
    decided: datetime | None
    decision: str
    mine: bool


@dataclass(frozen=True, slots=True)
class ReviewedRating:
    """What is said of one rating. ``apart`` : model → grade → notches between its tracks, where they are far apart."""

    rating: str
    reviews: Sequence[Review]
    apart: Mapping[str, Mapping[str, int]]


class Reviews(Protocol):
    """Every call asks for ``own:rating:review``; a rating of another organisation is not found."""

    def of_rating(self, actor: Actor, rating_id: str) -> ReviewedRating:
        """Return what is said of a rating; raises ``NotFoundError``."""
        ...

    def waiting(self, actor: Actor) -> Sequence[Review]:
        """Return the overrides of the organisation that wait for a second person, oldest first."""
        ...

    def comment(self, actor: Actor, rating_id: str, said: str) -> Review:
        """Keep a comment; raises ``InputError`` where it is too short or too long."""
        ...

    def propose_override(
        self, actor: Actor, rating_id: str, *, model: str, grade: str, wanted: str, reason: str
    ) -> Review:
        """Propose a grade beside a model's; raises ``InputError`` for one that cannot be, or without a reason."""
        ...

    def decide(self, actor: Actor, review_id: str, *, agree: bool, said: str) -> Review:
        """Say the second person's word; what a program's key does, who made the key does.

        Raises ``ConflictError`` for one's own proposal or one decided already.
        """
        ...
