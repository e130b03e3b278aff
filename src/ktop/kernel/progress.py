"""How long work tells its progress: services call back, pages and terminals show it."""

from __future__ import annotations

from collections.abc import Callable

#: Called with (steps done, steps in all or None where nobody knows, what is being done).
Progress = Callable[[int, int | None, str], None]


def silent(done: int, total: int | None, what: str) -> None:
    """Show nothing."""
