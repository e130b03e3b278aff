"""Backs an installation up, restores one, and looks after its health."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.kernel.errors import KtopError
from ktop.kernel.progress import Progress, silent
from ktop.kernel.settings import Settings
from ktop.models.registry import ModelRegistry
from ktop.store.dump import Dump
from ktop.store.pruning import Forgotten
from ktop.store.unit_of_work import Store
from ktop.usecases.accounts.throttle import KEPT
from ktop.usecases.batches import interface as batches
from ktop.usecases.corpora.interface import Corpora
from ktop.usecases.effects import interface as effects
from ktop.usecases.operations.backup import restore_backup, write_backup
from ktop.usecases.operations.doctor import Doctor
from ktop.usecases.operations.in_force import settings_in_force
from ktop.usecases.operations.interface import Finding, SettingInForce
from ktop.usecases.sheets import interface as sheets

_PRUNED_AT_ONCE = 1000


class OperationService:
    """See ``ktop.usecases.operations.interface.Operations``."""

    def __init__(
        self, settings: Settings, store: Callable[[], Store], registry: ModelRegistry, corpora: Callable[[], Corpora]
    ) -> None:
        self._settings, self._store, self._registry, self._corpora = settings, store, registry, corpora

    def backup(self, actor: Actor, out: Path, progress: Progress = silent) -> Mapping[str, int]:
        require(actor, "platform:backup:make")
        counts = write_backup(Dump(self._store().engine), self._settings.data, out, progress)
        with self._store().unit(actor) as unit:
            unit.tell("installation.backed_up", "backup", {"rows": sum(counts.values())})
        return counts

    def restore(self, actor: Actor, source: Path, progress: Progress = silent) -> Mapping[str, int]:
        require(actor, "platform:backup:make")
        counts = restore_backup(Dump(self._store().engine), self._settings.data, source, progress)
        with self._store().unit(actor) as unit:
            unit.tell("installation.restored", "backup", {"rows": sum(counts.values())})
        return counts

    def ready(self, actor: Actor) -> Mapping[str, bool]:
        return {
            "database": _holds(lambda: self._figures() is not None),
            "models": _holds(lambda: bool(self._registry.entries())),
            "corpus": _holds(lambda: self._corpora().is_prepared(actor)),
        }

    def doctor(self, actor: Actor) -> Sequence[Finding]:
        require(actor, "platform:settings:read")
        doctor = Doctor(self._settings, self._store, self._registry, lambda: self._corpora().is_prepared(actor))
        order = {"bad": 0, "warning": 1, "good": 2}
        return sorted(doctor.findings(), key=lambda finding: order[finding.state])

    def settings_in_force(self, actor: Actor) -> Sequence[SettingInForce]:
        require(actor, "platform:settings:read")
        return settings_in_force(self._settings)

    def figures(self, actor: Actor) -> Mapping[str, float]:
        require(actor, "platform:settings:read")
        return self._figures()

    def share_request_counts(
        self, actor: Actor, process: str, counts: Mapping[tuple[int, str], int]
    ) -> Mapping[tuple[int, str], int]:
        require(actor, "platform:settings:read")
        with self._store().installation() as work:
            return work.request_counts.share(process, counts)

    def prune(self, actor: Actor) -> Mapping[str, int]:
        require(actor, "platform:settings:read")
        now = datetime.now(UTC)
        until = Forgotten(
            messages=now - timedelta(days=self._settings.messages_days),
            answers=now - timedelta(hours=self._settings.repeats_hours),
            failures=now - KEPT,
            now=now,
            files={
                **dict.fromkeys((sheets.ROWS, sheets.SUMMARY, sheets.REST), now - sheets.KEPT),
                **dict.fromkeys((batches.GIVEN, effects.GIVEN), now - timedelta(days=self._settings.tables_days)),
            },
        )
        gone: Counter[str] = Counter()
        while True:
            with self._store().installation() as work:  # a few at a time: others write in between
                some = work.pruning.forget(until, _PRUNED_AT_ONCE)
            gone.update(some)
            if all(rows < _PRUNED_AT_ONCE for rows in some.values()):
                return dict(gone)

    def _figures(self) -> Mapping[str, float]:
        with self._store().installation(reading=True) as work:
            return work.figures()


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except KtopError:
        return False
