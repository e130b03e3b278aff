"""English names of companies beside their names: lists in English read them."""

import sqlalchemy as sa
from alembic import op

from ktop.store.ratings import in_brief

revision = "0019_names"
down_revision = "0018_brief"
branch_labels = None
depends_on = None

#: Rows read and written at a time.
AT_ONCE = 100


def upgrade() -> None:
    op.add_column("companies", sa.Column("name_en", sa.String(length=200), nullable=True))
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT set_config('ktop.scope', 'installation', true)"))
    _name_companies(connection)
    _name_ratings(connection)


def _name_companies(connection: sa.Connection) -> None:
    """Take the name from the newest version of each record; drafts, number 0, count where there is nothing else."""
    companies = sa.table("companies", sa.column("id"), sa.column("name_en"))
    versions = sa.table("record_versions", sa.column("company"), sa.column("number"), sa.column("record", sa.JSON()))
    chosen = sa.select(companies.c.id).order_by(companies.c.id).limit(AT_ONCE)
    fill = sa.update(companies).where(companies.c.id == sa.bindparam("kept")).values(name_en=sa.bindparam("said"))
    last = ""
    while ids := list(connection.execute(chosen.where(companies.c.id > last)).scalars()):
        of = sa.select(versions).where(versions.c.company.in_(ids)).order_by(versions.c.number)
        said = {row.company: str(row.record.get("name_en") or "")[:200] for row in connection.execute(of)}
        if named := [{"kept": company, "said": name} for company, name in said.items() if name]:
            connection.execute(fill, named)
        last = ids[-1]


def _name_ratings(connection: sa.Connection) -> None:
    """Write anew what stands beside each rating in brief, for it names the company in English since."""
    ratings = sa.table("ratings", sa.column("id"), sa.column("results", sa.JSON()), sa.column("brief", sa.JSON()))
    chosen = sa.select(ratings.c.id, ratings.c.results).order_by(ratings.c.id).limit(AT_ONCE)
    fill = sa.update(ratings).where(ratings.c.id == sa.bindparam("rating")).values(brief=sa.bindparam("told"))
    last = ""
    while rows := connection.execute(chosen.where(ratings.c.id > last)).all():
        connection.execute(fill, [{"rating": row.id, "told": in_brief(row.results)} for row in rows])
        last = rows[-1].id
