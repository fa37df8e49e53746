"""The quarantine: rejected rows with their reasons and original text; look, explain, replay."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from catalog.audit.record import AuditRecord
from catalog.contract import META_COLUMNS, Contract
from catalog.database import CatalogStore
from catalog.database.audited import actor_of
from catalog.errors import CityBrainError
from pipelines.account import Outcome, to_properties
from pipelines.duck import Budget, connection, snapshot_sql, table_columns
from pipelines.errors import PipelineError
from pipelines.evolution.effect import FILES, MADE_BY, REST
from pipelines.gate import judge
from pipelines.home import Home
from pipelines.incremental.base import SHAPE
from pipelines.incremental.parts import Content
from pipelines.lake import HELD, LOADS, TIES, Snapshot, quarantine_table
from pipelines.plan import Step
from pipelines.publish import Environment, Work
from pipelines.stage import QUARANTINE_COLUMNS, Stage
from pipelines.workspace import Workspace
from quality.predicates import quoted

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class QuarantineSummary:
    """What one resource has in quarantine: rows per reason, most first."""

    resource: str
    rows: int
    reasons: dict[str, int]
    since: datetime


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One rejected row, traceable to its line.

    Attributes:
        original: the published text per field; the whole line under `_raw` when it could not be
            split into fields; the computed values for a model's row.
    """

    source_file: str | None
    source_line: int | None
    load_id: str | None
    reasons: tuple[str, ...]
    original: dict[str, Any]


def summaries(workspace: Workspace) -> list[QuarantineSummary]:
    """Every resource that has rows in quarantine."""
    return _summaries(workspace, list(workspace.contracts))


def summary_of(workspace: Workspace, resource: str) -> QuarantineSummary | None:
    """What one resource has in quarantine; None: nothing.

    Raises:
        PipelineError: `unknown_table`, when the workspace has no such resource.
    """
    known_resource(workspace, resource)
    return next(iter(_summaries(workspace, [resource])), None)


def _summaries(workspace: Workspace, names: list[str]) -> list[QuarantineSummary]:
    found = []
    with Home.of(workspace.name).open_lake() as lake, duckdb.connect(":memory:") as con:
        for name in names:
            snapshot = lake.current(quarantine_table(name))
            if snapshot is None or not snapshot.rows:
                continue
            rows = con.execute(
                "SELECT reason, count(*) AS n FROM (SELECT unnest(_reasons) AS reason "
                f"FROM ({snapshot_sql(snapshot)})) GROUP BY ALL ORDER BY n DESC, reason"
            ).fetchall()
            reasons = {str(reason): int(count) for reason, count in rows}
            found.append(QuarantineSummary(name, snapshot.rows, reasons, snapshot.committed_at))
    return found


def rows_of(
    workspace: Workspace, resource: str, reason: str | None = None, limit: int = 20
) -> list[QuarantinedRow]:
    """The rejected rows of one resource, in published order.

    Raises:
        PipelineError: `unknown_table`, when the workspace has no such resource.
    """
    known_resource(workspace, resource)
    with Home.of(workspace.name).open_lake() as lake, duckdb.connect(":memory:") as con:
        snapshot = lake.current(quarantine_table(resource))
        if snapshot is None:
            return []
        chosen = "WHERE list_contains(_reasons, $reason)" if reason else ""
        sql = (
            f"SELECT _source_file, _source_line, _load_id, _reasons, _original "
            f"FROM ({snapshot_sql(snapshot)}) {chosen} "
            f"ORDER BY _source_file, _source_line, _row LIMIT {int(limit)}"
        )
        rows = con.execute(sql, {"reason": reason} if reason else {}).fetchall()
    return [QuarantinedRow(f, n, load, tuple(why), _original(o)) for f, n, load, why, o in rows]


def looked_at(
    workspace: Workspace, resource: str, who: str, reason: str | None = None, limit: int = 20
) -> list[QuarantinedRow]:
    """`rows_of` for somebody, which is in the audit log before he gets them.

    Raises:
        PipelineError: as `rows_of`.
    """
    rows = rows_of(workspace, resource, reason, limit)
    fields = sorted({name for row in rows for name in row.original})
    with CatalogStore.open(Home.of(workspace.name).database_url) as store:
        at = datetime.now(UTC)
        told = AuditRecord(
            at, actor_of(who), "quarantine", resource, rows=len(rows), fields=tuple(fields)
        )
        store.audit.append(workspace.name, told)
    return rows


def _original(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"_raw": text}


def known_resource(workspace: Workspace, resource: str) -> Contract:
    """The contract of a resource.

    Raises:
        PipelineError: `unknown_table`.
    """
    import difflib

    contract = workspace.contracts.get(resource)
    if contract is None:
        near = difflib.get_close_matches(resource, workspace.contracts, n=1)
        raise PipelineError("unknown_table", name=resource, hint=near[0] if near else "-")
    return contract


# -- replay -----------------------------------------------------------------------------------------


def replay(env: Environment, step: Step) -> Outcome:
    """Judge a collected resource's quarantined rows again under the contract as it is now.

    Rows that pass are added to the published table in one commit; the others stay, with their
    reasons of today. Rows that could not be split into fields stay as they are.

    Raises:
        PipelineError: `replay_model`, `replay_nothing`, `replay_columns`, or what a publish raises.
    """
    started = datetime.now(UTC)
    if step.kind != "collect":
        raise PipelineError("replay_model", table=step.name)
    held = env.lake.current(quarantine_table(step.name))
    current = env.lake.current(step.name)
    if held is None or not held.rows:
        raise PipelineError("replay_nothing", table=step.name)
    if current is not None and set(current.columns) != set(table_columns(step.contract)):
        # The published rows were read under other columns: only reading them again can be right.
        raise PipelineError("replay_columns", table=step.name)
    if current is not None and current.properties.get("replayed") == str(held.snapshot_id):
        # A replay was killed between its two commits: it is done again from where it began.
        current = env.lake.snapshot(step.name, int(current.properties["replayed_from"]))
    mark = current.properties.get("fingerprint", "") if current else ""
    inputs = json.loads(current.properties.get("inputs", "{}")) if current else {}
    work = Work(step, started, mark, current, inputs)
    env.began(work)
    parents = {name: env.lake.current(name) for name in step.parents}
    good = env.lake.new_file(step.name, env.run_id)
    bad = env.lake.new_file(quarantine_table(step.name), env.run_id)
    budget = Budget(env.budget.memory, env.budget.threads, env.budget.scratch / "replay")
    try:
        with connection(budget) as con:
            stage = Stage(con, step, env.as_of)
            stage.fill_collected(lambda: _originals(step.contract, held))
            assessed = stage.judge_sets(
                {n: snapshot_sql(s) for n, s in parents.items() if s},
                published=snapshot_sql(current) if current else None,
            )
            stage.write_good(good)
            stage.write_quarantine(bad)
            # The limit on quarantined rows is about deliveries; everything here is quarantined.
            content = Content(current.files if current else (), (good,))
            verdict = judge(env.certifier, stage, assessed, content, current, 100.0, stage.counts)
    except BaseException:
        good.unlink(missing_ok=True)
        raise
    if verdict.blocked:
        good.unlink(missing_ok=True)
        return _outcome(work, stage, "blocked", verdict.error, current, verdict)
    snapshot = current
    if stage.counts.published:
        snapshot = _add(env, work, stage, good, held)
    else:
        good.unlink(missing_ok=True)
    env.lake.publish(
        quarantine_table(step.name),
        QUARANTINE_COLUMNS,
        [bad] if stage.counts.quarantined else [],
        {"run": env.run_id, "fingerprint": mark},
    )
    status = "published" if stage.counts.published else "unchanged"
    return _outcome(work, stage, status, None, snapshot, verdict)


def _originals(contract: Contract, held: Snapshot) -> pa.RecordBatchReader:
    """The quarantined rows as received text."""
    fields = ", ".join(
        f"CASE WHEN json_valid(_original) THEN json_extract_string(_original, '$.{f.name}') END "
        f"AS {quoted(f.name)}"
        for f in contract.fields
    )
    # A line that was never split into fields is no JSON object of them.
    whole = "list_contains(_reasons, 'malformed')"
    con = duckdb.connect(":memory:")
    return con.sql(
        f"SELECT {fields}, {', '.join(META_COLUMNS)}, "
        f"CASE WHEN {whole} THEN 'columns' END AS _malformed, "
        f"CASE WHEN {whole} THEN _original END AS _raw "
        f"FROM ({snapshot_sql(held)}) ORDER BY _source_file, _source_line"
    ).to_arrow_reader(50_000)


def _add(env: Environment, work: Work, stage: Stage, good: Path, held: Snapshot) -> Snapshot:
    """Publish the table with the mended rows added; its account counts them as published."""
    step, current = work.step, work.current
    counts, score = _added_account(stage, current)
    properties = to_properties(
        counts,
        score,
        run_id=env.run_id,
        status="published",
        mark=work.mark,
        inputs=work.inputs,
        watermark=current.properties.get("watermark") if current else None,
    )
    if current is not None:
        properties["replayed"] = str(held.snapshot_id)
        properties["replayed_from"] = str(current.snapshot_id)
        for key in ("contract", SHAPE, LOADS, HELD, TIES, MADE_BY, REST, FILES):
            if key in current.properties:
                properties[key] = current.properties[key]
    files = [*(current.files if current else ()), good]
    return env.lake.publish(step.name, table_columns(step.contract), files, properties)


def _added_account(stage: Stage, current: Snapshot | None) -> tuple[Any, float | None]:
    from pipelines.account import counts_of

    before = counts_of(current) if current else None
    if before is None:
        return stage.counts, None
    counts, score = before
    counts.published += stage.counts.published
    counts.quarantined = stage.counts.quarantined
    counts.reasons = stage.counts.reasons
    return counts, score


def _outcome(
    work: Work,
    stage: Stage,
    status: Any,
    error: CityBrainError | None,
    snapshot: Snapshot | None,
    verdict: Any,
) -> Outcome:
    return Outcome(
        work.step.name,
        work.step.kind,
        status,
        work.started,
        datetime.now(UTC),
        error=error,
        fingerprint=work.mark,
        counts=stage.counts,
        rules=verdict.rules,
        snapshot=snapshot,
        committed=status == "published",
        inputs=work.inputs,
    )
