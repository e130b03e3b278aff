"""What web processes tell each other of the requests they counted, so that a limit holds over all of them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from ktop.store.tables import request_counts as counted


class RequestCountRepository:
    """The counts of all web processes, by minute (since 1970) and whose, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def share(self, process: str, counts: Mapping[tuple[int, str], int]) -> dict[tuple[int, str], int]:
        """Keep the counts of a process; return those of all others together, of the same minutes."""
        if not counts:
            return {}
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        first = dialect.insert(counted)
        own = first.on_conflict_do_update(
            index_elements=["process", "minute", "whose"], set_={"count": first.excluded.count}
        )
        self._connection.execute(
            own,
            [
                {"process": process, "minute": minute, "whose": whose, "count": count}
                for (minute, whose), count in sorted(counts.items())
            ],
        )
        total = func.sum(counted.c.count)
        query = (
            select(counted.c.minute, counted.c.whose, total)
            .where(counted.c.process != process, counted.c.minute >= min(minute for minute, _ in counts))
            .group_by(counted.c.minute, counted.c.whose)
        )
        return {(row[0], row[1]): int(row[2]) for row in self._connection.execute(query)}
