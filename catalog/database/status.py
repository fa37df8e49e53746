"""The state of a workspace today, put together from last steps, snapshots and publishing steps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.contract import DATABASES
from catalog.database import reading
from catalog.database import tables as t
from catalog.database.proofs import FieldLevel, JustificationRow
from catalog.database.records import (
    DatabaseTotals,
    ResourceStatus,
    SnapshotRow,
    StepRow,
    WorkspaceStatus,
)

TOP_REASONS = 3


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one resource."""

    resource: t.Resource
    last: StepRow | None
    snapshot: SnapshotRow | None
    fields: tuple[FieldLevel, ...] = ()
    justifications: Sequence[JustificationRow] = ()


def workspace_status(session: Session, workspace: str, on: date) -> WorkspaceStatus:
    """The status of every active resource on a day, in the order of the databases and by name."""
    owner = select(t.Workspace.id).where(t.Workspace.name == workspace).scalar_subquery()
    known = session.scalars(select(t.Resource).where(t.Resource.workspace_id == owner)).all()
    resources = _resource_statuses(session, workspace, [r for r in known if r.active], on)
    last_run = reading.runs(session, workspace, 1)
    return WorkspaceStatus(
        workspace=workspace,
        last_run=last_run[0] if last_run else None,
        databases=_totals(resources),
        resources=tuple(resources),
        retired=tuple(sorted(r.name for r in known if not r.active)),
    )


def _resource_statuses(
    session: Session, workspace: str, resources: Sequence[t.Resource], on: date
) -> list[ResourceStatus]:
    steps = reading.last_steps(session, workspace)
    snapshots = reading.current_snapshots(session, workspace)
    fields = reading.field_levels(session, workspace)
    reasons = defaultdict(list)
    for item in reading.justifications(session, workspace, None, on):
        reasons[item.resource].append(item)
    known = [
        _Known(r, steps.get(r.name), snapshots.get(r.name), fields.get(r.name, ()), reasons[r.name])
        for r in sorted(resources, key=lambda r: (_rank(r.database), r.name))
    ]
    return [_resource_status(item) for item in known]


def _rank(database: str) -> int:
    """Databases in the order in which data flows; unknown ones last."""
    return DATABASES.index(database) if database in DATABASES else len(DATABASES)


def _resource_status(known: _Known) -> ResourceStatus:
    resource, last, snapshot = known.resource, known.last, known.snapshot
    publisher = last.publishing if last else None
    settled = last is None or last.status in ("published", "unchanged")
    return ResourceStatus(
        name=resource.name,
        title=resource.title,
        database=resource.database,
        department=resource.department,
        level=resource.level,
        last_status=last.status if last else None,
        last_run_id=last.run_id if last else None,
        last_finished_at=last.finished_at if last else None,
        last_error=None if settled or last is None else last.reason,
        snapshot_id=snapshot.snapshot_id if snapshot else None,
        published_at=snapshot.committed_at if snapshot else None,
        published_run_id=snapshot.run_id if snapshot else None,
        rows=snapshot.rows if snapshot else None,
        received=publisher.received if publisher else None,
        published=publisher.published if publisher else None,
        quarantined=publisher.quarantined if publisher else None,
        filtered=publisher.filtered if publisher else None,
        reconciles=publisher.reconciles if publisher else None,
        reasons=dict(islice(publisher.quarantine.items(), TOP_REASONS)) if publisher else {},
        score=publisher.score if publisher else None,
        release_channel=resource.release_channel,
        release_kind=resource.release_kind,
        fields=known.fields,
        justifications=tuple(known.justifications),
        risk=_risk(last),
    )


def _risk(last: StepRow | None) -> dict[str, Any] | None:
    """What was measured last: a refused attempt's, else that of the visible data."""
    if last is None or last.risk is not None:
        return last.risk if last else None
    return last.publishing.risk if last.publishing else None


def _totals(resources: Sequence[ResourceStatus]) -> tuple[DatabaseTotals, ...]:
    databases = dict.fromkeys(resource.database for resource in resources)
    return tuple(
        _database_totals(name, [r for r in resources if r.database == name]) for name in databases
    )


def _database_totals(database: str, resources: Sequence[ResourceStatus]) -> DatabaseTotals:
    available = [r for r in resources if r.snapshot_id is not None]
    accounted = [r for r in available if r.reconciles is not None]
    return DatabaseTotals(
        database=database,
        resources=len(resources),
        available=len(available),
        unaccounted=len(available) - len(accounted),
        statuses=dict(sorted(Counter(r.last_status or "never" for r in resources).items())),
        rows=sum(r.rows or 0 for r in available),
        received=sum(r.received or 0 for r in accounted),
        published=sum(r.published or 0 for r in accounted),
        quarantined=sum(r.quarantined or 0 for r in accounted),
        filtered=sum(r.filtered or 0 for r in accounted),
        reconciles=all(r.reconciles for r in accounted) if accounted else None,
    )
