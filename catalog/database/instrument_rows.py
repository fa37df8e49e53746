"""The rows of letters, agreements and consents: found, and made into records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import Session, aliased

from catalog.agreements import (
    Agreement,
    Consent,
    Document,
    Kind,
    Letter,
    Signature,
    SignedDocument,
    document_of,
    document_plain,
    fingerprint,
    signed_plain,
)
from catalog.database import instrument_tables as it
from catalog.database import tables as t
from catalog.database.instrument_records import Instrument, Revocation

Item = it.InstrumentVersion


def versions_query(workspace: str, kind: Kind | None = None) -> Select[it.InstrumentVersion]:
    """Every version, the earliest first."""
    query = select(Item).join(t.Workspace, t.Workspace.id == Item.workspace_id)
    query = query.where(t.Workspace.name == workspace)
    if kind is not None:
        query = query.where(Item.kind == kind)
    return query.order_by(Item.kind, Item.name, Item.version)


def newest_by(at: datetime) -> ColumnElement[bool]:
    """Of each document the version that was the newest one imported at a moment."""
    newer = aliased(Item)
    superseded = exists().where(
        newer.workspace_id == Item.workspace_id,
        newer.kind == Item.kind,
        newer.name == Item.name,
        newer.version > Item.version,
        newer.imported_at <= at,
    )
    return and_(Item.imported_at <= at, ~superseded)


def found(session: Session, query: Select[it.InstrumentVersion]) -> list[Instrument]:
    """The records of a query, with their revocations."""
    rows = session.scalars(query).all()
    revoked = _revocations(session, [row.id for row in rows])
    return [record(row, revoked.get(row.id)) for row in rows]


def _revocations(session: Session, ids: Sequence[int]) -> dict[int, Revocation]:
    """By document, the one that takes effect first."""
    if not ids:
        return {}
    item = it.InstrumentRevocation
    query = select(item).where(item.instrument_id.in_(ids)).order_by(item.at, item.id)
    first: dict[int, Revocation] = {}
    for row in session.scalars(query):
        first.setdefault(row.instrument_id, revocation(row))
    return first


def revocation(row: Any) -> Revocation:
    """A row of the revocations as a record."""
    return Revocation(row.at, row.who, row.reason, row.recorded_at)


def record(row: Any, revoked: Revocation | None) -> Instrument:
    """A row of the versions as a record."""
    same = ("version", "fingerprint", "valid_from", "valid_until", "imported_at")
    return Instrument(
        kind=cast(Kind, row.kind),
        id=row.name,
        document=document_of(row.document),
        signatures=tuple(Signature(**one) for one in row.signatures),
        revocation=revoked,
        **{name: getattr(row, name) for name in same},
    )


def values_of(signed: SignedDocument) -> dict[str, Any]:
    """The columns that follow from a document."""
    document = signed.document
    partner, party = parties(document)
    return {
        "kind": document.kind,
        "name": document.id,
        "version": document.version,
        "partner": partner,
        "party": party,
        "fingerprint": fingerprint(document),
        "document": document_plain(document),
        "signatures": signed_plain(signed)["signatures"],
    }


def parties(document: Document) -> tuple[str | None, str | None]:
    """Who may ask by a document, and which department or enterprise gives it."""
    if isinstance(document, Letter):
        return None, document.department
    if isinstance(document, Consent):
        return document.partner, document.enterprise
    assert isinstance(document, Agreement)
    return document.partner.id, None
