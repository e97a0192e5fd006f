"""Alembic runs this file. The connection comes from `gateway.storage.schema`; there is no alembic.ini."""

from alembic import context

from gateway.storage.migrations.comparison import is_ours
from gateway.storage.rows import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
    include_object=is_ours,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
