"""Keeps the answers to requests that carried an Idempotency-Key."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ConflictError, InputError
from ktop.kernel.sealing import Sealer
from ktop.store.repeats import Claim, working_on
from ktop.store.unit_of_work import Store
from ktop.usecases.repeats.interface import KeptAnswer

#: After how long a request that never got an answer may be made again (its process died). One that was merely slow then
#: finds that it has lost its right, and leaves nothing.
ABANDONED = timedelta(minutes=1)
#: What is found again by a second attempt that is told what the first one did, instead of being done twice.
_FOUND_AGAIN = frozenset(("rating.made",))


class RepeatService:
    """See ``ktop.usecases.repeats.interface.Repeats``.

    Parameters
    ----------
    sealer : answers are kept sealed: one may hold the secret of a key or webhook, which is told once and kept nowhere.
    kept : how long an answer is kept.
    """

    def __init__(self, store: Callable[[], Store], sealer: Sealer, kept: timedelta = timedelta(hours=24)) -> None:
        self._store, self._sealer, self._kept = store, sealer, kept

    def begin(self, actor: Actor, key: str, request: str) -> KeptAnswer | Claim:
        request = self._sealer.fingerprint(request, _place(actor, key))  # a body may be a name: nobody is to guess it
        now = datetime.now(UTC)
        with self._store().unit(actor) as unit:
            unit.repeats.forget_before(now - self._kept)
            if unit.repeats.note(key, request, now):
                return Claim(actor.organisation, key, now)
            found = unit.repeats.get(key)
            if found is None:  # forgotten between the two: its sender may simply try again
                raise ConflictError("repeats.in_progress")
            if found.request != request:
                raise InputError("repeats.key_of_another")
            if found.answer is None:
                again = bool(found.effects) and found.effects.keys() <= _FOUND_AGAIN
                if not again and now - found.created < ABANDONED:
                    raise ConflictError("repeats.in_progress")
                if not again and found.effects:
                    raise ConflictError("repeats.answer_lost", done=", ".join(map(" ".join, found.effects.items())))
                unit.repeats.note_again(key, now)
                return Claim(actor.organisation, key, now, found.effects)
            status, media_type, headers, body = found.answer
        opened = self._sealer.unseal(body.decode("ascii"), _place(actor, key))
        return KeptAnswer(status, media_type, headers, base64.b64decode(opened))

    def working_on(self, actor: Actor, claim: Claim) -> AbstractContextManager[None]:
        return working_on(claim)

    def keep(self, actor: Actor, claim: Claim, answer: KeptAnswer) -> None:
        key = claim.key
        sealed = self._sealer.seal(base64.b64encode(answer.body).decode("ascii"), _place(actor, key)).encode("ascii")
        with self._store().unit(actor) as unit:
            unit.repeats.keep(claim, (answer.status, answer.media_type, answer.headers, sealed))

    def give_up(self, actor: Actor, claim: Claim) -> None:
        with self._store().unit(actor) as unit:
            unit.repeats.give_up(claim, claim.since - ABANDONED)


def _place(actor: Actor, key: str) -> str:
    return f"repeat:{actor.organisation}:{key}"
