"""What is told where somebody leaves whose API keys go on: they are the organisation's, but who has left knows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ktop.domain.party.actor import Actor
from ktop.store.unit_of_work import InstallationWork


def tell_keys_left_behind(work: InstallationWork, actor: Actor, user: str, organisation: str, now: datetime) -> None:
    """Tell the organisation that somebody leaves (audit trail, letter to who manages keys) which keys in use they know.

    ``actor`` is whose doing it is, an operator of another organisation perhaps.
    """
    if keys := work.keys.in_use_known_to(user, organisation, now):
        there = replace(actor, organisation=organisation)
        work.tell(there, "key.left_behind", user, {"keys": keys}, [organisation])
