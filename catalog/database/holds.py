"""Publishes that wait for a person, and what people decided.

A decision is about one result, named by the fingerprint of everything that it depends on. Another
result of the same resource knows nothing of it.
"""

from __future__ import annotations

from sqlalchemy import Select, select

from catalog.database import ledger_tables as lt
from catalog.database import tables as t
from catalog.database.audited import of_hold
from catalog.database.kept import Kept
from catalog.database.ledger_records import Decision, Hold
from catalog.database.writing import lock_workspace, put, resource_id
from catalog.errors import CatalogError


class Holds(Kept):
    """The manual gate of every workspace in a catalogue database; every method is one transaction."""

    def record(self, workspace: str, hold: Hold) -> None:
        """Record that a result waits; one that is known keeps its decision."""
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            values = {
                name: getattr(hold, name)
                for name in Hold.__slots__
                if name not in ("resource", "decision", "who", "why", "decided_at")
            }
            row = {"resource_id": resource_id(session, owner, hold.resource), **values}
            key = ["resource_id", "fingerprint"]
            put(session, t.table_of(lt.GateHold), [row], key, keep=["held_at", "run_id"])

    def of(self, workspace: str, resource: str, fingerprint: str) -> Hold | None:
        """What is known of one result."""
        with self._read() as session:
            query = _holds(workspace).where(t.Resource.name == resource)
            found = session.execute(query.where(lt.GateHold.fingerprint == fingerprint)).first()
            return None if found is None else _hold(*found)

    def list(self, workspace: str, resource: str | None = None) -> list[Hold]:
        """Every hold, the newest first."""
        with self._read() as session:
            query = _holds(workspace).order_by(lt.GateHold.held_at.desc(), lt.GateHold.id.desc())
            if resource is not None:
                query = query.where(t.Resource.name == resource)
            return [_hold(*found) for found in session.execute(query)]

    def decide(
        self,
        workspace: str,
        resource: str,
        fingerprint: str,
        decision: Decision,
        who: str,
        why: str,
    ) -> Hold:
        """Record a decision. The same one again changes nothing, another one is refused.

        Raises:
            CatalogError: `hold_unknown`, `hold_decided`.
        """
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            query = _holds(workspace).where(t.Resource.name == resource)
            found = session.execute(query.where(lt.GateHold.fingerprint == fingerprint)).first()
            if found is None:
                raise CatalogError("hold_unknown", table=resource)
            hold = found[1]
            if hold.decision is not None and hold.decision != decision:
                raise CatalogError(
                    "hold_decided", table=resource, decision=hold.decision, who=hold.who
                )
            new = hold.decision is None
            if new:
                hold.decision, hold.who, hold.why = decision, who, why
                hold.decided_at = self._clock()
            session.flush()
            decided = _hold(resource, hold)
            if new:
                told = of_hold(decided, who, self._clock())
                self._audit.append_in(session, workspace, [told])
            return decided


def _holds(workspace: str) -> Select[str, lt.GateHold]:
    return (
        select(t.Resource.name, lt.GateHold)
        .join(lt.GateHold, lt.GateHold.resource_id == t.Resource.id)
        .join(t.Workspace, t.Workspace.id == t.Resource.workspace_id)
        .where(t.Workspace.name == workspace)
    )


def _hold(resource: str, found: lt.GateHold) -> Hold:
    names = [name for name in Hold.__slots__ if name != "resource"]
    return Hold(resource, **{name: getattr(found, name) for name in names})
