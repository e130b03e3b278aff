"""Looks at the set-up of an installation and says what is wrong with it."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from ktop.kernel.errors import KtopError
from ktop.kernel.settings import Settings
from ktop.models.registry import ModelRegistry
from ktop.store.audit_chain import Flaw
from ktop.store.dump import revision_here
from ktop.store.replica import replica_of
from ktop.store.unit_of_work import Store
from ktop.usecases.operations.interface import Finding

_FREE_BYTES_WANTED = 2_000_000_000
_LATE = timedelta(minutes=10)


class Doctor:
    """The checks of one installation; each is independent of the others and says one thing."""

    def __init__(
        self, settings: Settings, store: Callable[[], Store], registry: ModelRegistry, corpus_ready: Callable[[], bool]
    ) -> None:
        self._settings, self._store, self._registry, self._corpus_ready = settings, store, registry, corpus_ready

    def findings(self) -> Iterator[Finding]:
        """Give what was found, what matters most first."""
        for name in ("python", "data", "disk", "database", "audit", "models", "keys", "corpus", "jobs"):
            check: Callable[[], Finding] = getattr(self, f"_{name}")
            try:
                yield check()
            except KtopError as error:
                yield Finding(name, "bad", error.key, error.params)

    def _found(self, name: str, state: Literal["good", "warning", "bad"], what: str, **values: Any) -> Finding:
        return Finding(name, state, f"operations.{name}_{what}", values)

    def _python(self) -> Finding:
        version = ".".join(str(part) for part in sys.version_info[:3])
        known = (3, 11) <= sys.version_info[:2] <= (3, 14)
        return self._found("python", "good" if known else "warning", "good" if known else "unknown", version=version)

    def _data(self) -> Finding:
        folder = self._settings.data
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".doctor-{os.getpid()}"
            probe.write_bytes(b"x")
            probe.unlink()
        except OSError:
            return self._found("data", "bad", "unwritable", folder=str(folder))
        if folder.stat().st_mode & stat.S_IWOTH:
            return self._found("data", "bad", "open", folder=str(folder))
        return self._found("data", "good", "good", folder=str(folder))

    def _disk(self) -> Finding:
        free = shutil.disk_usage(self._settings.data).free
        enough = free >= _FREE_BYTES_WANTED
        return self._found(
            "disk", "good" if enough else "warning", "good" if enough else "low", gb=round(free / 1e9, 1)
        )

    def _database(self) -> Finding:
        store = self._store()
        with store.installation() as work:
            revision = work.revision
        wanted = revision_here()
        kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[store.engine.dialect.name]
        if revision != wanted:
            return self._found("database", "bad", "old", kind=kind, given=revision, wanted=wanted)
        replica = replica_of(store.engine)
        if replica is not None and replica.rests:
            return self._found("database", "warning", "replica")
        return self._found("database", "good", "good", kind=kind, revision=revision)

    def _audit(self) -> Finding:
        with self._store().installation() as work:
            found = work.audit_chain.verify()
            oldest = work.audit_chain.oldest_unsealed()
        if isinstance(found, Flaw):
            return self._found("audit", "bad", "broken", kind=found.kind, event=found.event or "–")
        if oldest is not None and datetime.now(UTC) - oldest > _LATE:
            return self._found("audit", "warning", "unsealed", count=found.unsealed)
        return self._found("audit", "good", "good", count=found.events)

    def _models(self) -> Finding:
        names = sorted({entry.name for entry in self._registry.entries()})
        for name in names:
            if name != "originality":
                self._registry.model(name)  # every byte against its digest
        torn = self._registry.torn()
        if torn is not None:
            return self._found("models", "warning", "torn", line=torn)
        return self._found("models", "good", "good", count=len(names))

    def _keys(self) -> Finding:
        folder = self._settings.data / "keys"
        unsafe = [path.name for path in _files(folder) if path.stat().st_mode & 0o077]
        if unsafe:
            return self._found("keys", "bad", "open", files=", ".join(unsafe[:5]), folder=str(folder))
        return self._found("keys", "good", "good", count=len(list(_files(folder))))

    def _corpus(self) -> Finding:
        ready = self._corpus_ready()
        folder = str(self._settings.corpus_in_force)
        return self._found("corpus", "good" if ready else "warning", "good" if ready else "missing", folder=folder)

    def _jobs(self) -> Finding:
        with self._store().installation() as work:
            figures = work.figures()
        late = int(figures["jobs_late"])
        if late:
            return self._found("jobs", "warning", "late", count=late)
        return self._found("jobs", "good", "good", count=int(figures["jobs_waiting"]))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
