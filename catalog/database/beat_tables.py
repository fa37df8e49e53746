"""The table of when the service was there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from catalog.database.tables import Base, Key


class ServiceBeatRow(Base):
    """A time in which a process served a workspace; `seen_at` is the last time that it said so."""

    __tablename__ = "service_beat"
    __table_args__ = (Index("ix_service_beat_of", "workspace", "seen_at"),)

    id: Mapped[Key]
    workspace: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
