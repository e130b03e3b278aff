"""The tables of the platform, in one place; migrations/ brings a database from any older form to this one."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, DateTime, Index, MetaData, String, Table

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
    Index("ix_ratings_created", "created"),
)
