"""The tables of letters, agreements and consents. Triggers refuse to change or remove their rows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.agreements import KINDS
from catalog.database.tables import Base, FreeText, Key, WorkspaceKey

InstrumentKey = Annotated[int, mapped_column(ForeignKey("instrument.id"))]
_CHOICES = ", ".join(f"'{kind}'" for kind in KINDS)


class InstrumentVersion(Base):
    """A version of a document; the greatest one that was imported holds.

    `partner` is who may ask by it, `party` the department or the enterprise that gives it.
    """

    __tablename__ = "instrument"
    __table_args__ = (
        UniqueConstraint("workspace_id", "kind", "name", "version"),
        CheckConstraint(f"kind IN ({_CHOICES})", name="kind"),
        Index("ix_instrument_parties", "workspace_id", "kind", "partner", "party"),
    )

    id: Mapped[Key]
    workspace_id: Mapped[WorkspaceKey]
    kind: Mapped[str]
    name: Mapped[str]
    version: Mapped[int]
    partner: Mapped[str | None]
    party: Mapped[str | None]
    fingerprint: Mapped[str]
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    signatures: Mapped[list[Any]] = mapped_column(JSON)
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    imported_at: Mapped[datetime]


class InstrumentRevocation(Base):
    """That a document, in this version and the earlier ones, holds no more from a moment on."""

    __tablename__ = "instrument_revocation"
    __table_args__ = (Index("ix_instrument_revocation_of", "instrument_id", "at"),)

    id: Mapped[Key]
    instrument_id: Mapped[InstrumentKey]
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(FreeText)
    reason: Mapped[str] = mapped_column(FreeText)
    recorded_at: Mapped[datetime]


class ConsentUsed(Base):
    """That a consent was used for a request."""

    __tablename__ = "consent_use"

    instrument_id: Mapped[InstrumentKey] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime]
