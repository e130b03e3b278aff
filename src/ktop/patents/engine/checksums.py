"""Checksums of the folders of an index: written once a folder is complete, verified whenever it is opened.

A complete folder holds the sizes and digests of its files. A digest is read again whenever the system's own marks of a
file (inode, times of change) are not those it had when its digest was last read; so opening is cheap, and no byte
changed by any program goes unseen. Bytes that the disk itself turns without a write are found by ``ktop patents
verify``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path

CHECKSUMS = "seal.json"
#: What the files of a folder looked like to the system when their digests were last read.
SEEN = "seen.json"
_BLOCK = 1 << 20


def write_checksums(folder: Path) -> None:
    """Write down size and digest of every file of a folder (not of folders in it), and bring all of it to the disk."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in (CHECKSUMS, SEEN):
            found[path.name] = [path.stat().st_size, file_digest(path)]
    for name in (*found, CHECKSUMS):
        if name == CHECKSUMS:
            (folder / CHECKSUMS).write_text(json.dumps(found, indent=1), encoding="utf-8")
        with (folder / name).open("rb") as handle:
            os.fsync(handle.fileno())
    _write_seen(folder, list(found))


@contextlib.contextmanager
def complete_folder(folder: Path) -> Iterator[Path]:
    """Fill a folder beside ``folder``; at the end it gets its checksums and takes the place of ``folder``, in one step.

    Where the work fails ``folder`` stays as it was.
    """
    beside = folder.with_name(folder.name + ".part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    yield beside
    write_checksums(beside)
    shutil.rmtree(folder, ignore_errors=True)
    beside.replace(folder)


def verify_checksums(folder: Path) -> None:
    """Refuse a folder of which any file is missing, cut, or otherwise than it was written.

    Raises ``InputError`` (``patents.index_damaged``) naming the first such file.
    """
    try:
        names = list(json.loads((folder / CHECKSUMS).read_text(encoding="utf-8")))
        marks = _marks(folder, names)
    except (OSError, ValueError):
        marks = {}
    if marks and marks == _seen(folder):
        return
    for name in checksum_mismatches(folder):
        raise InputError("patents.index_damaged", file=name, folder=folder.name)
    _write_seen(folder, names)


def _marks(folder: Path, names: list[str]) -> dict[str, Any]:
    """Return what the system tells of files, and the digest of the file of checksums itself."""
    found: dict[str, Any] = {CHECKSUMS: checksum(folder)}
    for name in names:
        status = (folder / name).stat()
        found[name] = [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
    return found


def _seen(folder: Path) -> Any:
    try:
        return json.loads((folder / SEEN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write_seen(folder: Path, names: list[str]) -> None:
    # Where a reader may not write, or the disk is full, digests are read again each time.
    with contextlib.suppress(OSError), atomic_path(folder / SEEN) as temporary:
        temporary.write_text(json.dumps(_marks(folder, names)), encoding="utf-8")


def has_checksums(folder: Path) -> bool:
    """Return whether a folder was completed."""
    return (folder / CHECKSUMS).is_file()


def checksum(folder: Path) -> str:
    """Return a digest of a complete folder's content: of its file of checksums, which has the digest of every file."""
    return hashlib.blake2b((folder / CHECKSUMS).read_bytes(), digest_size=16).hexdigest()


def checksum_mismatches(folder: Path) -> list[str]:
    """Return the names of files that are missing or differ from their checksums; that of these where unreadable."""
    try:
        written = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
        entries = [(str(name), int(size), str(digest)) for name, (size, digest) in written.items()]
    except (OSError, ValueError, TypeError, AttributeError):
        return [CHECKSUMS]
    found = []
    for name, size, digest in entries:
        path = folder / name
        try:
            if path.stat().st_size != size or file_digest(path) != digest:
                found.append(name)
        except OSError:
            found.append(name)
    return found


def file_digest(path: Path) -> str:
    """Return a digest of the bytes of a file."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
