"""Forgets what has served: messages that were sent, sessions that are over, answers kept for a repeated request.

Ratings, consents, the ledger and the audit trail are nobody's to forget here; of files only those of the named kinds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, delete, select, tuple_

from ktop.store.storage import delete_files
from ktop.store.tables import (
    access_tokens,
    documents,
    idempotency_keys,
    letter_counts,
    outbox,
    request_counts,
    sessions,
    sign_in_failures,
    webhook_deliveries,
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Until when what is kept: of each kind, what ended before the moment goes.

    Parameters
    ----------
    messages : when a message was handed to all who listen, or its delivery ended, arrived or given up.
    answers : when a request with an Idempotency-Key came.
    failures : when failures to sign in began to count.
    now : when sessions and tokens end.
    files : by kind of file, when it was kept: tables that people gave.
    """

    messages: datetime
    answers: datetime
    failures: datetime
    now: datetime
    files: Mapping[str, datetime]


class Pruning:
    """Forgetting in the whole installation, within one transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def forget(self, until: Forgotten, most: int) -> dict[str, int]:
        """Forget up to ``most`` rows of each kind; return how many by table, without those of which none were."""
        gone: Counter[str] = Counter()
        for table, over in _over(until):
            gone[table.name] += self._forget(table, over, most)
        return {name: rows for name, rows in gone.items() if rows}

    def _forget(self, table: Table, over: ColumnElement[bool], most: int) -> int:
        key = tuple_(*table.primary_key.columns)
        chosen = select(*table.primary_key.columns).where(over).limit(most)
        if table is documents:
            return delete_files(self._connection, key.in_(chosen))
        return self._connection.execute(delete(table).where(key.in_(chosen))).rowcount


def _over(until: Forgotten) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    yield outbox, outbox.c.sent < until.messages
    yield webhook_deliveries, webhook_deliveries.c.ended < until.messages
    yield idempotency_keys, idempotency_keys.c.created < until.answers
    yield sign_in_failures, sign_in_failures.c.since < until.failures
    for kind, before in until.files.items():
        yield documents, (documents.c.kind == kind) & (documents.c.created < before)
    yield sessions, sessions.c.expires < until.now
    yield access_tokens, access_tokens.c.expires < until.now
    yield letter_counts, letter_counts.c.last < until.now - timedelta(days=2)
    yield request_counts, request_counts.c.minute < int(until.now.timestamp()) // 60 - 2
