"""The file of the model log: whole lines appended and synced; a last line that was never finished is set aside.

An entry is one line of JSON that ends with a line feed, and only that character ends it. A process killed, or a disk
full, while an entry is written leaves a line without its end: that change never happened. Whatever else does not fit
was changed by somebody, and is refused by the reader (``ktop.models.registry``).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ktop.kernel.files import atomic_path

_log = logging.getLogger(__name__)


def read(path: Path) -> tuple[list[bytes], bytes]:
    """Return the finished lines and what follows the last of them: nothing, unless a line was torn."""
    *lines, rest = path.read_bytes().split(b"\n") if path.is_file() else [b""]
    return lines, rest


def append(path: Path, line: bytes) -> None:
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


def set_aside(path: Path, rest: bytes) -> Path:
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


def printable(text: str) -> str:
    """Return a text that every encoding of Unicode can hold: half a surrogate pair becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def evidence_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a decision rests on as JSON types that every encoding can hold."""
    return {printable(str(key)): _plain(value) for key, value in given.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return evidence_of(value)
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return printable(value) if isinstance(value, str) else value


def _sync_folder(folder: Path) -> None:
    """Make a file's name in its folder last, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
