"""Runs SQL over Parquet files in a DuckDB that keeps within a memory limit and spills into a folder of its own."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ktop.kernel.errors import UnavailableError

if TYPE_CHECKING:
    import duckdb

#: Memory that DuckDB may take, in MB; what does not fit is spilled to disk.
MEMORY_MB = 3_000
#: More threads are faster but need more memory each; results do not depend on their number.
THREADS = 1


class QueryError(Exception):
    """A statement that DuckDB could not carry out: a file that it reads is damaged, or the statement is wrong."""


class Database:
    """One DuckDB database. Statements run one after the other; results come as rows or as numpy columns."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> None:
        """Run one statement."""
        self._connection.execute(sql, parameters).fetchall()

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Any:
        """Return the one value of a query."""
        return self.rows(sql, parameters)[0][0]

    def columns(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the columns of a query as numpy arrays; masked ones where there are nulls."""
        found: dict[str, npt.NDArray[np.generic]] = self._connection.execute(sql, parameters).fetchnumpy()
        return found

    def write(self, query: str, target: Path) -> None:
        """Write the result of a query as Parquet, in its order."""
        self.run(f"COPY ({query}) TO {quoted(str(target))} (FORMAT parquet, COMPRESSION zstd)")


@contextlib.contextmanager
def database(folder: Path, memory_mb: int = MEMORY_MB, threads: int = THREADS) -> Iterator[Database]:
    """Open a database in ``folder``, which must exist; at the end nothing of it is left there.

    Raises ``UnavailableError`` where the memory allowed or the room on disk is not enough, else ``QueryError``.
    """
    import duckdb

    file, spill = folder / "work.duckdb", folder / "spill"
    file.unlink(missing_ok=True)
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_mb}MB",
        "threads": threads,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,  # no network, ever
        "autoload_known_extensions": False,
    }
    connection: duckdb.DuckDBPyConnection | None = None
    try:
        connection = duckdb.connect(str(file), config=config)
        connection.execute("SET preserve_insertion_order = false").fetchall()
        yield Database(connection)
    except duckdb.OutOfMemoryException as error:
        raise UnavailableError("patents.measures_memory", megabytes=memory_mb) from error
    except duckdb.IOException as error:
        if "space" in str(error).lower():
            raise UnavailableError("patents.measures_disk", directory=str(folder)) from error
        raise QueryError(str(error)) from error
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    finally:
        if connection is not None:
            connection.close()
        for left in folder.glob("work.duckdb*"):
            left.unlink(missing_ok=True)
        shutil.rmtree(spill, ignore_errors=True)


def quoted(text: str) -> str:
    """Return ``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def parquet(path: Path, *, numbered: bool = False) -> str:
    """Return SQL that reads one Parquet file, with a column ``file_row_number`` where ``numbered``.

    Signs that DuckDB would take for a pattern are escaped; folders named ``year=2011`` add no column.
    """
    name = "".join(f"[{sign}]" if sign in "[*?" else sign for sign in str(path))
    more = ", file_row_number = true" if numbered else ""
    return f"read_parquet({quoted(name)}, hive_partitioning = false{more})"
