"""Versions of keys and webhooks (ETag), the former secret of a webhook while both count, and letters to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0008_accounts"
down_revision = "0007_collect"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for changed in ("api_keys", "webhooks"):
        op.add_column(changed, sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("webhooks", sa.Column("former_secret", sa.Text(), nullable=True))
    op.add_column("webhooks", sa.Column("former_until", INSTANT, nullable=True))
    op.create_table(
        "letters",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_letters"),
    )
    with op.batch_alter_table("letters") as table:
        table.create_index("ix_letters_due", ["next_at"])
        table.create_index("ix_letters_user", ["user"])
    if op.get_context().dialect.name == "postgresql":
        op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON letters TO ktop_application")
        op.execute("ALTER TABLE letters ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE letters FORCE ROW LEVEL SECURITY")
        own = "current_setting('ktop.scope', true) = 'installation'"
        op.execute(f"CREATE POLICY own ON letters USING ({own}) WITH CHECK ({own})")
