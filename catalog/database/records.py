"""What goes into the catalogue database and what comes out of it, as immutable values.

Counts are rows (int64). None means "not known" or "not assessed" and is never shown as 0 or 100 %.
Times are timezone-aware.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Literal

from catalog.database.proofs import FieldLevel, JustificationRow
from catalog.errors import CatalogError, CityBrainError

RunStatus = Literal["running", "succeeded", "partial", "failed", "killed"]
StepKind = Literal["collect", "build"]
StepStatus = Literal["published", "unchanged", "partial", "blocked", "failed", "missing", "stale"]

RUN_STATUSES: tuple[RunStatus, ...] = ("running", "succeeded", "partial", "failed", "killed")
STEP_KINDS: tuple[StepKind, ...] = ("collect", "build")
STEP_STATUSES: tuple[StepStatus, ...] = (
    "published",
    "unchanged",
    "partial",
    "blocked",
    "failed",
    "missing",
    "stale",
)
# Afterwards readers see what they should see.
SETTLED: tuple[StepStatus, ...] = ("published", "partial", "unchanged")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step ended as it did; the fields allow the text to be told in another language."""

    code: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: CityBrainError) -> Reason:
        """The reason that an error of ours gives, in the user's language, with its place."""
        texts = {key: str(value) for key, value in error.fields.items()}
        place = f"{error.where}: " if error.where else ""
        return cls(error.code, place + error.text(), texts)


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule of a contract found.

    `assessed` and `failed` are rows; `passed` is None when the rule was not assessed.
    """

    rule: str
    kind: str
    fields: tuple[str, ...]
    dimension: str
    severity: str
    assessed: int | None
    failed: int | None
    passed: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """A committed snapshot of a resource's table.

    `rows` is the size of the whole table; `inputs` are the snapshot ids it was built from.
    """

    snapshot_id: int
    run_id: str
    fingerprint: str
    rows: int
    committed_at: datetime
    inputs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file of a load, so that a row's `_load_id` and `_source_file` lead to its bytes."""

    load_id: str
    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What a run did with one resource, and everything it learned on the way.

    `quarantine` is rows per reason code (a row may have several reasons). `snapshot` is what this
    step committed; a step that commits nothing names the one it found, if any, in `snapshot_id`.
    `watermark` is the cursor up to which the source has been published. `seconds` defaults to the
    time between start and finish. `risk` is the disclosure risk of a release, if it was measured.

    Raises:
        CatalogError: `step_invalid`, when the values contradict each other.
    """

    resource: str
    kind: StepKind
    status: StepStatus
    started_at: datetime
    finished_at: datetime
    reason: Reason | None = None
    fingerprint: str | None = None
    received: int | None = None
    published: int | None = None
    quarantined: int | None = None
    filtered: int | None = None
    filters: Mapping[str, int] = field(default_factory=dict)
    quarantine: Mapping[str, int] = field(default_factory=dict)
    score: float | None = None
    rules: tuple[RuleResult, ...] = ()
    snapshot: SnapshotRecord | None = None
    snapshot_id: int | None = None
    files: tuple[ReceivedFile, ...] = ()
    watermark: str | None = None
    seconds: float | None = None
    risk: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.snapshot is not None and self.snapshot_id is None:
            object.__setattr__(self, "snapshot_id", self.snapshot.snapshot_id)
        if problem := _contradiction(self):
            raise CatalogError("step_invalid", resource=self.resource, problem=problem)
        if self.seconds is None:
            elapsed = (self.finished_at - self.started_at).total_seconds()
            object.__setattr__(self, "seconds", elapsed)


def _contradiction(step: StepRecord) -> str | None:
    """What makes a step impossible to record truthfully, or None."""
    counts = (step.received, step.published, step.quarantined, step.filtered)
    if step.status not in STEP_STATUSES or step.kind not in STEP_KINDS:
        return f"unknown status or kind: {step.status}, {step.kind}"
    if step.status == "published" and step.snapshot is None:
        return "published without a snapshot"
    if step.status in SETTLED and step.snapshot_id is None:
        return f"status {step.status} without a snapshot"
    if step.snapshot is not None and step.snapshot.snapshot_id != step.snapshot_id:
        return f"two snapshots: {step.snapshot.snapshot_id}, {step.snapshot_id}"
    # A watermark that moves without a publish would skip rows for ever.
    if step.watermark is not None and step.status not in SETTLED:
        return f"status {step.status} with a watermark"
    if any(moment.tzinfo is None for moment in (step.started_at, step.finished_at)):
        return "times without a zone"
    if any(count is not None and count < 0 for count in counts):
        return f"negative row counts: {counts}"
    if step.score is not None and not math.isfinite(step.score):
        return f"score {step.score}; use None for not assessed"
    return None


@dataclass(frozen=True, slots=True)
class StepRow:
    """A recorded step; `quarantine` has the most frequent reason first.

    `publishing` (on the rows of `CatalogStore.last_steps`) is the step that committed the snapshot
    which readers see now: this step itself, an earlier one, or None when nothing is published or
    the step that published was lost in a crash.
    """

    run_id: str
    resource: str
    kind: str
    status: str
    reason: Reason | None
    fingerprint: str | None
    received: int | None
    published: int | None
    quarantined: int | None
    filtered: int | None
    filters: dict[str, int]
    quarantine: dict[str, int]
    score: float | None
    snapshot_id: int | None
    started_at: datetime
    finished_at: datetime
    seconds: float
    risk: dict[str, Any] | None = None
    publishing: StepRow | None = None

    @property
    def reconciles(self) -> bool | None:
        """Whether received = published + quarantined + filtered; None when a count is not known."""
        counts = (self.published, self.quarantined, self.filtered)
        if self.received is None or any(count is None for count in counts):
            return None
        return self.received == sum(count or 0 for count in counts)


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A recorded snapshot; `expired` when the lake no longer keeps its files."""

    resource: str
    snapshot_id: int
    run_id: str
    fingerprint: str
    rows: int
    committed_at: datetime
    inputs: dict[str, int]
    expired: bool


@dataclass(frozen=True, slots=True)
class RuleResultRow:
    """A rule result with the run it comes from and how that step ended."""

    run_id: str
    status: str
    assessed_at: datetime
    rule: str
    kind: str
    fields: tuple[str, ...]
    dimension: str
    severity: str
    assessed: int | None
    failed: int | None
    passed: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class ReceivedFileRow:
    """A received file and the run that saw it first under its load."""

    load_id: str
    name: str
    sha256: str
    size: int
    first_run_id: str


@dataclass(frozen=True, slots=True)
class WatermarkRow:
    """Up to where a source has been published, and by which snapshot."""

    value: str
    snapshot_id: int | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run; `steps` counts its steps by status."""

    run_id: str
    workspace: str
    selection: str
    source_dir: str | None
    engine: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    pid: int
    host: str
    steps: dict[str, int]


@dataclass(frozen=True, slots=True)
class ResourceStatus:
    """One resource today: how its last step ended, and the account of what readers see.

    `rows` is the size of the current snapshot. `received` to `score` and `reasons` (at most three,
    most rows first) belong to the step that committed it, so that they always describe the visible
    data; they are None or empty when nothing is published or that step was lost in a crash.
    `last_error` is the reason of the last step unless it published or found nothing new.
    `level` is the highest of `fields` and of the row itself; `release_channel` and `release_kind`
    are None when the resource stays in the bureau. `risk` is the disclosure risk that the last step
    measured, or else the one that published.
    """

    name: str
    title: str
    database: str
    department: str | None
    level: str | None
    last_status: str | None
    last_run_id: str | None
    last_finished_at: datetime | None
    last_error: Reason | None
    snapshot_id: int | None
    published_at: datetime | None
    published_run_id: str | None
    rows: int | None
    received: int | None
    published: int | None
    quarantined: int | None
    filtered: int | None
    reconciles: bool | None
    reasons: dict[str, int]
    score: float | None
    release_channel: str | None = None
    release_kind: str | None = None
    fields: tuple[FieldLevel, ...] = ()
    justifications: tuple[JustificationRow, ...] = ()
    risk: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class DatabaseTotals:
    """Sums over the resources of one city database.

    `available` resources have a snapshot; `unaccounted` are those of them whose counts are not
    known and so are missing from the sums. `statuses` counts last steps; "never" is a resource
    that no run has touched. `reconciles` is None when nothing is accounted for.
    """

    database: str
    resources: int
    available: int
    unaccounted: int
    statuses: dict[str, int]
    rows: int
    received: int
    published: int
    quarantined: int
    filtered: int
    reconciles: bool | None


@dataclass(frozen=True, slots=True)
class WorkspaceStatus:
    """A workspace today; `retired` names resources whose contract has vanished."""

    workspace: str
    last_run: RunRow | None
    databases: tuple[DatabaseTotals, ...]
    resources: tuple[ResourceStatus, ...]
    retired: tuple[str, ...]


def to_plain(value: Any) -> Any:
    """A record as dicts, lists, numbers and text for `json.dumps`; dates become ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
