"""The log of all that partners asked for: questions, prices, records; what was given and what refused.

It is written before an answer leaves, and never changed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import Session

from catalog.database import tables as t
from catalog.database.group_commit import GroupCommit
from catalog.database.opening_tables import OpeningRow

Transaction = Callable[[], AbstractContextManager[Session]]
Writing = Callable[[], AbstractContextManager[Connection]]
Action = Literal["quote", "query", "answer", "record"]
GIVEN = "ok"
_ADD = insert(t.table_of(OpeningRow))
_LONGEST = 4_000  # characters of a text that a partner sent


@dataclass(frozen=True, slots=True)
class Opening:
    """One call.

    Attributes:
        subject: the question as it was written, the id of an answer, or the view and code of a record.
        outcome: `GIVEN`, or the code of the error.
        instruments: the documents that allowed it; none where it was refused for the want of them.
        charge: what was charged for it, or had been.
    """

    at: datetime
    partner: str
    user: str
    agreement: str
    purpose: str
    action: Action
    subject: str
    outcome: str
    instruments: tuple[str, ...] = ()
    charge: int | None = None


class Openings:
    """The calls of every workspace in a catalogue database; every method is one transaction."""

    def __init__(self, read: Transaction, write: Writing) -> None:
        self._read = read
        self._write = write
        self._ids: dict[str, int] = {}
        self._group = GroupCommit(self._write_all)

    def write(self, workspace: str, *calls: Opening) -> None:
        """Add calls. What comes while others are being added is added together after them."""
        self._group.add((workspace, calls))

    def _write_all(self, waiting: list[tuple[str, tuple[Opening, ...]]]) -> None:
        with self._write() as con:
            rows = [
                {"workspace_id": self._id(con, workspace), **_values(call)}
                for workspace, calls in waiting
                for call in calls
            ]
            con.execute(_ADD, rows)

    def newest(
        self, workspace: str, *, agreement: str | None = None, limit: int = 100
    ) -> list[Opening]:
        """The last calls, the newest first: under one agreement, or all."""
        item = OpeningRow
        query = select(item).join(t.Workspace, t.Workspace.id == item.workspace_id)
        query = query.where(t.Workspace.name == workspace)
        if agreement is not None:
            query = query.where(item.agreement == agreement)
        with self._read() as session:
            found = session.scalars(query.order_by(item.id.desc()).limit(limit))
            return [record(row) for row in found]

    def _id(self, con: Connection, workspace: str) -> int:
        """A workspace never changes its id, and is there before anything can be asked of it."""
        if workspace not in self._ids:
            query = select(t.Workspace.id).where(t.Workspace.name == workspace)
            self._ids[workspace] = con.execute(query).scalar_one()
        return self._ids[workspace]


def _values(call: Opening) -> dict[str, Any]:
    return {
        "at": call.at,
        "partner": call.partner[:_LONGEST],
        "user_name": call.user[:_LONGEST],
        "agreement": call.agreement[:_LONGEST],
        "purpose": call.purpose[:_LONGEST],
        "action": call.action,
        "subject": call.subject[:_LONGEST],
        "outcome": call.outcome,
        "instruments": list(call.instruments),
        "charge_id": call.charge,
    }


def record(row: OpeningRow) -> Opening:
    """A row of the log as a value."""
    return Opening(
        row.at,
        row.partner,
        row.user_name,
        row.agreement,
        row.purpose,
        row.action,  # type: ignore[arg-type]  # a constraint of the table
        row.subject,
        row.outcome,
        tuple(row.instruments),
        row.charge_id,
    )
