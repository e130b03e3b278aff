"""Hashes passwords (argon2id), a few at a time: each costs a quarter of a second and 64 MiB."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ktop.domain.party.password import MAXIMUM, normalised
from ktop.kernel.errors import BusyError

if TYPE_CHECKING:
    from pwdlib import PasswordHash

#: Worked on at the same time, and waiting beside them: what a flood of sign-ins can take of memory and threads.
_AT_ONCE, _WAITING = 2, 8


class PasswordHashes:
    """Hashes and verifies, by the parameters of RFC 9106's second recommendation unless told otherwise.

    Parameters
    ----------
    time_cost, memory_kib, lanes : parameters of argon2id; smaller ones serve tests.
    """

    def __init__(self, time_cost: int = 3, memory_kib: int = 65536, lanes: int = 4) -> None:
        self._cost = (time_cost, memory_kib, lanes)
        self._places = threading.BoundedSemaphore(_AT_ONCE + _WAITING)
        self._working = threading.BoundedSemaphore(_AT_ONCE)

    def hash(self, password: str) -> str:
        """Return the hash of a password, with its salt and parameters; raises ``BusyError`` where too many wait."""
        with self._turn():
            return self._hasher.hash(normalised(password))

    def verify(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        """Return whether a password is the hashed one, and its hash by newer parameters where those have changed.

        Without a hash (an unknown login) the same work is done and the answer is no. Raises ``BusyError`` where too
        many wait.
        """
        with self._turn():
            given = normalised(password)[: MAXIMUM + 1]
            right, newer = self._hasher.verify_and_update(given, hashed or self._nobody)
        return (right, newer) if hashed else (False, None)

    @functools.cached_property
    def _hasher(self) -> PasswordHash:
        from pwdlib import PasswordHash  # with its C library: only where somebody signs in
        from pwdlib.hashers.argon2 import Argon2Hasher

        time_cost, memory_kib, lanes = self._cost
        return PasswordHash((Argon2Hasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes),))

    @functools.cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("the password of nobody")

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise BusyError("accounts.busy", retry_after_seconds=5)
        try:
            with self._working:
                yield
        finally:
            self._places.release()
