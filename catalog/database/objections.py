"""Objections to values of records; while one is open, whoever reads the record is told."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from catalog.audit.record import AuditRecord
from catalog.database import tables as t
from catalog.database.kept import Kept, events_of
from catalog.database.notices import tell
from catalog.database.paging import Listed, Place, page_of
from catalog.database.sharing_rows import (
    event_values,
    objection_of,
    objection_values,
    put,
    route_values,
)
from catalog.database.sharing_tables import ObjectionRouteRow, ObjectionRow, ShareEventRow
from catalog.database.writing import lock_workspace
from catalog.errors import CatalogError
from catalog.sharing.notices import told_of
from catalog.sharing.objection import Moved, Objection
from catalog.sharing.request import Event
from catalog.sharing.transitions import OPEN_OBJECTION


@dataclass(frozen=True, slots=True)
class ObjectionsWanted:
    """Which objections; what is empty does not matter.

    Attributes:
        concerns: the department that raised it, or one that it was traced to.
        department: who raised it.
        overdue: a source's deadline was before this moment, and is not met.
    """

    concerns: str = ""
    department: str = ""
    state: str = ""
    overdue: datetime | None = None


class Objections(Kept):
    """The objections of every workspace in a catalogue database; every method is one transaction."""

    # Writing

    def add(self, workspace: str, make: Callable[[datetime], Moved]) -> Objection:
        """Record a new objection."""
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            objection, events = make(self._clock())
            row = ObjectionRow(workspace_id=owner, **objection_values(objection))
            session.add(row)
            session.flush()
            return self._recorded(session, workspace, row, (objection, events))

    def change(
        self, workspace: str, id: str, make: Callable[[Objection, datetime], Moved]
    ) -> Objection:
        """Apply a change to an objection as it is then, with its events and audit records.

        Raises:
            CatalogError: `objection_unknown`; what the change raises, and then nothing is written.
        """
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            row = session.scalar(_of(workspace).where(ObjectionRow.objection_id == id))
            if row is None:
                raise CatalogError("objection_unknown", objection=id)
            moved = make(_loaded(session, [row])[0], self._clock())
            put(row, objection_values(moved[0]))
            return self._recorded(session, workspace, row, moved)

    # Reading

    def get(self, workspace: str, id: str) -> Objection:
        """One objection.

        Raises:
            CatalogError: `objection_unknown`.
        """
        with self._read() as session:
            row = session.scalar(_of(workspace).where(ObjectionRow.objection_id == id))
            if row is None:
                raise CatalogError("objection_unknown", objection=id)
            return _loaded(session, [row])[0]

    def list(
        self, workspace: str, *, resource: str | None = None, open_only: bool = False
    ) -> builtins.list[Objection]:
        """Objections, the newest first."""
        query = _of(workspace).order_by(ObjectionRow.id.desc())
        if resource is not None:
            query = query.where(ObjectionRow.resource == resource)
        if open_only:
            query = query.where(ObjectionRow.state.in_(OPEN_OBJECTION))
        with self._read() as session:
            return _loaded(session, session.scalars(query).all())

    def page(self, workspace: str, wanted: ObjectionsWanted, place: Place) -> Listed[Objection]:
        """A page of objections, the newest first."""
        with self._read() as session:
            found = page_of(session, _wanted(workspace, wanted), ObjectionRow.id, place)
            items = _loaded(session, found.items)
            return Listed(items, found.count, found.older, found.newer)

    def open_keys(self, workspace: str, resource: str) -> builtins.list[Mapping[str, str]]:
        """The keys of the records of a resource to which somebody objects, each once."""
        query = select(ObjectionRow.record_key).join(
            t.Workspace, t.Workspace.id == ObjectionRow.workspace_id
        )
        query = query.where(
            t.Workspace.name == workspace,
            ObjectionRow.resource == resource,
            ObjectionRow.state.in_(OPEN_OBJECTION),
        ).order_by(ObjectionRow.id)
        with self._read() as session:
            found = [dict(key) for key in session.scalars(query)]
        return [key for number, key in enumerate(found) if key not in found[:number]]

    def _recorded(
        self, session: Session, workspace: str, row: ObjectionRow, moved: Moved
    ) -> Objection:
        objection, events = moved
        _put_routes(session, row, objection)
        asked = [one.department for one in objection.routes]
        for event in events:
            session.add(ShareEventRow(objection_key=row.id, **event_values(event)))
            told = told_of(event, "objection", objection.department, asked)
            tell(session, row.workspace_id, told, event.at, event.act, objection_key=row.id)
        session.flush()
        records = [_audit_record(objection, event) for event in events]
        self._audit.append_in(session, workspace, records)
        return _loaded(session, [row])[0]


def _audit_record(objection: Objection, event: Event) -> AuditRecord:
    """What the audit log keeps; no free text, and no value of the record."""
    detail = {"act": event.act, "before": event.before, "after": event.after}
    detail |= {"objection": objection.id, "department": objection.department}
    if event.task is not None:
        detail["source"] = objection.routes[event.task - 1].department
    if event.to:
        detail["to"] = event.to
    return AuditRecord(
        at=event.at,
        actor=event.actor,
        action="objection",
        subject=objection.resource,
        fields=(objection.field,),
        snapshot=objection.snapshot,
        detail=detail,
    )


def _of(workspace: str) -> Select[ObjectionRow]:
    query = select(ObjectionRow)
    query = query.join(t.Workspace, t.Workspace.id == ObjectionRow.workspace_id)
    return query.where(t.Workspace.name == workspace)


def _wanted(workspace: str, wanted: ObjectionsWanted) -> Select[ObjectionRow]:
    row, route = ObjectionRow, ObjectionRouteRow
    query = _of(workspace)
    if wanted.concerns:
        mine = select(route.objection_key).where(route.department == wanted.concerns)
        query = query.where((row.department == wanted.concerns) | row.id.in_(mine))
    if wanted.department:
        query = query.where(row.department == wanted.department)
    if wanted.state:
        query = query.where(row.state == wanted.state)
    if wanted.overdue is not None:
        late = select(route.objection_key).where(route.due_at < wanted.overdue)
        query = query.where(row.id.in_(late))
    return query


def _put_routes(session: Session, row: ObjectionRow, objection: Objection) -> None:
    """Write what its sources were asked and say."""
    query = select(ObjectionRouteRow).where(ObjectionRouteRow.objection_key == row.id)
    known = {route.number: route for route in session.scalars(query)}
    for route in objection.routes:
        values = route_values(route)
        if route.number in known:
            put(known[route.number], values)
        else:
            session.add(ObjectionRouteRow(objection_key=row.id, **values))


def _loaded(session: Session, rows: Sequence[ObjectionRow]) -> builtins.list[Objection]:
    """The records of rows, with two more statements for all of them."""
    keys = [row.id for row in rows]
    routes: dict[int, builtins.list[ObjectionRouteRow]] = defaultdict(list)
    found = select(ObjectionRouteRow).where(ObjectionRouteRow.objection_key.in_(keys))
    for route in session.scalars(found.order_by(ObjectionRouteRow.number)):
        routes[route.objection_key].append(route)
    events = events_of(session, ShareEventRow.objection_key, keys)
    return [objection_of(row, routes[row.id], events[row.id]) for row in rows]
