"""The tables of the exchange: how much departments have read, and who is told of publishes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.tables import Base, FreeText, Int64, Key, WorkspaceKey


class ExchangeUsageRow(Base):
    """How much of something a department has used in one window of time."""

    __tablename__ = "exchange_usage"
    __table_args__ = (
        UniqueConstraint("workspace_id", "department", "kind", "since"),
        CheckConstraint("kind IN ('requests', 'rows')", name="kind"),
    )

    id: Mapped[Key]
    workspace_id: Mapped[int]
    department: Mapped[str] = mapped_column(FreeText)
    kind: Mapped[str]
    since: Mapped[datetime]
    used: Mapped[Int64]


class SubscriptionRow(Base):
    """An address that is told of new snapshots of one resource, for as long as a grant holds.

    `snapshot_id` is the last snapshot for which a notice was made.
    """

    __tablename__ = "exchange_subscription"
    __table_args__ = (
        UniqueConstraint("subscription_id"),
        Index("ix_exchange_subscription_for", "workspace_id", "department", "resource"),
    )

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    subscription_id: Mapped[str]
    department: Mapped[str] = mapped_column(FreeText)
    user_name: Mapped[str] = mapped_column(FreeText)
    resource: Mapped[str] = mapped_column(FreeText)
    grant_id: Mapped[str] = mapped_column(FreeText)
    url: Mapped[str] = mapped_column(FreeText)
    snapshot_id: Mapped[Int64 | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]


class NoticeRow(Base):
    """A notice that is to be sent, or was. Made once for each subscription and snapshot."""

    __tablename__ = "exchange_notice"
    __table_args__ = (
        UniqueConstraint("subscription_key", "snapshot_id"),
        UniqueConstraint("notice_id"),
        CheckConstraint("state IN ('waiting', 'sent', 'dead', 'dropped')", name="state"),
        Index("ix_exchange_notice_due", "state", "due_at"),
    )

    id: Mapped[Key]
    notice_id: Mapped[str]
    subscription_key: Mapped[int] = mapped_column(ForeignKey("exchange_subscription.id"))
    snapshot_id: Mapped[Int64]
    made_at: Mapped[datetime]
    state: Mapped[str]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(FreeText)
