"""One run of a workspace: lock, compile, repair, run every due step, record.

Steps run in dependency order, independent ones side by side. Every step is recorded in the
catalogue database as it ends; what a killed run committed but could not record is taken over by
the next run from the lake itself.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from graphlib import TopologicalSorter
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from catalog.database import CatalogStore, ResourceProof, SnapshotRecord
from catalog.database.holds import Holds
from catalog.database.records import RunStatus
from catalog.errors import CatalogError, CityBrainError, Location
from catalog.lineage import Edge, ModelLineage
from pipelines.account import Outcome, recovered
from pipelines.anchoring import keep_anchored, try_anchor
from pipelines.duck import Budget
from pipelines.errors import PipelineError
from pipelines.execute import run_step
from pipelines.home import Home
from pipelines.incremental.period import Period
from pipelines.lake import Lake, Snapshot
from pipelines.lineage_events import RunEvents
from pipelines.manual_gate import ManualGate, note_hold
from pipelines.plan import Plan, Step, compile_workspace
from pipelines.publish import Environment
from pipelines.sharing.settling import settle
from pipelines.spark.engine import DUCKDB, SPARK, SparkEngine, engine_kind, engine_of
from pipelines.workspace import Workspace, load_workspace

if TYPE_CHECKING:
    from quality.certify import Certifier

EXIT_OK, EXIT_ERROR, EXIT_USAGE, EXIT_INCOMPLETE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the caller asked for.

    Attributes:
        select: patterns of table names (`thematic.*`, `+fusion.x` with everything upstream, `x+`
            with everything downstream); empty means all.
        source: the departments' files, instead of the workspace's own.
        full: recompute even what is unchanged.
        cached: compile only what has changed (`load_workspace`).
        period: days that are made again although nothing has changed (a backfill).
        wait: how many seconds to wait while another run of the workspace is at work.
        engine: `duckdb` or `spark`; unset, what `workspace.toml` says.
    """

    select: tuple[str, ...] = ()
    source: Path | None = None
    full: bool = False
    cached: bool = False
    period: Period | None = None
    wait: float = 0
    engine: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What a front end is told while a run goes on: a step started, or ended with an outcome."""

    step: Step
    outcome: Outcome | None
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        warnings: what concerns the run and none of its steps, such as events that were not sent.
    """

    run_id: str
    workspace: Workspace
    outcomes: dict[str, Outcome]
    seconds: float
    docs: Path | None
    warnings: tuple[CityBrainError, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 all published or unchanged, 1 an error, 3 something missing, blocked or stale."""
        statuses = {outcome.status for outcome in self.outcomes.values()}
        if "failed" in statuses:
            return EXIT_ERROR
        return EXIT_OK if statuses <= {"published", "unchanged"} else EXIT_INCOMPLETE


def environment_connection(name: str) -> str:
    """The URL of a named connection, from `CITYBRAIN_CONNECTION_<NAME>`.

    Raises:
        PipelineError: `connection_missing`.
    """
    variable = f"CITYBRAIN_CONNECTION_{name.upper()}"
    url = os.environ.get(variable)
    if not url:
        raise PipelineError("connection_missing", connection=name, variable=variable)
    return url


def run_workspace(
    root: Path, options: RunOptions, progress: Callable[[Progress], None] = lambda _: None
) -> RunResult:
    """Run a workspace.

    Raises:
        Problems: the workspace does not compile; nothing was touched.
        PipelineError: `locked`, `nothing_selected`, `source_dir_missing`, `backfill_select`.
    """
    if options.period is not None and not options.select:
        raise PipelineError("backfill_select")
    plan = compile_workspace(load_workspace(root, cached=options.cached))
    chosen = select_steps(plan, options.select)
    source = source_of(plan, options, chosen)
    began = monotonic()
    with opened_workspace(plan, options.wait) as opened:
        done = run_chosen(opened, chosen, options, source, progress)
    seconds = monotonic() - began
    warnings = (*opened.events.warnings, *opened.faults)
    return RunResult(done.run_id, plan.workspace, done.outcomes, seconds, done.docs, warnings)


@dataclass(frozen=True, slots=True)
class Opened:
    """A workspace that this process alone may write to.

    Attributes:
        faults: what went wrong beside the steps, such as a checkpoint that could not be signed.
    """

    plan: Plan
    home: Home
    lake: Lake
    store: CatalogStore
    events: RunEvents
    faults: list[CityBrainError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Done:
    """What a run came to."""

    run_id: str
    outcomes: dict[str, Outcome]
    docs: Path | None


@contextmanager
def opened_workspace(plan: Plan, wait: float = 0) -> Iterator[Opened]:
    """Hold the workspace, its lake and its database open.

    Raises:
        PipelineError: `locked`, when another process still holds it after `wait` seconds.
    """
    home = Home.of(plan.workspace.name)
    with (
        RunEvents(plan, home) as events,
        home.lock(plan.workspace.name, wait),
        CatalogStore.open(home.database_url) as store,
        home.open_lake() as lake,
    ):
        yield Opened(plan, home, lake, store, events)


def source_of(plan: Plan, options: RunOptions, chosen: Iterable[str]) -> Path:
    """The folder of the departments' files.

    Raises:
        PipelineError: `source_dir_missing`, when it is needed and not there.
    """
    workspace = plan.workspace
    source = (options.source or workspace.source_dir).resolve()
    if not source.is_dir() and any(plan.steps[name].kind == "collect" for name in chosen):
        where = Location(workspace.root / "workspace.toml")
        raise PipelineError("source_dir_missing", where=where, path=source)
    return source


def run_chosen(
    opened: Opened,
    chosen: set[str],
    options: RunOptions,
    source: Path,
    progress: Callable[[Progress], None] = lambda _: None,
    before: Mapping[str, Outcome] | None = None,
) -> Done:
    """Run the chosen steps of a workspace that is held.

    Args:
        before: how tables that are not chosen ended before, for the steps that wait for them.
    """
    workspace = opened.plan.workspace
    kind = engine_kind(workspace, options.engine)
    with engine_of(kind, workspace, opened.home) as spark:
        certifier = certifier_of(opened.home, workspace)
        try:
            run = _Run(opened, certifier, options, source, progress, before or {}, spark)
            outcomes = run.execute(chosen)
            return Done(run.run_id, outcomes, certifier.build_docs())
        finally:
            certifier.close()


def select_steps(plan: Plan, patterns: Iterable[str]) -> set[str]:
    """The steps that the patterns name; all when there are none.

    Raises:
        PipelineError: `nothing_selected`, for each pattern that names nothing.
    """
    chosen: set[str] = set()
    patterns = tuple(patterns)
    for pattern in patterns:
        core = pattern.strip("+")
        named = {name for name in plan.steps if fnmatchcase(name, core)}
        if not named:
            raise PipelineError("nothing_selected", pattern=pattern)
        chosen |= named
        if pattern.startswith("+"):
            chosen |= plan.upstream(named)
        if pattern.endswith("+"):
            chosen |= plan.downstream(named)
    return chosen if patterns else set(plan.steps)


def certifier_of(home: Home, workspace: Workspace) -> Certifier:
    """The certifier of one run: it certifies one step at a time, in memory that the step lends."""
    from quality.certify import Certifier

    engine = workspace.settings.engine
    settings = {
        "memory_limit": share_of(engine.memory, engine.workers * 2),  # half a worker's: `lent`
        "temp_directory": str(home.scratch / "certify"),
    }
    return Certifier(home.docs, workspace.name, settings)


def environment_of(
    plan: Plan,
    home: Home,
    lake: Lake,
    certifier: Certifier,
    source: Path,
    *,
    full: bool = False,
    holds: Holds | None = None,
) -> Environment:
    """What the steps of a new run share, with a fresh run id."""
    now = datetime.now(UTC)
    settings = plan.workspace.settings
    memory = share_of(settings.engine.memory, settings.engine.workers)
    return Environment(
        plan=plan,
        home=home,
        lake=lake,
        certifier=certifier,
        run_id=f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        source_dir=source,
        as_of=settings.day_of(now),
        budget=Budget(memory, settings.engine.threads, home.scratch),
        full=full,
        connections=environment_connection,
        manual=ManualGate(plan, holds),
    )


class _Run:
    """The state of one run."""

    def __init__(
        self,
        opened: Opened,
        certifier: Certifier,
        options: RunOptions,
        source: Path,
        progress: Callable[[Progress], None],
        before: Mapping[str, Outcome],
        spark: SparkEngine | None = None,
    ) -> None:
        self.plan = plan = opened.plan
        self.events = opened.events
        self.faults = opened.faults
        self.store = opened.store
        self.lake = opened.lake
        self.progress = progress
        self.options = options
        self.source = source
        self.before = before
        self.workers = plan.workspace.settings.engine.workers
        env = environment_of(
            plan,
            opened.home,
            opened.lake,
            certifier,
            source,
            full=options.full,
            holds=opened.store.holds,
        )
        self.env = replace(
            env, began=opened.events.step_started, period=options.period, spark=spark
        )
        self.run_id = self.env.run_id

    def execute(self, chosen: set[str]) -> dict[str, Outcome]:
        workspace = self.plan.workspace.name
        contracts = list(self.plan.workspace.contracts.values())
        self.store.sync_resources(workspace, contracts, _proofs(self.plan))
        settle(self.plan, self.store)  # before anything is published that a grant no longer covers
        self._repair()
        self.events.runs_lost(self.store.runs(workspace), self.lake)
        self._start(self.run_id)
        keep_anchored(self.store, self.plan.workspace)
        status: RunStatus = "failed"
        with self.events.running(self.run_id) as outcomes:
            try:
                outcomes |= self._steps(chosen)
                status = _run_status(outcomes)
            finally:
                self.store.finish_run(self.run_id, status)
        if (fault := try_anchor(self.store, self.plan.workspace)) is not None:
            self.faults.append(fault)
        return outcomes

    def _start(self, run_id: str) -> None:
        """Record a run as running; one that was running before lost its process."""
        self.store.start_run(
            self.plan.workspace.name,
            run_id=run_id,
            selection=" ".join(self.options.select),
            source_dir=self.source,
            engine=SPARK if self.env.spark is not None else DUCKDB,
            pid=os.getpid(),
            host=socket.gethostname(),
        )

    def _steps(self, chosen: set[str]) -> dict[str, Outcome]:
        graph = {
            n: [w for w in self.plan.steps[n].waits_for if w in chosen] for n in sorted(chosen)
        }
        order = TopologicalSorter(graph)
        order.prepare()
        workspace = self.plan.workspace.name
        outcomes: dict[str, Outcome] = {}
        running: dict[Future[Outcome], Step] = {}
        with ThreadPoolExecutor(self.workers, thread_name_prefix="step") as pool:
            try:
                while order.is_active():
                    for name in order.get_ready():
                        step = self.plan.steps[name]
                        known = {**self.before, **outcomes}
                        count = Progress(step, None, len(outcomes), len(chosen))
                        running[pool.submit(self._one, step, known, count)] = step
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        step = running.pop(future)
                        outcome = future.result()
                        outcomes[step.name] = outcome
                        self.store.record_step(self.run_id, outcome.record(self.run_id))
                        note_hold(self.store.holds, workspace, self.run_id, outcome)
                        self.progress(Progress(step, outcome, len(outcomes), len(chosen)))
                        order.done(step.name)
            except BaseException:
                for future in running:
                    future.cancel()
                raise
        return outcomes

    def _one(self, step: Step, upstream: Mapping[str, Outcome], began: Progress) -> Outcome:
        self.progress(began)
        outcome = self._outcome(step, upstream)
        self.events.step_ended(step, outcome)
        return outcome

    def _outcome(self, step: Step, upstream: Mapping[str, Outcome]) -> Outcome:
        try:
            return run_step(self.env, step, upstream)
        except Exception as error:
            # A fault of ours in one step must not lose the others' work or hide itself.
            fault = PipelineError("internal", problem=f"{type(error).__name__}: {error}")
            fault.__cause__ = error
            now = datetime.now(UTC)
            return Outcome(step.name, step.kind, "failed", now, now, error=fault)

    def _repair(self) -> None:
        """Take over what an earlier run committed to the lake but did not live to record."""
        workspace = self.plan.workspace.name
        known = self.store.current_snapshots(workspace)
        tables = set(self.lake.tables())
        for name, step in self.plan.steps.items():
            snapshot = self.lake.current(name) if name in tables else None
            if snapshot is None or (
                name in known and known[name].snapshot_id == snapshot.snapshot_id
            ):
                continue
            if not self.store.point_to_snapshot(workspace, name, snapshot.snapshot_id):
                self._take_over(step, snapshot)

    def _take_over(self, step: Step, snapshot: Snapshot) -> None:
        outcome = recovered(step.name, step.kind, snapshot)
        run_id = snapshot.properties.get("run", "")
        if outcome is not None:
            try:
                self.store.record_step(run_id, outcome.record(run_id))
            except CatalogError as error:
                if error.code != "run_unknown":
                    raise
                # This database was replaced: it learns the run from what the lake kept of it.
                self._start(run_id)
                self.store.record_step(run_id, outcome.record(run_id))
            return
        record = SnapshotRecord(
            snapshot_id=snapshot.snapshot_id,
            run_id=run_id,
            fingerprint=snapshot.properties.get("fingerprint", ""),
            rows=snapshot.rows,
            committed_at=snapshot.committed_at,
            inputs=json.loads(snapshot.properties.get("inputs", "{}")),
        )
        self.store.record_snapshot_if_missing(self.plan.workspace.name, step.name, record)


def _proofs(plan: Plan) -> dict[str, ResourceProof]:
    """What the compiler has proven of every resource, for the catalogue."""
    return {
        name: ResourceProof(
            {field: known.level for field, known in table.columns.items()},
            _with_rules(plan.lineage.get(name), table.decided),
        )
        for name, table in plan.levels.tables.items()
    }


def _with_rules(lineage: ModelLineage | None, decided: tuple[Edge, ...]) -> ModelLineage | None:
    """The lineage of a model or of nothing, and what the contract's rules decide."""
    if not decided:
        return lineage
    known = lineage or ModelLineage({}, ())
    return replace(known, rows=(*known.rows, *decided))


def share_of(memory: str, workers: int) -> str:
    """One worker's share of a memory size such as `3GB`."""
    number, unit = float(memory[:-2]), memory[-2:]
    megabytes = number * (1024 if unit == "GB" else 1) / workers
    return f"{int(megabytes)}MiB"


def _run_status(outcomes: dict[str, Outcome]) -> RunStatus:
    statuses = {outcome.status for outcome in outcomes.values()}
    if "failed" in statuses:
        return "failed"
    return "succeeded" if statuses <= {"published", "unchanged"} else "partial"
