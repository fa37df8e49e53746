"""Answers of departments in a time, with the events by which one sees how long they took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from catalog.database import tables as t
from catalog.database.sharing_tables import (
    ObjectionRouteRow,
    ObjectionRow,
    ShareEventRow,
    ShareRequestRow,
    ShareTaskRow,
)
from catalog.sharing.answering import Answered, Step
from catalog.sharing.clocks import Terms

Reading = Callable[[], AbstractContextManager[Connection]]
EVENT, TASK = t.table_of(ShareEventRow), t.table_of(ShareTaskRow)
REQUEST, OBJECTION = t.table_of(ShareRequestRow), t.table_of(ObjectionRow)
ROUTE = t.table_of(ObjectionRouteRow)
WORKSPACE = t.table_of(t.Workspace)
_OF_ROUTE = ("objection_key", "number", "department", "answered_at")
_SOME = 500  # keys in one statement


class Answers:
    """The answers of every workspace; reads only."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def to_requests(
        self, workspace: str, since: datetime, terms: Terms, bureau: str
    ) -> list[Answered]:
        """Tasks that were decided since a moment.

        Args:
            bureau: the department that answers about what is shared unconditionally.
        """
        names = ("request_key", "number", "owner", "share_type", "follows", "decided_at")
        query = select(*(TASK.c[name] for name in names)).join(
            REQUEST, REQUEST.c.id == TASK.c.request_key
        )
        query = query.join(WORKSPACE, WORKSPACE.c.id == REQUEST.c.workspace_id)
        query = query.where(WORKSPACE.c.name == workspace, TASK.c.decided_at >= since)
        with self._reading() as con:
            rows = con.execute(query.order_by(TASK.c.id)).all()
            steps = _steps(con, EVENT.c.request_key, {row.request_key for row in rows})
        return [
            Answered(
                row.owner if row.share_type == 2 else bureau,
                row.decided_at,
                terms.conditional if row.share_type == 2 else terms.unconditional,
                tuple(steps[row.request_key]),
                row.number,
                row.follows is not None,
            )
            for row in rows
        ]

    def to_objections(self, workspace: str, since: datetime, terms: Terms) -> list[Answered]:
        """What sources said to objections since a moment; each of an objection's for itself."""
        query = select(*(ROUTE.c[name] for name in _OF_ROUTE)).join(
            OBJECTION, OBJECTION.c.id == ROUTE.c.objection_key
        )
        query = query.join(WORKSPACE, WORKSPACE.c.id == OBJECTION.c.workspace_id)
        query = query.where(WORKSPACE.c.name == workspace, ROUTE.c.answered_at >= since)
        with self._reading() as con:
            rows = con.execute(query.order_by(ROUTE.c.id)).all()
            steps = _steps(con, EVENT.c.objection_key, {row.objection_key for row in rows})
        return [
            Answered(
                row.department,
                row.answered_at,
                terms.verify,
                tuple(steps[row.objection_key]),
                row.number,
            )
            for row in rows
        ]


def _steps(con: Connection, column: Any, keys: set[int]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = defaultdict(list)
    wanted: Sequence[int] = sorted(keys)
    for first in range(0, len(wanted), _SOME):
        query = select(column, EVENT.c.at, EVENT.c.act, EVENT.c.task)
        query = query.where(column.in_(wanted[first : first + _SOME])).order_by(EVENT.c.id)
        for key, at, act, task in con.execute(query):
            found[key].append(Step(at, act, task))
    return found
