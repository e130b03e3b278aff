"""The rules that institutions set for themselves."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, String, Table, UniqueConstraint

from ktop.store.tables.base import Instant, identifier, metadata, tenant

#: Only added to: what was decided by a version can be decided by it again. ``kind``: loan, portfolio.
institution_rules = Table(
    "institution_rules",
    metadata,
    identifier(),
    tenant(),
    Column("kind", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("rule", JSON, nullable=False),
    Column("made", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    UniqueConstraint("tenant", "kind", "version", name="uq_institution_rules_version"),
)
