"""Alembic's entry: runs the revisions on the connection that `store.migrate` hands over."""

from alembic import context

from mobility_bridge.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite too: our BEGIN covers its DDL
)
with context.begin_transaction():
    context.run_migrations()
