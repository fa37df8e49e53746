"""The compiled schedules, as `citybrain schedule --write` leaves them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long after its slot a run of a department may take; the tables of which that holds."""

    seconds: int
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One DAG of a schedule; see `pipelines.schedule.compiled.Dag`."""

    id: str
    kind: str
    stage: str
    title: str
    crons: tuple[str, ...]
    timezone: str
    assets: tuple[str, ...]
    outlets: tuple[str, ...]
    tags: tuple[str, ...]
    connections: tuple[str, ...]
    deadlines: tuple[Deadline, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """One workspace's schedule; lengths of time are seconds."""

    workspace: str
    root: str
    start: str
    pool: str
    retries: int
    retry_delay: int
    wait: int
    approval: int
    dags: tuple[Entry, ...]

    def connections(self, stage: str) -> list[str]:
        """The names of the connections that a stage's contracts name."""
        return sorted({name for dag in self.dags if dag.stage == stage for name in dag.connections})


def folder() -> Path:
    """Where schedules stand: `CITYBRAIN_HOME/schedules`, else `var/schedules` beside this folder."""
    home = os.environ.get("CITYBRAIN_HOME")
    return (Path(home) if home else Path(__file__).resolve().parent.parent / "var") / "schedules"


def read_schedules(where: Path | None = None) -> list[Schedule]:
    """Every schedule, by workspace.

    Raises:
        ValueError: a file is of another format than this version reads.
    """
    return [_read(path) for path in sorted((where or folder()).glob("*.json"))]


def _read(path: Path) -> Schedule:
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if data.pop("format", None) != FORMAT:
        raise ValueError(f"{path}: run 'citybrain schedule --write' again for this version")
    dags = tuple(_entry(item) for item in data.pop("dags"))
    return Schedule(**data, dags=dags)


def _entry(item: dict[str, Any]) -> Entry:
    plain: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in item.items()
    }
    plain["stage"] = plain["stage"] or ""
    plain["deadlines"] = tuple(
        Deadline(late["seconds"], tuple(late["tables"])) for late in item["deadlines"]
    )
    return Entry(**plain)
