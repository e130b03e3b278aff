"""What can be done with letters: ask whether they are sent at all, and send those that wait, as a worker does."""

from __future__ import annotations

from typing import Protocol

from ktop.domain.party.actor import Actor


class Mail(Protocol):
    """Letters by mail. They are written by other use cases, in the transaction of what they tell."""

    def available(self, actor: Actor) -> bool:
        """Whether this installation sends mail."""
        ...

    def deliver(self, actor: Actor) -> int:
        """Try the letters that are due; return how many. The actor is the installation itself.

        What fails is tried again with growing pauses for about ten hours, then given up.
        """
        ...
