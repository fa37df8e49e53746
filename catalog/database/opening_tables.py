"""The table of all that partners asked for. Triggers refuse to change or remove a row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.tables import Base, FreeText, Key


class OpeningRow(Base):
    """One call: what was asked, and what came of it. Immutable.

    `workspace_id` refers to nothing: a reference would wait for whoever holds the workspace's lock.
    """

    __tablename__ = "opening"
    __table_args__ = (
        CheckConstraint("action IN ('quote', 'query', 'answer', 'record')", name="action"),
        Index("ix_opening_by", "workspace_id", "agreement", "at"),
    )

    id: Mapped[Key]
    workspace_id: Mapped[int]
    at: Mapped[datetime]
    partner: Mapped[str] = mapped_column(FreeText)
    user_name: Mapped[str] = mapped_column(FreeText)
    agreement: Mapped[str] = mapped_column(FreeText)
    purpose: Mapped[str] = mapped_column(FreeText)
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(FreeText)
    outcome: Mapped[str]
    instruments: Mapped[list[str]]
    charge_id: Mapped[int | None]
