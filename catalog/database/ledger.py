"""The ledger: which stage ran for which moment, which slots were collected, who was late.

It decides what is due, so that an event that comes twice or never changes nothing. Whoever writes
holds the workspace's lock (`claim` says why).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.orm import Session

from catalog.database import ledger_tables as lt
from catalog.database import tables as t
from catalog.database.ledger_records import LateRow, SlotRow, StageRunRow, StageState
from catalog.database.records import SETTLED
from catalog.database.writing import lock_workspace, put, resource_id

Transaction = Callable[[], AbstractContextManager[Session]]


class Ledger:
    """The ledger of every workspace in a catalogue database; every method is one transaction."""

    def __init__(
        self, read: Transaction, write: Transaction, clock: Callable[[], datetime]
    ) -> None:
        self._read = read
        self._write = write
        self._clock = clock

    # Stages

    def entry(self, workspace: str, stage: str, at: datetime) -> StageRunRow | None:
        """What is known of a stage for a moment."""
        with self._read() as session:
            query = _stage_runs(workspace, stage).where(lt.StageRun.at == at)
            found = session.scalar(query)
            return None if found is None else _row(found)

    def last_marks(self, workspace: str, stage: str) -> dict[str, Any]:
        """By table, the marks of the run of a stage that ended last and ran it."""
        with self._read() as session:
            query = _stage_runs(workspace, stage).where(lt.StageRun.run_id.is_not(None))
            query = query.where(lt.StageRun.finished_at.is_not(None))
            newest = query.order_by(lt.StageRun.finished_at.desc(), lt.StageRun.id.desc())
            found = session.scalar(newest.limit(1))
            return {} if found is None else dict(found.marks)

    def entries(self, workspace: str, stage: str, limit: int = 100) -> list[StageRunRow]:
        """A stage's entries, the latest moment first."""
        with self._read() as session:
            query = _stage_runs(workspace, stage).order_by(lt.StageRun.at.desc()).limit(limit)
            return [_row(found) for found in session.scalars(query)]

    def claim(self, workspace: str, stage: str, at: datetime, *, pid: int, host: str) -> int:
        """Take a stage for a moment; the number of the attempt.

        The caller holds the workspace's lock, so any claim that stands has lost its process: it
        becomes killed.
        """
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            session.execute(
                update(lt.StageRun)
                .where(lt.StageRun.workspace_id == owner, lt.StageRun.state == "claimed")
                .values(state="killed", finished_at=self._clock())
            )
            found = session.scalar(_stage_runs(workspace, stage).where(lt.StageRun.at == at))
            if found is None:
                found = lt.StageRun(workspace_id=owner, stage=stage, at=at, attempt=0, run_id=None)
                session.add(found)
            found.state, found.attempt = "claimed", found.attempt + 1
            found.marks, found.outcomes, found.run_id = {}, {}, None
            found.pid, found.host = pid, host
            found.claimed_at, found.finished_at = self._clock(), None
            return found.attempt

    def finish(
        self,
        workspace: str,
        stage: str,
        at: datetime,
        state: StageState,
        *,
        run_id: str | None = None,
        marks: Mapping[str, Any] | None = None,
        outcomes: Mapping[str, str] | None = None,
    ) -> None:
        """End a claim."""
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            found = session.scalars(_stage_runs(workspace, stage).where(lt.StageRun.at == at)).one()
            found.state, found.run_id = state, run_id
            found.marks, found.outcomes = dict(marks or {}), dict(outcomes or {})
            found.finished_at = self._clock()

    def forget(self, workspace: str, before: datetime) -> int:
        """Remove entries of moments before `before` in which nothing was due; how many."""
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            old = delete(lt.StageRun).where(
                lt.StageRun.workspace_id == owner,
                lt.StageRun.at < before,
                lt.StageRun.run_id.is_(None),
                lt.StageRun.state == "settled",
            )
            return len(session.execute(old.returning(lt.StageRun.id)).all())

    # Slots

    def record_slots(
        self, workspace: str, slots: Mapping[str, tuple[datetime, str]], run_id: str
    ) -> None:
        """Record how the collection of each table for its slot ended.

        A slot that was settled stays settled: a later attempt that fails takes nothing back.
        """
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            for name, (slot, status) in sorted(slots.items()):
                resource = resource_id(session, owner, name)
                before = session.get(lt.CollectedSlot, (resource, slot))
                if before is not None and before.status in SETTLED:
                    continue
                row = {
                    "resource_id": resource,
                    "slot": slot,
                    "status": status,
                    "run_id": run_id,
                    "recorded_at": self._clock(),
                }
                put(session, t.table_of(lt.CollectedSlot), [row], ["resource_id", "slot"])

    def slots(self, workspace: str, resource: str, limit: int = 100) -> list[SlotRow]:
        """The slots of a table, the latest first."""
        with self._read() as session:
            query = (
                select(lt.CollectedSlot)
                .join(t.Resource, t.Resource.id == lt.CollectedSlot.resource_id)
                .join(t.Workspace, t.Workspace.id == t.Resource.workspace_id)
                .where(t.Workspace.name == workspace, t.Resource.name == resource)
                .order_by(lt.CollectedSlot.slot.desc())
                .limit(limit)
            )
            return [
                SlotRow(s.slot, s.status, s.run_id, s.recorded_at) for s in session.scalars(query)
            ]

    def settled(self, workspace: str, resource: str, slot: datetime) -> bool:
        """Whether a table was collected for a slot."""
        with self._read() as session:
            return _settled(session, workspace, resource, lt.CollectedSlot.slot == slot)

    def settled_since(self, workspace: str, resource: str, slot: datetime) -> bool:
        """Whether a table was collected for a slot or a later one."""
        with self._read() as session:
            return _settled(session, workspace, resource, lt.CollectedSlot.slot >= slot)

    def first_seen(self, workspace: str) -> dict[str, datetime]:
        """By table, when the catalogue heard of it first."""
        with self._read() as session:
            query = select(t.Resource.name, t.Resource.first_seen)
            query = query.join(t.Workspace, t.Workspace.id == t.Resource.workspace_id)
            found = session.execute(query.where(t.Workspace.name == workspace))
            return dict(found.tuples().all())

    def first_received(self, workspace: str, resource: str) -> dict[str, datetime]:
        """By load, when the run began that received it first."""
        with self._read() as session:
            item = t.ReceivedFile
            query = (
                select(item.load_id, func.min(t.Run.started_at))
                .join(t.Run, t.Run.id == item.first_run_id)
                .join(t.Resource, t.Resource.id == item.resource_id)
                .join(t.Workspace, t.Workspace.id == t.Resource.workspace_id)
                .where(t.Workspace.name == workspace, t.Resource.name == resource)
                .group_by(item.load_id)
            )
            return dict(session.execute(query).tuples().all())

    # Late deliveries

    def record_late(
        self, workspace: str, late: Mapping[str, tuple[datetime, datetime]]
    ) -> list[LateRow]:
        """Record which tables are late (slot and deadline of each); those that still were before
        and are not in it any more have delivered. Returns what is late now."""
        now = self._clock()
        with self._write() as session:
            owner = lock_workspace(session, workspace, now)
            ids = {resource_id(session, owner, name): found for name, found in late.items()}
            keep = {(resource, slot) for resource, (slot, _) in ids.items()}
            for item in session.scalars(_open_late(owner)):
                if (item.resource_id, item.slot) not in keep:
                    item.settled_at = now
            for resource, (slot, deadline) in ids.items():
                known = session.get(lt.LateDelivery, (resource, slot))
                if known is None:
                    session.add(
                        lt.LateDelivery(
                            resource_id=resource, slot=slot, deadline=deadline, noticed_at=now
                        )
                    )
                else:
                    known.settled_at, known.deadline = None, deadline
            session.flush()
            return _late_rows(session, owner, open_only=True)

    def late(self, workspace: str) -> list[LateRow]:
        """Every late delivery that was noticed, the newest first."""
        with self._read() as session:
            owner = session.scalar(select(t.Workspace.id).where(t.Workspace.name == workspace))
            return [] if owner is None else _late_rows(session, owner, open_only=False)


def _stage_runs(workspace: str, stage: str) -> Select[lt.StageRun]:
    owner = select(t.Workspace.id).where(t.Workspace.name == workspace).scalar_subquery()
    return select(lt.StageRun).where(lt.StageRun.workspace_id == owner, lt.StageRun.stage == stage)


def _row(found: lt.StageRun) -> StageRunRow:
    values = {name: getattr(found, name) for name in StageRunRow.__slots__}
    return StageRunRow(**values)


def _settled(session: Session, workspace: str, resource: str, which: ColumnElement[bool]) -> bool:
    query = (
        select(func.count())
        .select_from(lt.CollectedSlot)
        .join(t.Resource, t.Resource.id == lt.CollectedSlot.resource_id)
        .join(t.Workspace, t.Workspace.id == t.Resource.workspace_id)
        .where(
            t.Workspace.name == workspace,
            t.Resource.name == resource,
            which,
            lt.CollectedSlot.status.in_(SETTLED),
        )
    )
    return bool(session.scalar(query))


def _open_late(owner: int) -> Select[lt.LateDelivery]:
    return (
        select(lt.LateDelivery)
        .join(t.Resource, t.Resource.id == lt.LateDelivery.resource_id)
        .where(t.Resource.workspace_id == owner, lt.LateDelivery.settled_at.is_(None))
    )


def _late_rows(session: Session, owner: int, *, open_only: bool) -> list[LateRow]:
    item = lt.LateDelivery
    query = (
        select(t.Resource.name, t.Resource.department, item)
        .join(item, item.resource_id == t.Resource.id)
        .where(t.Resource.workspace_id == owner)
        .order_by(item.noticed_at.desc(), t.Resource.name, item.slot)
    )
    if open_only:
        query = query.where(item.settled_at.is_(None))
    rows: Iterable[tuple[str, str | None, lt.LateDelivery]] = session.execute(query).tuples()
    return [
        LateRow(name, who, row.slot, row.deadline, row.noticed_at, row.settled_at)
        for name, who, row in rows
    ]
