"""What a job is: its states, what comes before what, when it is tried again, and with whose rights it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
STATES = (WAITING, RUNNING, DONE, FAILED, CANCELLED)
#: States that a job never leaves.
ENDED = frozenset((DONE, FAILED, CANCELLED))

#: Why work on a job stops: its owner cancelled it, its worker ends or makes room for what is more urgent.
Stop = Literal["cancelled", "give_back"]

#: Smaller goes first: what a person waits for, tables of many, what the installation does at its own hours.
FOR_A_PERSON, FOR_A_TABLE, UPKEEP = 10, 50, 90

#: A worker holds a job for so long, and longer as long as it lives.
LEASE_SECONDS = 60.0
#: Attempts in a row that bring a job no further before it counts as failed; one that finishes an item begins anew.
MOST_ATTEMPTS = 5
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 5.0, 600.0


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Parameters
    ----------
    organisation, made_by : whose job it is, and who gave it.
    rights : roles, scopes and ``known_by`` of who gave it, when it was given; see ``maker``.
    kind, arguments : what is to be done; ``key`` names a job so that giving it twice is giving it once.
    done, of : progress in numbers; ``of`` is None where nobody knows.
    attempts : begun since the job last got further.
    worker, lease_until : who holds it, and until when unless the lease is renewed.
    problem : key and values of the sentence on why it failed, or why it was tried again.
    """

    id: str
    organisation: str
    made_by: str
    rights: Mapping[str, Any]
    kind: str
    priority: int
    state: str
    arguments: Mapping[str, Any]
    created: datetime
    not_before: datetime
    key: str | None = None
    done: int = 0
    of: int | None = None
    attempts: int = 0
    worker: str | None = None
    lease_until: datetime | None = None
    cancel: bool = False
    result: Mapping[str, Any] | None = None
    problem: Mapping[str, Any] | None = None
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def maker(self) -> Actor:
        """Who gave the job, with the rights they had then; ``JobQueue.maker`` takes off what they lost since."""
        scopes = self.rights.get("scopes")
        return Actor(
            self.made_by,
            self.organisation,
            frozenset(self.rights.get("roles", ())),
            None if scopes is None else frozenset(scopes),
            known_by=str(self.rights.get("known_by", "job")),
        )


def rights_of(actor: Actor) -> dict[str, Any]:
    """Return what a job keeps of its maker's rights, in JSON types."""
    return {
        "roles": sorted(actor.roles),
        "scopes": None if actor.scopes is None else sorted(actor.scopes),
        "known_by": actor.known_by,
    }


def without_accounts(actor: Actor) -> bool:
    """Return whether somebody acts without an account that could have been suspended since."""
    return actor.organisation in (LOCAL_OWNER.organisation, INSTALLATION.organisation)


def pause(attempts: int) -> timedelta:
    """Return how long a job rests after so many attempts (from 1) that brought it no further: 5 s, 10 s … 10 min."""
    return timedelta(seconds=min(_FIRST_PAUSE_SECONDS * 2 ** (max(attempts, 1) - 1), _LONGEST_PAUSE_SECONDS))
