"""Requests that web processes counted, told to one another."""

import sqlalchemy as sa
from alembic import op

revision = "0005_request_counts"
down_revision = "0004_finance"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "request_counts",
        sa.Column("process", sa.String(length=16), nullable=False),
        sa.Column("minute", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("whose", sa.String(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("process", "minute", "whose", name="pk_request_counts"),
    )
    if op.get_context().dialect.name == "postgresql":
        rows = "current_setting('ktop.scope', true) = 'installation'"
        op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON request_counts TO ktop_application")
        op.execute("ALTER TABLE request_counts ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE request_counts FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON request_counts USING ({rows}) WITH CHECK ({rows})")
