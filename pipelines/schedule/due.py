"""What is due: the ledger and the lake decide, never an event.

A collected table is due when it was not yet collected for the latest slot of its cadence. Any table is
due when what its result depends on differs from what it was when the ledger last saw it run: its
contract, model and bounds, its keys, a person's decision, the snapshots and states of its inputs, and
the day where a rule asks how old the data is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from catalog.database import CatalogStore, StepRow
from catalog.database.records import SETTLED
from catalog.errors import CityBrainError
from pipelines.account import fingerprint
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.lake import Lake
from pipelines.masking.settings import key_source, ring_of
from pipelines.plan import Plan, Step
from pipelines.schedule.compiled import Stage, stages_of

Why = Literal[
    "slot", "new", "definition", "keys", "day", "decision", "inputs", "failed", "upstream"
]
Mark = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Need:
    """That a table is due, and why.

    Attributes:
        detail: the slot, or the inputs that changed.
    """

    table: str
    why: Why
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """What of a stage is due at a moment.

    Attributes:
        needs: by table, in the plan's order; empty when nothing is due.
        slots: of each collected table, the slot that a run now would collect.
        marks: of every table of the stage, what its result depends on now.
    """

    stage: Stage
    at: datetime
    needs: Mapping[str, Need]
    slots: Mapping[str, datetime]
    marks: Mapping[str, Mark]


@dataclass(frozen=True, slots=True)
class Known:
    """What is asked about: the compiled workspace, its lake, its database."""

    plan: Plan
    home: Home
    lake: Lake
    store: CatalogStore

    @property
    def workspace(self) -> str:
        """The workspace's name."""
        return self.plan.workspace.name


def stage_of(plan: Plan, name: str) -> Stage:
    """A stage by name.

    Raises:
        PipelineError: `stage_unknown`.
    """
    stages = stages_of(plan)
    if name not in stages:
        raise PipelineError("stage_unknown", stage=name, known=", ".join(stages))
    return stages[name]


def what_is_due(known: Known, stage: Stage, at: datetime) -> Due:
    """What of a stage is due at a moment."""
    last = known.store.ledger.last_marks(known.workspace, stage.name)
    steps = known.store.last_steps(known.workspace)
    marks = marks_of(known, stage, at, steps)
    slots = {
        table: cadence.slot(at, known.plan.workspace.settings.calendar)
        for table, cadence in stage.cadences.items()
    }
    needs: dict[str, Need] = {}
    for table in stage.steps:
        need = _slot_need(known, table, slots.get(table)) or _mark_need(
            table, last.get(table), marks[table]
        )
        if need is None:
            above = [n for n in known.plan.steps[table].waits_for if n in needs]
            need = Need(table, "upstream", ", ".join(above)) if above else None
        if need is not None:
            needs[table] = need
    return Due(stage, at, needs, slots, marks)


def _slot_need(known: Known, table: str, slot: datetime | None) -> Need | None:
    if slot is None or known.store.ledger.settled(known.workspace, table, slot):
        return None
    return Need(table, "slot", slot.isoformat())


def _mark_need(table: str, before: Mark | None, now: Mark) -> Need | None:
    if before is None:
        return Need(table, "new")
    if before.get("failed"):
        return Need(table, "failed")
    for part in ("definition", "keys", "day", "decision"):
        if before.get(part) != now[part]:
            assert part in ("definition", "keys", "day", "decision")
            return Need(table, part)
    then = before.get("inputs", {})
    changed = [n for n, state in now["inputs"].items() if then.get(n) != state]
    return Need(table, "inputs", ", ".join(changed)) if changed else None


def marks_of(
    known: Known, stage: Stage, at: datetime, steps: Mapping[str, StepRow]
) -> dict[str, Mark]:
    """Of every table of a stage, what its result depends on."""
    decisions = _decisions(known)
    day = known.plan.workspace.settings.day_of(at).isoformat()
    return {
        table: {
            "definition": _definition(known.plan, known.plan.steps[table]),
            "keys": _keys(known, known.plan.steps[table]),
            "day": day if _grows_old(known.plan.steps[table]) else "",
            "decision": decisions.get(table, ""),
            "inputs": _inputs(known, known.plan.steps[table], steps),
        }
        for table in stage.steps
    }


def _definition(plan: Plan, step: Step) -> str:
    settings = plan.workspace.settings
    parts = [step.contract.fingerprint, settings.gate.model_dump_json()]
    parts += [step.model.fingerprint] if step.model else []
    if step.contract.release is not None:
        parts += [settings.risk.model_dump_json(), settings.channels.model_dump_json()]
    return fingerprint(parts)


def _keys(known: Known, step: Step) -> str:
    if not step.keys:
        return ""
    workspace = known.plan.workspace
    try:
        source = key_source(workspace.settings.masking, known.home.root, workspace.root)
        return ring_of(source).fingerprint(step.keys)  # asking makes no key
    except CityBrainError as error:
        return error.code  # the step itself will say it


def _grows_old(step: Step) -> bool:
    return any(rule.kind == "freshness" for rule in step.rules)


def _decisions(known: Known) -> dict[str, str]:
    """By table, what was decided last."""
    decided = [h for h in known.store.holds.list(known.workspace) if h.decided_at is not None]
    decided.sort(key=lambda hold: (str(hold.decided_at), hold.fingerprint))
    return {hold.resource: f"{hold.fingerprint}:{hold.decision}" for hold in decided}


def _inputs(known: Known, step: Step, steps: Mapping[str, StepRow]) -> dict[str, str]:
    found = {}
    for name in step.waits_for:
        snapshot = known.lake.current(name)
        through = name not in steps or steps[name].status in SETTLED
        found[name] = f"{snapshot.snapshot_id if snapshot else '-'}{'' if through else ' late'}"
    return found
