"""The queries that read histories: steps, runs, snapshots, rule results, files.

"Last" and "current" cost one index look-up per resource, however long the history is: the joins
compare nothing but the id that a correlated subquery finds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from catalog.database import tables as t
from catalog.database.proofs import FieldLevel, FieldSourceRow, JustificationRow
from catalog.database.records import (
    Reason,
    ReceivedFileRow,
    RuleResultRow,
    RunRow,
    SnapshotRow,
    StepRow,
    WatermarkRow,
)


def _in_workspace(workspace: str) -> ColumnElement[bool]:
    owner = select(t.Workspace.id).where(t.Workspace.name == workspace).scalar_subquery()
    return t.Resource.workspace_id == owner


def _this_resource(workspace: str, resource: str) -> ScalarSelect[int]:
    query = select(t.Resource.id).where(_in_workspace(workspace), t.Resource.name == resource)
    return query.scalar_subquery()


# Levels, sources, justifications


def field_levels(session: Session, workspace: str) -> dict[str, tuple[FieldLevel, ...]]:
    """The fields of every active resource, in the contract's order."""
    item = t.ResourceField
    query = (
        select(t.Resource.name, item.name, item.type, item.title, item.level, item.declared_level)
        .join(item, item.resource_id == t.Resource.id)
        .where(_in_workspace(workspace), t.Resource.active)
        .order_by(item.resource_id, item.position)
    )
    found: dict[str, list[FieldLevel]] = defaultdict(list)
    for row in session.execute(query).tuples():
        found[row[0]].append(FieldLevel(*row[1:]))
    return {resource: tuple(levels) for resource, levels in found.items()}


def field_sources(session: Session, workspace: str, resource: str) -> list[FieldSourceRow]:
    """The edges of a resource's lineage by field; those that decide its rows come last."""
    edge, item = t.FieldSource, t.ResourceField
    same = and_(item.resource_id == edge.resource_id, item.position == edge.position)
    query = (
        select(item.name, edge)
        .join_from(edge, item, same, isouter=True)
        .where(edge.resource_id == _this_resource(workspace, resource))
        .order_by(edge.number)
    )
    return [
        FieldSourceRow(
            name, row.source_table, row.source_column, row.direct, row.how, tuple(row.masks)
        )
        for name, row in session.execute(query)
    ]


def justifications(
    session: Session, workspace: str, resource: str | None, on: date
) -> list[JustificationRow]:
    """The justifications of active resources, those that end first at the top."""
    item = t.Justification
    columns = (t.Resource.name, item.source, item.level, item.who, item.why, item.until)
    query = select(*columns).join(item, item.resource_id == t.Resource.id)
    query = query.where(_in_workspace(workspace), t.Resource.active)
    if resource is not None:
        query = query.where(t.Resource.name == resource)
    found = session.execute(query.order_by(item.until, t.Resource.name, item.number))
    return [JustificationRow(*row, days_left=(row.until - on).days) for row in found]


# Steps


def last_steps(session: Session, workspace: str) -> dict[str, StepRow]:
    """The last step of every resource that has one, with the step that published."""
    publishing = publishing_steps(session, workspace)
    last = select(func.max(t.Step.id)).where(t.Step.resource_id == t.Resource.id)
    found = last.correlate(t.Resource).scalar_subquery()
    query = select(t.Resource.name, t.Step).join(t.Step, t.Step.id == found)
    rows = step_rows(session, query.where(_in_workspace(workspace)))
    return {name: replace(row, publishing=publishing.get(name)) for name, row in rows.items()}


def publishing_steps(session: Session, workspace: str) -> dict[str, StepRow]:
    """The step that committed the current snapshot, for resources where it is known."""
    step = aliased(t.Step)
    publisher = select(func.max(step.id)).where(
        step.resource_id == t.Snapshot.resource_id,
        step.snapshot_id == t.Snapshot.snapshot_id,
        step.committed.is_(True),
    )
    found = publisher.correlate(t.Snapshot).scalar_subquery()
    query = (
        select(t.Resource.name, t.Step)
        .join(t.Snapshot, _current_snapshot())
        .join(t.Step, t.Step.id == found)
    )
    return step_rows(session, query.where(_in_workspace(workspace)))


def step_rows(session: Session, query: Select[str, t.Step]) -> dict[str, StepRow]:
    """The steps that a query finds, by resource, with their reasons."""
    steps = {row[0]: row[1] for row in session.execute(query)}
    counts = _quarantine(session, [step.id for step in steps.values()])
    return {name: _step_row(name, step, counts[step.id]) for name, step in steps.items()}


def _quarantine(session: Session, steps: Sequence[int]) -> dict[int, dict[str, int]]:
    """Rows per reason code for each step, most rows first."""
    table = t.QuarantineCount
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    query = select(table).where(table.step_id.in_(steps))
    for item in session.scalars(query.order_by(table.rows.desc(), table.reason)):
        counts[item.step_id][item.reason] = item.rows
    return counts


def _step_row(resource: str, step: t.Step, quarantine: dict[str, int]) -> StepRow:
    reason = None
    if step.reason_code is not None:
        reason = Reason(step.reason_code, step.reason_message or "", step.reason_fields)
    return StepRow(
        run_id=step.run_id,
        resource=resource,
        kind=step.kind,
        status=step.status,
        reason=reason,
        fingerprint=step.fingerprint,
        received=step.received,
        published=step.published,
        quarantined=step.quarantined,
        filtered=step.filtered,
        filters=step.filters,
        quarantine=quarantine,
        score=step.score,
        snapshot_id=step.snapshot_id,
        started_at=step.started_at,
        finished_at=step.finished_at,
        seconds=step.seconds,
        risk=step.risk,
    )


def rule_results(session: Session, workspace: str, resource: str) -> list[RuleResultRow]:
    """The rule results of the resource's last step that has any, in the contract's order."""
    assessed = select(t.RuleResult.step_id).where(t.RuleResult.step_id == t.Step.id).exists()
    owner = _this_resource(workspace, resource)
    last = select(func.max(t.Step.id)).where(t.Step.resource_id == owner, assessed)
    query = select(t.Step, t.RuleResult).join(t.RuleResult, t.RuleResult.step_id == t.Step.id)
    found = query.where(t.Step.id == last.scalar_subquery()).order_by(t.RuleResult.position)
    return [_rule_row(step, rule) for step, rule in session.execute(found)]


def rules_of_run(session: Session, run_id: str) -> dict[str, list[RuleResultRow]]:
    """The rule results of a run's steps by resource, in the contract's order."""
    query = select(t.Resource.name, t.Step, t.RuleResult).join(
        t.Step, t.Step.resource_id == t.Resource.id
    )
    query = query.join(t.RuleResult, t.RuleResult.step_id == t.Step.id)
    query = query.where(t.Step.run_id == run_id).order_by(t.RuleResult.position)
    found: dict[str, list[RuleResultRow]] = defaultdict(list)
    for name, step, rule in session.execute(query):
        found[name].append(_rule_row(step, rule))
    return dict(found)


def _rule_row(step: t.Step, rule: t.RuleResult) -> RuleResultRow:
    return RuleResultRow(
        run_id=step.run_id,
        status=step.status,
        assessed_at=step.finished_at,
        rule=rule.rule,
        kind=rule.kind,
        fields=tuple(rule.fields),
        dimension=rule.dimension,
        severity=rule.severity,
        assessed=rule.assessed,
        failed=rule.failed,
        passed=rule.passed,
        detail=rule.detail,
    )


# Snapshots


def _current_snapshot() -> ColumnElement[bool]:
    """Joins a resource to the snapshot that readers see, unless the lake has dropped it."""
    return and_(
        t.Snapshot.resource_id == t.Resource.id,
        t.Snapshot.snapshot_id == t.Resource.snapshot_id,
        t.Snapshot.expired.is_(False),
    )


def current_snapshots(session: Session, workspace: str) -> dict[str, SnapshotRow]:
    """The snapshot that readers see, for every resource that has one."""
    query = select(t.Resource.name, t.Snapshot).join(t.Snapshot, _current_snapshot())
    found = session.execute(query.where(_in_workspace(workspace)))
    return {name: _snapshot_row(name, snapshot) for name, snapshot in found}


def snapshots(session: Session, workspace: str, resource: str, limit: int) -> list[SnapshotRow]:
    """A resource's snapshots, newest first, expired ones too."""
    query = select(t.Snapshot).where(t.Snapshot.resource_id == _this_resource(workspace, resource))
    newest = query.order_by(t.Snapshot.committed_at.desc(), t.Snapshot.id.desc()).limit(limit)
    return [_snapshot_row(resource, snapshot) for snapshot in session.scalars(newest)]


def _snapshot_row(resource: str, snapshot: t.Snapshot) -> SnapshotRow:
    return SnapshotRow(
        resource=resource,
        snapshot_id=snapshot.snapshot_id,
        run_id=snapshot.run_id,
        fingerprint=snapshot.fingerprint,
        rows=snapshot.rows,
        committed_at=snapshot.committed_at,
        inputs=snapshot.inputs,
        expired=snapshot.expired,
    )


def watermark(session: Session, workspace: str, resource: str) -> WatermarkRow | None:
    """Up to where the resource's source has been published."""
    owner = _this_resource(workspace, resource)
    found = session.scalar(select(t.Watermark).where(t.Watermark.resource_id == owner))
    if found is None:
        return None
    return WatermarkRow(found.value, found.snapshot_id, found.updated_at)


def received_files(
    session: Session, workspace: str, resource: str, load_id: str
) -> list[ReceivedFileRow]:
    """The files of one load, by name."""
    table = t.ReceivedFile
    query = select(table).where(
        table.resource_id == _this_resource(workspace, resource), table.load_id == load_id
    )
    return [
        ReceivedFileRow(file.load_id, file.name, file.sha256, file.size, file.first_run_id)
        for file in session.scalars(query.order_by(table.name))
    ]


# Runs


def runs(session: Session, workspace: str, limit: int) -> list[RunRow]:
    """The workspace's newest runs, newest first."""
    owner = select(t.Workspace.id).where(t.Workspace.name == workspace).scalar_subquery()
    query = select(t.Run).where(t.Run.workspace_id == owner)
    found = session.scalars(query.order_by(t.Run.started_at.desc(), t.Run.id.desc()).limit(limit))
    return run_rows(session, workspace, found.all())


def run_rows(session: Session, workspace: str, rows: Sequence[t.Run]) -> list[RunRow]:
    """Runs with the counts of their steps, in the same order."""
    steps = _step_tallies(session, [run.id for run in rows])
    return [_run_row(workspace, run, steps[run.id]) for run in rows]


def _step_tallies(session: Session, run_ids: Iterable[str]) -> dict[str, dict[str, int]]:
    tallies: dict[str, dict[str, int]] = defaultdict(dict)
    query = select(t.Step.run_id, t.Step.status, func.count()).where(t.Step.run_id.in_(run_ids))
    grouped = query.group_by(t.Step.run_id, t.Step.status).order_by(t.Step.status)
    for run_id, status, count in session.execute(grouped):
        tallies[run_id][status] = count
    return tallies


def _run_row(workspace: str, run: t.Run, steps: dict[str, int]) -> RunRow:
    return RunRow(
        run_id=run.id,
        workspace=workspace,
        selection=run.selection,
        source_dir=run.source_dir,
        engine=run.engine,
        status=run.status,
        started_at=run.started_at,
        finished_at=run.finished_at,
        pid=run.pid,
        host=run.host,
        steps=steps,
    )
