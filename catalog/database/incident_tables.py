"""The tables of the register of incidents (失泄密). Triggers refuse to change or remove a row."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.tables import Base, FreeText, Key


class IncidentRow(Base):
    """Data that came, or may have come, to where it should not; as it was recorded. Immutable."""

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("workspace", "number"),
        CheckConstraint("severity IN ('minor', 'serious', 'grave')", name="severity"),
    )

    id: Mapped[Key]
    workspace: Mapped[str]
    number: Mapped[int]
    found_on: Mapped[date]
    resources: Mapped[list[str]]
    what: Mapped[str] = mapped_column(FreeText)
    severity: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(FreeText)


class IncidentClosingRow(Base):
    """What was done about an incident; then it is closed. Immutable."""

    __tablename__ = "incident_closing"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    closed_at: Mapped[datetime]
    closed_by: Mapped[str] = mapped_column(FreeText)
    how: Mapped[str] = mapped_column(FreeText)


class IncidentStatementRow(Base):
    """An auditor says that the register is complete as far as he knows. Immutable."""

    __tablename__ = "incident_statement"
    __table_args__ = (Index("ix_incident_statement_of", "workspace", "stated_at"),)

    id: Mapped[Key]
    workspace: Mapped[str]
    stated_at: Mapped[datetime]
    stated_by: Mapped[str] = mapped_column(FreeText)
