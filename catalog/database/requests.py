"""Requests between departments as they stand, and every event of them.

A change is a pure function of the request as it is (`catalog.sharing.moves`). It is applied while the
workspace is locked: of two changes at once the second sees what the first made, and is refused by the
table of transitions if it does not fit any more.
"""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from catalog.audit.record import AuditRecord
from catalog.database import tables as t
from catalog.database.grants import provision_in, record_of
from catalog.database.kept import Kept, events_of
from catalog.database.notices import tell
from catalog.database.paging import Listed, Place, page_of
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
from catalog.sharing.notices import told_of
from catalog.sharing.request import Change, Event, Request
from catalog.sharing.transitions import OPEN_TASK

Make = Callable[[Request, datetime], Change]
_OPEN = ("submitted", "pre_auditing", "returned", "dispatched")


@dataclass(frozen=True, slots=True)
class RequestsWanted:
    """Which requests; what is empty does not matter.

    Attributes:
        department: who asks; owner: who is asked.
        overdue: a deadline of theirs was before this moment, and is not met.
    """

    department: str = ""
    owner: str = ""
    state: str = ""
    overdue: datetime | None = None


class Requests(Kept):
    """The requests of every workspace in a catalogue database; every method is one transaction."""

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

    def page(self, workspace: str, wanted: RequestsWanted, place: Place) -> Listed[Request]:
        """A page of requests, the newest first."""
        with self._read() as session:
            found = page_of(session, _wanted(workspace, wanted), ShareRequestRow.id, place)
            items = _loaded(session, found.items)
            return Listed(items, found.count, found.older, found.newer)

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
            told = told_departments(change.request, event)
            tell(session, owner, told, event.at, event.act, event.task, request_key=row.id)
        records = audit_records(change.request, change.events)
        for grant, number in change.grants:
            at, task = change.events[-1].at, tasks[number]
            provision_in(session, workspace, owner, grant, task.decided_by, at, task.id)
            records.append(record_of(grant, at, task.decided_by, "provisioned"))
        session.flush()
        self._audit.append_in(session, workspace, records)


def _wanted(workspace: str, wanted: RequestsWanted) -> Select[ShareRequestRow]:
    row, task = ShareRequestRow, ShareTaskRow
    query = _of(workspace)
    if wanted.department:
        query = query.where(row.department == wanted.department)
    if wanted.owner:
        asked = select(task.request_key).where(task.owner == wanted.owner)
        query = query.where(row.id.in_(asked))
    if wanted.state:
        query = query.where(row.state == wanted.state)
    if wanted.overdue is not None:
        late = task.due_at.is_not(None) & (task.due_at < wanted.overdue)
        disputed = task.dispute_due_at.is_not(None) & (task.dispute_due_at < wanted.overdue)
        tasks = select(task.request_key).where(late | disputed)
        query = query.where((row.due_at < wanted.overdue) | row.id.in_(tasks))
    return query


def told_departments(request: Request, event: Event) -> tuple[str, ...]:
    """The departments that are told of an event of a request."""
    task = None if event.task is None else request.task(event.task)
    if task is None:
        return told_of(event, "request", request.department, ())
    return told_of(event, "task", request.department, [task.item.owner])


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
    found = select(ShareTaskRow).where(ShareTaskRow.request_key.in_(keys))
    for task in session.scalars(found.order_by(ShareTaskRow.number)):
        tasks[task.request_key].append(task)
    events = events_of(session, ShareEventRow.request_key, keys)
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
