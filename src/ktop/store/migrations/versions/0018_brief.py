"""What lists and counts read of a rating, beside it: its whole answers need not be read for them."""

import sqlalchemy as sa
from alembic import op

from ktop.store.ratings import in_brief

revision = "0018_brief"
down_revision = "0017_institution_rules"
branch_labels = None
depends_on = None

#: Ratings read and written at a time: some 45 kB each.
AT_ONCE = 100


def upgrade() -> None:
    op.add_column("ratings", sa.Column("brief", sa.JSON(), nullable=False, server_default="[]"))
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT set_config('ktop.scope', 'installation', true)"))
    ratings = sa.table("ratings", sa.column("id"), sa.column("results", sa.JSON()), sa.column("brief", sa.JSON()))
    chosen = sa.select(ratings.c.id, ratings.c.results).order_by(ratings.c.id).limit(AT_ONCE)
    # In the form that the release reads which is started: what is brief follows from the answers alone.
    fill = sa.update(ratings).where(ratings.c.id == sa.bindparam("rating")).values(brief=sa.bindparam("told"))
    last = ""
    while rows := connection.execute(chosen.where(ratings.c.id > last)).all():
        connection.execute(fill, [{"rating": row.id, "told": in_brief(row.results)} for row in rows])
        last = rows[-1].id
