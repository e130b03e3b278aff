"""Lets writers to SQLite take turns in the order they came, and those of one process share a transaction and its sync.

SQLite has one writer at a time, and lets those who wait try again at random: under load the unlucky ones starve. And
each commit waits for the disk, which takes longer than the writing. Here a unit of work that has ended hands the
transaction, still open, to the next one that waits; the last one commits for all. Each unit is a savepoint: one that
fails leaves nothing behind and takes nobody with it. None returns before the commit that holds it is on the disk.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as DatabaseTimeoutError

from ktop.store.database import READ_ONLY

#: How long a unit waits for its turn within its process.
_PATIENCE_SECONDS = 20.0
#: So many units share a transaction at most, and so long it may be open when another joins: the first one waits.
_MOST_UNITS, _LONGEST_SECONDS = 64, 0.05
#: How long a process waits for the others; then SQLite itself decides. And how often it looks.
_QUEUE_SECONDS, _LOOK_SECONDS = 5.0, 0.0005


class _Turns:
    """One turn at a time, given in the order in which it was asked for."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def take(self, seconds: float) -> None:
        """Wait for the turn; raises SQLAlchemy's ``TimeoutError`` where it does not come in time."""
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
        if not gate.acquire(timeout=seconds):
            with self._mutex:
                if gate in self._waiting:  # else it was given at the last moment
                    self._waiting.remove(gate)
                    raise DatabaseTimeoutError("no turn to write")

    def hand_on(self) -> bool:
        """Give the turn to the first who waits; return False, and keep it, where nobody does."""
        with self._mutex:
            if not self._waiting:
                return False
            self._waiting.popleft().release()
            return True

    def end(self) -> None:
        """Give the turn to the first who waits, or to whoever asks next."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False

    def waiting(self) -> int:
        """Return how many wait."""
        return len(self._waiting)


class _ProcessQueue:
    """The order of the processes that write to one file: whoever waits next stands at a place of its own, so that one
    who has just written cannot overtake it. It is for fairness alone: that there is one writer is SQLite's to see to.
    """

    def __init__(self, database: Path | None) -> None:
        self._database = database
        self._files: tuple[int, int] | None = None

    def enter(self) -> None:
        """Wait for the turn of this process, for a while."""
        if self._database is None:
            return
        if self._files is None:
            names = (self._database.with_name(f"{self._database.name}-{part}") for part in ("next", "turn"))
            first, second = (os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) for name in names)
            self._files = first, second
        until = time.monotonic() + _QUEUE_SECONDS
        behind, turn = self._files
        for place in (behind, turn):
            while not _locked(place) and time.monotonic() < until:
                time.sleep(_LOOK_SECONDS)
        fcntl.flock(behind, fcntl.LOCK_UN)

    def leave(self) -> None:
        """Let the next process write."""
        if self._files is not None:
            fcntl.flock(self._files[1], fcntl.LOCK_UN)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class _Shared:
    """A transaction that several units share, one after the other."""

    def __init__(self, connection: Connection, transaction: RootTransaction) -> None:
        self.connection, self.transaction = connection, transaction
        self.began = time.monotonic()
        self.units = 0
        self.ended = threading.Event()
        self.failure: Exception | None = None


class SharedCommits:
    """The units of work of one process that write to an SQLite database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turns = _Turns()
        name = engine.url.database
        self._queue = _ProcessQueue(None if name in (None, "", ":memory:") else Path(str(name)))
        self._shared: _Shared | None = None

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the connection to one unit; once the block is left, what it wrote is on the disk, or nothing of it is.

        Raises SQLAlchemy's errors where the database fails, or no turn to write comes in time.
        """
        self._turns.take(_PATIENCE_SECONDS)
        try:
            shared = self._joined()
        except BaseException:
            self._turns.end()
            raise
        try:
            yield shared.connection
        except BaseException:
            self._leave(shared, keep=False)
            raise
        self._leave(shared, keep=True)

    def _joined(self) -> _Shared:
        shared, self._shared = self._shared, None
        if shared is None:
            shared = self._begun()
        try:
            shared.connection.exec_driver_sql("SAVEPOINT unit")
        except Exception as error:
            shared.failure = error
            self._end(shared)
            raise
        return shared

    def _begun(self) -> _Shared:
        connection = self._engine.connect()
        try:
            connection.execution_options(**{READ_ONLY: False})
            self._queue.enter()
            return _Shared(connection, connection.begin())
        except BaseException:
            self._queue.leave()
            connection.close()
            raise

    def _leave(self, shared: _Shared, *, keep: bool) -> None:
        try:
            if not keep:
                shared.connection.exec_driver_sql("ROLLBACK TO unit")
            shared.connection.exec_driver_sql("RELEASE unit")
            shared.units += keep
        except SQLAlchemyError as error:  # SQLite has undone the whole transaction (a full disk): nobody's is kept
            shared.failure = error
        if not self._handed_on(shared):
            self._end(shared)
            self._turns.end()
        elif keep:
            shared.ended.wait()
        if keep and shared.failure is not None:
            raise shared.failure

    def _handed_on(self, shared: _Shared) -> bool:
        full = shared.units >= _MOST_UNITS or time.monotonic() - shared.began > _LONGEST_SECONDS
        if shared.failure is not None or full:
            return False
        self._shared = shared
        if self._turns.hand_on():
            return True
        self._shared = None
        return False

    def _end(self, shared: _Shared) -> None:
        try:
            if shared.failure is None and shared.units:
                shared.transaction.commit()
        except Exception as error:
            shared.failure = error
        finally:
            with contextlib.suppress(SQLAlchemyError):
                if shared.failure is not None:  # a commit that fails leaves SQLite's transaction open
                    shared.connection.invalidate()
                shared.connection.close()  # undoes what was not committed
            self._queue.leave()
            shared.ended.set()
