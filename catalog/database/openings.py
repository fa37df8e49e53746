"""The log of all that partners asked for: questions, prices, records; what was given and what refused.

It is written before an answer leaves, and never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import Session

from catalog.audit.record import AuditRecord
from catalog.audit.usage import SNAPSHOT_OF
from catalog.database import tables as t
from catalog.database.audit import Adding, Audit, adding
from catalog.database.group_commit import GroupCommit
from catalog.database.opening_tables import OpeningRow

Transaction = Callable[[], AbstractContextManager[Session]]
Writing = Callable[[], AbstractContextManager[Connection]]
Action = Literal["quote", "query", "answer", "record"]
GIVEN = "ok"
_ADD = insert(t.table_of(OpeningRow))
_LONGEST = 4_000  # characters of a text that a partner sent


@dataclass(frozen=True, slots=True)
class GivenData:
    """What was given in a call.

    Attributes:
        fields: the columns.
        rows: how many.
        snapshot: of the table, where it was one.
        snapshots: by view, where there were several.
    """

    fields: tuple[str, ...] = ()
    rows: int | None = None
    snapshot: int | None = None
    snapshots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """One call.

    Attributes:
        subject: the question as it was written, the id of an answer, or the view and code of a record.
        outcome: `GIVEN`, or the code of the error.
        instruments: the documents that allowed it; none where it was refused for the want of them.
        charge: what was charged for it, or had been.
        given: for the audit log, which is written with it.
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
    given: GivenData = field(default=GivenData(), compare=False)


@dataclass(frozen=True, slots=True)
class _Added:
    """Calls that are to be written, and what of them goes into the audit log."""

    calls: tuple[Opening, ...]
    audit: Adding


class Openings:
    """The calls of every workspace in a catalogue database; every method is one transaction."""

    def __init__(self, read: Transaction, write: Writing, audit: Audit) -> None:
        self._read = read
        self._write = write
        self._audit = audit
        self._ids: dict[str, int] = {}
        self._group = GroupCommit(self._write_all)

    def write(self, workspace: str, *calls: Opening) -> None:
        """Add calls, to the audit log as well. What comes meanwhile is added together after them.

        Raises:
            CatalogError: `audit_overdue`; then none of them was added.
        """
        added = _Added(calls, adding(workspace, map(of_opening, calls)))
        self._group.add(added)
        if added.audit.refused is not None:
            raise added.audit.refused

    def check(self, workspace: str) -> None:
        """That something may be given; see `Audit.check`."""
        self._audit.check(workspace)

    def _write_all(self, waiting: list[_Added]) -> None:
        with self._write() as con:
            self._audit.write_in(con, [one.audit for one in waiting])
            rows = [
                {"workspace_id": self._id(con, one.audit.workspace), **_values(call)}
                for one in waiting
                for call in one.calls
                if one.audit.refused is None
            ]
            if rows:
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


def of_opening(call: Opening) -> AuditRecord:
    """A partner's call."""
    detail = {f"{SNAPSHOT_OF}{view}": number for view, number in call.given.snapshots.items()}
    if call.instruments:
        detail["instruments"] = " ".join(call.instruments)
    if call.charge is not None:
        detail["charge"] = str(call.charge)
    if len(call.subject) > 400:
        detail["question"] = call.subject
    return AuditRecord(
        at=call.at,
        actor=f"partner:{call.partner}/{call.user}",
        action=call.action,
        subject=call.subject,
        outcome=call.outcome,
        under=call.agreement,
        purpose=call.purpose,
        fields=call.given.fields,
        rows=call.given.rows,
        snapshot=call.given.snapshot,
        detail=detail,
    )
