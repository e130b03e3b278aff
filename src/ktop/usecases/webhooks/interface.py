"""What can be done with webhooks: register an address, see what was sent, send again; and deliver, as a worker does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ktop.domain.party.actor import Actor
from ktop.domain.work.webhook import Delivery, Webhook
from ktop.kernel.paging import Page


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook just registered, with the secret that its receiver verifies signatures by: shown this once."""

    webhook: Webhook
    secret: str


class Webhooks(Protocol):
    """Webhooks of the actor's organisation. Calls are thread-safe. Raises ``ForbiddenError`` where the actor may not.

    Raises ``NotFoundError`` for a webhook or message there is none of.
    """

    def add(self, actor: Actor, url: str, topics: Sequence[str]) -> NewWebhook:
        """Register an address for some topics (kinds or whole actions of ``catalogue/webhook_topics.yaml``).

        Raises ``InputError`` for an address that is not https, carries a password or lies in a network that is not
        public, and for a topic there is none of; ``ConflictError`` where there are too many.
        """
        ...

    def webhooks(self, actor: Actor) -> Sequence[Webhook]:
        """Return all webhooks, oldest first."""
        ...

    def webhook(self, actor: Actor, webhook_id: str) -> Webhook:
        """Return one webhook."""
        ...

    def change_state(
        self, actor: Actor, webhook_id: str, state: Literal["active", "paused"], *, version: int | None = None
    ) -> Webhook:
        """Pause a webhook, or let it go on; what happened in between is delivered then.

        Raises ``ChangedError`` where ``version`` is not the present one; None leaves that unasked.
        """
        ...

    def rotate_secret(self, actor: Actor, webhook_id: str, *, version: int | None = None) -> NewWebhook:
        """Sign by another secret; messages of the next 24 hours are signed by the former one, too.

        Raises ``ChangedError`` as ``change_state``.
        """
        ...

    def remove(self, actor: Actor, webhook_id: str, *, version: int | None = None) -> None:
        """Remove a webhook with all that waits for it; raises ``ChangedError`` as ``change_state``."""
        ...

    def deliveries(
        self,
        actor: Actor,
        webhook_id: str,
        *,
        states: Collection[str] = (),
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Delivery]:
        """Return messages to a webhook, newest first. Raises ``InputError`` for a wrong limit, cursor or state."""
        ...

    def send_again(self, actor: Actor, delivery_id: str) -> Delivery:
        """Send a message again that was given up or delivered; raises ``ConflictError`` for one on its way."""
        ...

    def deliver(self, actor: Actor) -> int:
        """Share new messages out and try what is due; return how many. The actor is the installation itself."""
        ...
