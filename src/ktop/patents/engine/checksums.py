"""Seals folders of the index with the sizes and digests of their files, and tells files that are not as sealed."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

SEAL = "seal.json"
_BLOCK = 1 << 20


def seal(folder: Path) -> None:
    """Write down size and digest of every file of a folder (not of folders in it), and bring all of it to the disk."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != SEAL:
            found[path.name] = [path.stat().st_size, _digest(path)]
    for name in (*found, SEAL):
        if name == SEAL:
            (folder / SEAL).write_text(json.dumps(found, indent=1), encoding="utf-8")
        with (folder / name).open("rb") as handle:
            os.fsync(handle.fileno())


def is_sealed(folder: Path) -> bool:
    """Return whether a folder was completed."""
    return (folder / SEAL).is_file()


def checksum(folder: Path) -> str:
    """Return a digest of a sealed folder's content: of its seal, which has the digest of every file."""
    return hashlib.blake2b((folder / SEAL).read_bytes(), digest_size=16).hexdigest()


def unsound(folder: Path) -> list[str]:
    """Return the names of files that are missing or differ from what was sealed; the seal itself where unreadable."""
    try:
        sealed = json.loads((folder / SEAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return [SEAL]
    found = []
    for name, (size, digest) in sealed.items():
        path = folder / name
        try:
            if path.stat().st_size != size or _digest(path) != digest:
                found.append(name)
        except OSError:
            found.append(name)
    return found


def _digest(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
