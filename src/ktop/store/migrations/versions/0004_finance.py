"""Guarantee and loan cases of three organisations each, their steps and documents."""

import sqlalchemy as sa
from alembic import op

revision = "0004_finance"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("finance_cases", "finance_steps", "finance_documents")


def upgrade() -> None:
    _tables()
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER finance_steps_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON finance_steps "
            "FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"
        )
        op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ktop_application")
        mine = "nullif(current_setting('ktop.organisation', true), '')"
        rows = f"{mine} IN (tenant, guarantor, bank) OR current_setting('ktop.scope', true) = 'installation'"
        for table in TABLES:
            rights = "SELECT, INSERT" if table == "finance_steps" else "SELECT, INSERT, UPDATE, DELETE"
            op.execute(f"GRANT {rights} ON {table} TO ktop_application")
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own ON {table} USING ({rows}) WITH CHECK ({rows})")
    else:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER finance_steps_no_{change.lower()} BEFORE {change} ON finance_steps "
                "BEGIN SELECT RAISE(ABORT, 'finance_steps is only added to'); END"
            )


def _sides() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(length=64), nullable=False) for name in ("tenant", "guarantor", "bank")]


def _tables() -> None:
    op.create_table(
        "finance_cases",
        sa.Column("id", sa.String(length=32), nullable=False),
        *_sides(),
        sa.Column("application", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("guarantee", sa.String(length=16), nullable=False),
        sa.Column("loan", sa.String(length=16), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("reminded", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_finance_cases"),
    )
    with op.batch_alter_table("finance_cases") as table:
        for side in ("tenant", "guarantor", "bank"):
            table.create_index(f"ix_finance_cases_{side}", [side, "created"])
        table.create_index("ix_finance_cases_due", ["state", "due"])
    op.create_table(
        "finance_steps",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        *_sides(),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("before", sa.String(length=32), nullable=False),
        sa.Column("after", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["finance_cases.id"], name="fk_finance_steps_case"),
        sa.PrimaryKeyConstraint("number", name="pk_finance_steps"),
        sa.UniqueConstraint("case", "step", name="uq_finance_steps_step"),
        sa.UniqueConstraint("case", "key", name="uq_finance_steps_key"),
    )
    op.create_table(
        "finance_documents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        *_sides(),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["finance_cases.id"], name="fk_finance_documents_case"),
        sa.PrimaryKeyConstraint("id", name="pk_finance_documents"),
    )
    with op.batch_alter_table("finance_documents") as table:
        table.create_index("ix_finance_documents_case", ["case"])
