"""Reads a source in a test as an import does: whichever reader recognises the content."""

from __future__ import annotations

from pathlib import Path

from ktop.domain.patent.document import Patent
from ktop.patents.readers import Completion, Record, Reject, reader_for
from ktop.patents.readers.source import sources


def read(path: Path) -> list[Record]:
    """Return everything that the readers give for a file, zip or folder; files of no known format are passed over."""
    found: list[Record] = []
    for source in sources([path]):
        reader = reader_for(source)
        if reader is not None:
            found += reader.read(source)
    return found


def patents(path: Path) -> dict[str, Patent]:
    """Return the patents of a file, zip or folder by id."""
    return {record.id: record for record in read(path) if isinstance(record, Patent)}


def rejects(path: Path) -> list[tuple[str, str]]:
    """Return place and reason of every rejected record."""
    return [(record.where, record.reason) for record in read(path) if isinstance(record, Reject)]


def completions(path: Path) -> list[Completion]:
    """Return what completes patents that stand elsewhere."""
    return [record for record in read(path) if isinstance(record, Completion)]
