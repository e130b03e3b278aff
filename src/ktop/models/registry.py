"""All model versions of an installation: those released with the program, and its own in a data folder.

A version never changes once it stands here. Which version of a model is in force (the champion) follows from a log that
is only ever added to: every entry says who did what, when and why, and carries the hash of the entry before it, so that
a removed or altered entry is noticed.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import importlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from ktop.kernel.errors import ConflictError, InputError, NotFoundError
from ktop.kernel.files import atomic_path
from ktop.models import artefact as files
from ktop.models import model_log
from ktop.models.artefact import Artefact
from ktop.models.company_model import CompanyModel
from ktop.models.model_log import LOG, Event

INDEX = "index.json"
#: Kind of company model → where it is. A new model is one more line here and a folder of its own.
KINDS: Mapping[str, str] = {
    "tech-index": "ktop.models.tech_index:TechIndexModel",
    "ktrs-fm": "ktop.models.ktrs_fm:KtrsFmModel",
    "start-up": "ktop.models.startup:StartUpModel",
    "global-expansion": "ktop.models.global_expansion:GlobalExpansionModel",
}
_LOCK = ".lock"
_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,39}$")
_VERSION = re.compile(r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One model version. ``origin`` is "released" (with the program) or "local" (trained by this installation)."""

    name: str
    version: str
    origin: Literal["released", "local"]
    folder: Path
    file: str
    sha256: str
    #: Sum of the growth paths beside a released version, None where it has none.
    growth_paths_sha256: str | None = None

    @property
    def model_file(self) -> Path:
        """The artefact."""
        return self.folder / f"{self.file}.npz"

    def part(self, suffix: Literal["json", "baseline.json"]) -> dict[str, Any] | None:
        """Return the model card or the baseline beside the artefact, None where there is none."""
        path = self.folder / f"{self.file}.{suffix}"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


class ModelRegistry:
    """The models of one installation.

    Parameters
    ----------
    folder : of the installation's own models and the log; need not exist. None for the released models alone.
    released : folder of the released ones; None for those of this program.
    """

    def __init__(self, folder: Path | None = None, released: Path | None = None) -> None:
        self.folder = folder
        self.released = released or released_folder()

    # --- looking ---------------------------------------------------------------------------------------------------

    def entries(self) -> tuple[Entry, ...]:
        """Return every version: the released ones in the order of their index, then the local ones as they came."""
        entries = list(_released_entries(self.released, *_state(self.released / INDEX)))
        if self.folder is not None:
            for event in self.log():
                if event.action == "add":
                    file = f"{event.name}-{event.version}"
                    entries.append(Entry(event.name, event.version, "local", self.folder, file, event.sha256))
        return tuple(entries)

    def champion(self, name: str) -> str:
        """Return the version in force of a model; raises ``NotFoundError`` for a name with no version in force."""
        stack = self._stack(name)
        if not stack:
            raise NotFoundError("models.no_such_model", name=name)
        return stack[-1]

    def before(self, name: str) -> str | None:
        """Return the version a roll-back would put in force, None where there is none."""
        return next(iter(self._stack(name)[-2:-1]), None)

    def _stack(self, name: str) -> list[str]:
        """Return the versions that were put in force and not taken back, the newest last."""
        released = _released_champions(self.released, *_state(self.released / INDEX)).get(name)
        decisions = [event for event in self.log(name) if event.action != "add"]
        stack = [v for v in (decisions[0].previous if decisions else released,) if v]
        for event in decisions:
            if event.action == "promote":
                stack.append(event.version)
            else:
                stack.pop()
        return stack

    def entry(self, name: str, version: str | None = None) -> Entry:
        """Return one version, the champion where none is named; raises ``NotFoundError`` where there is none."""
        wanted = version or self.champion(name)
        for entry in self.entries():
            if (entry.name, entry.version) == (name, wanted):
                return entry
        raise NotFoundError("models.no_such_model", name=name if version is None else f"{name} {version}")

    def cards(self) -> tuple[dict[str, Any], ...]:
        """Return the card of every version with ``champion`` and ``origin``."""
        cards = []
        for entry in self.entries():
            champion = self._stack(entry.name)[-1:] == [entry.version]
            card = entry.part("json") or {"name": entry.name, "version": entry.version}
            cards.append({**card, "champion": champion, "origin": entry.origin, "sha256": entry.sha256})
        return tuple(cards)

    def artefact(self, name: str, version: str | None = None) -> Artefact:
        """Return one version's artefact, its file checked against the sum it was entered with."""
        entry = self.entry(name, version)
        return _artefact(entry.model_file, entry.sha256, entry.name, entry.version)

    def model(self, name: str, version: str | None = None) -> CompanyModel:
        """Return one version as a company model, loaded once."""
        entry = self.entry(name, version)
        return _model(entry.model_file, entry.sha256, entry.name, entry.version)

    def log(self, name: str | None = None) -> tuple[Event, ...]:
        """Return the log, oldest first, of one model or of all; ``InputError`` where an entry was altered.

        A last line that was never finished does not count; ``torn`` tells of it.
        """
        return tuple(event for event in self._log_and_torn_end()[0] if name in (None, event.name))

    def torn(self) -> int | None:
        """Return the number of the log's last line where it was never finished, None for a sound log."""
        events, rest = self._log_and_torn_end()
        return len(events) + 1 if rest else None

    def _log_and_torn_end(self) -> tuple[tuple[Event, ...], bytes]:
        return ((), b"") if self.folder is None else model_log.read(self.folder / LOG)

    # --- changing --------------------------------------------------------------------------------------------------

    def add(
        self,
        artefact: Artefact,
        card: Mapping[str, Any],
        baseline: Mapping[str, Any] | None,
        *,
        by: str,
        why: str,
    ) -> Entry:
        """Enter a version of the installation's own; it is not in force until it is promoted.

        Name and version are those of the artefact. Raises ``InputError`` where that version exists, or where something
        else stands under a company model's name.
        """
        name, version = str(artefact.meta["name"]), str(artefact.meta["version"])
        if not _NAME.match(name):
            raise InputError("models.bad_name", name=name[:60])
        if not _VERSION.match(version):
            raise InputError("models.bad_version", version=version[:60])
        if name in KINDS:
            _check_company_model(artefact)
        folder = self._own_folder()
        with self._locked():
            if any((e.name, e.version) == (name, version) for e in self.entries()):
                raise InputError("models.version_exists", name=name, version=version)
            file = folder / f"{name}-{version}"
            content = files.as_bytes(artefact)
            _write(file.with_name(file.name + ".npz"), content)
            _write(file.with_name(file.name + ".json"), _json(card))
            if baseline is not None:
                _write(file.with_name(file.name + ".baseline.json"), _json(baseline))
            sha256 = hashlib.sha256(content).hexdigest()
            model_log.append(folder / LOG, "add", name, version, "", by, why, sha256, {})
        return self.entry(name, version)

    def promote(
        self, name: str, version: str, *, by: str, why: str, evidence: Mapping[str, Any] | None = None
    ) -> Event:
        """Put a version in force. Raises ``InputError`` where it is already, ``NotFoundError`` where it is unknown."""
        with self._locked():
            entry = self.entry(name, version)
            self.artefact(name, version)  # a file that cannot be read must not be put in force
            stack = self._stack(name)
            if stack and stack[-1] == version:
                raise InputError("models.already_champion", name=name, version=version)
            before = stack[-1] if stack else ""
            log = self._own_folder() / LOG
            return model_log.append(log, "promote", name, version, before, by, why, entry.sha256, evidence or {})

    def rollback(self, name: str, *, by: str, why: str, expected: str | None = None) -> Event:
        """Put the version in force that was before the last promotion; ``InputError`` where there was none.

        Raises ``ConflictError`` where another version than ``expected`` is in force.
        """
        with self._locked():
            stack = self._stack(name)
            if expected is not None and stack[-1:] != [expected]:
                raise ConflictError("models.other_in_force", name=name, version=stack[-1] if stack else "–")
            if len(stack) < 2:
                raise InputError("models.nothing_to_roll_back", name=name)
            self.artefact(name, stack[-2])
            entry = self.entry(name, stack[-2])
            log = self._own_folder() / LOG
            return model_log.append(log, "rollback", name, stack[-2], stack[-1], by, why, entry.sha256, {})

    def _own_folder(self) -> Path:
        if self.folder is None:
            raise InputError("models.no_own_folder")
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time decide on the log and add to it."""
        with (self._own_folder() / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _check_company_model(artefact: Artefact) -> None:
    """Refuse a model under a company model's name that could not rate a company: it would fail at the next rating."""
    try:
        model = company_model(artefact)
        fits = tuple(indicator.id for indicator in model.indicators) == model.panel.features
    except (KeyError, ValueError):
        fits = False
    if not fits:
        raise InputError("models.not_a_company_model", name=str(artefact.meta["name"]))


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(dict(content), ensure_ascii=False, indent=1) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


@functools.cache
def _artefact(path: Path, sha256: str, name: str, version: str) -> Artefact:
    if not path.is_file():
        raise NotFoundError("models.no_such_model", name=f"{name} {version}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise InputError("models.file_changed", name=name, version=version)
    return files.load(path)


@functools.cache
def _model(path: Path, sha256: str, name: str, version: str) -> CompanyModel:
    return company_model(_artefact(path, sha256, name, version))


def released_folder() -> Path:
    """Return the folder of the models that come with the program."""
    return Path(str(resources.files(__package__).joinpath("released")))


def read_index(folder: Path) -> dict[str, Any]:
    """Return the index of a folder as it is now; empty where there is none."""
    file = folder / INDEX
    if not file.is_file():
        return {"champions": {}, "models": []}
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _state(file: Path) -> tuple[int, ...]:
    """Return what tells a file from itself before a change; nothing where there is none."""
    if not file.is_file():
        return ()
    state = file.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


@functools.lru_cache(maxsize=16)
def _released_entries(folder: Path, *_state: int) -> tuple[Entry, ...]:
    models = read_index(folder)["models"]
    return tuple(
        Entry(
            *(e["name"], e["version"], "released", folder, e["file"], e["sha256"]),
            e.get("growth_paths_sha256"),
        )
        for e in models
    )


@functools.lru_cache(maxsize=16)
def _released_champions(folder: Path, *_state: int) -> Mapping[str, str]:
    champions: Mapping[str, str] = read_index(folder)["champions"]
    return champions


def company_model(artefact: Artefact) -> CompanyModel:
    """Return the company model an artefact holds; ``NotFoundError`` for a kind this program does not know."""
    name = str(artefact.meta.get("name"))
    if name not in KINDS:
        raise NotFoundError("models.no_such_model", name=name)
    module, kind = KINDS[name].split(":")
    model: CompanyModel = getattr(importlib.import_module(module), kind)(artefact)
    return model
