"""Tables of what public sources were asked, what they answered, and what people said of it."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from ktop.store.tables.base import Instant, identifier, metadata, tenant

#: One collection of a company. ``report``: how each source went. ``company`` is the kept company it was saved to.
collections = Table(
    "collections",
    metadata,
    identifier(),
    tenant(),
    Column("business_number", String(10), nullable=False),
    Column("hints", JSON, nullable=False),  # names and numbers that the user knew, what was made up
    Column("job", String(32)),
    Column("company", String(32)),
    Column("state", String(16), nullable=False),  # running, done
    Column("report", JSON, nullable=False),
    Column("created", Instant, nullable=False),
    Column("ended", Instant),
    Column("made_by", String(120), nullable=False),
    Index("ix_collections_tenant", "tenant", "created"),
    Index("ix_collections_number", "tenant", "business_number", "created"),
)

#: One answer as it came; its content lies with the documents. ``asked`` holds no key.
collected_answers = Table(
    "collected_answers",
    metadata,
    identifier(),
    tenant(),
    Column("collection", ForeignKey("collections.id"), nullable=False),
    Column("source", String(20), nullable=False),
    Column("operation", String(40), nullable=False),
    Column("asked", Text, nullable=False),
    Column("address", String(64), nullable=False),  # hash of where it was asked: a stand-in's answers are nobody else's
    Column("outcome", String(16), nullable=False),
    Column("detail", String(60), nullable=False),
    Column("at", Instant, nullable=False),
    Column("retry_at", Instant),
    Column("document", ForeignKey("documents.id"), nullable=False),
    Column("sha256", String(64), nullable=False),
    Index("ix_collected_answers_collection", "collection"),
    Index("ix_collected_answers_asked", "tenant", "source", "operation", "at"),
)

#: What a person said of a collected value: right, or what is right instead and why. Only added to; the last one holds.
value_choices = Table(
    "value_choices",
    metadata,
    identifier(),
    tenant(),
    Column("business_number", String(10), nullable=False),
    Column("path", String(200), nullable=False),
    Column("value", JSON),
    Column("against", JSON),
    Column("corrected", Boolean, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_value_choices_number", "tenant", "business_number", "at"),
)

#: Calls of one key in one period (``period``: "day 2026-06-30", "month 2026-06"), and answers by kind in a day.
source_counts = Table(
    "source_counts",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("period", String(20), primary_key=True),
    Column("kind", String(16), primary_key=True),  # call, or how an answer turned out
    Column("count", Integer, nullable=False),
    Column("last", Instant, nullable=False),
    Column("detail", String(60), nullable=False, server_default=""),
)

#: Calls of one key in one period that were made for one organisation.
source_uses = Table(
    "source_uses",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("period", String(20), primary_key=True),
    Column("tenant", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last", Instant, nullable=False),
)

#: How a source is: failures in a row, until when it is left alone and why, and when the next call may go out.
source_states = Table(
    "source_states",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("rests_until", Instant),
    Column("why", String(16), nullable=False, server_default=""),  # resting, quota
    Column("next_at", Instant),
)

#: A company that is collected again by itself. ``due``: when next; ``collection``: the last one looked through.
followed_companies = Table(
    "followed_companies",
    metadata,
    identifier(),
    tenant(),
    Column("business_number", String(10), nullable=False),
    Column("collection", ForeignKey("collections.id"), nullable=False),
    Column("every_days", Integer, nullable=False),
    Column("due", Instant, nullable=False),
    Column("job", String(32)),  # the job that is collecting it
    Column("rights", JSON, nullable=False),  # of who follows it, when they began; see jobs.rights
    Column("made_by", String(120), nullable=False),
    Index("uq_followed_companies_number", "tenant", "business_number", unique=True),
    Index("ix_followed_companies_due", "due"),
)

#: What sources said otherwise than the time before. ``seen``: when a person had looked at it.
company_changes = Table(
    "company_changes",
    metadata,
    identifier(),
    tenant(),
    Column("business_number", String(10), nullable=False),
    Column("company", String(32)),
    Column("collection", ForeignKey("collections.id"), nullable=False),
    Column("before", String(32), nullable=False),
    Column("found", Instant, nullable=False),
    Column("changes", JSON, nullable=False),  # path, value before, value now, source
    Column("seen", Instant),
    Index("ix_company_changes_tenant", "tenant", "found"),
)
