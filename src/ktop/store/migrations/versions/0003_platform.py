"""Organisations, users, companies, consents, signed results, jobs, webhooks; the audit chain; row-level security."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: Tables of one organisation each, by their column ``tenant``.
OWN = (
    *("api_keys", "audit_events", "companies", "documents", "idempotency_keys", "invitations", "issued_results"),
    *("job_items", "jobs", "outbox", "ratings", "record_versions", "technologies", "webhook_deliveries", "webhooks"),
)
#: Tables of two organisations: the company, and whoever this column names.
SHARED = {"access_ledger": "reader", "consent_changes": "grantee", "consents": "grantee", "transmissions": "receiver"}
#: Tables of the installation, reached before it is known who acts; beyond the reach of an organisation's own queries.
INSTALLATION = ("access_tokens", "audit_chain", "audit_heads", "credentials", "persons", "sessions", "sign_in_failures")
#: Tables that everybody reads: which organisations there are, who is of which.
COMMON = ("memberships", "organisations", "users")
#: Tables that are only added to, whoever asks.
ONLY_ADDED = ("access_ledger", "audit_chain", "audit_heads", "consent_changes")


def upgrade() -> None:
    _tables()
    if op.get_context().dialect.name == "postgresql":
        op.alter_column("audit_events", "number", type_=sa.BigInteger())
        _refuse_changes_in_postgresql()
        _bind_rows_to_organisations()
    else:
        _refuse_changes_in_sqlite()


def _refuse_changes_in_sqlite() -> None:
    for table in ONLY_ADDED:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
            )


def _refuse_changes_in_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is only added to', TG_TABLE_NAME; END $$"
    )
    for table in ONLY_ADDED:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"
        )


def _bind_rows_to_organisations() -> None:
    """Let PostgreSQL itself keep the rows of organisations apart, for a role that owns nothing and bypasses nothing.

    Every transaction takes that role and names its organisation (``ktop.store.unit_of_work``). What is asked without
    a name sees nothing.
    """
    op.execute(
        "DO $$ BEGIN CREATE ROLE ktop_application NOLOGIN NOINHERIT; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute("DO $$ BEGIN EXECUTE format('GRANT ktop_application TO %I', current_user); END $$")
    op.execute("GRANT USAGE ON SCHEMA public TO ktop_application")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ktop_application")
    op.execute("GRANT SELECT ON alembic_version TO ktop_application")
    mine = "nullif(current_setting('ktop.organisation', true), '')"
    installation = "current_setting('ktop.scope', true) = 'installation'"
    for table in (*OWN, *SHARED, *INSTALLATION, *COMMON):
        rights = "SELECT, INSERT" if table in (*ONLY_ADDED, "audit_events") else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {rights} ON {table} TO ktop_application")
    for table in OWN:
        _bind(table, f"tenant = {mine} OR {installation}")
    for table, other in SHARED.items():
        _bind(table, f"tenant = {mine} OR {other} = {mine} OR {installation}")
    for table in INSTALLATION:
        _bind(table, installation)
    for table in ("ratings", "companies", "technologies"):
        op.execute(
            f"CREATE POLICY granted ON {table} FOR SELECT USING (EXISTS (SELECT 1 FROM consents c WHERE "
            f"c.tenant = {table}.tenant AND c.grantee = {mine} AND c.state = 'active'))"
        )
    op.execute(
        f"CREATE POLICY sent ON documents FOR SELECT USING (EXISTS (SELECT 1 FROM transmissions t WHERE "
        f"t.document = documents.id AND t.receiver = {mine} AND t.withdrawn IS NULL))"
    )


def _bind(table: str, rows: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own ON {table} USING ({rows}) WITH CHECK ({rows})")


def _tables() -> None:
    op.create_table(
        "access_ledger",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("reader", sa.String(length=64), nullable=False),
        sa.Column("reader_user", sa.String(length=120), nullable=False),
        sa.Column("consent", sa.String(length=32), nullable=False),
        sa.Column("rating", sa.String(length=32), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_access_ledger"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("access_ledger") as table:
        table.create_index("ix_access_ledger_reader", ["reader", "number"])
        table.create_index("ix_access_ledger_tenant", ["tenant", "number"])

    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("expires", INSTANT, nullable=False),
        sa.Column("revoked", INSTANT, nullable=True),
        sa.Column("used", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )
    with op.batch_alter_table("api_keys") as table:
        table.create_index("ix_api_keys_tenant", ["tenant"])

    op.create_table(
        "audit_chain",
        sa.Column("position", SERIAL, autoincrement=False, nullable=False),
        sa.Column("event", SERIAL, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_audit_chain"),
        sa.UniqueConstraint("event", name="uq_audit_chain_event"),
    )
    op.create_table(
        "audit_heads",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_audit_heads"),
    )
    op.create_table(
        "companies",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("business_number", sa.String(length=10), nullable=True),
        sa.Column("company_id", sa.String(length=100), nullable=True),
        sa.Column("note", sa.String(length=2000), server_default="", nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("changed", INSTANT, nullable=False),
        sa.Column("archived", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_companies"),
        sa.UniqueConstraint("tenant", "business_number", name="uq_companies_business_number"),
    )
    with op.batch_alter_table("companies") as table:
        table.create_index("ix_companies_tenant", ["tenant", "name"])

    op.create_table(
        "consents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("grantee", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("predecessor", sa.String(length=32), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("technologies", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("once", sa.Boolean(), nullable=False),
        sa.Column("legal_basis", sa.String(length=40), nullable=False),
        sa.Column("notice_version", sa.String(length=40), nullable=False),
        sa.Column("notice_hash", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=True),
        sa.Column("asked_reason", sa.String(length=500), nullable=False),
        sa.Column("granted_by", sa.String(length=120), nullable=True),
        sa.Column("authenticated_by", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_at", INSTANT, nullable=False),
        sa.Column("state_by", sa.String(length=120), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["predecessor"], ["consents.id"], name="fk_consents_predecessor"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    with op.batch_alter_table("consents") as table:
        table.create_index("ix_consents_grantee", ["grantee", "state"])
        table.create_index("ix_consents_tenant", ["tenant", "state"])

    op.create_table(
        "documents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
    )
    with op.batch_alter_table("documents") as table:
        table.create_index("ix_documents_subject", ["tenant", "subject"])

    op.create_table(
        "idempotency_keys",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.String(length=80), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", name="pk_idempotency_keys"),
    )
    with op.batch_alter_table("idempotency_keys") as table:
        table.create_index("ix_idempotency_keys_created", ["created"])

    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=True),
        sa.Column("user", sa.String(length=32), nullable=True),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("expires", INSTANT, nullable=False),
        sa.Column("used", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("public_id", name="uq_invitations_public_id"),
    )
    with op.batch_alter_table("invitations") as table:
        table.create_index("ix_invitations_tenant", ["tenant"])

    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("cancel", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("started", INSTANT, nullable=True),
        sa.Column("ended", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("tenant", "kind", "key", name="uq_jobs_key"),
    )
    with op.batch_alter_table("jobs") as table:
        table.create_index("ix_jobs_running", ["state", "tenant"])
        table.create_index("ix_jobs_tenant", ["tenant", "created"])
        table.create_index("ix_jobs_waiting", ["state", "priority", "not_before", "created"])

    op.create_table(
        "organisations",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name_ko", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("business_number", sa.String(length=10), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("merged_into", sa.String(length=64), nullable=True),
        sa.Column("demo", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
    )
    with op.batch_alter_table("organisations") as table:
        table.create_index("ix_organisations_kind", ["kind", "state"])

    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_sign_in_failures"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("demo", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    with op.batch_alter_table("webhooks") as table:
        table.create_index("ix_webhooks_tenant", ["tenant"])

    op.create_table(
        "access_tokens",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("expires", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["key"], ["api_keys.id"], name="fk_access_tokens_key"),
        sa.PrimaryKeyConstraint("id", name="pk_access_tokens"),
        sa.UniqueConstraint("id", "key", name="uq_access_tokens_key"),
    )
    op.create_table(
        "consent_changes",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("consent", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("grantee", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["consent"], ["consents.id"], name="fk_consent_changes_consent"),
        sa.PrimaryKeyConstraint("number", name="pk_consent_changes"),
    )
    with op.batch_alter_table("consent_changes") as table:
        table.create_index("ix_consent_changes_consent", ["consent"])

    op.create_table(
        "credentials",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("used", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_credentials_user"),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
    )
    with op.batch_alter_table("credentials") as table:
        table.create_index("ix_credentials_name", ["kind", "name"])
        table.create_index("ix_credentials_user", ["user", "kind"])

    op.create_table(
        "issued_results",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("rating", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("revoked", INSTANT, nullable=True),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["rating"], ["ratings.id"], name="fk_issued_results_rating"),
        sa.PrimaryKeyConstraint("id", name="pk_issued_results"),
        sa.UniqueConstraint("status_index", name="uq_issued_results_status_index"),
    )
    with op.batch_alter_table("issued_results") as table:
        table.create_index("ix_issued_results_rating", ["tenant", "rating"])

    op.create_table(
        "job_items",
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="fk_job_items_job"),
        sa.PrimaryKeyConstraint("job", "number", name="pk_job_items"),
    )
    op.create_table(
        "memberships",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("ended", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_memberships_organisation"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_memberships_user"),
        sa.PrimaryKeyConstraint("id", name="pk_memberships"),
    )
    with op.batch_alter_table("memberships") as table:
        table.create_index("ix_memberships_organisation", ["organisation"])
        table.create_index("ix_memberships_user", ["user"])

    op.create_table(
        "persons",
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_persons_user"),
        sa.PrimaryKeyConstraint("user", name="pk_persons"),
        sa.UniqueConstraint("login", name="uq_persons_login"),
    )
    op.create_table(
        "record_versions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("company", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("known_at", INSTANT, nullable=False),
        sa.Column("given_by", sa.String(length=120), nullable=False),
        sa.Column("draft", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["companies.id"], name="fk_record_versions_company"),
        sa.PrimaryKeyConstraint("id", name="pk_record_versions"),
        sa.UniqueConstraint("company", "number", name="uq_record_versions_number"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=True),
        sa.Column("strength", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("seen", INSTANT, nullable=False),
        sa.Column("expires", INSTANT, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_sessions_user"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("public_id", name="uq_sessions_public_id"),
    )
    with op.batch_alter_table("sessions") as table:
        table.create_index("ix_sessions_user", ["user"])

    op.create_table(
        "technologies",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("company", sa.String(length=32), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.String(length=2000), server_default="", nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("changed", INSTANT, nullable=False),
        sa.Column("archived", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["companies.id"], name="fk_technologies_company"),
        sa.PrimaryKeyConstraint("id", name="pk_technologies"),
    )
    with op.batch_alter_table("technologies") as table:
        table.create_index("ix_technologies_tenant", ["tenant", "title"])

    op.create_table(
        "transmissions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("rating", sa.String(length=32), nullable=False),
        sa.Column("document", sa.String(length=32), nullable=True),
        sa.Column("consent", sa.String(length=32), nullable=False),
        sa.Column("message", sa.String(length=1000), nullable=False),
        sa.Column("sent", INSTANT, nullable=False),
        sa.Column("sent_by", sa.String(length=120), nullable=False),
        sa.Column("received", INSTANT, nullable=True),
        sa.Column("read", INSTANT, nullable=True),
        sa.Column("read_by", sa.String(length=120), nullable=True),
        sa.Column("withdrawn", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["consent"], ["consents.id"], name="fk_transmissions_consent"),
        sa.PrimaryKeyConstraint("id", name="pk_transmissions"),
    )
    with op.batch_alter_table("transmissions") as table:
        table.create_index("ix_transmissions_receiver", ["receiver", "sent"])
        table.create_index("ix_transmissions_tenant", ["tenant", "sent"])

    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("webhook", sa.String(length=32), nullable=False),
        sa.Column("message", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("problem", sa.String(length=500), server_default="", nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("ended", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["webhook"], ["webhooks.id"], name="fk_webhook_deliveries_webhook"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
    )
    with op.batch_alter_table("webhook_deliveries") as table:
        table.create_index("ix_webhook_deliveries_tenant", ["tenant", "created"])
        table.create_index("ix_webhook_deliveries_waiting", ["state", "next_at"])

    with op.batch_alter_table("audit_events") as table:
        table.add_column(sa.Column("digest", sa.String(length=64), server_default="", nullable=False))

    with op.batch_alter_table("ratings") as table:
        table.add_column(sa.Column("made_by", sa.String(length=120), nullable=True))
        table.add_column(sa.Column("company", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("technology", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("title", sa.String(length=200), server_default="", nullable=False))
        table.add_column(sa.Column("note", sa.String(length=2000), server_default="", nullable=False))
        table.add_column(sa.Column("archived", sa.Boolean(), server_default="0", nullable=False))
        table.create_index("ix_ratings_company", ["tenant", "company", "created"])
