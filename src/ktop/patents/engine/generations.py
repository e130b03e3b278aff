"""Generations of an index: the one in force, who reads which, and what may be deleted.

An indexing run adds immutable folders and, at its very end, switches one pointer to the generation that names them. A
reader leases the generation it has opened: it holds a shared lock on the lease file, which the system lets go of when
the reader ends, however it ends. A generation is given up only by whoever gets that lock alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import IO

from ktop.kernel.errors import UnavailableError
from ktop.patents.corpus.corpus import Manifest
from ktop.patents.engine.layout import IndexManifest, Layout

#: A reader that meets a switch in the middle of opening opens the next generation; so many switches in a row are none.
_TRIES = 100


class Lease:
    """A reader's hold on one generation; ends with ``close``, with the object, or with the process."""

    def __init__(self, handle: IO[bytes] | None) -> None:
        self._handle = handle

    def close(self) -> None:
        """Let the generation go."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None


def _lease(path: Path) -> Lease | None:
    """Return a hold on a generation's lease file, None while the generation is being given up."""
    try:
        path.parent.mkdir(exist_ok=True)
        handle = path.open("ab")
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return Lease(None)  # a folder that only others may write; on a read-only disk nothing is ever deleted
        raise
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        same = os.fstat(handle.fileno()).st_ino == path.stat().st_ino
    except OSError:  # somebody gives the generation up, or has just done so
        same = False
    if not same:
        handle.close()
        return None
    return Lease(handle)


def open_generation(layout: Layout, wanted: int | None = None) -> tuple[IndexManifest, Lease]:
    """Return the generation in force, leased, or the ``wanted`` one that somebody holds still.

    Raises ``NotFoundError`` where there is no index, ``UnavailableError`` while the first one is being built, where
    another version of the analysis made it, or where the wanted one is gone.
    """
    if wanted is not None:
        held = _lease(layout.lease(wanted)) if layout.generation(wanted).is_file() else None
        stored = layout.stored(wanted)
        if held is None or stored is None:
            raise UnavailableError("patents.index_incomplete", directory=str(layout.directory))
        return stored, held
    for _ in range(_TRIES):
        manifest = layout.read()
        if not manifest.complete:
            break
        lease = _lease(layout.lease(manifest.generation))
        if lease is None:
            continue
        if layout.read().generation == manifest.generation:
            return manifest, lease
        lease.close()
    raise UnavailableError("patents.index_incomplete", directory=str(layout.directory))


def publish(layout: Layout, manifest: IndexManifest, corpus: Manifest) -> None:
    """Put a generation in force: written down beside, then the pointer is switched to it in one step.

    ``corpus`` is what the generation was made from; its readers look texts up in those files.
    """
    layout.write_generation(manifest, corpus)
    layout.write(manifest)
    layout.building.unlink(missing_ok=True)


def give_up(layout: Layout, current: int) -> None:
    """Give up every generation but ``current`` that nobody holds.

    Call it holding the corpus lock. What only these generations named may be deleted from then on.
    """
    for generation in layout.generations():
        if generation == current:
            continue
        lease = layout.lease(generation)
        with lease.open("ab") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            layout.generation(generation).unlink(missing_ok=True)
            lease.unlink(missing_ok=True)
