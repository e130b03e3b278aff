"""Rules that institutions set for themselves, version by version; and of which cell an anonymous find was."""

import sqlalchemy as sa
from alembic import op

revision = "0017_institution_rules"
down_revision = "0016_found_text"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "institution_rules",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_institution_rules"),
        sa.UniqueConstraint("tenant", "kind", "version", name="uq_institution_rules_version"),
    )
    with op.batch_alter_table("discovery_finds") as table:
        table.add_column(sa.Column("cell", sa.String(length=32), nullable=False, server_default=""))
    op.execute(
        "UPDATE discovery_finds SET cell = coalesce("
        "(SELECT c.cell FROM discovery_cards c WHERE c.id = discovery_finds.card), '')"
    )
    if op.get_context().dialect.name == "postgresql":
        mine = "nullif(current_setting('ktop.organisation', true), '')"
        rows = f"tenant = {mine} OR current_setting('ktop.scope', true) = 'installation'"
        op.execute("GRANT SELECT, INSERT ON institution_rules TO ktop_application")
        op.execute("ALTER TABLE institution_rules ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE institution_rules FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON institution_rules USING ({rows}) WITH CHECK ({rows})")
