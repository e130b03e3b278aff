"""The projects that an agency supported, and what was seen of them year by year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from ktop.domain.party.actor import Actor
from ktop.domain.season.project import Project
from ktop.store.tables import programme_followups, programme_projects

_ROWS_AT_ONCE = 500


class ProjectRepository:
    """The supported projects of an actor's agency, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def keep(self, projects: Sequence[Project]) -> None:
        """Keep new projects, and new values of those of the same identifier."""
        table, now = programme_projects, datetime.now(UTC)
        there = set(self._connection.scalars(select(table.c.id).where(table.c.tenant == self._actor.organisation)))
        fresh = [
            _values(one) | {"tenant": self._actor.organisation, "created": now}
            for one in projects
            if one.id not in there
        ]
        for start in range(0, len(fresh), _ROWS_AT_ONCE):
            self._connection.execute(insert(table), fresh[start : start + _ROWS_AT_ONCE])
        for one in projects:
            if one.id in there:
                ours = (table.c.id == one.id) & (table.c.tenant == self._actor.organisation)
                self._connection.execute(update(table).where(ours).values(_values(one)))

    def all(self) -> list[Project]:
        """Return all projects, by programme, year and firm."""
        table = programme_projects
        query = select(table).where(table.c.tenant == self._actor.organisation)
        ordered = query.order_by(table.c.programme, table.c.year, table.c.firm)
        return [_project(row) for row in self._connection.execute(ordered)]

    def observe(self, seen: Sequence[tuple[str, int, dict[str, float]]]) -> None:
        """Keep what was seen, each (project, year, outcomes), in the place of what was known of that year."""
        table, own, now = programme_followups, self._actor.organisation, datetime.now(UTC)
        for start in range(0, len(seen), _ROWS_AT_ONCE):
            part = seen[start : start + _ROWS_AT_ONCE]
            for year in {year for _, year, _ in part}:
                projects = [project for project, at, _ in part if at == year]
                same = (table.c.tenant == own) & (table.c.year == year) & table.c.project.in_(projects)
                self._connection.execute(delete(table).where(same))
            rows = [
                {
                    "id": f"{project[:26]}{year:06d}",
                    "tenant": own,
                    "project": project,
                    "year": year,
                    "outcomes": outcomes,
                    "changed": now,
                }
                for project, year, outcomes in part
            ]
            self._connection.execute(insert(table), rows)

    def outcomes(self) -> dict[str, dict[int, dict[str, float]]]:
        """Return project → year → outcomes."""
        table = programme_followups
        query = select(table.c.project, table.c.year, table.c.outcomes).where(
            table.c.tenant == self._actor.organisation
        )
        found: dict[str, dict[int, dict[str, float]]] = {}
        for row in self._connection.execute(query):
            found.setdefault(row.project, {})[row.year] = row.outcomes
        return found


def _values(project: Project) -> dict[str, Any]:
    return {field.name: getattr(project, field.name) for field in fields(project)} | {"targets": dict(project.targets)}


def _project(row: Row[Any]) -> Project:
    return Project(**{field.name: getattr(row, field.name) for field in fields(Project)})
