"""What the operator can do with institutions, and what everybody can read of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ktop.catalogue import LocalText
from ktop.domain.party.actor import Actor
from ktop.kernel.paging import Page


@dataclass(frozen=True, slots=True)
class InstitutionCard:
    """An institution. ``state``: active, suspended, merged; ``version`` counts its changes."""

    id: str
    kind: str
    name: LocalText
    state: str
    merged_into: str | None
    demo: bool
    version: int


class Institutions(Protocol):
    """The institutions. Calls block and are thread-safe. Raises ``ForbiddenError`` where the actor may not."""

    def institutions(
        self, actor: Actor, *, limit: int | None = None, after: str | None = None
    ) -> Page[InstitutionCard]:
        """Return the institutions by identifier; raises ``InputError`` for a wrong limit or cursor."""
        ...

    def create(self, actor: Actor, institution: str, kind: str, name_ko: str, name_en: str) -> InstitutionCard:
        """Enter an institution under a short identifier (``"ibk"``).

        Raises ``InputError`` for what cannot be used, ``ConflictError`` where the identifier is taken.
        """
        ...

    def suspend(self, actor: Actor, institution: str) -> InstitutionCard:
        """Let nobody act for an institution; its sessions end, its keys are refused.

        Raises ``NotFoundError`` for none, ``ConflictError`` where it is not active or runs this installation.
        """
        ...

    def reopen(self, actor: Actor, institution: str) -> InstitutionCard:
        """Let people act for a suspended institution again; raises as ``suspend``."""
        ...

    def merge(self, actor: Actor, institution: str, into: str) -> InstitutionCard:
        """Close an institution for good and give its users their roles in another one of the same kind.

        What it kept stays its own; consents given to it are not the other's and end with it. Raises as ``suspend``,
        and ``InputError`` for another kind or itself.
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
