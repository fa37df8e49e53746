"""Every source of an objection's value answers for itself, with a clock of its own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

MOMENT = sa.DateTime(timezone=True)
OBJECTION = sa.table("share_objection", sa.column("id"), sa.column("routes", sa.JSON))
ROUTE = sa.table(
    "share_objection_route",
    sa.column("objection_key"),
    sa.column("number"),
    sa.column("department"),
    sa.column("sources", sa.JSON),
    sa.column("verdict"),
    sa.column("answered_by"),
    sa.column("said"),
)
_OLD = ("department", "sources", "verdict", "by", "said")
_CLOCK = ("clock_step", "due_at", "days_left", "reminded_at", "supervised_at", "escalated_at")
_NAMES = ", ".join(_CLOCK)
# A source answered when whoever answered for it did so first; the clock was one for all of them.
_ANSWERED = """
UPDATE share_objection_route SET answered_at = (
  SELECT min(share_event.at) FROM share_event
  WHERE share_event.objection_key = share_objection_route.objection_key
    AND share_event.act IN ('verify', 'reject')
    AND share_event.actor = share_objection_route.answered_by
) WHERE verdict IS NOT NULL
"""
_CORRECTED = """
UPDATE share_objection_route SET snapshot = (
  SELECT share_objection.snapshot FROM share_objection
  WHERE share_objection.id = share_objection_route.objection_key
) WHERE verdict = 'confirmed'
"""
_TIMED = f"""
UPDATE share_objection_route SET ({_NAMES}) = (
  SELECT {_NAMES} FROM share_objection
  WHERE share_objection.id = share_objection_route.objection_key
) WHERE verdict IS NULL OR verdict = 'confirmed'
"""  # names of columns that stand above
_TIMED_TOGETHER = f"""
UPDATE share_objection SET ({_NAMES}) = (
  SELECT {_NAMES} FROM share_objection_route
  WHERE share_objection_route.objection_key = share_objection.id AND clock_step IS NOT NULL
  ORDER BY due_at, number LIMIT 1
)
"""


def upgrade() -> None:
    _table()
    bind = op.get_bind()
    old = bind.execute(sa.select(OBJECTION.c.id, OBJECTION.c.routes)).all()
    for key, routes in old:
        for number, route in enumerate(routes, 1):
            bind.execute(sa.insert(ROUTE).values(_values(key, number, route)))
    for statement in (_ANSWERED, _CORRECTED, _TIMED):
        op.execute(statement)
    for name in ("routes", *_CLOCK):
        op.drop_column("share_objection", name)


def downgrade() -> None:
    op.add_column(
        "share_objection", sa.Column("routes", sa.JSON(), nullable=False, server_default="[]")
    )
    for column in _clock():
        op.add_column("share_objection", column)
    bind = op.get_bind()
    for key, routes in _routes().items():
        bind.execute(sa.update(OBJECTION).where(OBJECTION.c.id == key).values(routes=routes))
    op.execute(_TIMED_TOGETHER)
    op.drop_table("share_objection_route")


def _values(key: int, number: int, route: dict[str, Any]) -> dict[str, Any]:
    said = {name: route.get(name) for name in ("department", "sources", "verdict", "said")}
    return said | {"objection_key": key, "number": number, "answered_by": route.get("by", "")}


def _routes() -> dict[int, list[dict[str, Any]]]:
    """By objection its sources, as they stood in its row."""
    found: dict[int, list[dict[str, Any]]] = {}
    query = sa.select(ROUTE).order_by(ROUTE.c.objection_key, ROUTE.c.number)
    for row in op.get_bind().execute(query).mappings():
        said = dict(row) | {"by": row["answered_by"]}
        found.setdefault(row["objection_key"], []).append({name: said[name] for name in _OLD})
    return found


def _table() -> None:
    op.create_table(
        "share_objection_route",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("objection_key", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=True),
        *_clock(),
        sa.CheckConstraint(
            "verdict IN ('confirmed', 'denied')", name=op.f("ck_share_objection_route_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["objection_key"],
            ["share_objection.id"],
            name=op.f("fk_share_objection_route_objection_key"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_objection_route")),
        sa.UniqueConstraint(
            "objection_key", "number", name=op.f("uq_share_objection_route_objection_key")
        ),
    )
    op.create_index(
        "ix_share_objection_route_of", "share_objection_route", ["department", "answered_at"]
    )


def _clock() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("clock_step", sa.Text(), nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("days_left", sa.Integer(), nullable=True),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.Column("supervised_at", MOMENT, nullable=True),
        sa.Column("escalated_at", MOMENT, nullable=True),
    )
