"""What people have put into their baskets before they ask for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog.database import tables as t
from catalog.database.sharing_tables import BasketRow
from catalog.database.writing import lock_workspace, put

Transaction = Callable[[], AbstractContextManager[Session]]


class Baskets:
    """The baskets of every workspace in a catalogue database; every method is one transaction."""

    def __init__(
        self, read: Transaction, write: Transaction, clock: Callable[[], datetime]
    ) -> None:
        self._read = read
        self._write = write
        self._clock = clock

    def of(self, workspace: str, account: str) -> Mapping[str, tuple[str, ...]]:
        """The fields in somebody's basket by resource, in the order in which those came."""
        with self._read() as session:
            query = select(BasketRow).join(t.Workspace, t.Workspace.id == BasketRow.workspace_id)
            query = query.where(t.Workspace.name == workspace, BasketRow.account == account)
            rows = session.scalars(query.order_by(BasketRow.id))
            return {row.resource: tuple(row.fields) for row in rows}

    def put(self, workspace: str, account: str, resource: str, fields: Sequence[str]) -> None:
        """Put fields of a resource in; they take the place of those that were there."""
        with self._write() as session:
            row = {
                "workspace_id": lock_workspace(session, workspace, self._clock()),
                "account": account,
                "resource": resource,
                "fields": list(dict.fromkeys(fields)),
                "put_at": self._clock(),
            }
            put(session, t.table_of(BasketRow), [row], ["workspace_id", "account", "resource"])

    def take_out(
        self, workspace: str, account: str, resources: Collection[str] | None = None
    ) -> None:
        """Take some resources out, or all."""
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            table = t.table_of(BasketRow)
            gone = delete(table).where(table.c.workspace_id == owner, table.c.account == account)
            if resources is not None:
                gone = gone.where(table.c.resource.in_(list(resources)))
            session.execute(gone)
