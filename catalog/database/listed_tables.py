"""The tables of imported lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.database.tables import Base, FreeText, Key, WorkspaceKey


class CatalogueListRow(Base):
    """A list of another catalogue; `rows` are the file's, kept or not.

    The fingerprint is of the file and its mapping: the same again changes nothing.
    """

    __tablename__ = "catalogue_list"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    name: Mapped[str]
    fingerprint: Mapped[str]
    rows: Mapped[int]
    imported_at: Mapped[datetime]


class CatalogueEntryRow(Base):
    """An entry of a list, in the list's order from 0."""

    __tablename__ = "catalogue_entry"
    __table_args__ = (UniqueConstraint("list_id", "key"),)

    list_id: Mapped[int] = mapped_column(ForeignKey("catalogue_list.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(FreeText)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
