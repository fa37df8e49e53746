"""Running what is due of one stage for one moment, once.

The workspace's lock makes the claim safe: whoever holds it sees the ledger as the last writer left
it, and a claim that still stands belongs to a process that died. So it does not matter how often a
stage is asked for, by whom, or whether an earlier attempt was killed: what is settled is not run again.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from catalog.database import RuleResultRow, StepRow
from catalog.database.ledger_records import StageRunRow, StageState
from catalog.database.records import SETTLED
from pipelines.account import Outcome, Status
from pipelines.errors import PipelineError
from pipelines.plan import Plan, compile_workspace
from pipelines.run import (
    EXIT_ERROR,
    EXIT_INCOMPLETE,
    EXIT_OK,
    Done,
    Opened,
    Progress,
    RunOptions,
    opened_workspace,
    run_chosen,
    source_of,
)
from pipelines.schedule.compiled import Stage
from pipelines.schedule.due import Due, Known, Mark, Need, marks_of, stage_of, what_is_due
from pipelines.workspace import Workspace, load_workspace

What = Literal["ran", "nothing", "already"]


@dataclass(frozen=True, slots=True)
class TableReport:
    """How a table of a stage stands after a due run.

    Attributes:
        status: of its last step; `never` when it has none.
        ran: whether this call ran it.
        broken: the rules that its last step found broken.
        look: the command that shows what is wrong; empty when nothing is.
    """

    table: str
    status: str
    ran: bool
    code: str = ""
    message: str = ""
    received: int | None = None
    published: int | None = None
    quarantined: int | None = None
    fingerprint: str = ""
    broken: tuple[RuleResultRow, ...] = ()
    look: str = ""

    @property
    def through(self) -> bool:
        """Whether readers see what they should."""
        return self.status in SETTLED


@dataclass(frozen=True, slots=True)
class DueResult:
    """What became of a stage that was asked for.

    Attributes:
        what: `ran`; `nothing` was due; or `already`: this moment had been settled before.
        run_id: the run that settled it, if any.
    """

    workspace: Workspace
    stage: str
    at: datetime
    what: What
    run_id: str | None
    state: StageState
    needs: Mapping[str, Need]
    tables: tuple[TableReport, ...]
    warnings: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """0 settled, 1 an error in a step, 3 something missing, blocked or stale."""
        codes = {"settled": EXIT_OK, "incomplete": EXIT_INCOMPLETE}
        return codes.get(self.state, EXIT_ERROR)


def run_due(
    root: Path,
    stage_name: str,
    at: datetime | None = None,
    options: RunOptions | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> DueResult:
    """Run what is due of a stage.

    Args:
        at: the moment that is asked for: a past one in a backfill; now by default.

    Raises:
        Problems: the workspace does not compile.
        PipelineError: `stage_unknown`, `due_future`, `locked`, `source_dir_missing` ...
    """
    options = options or RunOptions()
    plan = compile_workspace(load_workspace(root, cached=options.cached))
    stage = stage_of(plan, stage_name)
    now = datetime.now(UTC)
    if at is not None and at > now:
        raise PipelineError("due_future", at=at.isoformat())
    moment = (at or now).astimezone(UTC)
    source = source_of(plan, options, stage.steps)
    with opened_workspace(plan, options.wait) as opened:
        asked = _Asked(opened, stage, moment, at is not None, options, source, progress)
        result = asked.settle()
    told = tuple(str(one) for one in (*opened.events.warnings, *opened.faults))
    return replace(result, warnings=told)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request, under the workspace's lock."""

    opened: Opened
    stage: Stage
    at: datetime
    recorded: bool
    options: RunOptions
    source: Path
    progress: Callable[[Progress], None]

    @property
    def workspace(self) -> str:
        return self.opened.plan.workspace.name

    @property
    def known(self) -> Known:
        opened = self.opened
        return Known(opened.plan, opened.home, opened.lake, opened.store)

    def settle(self) -> DueResult:
        """Run what is due, unless this moment is settled already."""
        entry = self.opened.store.ledger.entry(self.workspace, self.stage.name, self.at)
        if entry is not None and entry.state == "settled":
            return self._result("already", entry.run_id, "settled", {}, frozenset())
        due = what_is_due(self.known, self.stage, self.at)
        if due.needs:
            return self._run(due)
        return self._nothing(due, entry)

    def _nothing(self, due: Due, entry: StageRunRow | None) -> DueResult:
        state = self._state_now()
        if self.recorded and (entry is None or entry.state != state):
            self._claim()
            self._finish(state, outcomes=self._statuses())
        return self._result("nothing", None, state, {}, frozenset())

    def _run(self, due: Due) -> DueResult:
        self._claim()
        try:
            chosen = set(due.needs)
            done = run_chosen(
                self.opened, chosen, self.options, self.source, self.progress, self._before(chosen)
            )
        except BaseException:
            self._finish("failed")
            raise
        self._record(due, done)
        state = self._state(done)
        self._finish(state, done.run_id, self._marks(due, done), _statuses(done))
        return self._result("ran", done.run_id, state, due.needs, frozenset(done.outcomes))

    def _claim(self) -> int:
        store = self.opened.store
        return store.ledger.claim(
            self.workspace, self.stage.name, self.at, pid=os.getpid(), host=socket.gethostname()
        )

    def _finish(
        self,
        state: StageState,
        run_id: str | None = None,
        marks: Mapping[str, Mark] | None = None,
        outcomes: Mapping[str, str] | None = None,
    ) -> None:
        self.opened.store.ledger.finish(
            self.workspace,
            self.stage.name,
            self.at,
            state,
            run_id=run_id,
            marks=marks,
            outcomes=outcomes,
        )

    def _before(self, chosen: set[str]) -> dict[str, Outcome]:
        """How the tables that are waited for ended, where that keeps the chosen ones from running."""
        steps = self.opened.store.last_steps(self.workspace)
        plan = self.opened.plan
        waited = {n for name in chosen for n in plan.steps[name].waits_for} - chosen
        late = [n for n in sorted(waited) if n in steps and steps[n].status not in SETTLED]
        return {name: _ended(plan, steps[name]) for name in late}

    def _record(self, due: Due, done: Done) -> None:
        slots = {
            name: (slot, done.outcomes[name].status)
            for name, slot in due.slots.items()
            if name in done.outcomes
        }
        if slots:
            self.opened.store.ledger.record_slots(self.workspace, slots, done.run_id)

    def _marks(self, due: Due, done: Done) -> dict[str, Mark]:
        """What every table's result depended on: its inputs within the stage as they are now."""
        store = self.opened.store
        before = store.ledger.last_marks(self.workspace, self.stage.name)
        steps = store.last_steps(self.workspace)
        after = marks_of(self.known, self.stage, self.at, steps)
        marks: dict[str, Mark] = {}
        for table in self.stage.steps:
            outcome = done.outcomes.get(table)
            if outcome is None:
                if table in before:
                    marks[table] = before[table]
                continue
            mark = {**due.marks[table], "inputs": after[table]["inputs"]}
            marks[table] = {**mark, "failed": True} if outcome.status == "failed" else mark
        return marks

    def _state(self, done: Done) -> StageState:
        if any(outcome.status == "failed" for outcome in done.outcomes.values()):
            return "failed"
        return self._state_now()

    def _state_now(self) -> StageState:
        statuses = set(self._statuses().values())
        return "settled" if statuses <= set(SETTLED) else "incomplete"

    def _statuses(self) -> dict[str, str]:
        """How the tables of the stage that ever ran ended last."""
        steps = self.opened.store.last_steps(self.workspace)
        return {name: steps[name].status for name in self.stage.steps if name in steps}

    def _result(
        self,
        what: What,
        run_id: str | None,
        state: StageState,
        needs: Mapping[str, Need],
        ran: frozenset[str],
    ) -> DueResult:
        steps = self.opened.store.last_steps(self.workspace)
        tables = tuple(
            self._report(name, steps.get(name), name in ran) for name in self.stage.steps
        )
        workspace = self.opened.plan.workspace
        return DueResult(workspace, self.stage.name, self.at, what, run_id, state, needs, tables)

    def _report(self, name: str, step: StepRow | None, ran: bool) -> TableReport:
        if step is None:
            return TableReport(name, "never", ran)
        if step.status in SETTLED:
            return TableReport(name, step.status, ran, fingerprint=step.fingerprint or "")
        rules = self.opened.store.rule_results(self.workspace, name)
        broken = tuple(r for r in rules if r.passed is False and r.run_id == step.run_id)
        reason = step.reason
        return TableReport(
            name,
            step.status,
            ran,
            reason.code if reason else "",
            reason.message if reason else "",
            step.received,
            step.published,
            step.quarantined,
            step.fingerprint or "",
            broken,
            look_command(self.opened.plan.workspace, step),
        )


def _statuses(done: Done) -> dict[str, str]:
    return {name: str(outcome.status) for name, outcome in done.outcomes.items()}


def _ended(plan: Plan, step: StepRow) -> Outcome:
    known = plan.steps[step.resource]
    status = cast(Status, step.status)
    return Outcome(step.resource, known.kind, status, step.started_at, step.finished_at)


def look_command(workspace: Workspace, step: StepRow) -> str:
    """The command that shows what is wrong with a table."""
    where = f"{workspace.root} {step.resource}"
    if step.status == "blocked" and step.quarantined:
        return f"citybrain quarantine show {where}"
    return f"citybrain status {where}"
