"""What can be done with companies and technologies that an organisation keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from ktop.domain.party.actor import Actor
from ktop.kernel.paging import Page
from ktop.usecases.rate.interface import StoredRating


@dataclass(frozen=True, slots=True)
class KeptCompany:
    """A company that the organisation keeps; ``version`` counts edits of it (ETag).

    ``name_en`` is its name in English as its record says it, None where it says none.
    """

    id: str
    name: str
    business_number: str | None
    company_id: str | None
    note: str
    created: datetime
    changed: datetime
    archived: bool
    version: int
    name_en: str | None = None


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """What was known of a company from ``known_at`` on, by whom it was given; ``number`` 0 is the draft."""

    number: int
    known_at: datetime
    given_by: str
    draft: bool
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeptTechnology:
    """A technology that the organisation keeps, of the kept company ``company`` or of its own."""

    id: str
    company: str | None
    title: str
    text: str
    note: str
    created: datetime
    changed: datetime
    archived: bool
    version: int


class Portfolio(Protocol):
    """What an organisation keeps. Calls block and are thread-safe.

    Raises ``ForbiddenError`` where the actor may not, ``NotFoundError`` for what others keep, ``InputError`` for a
    record or text that is wrong, ``ChangedError`` where somebody else edited it since ``version``.
    """

    def kept_companies(
        self,
        actor: Actor,
        *,
        search: str = "",
        archived: bool = False,
        only_drafts: bool = False,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[KeptCompany]:
        """Return companies by part of their name or the beginning of a number, the last changed first."""
        ...

    def drafts_among(self, actor: Actor, kept_ids: Collection[str]) -> Collection[str]:
        """Return which of some kept companies have a draft."""
        ...

    def kept_company(self, actor: Actor, kept_id: str) -> KeptCompany:
        """Return one company."""
        ...

    def records_of(self, actor: Actor, kept_id: str) -> Sequence[KeptRecord]:
        """Return what was known of a company: its draft, if any, then its versions, the newest first."""
        ...

    def save_company(self, actor: Actor, record: Mapping[str, Any], kept_id: str | None = None) -> KeptCompany:
        """Keep what is known of a company as a further version of its record.

        Without ``kept_id`` it is the company of that business number, else of that company id, else a new one.
        """
        ...

    def save_draft(self, actor: Actor, record: Mapping[str, Any], kept_id: str | None = None) -> KeptCompany:
        """Keep a record that is not complete yet, unchecked, in place of the draft before; it is never rated."""
        ...

    def drop_draft(self, actor: Actor, kept_id: str) -> None:
        """Forget a company's draft, and the company with it where nothing else was ever known of it."""
        ...

    def edit_company(
        self,
        actor: Actor,
        kept_id: str,
        version: int,
        *,
        name: str | None = None,
        note: str | None = None,
        archived: bool | None = None,
    ) -> KeptCompany:
        """Call a company otherwise, note something on it, put it away or bring it back."""
        ...

    def rate_kept_company(
        self, actor: Actor, kept_id: str, as_of: date | None, technology: str | None = None
    ) -> StoredRating:
        """Rate the newest version of a company's record, with a kept technology of it, and keep the answer with them.

        Raises ``InputError`` where only a draft is kept.
        """
        ...

    def kept_technologies(
        self,
        actor: Actor,
        *,
        search: str = "",
        archived: bool = False,
        company: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[KeptTechnology]:
        """Return technologies by part of their title, the last changed first."""
        ...

    def kept_technology(self, actor: Actor, kept_id: str) -> KeptTechnology:
        """Return one technology."""
        ...

    def save_technology(self, actor: Actor, title: str, text: str, company: str | None = None) -> KeptTechnology:
        """Keep a technology, of a kept company or of the organisation's own."""
        ...

    def edit_technology(
        self,
        actor: Actor,
        kept_id: str,
        version: int,
        *,
        title: str | None = None,
        text: str | None = None,
        note: str | None = None,
        archived: bool | None = None,
    ) -> KeptTechnology:
        """Change a technology, put it away or bring it back."""
        ...

    def rate_kept_technology(self, actor: Actor, kept_id: str, as_of: date | None) -> StoredRating:
        """Rate a technology's text and keep the answer with the technology."""
        ...
