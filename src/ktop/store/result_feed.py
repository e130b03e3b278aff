"""What an institution was told of companies' results: one row a result, its newest state, numbered anew each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, insert, select, text

from ktop.domain.party.actor import Actor
from ktop.store.tables import result_feed


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One result's newest state: shown by a consent, or withdrawn."""

    rating: str
    company: str
    state: Literal["shown", "withdrawn"]
    consent: str
    models: list[str]


@dataclass(frozen=True, slots=True)
class NumberedRow:
    """A row with its place in the feed, and when it came there."""

    number: int
    at: datetime
    row: FeedRow


class ResultFeed:
    """The feed of the actor's institution, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def hold(self) -> None:
        """Let nobody else change this feed until the transaction ends, so that numbers are seen in their order."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:feed, 0))"),
                {"feed": f"feed of {self._actor.organisation}"},
            )

    def all(self) -> dict[str, FeedRow]:
        """Return rating → what the institution was told last."""
        query = select(result_feed).where(result_feed.c.tenant == self._actor.organisation)
        return {row.rating: _feed_row(row) for row in self._connection.execute(query)}

    def put(self, changed: Sequence[FeedRow]) -> None:
        """Put the newest states of some results at the end of the feed, in their order."""
        if not changed:
            return
        old = result_feed.c.rating.in_([row.rating for row in changed])
        self._connection.execute(delete(result_feed).where(result_feed.c.tenant == self._actor.organisation, old))
        more = {"tenant": self._actor.organisation, "at": datetime.now(UTC)}
        for row in changed:  # one by one: the numbers are to follow the order
            values = {field.name: getattr(row, field.name) for field in fields(FeedRow)}
            self._connection.execute(insert(result_feed).values(**values, **more))

    def behind(self, number: int, limit: int) -> list[NumberedRow]:
        """Return the rows behind a place, in order."""
        mine = (result_feed.c.tenant == self._actor.organisation, result_feed.c.number > number)
        query = select(result_feed).where(*mine).order_by(result_feed.c.number).limit(limit)
        return [NumberedRow(row.number, row.at, _feed_row(row)) for row in self._connection.execute(query)]


def _feed_row(row: Row[Any]) -> FeedRow:
    return FeedRow(row.rating, row.company, row.state, row.consent, row.models)
