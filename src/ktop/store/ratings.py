"""Stored ratings: kept as given, found by an identifier nobody can guess, never changed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, insert, select
from sqlalchemy.engine import Row

from ktop.kernel.errors import NotFoundError
from ktop.store.database import telling_failure
from ktop.store.tables import ratings


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One stored answer. ``inputs`` suffices to compute ``results`` again with the model versions they name."""

    id: str
    created: datetime
    as_of: date
    kind: str
    subject: str
    inputs: Mapping[str, Any]
    results: Sequence[Mapping[str, Any]]


class RatingRepository:
    """Reads and writes stored ratings."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self, *, kind: str, subject: str, as_of: date, inputs: Mapping[str, Any], results: Sequence[Mapping[str, Any]]
    ) -> RatingRow:
        """Store one answer and return it with its new identifier (128 random bits, hexadecimal)."""
        row = RatingRow(
            id=secrets.token_hex(16),
            created=datetime.now(UTC),
            as_of=as_of,
            kind=kind,
            subject=subject[:200],
            inputs=dict(inputs),
            results=[dict(result) for result in results],
        )
        with telling_failure(), self._engine.begin() as connection:
            connection.execute(
                insert(ratings).values(
                    id=row.id,
                    created=row.created,
                    as_of=row.as_of,
                    kind=row.kind,
                    subject=row.subject,
                    inputs=row.inputs,
                    results=row.results,
                )
            )
        return row

    def get(self, rating_id: str) -> RatingRow:
        """Return one stored answer; raises ``NotFoundError`` where there is none of that identifier."""
        with telling_failure(), self._engine.connect() as connection:
            found = connection.execute(select(ratings).where(ratings.c.id == rating_id)).one_or_none()
        if found is None:
            raise NotFoundError("store.rating_not_found")
        return _row(found)

    def recent(self, limit: int = 20) -> list[RatingRow]:
        """Return the newest answers first, ``limit`` at most."""
        query = select(ratings).order_by(ratings.c.created.desc(), ratings.c.id).limit(limit)
        with telling_failure(), self._engine.connect() as connection:
            return [_row(found) for found in connection.execute(query)]


def _row(found: Row[Any]) -> RatingRow:
    created = found.created if found.created.tzinfo else found.created.replace(tzinfo=UTC)  # SQLite drops the zone
    return RatingRow(found.id, created, found.as_of, found.kind, found.subject, found.inputs, found.results)
