"""The compiled schedule: which DAGs a workspace has, as a pure function of its plan.

The orchestrator reads it from a file and needs nothing else of ours: no contract, no model and no
heavy library. The same plan gives the same bytes.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from catalog.cadence import span
from catalog.contract import DATABASES, DatabaseSource
from catalog.errors import CityBrainError, Problems
from pipelines.home import home_dir
from pipelines.plan import Plan, Step
from pipelines.schedule.cadence import Cadence, cadence_of

FORMAT = 2
Kind = Literal["collect", "build", "maintain", "freshness"]


@dataclass(frozen=True, slots=True)
class Stage:
    """What one task runs: a department's resources, or the models of one subject in one layer.

    Attributes:
        name: `collect.<department>`, `build.<database>.<subject>` or `build.<database>`.
        steps: the tables that it settles, in the plan's order.
        inputs: tables of other stages that it reads.
        cadences: of a department, when each of its tables is due.
    """

    name: str
    kind: Literal["collect", "build"]
    owner: str | None
    steps: tuple[str, ...]
    inputs: tuple[str, ...]
    cadences: dict[str, Cadence]


@dataclass(frozen=True, slots=True)
class Deadline:
    """Tables of a department's DAG whose data may be missing for so many seconds after their slot."""

    seconds: int
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dag:
    """One DAG of the orchestrator.

    Attributes:
        crons: when it starts by itself, in `timezone`; several mean each of them.
        assets: what wakes it up, besides.
        outlets: what its task settles.
        connections: names of the connections that the stage's contracts name.
        deadlines: of a department, the shortest first.
    """

    id: str
    kind: Kind
    stage: str | None
    title: str
    crons: tuple[str, ...]
    timezone: str
    assets: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    deadlines: tuple[Deadline, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that an orchestrator has to know of a workspace; lengths of time are seconds."""

    workspace: str
    root: Path
    start: str
    pool: str
    retries: int
    retry_delay: int
    wait: int
    approval: int
    dags: tuple[Dag, ...]

    def as_dict(self) -> dict[str, Any]:
        """The schedule for machines."""
        return {"format": FORMAT, **asdict(self), "root": str(self.root)}

    def text(self) -> str:
        """The file's content: the same for the same plan."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def stages_of(plan: Plan) -> dict[str, Stage]:
    """The stages of a workspace by name: departments first, then layers in the order of the data.

    Raises:
        Problems: frequencies that cron has no words for.
    """
    grouped: dict[str, list[Step]] = defaultdict(list)
    for step in plan.steps.values():
        grouped[stage_name(step)].append(step)
    cadences = _cadences(plan)
    stages = [_stage(name, steps, cadences) for name, steps in grouped.items()]
    return {stage.name: stage for stage in sorted(stages, key=_rank)}


def stage_name(step: Step) -> str:
    """The stage that settles a step."""
    owner = step.contract.department
    if step.kind == "collect":
        return f"collect.{owner}"
    return f"build.{step.database}.{_plain(owner)}" if owner else f"build.{step.database}"


def _plain(name: str) -> str:
    """A domain as part of a name: contracts may write it as they like."""
    return re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") or "other"


def _rank(stage: Stage) -> tuple[int, str]:
    database = stage.name.split(".")[1]
    return (0 if stage.kind == "collect" else 1 + DATABASES.index(database), stage.name)


def _stage(name: str, steps: list[Step], cadences: dict[str, Cadence]) -> Stage:
    own = {step.name for step in steps}
    inputs = {table for step in steps for table in step.waits_for} - own
    return Stage(
        name,
        steps[0].kind,
        steps[0].contract.department,
        tuple(step.name for step in steps),
        tuple(sorted(inputs)),
        {step.name: cadences[step.name] for step in steps if step.name in cadences},
    )


def _cadences(plan: Plan) -> dict[str, Cadence]:
    found: dict[str, Cadence] = {}
    faults: list[CityBrainError] = []
    for step in plan.steps.values():
        if step.kind == "collect":
            try:
                found[step.name] = cadence_of(plan.workspace, step.contract)
            except CityBrainError as error:
                faults.append(error)
    if faults:
        raise Problems(faults)
    return found


def asset(workspace: str, table: str) -> str:
    """The orchestrator's name of a table."""
    database, _, resource = table.partition(".")
    return f"citybrain://{workspace}/{database}/{resource}"


def compile_schedule(plan: Plan) -> Schedule:
    """The schedule of a compiled workspace.

    Raises:
        Problems: frequencies that cron has no words for.
    """
    workspace = plan.workspace
    settings = workspace.settings.schedule
    return Schedule(
        workspace=workspace.name,
        root=workspace.root,
        start=settings.start.isoformat(),
        pool=f"citybrain_{workspace.name}",
        retries=settings.retries,
        retry_delay=int(span(settings.retry_delay).total_seconds()),
        wait=int(span(settings.wait).total_seconds()),
        approval=int(span(settings.approval).total_seconds()),
        dags=tuple(_dags(plan)),
    )


def _dags(plan: Plan) -> Iterator[Dag]:
    workspace = plan.workspace
    name, settings, zone = workspace.name, workspace.settings.schedule, workspace.settings.timezone
    for stage in stages_of(plan).values():
        yield from _collects(plan, stage) if stage.kind == "collect" else [_build(plan, stage)]
    crons: dict[Kind, str] = {"maintain": settings.maintenance, "freshness": settings.freshness}
    for kind, cron in crons.items():
        yield Dag(f"{name}.{kind}", kind, None, kind, (cron,), zone, tags=(name, kind))


def _collects(plan: Plan, stage: Stage) -> Iterator[Dag]:
    """One DAG a department; one more for each time zone in which it delivers besides the city's."""
    workspace = plan.workspace
    home = workspace.settings.timezone
    zones = sorted({c.timezone for c in stage.cadences.values()}, key=lambda z: (z != home, z))
    title = _title(plan, stage.owner)
    for zone in zones:
        there = {t: c for t, c in stage.cadences.items() if c.timezone == zone}
        tail = "" if zone == home else "." + re.sub(r"\W+", "_", zone.lower())
        yield Dag(
            f"{workspace.name}.{stage.name}{tail}",
            "collect",
            stage.name,
            title,
            tuple(sorted({c.trigger for c in there.values()})),
            zone,
            tuple(asset(workspace.name, table) for table in stage.inputs),
            tuple(sorted(asset(workspace.name, table) for table in stage.steps)),
            (workspace.name, "collect"),
            _connections(plan, stage),
            _deadlines(there),
        )


def _connections(plan: Plan, stage: Stage) -> tuple[str, ...]:
    """A task runs its whole stage: of every table, in whatever zone it is delivered."""
    sources = (plan.steps[table].contract.source for table in stage.steps)
    return tuple(sorted({s.connection for s in sources if isinstance(s, DatabaseSource)}))


def _deadlines(cadences: dict[str, Cadence]) -> tuple[Deadline, ...]:
    grouped: dict[int, list[str]] = defaultdict(list)
    for table, cadence in sorted(cadences.items()):
        grouped[int(cadence.deadline.total_seconds())].append(table)
    return tuple(Deadline(seconds, tuple(grouped[seconds])) for seconds in sorted(grouped))


def _build(plan: Plan, stage: Stage) -> Dag:
    workspace = plan.workspace
    return Dag(
        f"{workspace.name}.{stage.name}",
        "build",
        stage.name,
        _title(plan, stage.owner),
        (workspace.settings.schedule.build,),
        workspace.settings.timezone,
        tuple(asset(workspace.name, table) for table in stage.inputs),
        tuple(sorted(asset(workspace.name, table) for table in stage.steps)),
        (workspace.name, "build", stage.name.split(".")[1]),
    )


def _title(plan: Plan, owner: str | None) -> str:
    department = plan.workspace.departments.get(owner or "")
    if department is None:
        return owner or ""
    name = department.name
    return name if isinstance(name, str) else name.get("en") or next(iter(name.values()), "")


def schedule_file(workspace: str) -> Path:
    """Where the orchestrator looks for a workspace's schedule."""
    return home_dir() / "schedules" / f"{workspace}.json"


def write_schedule(schedule: Schedule, path: Path | None = None) -> Path:
    """Write the schedule, as a whole or not at all; a file that says the same is left alone."""
    target = path or schedule_file(schedule.workspace)
    content = schedule.text()
    if target.is_file() and target.read_text("utf-8") == content:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    Path(name).chmod(0o644)
    os.replace(name, target)
    return target
