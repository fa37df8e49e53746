"""Looks of the city's own people at published rows, each in the audit log before the rows leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.database.audited import actor_of
from pipelines.home import Home
from pipelines.query import Result, open_query
from pipelines.snapshot_diff import SnapshotDiff, diff_snapshots
from pipelines.workspace import Workspace

LOOK = "look"  # the detail `kind` of such a record: it is no use of data by others


@contextmanager
def looked_up(
    workspace: Workspace, sql: str, as_of: datetime | int | None, who: str
) -> Iterator[Result]:
    """`open_query` for somebody.

    Raises:
        PipelineError: as `open_query`.
        CatalogError: `audit_overdue`.
    """
    with open_query(workspace, sql, as_of) as result:
        _record(workspace, who, result.snapshots, result.columns)
        yield result


def compared(
    workspace: Workspace, resource: str, ids: tuple[int | None, int | None], limit: int, who: str
) -> SnapshotDiff:
    """`diff_snapshots` for somebody.

    Args:
        ids: of the snapshots, as `diff_snapshots` takes them.

    Raises:
        PipelineError: as `diff_snapshots`.
        CatalogError: `audit_overdue`.
    """
    found = diff_snapshots(workspace, resource, *ids, limit)
    names = {name for row in found.rows for name in (*row.key, *row.values)}
    shown = {resource: found.after.snapshot_id}
    _record(workspace, who, shown, sorted(names), len(found.rows))
    return found


def _record(
    workspace: Workspace,
    who: str,
    snapshots: Mapping[str, int],
    fields: Sequence[str],
    rows: int | None = None,
) -> None:
    at, actor, detail = datetime.now(UTC), actor_of(who), {"kind": LOOK}
    records = [
        AuditRecord(
            at, actor, "exchange", name, fields=tuple(fields), rows=rows, snapshot=id, detail=detail
        )
        for name, id in snapshots.items()
    ]
    if records:
        with CatalogStore.open(Home.of(workspace.name).database_url) as store:
            store.audit.append(workspace.name, *records)
