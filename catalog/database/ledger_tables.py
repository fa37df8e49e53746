"""The tables of the ledger: which stage ran for which moment, and what waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.ledger_records import DECISIONS, STAGE_STATES
from catalog.database.tables import Base, FreeText, Int64, Key, ResourceKey, WorkspaceKey


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    choices = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({choices})", name=column)


class StageRun(Base):
    """One stage for one moment; a greater id was asked for later.

    `run_id` is empty where nothing was due. `marks` is, by table, what its result depended on.
    """

    __tablename__ = "stage_run"
    __table_args__ = (
        UniqueConstraint("workspace_id", "stage", "at"),
        _one_of("state", STAGE_STATES),
        Index("ix_stage_run_finished", "workspace_id", "stage", "finished_at"),
    )

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    stage: Mapped[str]
    at: Mapped[datetime]
    state: Mapped[str]
    marks: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_id: Mapped[str | None]
    attempt: Mapped[int]
    outcomes: Mapped[dict[str, str]]
    pid: Mapped[Int64]
    host: Mapped[str]
    claimed_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class CollectedSlot(Base):
    """That a resource was collected for a slot of its cadence, and how that ended."""

    __tablename__ = "collected_slot"

    resource_id: Mapped[ResourceKey] = mapped_column(primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    status: Mapped[str]
    run_id: Mapped[str]
    recorded_at: Mapped[datetime]


class LateDelivery(Base):
    """That a department was late for a slot; `settled_at` is when it had delivered after all."""

    __tablename__ = "late_delivery"

    resource_id: Mapped[ResourceKey] = mapped_column(primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    deadline: Mapped[datetime]
    noticed_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class GateHold(Base):
    """A publish that waits for a person, and what he decided about exactly this result."""

    __tablename__ = "gate_hold"
    __table_args__ = (
        UniqueConstraint("resource_id", "fingerprint"),
        _one_of("decision", DECISIONS),
    )

    id: Mapped[Key]
    resource_id: Mapped[ResourceKey]
    fingerprint: Mapped[str]
    run_id: Mapped[str]
    reason_code: Mapped[str]
    reason_message: Mapped[str] = mapped_column(FreeText)
    received: Mapped[Int64]
    published: Mapped[Int64]
    quarantined: Mapped[Int64]
    held_at: Mapped[datetime]
    decision: Mapped[str | None]
    who: Mapped[str | None] = mapped_column(FreeText)
    why: Mapped[str | None] = mapped_column(FreeText)
    decided_at: Mapped[datetime | None]
