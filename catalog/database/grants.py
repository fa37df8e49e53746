"""Grants: which fields of which rows a department may read, for what and until when.

A grant is asked for with every read, and nothing of it is kept between two: it ends at the second at
which it expires or is revoked.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, false, select
from sqlalchemy.orm import Session

from catalog.audit.record import AuditRecord
from catalog.database import tables as t
from catalog.database.grant_tables import GrantRow
from catalog.database.kept import OftenAsked
from catalog.database.notices import tell
from catalog.database.paging import Listed, Place, page_of
from catalog.database.writing import lock_workspace
from catalog.errors import CatalogError
from catalog.sharing.grant import Grant, RowFilter, Suspension
from catalog.sharing.notices import department_of


@dataclass(frozen=True, slots=True)
class GrantsWanted:
    """Which grants; what is empty does not matter.

    Attributes:
        concerns: the department that reads, or whose data it is.
        department: who reads; owner: whose data it is.
        state: as `Grant.state` says at `now`.
    """

    now: datetime
    concerns: str = ""
    department: str = ""
    owner: str = ""
    state: str = ""


class Grants(OftenAsked):
    """The grants of every workspace in a catalogue database; every method is one transaction."""

    # Reading

    def of(
        self, workspace: str, department: str, resource: str, now: datetime
    ) -> builtins.list[Grant]:
        """The grants of a department on a resource that hold at a moment, the oldest first.

        Those that are suspended are left out, by the latest that is known of them
        (`catalog.database.suspensions`).
        """
        asked = {
            "workspace": workspace,
            "department": department,
            "resource": resource,
            "now": now,
        }
        with self._reading() as con:
            return [grant_of(row) for row in con.execute(_HOLDING, asked)]

    def get(self, workspace: str, id: str) -> Grant:
        """A grant, whether it holds or not.

        Raises:
            CatalogError: `grant_unknown`.
        """
        with self._read() as session:
            return grant_of(known_grant(session, workspace, id))

    def mine(self, workspace: str, department: str) -> builtins.list[Grant]:
        """Every grant of a department, the newest first, ended ones too."""
        return self._found(grants_query(workspace).where(GrantRow.department == department))

    def given(self, workspace: str, owner: str) -> builtins.list[Grant]:
        """Every grant on a department's own data, the newest first, ended ones too."""
        return self._found(grants_query(workspace).where(GrantRow.owner == owner))

    def list(self, workspace: str) -> builtins.list[Grant]:
        """Every grant, the newest first, ended ones too."""
        return self._found(grants_query(workspace))

    def page(self, workspace: str, wanted: GrantsWanted, place: Place) -> Listed[Grant]:
        """A page of grants, the newest first, ended ones too."""
        with self._read() as session:
            found = page_of(session, _wanted(workspace, wanted), GrantRow.id, place)
            return Listed(
                [grant_of(row) for row in found.items], found.count, found.older, found.newer
            )

    def _found(self, query: Select[GrantRow]) -> builtins.list[Grant]:
        with self._read() as session:
            return [grant_of(row) for row in session.scalars(query.order_by(GrantRow.id.desc()))]

    # Writing

    def provision(self, workspace: str, grant: Grant, by: str) -> Grant:
        """Let a department read from now on; the same grant again changes nothing.

        Args:
            by: who granted it, as the audit log names him.

        Raises:
            CatalogError: `grant_differs`, when there is another one of this id.
        """
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            now = self._clock()
            found, new = provision_in(session, workspace, owner, grant, by, now)
            records = [record_of(grant, now, by, "provisioned")] if new else []
            self._audit.append_in(session, workspace, records)
            return found

    def revoke(self, workspace: str, id: str, *, by: str, reason: str) -> Grant:
        """Let a grant hold no more from now on. One that was revoked stays as it is.

        Raises:
            CatalogError: `grant_unknown`; `grant_ended`, when its term is over.
        """
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            now = self._clock()  # only here: what came before us had its time before us
            row = known_grant(session, workspace, id)
            if row.revoked_at is not None:
                return grant_of(row)
            if row.valid_to <= now:
                raise CatalogError("grant_ended", grant=id, on=row.valid_to.isoformat())
            row.revoked_at, row.revoked_by, row.revoked_why = now, by, reason
            session.flush()
            ended = grant_of(row)
            _tell(session, row, now, "revoke", by)
            record = record_of(ended, now, by, "revoked", reason=reason)
            self._audit.append_in(session, workspace, [record])
            return ended

    def note_expired(self, workspace: str) -> builtins.list[Grant]:
        """Tell the audit log of grants whose term has ended since this was last called.

        They have ended without it, at the second of their term.
        """
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            now = self._clock()
            query = grants_query(workspace).where(
                GrantRow.valid_to <= now,
                GrantRow.revoked_at.is_(None),
                GrantRow.expiry_noted_at.is_(None),
            )
            rows = session.scalars(query.order_by(GrantRow.id)).all()
            for row in rows:
                row.expiry_noted_at = now
                _tell(session, row, now, "expire")
            session.flush()
            found = [grant_of(row) for row in rows]
            records = [record_of(one, now, "system", "expired") for one in found]
            self._audit.append_in(session, workspace, records)
            return found


def provision_in(
    session: Session,
    workspace: str,
    workspace_id: int,
    grant: Grant,
    by: str,
    now: datetime,
    task_id: int | None = None,
) -> tuple[Grant, bool]:
    """Write a grant within a transaction that has locked the workspace; its record is the caller's.

    Returns the grant, and whether it is new.

    Raises:
        CatalogError: `grant_differs`, when there is another one of this id.
    """
    found = session.scalar(grants_query(workspace).where(GrantRow.grant_id == grant.id))
    if found is not None:
        known = grant_of(found)
        if known != grant:
            raise CatalogError("grant_differs", grant=grant.id)
        return known, False
    row = GrantRow(workspace_id=workspace_id, task_id=task_id, granted_at=now, granted_by=by)
    for name, value in _values(grant).items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    if not grant.request:  # of one that was asked for, its request tells
        _tell(session, row, now, "give", by)
    return grant_of(row), True


def sides_of(grant: Grant | GrantRow) -> list[str]:
    """The departments that a grant concerns: which reads, and whose data it is."""
    return list(dict.fromkeys(one for one in (grant.department, grant.owner) if one))


def _tell(session: Session, row: GrantRow, at: datetime, act: str, by: str = "") -> None:
    """Tell those whom it concerns, but not the department of who did it."""
    told = [one for one in sides_of(row) if one != department_of(by)]
    tell(session, row.workspace_id, told, at, act, grant_key=row.id)


def known_grant(session: Session, workspace: str, id: str) -> GrantRow:
    """The row of a grant.

    Raises:
        CatalogError: `grant_unknown`.
    """
    found = session.scalar(grants_query(workspace).where(GrantRow.grant_id == id))
    if found is None:
        raise CatalogError("grant_unknown", grant=id)
    return found


def grants_query(workspace: str) -> Select[GrantRow]:
    """The grants of a workspace."""
    query = select(GrantRow).join(t.Workspace, t.Workspace.id == GrantRow.workspace_id)
    return query.where(t.Workspace.name == workspace)


def _wanted(workspace: str, wanted: GrantsWanted) -> Select[GrantRow]:
    row, query = GrantRow, grants_query(workspace)
    if wanted.concerns:
        query = query.where((row.department == wanted.concerns) | (row.owner == wanted.concerns))
    if wanted.department:
        query = query.where(row.department == wanted.department)
    if wanted.owner:
        query = query.where(row.owner == wanted.owner)
    if wanted.state:
        query = query.where(_in_state(wanted.state, wanted.now))
    return query


def _in_state(state: str, now: datetime) -> ColumnElement[bool]:
    """What `Grant.state` says, of rows; of another word, none."""
    row = GrantRow
    revoked = row.revoked_at.is_not(None) & (row.revoked_at <= now)
    over = row.valid_to <= now
    living = ~revoked & ~over
    suspended = row.suspended_at.is_not(None)
    coming = row.valid_from > now
    found = {
        "revoked": revoked,
        "expired": ~revoked & over,
        "suspended": living & suspended,
        "coming": living & ~suspended & coming,
        "holds": living & ~suspended & ~coming,
    }
    return found.get(state, false())


def record_of(grant: Grant, at: datetime, by: str, event: str, **detail: str) -> AuditRecord:
    """What the audit log keeps of a grant's beginning or end."""
    said = {"event": event, "to": grant.department, "owner": grant.owner} | detail
    said |= {"request": grant.request, "until": grant.valid_to.isoformat()}
    return AuditRecord(
        at=at,
        actor=by,
        action="grant",
        subject=grant.resource,
        under=grant.id,
        purpose=grant.purpose,
        fields=grant.fields,
        detail=said,
    )


def grant_of(row: Any) -> Grant:
    """The record of a row, as the table's class or as the columns of a statement."""
    return Grant(
        id=row.grant_id,
        request=row.request_id,
        department=row.department,
        resource=row.resource,
        fields=tuple(row.fields),
        purpose=row.purpose,
        basis=row.basis,
        scenario=row.scenario,
        manner=row.manner,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        masks=dict(row.masks),
        rows=None if row.row_field is None else RowFilter(row.row_field, tuple(row.row_values)),
        revoked_at=row.revoked_at,
        owner=row.owner,
        conditions=dict(row.conditions),
        ended_by=row.revoked_by or "",
        ended_why=row.revoked_why or "",
        legal=dict(row.legal),
        suspended=_suspension_of(row),
    )


def _suspension_of(row: Any) -> Suspension | None:
    """The suspension of a grant's row, as the table's class or as the columns of a statement."""
    if row.suspended_at is None:
        return None
    why = row.suspended_why or {}
    return Suspension(row.suspended_at, why.get("code", ""), dict(why.get("fields", {})))


def _values(grant: Grant) -> dict[str, Any]:
    return {
        "grant_id": grant.id,
        "request_id": grant.request,
        "department": grant.department,
        "resource": grant.resource,
        "owner": grant.owner,
        "fields": list(grant.fields),
        "masks": dict(grant.masks),
        "conditions": dict(grant.conditions),
        "row_field": None if grant.rows is None else grant.rows.field,
        "row_values": [] if grant.rows is None else list(grant.rows.values),
        "basis": grant.basis,
        "scenario": grant.scenario,
        "purpose": grant.purpose,
        "manner": grant.manner,
        "valid_from": grant.valid_from,
        "valid_to": grant.valid_to,
        "revoked_at": grant.revoked_at,
        "legal": dict(grant.legal),
    }


# Of columns, and made once: it is asked with every read.
COLUMNS = t.table_of(GrantRow).c


def in_term(*more: ColumnElement[bool]) -> Select[Any]:
    """The statement of a `department`'s grants on a `resource` whose term is at `now`."""
    query = select(*COLUMNS).join(t.Workspace, t.Workspace.id == COLUMNS.workspace_id)
    query = query.where(
        t.Workspace.name == bindparam("workspace"),
        COLUMNS.department == bindparam("department"),
        COLUMNS.resource == bindparam("resource"),
        COLUMNS.valid_from <= bindparam("now"),
        COLUMNS.valid_to > bindparam("now"),
        (COLUMNS.revoked_at.is_(None)) | (COLUMNS.revoked_at > bindparam("now")),
        *more,
    )
    return query.order_by(COLUMNS.id)


_HOLDING = in_term(COLUMNS.suspended_at.is_(None))
