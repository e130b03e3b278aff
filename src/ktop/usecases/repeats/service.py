"""Keeps the answers to requests that carried an Idempotency-Key."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ConflictError, InputError
from ktop.kernel.sealing import Sealer
from ktop.store.unit_of_work import Store
from ktop.usecases.repeats.interface import KeptAnswer

#: After how long a request that never got an answer may be made again (its process died).
ABANDONED = timedelta(minutes=5)


class RepeatService:
    """See ``ktop.usecases.repeats.interface.Repeats``.

    Parameters
    ----------
    sealer : answers are kept sealed: one may hold the secret of a key or webhook, which is told once and kept nowhere.
    kept : how long an answer is kept.
    """

    def __init__(self, store: Callable[[], Store], sealer: Sealer, kept: timedelta = timedelta(hours=24)) -> None:
        self._store, self._sealer, self._kept = store, sealer, kept

    def begin(self, actor: Actor, key: str, request: str) -> KeptAnswer | None:
        now = datetime.now(UTC)
        with self._store().unit(actor) as unit:
            unit.repeats.forget_before(now - self._kept)
            if unit.repeats.note(key, request, now):
                return None
            found = unit.repeats.get(key)
            if found is None:  # forgotten between the two: its sender may simply try again
                raise ConflictError("repeats.in_progress")
            if found.request != request:
                raise InputError("repeats.key_of_another")
            if found.answer is None and now - found.created < ABANDONED:
                raise ConflictError("repeats.in_progress")
            if found.answer is None:
                unit.repeats.note_again(key, now)
                return None
            status, media_type, headers, body = found.answer
        opened = self._sealer.unseal(body.decode("ascii"), _place(actor, key))
        return KeptAnswer(status, media_type, headers, base64.b64decode(opened))

    def keep(self, actor: Actor, key: str, answer: KeptAnswer) -> None:
        sealed = self._sealer.seal(base64.b64encode(answer.body).decode("ascii"), _place(actor, key)).encode("ascii")
        with self._store().unit(actor) as unit:
            unit.repeats.keep(key, (answer.status, answer.media_type, answer.headers, sealed))

    def forget(self, actor: Actor, key: str) -> None:
        with self._store().unit(actor) as unit:
            unit.repeats.forget(key)


def _place(actor: Actor, key: str) -> str:
    return f"repeat:{actor.organisation}:{key}"
