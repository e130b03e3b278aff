"""Slows guessing down without letting a guesser shut anybody else out.

Failures count for a login from one address, and for an address whatever the login: never for a login alone, which would
let a stranger lock its owner out. IPv6 addresses count by their /64, which one subscriber holds whole.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from ktop.kernel.errors import TooManyRequestsError
from ktop.store.unit_of_work import InstallationWork

#: Failures that cost no wait: for one login from one address, and for one address.
FREE_OF_PAIR, FREE_OF_ADDRESS = 5, 30
#: Failures count for this long; no wait is longer than the other.
KEPT, _LONGEST = timedelta(hours=6), timedelta(minutes=15)


def network(address: str) -> str:
    """Return what an address counts by; text that is no address counts as it stands."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((int(found), 64), strict=False).network_address)
    return str(found)


class Throttle:
    """The failures of one attempt: of whoever tries (a login, a user at some step) from one address."""

    def __init__(self, who: str, address: str) -> None:
        self._address = f"address|{network(address)}"
        self._pair = f"pair|{network(address)}|{who}"

    def require_patience(self, work: InstallationWork, now: datetime) -> None:
        """Raise ``TooManyRequestsError`` where the next attempt comes too early."""
        until = work.failures.until([self._pair, self._address])
        if until is not None and until > now:
            seconds = max(1, round((until - now).total_seconds()))
            raise TooManyRequestsError("accounts.too_many_failures", retry_after_seconds=seconds)

    def note(self, work: InstallationWork, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Count a failure; return until when pair and address were to wait before it."""
        return (
            work.failures.note(self._pair, now, free=FREE_OF_PAIR, kept=KEPT, longest=_LONGEST),
            work.failures.note(self._address, now, free=FREE_OF_ADDRESS, kept=KEPT, longest=_LONGEST),
        )

    def begin(self, work: InstallationWork, now: datetime) -> None:
        """Count an attempt before it is judged, so that of many at one time none goes uncounted (a code of six digits
        is soon guessed); raises ``TooManyRequestsError``, which counts nothing, where it comes too early."""
        self.require_patience(work, now)
        if any(until is not None and until > now for until in self.note(work, now)):
            self.require_patience(work, now)

    def succeed(self, work: InstallationWork) -> None:
        """Forget the failures of the pair and the attempt that ``begin`` counted for the address."""
        work.failures.forget(self._pair)
        work.failures.take_back(self._address)

    def forget(self, work: InstallationWork) -> None:
        """Forget the failures of the pair after a success; those of the address stay, or one's own login would clear
        the way for guessing others'."""
        work.failures.forget(self._pair)
