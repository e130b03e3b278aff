"""What is published of the platform: how much it is used, which grades there are, what became of rated firms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ktop.domain.party.actor import Actor


@dataclass(frozen=True, slots=True)
class Published:
    """Figures as they were published last; ``tables`` are JSON types, hidden counts None."""

    made: datetime
    tables: Mapping[str, Any]


class Statistics(Protocol):
    """Public figures. Calls block and are thread-safe."""

    def publish(self, actor: Actor, folder: Path | None = None) -> Published:
        """Count anew and write ``figures.json`` and each table as CSV and .xlsx, to ``folder`` or where the page reads.

        Counts under five firms are hidden, with others so that no table tells them. Raises ``ForbiddenError``.
        """
        ...

    def tend(self, actor: Actor) -> bool:
        """Count anew where what is published is a day old or was never made; return whether. For the installation."""
        ...

    def table(self, actor: Actor, name: str, ending: str = "csv") -> bytes:
        """Return one published table as ``csv`` or ``xlsx``, for everybody; raises ``NotFoundError`` where none is."""
        ...

    def published(self, actor: Actor) -> Published | None:
        """Return what was published last, for everybody; None before the first time."""
        ...
