"""What was done at the whole installation, counted: for figures that are published, never of one organisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from ktop.store.tables import access_ledger, finance_cases, finance_steps, issued_results, ratings

_ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class RatedFirm:
    """One rating of a company: when, of whom (a key that tells nothing outside), and the models' answers."""

    created: datetime
    firm: str
    results: list[dict[str, Any]]


class InstallationFigures:
    """Counts over all organisations, within one transaction of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rated_firms(self) -> Iterator[RatedFirm]:
        """Give every rating of a company that has a business number, firm by firm and oldest first."""
        query = (
            select(ratings.c.created, ratings.c.subject_key, ratings.c.results)
            .where(ratings.c.subject_key.startswith("business_number:"))
            .order_by(ratings.c.subject_key, ratings.c.created, ratings.c.id)
            .execution_options(yield_per=_ROWS_AT_ONCE)
        )
        for row in self._connection.execute(query):
            yield RatedFirm(row.created, row.subject_key, row.results)

    def moments(self) -> dict[str, list[datetime]]:
        """Return when each kind of thing happened: ratings, look-ups, signed results, applications, loans."""
        steps = select(finance_steps.c.at)
        queries = {
            "ratings": select(ratings.c.created),
            "lookups": select(access_ledger.c.at),
            "signed": select(issued_results.c.created),
            "applications": select(finance_cases.c.created).where(finance_cases.c.state != "draft"),
            "guarantees": steps.where(finance_steps.c.action.in_(("approve_guarantee", "confirm_guarantee"))).where(
                finance_steps.c.after == "approved"
            ),
            "loans": steps.where(finance_steps.c.action == "disburse"),
        }
        return {name: list(self._connection.scalars(query)) for name, query in queries.items()}
