"""The firms that institutions watch."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table

from ktop.store.tables.base import Instant, identifier, metadata, tenant

#: ``tenant`` is the institution, ``company`` the organisation it watches. ``told``: early warnings it was told of;
#: ``due``: when the firm is looked at next.
watched_companies = Table(
    "watched_companies",
    metadata,
    identifier(),
    tenant(),
    Column("company", String(64), nullable=False),
    Column("added", Instant, nullable=False),
    Column("added_by", String(120), nullable=False),
    Column("told", JSON, nullable=False),
    Column("due", Instant, nullable=False),
    Index("uq_watched_companies_company", "tenant", "company", unique=True),
    Index("ix_watched_companies_due", "due"),
)
