"""What was done at the whole installation, for figures of all: those published and the drift of models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, extract, func, select, true

from ktop.store.tables import access_ledger, finance_cases, finance_steps, issued_results, ratings

_ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class RatedFirm:
    """One rating of a company: when, of whom (a key that tells nothing outside), and the models' answers.

    ``results`` may be in brief, see ``ktop.store.ratings.in_brief``.
    """

    created: datetime
    firm: str
    results: list[dict[str, Any]]


class InstallationFigures:
    """Counts over all organisations, within one transaction of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rated_firms(self) -> Iterator[RatedFirm]:
        """Give every rating of a company that has a business number, in brief, firm by firm and oldest first."""
        query = (
            select(ratings.c.created, ratings.c.subject_key, ratings.c.brief)
            .where(ratings.c.subject_key.startswith("business_number:"))
            .order_by(ratings.c.subject_key, ratings.c.created, ratings.c.id)
            .execution_options(yield_per=_ROWS_AT_ONCE)
        )
        for row in self._connection.execute(query):
            yield RatedFirm(row.created, row.subject_key, row.brief)

    def recent_ratings(self, limit: int) -> Iterator[RatedFirm]:
        """Give the newest ratings of companies of all organisations, newest first, ``limit`` at most.

        A firm without a number of its own is known by its rating alone.
        """
        query = (
            select(
                ratings.c.created, func.coalesce(ratings.c.subject_key, ratings.c.id).label("firm"), ratings.c.results
            )
            .where(ratings.c.kind == "company")
            .order_by(ratings.c.created.desc(), ratings.c.id)
            .limit(limit)
            .execution_options(yield_per=_ROWS_AT_ONCE)
        )
        for row in self._connection.execute(query):
            yield RatedFirm(row.created, row.firm, row.results)

    def by_half_year(self) -> dict[str, dict[str, int]]:
        """Return how often each kind of thing happened in a half-year (``2026-H1``), as the database counts."""
        approved = finance_steps.c.action.in_(("approve_guarantee", "confirm_guarantee"))
        kinds: dict[str, tuple[Column[Any], ColumnElement[bool]]] = {
            "ratings": (ratings.c.created, true()),
            "lookups": (access_ledger.c.at, true()),
            "signed": (issued_results.c.created, true()),
            "applications": (finance_cases.c.created, finance_cases.c.state != "draft"),
            "guarantees": (finance_steps.c.at, approved & (finance_steps.c.after == "approved")),
            "loans": (finance_steps.c.at, finance_steps.c.action == "disburse"),
        }
        return {kind: self._counted(at, which) for kind, (at, which) in kinds.items()}

    def _counted(self, at: Column[Any], which: ColumnElement[bool]) -> dict[str, int]:
        year, month = extract("year", at).label("year"), extract("month", at).label("month")
        counted: Counter[str] = Counter()
        query = select(year, month, func.count()).where(which).group_by(year, month).order_by(year, month)
        for of_year, of_month, count in self._connection.execute(query):
            counted[f"{int(of_year)}-H{1 if of_month <= 6 else 2}"] += count
        return dict(counted)
