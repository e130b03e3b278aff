"""Reads Parquet files and hands their rows over as Arrow; run as a program of its own by ``ktop.kernel.parquet``.

A damaged byte can make the decoder ask for more memory than there is, and a decoder that gets none aborts its process:
no exception tells of it. So it runs in one that may be lost, within a bound of memory.

Each line of standard input asks for one file, as JSON. Standard output answers with blocks, each led by its length in
eight bytes: an Arrow stream of some rows, the first with the columns alone; a length of nought ends the file, one of
``DAMAGED`` says that it cannot be read.
"""

from __future__ import annotations

import contextlib
import io
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

DAMAGED = 2**64 - 1
#: Rows of a block. What reads a file whole puts them together again.
BLOCK_ROWS = 100_000
#: A process that nobody asked for so long ends itself.
IDLE_SECONDS = 30
_DAMAGE = (pl.exceptions.PolarsError, OSError, ValueError, OverflowError)


class _TooLargeError(Exception):
    """The rows take more than was asked for."""


def frames(path: str, rows: int | None) -> Iterator[pl.DataFrame]:
    """Yield a frame of the columns without rows, then the rows.

    Parameters
    ----------
    rows : at a time, so that a file of any size fits; ``None`` reads the file whole, 0 gives the columns alone.
    """
    if rows is None:
        whole = pl.read_parquet(path, glob=False)
        yield whole.clear()
        yield from whole.iter_slices(BLOCK_ROWS) if whole.height else ()
        return
    scan = pl.scan_parquet(path, glob=False)
    yield scan.collect_schema().to_frame()
    offset = 0
    while rows:
        batch = scan.slice(offset, rows).collect()
        if batch.height:
            yield batch
        offset += batch.height
        if batch.height < rows:
            return


def answer(asked: dict[str, Any], out: BinaryIO) -> bool:
    """Write the blocks of one file; return whether this process may be trusted with another."""
    taken, sound = 0, True
    try:
        for frame in frames(asked["path"], asked["rows"]):
            block = io.BytesIO()
            frame.write_ipc_stream(block)
            taken = block.tell() + (taken if asked["rows"] is None else 0)
            if taken > asked["bytes"]:
                raise _TooLargeError
            out.write(block.tell().to_bytes(8, "big"))
            out.write(block.getbuffer())
        out.write(bytes(8))
    except (*_DAMAGE, _TooLargeError, pl.exceptions.PanicException) as error:
        out.write(DAMAGED.to_bytes(8, "big"))
        # a panic may leave locks behind that nobody opens, and memory once taken may not be given back
        sound = isinstance(error, _DAMAGE)
    out.flush()
    return sound


def bound(memory_bytes: int, standing: int) -> None:
    """Let this process take so much memory more than it has standing, where the system can see to that."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        wanted = standing + memory_bytes
        if standing and (most == resource.RLIM_INFINITY or wanted < most):
            resource.setrlimit(resource.RLIMIT_AS, (wanted, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def standing_bytes() -> int:
    """Return the memory of this process with the decoder's threads begun; nought where the system does not tell."""
    small = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_parquet(small)
    pl.read_parquet(small.getvalue())
    with contextlib.suppress(OSError, ImportError):
        import resource

        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return 0


def main() -> None:
    """Answer what is asked until nobody asks any more."""
    standing = standing_bytes()
    alarm = getattr(signal, "alarm", lambda seconds: None)
    alarm(IDLE_SECONDS)
    for line in sys.stdin.buffer:
        alarm(0)
        asked = json.loads(line)
        bound(asked["memory"], standing)
        if not answer(asked, sys.stdout.buffer):
            return
        alarm(IDLE_SECONDS)


if __name__ == "__main__":
    main()
