"""Text and saved searches of discovery, anonymous firms in batches, and what an institution is told of results."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0016_found_text"
down_revision = "0015_shares"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _cards()
    _tables()
    if op.get_context().dialect.name != "postgresql":
        return
    mine = "nullif(current_setting('ktop.organisation', true), '')"
    installation = "current_setting('ktop.scope', true) = 'installation'"
    for table in ("discovery_terms", "discovery_searches", "discovery_finds", "result_feed"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ktop_application")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        own = f"tenant = {mine} OR {installation}"
        op.execute(f"CREATE POLICY own ON {table} USING ({own}) WITH CHECK ({own})")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ktop_application")
    # The kind of who searches is read once a query and not once a row.
    kind = f"(SELECT o.kind FROM organisations o WHERE o.id = {mine} AND o.state = 'active')"
    found = (
        f"(to_bank AND {kind} = 'bank') OR (to_investor AND {kind} = 'investor') "
        f"OR (to_agency AND {kind} IN ('agency', 'operator'))"
    )
    op.execute("DROP POLICY found ON discovery_cards")
    for table in ("discovery_cards", "discovery_terms"):
        op.execute(f"CREATE POLICY found ON {table} FOR SELECT USING ({found})")
    # All that a search reads of a word lies together: the rows themselves are in the order in which firms came.
    op.execute(
        "CREATE INDEX ix_discovery_terms_found ON discovery_terms (code) "
        "INCLUDE (number, impact, tenant, to_bank, to_investor, to_agency)"
    )


def _cards() -> None:
    with op.batch_alter_table("discovery_cards") as table:
        table.drop_index("ix_discovery_cards_place")
        table.drop_index("ix_discovery_cards_cell")
        table.drop_column("words")
        table.alter_column("said", type_=sa.String(length=1000), existing_type=sa.String(300), existing_nullable=False)
        table.add_column(sa.Column("number", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("listed", INSTANT, nullable=True))
        table.add_column(sa.Column("batch", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("cell", sa.String(length=32), nullable=False, server_default=""))
        table.add_column(sa.Column("model", sa.String(length=20), nullable=False, server_default=""))
        table.add_column(sa.Column("hidden", sa.String(length=120), nullable=False, server_default=""))
    cards = sa.table("discovery_cards", sa.column("id"), sa.column("number"), sa.column("listed"), sa.column("created"))
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT set_config('ktop.scope', 'installation', true)"))
    for card in connection.execute(sa.select(cards.c.id)).scalars().all():
        values = {"number": secrets.randbits(62), "listed": cards.c.created}
        connection.execute(sa.update(cards).where(cards.c.id == card).values(**values))
    with op.batch_alter_table("discovery_cards") as table:
        table.alter_column("number", existing_type=sa.BigInteger(), nullable=False)
        table.alter_column("listed", existing_type=INSTANT, nullable=False)
        table.create_unique_constraint("uq_discovery_cards_number", ["number"])
        table.create_index("ix_discovery_cards_listed", ["listed", "id"])
        table.create_index("ix_discovery_cards_batch", ["batch", "until"])
        table.create_index("ix_discovery_cards_cell", ["cell", "batch"])


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _tables() -> None:
    op.create_table(
        "discovery_terms",
        sa.Column("code", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("impact", sa.Integer(), nullable=False),
        _text("tenant", 64),
        *(sa.Column(f"to_{kind}", sa.Boolean(), nullable=False) for kind in ("bank", "investor", "agency")),
        sa.PrimaryKeyConstraint("code", "number", name="pk_discovery_terms"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_discovery_terms_number", "discovery_terms", ["number"])
    op.create_table(
        "discovery_searches",
        _text("id", 32),
        _text("tenant", 64),
        _text("made_by", 120),
        _text("name", 100),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("due", INSTANT, nullable=False),
        sa.Column("looked", INSTANT, nullable=False),
        sa.Column("opened", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_discovery_searches"),
    )
    op.create_index("ix_discovery_searches_tenant", "discovery_searches", ["tenant", "created"])
    op.create_index("ix_discovery_searches_due", "discovery_searches", ["due"])
    op.create_table(
        "discovery_finds",
        _text("search", 32),
        _text("card", 32),
        _text("tenant", 64),
        sa.Column("found", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("search", "card", name="pk_discovery_finds"),
    )
    op.create_table(
        "result_feed",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        _text("tenant", 64),
        _text("rating", 32),
        _text("company", 64),
        _text("state", 16),
        _text("consent", 32),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_result_feed"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_result_feed_tenant", "result_feed", ["tenant", "number"])
    op.create_index("uq_result_feed_rating", "result_feed", ["tenant", "rating"], unique=True)
