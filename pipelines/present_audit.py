"""The audit log as tables and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from catalog.audit.entries import moment
from catalog.database.audit import Logged
from catalog.text import text
from pipelines.present import make_table, print_line, print_table

if TYPE_CHECKING:
    from catalog.audit.offline import Verifier

WIDEST = 60  # characters of a subject
MOST_FAULTS = 50


def print_records(found: Sequence[Logged], limit: int) -> None:
    """Records, the newest first, and how the next ones are asked for."""
    table = make_table(
        "audit_number", "audit_time", "audit_actor", "audit_action", "audit_subject",
        "audit_outcome", "audit_under",
    )  # fmt: skip
    for one in found:
        record = one.record
        table.add_row(
            str(one.sequence),
            record.at.astimezone().isoformat(" ", "seconds"),
            _short(record.actor),
            record.action,
            _short(record.subject),
            record.outcome,
            _short(record.under),
        )
    print_table(table)
    if len(found) == limit:
        print_line(text("audit_more", before=found[-1].sequence))


def record_json(one: Logged) -> dict[str, Any]:
    """A record for machines."""
    record = one.record
    return {
        "sequence": one.sequence,
        "recorded_at": moment(one.recorded_at),
        "hash": one.hash,
        "at": moment(record.at),
        "actor": record.actor,
        "action": record.action,
        "subject": record.subject,
        "outcome": record.outcome,
        "under": record.under,
        "purpose": record.purpose,
        "fields": list(record.fields),
        "rows": record.rows,
        "snapshot": record.snapshot,
        "detail": dict(record.detail),
    }


def verify_json(found: Verifier) -> dict[str, Any]:
    """What a verification found, for machines."""
    return {
        "records": found.records,
        "checkpoints": found.checkpoints,
        "faults": found.count,
        "listed": [
            {
                "kind": one.kind,
                "sequence": one.sequence or None,
                "until": one.until or None,
                "checkpoint": one.checkpoint or None,
            }
            for one in found.faults
        ],
    }


def print_verified(found: Verifier) -> None:
    """What a verification found: every fault by its number, up to a screenful."""
    for fault in found.faults[:MOST_FAULTS]:
        print_line(fault_text(fault.kind, fault.sequence, fault.until, fault.checkpoint))
    if found.count > MOST_FAULTS:
        print_line(text("audit_more_faults", count=f"{found.count - MOST_FAULTS:,}"))
    key = "audit_sound" if found.count == 0 else "audit_unsound"
    counts = {"records": f"{found.records:,}", "checkpoints": f"{found.checkpoints:,}"}
    print_line(text(key, faults=f"{found.count:,}", **counts))


_FAULTS = {
    "changed": "audit_fault_changed",
    "missing": "audit_fault_missing",
    "inserted": "audit_fault_inserted",
    "reordered": "audit_fault_reordered",
    "truncated": "audit_fault_truncated",
    "rewritten": "audit_fault_rewritten",
    "checkpoint_forged": "audit_fault_checkpoint_forged",
    "checkpoint_order": "audit_fault_checkpoint_order",
    "checkpoint_differs": "audit_fault_checkpoint_differs",
}


def fault_text(
    kind: str, sequence: int, until: int, checkpoint: int, lang: str | None = None
) -> str:
    """What is wrong, in words."""
    last = max(sequence, until)
    place = str(sequence) if last == sequence else f"{sequence}-{last}"
    return text(_FAULTS[kind], lang, records=place, checkpoint=checkpoint)


def _short(told: str) -> str:
    return told if len(told) <= WIDEST else told[: WIDEST - 1] + "…"
