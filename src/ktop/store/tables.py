"""The tables of the platform, in one place; migrations/ brings a database from any older form to this one."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, DateTime, Index, Integer, MetaData, String, Table

# Constraint names are fixed so that migrations can refer to them on every database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: One stored answer: what was given, what every model answered, and which model versions did. Never changed.
ratings = Table(
    "ratings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("results", JSON, nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("subject_key", String(120)),
    Index("ix_ratings_created", "created"),
    Index("ix_ratings_tenant", "tenant", "created"),
    Index("ix_ratings_subject_key", "tenant", "subject_key"),
)

#: Who did what to what, in the order it was done. Only added to: triggers of the database refuse anything else.
audit_events = Table(
    "audit_events",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("actor", String(120), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("details", JSON, nullable=False),
    Index("ix_audit_events_tenant", "tenant", "number"),
)

#: Messages of changes that happened; ``sent`` is empty until one has left.
outbox = Table(
    "outbox",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("topic", String(60), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("sent", DateTime(timezone=True)),
    Index("ix_outbox_sent", "sent", "at"),
)
