"""The account of one step: what it received and what became of it.

It is written into the Iceberg snapshot's summary in the same commit as the data, so the lake alone
can tell what a table is; the catalogue database holds the same for queries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from catalog.database.records import (
    Reason,
    ReceivedFile,
    RuleResult,
    SnapshotRecord,
    StepRecord,
)
from catalog.errors import CityBrainError
from pipelines.lake import Snapshot
from pipelines.stage import Counts

Status = Literal["published", "unchanged", "partial", "blocked", "failed", "missing", "stale"]
STEP_VERSION = "1"  # raise when the same inputs would now give other rows


def fingerprint(parts: Iterable[str]) -> str:
    """One hash of everything that a step's result depends on."""
    digest = hashlib.sha256(STEP_VERSION.encode())
    for part in parts:
        digest.update(b"\0" + part.encode())
    return digest.hexdigest()


@dataclass(slots=True)
class Outcome:
    """How one step ended.

    Attributes:
        error: why it did not publish, or why it is partial.
        warnings: what a steward should look at although it was published.
        risk: the disclosure risk of a release, when it was measured.
    """

    name: str
    kind: Literal["collect", "build"]
    status: Status
    started_at: datetime
    finished_at: datetime
    error: CityBrainError | None = None
    warnings: list[CityBrainError] = field(default_factory=list)
    fingerprint: str | None = None
    counts: Counts | None = None
    score: float | None = None
    rules: tuple[RuleResult, ...] = ()
    snapshot: Snapshot | None = None
    committed: bool = False
    inputs: Mapping[str, int] = field(default_factory=dict)
    files: tuple[ReceivedFile, ...] = ()
    watermark: str | None = None
    risk: Mapping[str, Any] | None = None

    @property
    def seconds(self) -> float:
        """Wall time of the step."""
        return (self.finished_at - self.started_at).total_seconds()

    def record(self, run_id: str) -> StepRecord:
        """The outcome for the catalogue database."""
        counts = self.counts
        known = counts is not None
        return StepRecord(
            resource=self.name,
            kind=self.kind,
            status=self.status,
            started_at=self.started_at,
            finished_at=self.finished_at,
            reason=Reason.of(self.error) if self.error else None,
            fingerprint=self.fingerprint,
            received=counts.received if counts else None,
            published=counts.published if counts else None,
            quarantined=counts.quarantined if counts else None,
            filtered=sum(counts.filtered.values()) if counts else None,
            filters=dict(counts.filtered) if counts else {},
            quarantine=dict(counts.reasons) if counts else {},
            score=self.score,
            rules=self.rules,
            snapshot=self._snapshot_record(run_id) if self.committed else None,
            snapshot_id=self.snapshot.snapshot_id if self.snapshot and not self.committed else None,
            files=self.files,
            watermark=self.watermark if known and self.committed else None,
            risk=self.risk,
        )

    def _snapshot_record(self, run_id: str) -> SnapshotRecord | None:
        if self.snapshot is None:
            return None
        return SnapshotRecord(
            snapshot_id=self.snapshot.snapshot_id,
            run_id=run_id,
            fingerprint=self.fingerprint or "",
            rows=self.snapshot.rows,
            committed_at=self.snapshot.committed_at,
            inputs=dict(self.inputs),
        )


def to_properties(
    counts: Counts,
    score: float | None,
    *,
    run_id: str,
    status: Status,
    mark: str,
    inputs: Mapping[str, int],
    watermark: str | None,
) -> dict[str, str]:
    """What a commit records about itself."""
    account = {
        "received": counts.received,
        "published": counts.published,
        "quarantined": counts.quarantined,
        "filtered": counts.filtered,
        "reasons": dict(counts.reasons),
        "score": score,
    }
    properties = {
        "run": run_id,
        "status": status,
        "fingerprint": mark,
        "account": json.dumps(account, ensure_ascii=False),
        "inputs": json.dumps(inputs),
    }
    if watermark is not None:
        properties["watermark"] = watermark
    return properties


def counts_of(snapshot: Snapshot) -> tuple[Counts, float | None] | None:
    """The account that a snapshot carries; None for one that we did not write."""
    text = snapshot.properties.get("account")
    if text is None:
        return None
    data: dict[str, Any] = json.loads(text)
    counts = Counts(
        received=data["received"],
        published=data["published"],
        quarantined=data["quarantined"],
        filtered=data["filtered"],
    )
    counts.reasons.update(data["reasons"])
    return counts, data["score"]


def recovered(name: str, kind: Literal["collect", "build"], snapshot: Snapshot) -> Outcome | None:
    """The outcome of the step that committed a snapshot, as far as the snapshot tells it."""
    account = counts_of(snapshot)
    if account is None:
        return None
    counts, score = account
    return Outcome(
        name,
        kind,
        "partial" if snapshot.properties.get("status") == "partial" else "published",
        snapshot.committed_at,
        snapshot.committed_at,
        fingerprint=snapshot.properties.get("fingerprint", ""),
        counts=counts,
        score=score,
        snapshot=snapshot,
        committed=True,
        inputs=json.loads(snapshot.properties.get("inputs", "{}")),
        watermark=snapshot.properties.get("watermark"),
        risk=json.loads(snapshot.properties.get("risk", "null")),
    )
