"""Whether a person wants letters of what happens with consents and results."""

import sqlalchemy as sa
from alembic import op

revision = "0013_notices"
down_revision = "0012_follow"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("persons", sa.Column("notices", sa.Boolean(), nullable=False, server_default="1"))
