"""Grants that the contracts do not allow any more: they are suspended, and restored when they are.

Whether a contract allows a grant is found by whoever has compiled it, once for every change of the
contracts (`settle`), and kept with the grant; a read, which asks for the grant anyway, pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from catalog.audit.record import AuditRecord
from catalog.database import tables as t
from catalog.database.grant_tables import GrantEventRow, GrantRow, SharingRulesRow
from catalog.database.grants import (
    COLUMNS,
    grant_of,
    grants_query,
    in_term,
    record_of,
    sides_of,
)
from catalog.database.kept import OftenAsked
from catalog.database.notices import tell
from catalog.database.writing import lock_workspace
from catalog.errors import CityBrainError
from catalog.sharing.grant import Grant, GrantEvent

Judge = Callable[[Grant], CityBrainError | None]


class Suspensions(OftenAsked):
    """The suspended grants of every workspace; every method is one transaction."""

    def settled(self, workspace: str) -> str | None:
        """By which rules grants were looked at last; None: never."""
        query = select(SharingRulesRow.digest)
        query = query.join(t.Workspace, t.Workspace.id == SharingRulesRow.workspace_id)
        with self._read() as session:
            return session.scalar(query.where(t.Workspace.name == workspace))

    def living(self, workspace: str, now: datetime | None = None) -> list[Grant]:
        """Grants that have not ended, those not begun and the suspended too; the oldest first.

        Args:
            now: the moment that is meant; by default the clock's.
        """
        query = _living(workspace, now or self._clock())
        with self._read() as session:
            return [grant_of(row) for row in session.scalars(query)]

    def settle(self, workspace: str, digest: str, judge: Judge) -> list[Grant]:
        """Suspend what is not allowed any more and restore what is again; returns what has changed.

        The department that reads and the one whose data it is are told, and the audit log is.

        Args:
            digest: names the rules by which it is judged.
            judge: the error with which a grant would be refused now; None: it is allowed. It is
                called while the workspace is locked.
        """
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            now = self._clock()
            changed: list[tuple[Grant, GrantEvent]] = []
            for row in session.scalars(_living(workspace, now)).all():
                event = _judged(row, judge(grant_of(row)), now)
                if event is not None:
                    grant = grant_of(row)
                    session.add_all(_event_rows(row.id, grant, event))
                    tell(session, owner, sides_of(grant), now, event.act, grant_key=row.id)
                    changed.append((grant, event))
            known = session.get(SharingRulesRow, owner)
            if known is None:
                session.add(SharingRulesRow(workspace_id=owner, digest=digest, settled_at=now))
            else:
                known.digest, known.settled_at = digest, now
            session.flush()
            self._audit.append_in(session, workspace, [_record(*one) for one in changed])
            return [grant for grant, _ in changed]

    def of(self, workspace: str, department: str, resource: str, now: datetime) -> list[Grant]:
        """The suspended grants of a department on a resource at a moment, the oldest first."""
        asked = {
            "workspace": workspace,
            "department": department,
            "resource": resource,
            "now": now,
        }
        with self._reading() as con:
            return [grant_of(row) for row in con.execute(_SUSPENDED, asked)]

    def events(self, workspace: str, ids: Sequence[str]) -> dict[str, list[GrantEvent]]:
        """How grants were suspended and restored, by id, the first event first."""
        query = select(GrantRow.grant_id, GrantEventRow).join(
            GrantRow, GrantRow.id == GrantEventRow.grant_key
        )
        query = query.join(t.Workspace, t.Workspace.id == GrantRow.workspace_id)
        query = query.where(t.Workspace.name == workspace, GrantRow.grant_id.in_(list(ids)))
        found: dict[str, list[GrantEvent]] = {}
        with self._read() as session:
            for id, row in session.execute(query.order_by(GrantEventRow.id)):
                found.setdefault(id, []).append(_event(row))
        return found


def _living(workspace: str, now: datetime) -> Select[GrantRow]:
    query = grants_query(workspace).where(GrantRow.valid_to > now)
    query = query.where(GrantRow.revoked_at.is_(None) | (GrantRow.revoked_at > now))
    return query.order_by(GrantRow.id)


def _judged(row: GrantRow, fault: CityBrainError | None, now: datetime) -> GrantEvent | None:
    """What becomes of a grant; None: it stays as it is. Another fault than before is told again."""
    why = {} if fault is None else why_of(fault)
    if why == (row.suspended_why or {}):
        return None
    if fault is None:
        row.suspended_at, row.suspended_why = None, None
        return GrantEvent(now, "restore", "", {}, "")
    row.suspended_at, row.suspended_why = row.suspended_at or now, why
    return GrantEvent(now, "suspend", fault.code, why["fields"], "")


def why_of(fault: CityBrainError) -> dict[str, Any]:
    """An error as it is kept: its code, and as text what it names."""
    return {"code": fault.code, "fields": {name: str(one) for name, one in fault.fields.items()}}


def _event_rows(key: int, grant: Grant, event: GrantEvent) -> list[GrantEventRow]:
    why = {"code": event.code, "fields": dict(event.fields)} if event.code else {}
    return [
        GrantEventRow(grant_key=key, at=event.at, act=event.act, why=why, told=one)
        for one in sides_of(grant)
    ]


def _event(row: GrantEventRow) -> GrantEvent:
    act: Any = row.act
    return GrantEvent(row.at, act, row.why.get("code", ""), row.why.get("fields", {}), row.told)


def _record(grant: Grant, event: GrantEvent) -> AuditRecord:
    if event.act == "restore":
        return record_of(grant, event.at, "system", "restored")
    field = event.fields.get("field") or event.fields.get("fields", "")
    return record_of(grant, event.at, "system", "suspended", reason=event.code, field=field)


_SUSPENDED = in_term(COLUMNS.suspended_at.is_not(None))
