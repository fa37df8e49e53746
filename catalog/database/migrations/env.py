"""Alembic runs this: our tables, on the connection (and in the transaction) of the caller."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy.sql.schema import SchemaItem

from catalog.database.migrate import VERSION_TABLE
from catalog.database.tables import Base, FreeText, UtcDateTime


def _ours(
    item: SchemaItem, name: str | None, type_: str, reflected: bool, _other: SchemaItem | None
) -> bool:
    """A database may hold other people's tables (Iceberg's catalogue): they are left alone."""
    return not (type_ == "table" and reflected and name not in Base.metadata.tables)


def _render(type_: str, item: Any, _context: object) -> str | Literal[False]:
    """A migration is frozen: it names the database's types, not our classes of today."""
    plain = {UtcDateTime: "sa.DateTime(timezone=True)", FreeText: "sa.Text()"}
    return plain.get(type(item), False) if type_ == "type" else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    include_object=_ours,
    render_item=_render,
    compare_type=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
