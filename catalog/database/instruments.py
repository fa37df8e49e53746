"""Letters, agreements and consents as they were imported, and whether they allow what is asked.

Rows are added and never changed: what held at a moment can be asked for later. Whoever writes locks
the workspace.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from datetime import datetime, tzinfo
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.agreements import (
    Kind,
    PublicKeys,
    Signature,
    SignedDocument,
    instants,
    verify,
)
from catalog.agreements import fingerprint as fingerprint_of
from catalog.audit.entries import moment
from catalog.database import instrument_rows as rows
from catalog.database import instrument_tables as it
from catalog.database import permitting
from catalog.database import tables as t
from catalog.database.audit import Audit
from catalog.database.audited import of_instrument
from catalog.database.countersignature_tables import CountersignatureRow
from catalog.database.instrument_records import (
    ConsentUse,
    Fields,
    Instrument,
    InstrumentFault,
    Permission,
    Sources,
    State,
)
from catalog.database.kept import Kept
from catalog.database.standing import Reading, Standing
from catalog.database.writing import lock_workspace
from catalog.errors import CatalogError

Transaction = Callable[[], AbstractContextManager[Session]]
Item = it.InstrumentVersion


class Instruments(Kept):
    """The documents of every workspace in a catalogue database; every method is one transaction.

    Attributes:
        standing: for several readings in one transaction.
    """

    def __init__(
        self,
        read: Transaction,
        write: Transaction,
        reading: Reading,
        clock: Callable[[], datetime],
        audit: Audit,
    ) -> None:
        super().__init__(read, write, clock, audit)
        self.standing = Standing(reading)

    # Writing

    def import_(
        self,
        workspace: str,
        signed: SignedDocument,
        public_keys: PublicKeys,
        zone: tzinfo,
        by: str = "system",
    ) -> Instrument:
        """Take over a signed document; a greater version holds from now on, for good or ill.

        The same version with the same content again changes nothing.

        Args:
            zone: of the city, in which the document's days are meant.
            by: who imports it, for the audit log.

        Raises:
            CatalogError: `signature_unknown`, `signature_invalid`, `signature_missing`;
                `instrument_differs`; `instrument_older`, when a later version was imported.
        """
        verify(signed, public_keys)
        document = signed.document
        named: dict[str, Any] = {"kind": document.kind, "id": document.id}
        named["version"] = document.version
        query = rows.versions_query(workspace, document.kind).where(Item.name == document.id)
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            now = self._clock()  # only here: what came before us had its time before us
            for known in rows.found(session, query):
                if known.version == document.version:
                    if known.fingerprint != fingerprint_of(document):
                        raise CatalogError("instrument_differs", **named)
                    return known
                if known.version > document.version:
                    raise CatalogError("instrument_older", newest=known.version, **named)
            first, after = instants(document, zone)
            row = it.InstrumentVersion(
                workspace_id=owner,
                valid_from=first,
                valid_until=after,
                imported_at=now,
                **rows.values_of(signed),
            )
            session.add(row)
            session.flush()
            found = rows.record(row, None)
            said = {"signers": " ".join(one.signer for one in found.signatures)}
            told = of_instrument(found, by, "imported", now, said)
            self._audit.append_in(session, workspace, [told])
            return found

    def revoke(
        self, workspace: str, kind: Kind, id: str, *, at: datetime, by: str, reason: str
    ) -> Instrument:
        """Say that a document holds no more from a moment on; only a later version can hold again.

        One that is revoked by then already stays as it is.

        Raises:
            CatalogError: `instrument_unknown`.
        """
        query = rows.versions_query(workspace, kind).where(Item.name == id)
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            now = self._clock()
            query = query.where(rows.newest_by(now))
            row = session.scalar(query)
            if row is None:
                raise CatalogError("instrument_unknown", kind=kind, id=id)
            (before,) = rows.found(session, query)
            new = before.revocation is None or before.revocation.at > at
            if new:
                values = {"at": at, "who": by, "reason": reason, "recorded_at": now}
                session.add(it.InstrumentRevocation(instrument_id=row.id, **values))
                session.flush()
            (after,) = rows.found(session, query)
            if new:
                said = {"reason": reason, "ends_at": moment(at)}
                told = of_instrument(after, by, "revoked", now, said)
                self._audit.append_in(session, workspace, [told])
            return after

    def use_consent(self, workspace: str, id: str, request_id: str) -> ConsentUse:
        """Use a consent for a request, now; the same request again uses nothing more.

        Raises:
            CatalogError: `instrument_unknown`; `consent_missing` (before its first day),
                `consent_expired`, `consent_revoked`, `consent_used`.
        """
        item = it.ConsentUsed
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            now = self._clock()
            query = rows.versions_query(workspace, "consent").where(Item.name == id)
            before = session.execute(
                select(Item.version, item.used_at)
                .join(item, item.instrument_id == Item.id)
                .where(Item.id.in_(query.with_only_columns(Item.id).order_by(None)))
                .where(item.request_id == request_id)
            ).first()
            if before is not None:
                return ConsentUse(id, before[0], request_id, before[1], again=True)
            query = query.where(rows.newest_by(now))
            row = session.scalar(query)
            if row is None:
                raise CatalogError("instrument_unknown", kind="consent", id=id)
            (consent,) = rows.found(session, query)
            permitting.check_consent(consent, now, used=_used(session, row.id))
            session.add(item(instrument_id=row.id, request_id=request_id, used_at=now))
            return ConsentUse(id, consent.version, request_id, now)

    # Reading

    def in_force(
        self, workspace: str, kind: Literal["agreement", "letter"], id: str, at: datetime
    ) -> Instrument | None:
        """The version of an agreement or a letter that holds at a moment."""
        with self.standing.reading(workspace, at) as moment:
            return moment.in_force(kind, id)

    def newest(self, workspace: str, id: str, at: datetime) -> Instrument | None:
        """The version of an agreement that holds at a moment, or else its newest one."""
        with self.standing.reading(workspace, at) as moment:
            return moment.newest("agreement", id)

    def told(
        self, workspace: str, at: datetime, kind: Kind | None = None, id: str | None = None
    ) -> list[tuple[Instrument, State | Literal["replaced"]]]:
        """`versions`, each with whether it holds at a moment, or why not."""
        documents: dict[tuple[str, str], list[Instrument]] = {}
        for one in self.versions(workspace, kind, id):
            documents.setdefault((one.kind, one.id), []).append(one)
        with self.standing.reading(workspace, at) as moment:
            return [moment.told(one, known) for known in documents.values() for one in known]

    def versions(
        self, workspace: str, kind: Kind | None = None, id: str | None = None
    ) -> list[Instrument]:
        """Every version of every document, or of some: by kind and id, the earliest first."""
        query = rows.versions_query(workspace, kind)
        if id is not None:
            query = query.where(Item.name == id)
        with self._read() as session:
            return rows.found(session, query)

    def allowing(
        self,
        workspace: str,
        partner: str,
        user: str,
        purpose: str,
        views: Fields,
        at: datetime,
        *,
        sources: Sources,
        agreement: str | None = None,
    ) -> Permission:
        """What allows a user to ask about fields of views for a purpose, at a moment.

        Args:
            sources: by view and department, the resources and their fields that the view is made of;
                each needs a letter. A view without any is refused.
            agreement: ask under this one; by default under the first that allows it.

        Raises:
            CatalogError: `agreement_missing`, `agreement_expired`, `agreement_revoked`,
                `agreement_not_countersigned`, `user_not_named`, `purpose_not_agreed`,
                `field_not_agreed`, `letter_missing`, `letter_expired`, `letter_revoked`.
        """
        with self.standing.reading(workspace, at) as moment:
            return moment.permission(partner, user, purpose, views, sources, agreement)

    def consent_for(
        self,
        workspace: str,
        partner: str,
        enterprise: str,
        purpose: str,
        fields: Collection[str],
        at: datetime,
        request_id: str | None = None,
    ) -> Instrument:
        """The consent by which a partner may look at some of these fields of an enterprise, at a
        moment: of those that hold, the one that covers most of them.

        It is not used by this; `use_consent` does that.

        Args:
            request_id: a consent for one use that was used by this request may be so again.

        Raises:
            CatalogError: `consent_missing`, `consent_expired`, `consent_revoked`, `consent_used`.
        """
        with self.standing.reading(workspace, at) as moment:
            return moment.consent(partner, enterprise, purpose, fields, request_id)

    def verify(
        self, workspace: str, public_keys: PublicKeys, zone: tzinfo
    ) -> list[InstrumentFault]:
        """Check every stored document again: all its signatures, and what is stored beside it.

        A revocation or a use that was removed leaves no trace to find.
        """
        faults = []
        with self._read() as session:
            later = _countersignatures(session, workspace)
            for row in session.scalars(rows.versions_query(workspace)):
                try:
                    _check_row(row, later.get(row.id, ()), public_keys, zone)
                except CatalogError as error:
                    faults.append(InstrumentFault(row.kind, row.name, row.version, error.code))
        return faults


def _used(session: Session, id: int) -> bool:
    """Whether a version of a consent was used."""
    query = select(it.ConsentUsed.request_id).where(it.ConsentUsed.instrument_id == id)
    return session.scalars(query.limit(1)).first() is not None


def _countersignatures(session: Session, workspace: str) -> dict[int, tuple[Signature, ...]]:
    """Those that came after the import, by version."""
    later = CountersignatureRow
    query = select(later).join(Item, Item.id == later.instrument_id).join(t.Workspace)
    found: dict[int, tuple[Signature, ...]] = {}
    for row in session.scalars(query.where(t.Workspace.name == workspace).order_by(later.id)):
        signature = Signature(row.signer, row.key, row.value)
        found[row.instrument_id] = (*found.get(row.instrument_id, ()), signature)
    return found


def _check_row(
    row: it.InstrumentVersion,
    later: tuple[Signature, ...],
    public_keys: PublicKeys,
    zone: tzinfo,
) -> None:
    kept = rows.record(row, None)
    signed = SignedDocument(kept.document, kept.signatures)
    verify(SignedDocument(kept.document, (*kept.signatures, *later)), public_keys)
    term = dict(zip(("valid_from", "valid_until"), instants(kept.document, zone), strict=True))
    for name, value in {**rows.values_of(signed), **term}.items():
        if getattr(row, name) != value:
            raise CatalogError(
                "instrument_differs", kind=row.kind, id=row.name, version=row.version
            )
