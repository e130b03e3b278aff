"""What can be done with spreadsheets of companies: get a template, have a file read, take in what is right of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.usecases.batches.interface import Download

#: Kinds of the files that a spreadsheet leaves: its rows, what was found in them, and those to be mended.
ROWS, SUMMARY, REST = "sheets.rows", "sheets.summary", "sheets.rest"
#: They are forgotten after a while, taken in or not.
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CellProblem:
    """A cell that is wrong: its sheet, row of the file and column ("" for the whole row), and the sentence of it."""

    sheet: str
    row: int
    column: str
    key: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SheetCount:
    """How many rows of a sheet there are, and how many of them are right."""

    sheet: str
    rows: int
    right: int


@dataclass(frozen=True, slots=True)
class SheetImport:
    """A file that was read.

    Parameters
    ----------
    state : "read" until its right rows are taken in.
    counts : by sheet; ``companies`` records come of the right rows, ``new`` of them of companies not kept before.
    problems : the first cells that are wrong; ``wrong_rows`` counts all rows that are not taken in.
    unknown : headings that nothing was read of. told : what was done to read the file, key and values.
    """

    id: str
    file: str
    state: Literal["read", "taken"]
    read: datetime
    counts: Sequence[SheetCount]
    companies: int
    new: int
    wrong_rows: int
    problems: Sequence[CellProblem]
    unknown: Sequence[str]
    told: Sequence[tuple[str, Mapping[str, Any]]]


class SheetImports(Protocol):
    """Spreadsheets of companies. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not, ``NotFoundError`` for a file that others gave.
    """

    def template(self, actor: Actor, sheet: str | None = None, lang: Lang = "ko") -> Download:
        """Return the template of one sheet, without ``sheet`` of all; raises ``NotFoundError`` for no such sheet."""
        ...

    def give(self, actor: Actor, content: bytes, name: str, lang: Lang = "ko") -> SheetImport:
        """Read an .xlsx with any of the sheets, or a .csv of one, and keep what it says for a week, taking in nothing.

        Raises ``TooLargeError`` above the limits of this installation, ``InputError`` for a file that is neither or
        holds none of the sheets, ``UnavailableError`` where too many others are being read.
        """
        ...

    def given(self, actor: Actor, import_id: str) -> SheetImport:
        """Return a file that was read."""
        ...

    def take(self, actor: Actor, import_id: str, lang: Lang = "ko") -> SheetImport:
        """Keep what its right rows say as further versions of the companies' records, all at once.

        A row that went together with what was known when it was read and does no more is left with the rest. Raises
        ``ConflictError`` where that was done already.
        """
        ...

    def rest(self, actor: Actor, import_id: str) -> Download:
        """Return the rows that are not taken in as an .xlsx with every wrong cell marked, to be mended and given again.

        Raises ``NotFoundError`` where all rows are right.
        """
        ...
