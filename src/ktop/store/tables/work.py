"""Tables of work that outlives a request: jobs, their items, and answers kept for a repeated request."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from ktop.store.tables.base import Instant, identifier, metadata, tenant

#: ``state``: waiting, running, done, failed, cancelled. A worker holds a job by its lease and loses it when that ends;
#: effects are written only together with the check that ``worker`` still is the one. Smaller ``priority`` first.
jobs = Table(
    "jobs",
    metadata,
    identifier(),
    tenant(),
    Column("made_by", String(120), nullable=False),
    Column("rights", JSON, nullable=False),  # roles and scopes of who gave it, when it was given
    Column("kind", String(40), nullable=False),
    Column("key", String(200)),  # a job of the same key is the same job
    Column("priority", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("done", Integer, nullable=False),
    Column("of", Integer),
    Column("attempts", Integer, nullable=False),
    Column("worker", String(64)),
    Column("lease_until", Instant),
    Column("not_before", Instant, nullable=False),
    Column("cancel", Boolean, nullable=False, server_default="0"),
    Column("result", JSON),
    Column("problem", JSON),  # the error's catalogue key and values
    Column("created", Instant, nullable=False),
    Column("started", Instant),
    Column("ended", Instant),
    UniqueConstraint("tenant", "kind", "key", name="uq_jobs_key"),
    Index("ix_jobs_waiting", "state", "priority", "not_before", "created"),
    Index("ix_jobs_running", "state", "tenant"),
    Index("ix_jobs_tenant", "tenant", "created"),
)

#: What of a job is finished already, so that it is not done again after an interruption.
job_items = Table(
    "job_items",
    metadata,
    Column("job", ForeignKey("jobs.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    tenant(),
    Column("result", JSON, nullable=False),
)

#: What each web process counted, by minute since 1970; ``whose`` is a hash of organisation and user.
request_counts = Table(
    "request_counts",
    metadata,
    Column("process", String(16), primary_key=True),
    Column("minute", Integer, primary_key=True, autoincrement=False),
    Column("whose", String(32), primary_key=True),
    Column("count", Integer, nullable=False),
)

#: The answer to a request that carried an Idempotency-Key, given again when the same request comes again.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request", String(64), nullable=False),  # SHA-256 of method, path and body
    Column("status", Integer),  # empty while the first is worked on
    Column("media_type", String(80)),
    Column("headers", JSON),
    Column("body", LargeBinary),
    Column("created", Instant, nullable=False),
    Column("effects", Text),  # what it did: a line each, action and subject, in the transaction that did it
    Index("ix_idempotency_keys_created", "created"),
)
