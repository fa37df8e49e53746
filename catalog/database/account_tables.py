"""The tables of the people who sign in to the portal, and of their sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.tables import Base, FreeText, Key, WorkspaceKey

AccountKey = Annotated[int, mapped_column(ForeignKey("account.id"))]


class AccountRow(Base):
    """Somebody who may sign in: with a password of ours, or through `issuer`, which knows him."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("workspace_id", "name", name="uq_account_workspace_id"),)

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    name: Mapped[str]
    title: Mapped[str] = mapped_column(FreeText)
    role: Mapped[str]
    department: Mapped[str | None]
    partner: Mapped[str | None]
    issuer: Mapped[str | None]
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class SessionRow(Base):
    """A browser that has signed in; of its secret only the hash is kept."""

    __tablename__ = "account_session"
    __table_args__ = (
        UniqueConstraint("secret_hash", name="uq_account_session_secret_hash"),
        Index("ix_account_session_account_id", "account_id"),
    )

    id: Mapped[Key]
    account_id: Mapped[AccountKey]
    secret_hash: Mapped[str]
    address: Mapped[str] = mapped_column(FreeText)
    agent: Mapped[str] = mapped_column(FreeText)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class SignInFailureRow(Base):
    """How often signing in has failed for an account or from an address, and until when it counts."""

    __tablename__ = "sign_in_failure"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    until_at: Mapped[datetime]
