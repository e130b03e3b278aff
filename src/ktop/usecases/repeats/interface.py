"""What can be done with a repeated request: find out whether it is one, and give the same answer again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ktop.domain.party.actor import Actor


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The answer that a request got the first time."""

    status: int
    media_type: str
    headers: Mapping[str, str]
    body: bytes


class Repeats(Protocol):
    """Requests by their Idempotency-Key, apart for each organisation; kept for so many hours as the settings say.

    Calls block and are thread-safe.
    """

    def begin(self, actor: Actor, key: str, request: str) -> KeptAnswer | None:
        """Note that a request is being worked on; return the answer where it was answered before.

        ``request`` is a digest of all that was sent. Raises ``ConflictError`` where the first one is still worked on,
        ``InputError`` where the key was used for another request.
        """
        ...

    def keep(self, actor: Actor, key: str, answer: KeptAnswer) -> None:
        """Keep the answer of a request that ``begin`` noted."""
        ...

    def forget(self, actor: Actor, key: str) -> None:
        """Forget a request that failed through no fault of its sender, so that it may be tried again."""
        ...
