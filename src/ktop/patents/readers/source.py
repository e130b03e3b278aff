"""Opens what a user hands over - files, zips, gzip and xz files, folders - without trusting its size or its names."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from ktop.kernel.errors import InputError, NotFoundError, TooLargeError

HEAD_BYTES = 65_536
#: Limits of one file after unpacking. The ratio guards against bombs: patent XML packs 7 to 20 times.
MAX_UNPACKED_BYTES = 30 * 1024**3
MAX_ZIP_MEMBERS = 200_000
MAX_RATIO = 150
RATIO_COUNTS_FROM_BYTES = 1_000_000
#: A zip member that must be held whole (Parquet) may be this large.
MAX_MEMBER_IN_MEMORY_BYTES = 1024**3
_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zX"
#: What unpacking damaged data raises; an unknown method of packing is a ``NotImplementedError``, a RuntimeError.
_DAMAGE = (
    OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, RuntimeError, KeyError,
    struct.error, OverflowError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """One file's worth of bytes, as named to the user. ``path`` is set where it is a file, ``packed`` or not.

    ``problem`` is the key of the sentence that says why it cannot be opened at all, where that is known already.
    """

    name: str
    path: Path | None = None
    archive: Path | None = None
    member: str | None = None
    packed: bool = False
    problem: str | None = None

    def open(self) -> BinaryIO:
        """Open for reading from the start, unpacked and guarded; ``InputError`` where it is damaged or encrypted."""
        if self.problem is not None:
            raise InputError(self.problem, file=self.name)
        if self.archive is not None and self.member is not None:
            return io.BufferedReader(_member(self.archive, self.member, self.name), 1 << 20)
        assert self.path is not None
        if self.packed:
            limit = max(self.path.stat().st_size * MAX_RATIO, RATIO_COUNTS_FROM_BYTES)
            return io.BufferedReader(_Guarded(_unpack(self.path), self.name, limit), 1 << 20)
        return self.path.open("rb")

    def head(self) -> bytes:
        """Return the first bytes, for telling the format."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    def whole(self) -> bytes:
        """Return all bytes of a zip member or gzip; refused above ``MAX_MEMBER_IN_MEMORY_BYTES``."""
        with self.open() as stream:
            data = stream.read(MAX_MEMBER_IN_MEMORY_BYTES + 1)
        if len(data) > MAX_MEMBER_IN_MEMORY_BYTES:
            raise TooLargeError("patents.file_too_large", file=self.name, limit=MAX_MEMBER_IN_MEMORY_BYTES // 1024**2)
        return data


def _unpack(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        is_gzip = stream.read(2) == _GZIP
    return gzip.open(path) if is_gzip else lzma.open(path)  # type: ignore[return-value]


def _member(path: Path, member: str, name: str) -> _Guarded:
    """Open one member of a zip, whose own header may be damaged where the directory of the zip is not."""
    archive = None
    try:
        archive = zipfile.ZipFile(path)
        return _Guarded(archive.open(member), name, archive.getinfo(member).file_size, archive)
    except _DAMAGE as error:
        if archive is not None:
            archive.close()
        raise InputError("patents.archive_broken", file=name) from error


class _Guarded(io.RawIOBase):
    """A packed stream that stops at its limit, whatever its header promised."""

    def __init__(
        self, stream: IO[bytes] | gzip.GzipFile, name: str, limit: int, owner: zipfile.ZipFile | None = None
    ) -> None:
        self._stream, self._name, self._left, self._owner = stream, name, limit, owner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        try:
            data = self._stream.read(len(buffer))
        except _DAMAGE as error:
            raise InputError("patents.archive_broken", file=self._name) from error
        self._left -= len(data)
        if self._left < 0:
            raise TooLargeError("patents.archive_bomb", file=self._name)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            if self._owner is not None:
                self._owner.close()
        super().close()


def sources(paths: Sequence[Path]) -> Iterator[Source]:
    """Yield every file under ``paths``: files as they are, members of zips, files of folders (sorted, hidden left out).

    A file of a folder is named by its path within it, so that files of the same name can be told apart.

    Raises
    ------
    NotFoundError : a path does not exist.
    TooLargeError : a zip unpacks to more than the limits allow; nothing of it is read.

    What is damaged or encrypted is yielded, too, and tells so when it is opened: others beside it can be read.
    """
    for path in paths:
        if not path.exists():
            raise NotFoundError("patents.path_missing", path=str(path))
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                inside = file.relative_to(path)
                hidden = any(part.startswith(".") for part in inside.parts)
                if file.is_file() and not hidden:
                    yield from _of_file(file, _printable(inside.as_posix()))
        else:
            yield from _of_file(path, _printable(path.name))


def _printable(name: str) -> str:
    """Return a file's name with ``?`` for bytes that are no character: names on disk may be of any bytes."""
    return name.encode("utf-8", "replace").decode()


def _of_file(path: Path, name: str) -> Iterator[Source]:
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic[:2] == _GZIP or magic == _XZ:
        yield Source(name, path=path, packed=True)
    elif magic == b"PK\x03\x04":
        yield from _of_zip(path, name)
    else:
        yield Source(name, path=path)


def _of_zip(path: Path, name: str) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
    except _DAMAGE:
        yield Source(name, path=path, problem="patents.archive_broken")
        return
    total = sum(info.file_size for info in members)
    packed = max(sum(info.compress_size for info in members), 1)
    worst = max(
        (info.file_size / max(info.compress_size, 1) for info in members if info.file_size > RATIO_COUNTS_FROM_BYTES),
        default=0.0,
    )
    bomb = worst > MAX_RATIO or (total > RATIO_COUNTS_FROM_BYTES and total / packed > MAX_RATIO)
    if bomb or total > MAX_UNPACKED_BYTES or len(members) > MAX_ZIP_MEMBERS:
        raise TooLargeError("patents.archive_bomb", file=name)
    for info in members:
        inside = f"{name}/{info.filename}"
        problem = "patents.archive_encrypted" if info.flag_bits & 0x1 else None
        yield Source(inside, archive=path, member=info.filename, problem=problem)
