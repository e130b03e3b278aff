"""Writes letters, sealed, to be sent later: nobody waits for a mail server, and none is lost when a process dies."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from ktop.catalogue import LANGS, Lang, text
from ktop.kernel.errors import InputError
from ktop.kernel.sealing import Sealer
from ktop.store.letters import new_letter_id
from ktop.store.unit_of_work import InstallationWork

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


class PostOffice:
    """Where letters are handed in; ``sends`` is false where this installation has no mail server."""

    def __init__(self, sealer: Sealer, *, sends: bool) -> None:
        self._sealer, self.sends = sealer, sends

    def write(
        self,
        work: InstallationWork,
        kind: str,
        to: str,
        now: datetime,
        *,
        user: str | None = None,
        lang: Lang | None = None,
        **params: Any,
    ) -> bool:
        """Write a letter of a kind (``mail.{kind}_subject`` and ``_text``); return whether it will be sent.

        In the language of the person, else in both. ``to`` is an address that ``read_address`` has taken.
        """
        if not self.sends:
            return False
        langs = LANGS if lang is None else (lang,)
        content = {
            "to": to,
            "subject": " / ".join(text(f"mail.{kind}_subject", one, **params) for one in langs),
            "text": "\n\n".join(text(f"mail.{kind}_text", one, **params).strip() for one in langs) + "\n",
        }
        letter = new_letter_id()
        sealed = self._sealer.seal(json.dumps(content, ensure_ascii=False), place(letter))
        work.letters.add(letter_id=letter, user=user, sealed=sealed, kind=kind, now=now)
        return True

    def notify(self, work: InstallationWork, kind: str, user: str, now: datetime, **params: Any) -> bool:
        """Write a letter to a user whose address is known; return whether it will be sent."""
        person = work.identity.person(user) if self.sends else None
        if person is None or person.email is None:
            return False
        lang: Lang = "en" if person.lang == "en" else "ko"
        return self.write(work, kind, person.email, now, user=user, lang=lang, **params)


def place(letter: str) -> str:
    """Return what a letter is sealed for."""
    return f"letter:{letter}"


def read_address(given: str) -> str:
    """Return an address of mail; raises ``InputError`` for what is none, or holds what a header could be broken by."""
    address = given.strip()
    if len(address) > 200 or not _ADDRESS.fullmatch(address) or ".." in address:
        raise InputError("mail.no_address")
    return address
