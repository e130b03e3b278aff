"""Tables of companies, what is known of them, technologies, their ratings, and documents made of these."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
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

#: A company that an organisation keeps: itself, or an applicant. ``version`` counts edits (ETag).
companies = Table(
    "companies",
    metadata,
    identifier(),
    tenant(),
    Column("name", String(200), nullable=False),
    Column("name_en", String(200)),  # where its record says one
    Column("business_number", String(10)),  # ten digits
    Column("company_id", String(100)),  # what the organisation calls it
    Column("note", String(2000), nullable=False, server_default=""),
    Column("created", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Column("archived", Boolean, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False),
    UniqueConstraint("tenant", "business_number", name="uq_companies_business_number"),
    Index("ix_companies_tenant", "tenant", "name"),
)

#: What was known of a company when, and by whom it was given; never changed. A draft is the one row a form overwrites.
record_versions = Table(
    "record_versions",
    metadata,
    identifier(),
    tenant(),
    Column("company", ForeignKey("companies.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("known_at", Instant, nullable=False),
    Column("given_by", String(120), nullable=False),
    Column("draft", Boolean, nullable=False, server_default="0"),
    Column("record", JSON, nullable=False),
    UniqueConstraint("company", "number", name="uq_record_versions_number"),
)

#: A technology that an organisation keeps, of one of its companies or of its own.
technologies = Table(
    "technologies",
    metadata,
    identifier(),
    tenant(),
    Column("company", ForeignKey("companies.id")),
    Column("title", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("note", String(2000), nullable=False, server_default=""),
    Column("created", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Column("archived", Boolean, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False),
    Index("ix_technologies_tenant", "tenant", "title"),
)

#: One stored answer: what was given, what every model answered, and which model versions did. Never changed, but for
#: what an organisation calls it (``title``, ``note``, ``archived``). ``brief`` is what lists and counts read of
#: ``results`` (``ktop.store.ratings.in_brief``): .5 kB of some 45.
ratings = Table(
    "ratings",
    metadata,
    identifier(),
    Column("created", Instant, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("results", JSON, nullable=False),
    tenant(),
    Column("subject_key", String(120)),
    Column("made_by", String(120)),
    Column("company", String(32)),
    Column("technology", String(32)),
    Column("title", String(200), nullable=False, server_default=""),
    Column("note", String(2000), nullable=False, server_default=""),
    Column("archived", Boolean, nullable=False, server_default="0"),
    Column("brief", JSON, nullable=False, server_default="[]"),
    Index("ix_ratings_created", "created"),
    Index("ix_ratings_tenant", "tenant", "created"),
    Index("ix_ratings_subject_key", "tenant", "subject_key"),
    Index("ix_ratings_company", "tenant", "company", "created"),
)

#: A file made of a rating or a consent, or given with a record: a signed result, a report, a receipt, evidence.
documents = Table(
    "documents",
    metadata,
    identifier(),
    tenant(),
    Column("kind", String(30), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("subject", String(64), nullable=False),  # identifier of what it was made of
    Column("content", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    Index("ix_documents_subject", "tenant", "subject"),
)

#: How many bytes the files of an organisation have in all; changed with them (``ktop.store.storage``).
storage = Table(
    "storage",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("bytes", BigInteger, nullable=False),
)

#: A signed result: its place in the status list, and whether it was withdrawn. ``id`` is the ``jti`` of its signature.
issued_results = Table(
    "issued_results",
    metadata,
    identifier(),
    tenant(),
    Column("rating", ForeignKey("ratings.id"), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("status_index", Integer, nullable=False, unique=True),
    Column("signed", Text, nullable=False),  # the compact signature as issued, without withheld inputs
    Column("created", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("revoked", Instant),
    Column("reason", String(500), nullable=False, server_default=""),
    Index("ix_issued_results_rating", "tenant", "rating"),
)
