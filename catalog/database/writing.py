"""The statements that write runs, steps and snapshots; `syncing` has those for resources.

Each function runs inside one transaction. Every writer first locks its workspace's row, so that
writers of one workspace follow each other and a check-then-write is safe; SQLite has one writer
anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from catalog.database import tables as t
from catalog.database.records import RunStatus, SnapshotRecord, StepRecord
from catalog.errors import CatalogError

Values = dict[str, Any]


def put(
    session: Session,
    table: Table,
    rows: Sequence[Values],
    key: Sequence[str],
    keep: Sequence[str] = (),
) -> None:
    """Insert the rows; a row whose key exists is renewed, but for the columns to `keep`."""
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    renewed = {name: statement.excluded[name] for name in rows[0] if name not in (*key, *keep)}
    if renewed:
        statement = statement.on_conflict_do_update(index_elements=key, set_=renewed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    session.connection().execute(statement, list(rows))


def lock_workspace(session: Session, name: str, now: datetime) -> int:
    """The id of the workspace, new or known, locked until the transaction ends."""
    row = {"name": name, "first_seen": now}
    put(session, t.table_of(t.Workspace), [row], ["name"], keep=["first_seen"])
    return _locked(session, t.Workspace.name == name)


def _locked(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalars(select(t.Workspace.id).where(condition).with_for_update()).one()


def lock_workspace_of(session: Session, run_id: str) -> int:
    """The id of the run's workspace, locked until the transaction ends.

    Raises:
        CatalogError: `run_unknown`.
    """
    workspace = session.scalar(select(t.Run.workspace_id).where(t.Run.id == run_id))
    if workspace is None:
        raise CatalogError("run_unknown", run=run_id)
    return _locked(session, t.Workspace.id == workspace)


def resource_id(session: Session, workspace_id: int, name: str) -> int:
    """The id of a synchronised resource.

    Raises:
        CatalogError: `resource_unknown`.
    """
    found = session.scalar(
        select(t.Resource.id).where(
            t.Resource.workspace_id == workspace_id, t.Resource.name == name
        )
    )
    if found is None:
        raise CatalogError("resource_unknown", resource=name)
    return found


# Runs


def start_run(session: Session, workspace: str, values: Values, now: datetime) -> None:
    """Record a run as running; one that still claims to run lost its process."""
    workspace_id = lock_workspace(session, workspace, now)
    if session.get(t.Run, values["id"]) is not None:
        raise CatalogError("run_exists", run=values["id"])
    session.execute(
        update(t.Run)
        .where(t.Run.workspace_id == workspace_id, t.Run.status == "running")
        .values(status="killed", finished_at=now)
    )
    session.add(t.Run(workspace_id=workspace_id, status="running", started_at=now, **values))


def finish_run(session: Session, run_id: str, status: RunStatus, now: datetime) -> None:
    """End a run. Repeating it is harmless; another end for an ended run is refused."""
    lock_workspace_of(session, run_id)
    run = session.get_one(t.Run, run_id)
    if run.status == status:
        return
    if run.status != "running":
        raise CatalogError("run_finished", run=run_id, status=run.status, wanted=status)
    run.status, run.finished_at = status, now


# Steps


def record_step(session: Session, run_id: str, record: StepRecord) -> None:
    """Write the step and all that belongs to it, in the place of an earlier record of it.

    Snapshots and received files are facts outside of this database: they are added or corrected,
    never taken back.
    """
    resource = resource_id(session, lock_workspace_of(session, run_id), record.resource)
    step = _put_step(session, run_id, resource, record)
    _replace_details(session, step, record)
    if record.snapshot is not None:
        _put_snapshot(session, resource, record.snapshot)
    if record.snapshot_id is not None and step == _last_step(session, resource):
        _point_to(session, resource, record.snapshot_id)
    _put_files(session, run_id, resource, record)
    if record.watermark is not None:
        _put_watermark(session, resource, record)


def _put_step(session: Session, run_id: str, resource: int, record: StepRecord) -> int:
    row = {"run_id": run_id, "resource_id": resource, **_step_values(record)}
    put(session, t.table_of(t.Step), [row], ["run_id", "resource_id"])
    same = and_(t.Step.run_id == run_id, t.Step.resource_id == resource)
    return session.scalars(select(t.Step.id).where(same)).one()


def _last_step(session: Session, resource: int) -> int | None:
    return session.scalar(select(func.max(t.Step.id)).where(t.Step.resource_id == resource))


def _step_values(record: StepRecord) -> Values:
    same = "kind status fingerprint received published quarantined filtered score snapshot_id"
    times = "started_at finished_at seconds"
    reason = record.reason
    return {
        **{name: getattr(record, name) for name in f"{same} {times}".split()},
        "committed": record.snapshot is not None,
        "filters": dict(record.filters),
        "risk": dict(record.risk) if record.risk is not None else None,
        "reason_code": reason and reason.code,
        "reason_message": reason and reason.message,
        "reason_fields": dict(reason.fields) if reason else {},
    }


def _replace_details(session: Session, step: int, record: StepRecord) -> None:
    session.execute(delete(t.RuleResult).where(t.RuleResult.step_id == step))
    session.execute(delete(t.QuarantineCount).where(t.QuarantineCount.step_id == step))
    for position, rule in enumerate(record.rules):
        values = {name: getattr(rule, name) for name in rule.__slots__}
        values["fields"] = list(rule.fields)
        session.add(t.RuleResult(step_id=step, position=position, **values))
    for reason, rows in record.quarantine.items():
        session.add(t.QuarantineCount(step_id=step, reason=reason, rows=rows))


def _put_snapshot(session: Session, resource: int, snapshot: SnapshotRecord) -> None:
    row = {"resource_id": resource, **_snapshot_values(snapshot)}
    put(session, t.table_of(t.Snapshot), [row], ["resource_id", "snapshot_id"], keep=["expired"])


def _snapshot_values(snapshot: SnapshotRecord) -> Values:
    values = {name: getattr(snapshot, name) for name in snapshot.__slots__}
    return {**values, "inputs": dict(snapshot.inputs), "expired": False}


def _put_files(session: Session, run_id: str, resource: int, record: StepRecord) -> None:
    shared = {"resource_id": resource, "first_run_id": run_id}
    rows = [
        {**shared, "load_id": f.load_id, "name": f.name, "sha256": f.sha256, "size": f.size}
        for f in record.files
    ]
    key = ["resource_id", "load_id", "name"]
    put(session, t.table_of(t.ReceivedFile), rows, key, keep=["first_run_id"])


def _put_watermark(session: Session, resource: int, record: StepRecord) -> None:
    row = {
        "resource_id": resource,
        "value": record.watermark,
        "snapshot_id": record.snapshot_id,
        "updated_at": record.finished_at,
    }
    put(session, t.table_of(t.Watermark), [row], ["resource_id"])


# Snapshots


def add_snapshot(session: Session, workspace: str, resource: str, record: SnapshotRecord) -> bool:
    """Add a snapshot that the lake has and this database does not; whether it was added."""
    owner = _locked_resource(session, workspace, resource)
    if _find_snapshot(session, owner, record.snapshot_id) is not None:
        return False
    current = session.get_one(t.Resource, owner).snapshot_id
    shown = None if current is None else _find_snapshot(session, owner, current)
    _put_snapshot(session, owner, record)
    if shown is None or shown.committed_at <= record.committed_at:
        _point_to(session, owner, record.snapshot_id)
    return True


def point_to_snapshot(session: Session, workspace: str, resource: str, snapshot_id: int) -> bool:
    """Say that readers now see this snapshot; False when it is not recorded."""
    owner = _locked_resource(session, workspace, resource)
    if _find_snapshot(session, owner, snapshot_id) is None:
        return False
    _point_to(session, owner, snapshot_id)
    return True


def _point_to(session: Session, resource: int, snapshot_id: int) -> None:
    session.execute(
        update(t.Resource).where(t.Resource.id == resource).values(snapshot_id=snapshot_id)
    )


def _find_snapshot(session: Session, resource: int, snapshot_id: int) -> t.Snapshot | None:
    same = and_(t.Snapshot.resource_id == resource, t.Snapshot.snapshot_id == snapshot_id)
    return session.scalar(select(t.Snapshot).where(same))


def _locked_resource(session: Session, workspace: str, resource: str) -> int:
    workspace_id = session.scalar(
        select(t.Workspace.id).where(t.Workspace.name == workspace).with_for_update()
    )
    if workspace_id is None:
        raise CatalogError("resource_unknown", resource=resource)
    return resource_id(session, workspace_id, resource)


def expire_snapshots(
    session: Session, workspace: str, resource: str, snapshot_ids: Sequence[int]
) -> int:
    """Mark snapshots whose files the lake has dropped; how many were marked."""
    owner = _locked_resource(session, workspace, resource)
    known = t.Snapshot.snapshot_id.in_(snapshot_ids)
    query = select(t.Snapshot).where(t.Snapshot.resource_id == owner, known, ~t.Snapshot.expired)
    marked = session.scalars(query).all()
    for snapshot in marked:
        snapshot.expired = True
    return len(marked)
