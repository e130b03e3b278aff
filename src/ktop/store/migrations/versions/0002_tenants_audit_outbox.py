"""Tenants and subjects of ratings; audit events that nobody can change; messages that wait to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: Whose everything is that was kept before there were organisations.
LOCAL = "local"


def upgrade() -> None:
    with op.batch_alter_table("ratings") as table:
        table.add_column(sa.Column("tenant", sa.String(64), nullable=False, server_default=LOCAL))
        table.add_column(sa.Column("subject_key", sa.String(120), nullable=True))
        table.create_index("ix_ratings_tenant", ["tenant", "created"])
        table.create_index("ix_ratings_subject_key", ["tenant", "subject_key"])
    with op.batch_alter_table("ratings") as table:
        table.alter_column("tenant", server_default=None, existing_type=sa.String(64), existing_nullable=False)
    op.create_table(
        "audit_events",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_tenant", "audit_events", ["tenant", "number"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_sent", "outbox", ["sent", "at"])
    _refuse_changes()


def _refuse_changes() -> None:
    """Let the database itself refuse to change or delete an audit event, whoever asks."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_events_never_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'audit events are never changed'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_events_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_events_never_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_events_no_{change.lower()} BEFORE {change} ON audit_events "
            "BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END"
        )


def downgrade() -> None:
    op.drop_table("outbox")
    op.drop_table("audit_events")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_events_never_change()")
    with op.batch_alter_table("ratings") as table:
        table.drop_index("ix_ratings_subject_key")
        table.drop_index("ix_ratings_tenant")
        table.drop_column("subject_key")
        table.drop_column("tenant")
