"""One unit of work: what an actor reads, or changes together with the audit event and the message that tell of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine

from ktop.domain.party.actor import Actor
from ktop.store.audit import tell
from ktop.store.database import open_database, telling_failure
from ktop.store.ratings import RatingRepository


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """The repositories of one transaction, each of this connection and this actor: no other way leads to a query."""

    connection: Connection
    actor: Actor

    @property
    def ratings(self) -> RatingRepository:
        """The kept ratings of the actor's organisation."""
        return RatingRepository(self.connection, self.actor)

    def tell(self, action: str, subject: str, details: Mapping[str, Any]) -> None:
        """Write the audit event and the message of something done outside the database; see ``ktop.store.audit``."""
        tell(self.connection, self.actor, datetime.now(UTC), action, subject, details)


class Store:
    """The database of one installation."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Store:
        """Open the database at an SQLAlchemy address, its tables brought to the present form."""
        return cls(open_database(url))

    @contextlib.contextmanager
    def unit(self, actor: Actor) -> Iterator[UnitOfWork]:
        """Give the unit of work of an actor: everything in the block happens, or nothing where it raises.

        Raises ``UnavailableError`` where the database fails.
        """
        with telling_failure(), self._engine.begin() as connection:
            yield UnitOfWork(connection, actor)
