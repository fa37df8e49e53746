"""What is kept of letters, agreements and consents, as immutable values; times are aware."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from catalog.agreements import Agreement, Document, Kind, Signature

State = Literal["in_force", "early", "expired", "revoked", "unsigned"]
Fields = Mapping[str, Collection[str]]  # by view or resource, names of fields
Sources = Mapping[str, Mapping[str, Fields]]  # by view and department, the resources it is made of


@dataclass(frozen=True, slots=True)
class Revocation:
    """That a document holds no more from a moment on."""

    at: datetime
    by: str
    reason: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Instrument:
    """A version of a document, as it was imported.

    Attributes:
        valid_from, valid_until: from when to before when it is valid.
        fingerprint: of the document (`catalog.agreements.fingerprint`).
        revocation: the earliest one, if any.
        countersigned: False: its partner would have to sign it before it holds, and has not
            (`catalog.database.standing`).
    """

    kind: Kind
    id: str
    version: int
    document: Document
    signatures: tuple[Signature, ...]
    fingerprint: str
    valid_from: datetime
    valid_until: datetime
    imported_at: datetime
    revocation: Revocation | None = None
    countersigned: bool = True

    @property
    def name(self) -> str:
        """Kind, id and version, for logs and charges."""
        return f"{self.kind}:{self.id}@{self.version}"

    def state(self, at: datetime) -> State:
        """Whether it holds at a moment, and if not, why."""
        if self.revocation is not None and self.revocation.at <= at:
            return "revoked"
        if at >= self.valid_until:
            return "expired"
        if not self.countersigned:
            return "unsigned"
        return "early" if at < self.valid_from else "in_force"


@dataclass(frozen=True, slots=True)
class Permission:
    """That a user may ask what he asked.

    Attributes:
        agreement: `terms` is what it says.
        letters: of every department whose data the views are made of.
        granted: by view, the fields that were asked for and are granted.
    """

    agreement: Instrument
    terms: Agreement
    letters: tuple[Instrument, ...]
    granted: Mapping[str, tuple[str, ...]]

    @property
    def instruments(self) -> tuple[str, ...]:
        """The names of all documents that allowed it."""
        return (self.agreement.name, *(letter.name for letter in self.letters))


@dataclass(frozen=True, slots=True)
class ConsentUse:
    """That a consent was used for a request; `again`: it was used for this request before."""

    consent: str
    version: int
    request_id: str
    used_at: datetime
    again: bool = False


@dataclass(frozen=True, slots=True)
class InstrumentFault:
    """A stored document that is not as it was signed; `code` is an error code."""

    kind: str
    id: str
    version: int
    code: str
