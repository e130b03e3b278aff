"""Tables of guarantee and loan cases, each of three organisations: the company, the guarantor and the bank."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from ktop.store.tables.base import Instant, Serial, identifier, metadata, tenant

#: A case as it stands; every change of it is a row of ``finance_steps`` in the same transaction.
finance_cases = Table(
    "finance_cases",
    metadata,
    identifier(),
    tenant(),
    Column("guarantor", String(64), nullable=False),
    Column("bank", String(64), nullable=False),
    Column("application", JSON, nullable=False),
    Column("state", String(32), nullable=False),
    Column("guarantee", String(16), nullable=False),
    Column("loan", String(16), nullable=False),
    Column("figures", JSON, nullable=False),
    Column("since", Instant, nullable=False),
    Column("due", Date),
    Column("reminded", Instant),
    Column("version", Integer, nullable=False),
    Column("created", Instant, nullable=False),
    Index("ix_finance_cases_tenant", "tenant", "created"),
    Index("ix_finance_cases_guarantor", "guarantor", "created"),
    Index("ix_finance_cases_bank", "bank", "created"),
    Index("ix_finance_cases_due", "state", "due"),
)

#: Every step of a case. Only added to. ``key`` is the caller's own name of the step: the same again is the same step.
finance_steps = Table(
    "finance_steps",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    Column("case", ForeignKey("finance_cases.id"), nullable=False),
    tenant(),
    Column("guarantor", String(64), nullable=False),
    Column("bank", String(64), nullable=False),
    Column("step", Integer, nullable=False),
    Column("key", String(120), nullable=False),
    Column("action", String(32), nullable=False),
    Column("before", String(32), nullable=False),
    Column("after", String(32), nullable=False),
    Column("side", String(16), nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", String(1000), nullable=False),
    Column("figures", JSON, nullable=False),
    UniqueConstraint("case", "step", name="uq_finance_steps_step"),
    UniqueConstraint("case", "key", name="uq_finance_steps_key"),
)

#: Files that a company hands in with a case.
finance_documents = Table(
    "finance_documents",
    metadata,
    identifier(),
    Column("case", ForeignKey("finance_cases.id"), nullable=False),
    tenant(),
    Column("guarantor", String(64), nullable=False),
    Column("bank", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_finance_documents_case", "case"),
)
