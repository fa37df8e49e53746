"""The exchange's records in the audit log."""

from __future__ import annotations

from datetime import datetime

from catalog.audit.record import DONE, AuditRecord
from catalog.audit.usage import UNCHANGED
from catalog.errors import CityBrainError
from pipelines.exchange.asking import Page, PageAsked
from pipelines.exchange.reader import Reader, View

LONGEST = 200  # characters of a name that a reader made up
FAILED = "service_failed"


def given(
    at: datetime,
    reader: Reader,
    view: View,
    what: str,
    rows: int | None,
    snapshot: int | None,
    outcome: str = DONE,
    **detail: str,
) -> AuditRecord:
    """That rows were given, or are about to be.

    Args:
        what: `page`, `changes`, `export`, `export_end`.
    """
    return AuditRecord(
        at=at,
        actor=reader.actor,
        action="exchange",
        subject=view.grant.resource,
        outcome=outcome,
        under=view.grant.id,
        purpose=view.grant.purpose,
        fields=view.names,
        rows=rows,
        snapshot=snapshot,
        detail=_detail(reader, what, detail),
    )


def refused(
    at: datetime,
    reader: Reader,
    resource: str,
    what: str,
    error: Exception,
    grant: str | None = None,
) -> AuditRecord:
    """That nothing was given, and why."""
    return AuditRecord(
        at=at,
        actor=reader.actor,
        action="exchange",
        subject=resource[:LONGEST],
        outcome=error.code if isinstance(error, CityBrainError) else FAILED,
        under=(grant or "")[:LONGEST],
        purpose=reader.purpose[:LONGEST],
        detail=_detail(reader, what, {}),
    )


def page_record(at: datetime, asked: PageAsked, found: Page | Exception) -> AuditRecord:
    """What was given, or refused, of a page."""
    what = "changes" if asked.changes else "page"
    if isinstance(found, Exception):
        return refused(at, asked.reader, asked.resource, what, found, asked.grant)
    detail: dict[str, str] = {} if found.since is None else {"since": str(found.since)}
    if found.unchanged:
        detail[UNCHANGED] = "yes"
    rows, snapshot = found.table.num_rows, found.snapshot.snapshot_id
    return given(at, asked.reader, found.view, what, rows, snapshot, **detail)


def _detail(reader: Reader, what: str, more: dict[str, str]) -> dict[str, str]:
    client = {"client": reader.client} if reader.client else {}
    return {"kind": what, **client, **more}
