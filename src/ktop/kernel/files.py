"""Writing files so that a reader never meets half of one: write beside, then rename."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from ktop.kernel.errors import UnavailableError


class DiskFullError(UnavailableError, OSError):
    """The disk (or what this user may take of it) is full; the file is as it was. Still an ``OSError`` to libraries."""

    def __init__(self, key: str, **params: str) -> None:
        UnavailableError.__init__(self, key, **params)
        self.errno = errno.ENOSPC


@contextlib.contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Give a temporary path beside ``target``; when the block ends well it is synced and renamed onto ``target``.

    When the block raises, the temporary file is removed and ``target`` stays as it was; a full disk is told by
    ``DiskFullError``. The parent folder is made if it does not exist, and synced after the rename.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.stem}.{secrets.token_hex(4)}.part{target.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError("files.disk_full", path=target.name, folder=str(target.parent)) from error
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: without it, a rename may be undone by a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that cannot sync a folder
            raise
    finally:
        os.close(handle)
