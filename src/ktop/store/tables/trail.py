"""Tables of what has been done: audit events with their chain, and messages that tell others of it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from ktop.store.tables.base import Instant, Serial, identifier, metadata, tenant

#: Who did what to what, in the order it was done. Only added to: triggers of the database refuse anything else.
#: ``digest`` is the SHA-256 of the event's own content; empty for events from before there was a chain.
audit_events = Table(
    "audit_events",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    tenant(),
    Column("actor", String(120), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("details", JSON, nullable=False),
    Column("digest", String(64), nullable=False, server_default=""),
    Index("ix_audit_events_tenant", "tenant", "number"),
)

#: The chain over the events: place ``position`` (from 1) holds ``hash`` = SHA-256(hash before, digest of its event).
#: Events are sealed in batches, so that writers never wait for one another. Only added to.
audit_chain = Table(
    "audit_chain",
    metadata,
    Column("position", Serial, primary_key=True, autoincrement=False),
    Column("event", Serial, nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

#: The root of the Merkle tree (RFC 9162) over all digests up to a day's end, signed, for outsiders to hold.
#: Only added to.
audit_heads = Table(
    "audit_heads",
    metadata,
    Column("day", Date, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("root", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("signed", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

#: Messages of changes that happened; ``sent`` is empty until one has been handed to all who listen.
outbox = Table(
    "outbox",
    metadata,
    identifier(),
    Column("at", Instant, nullable=False),
    tenant(),
    Column("topic", String(60), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("sent", Instant),
    Index("ix_outbox_sent", "sent", "at"),
)

#: Where an organisation wants to be told, of what. ``secret`` is sealed with the installation's key.
webhooks = Table(
    "webhooks",
    metadata,
    identifier(),
    tenant(),
    Column("url", String(2000), nullable=False),
    Column("secret", Text, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("state", String(16), nullable=False),  # active, paused
    Column("made_by", String(120), nullable=False),
    Column("created", Instant, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),  # counts edits (ETag)
    Column("former_secret", Text),  # signs beside the present one until ``former_until``
    Column("former_until", Instant),
    Index("ix_webhooks_tenant", "tenant"),
)

#: One message on its way to one address. ``state``: waiting, delivered, dead.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    identifier(),
    tenant(),
    Column("webhook", ForeignKey("webhooks.id"), nullable=False),
    Column("message", String(32), nullable=False),
    Column("topic", String(60), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("problem", String(500), nullable=False, server_default=""),
    Column("created", Instant, nullable=False),
    Column("ended", Instant),
    Index("ix_webhook_deliveries_waiting", "state", "next_at"),
    Index("ix_webhook_deliveries_tenant", "tenant", "created"),
)
