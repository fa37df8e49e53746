"""What of a record is hashed and kept: every text so that any database can store it as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from catalog.audit.record import AuditRecord

SHORT = 500  # characters of what is looked for: an index of PostgreSQL takes 2,700 bytes
LONG = 4_000  # characters of other texts
_MARK = "…sha256:"

#: What somebody is given; everything else is a decision or a change.
ACCESSES = frozenset({"exchange", "query", "record", "answer", "quote"})


def plain(record: AuditRecord) -> dict[str, Any]:
    """A record as it is kept, without its place in the log.

    PostgreSQL refuses NUL and both databases refuse half characters; they are written as escapes.
    Longer texts are cut, and say by a hash what they were.

    Raises:
        ValueError: its time has no zone.
    """
    return {
        "at": moment(record.at),
        "actor": storable(record.actor, SHORT),
        "action": record.action,
        "subject": storable(record.subject, SHORT),
        "outcome": storable(record.outcome, SHORT),
        "under": storable(record.under, SHORT),
        "purpose": storable(record.purpose, LONG),
        "fields": [storable(name, SHORT) for name in record.fields],
        "rows": record.rows,
        "snapshot": record.snapshot,
        "detail": {
            storable(key, SHORT): storable(value, LONG) for key, value in record.detail.items()
        },
    }


def record_of(entry: Mapping[str, Any]) -> AuditRecord:
    """The record of an entry."""
    return AuditRecord(
        at=datetime.fromisoformat(entry["at"]),
        actor=entry["actor"],
        action=entry["action"],
        subject=entry["subject"],
        outcome=entry["outcome"],
        under=entry["under"],
        purpose=entry["purpose"],
        fields=tuple(entry["fields"]),
        rows=entry["rows"],
        snapshot=entry["snapshot"],
        detail=dict(entry["detail"]),
    )


def moment(at: datetime) -> str:
    """A time in UTC with microseconds, so that texts sort as times do.

    Raises:
        ValueError: it has no zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {at}")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def storable(text: str, longest: int) -> str:
    """A text without NUL and half characters, no longer than so many characters."""
    kept = text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")
    if len(kept) <= longest:
        return kept
    mark = _MARK + hashlib.sha256(kept.encode("utf-8")).hexdigest()
    return kept[: longest - len(mark)] + mark
