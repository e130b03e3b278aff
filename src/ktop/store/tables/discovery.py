"""Tables of companies that agreed to be found, of who found them, and of requests for contact."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Float, Index, Integer, String, Table, UniqueConstraint

from ktop.store.tables.base import Instant, Serial, identifier, metadata, tenant

#: What a company lets be found of itself; one row a company, gone with its opt-in. Places count from 0, the best band.
discovery_cards = Table(
    "discovery_cards",
    metadata,
    identifier(),
    tenant(),
    Column("rating", String(32), nullable=False),
    Column("anonymous", Boolean, nullable=False),
    Column("to_bank", Boolean, nullable=False),
    Column("to_investor", Boolean, nullable=False),
    Column("to_agency", Boolean, nullable=False),
    Column("until", Date, nullable=False),
    Column("created", Instant, nullable=False),
    Column("business", String(8), nullable=False),
    Column("growth", String(8), nullable=False),
    Column("risk", String(8), nullable=False),
    Column("business_place", Integer),
    Column("growth_place", Integer),
    Column("risk_place", Integer),
    Column("index_score", Float),
    Column("industry", String(60), nullable=False),
    Column("region", String(20), nullable=False),
    Column("size", String(20), nullable=False),
    Column("age_band", String(20), nullable=False),
    Column("words", String(700), nullable=False),  # name and words of a firm that is named, small letters; else empty
    Column("said", String(300), nullable=False),
    UniqueConstraint("tenant", name="uq_discovery_cards_tenant"),
    Index("ix_discovery_cards_place", "business_place", "created"),
    Index(
        "ix_discovery_cards_cell", "industry", "region", "size", "age_band", "business", "growth", "risk", "index_score"
    ),
)

#: Who found or opened whom. Only added to.
discovery_views = Table(
    "discovery_views",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    tenant(),
    Column("viewer", String(64), nullable=False),
    Column("viewer_user", String(120), nullable=False),
    Column("way", String(16), nullable=False),  # found, opened
    Column("at", Instant, nullable=False),
    Index("ix_discovery_views_tenant", "tenant", "number"),
)

#: An institution's request to a company it found. ``state``: asked, accepted, declined.
discovery_contacts = Table(
    "discovery_contacts",
    metadata,
    identifier(),
    tenant(),
    Column("asker", String(64), nullable=False),
    Column("asker_user", String(120), nullable=False),
    Column("card", String(32), nullable=False),
    Column("named", Boolean, nullable=False),
    Column("message", String(1000), nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked", Instant, nullable=False),
    Column("answered", Instant),
    Index("ix_discovery_contacts_tenant", "tenant", "asked"),
    Index("ix_discovery_contacts_asker", "asker", "asked"),
)
