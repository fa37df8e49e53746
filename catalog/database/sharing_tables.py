"""The tables of requests between departments: what is asked, who answers, and all that was done."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.tables import Base, FreeText, Key, WorkspaceKey


class _ClockColumns:
    """The columns of a clock (`catalog.sharing.clocks.Clock`); no step: there is none."""

    clock_step: Mapped[str | None]
    due_at: Mapped[datetime | None]
    days_left: Mapped[int | None]
    reminded_at: Mapped[datetime | None]
    supervised_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]


class ShareRequestRow(_ClockColumns, Base):
    """A request as it stands; `items` are what is asked for, `catalog.sharing.request.Item`."""

    __tablename__ = "share_request"
    __table_args__ = (
        UniqueConstraint("workspace_id", "request_id"),
        CheckConstraint("manner IN ('interface', 'download', 'subscription')", name="manner"),
        CheckConstraint(
            "state IN ('submitted', 'pre_auditing', 'returned', 'dispatched', 'confirmed', "
            "'withdrawn')",
            name="state",
        ),
        Index("ix_share_request_of", "workspace_id", "department"),
    )

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    request_id: Mapped[str] = mapped_column(FreeText)
    department: Mapped[str] = mapped_column(FreeText)
    user_name: Mapped[str] = mapped_column(FreeText)
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    basis: Mapped[str] = mapped_column(FreeText)
    scenario: Mapped[str] = mapped_column(FreeText)
    purpose: Mapped[str] = mapped_column(FreeText)
    manner: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    state: Mapped[str]
    submitted_at: Mapped[datetime]


class ShareTaskRow(_ClockColumns, Base):
    """What one department has to answer of a request; `number` counts from 1 within it."""

    __tablename__ = "share_task"
    __table_args__ = (
        UniqueConstraint("request_key", "number"),
        CheckConstraint(
            "state IN ('dispatched', 'supervising', 'correction', 'returned', 'approved', "
            "'partially_approved', 'provisioned', 'refused')",
            name="state",
        ),
        Index("ix_share_task_owner", "owner", "state"),
    )

    id: Mapped[Key]
    request_key: Mapped[int] = mapped_column(ForeignKey("share_request.id"))
    number: Mapped[int]
    resource: Mapped[str] = mapped_column(FreeText)
    owner: Mapped[str] = mapped_column(FreeText)
    fields: Mapped[list[str]]
    share_type: Mapped[int]
    state: Mapped[str]
    decisions: Mapped[dict[str, Any]] = mapped_column(JSON)
    decided_by: Mapped[str] = mapped_column(FreeText)
    decided_at: Mapped[datetime | None]
    question: Mapped[str] = mapped_column(FreeText)
    answer: Mapped[str] = mapped_column(FreeText)
    follows: Mapped[int | None]
    grant_id: Mapped[str | None] = mapped_column(FreeText)
    dispute_state: Mapped[str | None]
    disputed_at: Mapped[datetime | None]
    disputed_by: Mapped[str | None] = mapped_column(FreeText)
    dispute_reason: Mapped[str | None] = mapped_column(FreeText)
    ruled_at: Mapped[datetime | None]
    ruled_by: Mapped[str | None] = mapped_column(FreeText)
    ruling: Mapped[str | None] = mapped_column(FreeText)
    dispute_due_at: Mapped[datetime | None]
    dispute_reminded_at: Mapped[datetime | None]
    dispute_supervised_at: Mapped[datetime | None]
    dispute_escalated_at: Mapped[datetime | None]


class ShareEventRow(Base):
    """Something that was done to a request or an objection. Triggers refuse to change or remove it."""

    __tablename__ = "share_event"
    __table_args__ = (
        CheckConstraint("(request_key IS NULL) <> (objection_key IS NULL)", name="of_one"),
        Index("ix_share_event_request", "request_key"),
        Index("ix_share_event_objection", "objection_key"),
    )

    id: Mapped[Key]
    request_key: Mapped[int | None] = mapped_column(ForeignKey("share_request.id"))
    objection_key: Mapped[int | None] = mapped_column(ForeignKey("share_objection.id"))
    task: Mapped[int | None]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(FreeText)
    act: Mapped[str]
    state_before: Mapped[str]
    state_after: Mapped[str]
    reason: Mapped[str] = mapped_column(FreeText)
    told: Mapped[str] = mapped_column(FreeText)


class BasketRow(Base):
    """Fields of a resource that somebody has put into his basket."""

    __tablename__ = "share_basket"
    __table_args__ = (UniqueConstraint("workspace_id", "account", "resource"),)

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    account: Mapped[str] = mapped_column(FreeText)
    resource: Mapped[str] = mapped_column(FreeText)
    fields: Mapped[list[str]]
    put_at: Mapped[datetime]


class ObjectionRow(Base):
    """A value that somebody says is wrong; `record_key` is by key field its value as text."""

    __tablename__ = "share_objection"
    __table_args__ = (
        UniqueConstraint("workspace_id", "objection_id"),
        CheckConstraint(
            "state IN ('raised', 'traced', 'verified', 'corrected', 'rejected')", name="state"
        ),
        Index("ix_share_objection_of", "workspace_id", "resource", "state"),
    )

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    objection_id: Mapped[str] = mapped_column(FreeText)
    department: Mapped[str] = mapped_column(FreeText)
    user_name: Mapped[str] = mapped_column(FreeText)
    resource: Mapped[str] = mapped_column(FreeText)
    record_key: Mapped[dict[str, str]]
    field: Mapped[str] = mapped_column(FreeText)
    wrong: Mapped[str] = mapped_column(FreeText)
    evidence: Mapped[str] = mapped_column(FreeText)
    state: Mapped[str]
    raised_at: Mapped[datetime]
    snapshot: Mapped[str | None]
    closed_at: Mapped[datetime | None]


class ObjectionRouteRow(_ClockColumns, Base):
    """What one source of an objection's value was asked and says (`catalog.sharing.objection.Route`)."""

    __tablename__ = "share_objection_route"
    __table_args__ = (
        UniqueConstraint("objection_key", "number"),
        CheckConstraint("verdict IN ('confirmed', 'denied')", name="verdict"),
        Index("ix_share_objection_route_of", "department", "answered_at"),
    )

    id: Mapped[Key]
    objection_key: Mapped[int] = mapped_column(ForeignKey("share_objection.id"))
    number: Mapped[int]
    department: Mapped[str] = mapped_column(FreeText)
    sources: Mapped[list[str]]
    verdict: Mapped[str | None]
    answered_by: Mapped[str] = mapped_column(FreeText)
    answered_at: Mapped[datetime | None]
    said: Mapped[str] = mapped_column(FreeText)
    snapshot: Mapped[str | None]
