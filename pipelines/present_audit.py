"""The audit log as tables and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from catalog.audit.entries import moment
from catalog.database.audit import Logged
from catalog.errors import CatalogError
from catalog.text import text
from pipelines.present import make_table, print_line, print_table

if TYPE_CHECKING:
    from catalog.audit.offline import Verifier
    from pipelines.timestamping import Stamped

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


def verify_json(
    found: Verifier, stamps: Stamped | None = None, late: CatalogError | None = None
) -> dict[str, Any]:
    """What a verification found, for machines; `timestamps` is null where there is nothing to say,
    `overdue` unless nobody is given anything at present."""
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
        "timestamps": None if stamps is None else _stamps_json(stamps),
        "overdue": None if late is None else late.code,
    }


def _stamps_json(stamps: Stamped) -> dict[str, Any]:
    return {
        "count": stamps.count,
        "checked": stamps.checked,
        "covered": stamps.covered,
        "at": None if stamps.at is None else moment(stamps.at),
        "none_since": stamps.since,
    }


def stamps_text(stamps: Stamped, lang: str | None = None) -> str:
    """Until where timestamps reach, and since when there was none, in words."""
    if not stamps.checked:
        return text("audit_stamps_unchecked", lang, count=f"{stamps.count:,}")
    said = []
    if stamps.at is not None:
        at = stamps.at.isoformat(" ", "seconds")
        said.append(text("audit_stamped", lang, records=f"{stamps.covered:,}", moment=at))
    if stamps.since is not None:
        said.append(text("audit_stamps_missing", lang, moment=stamps.since))
    return " ".join(said) if said else text("audit_stamps_none", lang)


def print_verified(
    found: Verifier, stamps: Stamped | None = None, late: CatalogError | None = None
) -> None:
    """What a verification found: every fault by its number, up to a screenful.

    Args:
        late: why nobody is given anything at present.
    """
    for fault in found.faults[:MOST_FAULTS]:
        print_line(fault_text(fault.kind, fault.sequence, fault.until, fault.checkpoint))
    if found.count > MOST_FAULTS:
        print_line(text("audit_more_faults", count=f"{found.count - MOST_FAULTS:,}"))
    key = "audit_sound" if found.count == 0 else "audit_unsound"
    counts = {"records": f"{found.records:,}", "checkpoints": f"{found.checkpoints:,}"}
    print_line(text(key, faults=f"{found.count:,}", **counts))
    if stamps is not None:
        print_line(stamps_text(stamps))
    if late is not None:
        print_line(str(late))


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
    "timestamp_answer": "audit_fault_timestamp_answer",
    "timestamp_imprint": "audit_fault_timestamp_imprint",
    "timestamp_untrusted": "audit_fault_timestamp_untrusted",
    "timestamp_early": "audit_fault_timestamp_early",
    "timestamp_stray": "audit_fault_timestamp_stray",
    "timestamp_changed": "audit_fault_timestamp_changed",
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
