"""Companies that are collected again by themselves, and what sources said otherwise than the time before."""

import sqlalchemy as sa
from alembic import op

revision = "0012_follow"
down_revision = "0011_repeats"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TABLES = ("followed_companies", "company_changes")


def upgrade() -> None:
    _tables()
    if op.get_context().dialect.name == "postgresql":
        mine = "nullif(current_setting('ktop.organisation', true), '')"
        rows = f"tenant = {mine} OR current_setting('ktop.scope', true) = 'installation'"
        for table in TABLES:
            op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ktop_application")
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own ON {table} USING ({rows}) WITH CHECK ({rows})")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _collection(table: str) -> sa.Column[str]:
    return sa.Column(
        "collection",
        sa.String(length=32),
        sa.ForeignKey("collections.id", name=f"fk_{table}_collection"),
        nullable=False,
    )


def _tables() -> None:
    op.create_table(
        "followed_companies",
        _text("id", 32),
        _text("tenant", 64),
        _text("business_number", 10),
        _collection("followed_companies"),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("due", INSTANT, nullable=False),
        _text("job", 32, nullable=True),
        sa.Column("rights", sa.JSON(), nullable=False),
        _text("made_by", 120),
        sa.PrimaryKeyConstraint("id", name="pk_followed_companies"),
    )
    op.create_index("uq_followed_companies_number", "followed_companies", ["tenant", "business_number"], unique=True)
    op.create_index("ix_followed_companies_due", "followed_companies", ["due"])
    op.create_table(
        "company_changes",
        _text("id", 32),
        _text("tenant", 64),
        _text("business_number", 10),
        _text("company", 32, nullable=True),
        _collection("company_changes"),
        _text("before", 32),
        sa.Column("found", INSTANT, nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("seen", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_company_changes"),
    )
    op.create_index("ix_company_changes_tenant", "company_changes", ["tenant", "found"])
