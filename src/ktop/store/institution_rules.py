"""The rules that institutions set for themselves, each change a new version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ConflictError
from ktop.store.tables import institution_rules
from ktop.store.tables.base import new_id

Kind = Literal["loan", "portfolio"]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One version of a rule; versions count from 1."""

    version: int
    rule: Mapping[str, Any]
    made: datetime
    made_by: str


class InstitutionRules:
    """The rules of the actor's organisation, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def newest(self, kind: Kind) -> RuleRow | None:
        """Return the version in force, None where the institution has set none."""
        return _newest(self._connection, self._actor.organisation, kind)

    def add(self, kind: Kind, rule: Mapping[str, Any]) -> RuleRow:
        """Keep the next version; raises ``ConflictError`` where a colleague adds one at the same moment."""
        before = self.newest(kind)
        made = RuleRow(1 if before is None else before.version + 1, dict(rule), datetime.now(UTC), self._actor.user)
        values = {"version": made.version, "rule": made.rule, "made": made.made, "made_by": made.made_by}
        own = {"id": new_id(), "tenant": self._actor.organisation, "kind": kind}
        try:
            self._connection.execute(insert(institution_rules).values(**own, **values))
        except IntegrityError:
            raise ConflictError("finance.rule_changed_meanwhile") from None
        return made


class RulesOfAll:
    """The rules of all institutions, for what the installation does by them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self, institution: str, kind: Kind) -> RuleRow | None:
        """Return the version of an institution in force, None where it has set none."""
        return _newest(self._connection, institution, kind)


def _newest(connection: Connection, institution: str, kind: Kind) -> RuleRow | None:
    ours = (institution_rules.c.tenant == institution, institution_rules.c.kind == kind)
    query = select(institution_rules).where(*ours).order_by(institution_rules.c.version.desc()).limit(1)
    found = connection.execute(query).one_or_none()
    return None if found is None else RuleRow(found.version, found.rule, found.made, found.made_by)
