"""Sends the letters that wait, by SMTP."""

from __future__ import annotations

import json
import logging
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Literal

from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.kernel.errors import ForbiddenError, KtopError
from ktop.kernel.sealing import Sealer
from ktop.store.letters import LetterRow
from ktop.store.unit_of_work import Store
from ktop.usecases.mail.post import place

_LOG = logging.getLogger(__name__)
_AT_ONCE = 20
_PATIENCE_SECONDS = 15.0


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that letters are handed to. ``security``: ``starttls``, ``tls``, or ``none`` within one machine."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str
    password: str
    sender: str


class MailService:
    """See ``ktop.usecases.mail.interface.Mail``. ``server`` is None where no mail is sent; ``now`` tells the time."""

    def __init__(
        self,
        store: Callable[[], Store],
        sealer: Sealer,
        server: MailServer | None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._store, self._sealer, self._server, self._now = store, sealer, server, now

    def available(self, actor: Actor) -> bool:
        return self._server is not None

    def deliver(self, actor: Actor) -> int:
        if actor != INSTALLATION:
            raise ForbiddenError("jobs.workers_only")
        if self._server is None:
            return 0
        now = self._now()
        with self._store().installation(reading=True) as work:
            if not work.letters.waits(now):
                return 0
        with self._store().installation() as work:
            taken = work.letters.take(_AT_ONCE, now)
        try:
            with _connected(self._server) as connection:
                for letter in taken:
                    self._send(connection, self._server, letter)
        except (OSError, smtplib.SMTPException) as error:  # the server itself: all that it did not take wait
            _LOG.warning("mail server: %s", type(error).__name__)
            with self._store().installation() as work:
                for letter in taken:
                    work.letters.failed(letter, self._now())
        return len(taken)

    def _send(self, connection: smtplib.SMTP, server: MailServer, letter: LetterRow) -> None:
        """Send one letter; one that the server refuses waits, or is given up, by itself."""
        try:
            content = json.loads(self._sealer.unseal(letter.sealed, place(letter.id)))
            connection.send_message(_message(server, content, self._now()))
        except (KtopError, ValueError, smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
            _LOG.warning("letter %s (%s) was not taken: %s", letter.id, letter.kind, type(error).__name__)
            with self._store().installation() as work:
                work.letters.failed(letter, self._now())
            return
        with self._store().installation() as work:
            work.letters.sent(letter)


def _connected(server: MailServer) -> smtplib.SMTP:
    """Return a connection, encrypted and signed in as the settings say; it never falls back to plain text."""
    secured = ssl.create_default_context()
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=_PATIENCE_SECONDS, context=secured
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=_PATIENCE_SECONDS)
    try:
        if server.security == "starttls":
            connection.starttls(context=secured)
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _message(server: MailServer, content: dict[str, str], now: datetime) -> EmailMessage:
    found = EmailMessage()
    found["From"], found["To"], found["Subject"] = server.sender, content["to"], content["subject"]
    found["Date"], found["Message-ID"] = format_datetime(now), make_msgid(domain=server.sender.rpartition("@")[2])
    found["Auto-Submitted"] = "auto-generated"
    found.set_content(content["text"])
    return found
