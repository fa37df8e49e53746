"""What the ledger and the manual gate keep, as immutable values; times are aware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

StageState = Literal["claimed", "settled", "incomplete", "failed", "killed"]
STAGE_STATES: tuple[StageState, ...] = ("claimed", "settled", "incomplete", "failed", "killed")
Decision = Literal["approve", "reject", "release"]
DECISIONS: tuple[Decision, ...] = ("approve", "reject", "release")


@dataclass(frozen=True, slots=True)
class StageRunRow:
    """One stage for one moment.

    Attributes:
        state: `claimed` while a process is at work; `settled`: everything is as it should be;
            `incomplete`: something is missing, blocked or stale; `failed`: an error; `killed`: the
            process died.
        marks: by table, what its result depended on (`pipelines.schedule.due`).
        outcomes: status by table.
    """

    stage: str
    at: datetime
    state: str
    marks: Mapping[str, Any]
    run_id: str | None
    attempt: int
    outcomes: Mapping[str, str]
    pid: int
    host: str
    claimed_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class SlotRow:
    """How the collection of a resource for a slot ended last."""

    slot: datetime
    status: str
    run_id: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class LateRow:
    """A delivery that was late; `settled_at` None while it still is."""

    resource: str
    department: str | None
    slot: datetime
    deadline: datetime
    noticed_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Hold:
    """A publish that waits for a person; counts are rows."""

    resource: str
    fingerprint: str
    run_id: str
    reason_code: str
    reason_message: str
    received: int
    published: int
    quarantined: int
    held_at: datetime
    decision: str | None = None
    who: str | None = None
    why: str | None = None
    decided_at: datetime | None = None
