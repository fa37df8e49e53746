"""The tables of use by day. They follow from the audit log and may be counted anew from it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from catalog.audit.usage import CHANNELS
from catalog.database.tables import Base, Int64

_CHANNELS = ", ".join(f"'{channel}'" for channel in CHANNELS)


class UsageDayRow(Base):
    """How often one user had a resource by one channel on a day of the city's calendar."""

    __tablename__ = "usage_day"
    __table_args__ = (
        CheckConstraint(f"channel IN ({_CHANNELS})", name="channel"),
        Index("ix_usage_day_day", "workspace", "day"),
    )

    workspace: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    user_name: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[Int64]
    rows: Mapped[Int64]
    last_at: Mapped[datetime]


class UsageCountedRow(Base):
    """Up to which number the records of a workspace's log are in `usage_day`."""

    __tablename__ = "usage_counted"

    workspace: Mapped[str] = mapped_column(primary_key=True)
    counted: Mapped[Int64]
