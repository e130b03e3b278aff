"""Opens the database, embedded SQLite by default, and brings its tables to the present form."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, SQLAlchemyError

from ktop.kernel.errors import UnavailableError

_log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).with_name("migrations")
#: The execution option of a connection that only reads.
READ_ONLY = "ktop_read_only"
#: Connections held open; each working thread needs one at a time.
_POOL = 20
#: A connection that rested for longer is tried before it is used.
_REST_SECONDS = 2.0


def open_database(url: str) -> Engine:
    """Return an engine for ``url`` with all migrations applied.

    For SQLite the folder is made, and every connection uses write-ahead logging (readers never wait for a writer),
    waits up to five seconds for a lock, enforces foreign keys and syncs every commit to the disk: what was acknowledged
    outlives a power cut. Errors never carry the values of a statement, which are company records.

    Raises ``UnavailableError`` where the database cannot be reached or brought to the present form, and where the
    driver of PostgreSQL is not installed.
    """
    engine = connect(url)
    with telling_failure():
        migrate(engine)
    return engine


def connect(url: str) -> Engine:
    """Return an engine for ``url`` and leave the tables as they are; see ``open_database``."""
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise UnavailableError("store.address_wrong") from error
    backend = address.get_backend_name()
    if backend == "postgresql":
        if importlib.util.find_spec("psycopg") is None:
            raise UnavailableError("store.postgresql_not_installed")
        address = address.set(drivername="postgresql+psycopg")
        engine = create_engine(
            address,
            hide_parameters=True,
            json_serializer=_to_json,
            json_deserializer=_from_json,
            pool_size=_POOL,
            max_overflow=_POOL,
        )
        event.listen(engine, "checkin", _note_rest)
        event.listen(engine, "checkout", _look_after_rest)
        return engine
    if backend != "sqlite":
        raise UnavailableError("store.address_wrong")
    if address.database not in (None, "", ":memory:"):
        Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    held = {} if address.database in (None, "", ":memory:") else {"pool_size": _POOL, "max_overflow": _POOL}
    engine = create_engine(
        address, hide_parameters=True, json_serializer=_to_json, json_deserializer=_from_json, **held
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextlib.contextmanager
def telling_failure() -> Iterator[None]:
    """Turn a failure of the database within the block into ``UnavailableError``; the log gets its kind, no values."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None)
        _log.error("the database failed: %s (%s)", type(error).__name__, type(cause).__name__)
        raise UnavailableError("store.database_failed") from error


def _to_json(value: Any) -> str:
    """Return a value as a JSON column keeps it, in a fifth of the time of the standard library."""
    try:
        return to_json(value, inf_nan_mode="constants").decode()
    except ValueError:  # half a character, which only an escape can hold
        return json.dumps(value)


def _from_json(written: str | bytes) -> Any:
    """Return the value of a JSON column, in half the time of the standard library and the same to the last bit."""
    try:
        return from_json(written)
    except ValueError:  # half a character, which JSON may write and no answer carry: the standard library reads it
        return json.loads(written)


def _note_rest(_connection: object, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _look_after_rest(connection: Any, record: Any, _proxy: object) -> None:
    """Find out whether a connection that has rested still leads to the server, which may have been started again.

    Asking each time, as the pool would, costs every unit of work a way there and back.
    """
    if time.monotonic() - record.info.get("rests_since", math.inf) < _REST_SECONDS:
        return
    try:
        connection.autocommit = True
        connection.execute("SELECT 1")
        connection.autocommit = False
    except Exception as error:  # the driver's, whichever: the pool makes others
        raise InvalidatePoolError from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver at the first change
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once, unless only reading: a reader that turns writer midway may fail without waiting."""
    reads = connection.get_execution_options().get(READ_ONLY)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database behind ``engine`` to a revision, by default the newest, unless it is there already.

    Two processes that start at the same time wait for each other.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7077)")  # any number that only migrations use
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
