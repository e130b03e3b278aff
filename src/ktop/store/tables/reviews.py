"""What evaluators say of a rating and how they would grade it, beside what its model gave."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from ktop.store.tables.base import ID_LENGTH, Instant, identifier, metadata, tenant

# A comment has no grade; an override waits for the word of a second person.
rating_reviews = Table(
    "rating_reviews",
    metadata,
    identifier(),
    tenant(),
    Column("rating_id", String(ID_LENGTH), ForeignKey("ratings.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("model", String(80), nullable=False),
    Column("grade", String(40), nullable=False),
    Column("given", String(16), nullable=False),
    Column("wanted", String(16), nullable=False),
    Column("reason", Text(), nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("created", Instant(), nullable=False),
    Column("decided_by", String(120), nullable=True),
    Column("decided", Instant(), nullable=True),
    Column("decision", Text(), nullable=False),
    Index("ix_rating_reviews_rating", "tenant", "rating_id"),
    Index("ix_rating_reviews_state", "tenant", "state"),
)
