"""Erasing a person: all that is known of them goes; what they did stays, under an identifier that leads nowhere.

Gone: login, name, mail address, language, password, second factors, accounts of sign-in providers, sessions, links and
letters to them. Kept, with the user's identifier alone: memberships that ended, ratings, consents, the ledger, the
audit trail. Backups made before still hold it all until they are thrown away (docs/operations.md).
"""

from __future__ import annotations

from typing import Protocol

from ktop.domain.party.actor import Actor


class Erasure(Protocol):
    """Erasing persons. Calls block and are thread-safe. What is erased cannot be brought back."""

    def erase_me(self, actor: Actor, login: str, password: str) -> None:
        """Erase the person who has signed in, who confirms it by the login and, where there is one, the password.

        Raises ``InputError`` where these are wrong, ``TooManyRequestsError`` after several, ``ConflictError`` where
        other members of an organisation would be left with nobody who manages them.
        """
        ...

    def erase_member(self, actor: Actor, user: str) -> None:
        """Erase a member of the actor's organisation, as its administrator.

        Raises ``ForbiddenError`` where the actor may not, ``NotFoundError`` for no member, ``ConflictError`` as above,
        and where the person is of other organisations as well: one's administrator does not decide for another.
        """
        ...

    def erase_anybody(self, actor: Actor, login: str) -> str:
        """Erase whoever signs in by a login, as the operator; return the user's identifier.

        Raises ``ForbiddenError``, ``NotFoundError``, and ``ConflictError`` where nobody could run the installation.
        """
        ...
