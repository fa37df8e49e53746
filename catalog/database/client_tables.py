"""The table of the programs that may sign in to the sandbox's service."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from catalog.database.tables import Base, Key, WorkspaceKey


class ApiClientRow(Base):
    """A program of one partner, which asks for one of his users; the secret is kept as a hash."""

    __tablename__ = "api_client"
    __table_args__ = (UniqueConstraint("client_id"),)

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    client_id: Mapped[str]
    partner: Mapped[str]
    user_name: Mapped[str]
    salt: Mapped[str]
    secret_hash: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
