"""What the operator can do with institutions, and what everybody can read of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ktop.catalogue import LocalText
from ktop.domain.party.actor import Actor
from ktop.kernel.paging import Page


@dataclass(frozen=True, slots=True)
class InstitutionCard:
    """An institution. ``state``: active, suspended, merged; ``version`` counts its changes.

    ``kept_bytes`` is the size of all files that it keeps, None for whoever does not manage institutions.
    """

    id: str
    kind: str
    name: LocalText
    state: str
    merged_into: str | None
    demo: bool
    version: int
    kept_bytes: int | None


@dataclass(frozen=True, slots=True)
class CompanyOnPlatform:
    """A company that has joined. ``verified`` says when somebody saw that the number is its own, None for never.

    ``kept_bytes`` is the size of all files that it keeps.
    """

    id: str
    name: LocalText
    business_number: str | None
    state: str
    demo: bool
    verified: datetime | None
    evidence: str
    version: int
    kept_bytes: int


class Institutions(Protocol):
    """The institutions. Calls block and are thread-safe. Raises ``ForbiddenError`` where the actor may not."""

    def institutions(
        self, actor: Actor, *, limit: int | None = None, after: str | None = None
    ) -> Page[InstitutionCard]:
        """Return the institutions by identifier; raises ``InputError`` for a wrong limit or cursor."""
        ...

    def institution(self, actor: Actor, institution: str) -> InstitutionCard:
        """Return one institution; raises ``NotFoundError`` for none."""
        ...

    def create(self, actor: Actor, institution: str, kind: str, name_ko: str, name_en: str) -> InstitutionCard:
        """Enter an institution under a short identifier (``"ibk"``).

        Raises ``InputError`` for what cannot be used, ``ConflictError`` where the identifier is taken.
        """
        ...

    def suspend(self, actor: Actor, institution: str, *, version: int | None = None) -> InstitutionCard:
        """Let nobody act for an institution; its sessions end, its keys are refused.

        Raises ``NotFoundError`` for none, ``ConflictError`` where it is not active or runs this installation,
        ``ChangedError`` where ``version`` is not the present one (None leaves that unasked).
        """
        ...

    def reopen(self, actor: Actor, institution: str, *, version: int | None = None) -> InstitutionCard:
        """Let people act for a suspended institution again; raises as ``suspend``."""
        ...

    def merge(self, actor: Actor, institution: str, into: str, *, version: int | None = None) -> InstitutionCard:
        """Close an institution for good and give its users their roles in another one of the same kind.

        What it kept stays its own; consents given to it are not the other's and end with it. Raises as ``suspend``,
        and ``InputError`` for another kind or itself.
        """
        ...

    def companies(
        self, actor: Actor, *, unverified: bool = False, limit: int | None = None, after: str | None = None
    ) -> Page[CompanyOnPlatform]:
        """Return the companies that have joined, by identifier, or those whose number nobody has verified yet.

        Raises ``InputError`` for a wrong limit or cursor.
        """
        ...

    def company(self, actor: Actor, company: str) -> CompanyOnPlatform:
        """Return one company that has joined; raises ``NotFoundError`` for none."""
        ...

    def verify_number(
        self, actor: Actor, company: str, evidence: str, *, version: int | None = None
    ) -> CompanyOnPlatform:
        """Note that a company's business number is its own, and by what that was seen (a certificate shown).

        Raises ``NotFoundError`` for no company, ``InputError`` for no evidence named, ``ConflictError`` where it was
        verified before, ``ChangedError`` as ``suspend``.
        """
        ...

    def add_account(
        self, actor: Actor, organisation: str, role: str, login: str, name: str, password: str | None = None
    ) -> str:
        """Make an account with a role in an organisation; return its password, made by chance where none is given.

        Raises ``NotFoundError`` for no such organisation, ``InputError`` for what cannot be used, ``ConflictError``
        where the login is taken.
        """
        ...
