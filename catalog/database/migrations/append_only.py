"""Tables whose rows can be added and never changed: triggers refuse it, whoever asks.

Frozen like the migrations that use it. SQLite refuses `INSERT OR REPLACE` as well where
`recursive_triggers` is on, which it is in our connections.
"""

from __future__ import annotations

from alembic import op

_REFUSE = """
CREATE FUNCTION citybrain_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of this table are never changed';
END
$$
"""


def make_function() -> None:
    """What the triggers of PostgreSQL call; once, before `protect`."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE)


def drop_function() -> None:
    """The opposite, after the tables are gone."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION citybrain_append_only()")


def protect(table: str) -> None:
    """Refuse UPDATE and DELETE, and TRUNCATE where there is one."""
    if op.get_bind().dialect.name == "postgresql":
        call = "EXECUTE FUNCTION citybrain_append_only()"
        rows = f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {call}"
        op.execute(f"CREATE TRIGGER {table}_rows {rows}")
        whole = f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}"
        op.execute(f"CREATE TRIGGER {table}_whole {whole}")
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'rows of this table are never changed'); END"
    for action in ("update", "delete"):
        op.execute(f"CREATE TRIGGER {table}_{action} BEFORE {action} ON {table} {refuse}")
