"""When sources that did not answer are asked again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ktop.collect.collecting import SourceReport

#: ``every_days`` of a company that is followed only until every source has answered, and for how long at most.
UNTIL_ANSWERED, LONGEST = 0, timedelta(days=40)
#: A source that says nothing of it is asked again so much later; none is asked again sooner than in an hour.
_LATER = ("quota", "broken")
_SOON, _SOONEST = timedelta(days=1), timedelta(hours=1)


def asked_again(reports: Mapping[str, SourceReport], now: datetime) -> datetime | None:
    """Return when the first source that broke or whose quota was used up is asked again; None where none was."""
    again = [
        max(report.retry_at or now + _SOON, now + _SOONEST)
        for report in reports.values()
        if report.outcome in _LATER or any(outcome in _LATER for _, outcome, _ in report.failures)
    ]
    return min(again, default=None)
