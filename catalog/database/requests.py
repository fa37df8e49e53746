"""Requests between departments as they stand, and every event of them.

A change is a pure function of the request as it is (`catalog.sharing.moves`). It is applied while the
workspace is locked: of two changes at once the second sees what the first made, and is refused by the
table of transitions if it does not fit any more.
"""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from catalog.audit.record import AuditRecord
from catalog.database import tables as t
from catalog.database.audit import Audit
from catalog.database.grants import provision_in, record_of
from catalog.database.sharing_rows import (
    event_values,
    put,
    request_of,
    request_values,
    task_values,
)
from catalog.database.sharing_tables import ShareEventRow, ShareRequestRow, ShareTaskRow
from catalog.database.writing import lock_workspace
from catalog.errors import CatalogError
from catalog.sharing.request import Change, Event, Request
from catalog.sharing.transitions import OPEN_TASK

Transaction = Callable[[], AbstractContextManager[Session]]
Make = Callable[[Request, datetime], Change]
_OPEN = ("submitted", "pre_auditing", "returned", "dispatched")


class Requests:
    """The requests of every workspace in a catalogue database; every method is one transaction."""

    def __init__(
        self,
        read: Transaction,
        write: Transaction,
        clock: Callable[[], datetime],
        audit: Audit,
    ) -> None:
        self._read = read
        self._write = write
        self._clock = clock
        self._audit = audit

    # Writing

    def add(self, workspace: str, make: Callable[[datetime], Change]) -> Request:
        """Record a new request."""
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            change = make(self._clock())
            row = ShareRequestRow(workspace_id=owner, **request_values(change.request))
            session.add(row)
            session.flush()
            self._record(session, workspace, owner, row, change)
            return _loaded(session, [row])[0]

    def change(self, workspace: str, id: str, make: Make) -> Request:
        """Apply a change to a request as it is then, with its events, audit records and grants.

        Raises:
            CatalogError: `request_unknown`; what the change raises, and then nothing is written.
        """
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            row = session.scalar(_of(workspace).where(ShareRequestRow.request_id == id))
            if row is None:
                raise CatalogError("request_unknown", request=id)
            change = make(_loaded(session, [row])[0], self._clock())
            put(row, request_values(change.request))
            self._record(session, workspace, owner, row, change)
            return _loaded(session, [row])[0]

    # Reading

    def get(self, workspace: str, id: str) -> Request:
        """One request.

        Raises:
            CatalogError: `request_unknown`.
        """
        with self._read() as session:
            row = session.scalar(_of(workspace).where(ShareRequestRow.request_id == id))
            if row is None:
                raise CatalogError("request_unknown", request=id)
            return _loaded(session, [row])[0]

    def list(
        self,
        workspace: str,
        *,
        department: str | None = None,
        owner: str | None = None,
        limit: int = 200,
    ) -> builtins.list[Request]:
        """Requests, the newest first: of one department, to one owner, or all."""
        query = _of(workspace).order_by(ShareRequestRow.id.desc()).limit(limit)
        if department is not None:
            query = query.where(ShareRequestRow.department == department)
        if owner is not None:
            asked = select(ShareTaskRow.request_key).where(ShareTaskRow.owner == owner)
            query = query.where(ShareRequestRow.id.in_(asked))
        with self._read() as session:
            return _loaded(session, session.scalars(query).all())

    def waiting(self, workspace: str) -> builtins.list[Request]:
        """Requests of which something is still to be done, by anybody or by the system."""
        row, task = ShareRequestRow, ShareTaskRow
        states = (*OPEN_TASK, "approved", "partially_approved")
        open_task = task.state.in_(states) | (task.dispute_state == "raised")
        tasks = select(task.request_key).where(open_task)
        query = _of(workspace).where(row.state.in_(_OPEN) | row.id.in_(tasks)).order_by(row.id)
        with self._read() as session:
            return _loaded(session, session.scalars(query).all())

    def _record(
        self, session: Session, workspace: str, owner: int, row: ShareRequestRow, change: Change
    ) -> None:
        """The tasks, events and grants of a change; the log's records are the last."""
        tasks = _put_tasks(session, row, change.request)
        for event in change.events:
            session.add(ShareEventRow(request_key=row.id, **event_values(event)))
        records = audit_records(change.request, change.events)
        for grant, number in change.grants:
            at, task = change.events[-1].at, tasks[number]
            provision_in(session, workspace, owner, grant, task.decided_by, at, task.id)
            records.append(record_of(grant, at, task.decided_by, "provisioned"))
        session.flush()
        self._audit.append_in(session, workspace, records)


def _put_tasks(session: Session, row: ShareRequestRow, request: Request) -> dict[int, ShareTaskRow]:
    """The tasks' rows by number, as the request has them."""
    query = select(ShareTaskRow).where(ShareTaskRow.request_key == row.id)
    known = {task.number: task for task in session.scalars(query)}
    for task in request.tasks:
        values = task_values(task)
        if task.number in known:
            put(known[task.number], values)
        else:
            known[task.number] = ShareTaskRow(request_key=row.id, **values)
            session.add(known[task.number])
    session.flush()
    return known


def _of(workspace: str) -> Select[ShareRequestRow]:
    query = select(ShareRequestRow)
    query = query.join(t.Workspace, t.Workspace.id == ShareRequestRow.workspace_id)
    return query.where(t.Workspace.name == workspace)


def _loaded(session: Session, rows: Sequence[ShareRequestRow]) -> builtins.list[Request]:
    """The records of rows, with two more statements for all of them."""
    keys = [row.id for row in rows]
    tasks: dict[int, builtins.list[ShareTaskRow]] = defaultdict(list)
    events: dict[int, builtins.list[ShareEventRow]] = defaultdict(list)
    found = select(ShareTaskRow).where(ShareTaskRow.request_key.in_(keys))
    for task in session.scalars(found.order_by(ShareTaskRow.number)):
        tasks[task.request_key].append(task)
    done = select(ShareEventRow).where(ShareEventRow.request_key.in_(keys))
    for event in session.scalars(done.order_by(ShareEventRow.id)):
        events[event.request_key or 0].append(event)
    return [request_of(row, tasks[row.id], events[row.id]) for row in rows]


def audit_records(request: Request, events: Iterable[Event]) -> builtins.list[AuditRecord]:
    """What the audit log keeps of events; who gave and took is in it, no free text is."""
    found = []
    for event in events:
        task = request.task(event.task) if event.task is not None else None
        detail = {"act": event.act, "before": event.before, "after": event.after}
        detail |= {"department": request.department}
        if task is not None:
            detail |= {"task": str(task.number), "owner": task.item.owner}
            detail |= {"resource": task.item.resource}
            if event.act in ("approve", "approve_some", "refuse"):
                detail |= {"approved": ", ".join(task.approved), "refused": ", ".join(task.refused)}
        record = AuditRecord(
            at=event.at,
            actor=event.actor,
            action="request",
            subject=request.id,
            purpose=request.asked.purpose,
            fields=() if task is None else task.item.fields,
            detail=detail,
        )
        found.append(record)
    return found
