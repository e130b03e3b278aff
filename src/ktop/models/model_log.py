"""The model log: who put which model version in force, when and why, as a chain of entries in one file.

An entry is one line of JSON, synced, that ends with a line feed, and only that character ends it. A process killed, or
a disk full, while an entry is written leaves a line without its end: that change never happened, and the next entry
sets it aside. Whatever else does not fit was changed by somebody, and is refused.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path

LOG = "log.jsonl"
_START = "0" * 64

Action = Literal["add", "promote", "rollback"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the log.

    Parameters
    ----------
    at : UTC, ISO 8601.
    by, why : who did it and the reason given.
    version, previous : the champion after and before; for "add" the version added and "".
    sha256 : of the model file of ``version``.
    evidence : what the decision rests on (figures of a comparison), JSON types; empty where nothing was given.
    before, chain : hash of the entry before, and of this one with it.
    """

    number: int
    at: str
    by: str
    action: Action
    name: str
    version: str
    previous: str
    why: str
    sha256: str
    evidence: Mapping[str, Any]
    before: str
    chain: str


def read(path: Path) -> tuple[tuple[Event, ...], bytes]:
    """Return the entries of a log and the torn end behind them, empty for a sound log.

    Raises ``InputError("models.log_altered")`` where an entry does not follow from those before it.
    """
    if not path.is_file():
        return (), b""
    state = path.stat()
    return _entries(path, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


def append(
    path: Path,
    action: Action,
    name: str,
    version: str,
    previous: str,
    by: str,
    why: str,
    sha256: str,
    evidence: Mapping[str, Any],
) -> Event:
    """Add an entry and return it. To be called by one at a time; ``InputError`` without a name or a reason."""
    if not by.strip() or not why.strip():
        raise InputError("models.who_and_why")
    events, rest = read(path)
    if rest:
        _set_aside(path, rest)
    elif events and not path.read_bytes().endswith(b"\n"):
        _append_line(path, b"")  # the end that the last entry lost
    entry: dict[str, Any] = {
        "number": len(events) + 1,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": _printable(by.strip()[:100]),
        "action": action,
        "name": name,
        "version": version,
        "previous": previous,
        "why": _printable(why.strip()[:1000]),
        "sha256": sha256,
        "evidence": json.loads(json.dumps(_evidence_of(evidence))),
        "before": events[-1].chain if events else _START,
    }
    entry["chain"] = _chain(entry)
    _append_line(path, json.dumps(entry, sort_keys=True).encode("ascii"))
    return Event(**entry)


@functools.lru_cache(maxsize=8)
def _entries(path: Path, *_state: int) -> tuple[tuple[Event, ...], bytes]:
    """Return a log's entries and its torn end, read again only when the file's state (inode, size, times) differs."""
    lines, rest = _lines(path)
    events: list[Event] = []
    for line in lines:
        events.append(_event(line, events))
    if rest:
        with contextlib.suppress(InputError):  # only the line's end was lost: the entry itself is whole
            events.append(_event(rest, events))
            rest = b""
    return tuple(events), rest


def _event(line: bytes, before: Sequence[Event]) -> Event:
    """Return the entry that a line holds; ``InputError`` where it does not follow from those before it."""
    number = len(before) + 1
    try:
        event = Event(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise InputError("models.log_altered", line=number) from error
    previous = before[-1].chain if before else _START
    if event.number != number or event.before != previous or event.chain != _chain(asdict(event)):
        raise InputError("models.log_altered", line=number)
    return event


def _chain(entry: Mapping[str, Any]) -> str:
    """Return the hash of an entry's content, the hash of the entry before it included."""
    content = {name: value for name, value in entry.items() if name != "chain"}
    said = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _lines(path: Path) -> tuple[list[bytes], bytes]:
    """Return the finished lines and what follows the last of them: nothing, unless a line was torn."""
    *lines, rest = path.read_bytes().split(b"\n") if path.is_file() else [b""]
    return lines, rest


def _append_line(path: Path, line: bytes) -> None:
    """Add one line and sync file and folder; the file is as before where that fails. To be called by one at a time."""
    with path.open("ab", buffering=0) as log:
        size = log.tell()
        try:
            content = memoryview(line + b"\n")
            while content:
                content = content[os.write(log.fileno(), content) :]
            os.fsync(log.fileno())
        except OSError as error:
            os.ftruncate(log.fileno(), size)
            raise OSError(error.errno, error.strerror, str(path)) from error
    _sync_folder(path.parent)


def _set_aside(path: Path, rest: bytes) -> Path:
    """Move a torn end into a file of its own beside the log and return that; to be called by one at a time."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    beside = path.with_name(f"{path.stem}-torn-{stamp}{path.suffix}")
    with atomic_path(beside) as temporary:
        temporary.write_bytes(rest)
    with path.open("r+b") as log:
        log.truncate(path.stat().st_size - len(rest))
        os.fsync(log.fileno())
    _sync_folder(path.parent)
    _log.warning("the torn last line of the model log was set aside in %s", beside.name)
    return beside


def _printable(text: str) -> str:
    """Return a text that every encoding of Unicode can hold: half a surrogate pair becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _evidence_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a decision rests on as JSON types that every encoding can hold."""
    return {_printable(str(key)): _plain(value) for key, value in given.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _evidence_of(value)
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return _printable(value) if isinstance(value, str) else value


def _sync_folder(folder: Path) -> None:
    """Make a file's name in its folder last, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
