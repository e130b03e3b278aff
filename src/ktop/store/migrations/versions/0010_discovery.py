"""Companies that agreed to be found, who found them, requests for contact."""

import sqlalchemy as sa
from alembic import op

revision = "0010_discovery"
down_revision = "0009_reviews"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _tables()
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER discovery_views_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON discovery_views "
            "FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"
        )
        op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ktop_application")
        mine = "nullif(current_setting('ktop.organisation', true), '')"
        installation = "current_setting('ktop.scope', true) = 'installation'"
        rows = {
            "discovery_cards": f"tenant = {mine} OR {installation}",
            "discovery_views": f"tenant = {mine} OR viewer = {mine} OR {installation}",
            "discovery_contacts": f"tenant = {mine} OR asker = {mine} OR {installation}",
        }
        for table, own in rows.items():
            rights = "SELECT, INSERT" if table == "discovery_views" else "SELECT, INSERT, UPDATE, DELETE"
            op.execute(f"GRANT {rights} ON {table} TO ktop_application")
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own ON {table} USING ({own}) WITH CHECK ({own})")
        # A card is there to be found by institutions of the kinds that it names; the table holds no name of its own.
        op.execute(
            "CREATE POLICY found ON discovery_cards FOR SELECT USING (EXISTS (SELECT 1 FROM organisations o WHERE "
            f"o.id = {mine} AND o.state = 'active' AND ((o.kind = 'bank' AND to_bank) OR "
            "(o.kind = 'investor' AND to_investor) OR (o.kind IN ('agency', 'operator') AND to_agency))))"
        )
    else:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER discovery_views_no_{change.lower()} BEFORE {change} ON discovery_views "
                "BEGIN SELECT RAISE(ABORT, 'discovery_views is only added to'); END"
            )


def _tables() -> None:
    op.create_table(
        "discovery_cards",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("rating", sa.String(length=32), nullable=False),
        *(sa.Column(n, sa.Boolean(), nullable=False) for n in ("anonymous", "to_bank", "to_investor", "to_agency")),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        *(sa.Column(name, sa.String(length=8), nullable=False) for name in ("business", "growth", "risk")),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("business_place", "growth_place", "risk_place")),
        sa.Column("index_score", sa.Float(), nullable=True),
        sa.Column("industry", sa.String(length=60), nullable=False),
        *(sa.Column(name, sa.String(length=20), nullable=False) for name in ("region", "size", "age_band")),
        sa.Column("words", sa.String(length=700), nullable=False),
        sa.Column("said", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_discovery_cards"),
        sa.UniqueConstraint("tenant", name="uq_discovery_cards_tenant"),
    )
    with op.batch_alter_table("discovery_cards") as table:
        table.create_index("ix_discovery_cards_place", ["business_place", "created"])
        cell = ["industry", "region", "size", "age_band", "business", "growth", "risk"]
        table.create_index("ix_discovery_cards_cell", cell)
    op.create_table(
        "discovery_views",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("viewer", sa.String(length=64), nullable=False),
        sa.Column("viewer_user", sa.String(length=120), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_discovery_views"),
    )
    with op.batch_alter_table("discovery_views") as table:
        table.create_index("ix_discovery_views_tenant", ["tenant", "number"])
    op.create_table(
        "discovery_contacts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("asker", sa.String(length=64), nullable=False),
        sa.Column("asker_user", sa.String(length=120), nullable=False),
        sa.Column("card", sa.String(length=32), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("message", sa.String(length=1000), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked", INSTANT, nullable=False),
        sa.Column("answered", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_discovery_contacts"),
    )
    with op.batch_alter_table("discovery_contacts") as table:
        table.create_index("ix_discovery_contacts_tenant", ["tenant", "asked"])
        table.create_index("ix_discovery_contacts_asker", ["asker", "asked"])
