"""Writes letters, sealed, to be sent later: nobody waits for a mail server, and none is lost when a process dies.

Nobody can be flooded: so many letters go to one person, and by the doing of one organisation, in an hour and in a day.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.party.actor import INSTALLATION
from ktop.kernel.errors import InputError
from ktop.kernel.sealing import Sealer
from ktop.store.letters import new_letter_id
from ktop.store.unit_of_work import InstallationWork

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
#: Letters that warn of a stranger in the account: only its own user brings them about, and they are held back never.
_ALWAYS = frozenset({"password_changed", "factor_changed"})
_PERIODS = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d"}


class PostOffice:
    """Where letters are handed in.

    Parameters
    ----------
    sends : false where this installation has no mail server.
    to_one, from_one : most letters to one person, and by the doing of one organisation: ``"10/hour;30/day"``.
    """

    def __init__(
        self, sealer: Sealer, *, sends: bool, to_one: str = "10/hour;30/day", from_one: str = "300/hour;2000/day"
    ) -> None:
        self._sealer, self.sends = sealer, sends
        self._to_one, self._from_one = _limits(to_one), _limits(from_one)

    def write(
        self,
        work: InstallationWork,
        kind: str,
        to: str,
        now: datetime,
        *,
        sender: str,
        user: str | None = None,
        lang: Lang | None = None,
        **params: Any,
    ) -> bool:
        """Write a letter of a kind (``mail.{kind}_subject`` and ``_text``); return whether it will be sent.

        In the language of the person, else in both. ``to`` is an address that ``read_address`` has taken; ``sender``
        is the organisation whose doing it is. What is over a limit is not written; the first letter that one holds back
        in an hour or a day is told in the audit trail.
        """
        if not self.sends:
            return False
        own = user or hashlib.sha256(to.casefold().encode()).hexdigest()[:32]
        counted = [("to_one", f"to:{own}", self._to_one), ("from_one", f"from:{sender}", self._from_one)]
        withheld = [self._over(work, kind, limit, whose, limits, now) for limit, whose, limits in counted]
        if any(withheld) and kind not in _ALWAYS:
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

    def notify(
        self, work: InstallationWork, kind: str, user: str, now: datetime, *, sender: str, **params: Any
    ) -> bool:
        """Write a letter to a user whose address is known; return whether it will be sent."""
        person = work.identity.person(user) if self.sends else None
        if person is None or person.email is None:
            return False
        lang: Lang = "en" if person.lang == "en" else "ko"
        return self.write(work, kind, person.email, now, sender=sender, user=user, lang=lang, **params)

    def _over(
        self, work: InstallationWork, kind: str, limit: str, whose: str, limits: dict[str, int], now: datetime
    ) -> bool:
        """Count a letter; return whether one of the limits holds it back."""
        over = False
        for period, most in limits.items():
            named = f"{period} {now.astimezone(UTC):{_PERIODS[period]}}"
            count = work.letters.count(whose, named, now)
            over |= count > most
            if count == most + 1 and kind not in _ALWAYS:
                told = {"limit": limit, "period": named, "most": most, "kind": kind}
                work.tell(INSTALLATION, "mail.withheld", whose, told)
        return over


def _limits(given: str) -> dict[str, int]:
    """Return period → most letters of a setting such as ``"10/hour;30/day"``."""
    parts = (part.split("/") for part in given.split(";"))
    return {period: int(most) for most, period in parts}


def place(letter: str) -> str:
    """Return what a letter is sealed for."""
    return f"letter:{letter}"


def read_address(given: str) -> str:
    """Return an address of mail; raises ``InputError`` for what is none, or holds what a header could be broken by."""
    address = given.strip()
    if len(address) > 200 or not _ADDRESS.fullmatch(address) or ".." in address:
        raise InputError("mail.no_address")
    return address
