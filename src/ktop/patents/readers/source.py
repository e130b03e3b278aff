"""Opens what a user hands over - files, zips, tars, packed files, folders - without trusting its size or its names."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import struct
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, BinaryIO

from ktop.kernel.errors import InputError, NotFoundError, TooLargeError
from ktop.patents.readers.charsets import AsUtf8, wide_encoding

HEAD_BYTES = 65_536
#: Limits of one file after unpacking. The ratio guards against bombs: patent XML packs 7 to 20 times.
MAX_UNPACKED_BYTES = 30 * 1024**3
MAX_ZIP_MEMBERS = 200_000
MAX_RATIO = 150
RATIO_COUNTS_FROM_BYTES = 1_000_000
#: Archives and packed files within each other: offices hand out two (a tar of weeks of zips, packed again).
MAX_DEPTH = 4
#: An archive within another is unpacked to the disk first, up to this size.
MAX_NESTED_BYTES = 4 * 1024**3
#: A zip member that must be unpacked to the disk to be read (Parquet) may be this large.
MAX_MEMBER_ON_DISK_BYTES = 1024**3
_TAR_MARK, _TAR_MARK_AT = b"ustar", 257
_MAGIC_BYTES = _TAR_MARK_AT + len(_TAR_MARK)
#: How packed files begin, and what unpacks them.
_PACKED: Mapping[bytes, Callable[[Any], Any]] = {b"\x1f\x8b": gzip.open, b"\xfd7zX": lzma.open, b"BZh": bz2.open}
#: Archives that are named to the user, for nothing here opens them.
_UNREAD = {
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!": "RAR",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\x1f\x9d": "compress (.Z)",
}
#: Zip methods by number (APPNOTE 4.4.5) that Python's zipfile does not unpack.
_METHODS = {
    1: "Shrink",
    6: "Implode",
    9: "Deflate64",
    10: "PKWARE DCL",
    93: "Zstandard",
    95: "XZ",
    98: "PPMd",
    99: "AES",
}
_READ_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
#: Formats whose bytes are no text, however they look.
_BINARY = (b"PAR1", b"PK", b"\xd0\xcf\x11\xe0", b"%PDF")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
#: What unpacking damaged data raises; an unknown method of packing is a ``NotImplementedError``, a RuntimeError.
_DAMAGE = (
    OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, RuntimeError, KeyError,
    struct.error, OverflowError, tarfile.TarError,
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """How many records were seen in a file: counted where it is cut into them, before anything is made of one."""

    seen: int = 0

    def saw(self, records: int = 1) -> None:
        """Count records of the file."""
        self.seen += records


@dataclass(frozen=True, slots=True)
class Source:
    """One file's worth of bytes, as named to the user.

    Parameters
    ----------
    path : where it is a file of the disk by itself, packed or not.
    opener : opens it from the start where that takes more than opening ``path``: unpacked, guarded.
    problem, told : the key of the sentence that says why it cannot be opened at all, where that is known already, and
        what it tells beside the name.
    tally : the records seen in it so far; whatever cuts a file into records counts them here.
    """

    name: str
    path: Path | None = None
    opener: Callable[[], io.RawIOBase] | None = None
    problem: str | None = None
    told: Mapping[str, str | int] = field(default_factory=dict, compare=False)
    tally: Tally = field(default_factory=Tally, compare=False, repr=False)

    @property
    def packed(self) -> bool:
        """Whether ``path`` does not hold the bytes as they are."""
        return self.opener is not None

    def open(self) -> BinaryIO:
        """Open for reading from the start, unpacked and guarded; text in UTF-16 or UTF-32 comes as UTF-8.

        Raises ``InputError`` where it is damaged or encrypted.
        """
        if self.problem is not None:
            raise InputError(self.problem, file=self.name, **self.told)
        if self.opener is not None:
            stream: io.BufferedReader[Any] = io.BufferedReader(self.opener(), 1 << 20)
        else:
            assert self.path is not None
            stream = self.path.open("rb")
        head = stream.peek(HEAD_BYTES)
        encoding = None if head.startswith(_BINARY) else wide_encoding(head[:HEAD_BYTES])
        return stream if encoding is None else io.BufferedReader(AsUtf8(stream, encoding), 1 << 16)

    def head(self) -> bytes:
        """Return the first bytes, for telling the format."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    @contextlib.contextmanager
    def on_disk(self) -> Iterator[Path]:
        """Give a file that holds all bytes: of what is packed a copy, refused above ``MAX_MEMBER_ON_DISK_BYTES``."""
        if self.path is not None and not self.packed and self.problem is None:
            yield self.path
            return
        with tempfile.NamedTemporaryFile(prefix="ktop-unpacked-") as copy, self.open() as stream:
            left = MAX_MEMBER_ON_DISK_BYTES
            while chunk := stream.read(1 << 20):
                if (left := left - len(chunk)) < 0:
                    limit = MAX_MEMBER_ON_DISK_BYTES // 1024**2
                    raise TooLargeError("patents.file_too_large", file=self.name, limit=limit)
                copy.write(chunk)
            copy.flush()
            yield Path(copy.name)


class _Guarded(io.RawIOBase):
    """A packed stream that stops at its limit, whatever its header promised."""

    def __init__(self, stream: IO[bytes], name: str, limit: int) -> None:
        self._stream, self._name, self._left = stream, name, limit

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
        super().close()


class _Part(io.RawIOBase):
    """A stretch of a file."""

    def __init__(self, path: Path, start: int, length: int) -> None:
        self._stream, self._left = path.open("rb"), length
        self._stream.seek(start)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        data = self._stream.read(min(len(buffer), self._left))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Copy:
    """An unpacked copy on the disk, deleted when nothing refers to it any more."""

    def __init__(self) -> None:
        handle, name = tempfile.mkstemp(prefix="ktop-unpacked-")
        self.path, self.size = Path(name), 0
        self._stream = os.fdopen(handle, "wb")
        weakref.finalize(self, self.path.unlink, missing_ok=True)

    def fill(self, stream: BinaryIO, name: str) -> None:
        """Take all of a stream; ``TooLargeError`` above ``MAX_NESTED_BYTES``."""
        with self._stream, stream:
            while chunk := stream.read(1 << 20):
                self.size += len(chunk)
                if self.size > MAX_NESTED_BYTES:
                    raise TooLargeError("patents.archive_nested_size", file=name, limit=MAX_NESTED_BYTES // 1024**2)
                self._stream.write(chunk)


class _Budget:
    """What everything that one path holds may come to, archives within archives included."""

    def __init__(self) -> None:
        self._members, self._bytes = MAX_ZIP_MEMBERS, MAX_UNPACKED_BYTES

    def take(self, members: int, size: int, name: str) -> None:
        """Count members and their size; ``TooLargeError`` beyond what is allowed."""
        self._members -= members
        self._bytes -= size
        if self._members < 0 or self._bytes < 0:
            raise TooLargeError("patents.archive_bomb", file=name)


def sources(paths: Sequence[Path]) -> Iterator[Source]:
    """Yield every file under ``paths``: as it is, members of zips and tars, files of folders (hidden left out).

    Files of a folder are sorted and named by their paths within it, so that files of the same name can be told apart.
    Archives within archives are opened up to ``MAX_DEPTH``.

    Raises
    ------
    NotFoundError : a path does not exist.
    TooLargeError : an archive unpacks to more than the limits allow; nothing of it is read.

    What is damaged, encrypted, empty or packed in a way that nothing here unpacks is yielded, too, and tells so when it
    is opened: others beside it can be read.
    """
    for path in paths:
        if not path.exists():
            raise NotFoundError("patents.path_missing", path=str(path))
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                inside = file.relative_to(path)
                hidden = any(part.startswith(".") for part in inside.parts)
                if file.is_file() and not hidden:
                    yield from _of_file(file, _printable(inside.as_posix()), _Budget())
        else:
            yield from _of_file(path, _printable(path.name), _Budget())


def _printable(name: str) -> str:
    """Return a file's name with ``?`` for bytes that are no character: names on disk may be of any bytes."""
    return name.encode("utf-8", "replace").decode()


def _of_file(path: Path, name: str, budget: _Budget, depth: int = 1, copy: _Copy | None = None) -> Iterator[Source]:
    """Yield a file, or what it holds where it is an archive or packed.

    ``copy`` holds the file where it is one that has been unpacked; whoever may read it refers to it.
    """

    def opened() -> io.RawIOBase:
        return _Guarded(path.open("rb"), name, copy.size if copy else 0)

    with path.open("rb") as stream:
        magic = stream.read(_MAGIC_BYTES)
    kind = next((kind for mark, kind in _UNREAD.items() if magic.startswith(mark)), None)
    if kind is not None:
        yield Source(name, path=path, problem="patents.archive_kind", told={"kind": kind})
    elif (unpack := _unpacking(magic)) is not None:
        yield from _of_packed(path, name, unpack, budget, depth, copy)
    elif magic.startswith(_ZIP) and not _is_document(path):
        yield from _of_zip(path, name, budget, depth, copy)
    elif _is_tar(magic):
        yield from _of_tar(path, name, budget, depth, copy)
    else:
        yield Source(name, path=path, opener=opened if copy else None)


def _unpacking(magic: bytes) -> Callable[[Any], Any] | None:
    """Return what unpacks a file that begins so, None for one that is not packed."""
    if magic.startswith(b"BZh") and magic[4:10] != b"1AY&SY":
        return None
    return next((unpack for mark, unpack in _PACKED.items() if magic.startswith(mark)), None)


def _is_tar(magic: bytes) -> bool:
    return magic[_TAR_MARK_AT:].startswith(_TAR_MARK)


def _is_archive(magic: bytes) -> bool:
    return _unpacking(magic) is not None or magic.startswith((*_UNREAD, *_ZIP)) or _is_tar(magic)


def _is_document(path: Path) -> bool:
    """Tell whether a zip is an office document (.xlsx, .docx, .hwpx, .ods): a file, no archive of files."""
    with contextlib.suppress(*_DAMAGE), zipfile.ZipFile(path) as archive:
        return bool({"[Content_Types].xml", "mimetype"} & set(archive.namelist()))
    return False


def _of_packed(
    path: Path, name: str, unpack: Callable[[Any], Any], budget: _Budget, depth: int, copy: _Copy | None
) -> Iterator[Source]:
    """Yield a packed file, or what the tar or zip in it holds."""

    def opened(_kept: object = copy) -> io.RawIOBase:
        return _Guarded(unpack(path), name, max(path.stat().st_size * MAX_RATIO, RATIO_COUNTS_FROM_BYTES))

    packed = Source(name, path=path, opener=opened)
    try:
        with packed.open() as stream:
            magic = stream.read(_MAGIC_BYTES)
    except InputError:
        yield packed
        return
    yield from _of_nested(packed, budget, depth + 1) if _is_archive(magic) else (packed,)


def _of_nested(packed: Source, budget: _Budget, depth: int) -> Iterator[Source]:
    """Unpack an archive that lies within another to the disk, and yield what it holds."""
    if depth > MAX_DEPTH:
        yield replace(packed, problem="patents.archive_depth", told={"limit": MAX_DEPTH})
        return
    copy = _Copy()
    try:
        copy.fill(packed.open(), packed.name)
    except InputError as error:
        if error.key == "patents.archive_bomb":
            raise
        yield replace(packed, problem=error.key, told={k: v for k, v in error.params.items() if k != "file"})
        return
    budget.take(0, copy.size, packed.name)
    yield from _of_file(copy.path, packed.name, budget, depth, copy)


def _of_zip(path: Path, name: str, budget: _Budget, depth: int, copy: _Copy | None) -> Iterator[Source]:
    try:
        archive = zipfile.ZipFile(path)  # closed when no member refers to it any more
        members = [info for info in archive.infolist() if not info.is_dir()]
    except _DAMAGE:
        yield Source(name, path=path, problem="patents.archive_broken")
        return
    if not members:
        yield Source(name, path=path, problem="patents.archive_empty")
    total = sum(info.file_size for info in members)
    packed = max(sum(info.compress_size for info in members), 1)
    worst = max(
        (info.file_size / max(info.compress_size, 1) for info in members if info.file_size > RATIO_COUNTS_FROM_BYTES),
        default=0.0,
    )
    if worst > MAX_RATIO or (total > RATIO_COUNTS_FROM_BYTES and total / packed > MAX_RATIO):
        raise TooLargeError("patents.archive_bomb", file=name)
    budget.take(len(members), total, name)
    for info in members:
        yield from _of_member(archive, info, f"{name}/{_name_of(info)}", budget, depth, copy)


def _name_of(info: zipfile.ZipInfo) -> str:
    """Return a member's name; older Korean programs write it in CP949 and do not say so."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return _printable(info.filename)
    try:
        return info.filename.encode("cp437").decode("cp949")
    except UnicodeError:
        return _printable(info.filename)


def _of_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, budget: _Budget, depth: int, copy: _Copy | None
) -> Iterator[Source]:
    def opened(_kept: object = copy) -> io.RawIOBase:
        try:
            return _Guarded(archive.open(info), name, info.file_size)
        except _DAMAGE as error:
            raise InputError("patents.archive_broken", file=name) from error

    if info.flag_bits & 0x1:
        yield Source(name, problem="patents.archive_encrypted")
        return
    if info.compress_type not in _READ_METHODS:
        method = _METHODS.get(info.compress_type, str(info.compress_type))
        yield Source(name, problem="patents.archive_method", told={"method": method})
        return
    found = Source(name, opener=opened)
    try:
        with found.open() as stream:
            magic = stream.read(_MAGIC_BYTES)
    except InputError:
        magic = b""
    yield from _of_nested(found, budget, depth + 1) if _is_archive(magic) else (found,)


def _of_tar(path: Path, name: str, budget: _Budget, depth: int, copy: _Copy | None) -> Iterator[Source]:
    """Yield the files of a tar; links and devices are passed over. What follows damage cannot be found any more."""
    size = path.stat().st_size
    found = 0
    try:
        with tarfile.open(path, "r:") as archive:
            for info in archive:
                if not info.isreg() or info.sparse:
                    continue
                found += 1
                budget.take(1, info.size, name)
                if info.offset_data + info.size > size:
                    raise tarfile.ReadError("ends within a member")
                yield from _of_stretch(path, info, f"{name}/{_printable(info.name)}", budget, depth, copy)
        if not found:
            yield Source(name, path=path, problem="patents.archive_empty")
    except _DAMAGE:
        yield Source(name, path=path, problem="patents.archive_broken")


def _of_stretch(
    path: Path, info: tarfile.TarInfo, name: str, budget: _Budget, depth: int, copy: _Copy | None
) -> Iterator[Source]:
    def opened(_kept: object = copy) -> io.RawIOBase:
        return _Part(path, info.offset_data, info.size)

    inside = Source(name, opener=opened)
    with inside.open() as stream:
        magic = stream.read(_MAGIC_BYTES)
    yield from _of_nested(inside, budget, depth + 1) if _is_archive(magic) else (inside,)
