"""The table of countersignatures. Triggers refuse to change or remove its rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from catalog.database.instrument_tables import InstrumentKey
from catalog.database.tables import Base, Key


class CountersignatureRow(Base):
    """That somebody signed a version of a document after it was imported."""

    __tablename__ = "instrument_countersignature"
    __table_args__ = (UniqueConstraint("instrument_id", "signer"),)

    id: Mapped[Key]
    instrument_id: Mapped[InstrumentKey]
    signer: Mapped[str]
    key: Mapped[str]
    value: Mapped[str]
    added_at: Mapped[datetime]
    added_by: Mapped[str]
