"""How many bytes the files of each organisation have in all, so that they can be limited."""

import sqlalchemy as sa
from alembic import op

revision = "0022_storage"
down_revision = "0021_told_to"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "storage",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_storage"),
    )
    postgresql = op.get_context().dialect.name == "postgresql"
    if postgresql:
        op.execute("SELECT set_config('ktop.scope', 'installation', true)")
    op.execute(
        "INSERT INTO storage (tenant, bytes) SELECT tenant, sum(size) FROM (SELECT tenant, length(content) AS size "
        "FROM documents UNION ALL SELECT tenant, bytes FROM finance_documents) AS files GROUP BY tenant"
    )
    if postgresql:
        own = "tenant = nullif(current_setting('ktop.organisation', true), '')"
        rows = f"{own} OR current_setting('ktop.scope', true) = 'installation'"
        op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON storage TO ktop_application")
        op.execute("ALTER TABLE storage ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE storage FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON storage USING ({rows}) WITH CHECK ({rows})")
