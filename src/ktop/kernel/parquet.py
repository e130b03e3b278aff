"""Parquet files from outside, decoded in a process that may be lost: one damaged byte can make the decoder abort it."""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from ktop.kernel import parquet_process
from ktop.kernel.errors import InputError
from ktop.kernel.processes import PLAIN_ENVIRONMENT
from ktop.kernel.tables import Table

#: What decoding a small file may take, and what each byte of a larger one adds (numbers pack about 10 to 1).
MEMORY_BYTES, MEMORY_PER_BYTE = 700_000_000, 60
#: What of it reaches this process, at a time where it is read in batches: a few bytes of a file can tell of a value in
#: a million rows.
OUTPUT_BYTES, OUTPUT_PER_BYTE = 300_000_000, 60
#: How long it is waited for the next rows.
SECONDS, SECONDS_PER_MB = 20, 4
#: Days of Python's calendar, counted from 1970: years 1 to 9999. Polars fails as a whole where it writes out others.
_DAYS = (-719_162, 2_932_896)
_PER_DAY = {"ms": 86_400_000, "us": 86_400_000_000}  # counts of nanoseconds reach from 1677 to 2262


class _LostError(Exception):
    """The process ended before it had answered."""


class _Process:
    """A running process that decodes files, one after the other."""

    def __init__(self) -> None:
        # -P: the folder of the program holds modules named like those of Python
        command = [sys.executable, "-P", parquet_process.__file__]
        environment = {name: os.environ[name] for name in PLAIN_ENVIRONMENT if name in os.environ}
        self._child = subprocess.Popen(  # noqa: S603 - a program of ours
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        assert self._child.stdin is not None and self._child.stdout is not None
        self._asks, self._answers = self._child.stdin, self._child.stdout
        self._seconds = float(SECONDS)
        self.used = False

    def ask(self, path: Path, rows: int | None) -> bytes | None:
        """Ask for a file; see ``parquet_process.frames``. Returns and raises as ``block`` does."""
        size = path.stat().st_size
        self._seconds = SECONDS + SECONDS_PER_MB * size / 1_000_000
        memory, most = MEMORY_BYTES + MEMORY_PER_BYTE * size, OUTPUT_BYTES + OUTPUT_PER_BYTE * size
        asked = {"path": str(path), "rows": rows, "memory": memory, "bytes": most}
        try:
            self._asks.write(json.dumps(asked).encode() + b"\n")
            self._asks.flush()
        except BrokenPipeError as error:
            raise _LostError from error
        return self.block()

    def block(self) -> bytes | None:
        """Return the next block, ``None`` at the end of the file.

        Raises ``ValueError`` for a damaged file and ``_LostError`` where the process is lost.
        """
        deadline = threading.Timer(self._seconds, self._child.kill)
        deadline.daemon = True
        deadline.start()
        try:
            length = int.from_bytes(self._read(8), "big")
            if length == parquet_process.DAMAGED:
                raise ValueError("damaged, or too large")
            return self._read(length) if length else None
        finally:
            deadline.cancel()

    def _read(self, length: int) -> bytes:
        content = self._answers.read(length)
        if len(content) < length:
            raise _LostError
        return content

    def end(self) -> None:
        """End it, whatever it does."""
        self._child.kill()
        for pipe in (self._asks, self._answers):
            with contextlib.suppress(OSError):  # what it never read is lost with it
                pipe.close()
        self._child.wait()


#: Processes that wait for the next file: starting one takes longer than reading a small file.
_waiting: list[_Process] = []
_WAITING = 2


def start_reading() -> None:
    """Start the process that reads the next file, so that it is ready when it is asked."""
    if not _waiting:
        _waiting.append(_Process())


@atexit.register
def _end_all() -> None:
    while _waiting:
        _waiting.pop().end()


if hasattr(os, "register_at_fork"):  # two that ask one process would read each other's answers
    os.register_at_fork(after_in_child=_waiting.clear)


def _asked(path: Path, rows: int | None) -> tuple[_Process, bytes | None]:
    """Return a process that reads a file, and the first block.

    One that waited may have ended meanwhile: another is asked, then.
    """
    while True:
        try:
            process = _waiting.pop()
        except IndexError:
            process = _Process()
        try:
            return process, process.ask(path, rows)
        except _LostError:
            process.end()
            if not process.used:
                raise ValueError("damaged, and the process is lost") from None
        except ValueError:
            _keep(process)
            raise
        except BaseException:
            process.end()
            raise


def _keep(process: _Process) -> None:
    process.used = True
    if len(_waiting) < _WAITING:
        _waiting.append(process)
    else:
        process.end()


def _frames(path: Path, rows: int | None) -> Iterator[pl.DataFrame]:
    """Yield a frame of the columns without rows, then the rows; see ``parquet_process.frames``."""
    process, block = _asked(path, rows)
    try:
        while block is not None:
            yield pl.read_ipc_stream(io.BytesIO(block))
            block = process.block()
    except _LostError:
        process.end()
        raise ValueError("damaged, and the process is lost") from None
    except ValueError:
        _keep(process)
        raise
    except BaseException:  # one whose answer nobody reads to its end is of no use any more
        process.end()
        raise
    _keep(process)


def parquet_columns(path: Path) -> list[str]:
    """Return the names of a file's columns. Raises ``ValueError`` for a damaged file."""
    (columns,) = _frames(path, 0)
    return columns.columns


def parquet_batches(path: Path, rows: int) -> Iterator[pl.DataFrame]:
    """Yield the rows of a file of any size, so many at a time. Raises ``ValueError`` for a damaged file."""
    frames = _frames(path, rows)
    next(frames)
    return frames


def read_parquet_frame(path: Path) -> pl.DataFrame:
    """Return the whole content of a file. Raises ``ValueError`` for one that is damaged or too large."""
    columns, *rest = _frames(path, None)
    return pl.concat(rest) if rest else columns


def read_parquet(path: Path) -> Table:
    """Return the table of a Parquet file.

    Raises ``InputError`` for a column with days outside the years 1 to 9999, ``ValueError`` as ``read_parquet_frame``.
    """
    frame = read_parquet_frame(path)
    for series in frame:
        if series.dtype == pl.Date or isinstance(series.dtype, pl.Datetime):
            unit = _PER_DAY.get(series.dtype.time_unit, 0) if isinstance(series.dtype, pl.Datetime) else 1
            count = series.to_physical()
            if unit and ((count < _DAYS[0] * unit) | (count >= (_DAYS[1] + 1) * unit)).any():
                raise InputError("tables.days_out_of_range", column=series.name[:40])
    return Table(frame, begins=0)
