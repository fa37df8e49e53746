"""The table of grants: who may read what of a resource, until when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.tables import Base, FreeText, Key, WorkspaceKey


class GrantRow(Base):
    """A grant. Only its revocation is ever added to it.

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
