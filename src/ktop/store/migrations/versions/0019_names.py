"""English names of companies beside their names: lists in English read them."""

import sqlalchemy as sa
from alembic import op

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
    # From the newest version of each record; drafts, number 0, count where there is nothing else.
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
