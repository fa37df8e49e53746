"""Publishing one step: what it depends on, whether its result stands, and stage-gate-commit.

Shared by everything that puts rows into the lake: collected files, databases and models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from catalog.contract import Contract, FileSource
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
from pipelines.evolution.effect import FILES, MADE_BY, REST, content_ids, step_effect
from pipelines.gate import judge
from pipelines.home import Home
from pipelines.incremental.parts import Content, NewFile
from pipelines.incremental.period import Period
from pipelines.lake import LOADS, Lake, Snapshot, quarantine_table
from pipelines.manual_gate import ManualGate, decision_text
from pipelines.masking.settings import open_ring
from pipelines.plan import Plan, Step
from pipelines.release_gate import ReleaseVerdict, judge_release, release_seal
from pipelines.stage import QUARANTINE_COLUMNS, Counts, Stage
from quality.predicates import quoted

if TYPE_CHECKING:
    from pipelines.gate import Verdict
    from pipelines.masking.keys import KeyRing
    from pipelines.spark.engine import SparkEngine
    from quality.certify import Certifier

Connections = Callable[[str], str]
MOST_FILES = 500  # that a snapshot names in its properties


def _nobody(_: Work) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What every step of one run shares.

    Attributes:
        period: days that are to be collected and computed again, whether anything has changed or not.
        began: is told when a step finds that it has something to compute.
        manual: what people decided about results that wait for them.
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
    manual: ManualGate
    period: Period | None = None
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
        mark: the fingerprint of everything that the result depends on.
        inputs: snapshot ids of the tables it reads, by name.
        rest: of the fingerprint what is neither contract nor SQL.
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
    warnings: Sequence[CityBrainError] = ()
    rest: str = ""


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


def collect_rest(
    env: Environment, step: Step, sources: Sequence[str], parents: Mapping[str, Snapshot]
) -> str:
    """A fingerprint of what a collected resource depends on besides its contract."""
    contents = content_ids(env.plan, step, parents)
    return fingerprint([gate_mark(env), *sources, *input_marks(contents)])


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


class Whole:
    """The rows that a step stages become the whole table. Increments are subclasses of it.

    Args:
        fill: fills the stage with the step's rows.

    Attributes:
        on_spark: whether the rows can be held in Spark.
    """

    on_spark = True

    def __init__(self, fill: Callable[[Stage], None]) -> None:
        self._fill = fill

    def fill(self, stage: Stage) -> None:
        """Stage the rows that are to be judged."""
        self._fill(stage)

    def judge_sets(self, stage: Stage, parents: Mapping[str, str]) -> dict[str, int | None]:
        """Judge the rules that need other rows (`Stage.judge_sets`)."""
        return stage.judge_sets(parents)

    def write(self, stage: Stage, new_file: NewFile) -> Content:
        """Write the good rows; what the table would hold then."""
        stage.write_good(new_file())
        return Content((), tuple(stage.good_files))

    def totals(self, stage: Stage) -> Counts:
        """The account of the table as it would be; `stage.counts` is what was looked at now."""
        return stage.counts

    def quarantine(self, stage: Stage) -> str | None:
        """A SELECT of the rows in quarantine that stay there; None when none do."""
        return None

    def properties(self, stage: Stage, new_file: NewFile) -> dict[str, str]:
        """What the snapshot has to keep for the next increment."""
        return {}


def publish(env: Environment, work: Work, part: Whole, parents: Mapping[str, Snapshot]) -> Outcome:
    """Stage, gate, certify and commit one step.

    Args:
        part: which rows are computed, and what stays beside them.
    """
    env.began(work)
    env.certifier.warm_up()
    decision = env.manual.decision(work.step.name, work.mark)
    step, lake = env.manual.step(work.step, decision), env.lake
    scratch = env.budget.scratch / step.name.replace(".", "__")
    made: list[Path] = []

    def new_file() -> Path:
        made.append(lake.new_file(step.name, env.run_id))
        return made[-1]

    try:
        budget = Budget(env.budget.memory, env.budget.threads, scratch)
        with connection(budget) as con:
            stage = _stage(env, con, step, part)
            stage.new_file = new_file
            part.fill(stage)
            assessed = part.judge_sets(stage, {n: snapshot_sql(s) for n, s in parents.items()})
            content = part.write(stage, new_file)
            held = _write_quarantine(env, work, stage, part)
            totals = part.totals(stage)
            limit = _limit(env, step)
            verdict = judge(env.certifier, stage, assessed, content, work.current, limit, totals)
            release = None
            if not verdict.blocked:
                release = _judge_release(env, stage, content.files, work.current)
            kept = part.properties(stage, new_file)
            _publish_quarantine(env, work, held)
    except BaseException:
        discard(made)
        raise
    error = verdict.error or (release.error if release else None)
    error = error or env.manual.refusal(step, totals, verdict, decision)
    if error is not None:
        discard(made)
        outcome = _outcome(work, stage, verdict, "blocked", error, work.current, False, totals)
        return _with_release(outcome, release)
    properties = to_properties(
        totals,
        verdict.score,
        run_id=env.run_id,
        status=work.status,
        mark=work.mark,
        inputs=work.inputs,
        watermark=work.watermark,
    )
    properties["contract"] = step.contract.fingerprint
    properties |= {MADE_BY: step_effect(step).text, REST: work.rest, **kept}
    from_files = isinstance(step.contract.source, FileSource) and LOADS not in kept
    if from_files and 0 < len(work.files) <= MOST_FILES:
        properties[FILES] = json.dumps([[file.name, file.sha256] for file in work.files])
    if decision is not None:
        properties["decision"] = decision_text(decision)
    if step.contract.release is not None:
        properties["seal"] = release_seal(env.plan, step.name)
    if release is not None:
        properties["risk"] = json.dumps(release.report, ensure_ascii=False)
    snapshot = lake.publish(step.name, table_columns(step.contract), content.files, properties)
    outcome = _outcome(work, stage, verdict, work.status, work.error, snapshot, True, totals)
    return _with_release(outcome, release)


def _stage(env: Environment, con: duckdb.DuckDBPyConnection, step: Step, part: Whole) -> Stage:
    """Where the step's rows are held: in DuckDB, or in Spark."""
    if env.spark is None or not part.on_spark:
        return Stage(con, step, env.as_of)
    from pipelines.spark.stage import SparkStage

    return SparkStage(con, step, env.as_of, env.spark)


def _judge_release(
    env: Environment, stage: Stage, content: Sequence[Path], current: Snapshot | None
) -> ReleaseVerdict | None:
    contract, settings = stage.step.contract, env.plan.workspace.settings
    if contract.release is None:
        return None
    rows = files_sql(content, table_columns(contract, current))
    lowered = env.plan.levels.lowered(contract, settings.channels.ceiling(contract.release))
    return judge_release(stage.con, rows, contract, settings.risk, lowered)


def _with_release(outcome: Outcome, release: ReleaseVerdict | None) -> Outcome:
    if release is not None:
        outcome.rules = (*outcome.rules, release.rule)
        outcome.risk = release.report
    return outcome


def discard(files: Iterable[Path]) -> None:
    """Remove the files of an attempt that is not published."""
    for path in files:
        for beside in path.parent.glob(f"{path.stem}*"):
            beside.unlink()


def _limit(env: Environment, step: Step) -> float:
    gate = step.contract.gate or env.plan.workspace.settings.gate
    return gate.max_quarantined_percent


def _write_quarantine(env: Environment, work: Work, stage: Stage, part: Whole) -> list[Path] | None:
    """The files of the quarantine as it would be; None when there is nothing to publish."""
    table = quarantine_table(work.step.name)
    bad = env.lake.new_file(table, env.run_id)
    stage.write_quarantine(bad)
    before = env.lake.current(table)
    files = [bad] if stage.counts.quarantined else []
    stays = part.quarantine(stage)
    if stays is not None:
        path = env.lake.new_file(table, env.run_id)
        if copy_to_parquet(stage.con, stays, path):
            files.append(path)
        else:
            path.unlink()
    return files if files or before is not None else None


def _publish_quarantine(env: Environment, work: Work, files: list[Path] | None) -> None:
    """Make the quarantine of this attempt visible, before the data it was taken from."""
    if files is None:
        return
    properties = {"run": env.run_id, "fingerprint": work.mark}
    table = quarantine_table(work.step.name)
    env.lake.publish(table, QUARANTINE_COLUMNS, files, properties)


def _outcome(
    work: Work,
    stage: Stage,
    verdict: Verdict,
    status: Status,
    error: CityBrainError | None,
    snapshot: Snapshot | None,
    committed: bool,
    totals: Counts,
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
        counts=totals,
        score=verdict.score,
        rules=verdict.rules,
        snapshot=snapshot,
        committed=committed,
        inputs=work.inputs,
        files=work.files,
        watermark=work.watermark,
    )
