"""Publishing one step: what it depends on, whether its result stands, and stage-gate-commit.

Shared by everything that puts rows into the lake: collected files, databases and models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from catalog.contract import Contract
from catalog.database.records import ReceivedFile
from catalog.errors import CityBrainError
from pipelines import collect
from pipelines.account import Outcome, Status, counts_of, fingerprint, to_properties
from pipelines.duck import (
    Budget,
    connection,
    copy_to_parquet,
    files_sql,
    snapshot_sql,
    table_columns,
)
from pipelines.errors import PipelineError
from pipelines.gate import judge
from pipelines.home import Home
from pipelines.lake import Lake, Snapshot
from pipelines.masking.settings import open_ring
from pipelines.plan import Plan, Step
from pipelines.release_gate import ReleaseVerdict, judge_release, release_seal
from pipelines.stage import QUARANTINE_COLUMNS, Stage
from quality.predicates import quoted

if TYPE_CHECKING:
    from pipelines.gate import Verdict
    from pipelines.masking.keys import KeyRing
    from pipelines.spark.engine import SparkEngine
    from quality.certify import Certifier

Connections = Callable[[str], str]


def _nobody(_: Work) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What every step of one run shares.

    Attributes:
        began: is told when a step finds that it has something to compute.
        spark: where the rows of the steps are computed; None: in DuckDB.
    """

    plan: Plan
    home: Home
    lake: Lake
    certifier: Certifier
    run_id: str
    source_dir: Path
    as_of: date
    budget: Budget
    full: bool
    connections: Connections
    began: Callable[[Work], None] = _nobody
    spark: SparkEngine | None = None

    def ring(self) -> KeyRing:
        """The keys of the masking functions.

        Raises:
            PipelineError: `mask_key_...`, when they cannot be had.
        """
        workspace = self.plan.workspace
        return open_ring(workspace.settings.masking, self.home.root, workspace.root)


@dataclass(slots=True)
class Work:
    """What one step found out before it touched any row.

    Attributes:
        inputs: snapshot ids of the tables it reads, by name.
        append_quarantine: keep the rows that are quarantined already (an increment).
    """

    step: Step
    started: datetime
    mark: str
    current: Snapshot | None
    inputs: dict[str, int]
    files: tuple[ReceivedFile, ...] = ()
    status: Status = "published"
    error: CityBrainError | None = None
    watermark: str | None = None
    append_quarantine: bool = False
    warnings: Sequence[CityBrainError] = ()


def standing(env: Environment, work: Work) -> Outcome | None:
    """The outcome when the published snapshot stands; None when the step has to be computed."""
    if work.current is None or env.full:
        return None
    if work.mark == work.current.properties.get("fingerprint"):
        return aged(env, unchanged(work), work.step)
    if work.mark == env.lake.abandoned(work.step.name):
        # A steward has rolled this very result back: publishing it again would undo that.
        outcome = unchanged(work)
        snapshot = work.current.snapshot_id
        warning = PipelineError("rolled_back", table=work.step.name, snapshot=snapshot)
        outcome.warnings = [warning]
        outcome.fingerprint = work.current.properties.get("fingerprint")
        return outcome
    return None


def aged(env: Environment, outcome: Outcome, step: Step) -> Outcome:
    """Ask freshness rules again: data that stands unchanged still grows old."""
    for rule in step.rules:
        if rule.kind != "freshness" or outcome.snapshot is None or not outcome.snapshot.rows:
            continue
        name, days = rule.fields[0], rule.params["max_age_days"]
        newest = _newest(env, outcome.snapshot, name)
        if newest is None or newest >= env.as_of - timedelta(days=days):
            continue
        error = PipelineError("stale_data", table=step.name, field=name, newest=newest, days=days)
        if rule.severity == "warn":
            outcome.warnings = [*outcome.warnings, error]
        else:
            outcome.status, outcome.error, outcome.committed = "stale", error, False
    return outcome


def _newest(env: Environment, snapshot: Snapshot, name: str) -> date | None:
    with connection(Budget(env.budget.memory, env.budget.threads, env.budget.scratch)) as con:
        sql = f"SELECT CAST(max({quoted(name)}) AS DATE) FROM ({snapshot_sql(snapshot)})"
        row = con.execute(sql).fetchone()
    return row[0] if row else None


def unchanged(work: Work) -> Outcome:
    """Nothing that the step depends on has changed: the published snapshot stands."""
    assert work.current is not None
    outcome = Outcome(
        work.step.name,
        work.step.kind,
        "unchanged" if work.status == "published" else work.status,
        work.started,
        datetime.now(UTC),
        error=work.error,
        fingerprint=work.mark,
        snapshot=work.current,
        inputs=work.inputs,
    )
    account = counts_of(work.current)
    if account:
        outcome.counts, outcome.score = account
    # A partial result keeps its status, and its record names the snapshot that is already there.
    outcome.committed = outcome.status == "partial"
    return outcome


def fill_from(stage: Stage, received: collect.Received) -> None:
    """Fill a stage from received text; a fault of the files keeps its own code and place."""
    try:
        stage.fill_collected(received.reader)
    except (duckdb.Error, CityBrainError):
        if received.failure is not None:
            raise received.failure from None
        raise


def collect_mark(
    env: Environment, step: Step, sources: Sequence[str], parents: Mapping[str, Snapshot]
) -> str:
    """The fingerprint of a collected resource."""
    return fingerprint(
        [step.contract.fingerprint, gate_mark(env), *sources, *input_marks(ids(parents))]
    )


def received_files(
    contract: Contract, landed: Sequence[collect.Landed]
) -> tuple[ReceivedFile, ...]:
    """The files of a load, for the catalogue."""
    from pipelines.collect.received import load_id

    return tuple(ReceivedFile(load_id(contract, f), f.name, f.sha256, f.size) for f in landed)


def gate_mark(env: Environment) -> str:
    """The gate's settings, as part of a fingerprint."""
    return env.plan.workspace.settings.gate.model_dump_json()


def release_mark(env: Environment, step: Step) -> list[str]:
    """What a release is held against, as part of a fingerprint: tighter bounds judge it anew."""
    if step.contract.release is None:
        return []
    settings = env.plan.workspace.settings
    return [settings.risk.model_dump_json(), settings.channels.model_dump_json()]


def input_marks(inputs: Mapping[str, int]) -> list[str]:
    """Snapshot ids of inputs, as parts of a fingerprint."""
    return [f"{name}\0{inputs[name]}" for name in sorted(inputs)]


def ids(snapshots: Mapping[str, Snapshot]) -> dict[str, int]:
    """Snapshot ids by table."""
    return {name: snapshot.snapshot_id for name, snapshot in snapshots.items()}


def publish(
    env: Environment,
    work: Work,
    fill: Callable[[Stage], None],
    parents: Mapping[str, Snapshot],
    merge: Callable[[Stage, Path], list[Path]] | None = None,
) -> Outcome:
    """Stage, gate, certify and commit one step.

    Args:
        merge: what to publish beside the staged good rows (incremental collection); gets the stage
            and the file of good rows, returns the table's whole content.
    """
    env.began(work)
    env.certifier.warm_up()
    step, lake = work.step, env.lake
    scratch = env.budget.scratch / step.name.replace(".", "__")
    good = lake.new_file(step.name, env.run_id)
    bad = lake.new_file(quarantine_table(step.name), env.run_id)
    content = [good]
    try:
        budget = Budget(env.budget.memory, env.budget.threads, scratch)
        with connection(budget) as con:
            stage = _stage(env, con, step)
            stage.one_file = merge is not None
            fill(stage)
            assessed = stage.judge_sets({n: snapshot_sql(s) for n, s in parents.items()})
            stage.write_good(good)
            content = stage.good_files
            stage.write_quarantine(bad)
            if merge is not None:
                content = merge(stage, good)
            limit = _limit(env, step)
            verdict = judge(env.certifier, stage, assessed, content, work.current, limit)
            release = None if verdict.blocked else _judge_release(env, stage, content)
            _publish_quarantine(env, work, stage, bad)
    except BaseException:
        discard(content, work.current)
        raise
    error = verdict.error or (release.error if release else None)
    if error is not None:
        discard(content, work.current)
        outcome = _outcome(work, stage, verdict, "blocked", error, work.current, False)
        return _with_release(outcome, release)
    properties = to_properties(
        stage.counts,
        verdict.score,
        run_id=env.run_id,
        status=work.status,
        mark=work.mark,
        inputs=work.inputs,
        watermark=work.watermark,
    )
    properties["contract"] = step.contract.fingerprint
    if step.contract.release is not None:
        properties["seal"] = release_seal(env.plan, step.name)
    if release is not None:
        properties["risk"] = json.dumps(release.report, ensure_ascii=False)
    snapshot = lake.publish(step.name, table_columns(step.contract), content, properties)
    outcome = _outcome(work, stage, verdict, work.status, work.error, snapshot, True)
    return _with_release(outcome, release)


def _stage(env: Environment, con: duckdb.DuckDBPyConnection, step: Step) -> Stage:
    """Where the step's rows are held: in DuckDB, or in Spark."""
    if env.spark is None:
        return Stage(con, step, env.as_of)
    from pipelines.spark.stage import SparkStage

    return SparkStage(con, step, env.as_of, env.spark)


def _judge_release(
    env: Environment, stage: Stage, content: Sequence[Path]
) -> ReleaseVerdict | None:
    contract, settings = stage.step.contract, env.plan.workspace.settings
    if contract.release is None:
        return None
    rows = files_sql(content, table_columns(contract))
    lowered = env.plan.levels.lowered(contract, settings.channels.ceiling(contract.release))
    return judge_release(stage.con, rows, contract, settings.risk, lowered)


def _with_release(outcome: Outcome, release: ReleaseVerdict | None) -> Outcome:
    if release is not None:
        outcome.rules = (*outcome.rules, release.rule)
        outcome.risk = release.report
    return outcome


def discard(content: Sequence[Path], current: Snapshot | None) -> None:
    """Remove the files of an attempt that is not published; those of readers stay."""
    kept = set(current.files) if current else set()
    for path in content:
        if path not in kept:
            path.unlink(missing_ok=True)


def _limit(env: Environment, step: Step) -> float:
    gate = step.contract.gate or env.plan.workspace.settings.gate
    return gate.max_quarantined_percent


def quarantine_table(name: str) -> str:
    """The table that keeps a resource's quarantined rows."""
    return "quarantine." + name.replace(".", "__", 1)


def _publish_quarantine(env: Environment, work: Work, stage: Stage, path: Path) -> None:
    """Make the quarantine of this attempt visible, before the data it was taken from."""
    table = quarantine_table(work.step.name)
    before = env.lake.current(table)
    files = [path] if stage.counts.quarantined else []
    if before is not None and work.append_quarantine and before.rows:
        files.append(_held_before(env, work, before))
    if not files and before is None:
        return
    properties = {"run": env.run_id, "fingerprint": work.mark}
    env.lake.publish(table, QUARANTINE_COLUMNS, files, properties)


def _held_before(env: Environment, work: Work, before: Snapshot) -> Path:
    """What was quarantined by earlier increments; this load's own rows are not kept twice."""
    loads = ", ".join(f"'{file.load_id}'" for file in work.files) or "''"
    path = env.lake.new_file(before.table, env.run_id)
    with connection(Budget(env.budget.memory, env.budget.threads, env.budget.scratch)) as con:
        copy_to_parquet(
            con, f"SELECT * FROM ({snapshot_sql(before)}) WHERE _load_id NOT IN ({loads})", path
        )
    return path


def _outcome(
    work: Work,
    stage: Stage,
    verdict: Verdict,
    status: Status,
    error: CityBrainError | None,
    snapshot: Snapshot | None,
    committed: bool,
) -> Outcome:
    return Outcome(
        work.step.name,
        work.step.kind,
        status,
        work.started,
        datetime.now(UTC),
        error=error,
        warnings=[*work.warnings, *verdict.warnings],
        fingerprint=work.mark,
        counts=stage.counts,
        score=verdict.score,
        rules=verdict.rules,
        snapshot=snapshot,
        committed=committed,
        inputs=work.inputs,
        files=work.files,
        watermark=work.watermark,
    )
