"""What can be done with a demonstration installation: prepare it, and know that it is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ktop.domain.party.actor import Actor


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account to try one role with."""

    login: str
    password: str
    role: str
    organisation: str


class Demo(Protocol):
    """Demonstration institutions and accounts. Calls block. For the local owner alone."""

    def prepare(self, actor: Actor) -> Sequence[DemoAccount]:
        """Fill an installation without any organisation with institutions, a company and an account for each role.

        Passwords are made by chance and kept in ``demo-accounts.json`` in the data folder, readable by its owner alone;
        where that file was lost they are made anew. Returns nothing where the installation is a real one.
        """
        ...

    def furnish(self, actor: Actor) -> bool:
        """Give the demonstration accounts results, requests, an application and a call to find when they sign in.

        Does nothing, and returns False, where the demonstration company keeps a company already or accounts are closed.
        """
        ...

    def accounts_open(self, actor: Actor) -> int:
        """Return how many demonstration accounts can sign in: none may where strangers reach the platform."""
        ...

    def close(self, actor: Actor) -> int:
        """Suspend all demonstration accounts and end their sessions; return how many."""
        ...
