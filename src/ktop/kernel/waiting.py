"""Whether anybody still waits for an answer: long work asks between its items and stops when nobody does.

The border (the web) marks a request whose client has left; threads that work for the request see it by their context.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ktop.kernel.errors import UnavailableError

_LEFT: ContextVar[threading.Event | None] = ContextVar("ktop_client_left", default=None)


@contextmanager
def until(left: threading.Event) -> Iterator[None]:
    """Work within the block is wanted until ``left`` is set; so is what threads do that take over the context."""
    token = _LEFT.set(left)
    try:
        yield
    finally:
        _LEFT.reset(token)


def stop_if_nobody_waits() -> None:
    """Raise ``UnavailableError`` where the client has left; does nothing where nobody marks that (terminal, jobs)."""
    left = _LEFT.get()
    if left is not None and left.is_set():
        raise UnavailableError("platform.nobody_waits")
