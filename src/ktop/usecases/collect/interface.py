"""What can be done with public sources: collect a company, look at answers, choose, save, look after sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from ktop.catalogue import LocalText
from ktop.collect.collecting import SourceReport
from ktop.collect.merging import Gathered, Merged, Stated
from ktop.collect.parsing import Notice
from ktop.domain.party.actor import Actor
from ktop.kernel.progress import Progress, silent
from ktop.usecases.portfolio.interface import KeptCompany


@dataclass(frozen=True, slots=True)
class CollectedAnswer:
    """One kept answer of a collection, without its content."""

    id: str
    source: str
    operation: str
    outcome: str
    detail: str
    at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class Payload:
    """An answer as it came. ``asked`` is the question without any key."""

    answer: CollectedAnswer
    asked: str
    media_type: str
    content: bytes
    collection: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what one indicator or item needs is known: ``missing`` are the facts that are not."""

    model: str
    indicator: str
    label: LocalText
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Validated:
    """What the tax service said of a registration: ``right`` None where it did not answer; nobody's name in it.

    ``digest`` is the SHA-256 of number, answer and moment, as the audit trail has it.
    """

    right: bool | None
    outcome: str
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A company that is collected again: every so many days (0: until every source has answered), next when due."""

    every_days: int
    due: datetime


@dataclass(frozen=True, slots=True)
class CompanyChange:
    """What sources said otherwise than the time before.

    Parameters
    ----------
    company : the kept company, where one was saved. collection, before : the collections that differ.
    changes : entries with ``path``, ``before``, ``now`` and ``source``; an entry of a list has its fields in them.
    seen : when somebody had looked at it.
    """

    id: str
    business_number: str
    company: str | None
    collection: str
    before: str
    found: datetime
    changes: Sequence[Mapping[str, Any]]
    seen: datetime | None


@dataclass(frozen=True, slots=True)
class CompanyCollection:
    """One collection: what came, what is made of it, what is missing and why.

    Parameters
    ----------
    made_up : whether stand-ins answered about a made-up company.
    state : running, done or failed.
    job : the job that does it, where one does.
    company : the kept company it was saved to.
    reports : source → how asking it went.
    gathered : values, record, questions; None while it runs.
    followed : how the company is collected again by itself, None where it is not.
    validated : what the tax service last said of its registration, None where it was not asked.
    """

    id: str
    business_number: str
    made_up: bool
    state: str
    created: datetime
    ended: datetime | None
    job: str | None
    company: str | None
    reports: Mapping[str, SourceReport] = field(default_factory=dict)
    gathered: Gathered | None = None
    notices: tuple[Notice, ...] = ()
    answers: tuple[CollectedAnswer, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    followed: Followed | None = None
    validated: Validated | None = None

    @property
    def record(self) -> Mapping[str, Any]:
        """The company record as it stands."""
        return {} if self.gathered is None else self.gathered.record

    @property
    def values(self) -> Mapping[str, Merged]:
        """The values of the record."""
        return {} if self.gathered is None else self.gathered.values

    @property
    def questions(self) -> Sequence[Stated]:
        """Values found by the company's name alone."""
        return () if self.gathered is None else self.gathered.questions


@dataclass(frozen=True, slots=True)
class SourceUse:
    """Calls to a source that were made for an organisation."""

    organisation: str
    name: LocalText
    calls: int


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is.

    Parameters
    ----------
    has_key : whether this installation may ask it.
    used : period → calls made and most calls allowed.
    organisations : the organisations that calls were made for in the longest of these periods, most first.
    outcomes : how today's answers turned out → how many, the moment and detail of the last.
    rests_until, why : until when it is left alone, and whether for a quota or for failures.
    """

    source: str
    has_key: bool
    address: str
    used: Mapping[str, tuple[int, int]]
    outcomes: Mapping[str, tuple[int, datetime, str]]
    failures: int
    rests_until: datetime | None
    why: str
    organisations: Sequence[SourceUse] = ()


class Collect(Protocol):
    """Collecting from public sources. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not, ``NotFoundError`` for what others keep, ``InputError`` for a
    number that is none.
    """

    def collect(
        self,
        actor: Actor,
        business_number: str,
        *,
        names: Sequence[str] = (),
        corporate_number: str | None = None,
        made_up: bool = False,
        sources: Path | None = None,
        accept_names: bool = False,
        progress: Progress = silent,
    ) -> CompanyCollection:
        """Collect a company and wait for it. ``sources`` names keys and addresses instead of the installation's own.

        ``names`` and ``corporate_number`` are what the user knows already; ``made_up`` asks the stand-ins;
        ``accept_names`` takes what was found by name alone.
        """
        ...

    def begin(
        self,
        actor: Actor,
        business_number: str,
        *,
        names: Sequence[str] = (),
        corporate_number: str | None = None,
        made_up: bool = False,
    ) -> CompanyCollection:
        """Have a company collected in the background."""
        ...

    def collection(self, actor: Actor, collection_id: str) -> CompanyCollection:
        """Return one collection, its kept answers read anew."""
        ...

    def collections(self, actor: Actor, limit: int = 20) -> Sequence[CompanyCollection]:
        """Return the last collections, without their values."""
        ...

    def payload(self, actor: Actor, answer_id: str) -> Payload:
        """Return one answer as it came."""
        ...

    def confirm(self, actor: Actor, collection_id: str, paths: Sequence[str]) -> CompanyCollection:
        """Say that values are right as their sources state them; so they hold until a source says something else.

        A path of an entry (``rnd_projects.NUMBER``) takes it into the record where it was found by name alone, and back
        where it had been taken out.
        """
        ...

    def correct(self, actor: Actor, collection_id: str, path: str, value: str, reason: str) -> CompanyCollection:
        """Say what is right instead of a value, and why.

        An empty value takes it out; at the path of an entry (``ip.NUMBER``) all of it, until it is confirmed again.
        """
        ...

    def validate(self, actor: Actor, collection_id: str, opened: date, representative: str) -> CompanyCollection:
        """Ask the tax service whether the number, the day of opening and the representative's name go together.

        The name is sent and kept nowhere: only the answer, its moment and a digest are. Raises ``InputError`` without
        a name, and where the service cannot be asked.
        """
        ...

    def save(self, actor: Actor, collection_id: str) -> KeptCompany:
        """Keep the record as a further version of the company's."""
        ...

    def follow(self, actor: Actor, collection_id: str, every_days: int | None) -> CompanyCollection:
        """Have a company collected again every 1 to 365 days, or no more (None).

        What sources say otherwise then is told: on the page, by ``changes``, to webhooks as ``company.changed``. The
        record stays as it is until somebody saves it anew. Half of each quota is left to people.
        """
        ...

    def changes(self, actor: Actor, *, unseen: bool = False, limit: int = 50) -> Sequence[CompanyChange]:
        """Return what was found changed, the newest first."""
        ...

    def see_change(self, actor: Actor, change_id: str) -> None:
        """Say that a change was looked at."""
        ...

    def sources(self, actor: Actor) -> Sequence[SourceState]:
        """Return how every source is."""
        ...

    def try_source(self, actor: Actor, source: str) -> SourceState:
        """Make one call to a source and return how it is then."""
        ...

    def made_up_numbers(self, actor: Actor) -> Sequence[tuple[str, LocalText]]:
        """Return business number and names of the companies that the stand-ins know."""
        ...
