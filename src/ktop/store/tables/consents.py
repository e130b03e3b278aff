"""Tables of consents, of who saw what by them, and of results that were sent.

After the consent states of open banking and the consent record of ISO/IEC TS 27560: a consent is never changed but for
its state; narrowing makes a successor.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table

from ktop.store.tables.base import Instant, Serial, identifier, metadata, tenant

#: ``tenant`` is the company that consents, ``grantee`` the institution. ``results``: names of models; ``inputs``: names
#: of input groups; ``technologies``: identifiers, or ["*"]. ``state``: requested, rejected, active, narrowed, expired,
#: revoked.
consents = Table(
    "consents",
    metadata,
    identifier(),
    tenant(),
    Column("grantee", String(64), nullable=False),
    Column("number", Integer, nullable=False),  # 1, and one more with each successor
    Column("predecessor", ForeignKey("consents.id")),
    Column("purpose", String(40), nullable=False),
    Column("results", JSON, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("technologies", JSON, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("once", Boolean, nullable=False),
    Column("legal_basis", String(40), nullable=False),
    Column("notice_version", String(40), nullable=False),
    Column("notice_hash", String(64), nullable=False),
    Column("asked_by", String(120)),
    Column("asked_reason", String(500), nullable=False),
    Column("granted_by", String(120)),
    Column("authenticated_by", String(40)),  # how who granted it was known: password+totp, passkey …
    Column("state", String(16), nullable=False),
    Column("state_at", Instant, nullable=False),
    Column("state_by", String(120), nullable=False),
    Column("created", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_consents_tenant", "tenant", "state"),
    Index("ix_consents_grantee", "grantee", "state"),
    Index("ix_consents_over", "state", "valid_until"),
)

#: Every change of a consent's state, with its reason. Only added to.
consent_changes = Table(
    "consent_changes",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    Column("consent", ForeignKey("consents.id"), nullable=False),
    tenant(),
    Column("grantee", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(120), nullable=False),
    Column("reason", String(500), nullable=False),
    Index("ix_consent_changes_consent", "consent"),
)

#: Who of which institution saw what of a company, when, why and by which consent. Only added to.
access_ledger = Table(
    "access_ledger",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    tenant(),
    Column("reader", String(64), nullable=False),
    Column("reader_user", String(120), nullable=False),
    Column("consent", String(32), nullable=False),
    Column("rating", String(32), nullable=False),
    Column("seen", JSON, nullable=False),
    Column("purpose", String(40), nullable=False),
    Column("way", String(20), nullable=False),  # page, program, sent
    Index("ix_access_ledger_tenant", "tenant", "number"),
    Index("ix_access_ledger_reader", "reader", "number"),
    sqlite_autoincrement=True,
)

#: A result that a company sent to an institution. ``withdrawn`` ends what the institution may still open.
transmissions = Table(
    "transmissions",
    metadata,
    identifier(),
    tenant(),
    Column("receiver", String(64), nullable=False),
    Column("rating", String(32), nullable=False),
    Column("document", String(32)),
    Column("consent", ForeignKey("consents.id"), nullable=False),
    Column("message", String(1000), nullable=False),
    Column("sent", Instant, nullable=False),
    Column("sent_by", String(120), nullable=False),
    Column("received", Instant),
    Column("read", Instant),
    Column("read_by", String(120)),
    Column("withdrawn", Instant),
    Index("ix_transmissions_tenant", "tenant", "sent"),
    Index("ix_transmissions_receiver", "receiver", "sent"),
)

#: What an institution (``tenant``) has been told of each result by consent, its newest state alone: shown or withdrawn.
result_feed = Table(
    "result_feed",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    tenant(),
    Column("rating", String(32), nullable=False),
    Column("company", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("consent", String(32), nullable=False),
    Column("models", JSON, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_result_feed_tenant", "tenant", "number"),
    Index("uq_result_feed_rating", "tenant", "rating", unique=True),
    sqlite_autoincrement=True,
)
