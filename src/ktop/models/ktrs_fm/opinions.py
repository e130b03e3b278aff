"""The written analysis (분석의견) of one company, from its exact contributions."""

from __future__ import annotations

from typing import Any

from ktop.domain.rating import Opinion


def opinions(model: Any, batch: Any, row: int) -> tuple[Opinion, ...]:
    """Return the sentences; none yet."""
    return ()
