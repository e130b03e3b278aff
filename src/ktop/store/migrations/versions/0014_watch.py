"""The firms that institutions watch."""

import sqlalchemy as sa
from alembic import op

revision = "0014_watch"
down_revision = "0013_notices"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "watched_companies",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("added", INSTANT, nullable=False),
        sa.Column("added_by", sa.String(length=120), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("due", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_watched_companies"),
    )
    op.create_index("uq_watched_companies_company", "watched_companies", ["tenant", "company"], unique=True)
    op.create_index("ix_watched_companies_due", "watched_companies", ["due"])
    if op.get_context().dialect.name == "postgresql":
        mine = "nullif(current_setting('ktop.organisation', true), '')"
        rows = f"tenant = {mine} OR current_setting('ktop.scope', true) = 'installation'"
        op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON watched_companies TO ktop_application")
        op.execute("ALTER TABLE watched_companies ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE watched_companies FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON watched_companies USING ({rows}) WITH CHECK ({rows})")
