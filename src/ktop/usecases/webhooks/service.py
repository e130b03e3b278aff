"""Registers webhooks and delivers what they are to be told, signed as the Standard Webhooks specification says."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from ktop.catalogue import text
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.party.permission import require
from ktop.domain.work.webhook import DELIVERY_STATES, Delivery, Webhook, is_topic, topic_kinds
from ktop.kernel.errors import ForbiddenError, InputError, KtopError
from ktop.kernel.paging import Page, page_of, read_cursor, rows_asked
from ktop.kernel.sealing import Sealer
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import InstallationWork, Store
from ktop.store.webhooks import Due, Told
from ktop.usecases.webhooks.interface import NewWebhook
from ktop.usecases.webhooks.sending import Outcome, checked_url, in_own_loop, resolved, send

_MANAGE = "own:webhook:manage"
_SECRET_BYTES = 32
_MOST_TOPICS = 50
#: Messages shared out, and deliveries tried side by side, in one go.
_AT_ONCE, _SIDE_BY_SIDE = 200, 20
_LOOK_UP_SECONDS = 5.0
#: How long messages are signed by the former secret, too, so that a receiver can change over without losing any.
BOTH_SIGN = timedelta(hours=24)


class WebhookService:
    """See ``ktop.usecases.webhooks.interface.Webhooks``.

    Parameters
    ----------
    sealer : keeps secrets sealed.
    anywhere : whether http and addresses of private networks are allowed (trials only).
    notices : writes the letters of messages that are shared out, in the same transaction.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        sealer: Sealer,
        *,
        anywhere: bool = False,
        notices: Callable[[InstallationWork, Sequence[Told], datetime], int] | None = None,
    ) -> None:
        self._store, self._sealer, self._anywhere, self._notices = store, sealer, anywhere, notices

    def add(self, actor: Actor, url: str, topics: Sequence[str]) -> NewWebhook:
        require(actor, _MANAGE)
        parts = checked_url(url, anywhere=self._anywhere)
        wanted = list(dict.fromkeys(topics))
        if not wanted or len(wanted) > _MOST_TOPICS or not all(is_topic(topic) for topic in wanted):
            raise InputError("webhooks.unknown_topic", known=", ".join(topic_kinds()))
        assert parts.hostname is not None, "checked"
        _look_up(parts.hostname, parts.port or 443, self._anywhere)
        webhook_id, secret = new_id(), _secret()
        sealed = self._sealer.seal(secret, _place(webhook_id))
        with self._store().unit(actor) as unit:
            return NewWebhook(unit.webhooks.add(webhook_id, url, sealed, wanted), secret)

    def webhooks(self, actor: Actor) -> Sequence[Webhook]:
        require(actor, _MANAGE)
        with self._store().reading(actor) as unit:
            return unit.webhooks.all()

    def webhook(self, actor: Actor, webhook_id: str) -> Webhook:
        require(actor, _MANAGE)
        with self._store().reading(actor) as unit:
            return unit.webhooks.get(webhook_id)

    def change_state(
        self, actor: Actor, webhook_id: str, state: Literal["active", "paused"], *, version: int | None = None
    ) -> Webhook:
        require(actor, _MANAGE)
        with self._store().unit(actor) as unit:
            return unit.webhooks.change_state(webhook_id, state, version)

    def rotate_secret(self, actor: Actor, webhook_id: str, *, version: int | None = None) -> NewWebhook:
        require(actor, _MANAGE)
        secret, until = _secret(), datetime.now(UTC) + BOTH_SIGN
        with self._store().unit(actor) as unit:
            sealed = self._sealer.seal(secret, _place(webhook_id))
            return NewWebhook(unit.webhooks.rotate(webhook_id, sealed, until, version), secret)

    def remove(self, actor: Actor, webhook_id: str, *, version: int | None = None) -> None:
        require(actor, _MANAGE)
        with self._store().unit(actor) as unit:
            unit.webhooks.remove(webhook_id, version)

    def deliveries(
        self,
        actor: Actor,
        webhook_id: str,
        *,
        states: Collection[str] = (),
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Delivery]:
        require(actor, _MANAGE)
        if not set(states) <= set(DELIVERY_STATES):
            raise InputError("webhooks.unknown_state", known=", ".join(DELIVERY_STATES))
        rows = rows_asked(limit)
        before: tuple[datetime, str] | None = None
        if after:
            at, last = read_cursor(after, datetime, str)
            assert isinstance(at, datetime) and isinstance(last, str), "as the kinds ask"
            before = at, last
        with self._store().reading(actor) as unit:
            found = unit.webhooks.deliveries(webhook_id, rows + 1, states=states, before=before)
        return page_of(found, rows, lambda delivery: (delivery.created, delivery.id))

    def send_again(self, actor: Actor, delivery_id: str) -> Delivery:
        require(actor, _MANAGE)
        with self._store().unit(actor) as unit:
            return unit.webhooks.send_again(delivery_id)

    def deliver(self, actor: Actor) -> int:
        if actor != INSTALLATION:
            raise ForbiddenError("jobs.workers_only")
        store, now = self._store(), datetime.now(UTC)
        with store.installation(reading=True) as work:
            if not work.webhooks.anything_waits(now):
                return 0
        with store.installation() as work:
            shared = work.webhooks.share_out(_AT_ONCE, now)
            if self._notices is not None:
                self._notices(work, shared, now)
        with store.installation() as work:
            due = work.webhooks.take(_SIDE_BY_SIDE, now)
        if due:
            outcomes = in_own_loop(self._send_all(due))
            ended = datetime.now(UTC)
            with store.installation() as work:
                for one, outcome in zip(due, outcomes, strict=True):
                    if outcome.arrived:
                        work.webhooks.delivered(one, ended)
                    else:
                        work.webhooks.refused(one, _told(outcome), ended, gone=outcome.status == 410)
        return len(shared) + len(due)

    async def _send_all(self, due: Sequence[Due]) -> list[Outcome]:
        return await asyncio.gather(*(self._send(one) for one in due))

    async def _send(self, due: Due) -> Outcome:
        from standardwebhooks.webhooks import Webhook as Signer  # only who delivers needs it

        content = json.dumps(
            {"type": due.topic, "timestamp": due.payload["at"], "data": due.payload},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        now = datetime.now(UTC)  # a new one for each attempt, so that a message caught on its way cannot be sent again
        try:
            kept = [due.secret]
            if due.former_secret is not None and due.former_until is not None and now < due.former_until:
                kept.append(due.former_secret)
            signers = [Signer(self._sealer.unseal(one, _place(due.webhook))) for one in kept]
        except KtopError:  # the installation's key was lost: nothing can be signed any more
            return Outcome(None, "webhooks.no_secret")
        headers = {
            "webhook-id": due.message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signer.sign(due.message, now, content) for signer in signers),
            "user-agent": "K-TOP-Webhooks/1",
        }
        return await send(due.url, content.encode(), headers, anywhere=self._anywhere)


def _secret() -> str:
    """Return a secret in the form of the Standard Webhooks specification."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def _look_up(host: str, port: int, anywhere: bool) -> None:
    """Refuse a name that leads into a private network now; one that leads nowhere yet may be set up later."""

    async def look_up() -> None:
        async with asyncio.timeout(_LOOK_UP_SECONDS):
            await resolved(host, port, anywhere=anywhere)

    try:
        in_own_loop(look_up())
    except UnicodeError:
        raise InputError("webhooks.no_url") from None
    except (OSError, TimeoutError):
        return


def _place(webhook_id: str) -> str:
    return f"webhook:{webhook_id}"


def _told(outcome: Outcome) -> str:
    """Return what is kept of a failed attempt: the key of a sentence, or the status answered."""
    return outcome.problem or f"HTTP {outcome.status}"


def problem_sentence(problem: str, lang: Literal["ko", "en"]) -> str:
    """Return what is kept of a failed attempt as people read it."""
    if problem.startswith("HTTP "):
        return text("webhooks.answered", lang, status=problem.removeprefix("HTTP "))
    return text(problem, lang) if problem else ""
