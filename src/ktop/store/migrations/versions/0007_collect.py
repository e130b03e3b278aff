"""What public sources were asked and answered, what people said of it, and how often each source was asked."""

import sqlalchemy as sa
from alembic import op

revision = "0007_collect"
down_revision = "0006_programmes"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OWN = ("collections", "collected_answers", "value_choices")
INSTALLATION = ("source_counts", "source_states")


def upgrade() -> None:
    _tables()
    if op.get_context().dialect.name == "postgresql":
        mine = "nullif(current_setting('ktop.organisation', true), '')"
        installation = "current_setting('ktop.scope', true) = 'installation'"
        for table in (*OWN, *INSTALLATION):
            rows = f"tenant = {mine} OR {installation}" if table in OWN else installation
            op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ktop_application")
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own ON {table} USING ({rows}) WITH CHECK ({rows})")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _tables() -> None:
    op.create_table(
        "collections",
        _text("id", 32),
        _text("tenant", 64),
        _text("business_number", 10),
        sa.Column("hints", sa.JSON(), nullable=False),
        _text("job", 32, nullable=True),
        _text("company", 32, nullable=True),
        _text("state", 16),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("ended", INSTANT, nullable=True),
        _text("made_by", 120),
        sa.PrimaryKeyConstraint("id", name="pk_collections"),
    )
    op.create_index("ix_collections_tenant", "collections", ["tenant", "created"])
    op.create_index("ix_collections_number", "collections", ["tenant", "business_number", "created"])
    op.create_table(
        "collected_answers",
        _text("id", 32),
        _text("tenant", 64),
        sa.Column(
            "collection",
            sa.String(length=32),
            sa.ForeignKey("collections.id", name="fk_collected_answers_collection"),
            nullable=False,
        ),
        _text("source", 20),
        _text("operation", 40),
        sa.Column("asked", sa.Text(), nullable=False),
        _text("address", 64),
        _text("outcome", 16),
        _text("detail", 60),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("retry_at", INSTANT, nullable=True),
        sa.Column(
            "document",
            sa.String(length=32),
            sa.ForeignKey("documents.id", name="fk_collected_answers_document"),
            nullable=False,
        ),
        _text("sha256", 64),
        sa.PrimaryKeyConstraint("id", name="pk_collected_answers"),
    )
    op.create_index("ix_collected_answers_collection", "collected_answers", ["collection"])
    op.create_index("ix_collected_answers_asked", "collected_answers", ["tenant", "source", "operation", "at"])
    op.create_table(
        "value_choices",
        _text("id", 32),
        _text("tenant", 64),
        _text("business_number", 10),
        _text("path", 200),
        sa.Column("value", sa.JSON(), nullable=True),
        sa.Column("against", sa.JSON(), nullable=True),
        sa.Column("corrected", sa.Boolean(), nullable=False),
        _text("reason", 500),
        _text("made_by", 120),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_value_choices"),
    )
    op.create_index("ix_value_choices_number", "value_choices", ["tenant", "business_number", "at"])
    op.create_table(
        "source_counts",
        _text("source", 40),
        _text("period", 20),
        _text("kind", 16),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last", INSTANT, nullable=False),
        sa.Column("detail", sa.String(length=60), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("source", "period", "kind", name="pk_source_counts"),
    )
    op.create_table(
        "source_states",
        _text("source", 40),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests_until", INSTANT, nullable=True),
        sa.Column("why", sa.String(length=16), nullable=False, server_default=""),
        sa.Column("next_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("source", name="pk_source_states"),
    )
