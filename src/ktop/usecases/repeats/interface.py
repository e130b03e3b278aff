"""What can be done with a repeated request: find out whether it is one, and give the same answer again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ktop.domain.party.actor import Actor

if TYPE_CHECKING:  # the database takes .5 s to load, and most commands need none
    from ktop.store.repeats import Claim


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

    def begin(self, actor: Actor, key: str, request: str) -> KeptAnswer | Claim:
        """Note that a request is being worked on; return the right to do so, or the answer it got before.

        ``request`` is a digest of all that was sent. Raises ``ConflictError`` where the first one is still worked on,
        or was carried out by a process that died before it answered and cannot be answered again; ``InputError`` where
        the key was used for another request.
        """
        ...

    def working_on(self, actor: Actor, claim: Claim) -> AbstractContextManager[None]:
        """Note with all that is written within the block that this request did it."""
        ...

    def keep(self, actor: Actor, claim: Claim, answer: KeptAnswer) -> None:
        """Keep the answer of a request that ``begin`` noted."""
        ...

    def give_up(self, actor: Actor, claim: Claim) -> None:
        """Let a request that failed through no fault of its sender be tried again, unless it has done something."""
        ...
