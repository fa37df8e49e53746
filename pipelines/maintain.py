"""Operations on a workspace between runs: replay, rollback, snapshots, and cleaning up.

Each holds the workspace's lock, records itself as a run of its own, and leaves readers with the
last good snapshot if it fails.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from catalog.audit.record import DONE, AuditRecord
from catalog.database import CatalogStore
from catalog.database.audited import actor_of, of_rollback
from catalog.openlineage import prune
from pipelines.account import Outcome, recovered
from pipelines.anchoring import try_anchor
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.lake import Lake, Snapshot, quarantine_table
from pipelines.lineage_events import RunEvents
from pipelines.plan import Plan, compile_workspace
from pipelines.publish import Environment
from pipelines.quarantine import known_resource, replay
from pipelines.release_gate import release_seal
from pipelines.run import certifier_of, environment_of
from pipelines.workspace import Workspace, load_workspace

LEDGER_KEEPS = timedelta(days=90)  # moments in which nothing was due


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What maintenance removed: snapshots per table, data files that nothing refers to, and event
    files of old runs."""

    snapshots: dict[str, int]
    files: int
    bytes: int


@contextmanager
def _writing(workspace: Workspace, wait: float = 0) -> Iterator[tuple[Home, Lake, CatalogStore]]:
    home = Home.of(workspace.name)
    with home.lock(workspace.name, wait), CatalogStore.open(home.database_url) as store:
        store.sync_resources(workspace.name, list(workspace.contracts.values()))
        with home.open_lake() as lake:
            yield home, lake, store
        try_anchor(store, workspace)


@contextmanager
def _recorded(store: CatalogStore, workspace: str, run_id: str, what: str) -> Iterator[None]:
    store.start_run(
        workspace,
        run_id=run_id,
        selection=what,
        source_dir=None,
        engine="duckdb",
        pid=os.getpid(),
        host=socket.gethostname(),
    )
    try:
        yield
    except BaseException:
        store.finish_run(run_id, "failed")
        raise
    store.finish_run(run_id, "succeeded")


def replay_quarantine(
    root: Path, resource: str, *, cached: bool = False, who: str = "system"
) -> Outcome:
    """Replay one resource's quarantine under the contract as it is now.

    What could not be told of it as lineage events is added to the outcome's warnings.

    Args:
        cached: compile only what has changed (`load_workspace`).
        who: who asks for it, for the audit log.

    Raises:
        Problems, PipelineError: `unknown_table`, `replay_model`, `replay_nothing`, `locked` ...
    """
    plan: Plan = compile_workspace(load_workspace(root, cached=cached))
    known_resource(plan.workspace, resource)
    with RunEvents(plan, Home.of(plan.workspace.name)) as events:
        outcome = _replayed(plan, resource, events, who)
    outcome.warnings = [*outcome.warnings, *events.warnings]
    return outcome


def _replayed(plan: Plan, resource: str, events: RunEvents, who: str) -> Outcome:
    workspace = plan.workspace
    with _writing(workspace) as (home, lake, store):
        certifier = certifier_of(home, workspace)
        try:
            env: Environment = environment_of(plan, home, lake, certifier, workspace.source_dir)
            env = replace(env, began=events.step_started)
            events.runs_lost(store.runs(workspace.name), lake)
            with (
                _recorded(store, workspace.name, env.run_id, f"replay {resource}"),
                events.running(env.run_id) as ended,
            ):
                outcome = replay(env, plan.steps[resource])
                events.step_ended(plan.steps[resource], outcome)
                ended[resource] = outcome
                account = outcome
                if outcome.committed and outcome.snapshot is not None:
                    # The table's account, not the replayed rows' own, is what status shows.
                    account = recovered(resource, "collect", outcome.snapshot) or outcome
                    account = replace(account, rules=outcome.rules)
                store.record_step(env.run_id, account.record(env.run_id))
        finally:
            certifier.close()
        counts = outcome.counts
        said = {"replay": outcome.status, "left": str(counts.quarantined if counts else "")}
        said["asked_by"] = actor_of(who)
        store.audit.append(
            workspace.name,
            AuditRecord(
                datetime.now(UTC),
                f"run:{env.run_id}",
                "quarantine",
                resource,
                outcome.error.code if outcome.error else DONE,
                rows=counts.published if counts else None,
                snapshot=outcome.snapshot.snapshot_id if outcome.snapshot else None,
                detail=said,
            ),
        )
    return outcome


def snapshots_of(workspace: Workspace, resource: str) -> list[Snapshot]:
    """The snapshots of a resource that can still be read, oldest first."""
    known_resource(workspace, resource)
    with Home.of(workspace.name).open_lake() as lake:
        current = lake.current(resource)
        seen = {s.snapshot_id: s for s in lake.history(resource)}
    if current is not None:
        seen.setdefault(current.snapshot_id, current)
    return list(seen.values())


def rollback(root: Path, resource: str, snapshot_id: int, who: str = "system") -> Snapshot:
    """Make an earlier snapshot of a resource current again.

    Args:
        who: who does it, for the audit log.

    What is rolled back is remembered: a run does not publish the same result again until a source,
    contract or model has changed, or `--full` asks for it.

    Raises:
        Problems: the resource is a release and the workspace does not compile.
        PipelineError: `unknown_table`, `never_published`, `snapshot_unknown`, `locked`;
            `rollback_release`: the snapshot was released under other rules than today's.
    """
    workspace = load_workspace(root)
    seal = None
    if known_resource(workspace, resource).release is not None:
        seal = release_seal(compile_workspace(workspace), resource)
    with _writing(workspace) as (_, lake, store):
        if lake.current(resource) is None:
            raise PipelineError("never_published", table=resource)
        if seal not in (None, lake.snapshot(resource, snapshot_id).properties.get("seal")):
            raise PipelineError("rollback_release", table=resource, snapshot=snapshot_id)
        found = lake.rollback(resource, snapshot_id)
        if not store.point_to_snapshot(workspace.name, resource, snapshot_id, who):
            # The database lost the snapshot; that readers see it now is recorded all the same.
            told = of_rollback(resource, snapshot_id, who, datetime.now(UTC))
            store.audit.append(workspace.name, told)
    return found


def clean(root: Path, *, retired: bool = False, wait: float = 0, who: str = "system") -> Cleaned:
    """Expire old snapshots, delete data files that no kept snapshot refers to, and old event files.

    Args:
        retired: also remove, for good, the tables of resources that have left the workspace.
        wait: how many seconds to wait while a run is at work.
        who: who does it; what can be read no more is in the audit log, a record for each table.
    """
    workspace = load_workspace(root)
    keep = workspace.settings.lake.keep_snapshots
    expired: dict[str, int] = {}
    with _writing(workspace, wait) as (home, lake, store):
        store.ledger.forget(workspace.name, datetime.now(UTC) - LEDGER_KEEPS)
        files, size = prune(home.lineage, workspace.settings.lineage.keep_runs)
        present = {*workspace.contracts, *map(quarantine_table, workspace.contracts)}
        for table in sorted({*lake.tables(), *present}):
            if retired and table not in present:
                files += lake.drop(table)
                _gone(store, workspace.name, who, table, "removed")
                continue
            gone = lake.expire(table, keep)
            if gone and table in workspace.contracts:
                expired[table] = len(gone)
                store.expire_snapshots(workspace.name, table, gone)
            if gone:
                _gone(store, workspace.name, who, table, "expired", snapshots=str(len(gone)))
            for path in lake.orphans(table):
                size += path.stat().st_size
                files += 1
                path.unlink()
    return Cleaned(expired, files, size)


def _gone(
    store: CatalogStore, workspace: str, who: str, table: str, status: str, **said: str
) -> None:
    """Record that states of a table can be read no more."""
    detail = {"status": status, **said}
    told = AuditRecord(datetime.now(UTC), actor_of(who), "publish", table, detail=detail)
    store.audit.append(workspace, told)
