"""What departments may read through the exchange in a window of time, counted for all processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog.database import tables as t
from catalog.database.exchange_tables import ExchangeUsageRow

Writing = Callable[[], AbstractContextManager[Connection]]
Kind = Literal["requests", "rows"]
WINDOWS: dict[Kind, timedelta] = {"requests": timedelta(minutes=1), "rows": timedelta(days=1)}
KEPT = 32  # windows of a kind and department, for those who look what was used
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Taking:
    """What a department wants to use.

    Of one group, `requests` come before `rows`.

    Attributes:
        most: how much the department may use in a window.
    """

    department: str
    kind: Kind
    amount: int
    most: int


@dataclass(frozen=True, slots=True)
class Refused:
    """What is not left.

    Attributes:
        seconds: until the next window.
    """

    kind: Kind
    seconds: int


def window_of(kind: Kind, now: datetime) -> datetime:
    """When the window of a moment began, in UTC."""
    size = WINDOWS[kind]
    return now - (now - _EPOCH) % size


class Quotas:
    """The use of every workspace in a catalogue database; every method is one transaction."""

    def __init__(self, write: Writing, clock: Callable[[], datetime]) -> None:
        self._write = write
        self._clock = clock
        self._ids: dict[str, int] = {}

    def take(self, workspace: str, groups: Sequence[Sequence[Taking]]) -> list[Refused | None]:
        """Use something; of each group, one after the other until something is not left.

        Returns:
            For each group None when all of it was taken, else what was not; nothing after that one was.
        """
        now = self._clock()
        with self._write() as con:
            owner = self._id(con, workspace)
            # In one order, so that two transactions never wait for each other's rows.
            order = sorted(range(len(groups)), key=lambda i: groups[i][0].department)
            found = {place: _refused(con, owner, groups[place], now) for place in order}
        return [found[place] for place in range(len(groups))]

    def give_back(
        self, workspace: str, department: str, kind: Kind, amount: int, at: datetime
    ) -> None:
        """Give back what was taken at a moment and not used."""
        table = t.table_of(ExchangeUsageRow)
        with self._write() as con:
            owner = self._id(con, workspace)
            same = _same(table, owner, department, kind, window_of(kind, at))
            con.execute(update(table).where(*same).values(used=table.c.used - amount))

    def used(self, workspace: str, department: str, kind: Kind) -> int:
        """What a department has used in the window of now."""
        table = t.table_of(ExchangeUsageRow)
        with self._write() as con:
            owner = self._id(con, workspace)
            same = _same(table, owner, department, kind, window_of(kind, self._clock()))
            return int(con.execute(select(table.c.used).where(*same)).scalar() or 0)

    def _id(self, con: Connection, workspace: str) -> int:
        """A workspace never changes its id, and is there before anybody is granted anything in it."""
        if workspace not in self._ids:
            query = select(t.Workspace.id).where(t.Workspace.name == workspace)
            self._ids[workspace] = con.execute(query).scalar_one()
        return self._ids[workspace]


def _refused(con: Connection, owner: int, group: Sequence[Taking], now: datetime) -> Refused | None:
    for one in group:
        if not _taken(con, owner, one, now):
            return Refused(one.kind, _left(one.kind, now))
    return None


def _taken(con: Connection, owner: int, taking: Taking, now: datetime) -> bool:
    if taking.amount > taking.most:
        return False
    table = t.table_of(ExchangeUsageRow)
    since = window_of(taking.kind, now)
    dialect = postgresql if con.dialect.name == "postgresql" else sqlite
    row = {"workspace_id": owner, "department": taking.department, "kind": taking.kind}
    statement = dialect.insert(table).values(**row, since=since, used=taking.amount)
    used = table.c.used + taking.amount
    statement = statement.on_conflict_do_update(
        index_elements=["workspace_id", "department", "kind", "since"],
        set_={"used": used},
        where=used <= taking.most,
    )
    found = con.execute(statement.returning(table.c.used)).scalar()
    if found == taking.amount:  # the first of a window
        old = since - KEPT * WINDOWS[taking.kind]
        mine = (table.c.workspace_id == owner, table.c.department == taking.department)
        con.execute(delete(table).where(*mine, table.c.kind == taking.kind, table.c.since < old))
    return found is not None


def _same(
    table: Table, owner: int, department: str, kind: Kind, since: datetime
) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.workspace_id == owner,
        table.c.department == department,
        table.c.kind == kind,
        table.c.since == since,
    )


def _left(kind: Kind, now: datetime) -> int:
    until = window_of(kind, now) + WINDOWS[kind] - now
    return max(1, int(until.total_seconds()) + 1)
