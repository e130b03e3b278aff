"""A copy of an installation as one file: its tables as lines of JSON, its models and keys, a digest of each part."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import Table

from ktop.kernel.errors import ConflictError, InputError
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress
from ktop.store.dump import Dump, Snapshot, tables

FORMAT = "ktop-backup"
VERSION = 1
#: Folders of the data folder that a copy holds; what else lies there is made anew when missing.
FOLDERS = ("keys", "models")
_MANIFEST = "manifest.json"
_MANIFEST_BYTES = 20_000_000
_CHUNK = 1 << 20


class _Counted(io.RawIOBase):
    """Writes on, and counts and digests what goes through."""

    def __init__(self, onto: IO[bytes]) -> None:
        self._onto, self._digest, self.size = onto, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._digest.update(data)
        self.size += len(data)
        return self._onto.write(data)

    @property
    def entry(self) -> dict[str, Any]:
        return {"sha256": self._digest.hexdigest(), "bytes": self.size}


@contextmanager
def _part(archive: zipfile.ZipFile, name: str, manifest: dict[str, Any]) -> Iterator[_Counted]:
    with archive.open(name, "w", force_zip64=True) as onto:
        counted = _Counted(onto)
        yield counted
    manifest["parts"][name] = counted.entry


def write_backup(dump: Dump, data: Path, out: Path, progress: Progress) -> dict[str, int]:
    """Write the copy and return rows by table; the file is whole or not there, and readable to its owner alone."""
    counts: dict[str, int] = {}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "parts": {},
        "rows": counts,
    }
    with atomic_path(out) as beside:
        beside.touch(mode=0o600)
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:

            def of_one_moment(snapshot: Snapshot) -> None:
                manifest["revision"] = snapshot.revision
                for table in tables():
                    with _part(archive, f"tables/{table.name}.jsonl", manifest) as part:
                        counts[table.name] = _write_lines(part, snapshot.lines(table), table, progress)

            dump.snapshot(of_one_moment)
            for path in _files(data):
                with _part(archive, f"files/{path.relative_to(data).as_posix()}", manifest) as part:
                    part.write(path.read_bytes())
            archive.writestr(_MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        beside.chmod(0o600)
    return counts


def _write_lines(part: _Counted, lines: Iterable[str], table: Table, progress: Progress) -> int:
    count = 0
    for line in lines:
        part.write(line.encode())
        count += 1
        if count % 1000 == 0:
            progress(count, None, table.name)
    return count


def _files(data: Path) -> list[Path]:
    return sorted(
        path
        for folder in FOLDERS
        for path in (data / folder).rglob("*")
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
    )


def restore_backup(dump: Dump, data: Path, source: Path, progress: Progress) -> dict[str, int]:
    """Fill an empty installation from a copy and return rows by table.

    Files are put into place after the tables have been filled; where one is there already nothing is done at all.
    """
    try:
        archive = zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError("operations.no_backup", file=source.name) from error
    with archive:
        manifest = _checked_manifest(archive, source)
        for folder in FOLDERS:
            if any((data / folder).rglob("*")) and any(
                name.startswith(f"files/{folder}/") for name in manifest["parts"]
            ):
                raise ConflictError("operations.not_empty")
        _check_parts(archive, manifest, source, progress)
        counts = dump.fill(manifest["revision"], lambda table: _lines(archive, table, manifest))
        for name in manifest["parts"]:
            if name.startswith("files/"):
                _put(archive, name, data)
    return counts


def _checked_manifest(archive: zipfile.ZipFile, source: Path) -> Mapping[str, Any]:
    try:
        if archive.getinfo(_MANIFEST).file_size > _MANIFEST_BYTES:
            raise ValueError
        found: dict[str, Any] = json.loads(archive.read(_MANIFEST))
        if found["format"] != FORMAT or found["version"] != VERSION:
            raise ValueError
        parts, revision = found["parts"], found["revision"]
        for name, part in parts.items():
            _check_name(name)
            archive.getinfo(name)
            bytes.fromhex(part["sha256"])
            int(part["bytes"])
        if not isinstance(revision, str):
            raise ValueError
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError, zipfile.BadZipFile, OSError) as error:
        raise InputError("operations.no_backup", file=source.name) from error
    return found


def _check_name(name: str) -> None:
    """Raise ``ValueError`` for the name of a part that could lead out of the data folder."""
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or "\\" in name or "\x00" in name:
        raise ValueError
    if place.parts[0] == "files" and (len(place.parts) < 3 or place.parts[1] not in FOLDERS):
        raise ValueError
    if place.parts[0] not in ("files", "tables"):
        raise ValueError


def _check_parts(archive: zipfile.ZipFile, manifest: Mapping[str, Any], source: Path, progress: Progress) -> None:
    """Raise ``InputError`` where a part is not what the copy says it is: nothing has been written yet."""
    for done, (name, part) in enumerate(manifest["parts"].items()):
        progress(done, len(manifest["parts"]), "check")
        digest, size = hashlib.sha256(), 0
        try:
            with archive.open(name) as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    if size > part["bytes"]:
                        break
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise InputError("operations.damaged", file=source.name, part=name) from error
        if size != part["bytes"] or digest.hexdigest() != part["sha256"]:
            raise InputError("operations.damaged", file=source.name, part=name)


def _lines(archive: zipfile.ZipFile, table: Table, manifest: Mapping[str, Any]) -> Iterator[str]:
    name = f"tables/{table.name}.jsonl"
    if name not in manifest["parts"]:
        return
    with archive.open(name) as file, io.TextIOWrapper(file, "utf-8", newline="\n") as lines:
        yield from lines


def _put(archive: zipfile.ZipFile, name: str, data: Path) -> None:
    target = data.joinpath(*PurePosixPath(name).parts[1:])
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.parent.name == "keys":
        target.parent.chmod(0o700)
    with atomic_path(target) as beside:
        beside.touch(mode=0o600)
        with archive.open(name) as source, beside.open("wb") as file:
            shutil.copyfileobj(source, file, _CHUNK)
        beside.chmod(0o600)
