"""Comments on ratings and overrides of their grades."""

import sqlalchemy as sa
from alembic import op

revision = "0009_reviews"
down_revision = "0008_accounts"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "rating_reviews",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("rating_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("grade", sa.String(length=40), nullable=False),
        sa.Column("given", sa.String(length=16), nullable=False),
        sa.Column("wanted", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decided", INSTANT, nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["rating_id"], ["ratings.id"], name="fk_rating_reviews_rating_id"),
        sa.PrimaryKeyConstraint("id", name="pk_rating_reviews"),
    )
    with op.batch_alter_table("rating_reviews") as table:
        table.create_index("ix_rating_reviews_rating", ["tenant", "rating_id"])
        table.create_index("ix_rating_reviews_state", ["tenant", "state"])
    if op.get_context().dialect.name == "postgresql":
        mine = "tenant = nullif(current_setting('ktop.organisation', true), '')"
        rows = f"{mine} OR current_setting('ktop.scope', true) = 'installation'"
        op.execute("GRANT SELECT, INSERT, UPDATE ON rating_reviews TO ktop_application")
        op.execute("ALTER TABLE rating_reviews ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE rating_reviews FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON rating_reviews USING ({rows}) WITH CHECK ({rows})")
