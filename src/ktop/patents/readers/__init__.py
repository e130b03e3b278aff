"""Readers of patent sources, one file a format. A module of this folder that has a ``READER`` is a format.

A new format is one new file: a class with ``name``, ``recognises`` and ``read`` (see ``Reader``) and ``READER = …``.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ktop.domain.patent.document import Patent
from ktop.kernel.errors import InputError
from ktop.patents.readers import tabular
from ktop.patents.readers.source import Source

MAX_TITLE_CHARS = 2_000
MAX_ABSTRACT_CHARS = 20_000
MAX_CLAIM_CHARS = 20_000
MAX_DESCRIPTION_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that was not taken: where it stands and why (a key of ``catalogue/messages/patents.yaml``).

    ``records`` is how many records of the source it stands for.
    """

    where: str
    reason: str
    params: Mapping[str, Any] = field(default_factory=dict)
    records: int = 1


@dataclass(frozen=True, slots=True)
class CitationLink:
    """A citation that a source gives apart from its patents.

    ``of_applications`` says that both numbers are of applications: then both patents must be known for it to count,
    and ``where`` tells its place in the file.
    """

    citing: str
    cited: str
    category: str | None = None
    of_applications: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a source says about a patent whose title stands elsewhere: claims alone, a legal status, one more class.

    It joins the patent of that number in the same import or in the corpus: it fills what is empty there, adds to lists,
    and renews the status. Where no such patent is known it is rejected.

    Parameters
    ----------
    where : the record's place in its file.
    number : normalised number; of a publication, with or without its kind code, or of an application.
    values : field of ``Patent`` → value.
    of_application : whether ``number`` is an application's.
    records : how many records of the source (rows of a table) it was made of.
    """

    where: str
    number: str
    values: Mapping[str, Any]
    of_application: bool = False
    records: int = 1


Record = Patent | Reject | CitationLink | Completion


def records_of(record: Record) -> int:
    """Return how many records of its source a reader's record stands for."""
    return record.records if isinstance(record, Reject | Completion) else 1


class Sample:
    """What a format is told by: the first bytes of a file and, where it is a table, its columns."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.head = source.head()

    @functools.cached_property
    def _headers(self) -> Sequence[tabular.Layout]:
        return tuple(tabular.candidates(self._source, self.head))

    def table(self, wanted: Callable[[Sequence[str]], bool]) -> tabular.Layout | None:
        """Return the first line that is the header of a known table: ``wanted`` tells by its names, as printed."""
        return next((layout for layout in self._headers if wanted(layout.names)), None)

    @property
    def columns(self) -> Sequence[str]:
        """Column names of what looks most like a header: the first line of several cells; empty for no table."""
        return next((layout.names for layout in self._headers if len(layout.names) > 1), ())


class Reader(Protocol):
    """What a format must be able to do."""

    #: The name users give as ``--format``.
    name: str

    def recognises(self, sample: Sample) -> bool:
        """Tell by the content whether this is the format; a file's name never decides."""

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield every record, taken or rejected, in bounded memory.

        What it yields stands for just the records that ``source.tally`` has seen: none is passed over in silence.

        Raises ``InputError`` with file and line where the file as a whole cannot be read.
        """


@functools.cache
def readers() -> dict[str, Reader]:
    """Return every format by name, in the order in which they are asked."""
    found: dict[str, Reader] = {}
    for module in pkgutil.iter_modules(__path__):
        reader = getattr(importlib.import_module(f"{__name__}.{module.name}"), "READER", None)
        if reader is not None:
            found[reader.name] = reader
    return found


def reader_for(source: Source, format_name: str | None = None) -> Reader | None:
    """Return the reader of ``source``: the named one, else the first that recognises the content, else None.

    Raises ``InputError`` for a format name that does not exist.
    """
    known = readers()
    if format_name is not None:
        if format_name not in known:
            raise InputError("patents.format_name_unknown", name=format_name, known=", ".join(sorted(known)))
        return known[format_name]
    sample = Sample(source)
    return next((reader for reader in known.values() if reader.recognises(sample)), None)
