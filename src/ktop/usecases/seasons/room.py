"""What the parts of a season share: the store, the models, the clock, and how a table is read."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ktop.domain.company.headings import CompanyHeadings
from ktop.domain.season.call import Call
from ktop.kernel.errors import ForbiddenError, InputError, NotFoundError, TooLargeError
from ktop.models.registry import ModelRegistry
from ktop.store.programmes import ApplicationRow
from ktop.store.unit_of_work import Store, UnitOfWork
from ktop.usecases.batches.rating import MEDIA_TYPES
from ktop.usecases.batches.service import plain_name
from ktop.usecases.uploads import read_told_table


class SeasonRoom:
    """What every part works with. ``limit_mb`` bounds a table that is uploaded."""

    def __init__(
        self,
        store: Callable[[], Store],
        registry: ModelRegistry,
        limit_mb: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._registry, self._limit_mb, self._clock = store, registry, limit_mb, clock

    def _read(self, content: bytes, name: str) -> Any:
        shown = plain_name(name)
        if Path(shown).suffix.lower()[1:] not in MEDIA_TYPES:
            raise InputError("batches.unknown_table", file=shown)
        if len(content) > self._limit_mb * 1_000_000:
            raise TooLargeError("batches.too_large", file=shown, limit_mb=self._limit_mb)
        if not content:
            raise InputError("batches.empty", file=shown)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"applicants{Path(shown).suffix.lower()}"
            path.write_bytes(content)
            return read_told_table(path, shown, CompanyHeadings())


def own_call(unit: UnitOfWork, call_id: str) -> Call:
    call = unit.seasons.call(call_id)
    if call.agency != unit.actor.organisation:
        raise NotFoundError("programmes_season.no_call")
    return call


def require_no_conflict(unit: UnitOfWork, row: ApplicationRow) -> None:
    if row.id in unit.seasons.conflicts(row.call):
        raise ForbiddenError("programmes_season.recused")
