"""The table of the programs that may sign in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from catalog.database.tables import Base, Key, WorkspaceKey


class ApiClientRow(Base):
    """A program of one partner or department, which asks for one of its users; the secret is kept as a
    hash. A department's has no partner."""

    __tablename__ = "api_client"
    __table_args__ = (UniqueConstraint("client_id"),)

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    client_id: Mapped[str]
    partner: Mapped[str]
    department: Mapped[str | None]
    user_name: Mapped[str]
    salt: Mapped[str]
    secret_hash: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
