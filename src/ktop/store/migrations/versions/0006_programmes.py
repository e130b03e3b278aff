"""Support programmes: rules, calls, applications, results, appeals, conflicts of interest, supported projects."""

import sqlalchemy as sa
from alembic import op

revision = "0006_programmes"
down_revision = "0005_request_counts"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: Table → who else than the agency may reach its rows, and for what.
OF_TWO = ("programme_applications", "programme_results", "programme_appeals")
OWN = ("programme_rules", "programme_calls", "programme_conflicts", "programme_projects", "programme_followups")
#: Table → the rows that everybody may read.
PUBLIC = {"programme_rules": "state = 'published'", "programme_calls": "true"}


def upgrade() -> None:
    _tables()
    if op.get_context().dialect.name == "postgresql":
        _postgresql()
    else:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER programme_results_no_{change.lower()} BEFORE {change} ON programme_results "
                "BEGIN SELECT RAISE(ABORT, 'programme_results is only added to'); END"
            )
            op.execute(
                f"CREATE TRIGGER programme_rules_no_{change.lower()} BEFORE {change} ON programme_rules "
                "WHEN OLD.state = 'published' BEGIN SELECT RAISE(ABORT, 'a published rule never changes'); END"
            )


def _postgresql() -> None:
    op.execute(
        "CREATE TRIGGER programme_results_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON programme_results "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"
    )
    op.execute(
        "CREATE FUNCTION published_rule_never_changes() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a published rule never changes'; END $$"
    )
    op.execute(
        "CREATE TRIGGER programme_rules_no_change BEFORE UPDATE OR DELETE ON programme_rules "
        "FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION published_rule_never_changes()"
    )
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ktop_application")
    organisation = "nullif(current_setting('ktop.organisation', true), '')"
    installation = "current_setting('ktop.scope', true) = 'installation'"
    for table in (*OWN, *OF_TWO):
        rows = f"{organisation} IN (tenant, company)" if table in OF_TWO else f"{organisation} = tenant"
        rights = "SELECT, INSERT" if table == "programme_results" else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {rights} ON {table} TO ktop_application")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        mine = f"{rows} OR {installation}"
        op.execute(f"CREATE POLICY own ON {table} USING ({mine}) WITH CHECK ({mine})")
        if table in PUBLIC:
            op.execute(f"CREATE POLICY everybody ON {table} FOR SELECT USING ({PUBLIC[table]})")


def _tables() -> None:
    op.create_table(
        "programme_rules",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("programme", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("name_ko", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("changed", INSTANT, nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_programme_rules"),
    )
    with op.batch_alter_table("programme_rules") as table:
        table.create_index("ix_programme_rules_tenant", ["tenant", "programme", "year", "rule_version"])
    op.create_table(
        "programme_calls",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("programme", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opens", sa.Date(), nullable=False),
        sa.Column("closes", sa.Date(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("announced", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["rule"], ["programme_rules.id"], name="fk_programme_calls_rule"),
        sa.PrimaryKeyConstraint("id", name="pk_programme_calls"),
    )
    with op.batch_alter_table("programme_calls") as table:
        table.create_index("ix_programme_calls_tenant", ["tenant", "created"])
        table.create_index("ix_programme_calls_state", ["state", "closes"])
    op.create_table(
        "programme_applications",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("call", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("upload", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("business_number", sa.String(length=10), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=True),
        sa.Column("consent", sa.String(length=32), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=True),
        sa.Column("rated_with", sa.String(length=64), nullable=False),
        sa.Column("rated_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["call"], ["programme_calls.id"], name="fk_programme_applications_call"),
        sa.PrimaryKeyConstraint("number", name="pk_programme_applications"),
        sa.UniqueConstraint("id", name="uq_programme_applications_id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("programme_applications") as table:
        table.create_index("ix_programme_applications_company", ["company", "created"])
        table.create_index("ix_programme_applications_upload", ["call", "upload"])
        table.create_index("ix_programme_applications_call", ["call", "number"])
    op.create_table(
        "programme_results",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("call", sa.String(length=32), nullable=False),
        sa.Column("application", sa.String(length=32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("points", sa.Float(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["application"], ["programme_applications.id"], name="fk_programme_results_application"
        ),
        sa.ForeignKeyConstraint(["call"], ["programme_calls.id"], name="fk_programme_results_call"),
        sa.PrimaryKeyConstraint("number", name="pk_programme_results"),
        sa.UniqueConstraint("application", "round", name="uq_programme_results_round"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("programme_results") as table:
        table.create_index("ix_programme_results_call", ["call", "round", "decision"])
    op.create_table(
        "programme_appeals",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("call", sa.String(length=32), nullable=False),
        sa.Column("application", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("first", sa.JSON(), nullable=False),
        sa.Column("second", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("decided", INSTANT, nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decided_reason", sa.String(length=2000), nullable=True),
        sa.ForeignKeyConstraint(
            ["application"], ["programme_applications.id"], name="fk_programme_appeals_application"
        ),
        sa.ForeignKeyConstraint(["call"], ["programme_calls.id"], name="fk_programme_appeals_call"),
        sa.PrimaryKeyConstraint("id", name="pk_programme_appeals"),
    )
    with op.batch_alter_table("programme_appeals") as table:
        table.create_index("ix_programme_appeals_call", ["call", "state"])
        table.create_index("ix_programme_appeals_application", ["application"])
    op.create_table(
        "programme_conflicts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("call", sa.String(length=32), nullable=False),
        sa.Column("application", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["application"], ["programme_applications.id"], name="fk_programme_conflicts_application"
        ),
        sa.ForeignKeyConstraint(["call"], ["programme_calls.id"], name="fk_programme_conflicts_call"),
        sa.PrimaryKeyConstraint("id", name="pk_programme_conflicts"),
        sa.UniqueConstraint("application", "person", name="uq_programme_conflicts_person"),
    )
    op.create_table(
        "programme_projects",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("programme", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("firm", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=True),
        sa.Column("industry", sa.String(length=40), nullable=True),
        sa.Column("size", sa.String(length=16), nullable=True),
        sa.Column("age_band", sa.String(length=16), nullable=True),
        sa.Column("budget_krw", sa.BigInteger(), nullable=True),
        sa.Column("application", sa.String(length=32), nullable=True),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_programme_projects"),
        sa.UniqueConstraint("tenant", "programme", "year", "firm", name="uq_programme_projects_firm"),
    )
    op.create_table(
        "programme_followups",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.Column("changed", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["project"], ["programme_projects.id"], name="fk_programme_followups_project"),
        sa.PrimaryKeyConstraint("id", name="pk_programme_followups"),
        sa.UniqueConstraint("project", "year", name="uq_programme_followups_year"),
    )
