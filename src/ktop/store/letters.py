"""Letters that wait to be sent by mail, within one transaction of the installation; each is gone once it was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ktop.store.tables import letter_counts, letters
from ktop.store.tables.base import new_id

#: Whoever took a letter may have died: it is left alone for so long, then taken again.
_UNDER_WAY = timedelta(minutes=2)
#: How long to wait after each attempt that failed; after the last one the letter is given up.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One letter, sealed. ``attempts`` counts the one that begins now."""

    id: str
    user: str | None
    sealed: str
    kind: str
    attempts: int


class LetterRepository:
    """Letters, within one transaction of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._locks = connection.dialect.name == "postgresql"

    def add(self, *, letter_id: str, user: str | None, sealed: str, kind: str, now: datetime) -> None:
        """Keep a letter to be sent."""
        values = {"id": letter_id, "user": user, "sealed": sealed, "kind": kind, "attempts": 0}
        self._connection.execute(insert(letters).values(**values, next_at=now, created=now))

    def take(self, limit: int, now: datetime) -> list[LetterRow]:
        """Return letters to try now, which nobody else takes meanwhile."""
        query = select(letters).where(letters.c.next_at <= now).order_by(letters.c.next_at, letters.c.id).limit(limit)
        if self._locks:
            query = query.with_for_update(skip_locked=True)
        rows = self._connection.execute(query).all()
        taken = update(letters).where(letters.c.id.in_([row.id for row in rows]))
        self._connection.execute(taken.values(attempts=letters.c.attempts + 1, next_at=now + _UNDER_WAY))
        return [LetterRow(row.id, row.user, row.sealed, row.kind, row.attempts + 1) for row in rows]

    def waits(self, now: datetime) -> bool:
        """Return whether a letter is to be tried now."""
        return (
            self._connection.execute(select(letters.c.id).where(letters.c.next_at <= now).limit(1)).first() is not None
        )

    def sent(self, letter: LetterRow) -> None:
        """Forget a letter that was sent."""
        self._connection.execute(delete(letters).where(letters.c.id == letter.id))

    def failed(self, letter: LetterRow, now: datetime) -> bool:
        """Let a letter be tried again later, or forget it after the last attempt; return whether it is tried again."""
        if letter.attempts > len(PAUSES):
            self.sent(letter)
            return False
        again = update(letters).where(letters.c.id == letter.id, letters.c.attempts == letter.attempts)
        self._connection.execute(again.values(next_at=now + PAUSES[letter.attempts - 1]))
        return True

    def forget(self, user: str) -> None:
        """Forget all letters to a user, and how many there were."""
        self._connection.execute(delete(letters).where(letters.c.user == user))
        self._connection.execute(delete(letter_counts).where(letter_counts.c.whose == f"to:{user}"))

    def count(self, whose: str, period: str, now: datetime) -> int:
        """Count a letter to or from somebody; return how many it makes in the period."""
        dialect = postgresql if self._locks else sqlite
        first = dialect.insert(letter_counts).values(whose=whose, period=period, count=1, last=now)
        counted = first.on_conflict_do_update(
            index_elements=["whose", "period"], set_={"count": letter_counts.c.count + 1, "last": now}
        )
        return int(self._connection.execute(counted.returning(letter_counts.c.count)).scalar_one())


def new_letter_id() -> str:
    """Return an identifier for a letter, which its content is sealed for."""
    return new_id()
