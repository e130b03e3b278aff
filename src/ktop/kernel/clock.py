"""What day and time it is; everything that asks asks here."""

from __future__ import annotations

from datetime import date


def today() -> date:
    """Return the user's own calendar day: what they mean by today, whatever the hour elsewhere."""
    return date.today()  # noqa: DTZ011 - the local day is wanted
