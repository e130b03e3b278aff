"""Alembic's entry: runs the migrations on the connection that ktop.store.database hands over."""

from alembic import context

from ktop.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
