"""What a request with an Idempotency-Key has done already, written with what it did: a kill leaves no doubt."""

import sqlalchemy as sa
from alembic import op

revision = "0011_repeats"
down_revision = "0010_discovery"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("idempotency_keys", sa.Column("effects", sa.Text(), nullable=True))
