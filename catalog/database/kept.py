"""What stores have in common whose changes the audit log tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from catalog.database.audit import Audit
from catalog.database.sharing_tables import ShareEventRow
from catalog.database.standing import Reading

Transaction = Callable[[], AbstractContextManager[Session]]


class Kept:
    """Records whose changes stand in the audit log.

    Args:
        read, write: begin a transaction.
        audit: takes a record of every change, in the same transaction.
    """

    def __init__(
        self,
        read: Transaction,
        write: Transaction,
        clock: Callable[[], datetime],
        audit: Audit,
    ) -> None:
        self._read = read
        self._write = write
        self._clock = clock
        self._audit = audit


class OftenAsked(Kept):
    """Those that are asked for with every request, too.

    Args:
        reading: begins a transaction for one plain statement.
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
        self._reading = reading


def events_of(
    session: Session, owner: InstrumentedAttribute[int | None], keys: Sequence[int]
) -> dict[int, list[ShareEventRow]]:
    """The events of several records, by their numbers, the first event first.

    Args:
        owner: the column of events that says of which record they are.
    """
    found: dict[int, list[ShareEventRow]] = defaultdict(list)
    query = select(ShareEventRow).where(owner.in_(keys)).order_by(ShareEventRow.id)
    for event in session.scalars(query):
        found[getattr(event, owner.key)].append(event)
    return found
