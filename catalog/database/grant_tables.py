"""The table of grants: who may read what of a resource, until when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.tables import Base, FreeText, Key, WorkspaceKey


class GrantRow(Base):
    """A grant. Only its end, and whether it is suspended, are ever changed.

    `suspended_why` has the code of an error and what its text names: the contract does not allow
    any more what the grant gives.

    `task_id` names the task of the request that it provisions: a task is provisioned once. Returned
    data has neither.
    """

    __tablename__ = "share_grant"
    __table_args__ = (
        UniqueConstraint("workspace_id", "grant_id"),
        UniqueConstraint("task_id"),
        CheckConstraint("manner IN ('interface', 'download', 'subscription')", name="manner"),
        CheckConstraint("valid_from < valid_to", name="term"),
        Index("ix_share_grant_for", "workspace_id", "department", "resource"),
    )

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    grant_id: Mapped[str] = mapped_column(FreeText)
    request_id: Mapped[str] = mapped_column(FreeText)
    task_id: Mapped[int | None]
    department: Mapped[str] = mapped_column(FreeText)
    resource: Mapped[str] = mapped_column(FreeText)
    owner: Mapped[str] = mapped_column(FreeText)
    fields: Mapped[list[str]]
    masks: Mapped[dict[str, str]]
    conditions: Mapped[dict[str, str]]
    row_field: Mapped[str | None] = mapped_column(FreeText)
    row_values: Mapped[list[str]]
    basis: Mapped[str] = mapped_column(FreeText)
    scenario: Mapped[str] = mapped_column(FreeText)
    purpose: Mapped[str] = mapped_column(FreeText)
    manner: Mapped[str]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(FreeText)
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(FreeText)
    revoked_why: Mapped[str | None] = mapped_column(FreeText)
    expiry_noted_at: Mapped[datetime | None]
    legal: Mapped[dict[str, str]] = mapped_column(server_default="{}")
    suspended_at: Mapped[datetime | None]
    suspended_why: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class GrantEventRow(Base):
    """A grant was suspended or restored, once for each department that is told.

    Triggers refuse to change or remove it.
    """

    __tablename__ = "share_grant_event"
    __table_args__ = (
        CheckConstraint("act IN ('suspend', 'restore')", name="act"),
        Index("ix_share_grant_event_of", "grant_key"),
    )

    id: Mapped[Key]
    grant_key: Mapped[int] = mapped_column(ForeignKey("share_grant.id"))
    at: Mapped[datetime]
    act: Mapped[str]
    why: Mapped[dict[str, Any]] = mapped_column(JSON)
    told: Mapped[str] = mapped_column(FreeText)


class SharingRulesRow(Base):
    """By which rules the grants of a workspace were looked at last (`SharingRules.digest`)."""

    __tablename__ = "share_rules"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    digest: Mapped[str]
    settled_at: Mapped[datetime]
