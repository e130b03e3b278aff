"""Who was told the secret that a key has now: who leaves knows it, whoever made the key."""

import sqlalchemy as sa
from alembic import op

revision = "0021_told_to"
down_revision = "0020_found_faster"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("told_to", sa.String(120)))
