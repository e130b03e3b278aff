"""Tables of support programmes: rules, calls, applications, results, appeals, conflicts and supported projects."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from ktop.store.tables.base import Instant, Serial, identifier, metadata, tenant

#: Rules of an agency's programmes. A published one never changes; everybody may read it.
programme_rules = Table(
    "programme_rules",
    metadata,
    identifier(),
    tenant(),
    Column("programme", String(40), nullable=False),
    Column("year", Integer, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("name_ko", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("source", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Column("changed_by", String(120), nullable=False),
    Index("ix_programme_rules_tenant", "tenant", "programme", "year", "rule_version"),
)

#: Calls for applications; all but their own agency see what is public of them.
programme_calls = Table(
    "programme_calls",
    metadata,
    identifier(),
    tenant(),
    Column("rule", ForeignKey("programme_rules.id"), nullable=False),
    Column("programme", String(40), nullable=False),
    Column("year", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("opens", Date, nullable=False),
    Column("closes", Date, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("blind", Boolean, nullable=False),
    Column("round", Integer, nullable=False),
    Column("job", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("announced", Instant),
    Index("ix_programme_calls_tenant", "tenant", "created"),
    Index("ix_programme_calls_state", "state", "closes"),
)

#: Applications. ``tenant`` is the agency; ``company`` the applying organisation, empty where the agency uploaded
#: it. Their numbers are given in the order of arrival, by the database, as companies see no rows of others.
programme_applications = Table(
    "programme_applications",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    identifier(primary=False),
    tenant(),
    Column("company", String(64), nullable=False),
    Column("call", ForeignKey("programme_calls.id"), nullable=False),
    Column("source", String(16), nullable=False),
    Column("upload", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("business_number", String(10)),
    Column("facts", JSON, nullable=False),
    Column("problems", JSON),
    Column("consent", String(32)),
    Column("figures", JSON),
    Column("rated_with", String(64), nullable=False),
    Column("rated_on", Date),
    Column("state", String(16), nullable=False),
    Column("created", Instant, nullable=False),
    UniqueConstraint("id", name="uq_programme_applications_id"),
    Index("ix_programme_applications_company", "company", "created"),
    Index("ix_programme_applications_call", "call", "number"),
    Index("ix_programme_applications_upload", "call", "upload"),
    sqlite_autoincrement=True,
)

#: What became of an application in a round of ranking. Only added to.
programme_results = Table(
    "programme_results",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    tenant(),
    Column("company", String(64), nullable=False),
    Column("call", ForeignKey("programme_calls.id"), nullable=False),
    Column("application", ForeignKey("programme_applications.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("points", Float),
    Column("rank", Integer),
    Column("reasons", JSON, nullable=False),
    Column("figures", JSON, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("application", "round", name="uq_programme_results_round"),
    Index("ix_programme_results_call", "call", "round", "decision"),
    sqlite_autoincrement=True,
)

#: Appeals of applicants, with the result of rating corrected data beside the first.
programme_appeals = Table(
    "programme_appeals",
    metadata,
    identifier(),
    tenant(),
    Column("company", String(64), nullable=False),
    Column("call", ForeignKey("programme_calls.id"), nullable=False),
    Column("application", ForeignKey("programme_applications.id"), nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("facts", JSON),
    Column("first", JSON, nullable=False),
    Column("second", JSON),
    Column("state", String(16), nullable=False),
    Column("round", Integer, nullable=False),
    Column("created", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("decided", Instant),
    Column("decided_by", String(120)),
    Column("decided_reason", String(2000)),
    Index("ix_programme_appeals_call", "call", "state"),
    Index("ix_programme_appeals_application", "application"),
)

#: Conflicts of interest that a person declared: who has one neither sees nor decides on the application.
programme_conflicts = Table(
    "programme_conflicts",
    metadata,
    identifier(),
    tenant(),
    Column("call", ForeignKey("programme_calls.id"), nullable=False),
    Column("application", ForeignKey("programme_applications.id"), nullable=False),
    Column("person", String(120), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("created", Instant, nullable=False),
    UniqueConstraint("application", "person", name="uq_programme_conflicts_person"),
)

#: Supported projects (지원 과제), selected here or brought from before.
programme_projects = Table(
    "programme_projects",
    metadata,
    identifier(),
    tenant(),
    Column("programme", String(40), nullable=False),
    Column("year", Integer, nullable=False),
    Column("firm", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("region", String(16)),
    Column("industry", String(40)),
    Column("size", String(16)),
    Column("age_band", String(16)),
    Column("budget_krw", BigInteger),
    Column("application", String(32)),
    Column("targets", JSON, nullable=False),
    Column("created", Instant, nullable=False),
    UniqueConstraint("tenant", "programme", "year", "firm", name="uq_programme_projects_firm"),
)

#: What was seen of a supported project in a year after its selection.
programme_followups = Table(
    "programme_followups",
    metadata,
    identifier(),
    tenant(),
    Column("project", ForeignKey("programme_projects.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("outcomes", JSON, nullable=False),
    Column("changed", Instant, nullable=False),
    UniqueConstraint("project", "year", name="uq_programme_followups_year"),
)
