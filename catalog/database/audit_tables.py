"""The tables of the audit log. Triggers refuse to change or remove a record or a checkpoint."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.audit.record import ACTIONS
from catalog.database.tables import Base, Int64, Key

_ACTIONS = ", ".join(f"'{action}'" for action in ACTIONS)


class AuditLogRow(Base):
    """A workspace's log: where it ends. Writers lock this row, and nothing else of the workspace.

    `open_since` is when the oldest record was written that no checkpoint covers; `overdue_seconds` is
    how old it may be. `unstamped_since` and `stamp_overdue_seconds` say the same of timestamps. None
    of them refers to another table, so that a log is there before all else.
    """

    __tablename__ = "audit_log"
    __table_args__ = (UniqueConstraint("workspace"),)

    id: Mapped[Key]
    workspace: Mapped[str]
    log: Mapped[str]
    size: Mapped[Int64]
    head: Mapped[str]
    last_at: Mapped[datetime | None]
    anchored: Mapped[Int64]
    open_since: Mapped[datetime | None]
    overdue_seconds: Mapped[int | None]
    unstamped_since: Mapped[datetime | None]
    stamp_overdue_seconds: Mapped[int | None]


class AuditRecordRow(Base):
    """A record with its number (from 1) and hash. Immutable."""

    __tablename__ = "audit_record"
    __table_args__ = (
        CheckConstraint(f"action IN ({_ACTIONS})", name="action"),
        Index("ix_audit_record_actor", "log_id", "actor", "sequence"),
        Index("ix_audit_record_action", "log_id", "action", "sequence"),
        Index("ix_audit_record_subject", "log_id", "subject", "sequence"),
        Index("ix_audit_record_under", "log_id", "under", "sequence"),
        Index("ix_audit_record_time", "log_id", "recorded_at", "sequence"),
        Index(
            "ix_audit_record_batch",
            "log_id",
            "batch",
            sqlite_where=text("batch <> ''"),
            postgresql_where=text("batch <> ''"),
        ),
    )

    log_id: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[Int64] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime]
    batch: Mapped[str]
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    outcome: Mapped[str]
    under: Mapped[str]
    purpose: Mapped[str]
    fields: Mapped[list[str]]
    rows: Mapped[Int64 | None]
    snapshot: Mapped[Int64 | None]
    detail: Mapped[dict[str, str]]
    hash: Mapped[str]


class AuditCheckpointRow(Base):
    """A signed checkpoint; see `catalog.audit.offline.SIGNED`. Immutable. `at` is as it was signed."""

    __tablename__ = "audit_checkpoint"

    log_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[Int64]
    root: Mapped[str]
    head: Mapped[str]
    at: Mapped[str]
    previous: Mapped[str]
    key: Mapped[str]
    signature: Mapped[str]


class AuditNodeRow(Base):
    """The hash of a complete subtree of 256, 65,536, ... records, for proofs. Immutable."""

    __tablename__ = "audit_node"

    log_id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[Int64] = mapped_column(primary_key=True)
    hash: Mapped[str]


class AuditTimestampRow(Base):
    """What an authority said of a checkpoint (`catalog.audit.timestamps.Timestamp`). Immutable."""

    __tablename__ = "audit_timestamp"

    log_id: Mapped[int] = mapped_column(primary_key=True)
    checkpoint: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    token: Mapped[bytes]
