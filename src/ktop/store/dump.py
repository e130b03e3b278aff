"""Writes all tables as lines of JSON and reads them back, the same from and to every database.

A dump is of one moment: it is read in one transaction, while others go on writing. What SQLite has dumped can be read
into PostgreSQL and back.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Date, DateTime, Engine, LargeBinary, Table, func, insert, select, text
from sqlalchemy.types import TypeDecorator, TypeEngine

from ktop.kernel.errors import ConflictError, InputError, UnavailableError
from ktop.store.database import MIGRATIONS, READ_ONLY, migrate, telling_failure
from ktop.store.tables import metadata

_ROWS_AT_ONCE = 500


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


#: How a value of a kind of column is written in JSON, and read back; other kinds are JSON already.
_WRITTEN: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "moment": (_moment, datetime.fromisoformat),
    "day": (date.isoformat, date.fromisoformat),
    "bytes": (_bytes, lambda value: base64.b64decode(value, validate=True)),
    "plain": (lambda value: value, lambda value: value),
}


def _kind(of: TypeEngine[Any]) -> str:
    inner = of.impl_instance if isinstance(of, TypeDecorator) else of
    if isinstance(inner, DateTime):
        return "moment"
    if isinstance(inner, Date):
        return "day"
    return "bytes" if isinstance(inner, LargeBinary) else "plain"


def tables() -> list[Table]:
    """Return all tables, those that others refer to first."""
    return list(metadata.sorted_tables)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The tables of one moment. ``revision`` is the form that they are in."""

    connection: Connection
    revision: str

    def lines(self, table: Table) -> Iterator[str]:
        """Give the rows of a table, each as a line of JSON, in the order of its key."""
        write = [(column.name, _WRITTEN[_kind(column.type)][0]) for column in table.columns]
        query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_ROWS_AT_ONCE)
        for row in self.connection.execute(query):
            values = {
                name: None if value is None else how(value) for (name, how), value in zip(write, row, strict=True)
            }
            yield json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


class Dump:
    """Takes snapshots of a database, and fills an empty one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._postgresql = engine.dialect.name == "postgresql"

    def snapshot(self, work: Callable[[Snapshot], None]) -> None:
        """Call ``work`` with a snapshot that nobody's writing changes; raises ``UnavailableError`` where it fails."""
        with telling_failure(), self._engine.connect() as connection:
            if self._postgresql:
                connection.execution_options(isolation_level="REPEATABLE READ")
            connection.execution_options(**{READ_ONLY: True})
            with connection.begin():
                self._see_everything(connection)
                revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
                work(Snapshot(connection, str(revision)))

    def fill(self, revision: str, rows: Callable[[Table], Iterable[str]]) -> dict[str, int]:
        """Fill an empty database with the lines of each table, all or nothing; return how many rows of each.

        Raises ``ConflictError`` where the database has rows already, ``InputError`` for a dump of another form than
        this program's, or one with a line that is none.
        """
        migrate(self._engine)
        counts: dict[str, int] = {}
        with telling_failure(), self._engine.begin() as connection:
            self._see_everything(connection)
            present = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            if present != revision:
                raise InputError("operations.other_revision", given=revision, present=present)
            for table in tables():
                if connection.execute(select(func.count()).select_from(table)).scalar():
                    raise ConflictError("operations.not_empty")
            for table in tables():
                counts[table.name] = _filled(connection, table, rows(table))
                if self._postgresql:
                    _count_on(connection, table)
        return counts

    def _see_everything(self, connection: Connection) -> None:
        """On PostgreSQL, let the owner of the tables see all rows; row-level security binds it too."""
        if self._postgresql:
            connection.execute(text("SELECT set_config('ktop.scope', 'installation', true)"))


def _filled(connection: Connection, table: Table, lines: Iterable[str]) -> int:
    read = {column.name: _WRITTEN[_kind(column.type)][1] for column in table.columns}
    count, waiting = 0, []
    for line in lines:
        waiting.append(_row(table, line, read))
        count += 1
        if len(waiting) == _ROWS_AT_ONCE:
            connection.execute(insert(table), waiting)
            waiting = []
    if waiting:
        connection.execute(insert(table), waiting)
    return count


def _row(table: Table, line: str, read: dict[str, Callable[[Any], Any]]) -> dict[str, Any]:
    try:
        said = json.loads(line)
        return {name: None if said[name] is None else how(said[name]) for name, how in read.items()}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("operations.broken_line", table=table.name) from error


def _count_on(connection: Connection, table: Table) -> None:
    """Let the numbers of a table go on behind those that were filled in."""
    for column in table.primary_key.columns:
        if column.autoincrement is True:
            sequence = connection.execute(
                text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
            ).scalar_one_or_none()
            last = connection.execute(select(func.max(column))).scalar()
            if sequence is not None and last is not None:
                connection.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})


def revision_here() -> str:
    """Return the newest form of the tables that this program knows."""
    from alembic.config import Config  # loads in .1 s, and only migrations and doctors ask
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is None:
        raise UnavailableError("store.database_failed")
    return head
