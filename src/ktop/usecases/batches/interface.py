"""What can be done with batches: give a table of companies, follow its rating, download the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.domain.work.job import Job
from ktop.kernel.paging import Page
from ktop.usecases.rate.interface import StoredRating

#: Kind of the files that hold a table given to be rated.
GIVEN = "batch.given"

#: Endings that an answer may have.
Ending = Literal["xlsx", "csv", "parquet"]


@dataclass(frozen=True, slots=True)
class Batch:
    """A table given, and what came of it.

    ``rows``, ``rated``, ``refused`` and ``remarks`` are there when it is done, ``ready`` says whether the answer can
    be downloaded, under the name ``answer``.
    """

    job: Job
    file: str
    answer: str
    ready: bool
    rows: int | None = None
    rated: int | None = None
    refused: int | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RankedCompany:
    """A company of a rated table. ``row`` counts the rows of the table from 1.

    ``rank`` is its place by the technology-business grade, then by the Tech-Index, the same for equal ones; None where
    it has neither. ``problems`` says why a company was not rated, ``apart`` by how many grades the two tracks of
    KTRS-FM differ at most (None where there are none): from ``TRACKS_APART`` of the reviews on, somebody should look.
    """

    row: int
    rank: int | None
    name: str | None
    business_number: str | None
    business: str | None
    growth: str | None
    risk: str | None
    index: float | None
    problems: str | None
    warnings: str | None
    apart: int | None
    name_en: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file to download."""

    name: str
    media_type: str
    content: bytes


class Batches(Protocol):
    """Tables of companies. Calls are thread-safe. Raises ``ForbiddenError`` where the actor may not."""

    def give(
        self,
        actor: Actor,
        content: bytes,
        name: str,
        *,
        models: Sequence[str] | None = None,
        as_of: date | None = None,
        lang: Lang = "ko",
        ending: Ending = "xlsx",
        key: str | None = None,
    ) -> Batch:
        """Keep a table (.xlsx, .csv, .jsonl or .parquet by the ending of ``name``) and have it rated as of a day.

        Under the same ``key`` it is the same batch. Raises ``TooLargeError`` above the limit of this installation,
        ``InputError`` for another ending, an empty file or a model there is none of, ``ConflictError`` for a key that
        another table has. What is wrong inside the table is told by the job.
        """
        ...

    def batches(self, actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[Batch]:
        """Return batches, newest first. Raises ``InputError`` for a wrong limit or cursor."""
        ...

    def batch(self, actor: Actor, batch_id: str) -> Batch:
        """Return one batch by the identifier of its job; raises ``NotFoundError`` where there is none."""
        ...

    def answer(self, actor: Actor, batch_id: str) -> Download:
        """Return the rated table; raises ``NotFoundError`` where there is none, or none yet."""
        ...

    def ranking(self, actor: Actor, batch_id: str) -> Sequence[RankedCompany]:
        """Return the companies of a rated table, the best first, those not rated last.

        Raises ``NotFoundError`` where there is no answer yet. A table that was rated before rankings were kept has
        none: nothing is returned.
        """
        ...

    def keep(self, actor: Actor, batch_id: str, row: int) -> StoredRating:
        """Rate one company of a table as of the table's day and keep the answer, to be commented on and overridden.

        It is rated by the models in force now. Raises ``NotFoundError`` for a row there is none of, ``InputError`` for
        one that cannot be rated.
        """
        ...
