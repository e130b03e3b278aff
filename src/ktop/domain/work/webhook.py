"""What an organisation wants to be told of, where, and how often that is tried."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ktop.catalogue import LocalText, load

ACTIVE, PAUSED = "active", "paused"
WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"
DELIVERY_STATES = (WAITING, DELIVERED, DEAD)

#: How long to wait after each attempt that failed, about a day and a half in all; as the Standard Webhooks
#: specification recommends ("Deliverability and reliability").
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600))
_TOPIC = re.compile(r"[a-z_]{1,30}(\.[a-z_]{1,30})?")


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of some topics. ``state`` is active or paused; ``version`` counts its edits.

    ``secret`` is sealed, as is ``former_secret``, which signs beside it until ``former_until``.
    """

    id: str
    organisation: str
    url: str
    secret: str
    topics: tuple[str, ...]
    state: str
    made_by: str
    created: datetime
    version: int = 1
    former_secret: str | None = None
    former_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one address. ``message`` is the same in all attempts: receivers tell copies by it."""

    id: str
    webhook: str
    message: str
    topic: str
    state: str
    attempts: int
    next_at: datetime
    problem: str
    created: datetime
    ended: datetime | None


@functools.cache
def topic_kinds() -> Mapping[str, LocalText]:
    """Return the kinds of what can be told, in words."""
    found: Mapping[str, LocalText] = load("webhook_topics")
    return found


def is_topic(topic: str) -> bool:
    """Return whether a webhook may name a topic: a kind, or an action of one."""
    return _TOPIC.fullmatch(topic) is not None and topic.split(".")[0] in topic_kinds()


def wants(topics: Sequence[str], action: str) -> bool:
    """Return whether somebody who listens to ``topics`` is told of an action (``"rating.made"``)."""
    return action in topics or action.split(".")[0] in topics


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """Return when to try again after so many attempts (from 1), None where it was tried often enough."""
    return now + PAUSES[attempts - 1] if attempts <= len(PAUSES) else None
