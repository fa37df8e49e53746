"""The lineage events of a run: one OpenLineage run for the whole, one for each step that computes.

Events are told, never waited for: a fault in making one, or in writing or sending it, becomes a
warning at the end of the run and touches neither a step nor the run. A step whose published snapshot
stands (`unchanged`) did not run, so it has no events: a receiver would take them for a new version
of the table. docs/lineage-events.md describes what is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from catalog.database import RunRow
from catalog.errors import CityBrainError
from catalog.openlineage import (
    RUN_JOB,
    Event,
    JobInfo,
    RunInfo,
    Sink,
    abort_event,
    complete_event,
    disabled,
    fail_event,
    hand_in,
    open_sink,
    start_event,
    unfinished,
)
from pipelines.account import Outcome, recovered
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.lake import Lake
from pipelines.lineage_datasets import Datasets, Inputs
from pipelines.plan import Plan, Step
from pipelines.publish import Work

NOT_PUBLISHED = frozenset({"blocked", "failed", "missing", "stale"})
_JOB = JobInfo(RUN_JOB, "run")


class RunEvents:
    """Tells one run. Threads may share it, and none of its methods raises.

    A context manager: leaving it gives the last events to their receiver, for which it waits some
    seconds at most, and so should not happen under the workspace's lock.

    Attributes:
        warnings: after the end, what could not be told, written or sent.
    """

    def __init__(self, plan: Plan, home: Home) -> None:
        self.warnings: tuple[CityBrainError, ...] = ()
        self._plan = plan
        self._folder = home.lineage
        self._off = disabled()
        self._sink: Sink | None = None
        self._run_id = ""
        self._datasets: Datasets | None = None
        self._started: dict[str, Inputs] = {}
        self._problems: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        told: tuple[CityBrainError, ...] = ()
        with self._guarded():
            told = self._sink.close() if self._sink else ()
        if self._problems:
            count = len(self._problems)
            fault = PipelineError("lineage_incomplete", count=count, problem=self._problems[0])
            told = (*told, fault)
        self.warnings = told

    def runs_lost(self, runs: Iterable[RunRow], lake: Lake) -> None:
        """End the events of earlier runs that lost their process.

        Args:
            runs: the newest runs, before this one; those that are called running are lost.
            lake: where the events' tables are, of this run too.
        """
        if self._off:
            return
        self._datasets = Datasets(self._plan, lake)
        for run in runs:
            if run.status == "running":
                with self._guarded():
                    self._end(run.run_id, lake)

    @contextmanager
    def running(self, run_id: str) -> Iterator[dict[str, Outcome]]:
        """The run as a whole, from its first event to its last.

        Gives a dictionary, to be filled with the outcomes. When it is left by an exception, the run
        and the steps that it left open are told to be aborted.
        """
        self._run_id = run_id
        outcomes: dict[str, Outcome] = {}
        with self._guarded():
            self._run_started()
        try:
            yield outcomes
        except BaseException:
            with self._guarded():
                for start in unfinished(self._folder, run_id):
                    self._emit(abort_event(start, at=datetime.now(UTC)))
            raise
        with self._guarded():
            if self._sink is not None:
                self._sink.emit(self._end_of_run(outcomes))

    def _run_started(self) -> None:
        if not self._off:
            self._sink = open_sink(self._folder, self._run_id)
            self._sink.emit(start_event(self._info(), _JOB, at=datetime.now(UTC)))

    def step_started(self, work: Work) -> None:
        """A step found that it has something to compute."""
        self._started[work.step.name] = work.inputs
        with self._guarded():
            self._start(work.step, work.inputs, work.started)

    def step_ended(self, step: Step, outcome: Outcome) -> None:
        """A step ended; one that neither computed nor failed has nothing to tell."""
        failed = outcome.status in NOT_PUBLISHED
        if not failed and step.name not in self._started:
            return
        with self._guarded():
            inputs = self._started.get(step.name)
            if inputs is None:
                inputs = dict.fromkeys(step.waits_for)
                self._start(step, inputs, outcome.started_at)
            self._emit(self._ended(self._run_id, step, inputs, outcome))

    # -- building -----------------------------------------------------------------------------------

    def _info(self, run_id: str = "", step: str | None = None, outcome: str = "") -> RunInfo:
        import duckdb

        return RunInfo(
            self._plan.workspace.name,
            run_id or self._run_id,
            step,
            engine_version=duckdb.__version__,
            outcome=outcome,
        )

    def _start(self, step: Step, inputs: Inputs, at: datetime) -> None:
        if self._datasets is not None:
            job = self._datasets.job(step)
            read, made = self._datasets.inputs(step, inputs), self._datasets.planned(step)
            self._emit(start_event(self._info(step=step.name), job, read, [made], at=at))

    def _ended(self, run_id: str, step: Step, inputs: Inputs, outcome: Outcome) -> Event | None:
        if self._datasets is None:
            return None
        info = self._info(run_id, step.name, outcome.status)
        job = self._datasets.job(step)
        read = self._datasets.inputs(step, inputs, outcome)
        at = outcome.finished_at
        if outcome.status not in NOT_PUBLISHED:
            return complete_event(info, job, read, [self._datasets.written(step, outcome)], at=at)
        # What the gate refused has results of rules to show; anything else made no table at all.
        made = [self._datasets.written(step, outcome)] if outcome.status == "blocked" else []
        return fail_event(info, job, read, made, at=at, code=_code(outcome))

    def _end_of_run(self, outcomes: Mapping[str, Outcome]) -> Event:
        now = datetime.now(UTC)
        failed = [outcome for outcome in outcomes.values() if outcome.status == "failed"]
        if failed:
            return fail_event(self._info(outcome="failed"), _JOB, at=now, code=_code(failed[0]))
        whole = {outcome.status for outcome in outcomes.values()} <= {"published", "unchanged"}
        return complete_event(self._info(outcome="succeeded" if whole else "partial"), _JOB, at=now)

    def _end(self, run_id: str, lake: Lake) -> None:
        """End what a killed run left open: as complete what it published, the rest as aborted."""
        told = []
        for start in unfinished(self._folder, run_id):
            done = self._published(run_id, start["job"]["name"], lake)
            told.append(done or abort_event(start, at=datetime.now(UTC)))
        hand_in(self._folder, run_id, told)

    def _published(self, run_id: str, name: str, lake: Lake) -> Event | None:
        """The end of a step whose table the run published; None when it did not, or of no step."""
        step = self._plan.steps.get(name)
        snapshot = lake.current(name) if step else None
        if step is None or snapshot is None or snapshot.properties.get("run") != run_id:
            return None
        outcome = recovered(name, step.kind, snapshot)
        return self._ended(run_id, step, outcome.inputs, outcome) if outcome else None

    def _emit(self, event: Event | None) -> None:
        if self._sink is not None and event is not None:
            self._sink.emit(event)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._problems.append(f"{type(error).__name__}: {error}")


def _code(outcome: Outcome) -> str:
    return outcome.error.code if outcome.error else "internal"
