"""Alembic's entry: runs on the connection that `database.migrate` hands over.

To write a new revision: `python -m data.store.migrations.revise "what changes"`.
"""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from data.store.migrations import VERSION_TABLE
from data.store.models import StateModel, UtcDateTime


def plain_types(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Write migrations in SQLAlchemy's own types, so that old ones never depend on today's models."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.String | sa.TypeDecorator) and item.__module__.startswith("sqlmodel"):
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=StateModel.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    render_item=plain_types,
)
with context.begin_transaction():
    context.run_migrations()
