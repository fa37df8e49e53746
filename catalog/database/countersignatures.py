"""Signatures that came after a document was imported: a partner signs what the centre has signed.

Rows are added and never changed. Private keys never come here: who signs does it on his own machine
(`citybrain agreement sign`) and brings the signed file.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.agreements import (
    CENTRE,
    Agreement,
    Document,
    Letter,
    PublicKeys,
    Signature,
    SignedDocument,
    fingerprint,
    verify,
)
from catalog.database import instrument_rows as rows
from catalog.database.audited import of_instrument
from catalog.database.countersignature_tables import CountersignatureRow
from catalog.database.instrument_records import Instrument
from catalog.database.kept import Kept
from catalog.database.writing import lock_workspace
from catalog.errors import CatalogError

Item = rows.Item


@dataclass(frozen=True, slots=True)
class Countersignature:
    """A signature that came later, and who brought it."""

    signature: Signature
    added_at: datetime
    added_by: str


class Countersignatures(Kept):
    """The countersignatures of every workspace; every method is one transaction."""

    def add(
        self,
        workspace: str,
        signed: SignedDocument,
        public_keys: PublicKeys,
        signers: Collection[str],
        by: str,
    ) -> Instrument:
        """Add the signatures of some signers that a version of a document does not bear yet.

        Args:
            signers: for whom whoever brings the file may sign.
            by: who brings it, as the audit log names him.

        Raises:
            CatalogError: `signature_unknown`, `signature_invalid`, `signature_missing`,
                `instrument_unknown`, `instrument_differs`; `countersignature_missing`: the file has
                no new signature of one of them, or one that is not asked for.
        """
        verify(signed, public_keys)
        document = signed.document
        named: dict[str, Any] = {"kind": document.kind, "id": document.id}
        query = rows.versions_query(workspace, document.kind)
        query = query.where(Item.name == document.id, Item.version == document.version)
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            now = self._clock()
            row = session.scalar(query)
            if row is None:
                raise CatalogError("instrument_unknown", **named)
            if row.fingerprint != fingerprint(document):
                raise CatalogError("instrument_differs", **named, version=document.version)
            (known,) = rows.found(session, query)
            have = {one.signer for one in known.signatures} | set(_signers(session, row.id))
            wanted = set(expected(document)) & set(signers) - have
            new = [one for one in signed.signatures if one.signer in wanted]
            if not new:
                raise CatalogError("countersignature_missing", signers=" / ".join(sorted(signers)))
            for one in new:
                values = {"signer": one.signer, "key": one.key, "value": one.value}
                session.add(
                    CountersignatureRow(instrument_id=row.id, added_at=now, added_by=by, **values)
                )
            session.flush()
            said = {"signers": " ".join(one.signer for one in new)}
            told = of_instrument(known, by, "countersigned", now, said)
            self._audit.append_in(session, workspace, [told])
            return known

    def of(self, workspace: str, one: Instrument) -> list[Countersignature]:
        """The countersignatures of a version, the earliest first."""
        query = rows.versions_query(workspace, one.kind).where(
            Item.name == one.id, Item.version == one.version
        )
        found = query.with_only_columns(Item.id).order_by(None).scalar_subquery()
        item = CountersignatureRow
        with self._read() as session:
            listed = session.scalars(
                select(item).where(item.instrument_id == found).order_by(item.id)
            )
            return [
                Countersignature(
                    Signature(row.signer, row.key, row.value), row.added_at, row.added_by
                )
                for row in listed
            ]


def expected(document: Document) -> tuple[str, ...]:
    """Who signs a document: who gives what it grants, and the partner of an agreement.

    For an enterprise that signed a consent on paper the centre signs.
    """
    if isinstance(document, Letter):
        return (document.department,)
    if isinstance(document, Agreement):
        return (CENTRE, document.partner.id)
    return (document.enterprise, CENTRE)


def _signers(session: Session, id: int) -> list[str]:
    item = CountersignatureRow
    return list(session.scalars(select(item.signer).where(item.instrument_id == id)))
