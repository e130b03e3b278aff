"""Tables of companies that agreed to be found, of who found them, and of requests for contact."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Float, Index, Integer, String, Table, UniqueConstraint

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
    Column("said", String(1000), nullable=False),
    Column("number", BigInteger, nullable=False),  # random: by it the index of words names the card
    Column("listed", Instant, nullable=False),  # since when it is found; the same for a whole batch
    Column("batch", String(32)),  # of an anonymous firm: those that appeared together; none while it waits
    Column("cell", String(32), nullable=False, server_default=""),  # of an anonymous firm: digest of all that is shown
    Column("model", String(20), nullable=False, server_default=""),
    Column("hidden", String(120), nullable=False, server_default=""),  # parts that the company keeps to itself
    UniqueConstraint("tenant", name="uq_discovery_cards_tenant"),
    UniqueConstraint("number", name="uq_discovery_cards_number"),
    Index("ix_discovery_cards_listed", "listed", "id"),
    Index("ix_discovery_cards_batch", "batch", "until"),
    Index("ix_discovery_cards_cell", "cell", "batch"),
    # All that a search holds against a firm: what does not fit is never read.
    Index(
        "ix_discovery_cards_industry",
        *("industry", "listed", "id", "region", "size", "age_band", "model"),
        *("business_place", "growth_place", "risk_place", "index_score"),
        *("to_bank", "to_investor", "to_agency", "until", "number"),
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

#: Words of what named firms say of themselves: a derived copy, written and removed with the card. ``code`` as
#: ``ktop.patents.analysis.terms.term_code`` (0 stands once for each text, its ``impact`` for how the text was read),
#: ``impact`` the BM25 weight within the text.
discovery_terms = Table(
    "discovery_terms",
    metadata,
    Column("code", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("impact", Integer, nullable=False),
    tenant(),
    Column("to_bank", Boolean, nullable=False),
    Column("to_investor", Boolean, nullable=False),
    Column("to_agency", Boolean, nullable=False),
    Index("ix_discovery_terms_number", "number"),
    # SQLite keeps the rows themselves in the order of their key.
    Index(
        "ix_discovery_terms_found",
        "code",
        postgresql_include=["number", "impact", "tenant", "to_bank", "to_investor", "to_agency"],
        info={"only": "postgresql"},
    ),
    sqlite_with_rowid=False,
)

#: Searches that an institution keeps and is told of. ``opened``: when its new finds were last looked at.
discovery_searches = Table(
    "discovery_searches",
    metadata,
    identifier(),
    tenant(),
    Column("made_by", String(120), nullable=False),
    Column("name", String(100), nullable=False),
    Column("wanted", JSON, nullable=False),
    Column("created", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Column("looked", Instant, nullable=False),
    Column("opened", Instant, nullable=False),
    Index("ix_discovery_searches_tenant", "tenant", "created"),
    Index("ix_discovery_searches_due", "due"),
)

#: Which cards a kept search has found already; gone with the card, but for anonymous ones: their ``cell`` tells how
#: many alike were found, as those formed into a batch anew are no new find.
discovery_finds = Table(
    "discovery_finds",
    metadata,
    Column("search", String(32), primary_key=True),
    Column("card", String(32), primary_key=True),
    tenant(),
    Column("found", Instant, nullable=False),
    Column("cell", String(32), nullable=False, server_default=""),
)
