"""What the catalogue database's own changes look like in the audit log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.audit.entries import plain
from catalog.audit.record import DONE, AuditRecord
from catalog.canonical import canonical_json
from catalog.database import tables as t
from catalog.database.audit import Audit
from catalog.database.instrument_records import Instrument
from catalog.database.ledger_records import Hold
from catalog.database.records import SnapshotRecord, StepRecord

STEPS = frozenset({"published", "partial", "blocked", "failed"})  # of others nothing came
KNOWN = ("account:", "department:", "partner:", "run:")


def actor_of(who: str) -> str:
    """Somebody as the log names him: by the name that a command was given, if it is no more."""
    return who if who.startswith(KNOWN) or who == "system" else f"account:{who}"


def add_step(audit: Audit, session: Session, run_id: str, step: StepRecord) -> None:
    """Add a step to the log within the transaction that records it."""
    found = of_step(run_id, step)
    if found is None:
        return
    query = select(t.Workspace.name).join(t.Run, t.Run.workspace_id == t.Workspace.id)
    workspace = session.scalars(query.where(t.Run.id == run_id)).one()
    audit.append_in(session, workspace, [found[0]], batch=found[1])


def of_step(run_id: str, step: StepRecord) -> tuple[AuditRecord, str] | None:
    """A step that published, or was kept from it, and a name by which it is added once."""
    if step.status not in STEPS:
        return None
    refused = step.status in ("blocked", "failed")
    reason = step.reason.code if step.reason else step.status
    found = step.snapshot.snapshot_id if step.snapshot else step.snapshot_id
    counts = {
        "received": step.received,
        "quarantined": step.quarantined,
        "filtered": step.filtered,
    }
    detail: dict[str, str] = {"status": step.status, "kind": step.kind}
    detail |= {name: str(count) for name, count in counts.items() if count is not None}
    if step.fingerprint:
        detail["fingerprint"] = step.fingerprint
    if step.reason:
        detail["reason"] = step.reason.code
    record = AuditRecord(
        at=step.finished_at,
        actor=f"run:{run_id}",
        action="publish",
        subject=step.resource,
        outcome=reason if refused else DONE,
        rows=None if refused else step.published,
        snapshot=found,
        detail=detail,
    )
    same = canonical_json({**plain(record), "at": ""})
    return record, f"step {hashlib.sha256(same).hexdigest()}"


def of_snapshot(resource: str, snapshot: SnapshotRecord, at: datetime) -> AuditRecord:
    """A snapshot of which no more is known than that it is there."""
    return AuditRecord(
        at,
        f"run:{snapshot.run_id}",
        "publish",
        resource,
        rows=snapshot.rows,
        snapshot=snapshot.snapshot_id,
        detail={"status": "published", "taken_over": "yes"},
    )


def of_rollback(resource: str, snapshot_id: int, who: str, at: datetime) -> AuditRecord:
    """Readers see an earlier snapshot again."""
    return AuditRecord(at, actor_of(who), "rollback", resource, snapshot=snapshot_id)


def of_hold(hold: Hold, who: str, at: datetime) -> AuditRecord:
    """A decision about a result that waited."""
    said = {"decision": str(hold.decision), "why": hold.why or "", "fingerprint": hold.fingerprint}
    return AuditRecord(at, actor_of(who), "hold", hold.resource, detail=said)


def of_instrument(
    found: Instrument, who: str, what: str, at: datetime, said: Mapping[str, str]
) -> AuditRecord:
    """A document that was imported, revoked or used."""
    return AuditRecord(
        at,
        actor_of(who),
        "document",
        found.name,
        under=found.name,
        detail={"what": what, **said},
    )
