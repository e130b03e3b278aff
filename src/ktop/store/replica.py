"""Reads what never changes once it is written from a streaming standby of PostgreSQL, so that the primary need not.

Who may see a row is asked of the primary, within the unit of work that notes the look; only then is the content of that
row read here, by its identifier and bound to the same organisation by row-level security. A standby that lags, is down
or slow is never waited for long: it has nothing to say, and the unit's own database answers.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import Any

from sqlalchemy import Column, Connection, Engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import UnavailableError
from ktop.store.database import connect, telling_failure

_log = logging.getLogger(__name__)

#: The execution option of an engine, and of its connections: its replica.
_REPLICA = "ktop_replica"
#: How long the replica may take for one statement, and to let a connection in (the least that the driver knows).
_STATEMENT_SECONDS, _CONNECT_SECONDS = 1.0, 2
#: How long it is left alone after it failed.
_PAUSE_SECONDS = 10.0
#: Which database it is (a standby has its primary's), in which form, and whether it follows another one.
_IDENTITY = (
    "SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || current_database(), "
    "version_num, pg_is_in_recovery() FROM alembic_version"
)
#: What binds a unit of work to its organisation (``ktop.store.unit_of_work``), in the driver's own words.
_BOUND = (
    "SELECT set_config('role', 'ktop_application', true), set_config('ktop.organisation', %s, true), "
    "set_config('ktop.scope', 'organisation', true)"
)


class Replica:
    """A streaming standby of one primary.

    Raises ``UnavailableError`` where the address leads to something else. One that is down, or has not caught up with
    the form of the primary's tables, is tried again later.
    """

    def __init__(self, primary: Engine, url: str) -> None:
        if {primary.dialect.name, _kind(url)} != {"postgresql"}:
            raise UnavailableError("store.replica_address_wrong")
        self._again_at = 0.0
        self._trying = threading.Lock()
        with telling_failure(), primary.connect() as connection:
            self._identity, self._revision, _ = connection.exec_driver_sql(_IDENTITY).one()
        self._engine = connect(url)
        event.listen(self._engine, "do_connect", self._connect)
        try:
            self._engine.connect().close()
        except SQLAlchemyError as error:
            self._rest(error)

    def read(self, organisation: str, tenant: str, row_id: str, *columns: Column[Any]) -> tuple[Any, ...] | None:
        """Return columns of a tenant's row as an organisation may see it, None where it is not there or none can say.

        Binding, query and end go there and back together: one by one, as units of work do, they would cost this process
        more than the query costs the primary.
        """
        import psycopg
        from psycopg import sql

        if not self._may_try():
            return None
        query = sql.SQL("SELECT {} FROM {} WHERE id = %s AND tenant = %s").format(
            sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
            sql.Identifier(columns[0].table.name),
        )
        try:
            with contextlib.closing(self._engine.raw_connection()) as pooled:
                connection: Any = pooled.driver_connection
                try:
                    with connection.pipeline():
                        connection.execute(_BOUND, [organisation])
                        answer = connection.execute(query, [row_id, tenant])
                        connection.commit()
                    found: tuple[Any, ...] | None = answer.fetchone()
                except psycopg.Error as error:
                    pooled.invalidate(error)
                    raise
        except (SQLAlchemyError, psycopg.Error, UnavailableError) as error:
            self._rest(error)
            return None
        self._again_at = 0.0
        return found

    @property
    def rests(self) -> bool:
        """Whether it failed when it was last asked, so that the primary answers meanwhile."""
        return bool(self._again_at)

    def close(self) -> None:
        """End its connections."""
        self._engine.dispose()

    def _may_try(self) -> bool:
        """Return whether it is well; after a pause one tries, and the others are answered by the primary meanwhile."""
        if not self._again_at:
            return True
        with self._trying:
            due = time.monotonic() >= self._again_at
            if due:
                self._again_at = time.monotonic() + _PAUSE_SECONDS
            return due

    def _rest(self, error: Exception) -> None:
        self._again_at = time.monotonic() + _PAUSE_SECONDS
        told = error.key if isinstance(error, UnavailableError) else type(getattr(error, "orig", error)).__name__
        _log.warning("the replica is left alone for %g seconds: %s", _PAUSE_SECONDS, told)

    def _connect(self, _dialect: object, _record: object, given: Any, named: dict[str, Any]) -> Any:
        """Make a connection that waits for no statement for long, and see that it leads to a standby of the primary."""
        import psycopg

        class Hurried(psycopg.Connection[Any]):
            def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
                try:
                    return super().wait(gen, interval, _STATEMENT_SECONDS if timeout is None else timeout)
                except psycopg.OperationalError:  # too late, or lost: an answer may still come, so it is of no more use
                    self.close()
                    raise

        made = Hurried.connect(*given, **{"connect_timeout": _CONNECT_SECONDS, **named})
        try:
            identity, revision, follows = made.execute(_IDENTITY).fetchone() or (None, None, False)
            made.rollback()
            if not follows:
                raise UnavailableError("store.replica_no_standby")
            if identity != self._identity:
                raise UnavailableError("store.replica_of_another")
            if revision != self._revision:
                raise psycopg.OperationalError("its tables have not the primary's form yet")
        except BaseException:
            made.close()
            raise
        return made


def with_replica(primary: Engine, url: str) -> Engine:
    """Return the primary with a replica, from which ``content_of`` reads; see ``Replica``."""
    return primary.execution_options(**{_REPLICA: Replica(primary, url)})


def replica_of(of: Connection | Engine) -> Replica | None:
    """Return the replica of a primary, None where it has none."""
    found: Replica | None = of.get_execution_options().get(_REPLICA)
    return found


def content_of(
    connection: Connection, actor: Actor, tenant: str, row_id: str, *columns: Column[Any]
) -> tuple[Any, ...] | None:
    """Return columns that never change of a row that the unit has just found, None where it is gone by now.

    ``tenant`` is whose row it is. From the replica where there is one that has it, else from the unit's own database.
    """
    replica = replica_of(connection)
    found = None if replica is None else replica.read(actor.organisation, tenant, row_id, *columns)
    if found is not None:
        return found
    table = columns[0].table
    query = select(*columns).where(table.c.id == row_id, table.c.tenant == tenant)
    row = connection.execute(query).one_or_none()
    return None if row is None else tuple(row)


def _kind(url: str) -> str:
    try:
        return make_url(url).get_backend_name()
    except ArgumentError:
        return ""
