"""The tables of what departments are told, and of how far each person has read it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.tables import Base, FreeText, Key, WorkspaceKey

OF_ONE = (
    "(CASE WHEN request_key IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN objection_key IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN grant_key IS NULL THEN 0 ELSE 1 END) = 1"
)


class ShareNoticeRow(Base):
    """A department is told of something that was done to a request, an objection or a grant.

    Rows are written while the workspace is locked, so that their numbers rise in the order in which
    they can be seen: who has read up to a number has missed none.
    """

    __tablename__ = "share_notice"
    __table_args__ = (
        CheckConstraint(OF_ONE, name="of_one"),
        Index("ix_share_notice_for", "workspace_id", "department", "id"),
    )

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    department: Mapped[str] = mapped_column(FreeText)
    at: Mapped[datetime]
    act: Mapped[str]
    task: Mapped[int | None]
    request_key: Mapped[int | None] = mapped_column(ForeignKey("share_request.id"))
    objection_key: Mapped[int | None] = mapped_column(ForeignKey("share_objection.id"))
    grant_key: Mapped[int | None] = mapped_column(ForeignKey("share_grant.id"))


class NoticeSeenRow(Base):
    """Up to which notice somebody has read; without a row, none."""

    __tablename__ = "notice_seen"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    person: Mapped[str] = mapped_column(FreeText, primary_key=True)
    seen: Mapped[int]
    at: Mapped[datetime]
