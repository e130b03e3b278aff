"""Opens the database, embedded SQLite by default, and brings its tables to the present form."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from ktop.kernel.errors import UnavailableError

_log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).with_name("migrations")


def open_database(url: str) -> Engine:
    """Return an engine for ``url`` with all migrations applied.

    For SQLite the folder is made, and every connection uses write-ahead logging (readers never wait for a writer),
    waits up to five seconds for a lock, enforces foreign keys and syncs every commit to the disk: what was acknowledged
    outlives a power cut. Errors never carry the values of a statement, which are company records.

    Raises ``UnavailableError`` where the database cannot be reached or brought to the present form.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and address.database not in (None, "", ":memory:"):
        Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    with telling_failure():
        migrate(engine)
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


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def migrate(engine: Engine) -> None:
    """Bring the database behind ``engine`` to the newest revision; does nothing where it is there already."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
