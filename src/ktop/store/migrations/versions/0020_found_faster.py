"""Firms of one industry lie together with all that a search holds against them, so that it reads no whole rows.

On PostgreSQL whose rows they are is asked once a query and not once a row.
"""

from alembic import op

revision = "0020_found_faster"
down_revision = "0019_names"
branch_labels = None
depends_on = None

COLUMNS = (
    *("industry", "listed", "id", "region", "size", "age_band", "model"),
    *("business_place", "growth_place", "risk_place", "index_score"),
    *("to_bank", "to_investor", "to_agency", "until", "number"),
)


def upgrade() -> None:
    op.create_index("ix_discovery_cards_industry", "discovery_cards", COLUMNS)
    if op.get_context().dialect.name != "postgresql":
        return
    own = (
        "tenant = (SELECT nullif(current_setting('ktop.organisation', true), '')) "
        "OR (SELECT current_setting('ktop.scope', true) = 'installation')"
    )
    for table in ("discovery_cards", "discovery_terms"):
        op.execute(f"ALTER POLICY own ON {table} USING ({own}) WITH CHECK ({own})")
