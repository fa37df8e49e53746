"""Lists of resources that were imported from other catalogues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.orm import Session

from catalog.database import tables as t
from catalog.database.listed_tables import CatalogueEntryRow, CatalogueListRow
from catalog.database.writing import lock_workspace
from catalog.errors import CatalogError
from catalog.resources.entry import Entry

Transaction = Callable[[], AbstractContextManager[Session]]
_CHUNK = 2_000  # entries a statement


@dataclass(frozen=True, slots=True)
class ImportedList:
    """A list: how many rows its file had, and how many entries came of them."""

    name: str
    fingerprint: str
    rows: int
    entries: int
    imported_at: datetime


class Listed:
    """The lists of every workspace in a catalogue database; every method is one transaction."""

    def __init__(
        self, read: Transaction, write: Transaction, clock: Callable[[], datetime]
    ) -> None:
        self._read = read
        self._write = write
        self._clock = clock

    def put(
        self, workspace: str, name: str, fingerprint: str, rows: int, entries: Sequence[Entry]
    ) -> bool:
        """Replace a list by what was read; False, and nothing is written, if it is the same."""
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            known = session.scalar(_one(workspace, name))
            if known is not None and known.fingerprint == fingerprint:
                return False
            if known is None:
                known = CatalogueListRow(workspace_id=owner, name=name)
                session.add(known)
            known.fingerprint, known.rows = fingerprint, rows
            known.imported_at = self._clock()
            session.flush()
            table = t.table_of(CatalogueEntryRow)
            session.execute(delete(table).where(table.c.list_id == known.id))
            for start in range(0, len(entries), _CHUNK):
                part = entries[start : start + _CHUNK]
                values = [
                    {
                        "list_id": known.id,
                        "position": start + number,
                        "key": entry.key,
                        "document": entry.document(),
                    }
                    for number, entry in enumerate(part)
                ]
                session.execute(insert(table), values)
            return True

    def lists(self, workspace: str) -> list[ImportedList]:
        """Every list, by name."""
        item = CatalogueListRow
        count = select(func.count()).where(CatalogueEntryRow.list_id == item.id)
        entries = count.correlate(item).scalar_subquery()
        query = select(item.name, item.fingerprint, item.rows, entries, item.imported_at)
        query = query.join(t.Workspace, t.Workspace.id == item.workspace_id)
        query = query.where(t.Workspace.name == workspace).order_by(item.name)
        with self._read() as session:
            return [ImportedList(*row) for row in session.execute(query).tuples()]

    def entries(self, workspace: str, name: str) -> list[Entry]:
        """The entries of a list, in its order.

        Raises:
            CatalogError: `listing_unknown`.
        """
        with self._read() as session:
            found = self._known(session, workspace, name)
            query = select(CatalogueEntryRow.document)
            query = query.where(CatalogueEntryRow.list_id == found.id)
            documents = session.scalars(query.order_by(CatalogueEntryRow.position))
            return [Entry.of(document) for document in documents]

    def entry(self, workspace: str, name: str, key: str) -> Entry:
        """One entry of a list.

        Raises:
            CatalogError: `listing_unknown`, `entry_unknown`.
        """
        item = CatalogueEntryRow
        with self._read() as session:
            found = self._known(session, workspace, name)
            query = select(item.document).where(item.list_id == found.id, item.key == key)
            document = session.scalar(query)
            if document is None:
                raise CatalogError("entry_unknown", name=name, key=key)
            return Entry.of(document)

    def _known(self, session: Session, workspace: str, name: str) -> CatalogueListRow:
        found = session.scalar(_one(workspace, name))
        if found is None:
            raise CatalogError("listing_unknown", name=name)
        return found


def _one(workspace: str, name: str) -> Select[CatalogueListRow]:
    item = CatalogueListRow
    query = select(item).join(t.Workspace, t.Workspace.id == item.workspace_id)
    return query.where(t.Workspace.name == workspace, item.name == name)
