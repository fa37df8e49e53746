"""The one place through which sharing writes to the audit log."""

from __future__ import annotations

from sqlalchemy.orm import Session

from catalog.audit.record import AuditRecord


def note(session: Session, workspace: str, record: AuditRecord) -> None:
    """Append a record within the transaction of what it tells of: both are written, or neither."""
