"""How many letters go to and from whom, which organisation used how much of a source; an index of consents that end."""

import sqlalchemy as sa
from alembic import op

revision = "0015_shares"
down_revision = "0014_watch"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
INSTALLATION = ("letter_counts", "source_uses")


def upgrade() -> None:
    op.create_table(
        "letter_counts",
        sa.Column("whose", sa.String(length=80), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("whose", "period", name="pk_letter_counts"),
    )
    op.create_table(
        "source_uses",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("source", "period", "tenant", name="pk_source_uses"),
    )
    op.create_index("ix_consents_over", "consents", ["state", "valid_until"])
    if op.get_context().dialect.name == "postgresql":
        rows = "current_setting('ktop.scope', true) = 'installation'"
        for table in INSTALLATION:
            op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ktop_application")
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own ON {table} USING ({rows}) WITH CHECK ({rows})")
