"""The log of all that partners asked for: questions, prices, records; what was given and what refused.

It is written before an answer leaves, and never changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import Session

from catalog.database import tables as t
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


class _Added:
    """Calls that are to be written.

    Attributes:
        turn: set when it was written, or could not be, or when it `leads`: is to write all that wait.
    """

    def __init__(self, workspace: str, calls: tuple[Opening, ...]) -> None:
        self.workspace = workspace
        self.calls = calls
        self.turn = threading.Event()
        self.leads = False
        self.error: BaseException | None = None


class Openings:
    """The calls of every workspace in a catalogue database; every method is one transaction."""

    def __init__(self, read: Transaction, write: Writing) -> None:
        self._read = read
        self._write = write
        self._ids: dict[str, int] = {}
        self._lock = threading.Lock()
        self._led = False
        self._waiting: list[_Added] = []

    def write(self, workspace: str, *calls: Opening) -> None:
        """Add calls. What comes while others are being added is added together after them."""
        added = _Added(workspace, calls)
        with self._lock:
            self._waiting.append(added)
            leads, self._led = not self._led, True
        if not leads:
            added.turn.wait()
        if leads or added.leads:
            self._write_waiting(added)
        if added.error is not None:
            raise added.error

    def _write_waiting(self, leader: _Added) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            with self._write() as con:
                con.execute(_ADD, [row for one in batch for row in self._rows(con, one)])
        except BaseException as error:
            for one in batch:
                one.error = error
        with self._lock:
            # Whoever has come meanwhile writes for all that have.
            self._led = bool(self._waiting)
            for one in self._waiting[:1]:
                one.leads = True
                one.turn.set()
        for one in batch:
            if one is not leader:
                one.turn.set()

    def _rows(self, con: Connection, added: _Added) -> list[dict[str, Any]]:
        owner = self._id(con, added.workspace)
        return [{"workspace_id": owner, **_values(call)} for call in added.calls]

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
