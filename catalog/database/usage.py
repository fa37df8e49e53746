"""How much resources are used, by day, channel and user: counted from the audit log, bit by bit.

The log may have millions of records. They are counted once each, in the background, into one row a day;
whoever reads adds the newest ones, which are not in it yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog.audit.record import NOBODY
from catalog.audit.usage import ACTIONS, Channel, uses
from catalog.database import tables as t
from catalog.database.audit_rows import LOG, RECORD
from catalog.database.usage_tables import UsageCountedRow, UsageDayRow

Reading = Callable[[], AbstractContextManager[Connection]]
DayOf = Callable[[datetime], date]
Key = tuple[str, date, Channel, str]
BATCH = 5_000  # records that are counted in one transaction
NEWEST = 2_000  # records that a reader counts himself
DAY, COUNTED = t.table_of(UsageDayRow), t.table_of(UsageCountedRow)
_READ = ("at", "actor", "action", "subject", "outcome", "rows", "detail")


@dataclass(slots=True)
class Sum:
    """Calls, rows, and when the last call was."""

    calls: int
    rows: int
    last_at: datetime

    def add(self, other: Sum) -> None:
        """Take another one in."""
        self.calls += other.calls
        self.rows += other.rows
        self.last_at = max(self.last_at, other.last_at)


class Usage:
    """The use of resources in every workspace of a catalogue database."""

    def __init__(self, reading: Reading, writing: Reading) -> None:
        self._reading = reading
        self._writing = writing

    def count(
        self, workspace: str, day_of: DayOf, ended: Callable[[], bool] = lambda: False
    ) -> None:
        """Count all records that are not counted yet; safe when several processes do it at once.

        Args:
            day_of: a moment's day in the city.
            ended: asked between two transactions: whether to leave the rest for another time.
        """
        while self._count_some(workspace, day_of) and not ended():
            pass

    def _count_some(self, workspace: str, day_of: DayOf) -> bool:
        """Count a batch; whether there may be more."""
        with self._reading() as con:
            start, size = _counted(con, workspace), _size(con, workspace)
            end = min(start + BATCH, size)
            if start == end:
                return False
            found = _sums(_records(con, workspace, start, end), day_of)
        with self._writing() as con:
            if _move(con, workspace, start, end):
                _add(con, workspace, found)
        return True

    def add_lookups(self, workspace: str, lookups: Mapping[tuple[str, date], Sum]) -> None:
        """Add how often the open catalogue was asked about datasets, by dataset and day."""
        if lookups:
            found = {(name, day, "lookup", NOBODY): one for (name, day), one in lookups.items()}
            with self._writing() as con:
                _add(con, workspace, found)  # type: ignore[arg-type]

    def by_resource(self, workspace: str, since: date, day_of: DayOf) -> dict[Key, Sum]:
        """The use of every resource from a day on, by channel and user; the keys have that day."""
        columns = (DAY.c.resource, DAY.c.channel, DAY.c.user_name)
        sums = func.sum(DAY.c.calls), func.sum(DAY.c.rows), func.max(DAY.c.last_at)
        query = select(*columns, *sums).where(DAY.c.workspace == workspace, DAY.c.day >= since)
        found: dict[Key, Sum] = {}
        with self._reading() as con:
            for name, channel, user, *numbers in con.execute(query.group_by(*columns)):
                found[name, since, channel, user] = _sum(*numbers)
            newest = _newest(con, workspace, day_of)
        for (name, day, channel, user), one in newest.items():
            if day >= since:
                _put(found, (name, since, channel, user), one)
        return found

    def of_resource(
        self, workspace: str, resource: str, since: date, day_of: DayOf
    ) -> dict[Key, Sum]:
        """The use of one resource by day, channel and user."""
        here = (DAY.c.workspace == workspace, DAY.c.resource == resource, DAY.c.day >= since)
        found: dict[Key, Sum] = {}
        with self._reading() as con:
            for row in con.execute(select(DAY).where(*here)).mappings():
                key = (resource, row["day"], row["channel"], row["user_name"])
                found[key] = Sum(row["calls"], row["rows"], row["last_at"])
            newest = _newest(con, workspace, day_of)
        for key, one in newest.items():
            if key[0] == resource and key[1] >= since:
                _put(found, key, one)
        return found

    def behind(self, workspace: str) -> int:
        """How many of the log's newest records no reading of use has."""
        with self._reading() as con:
            return max(0, _size(con, workspace) - _counted(con, workspace) - NEWEST)

    def last(self, workspace: str, resource: str) -> datetime | None:
        """When a resource's data was last given, of what is counted; None: never."""
        here = (DAY.c.workspace == workspace, DAY.c.resource == resource)
        query = select(func.max(DAY.c.last_at)).where(*here, DAY.c.channel != "lookup")
        with self._reading() as con:
            found: datetime | None = con.scalar(query)
            return found


def _counted(con: Connection, workspace: str) -> int:
    query = select(COUNTED.c.counted).where(COUNTED.c.workspace == workspace)
    return con.scalar(query) or 0


def _size(con: Connection, workspace: str) -> int:
    return con.scalar(select(LOG.c.size).where(LOG.c.workspace == workspace)) or 0


def _records(con: Connection, workspace: str, start: int, end: int) -> Iterable[Mapping[str, Any]]:
    """Those that may say something about use, of the records from `start + 1` to `end`."""
    log = select(LOG.c.id).where(LOG.c.workspace == workspace).scalar_subquery()
    query = select(*(RECORD.c[name] for name in _READ)).where(
        RECORD.c.log_id == log,
        RECORD.c.sequence > start,
        RECORD.c.sequence <= end,
        RECORD.c.action.in_(ACTIONS),
    )
    return [dict(row) for row in con.execute(query).mappings()]


def _newest(con: Connection, workspace: str, day_of: DayOf) -> dict[Key, Sum]:
    """What is not in the table yet, of the next `NEWEST` records."""
    start, size = _counted(con, workspace), _size(con, workspace)
    end = min(start + NEWEST, size)
    return _sums(_records(con, workspace, start, end), day_of)


def _sums(records: Iterable[Mapping[str, Any]], day_of: DayOf) -> dict[Key, Sum]:
    found: dict[Key, Sum] = {}
    for record in records:
        for use in uses(record):
            key = (use.resource, day_of(record["at"]), use.channel, use.user)
            _put(found, key, Sum(use.calls, use.rows, record["at"]))
    return found


def _put(found: dict[Key, Sum], key: Key, more: Sum) -> None:
    if key in found:
        found[key].add(more)
    else:
        found[key] = Sum(more.calls, more.rows, more.last_at)


def _sum(calls: Any, rows: Any, last_at: datetime) -> Sum:
    return Sum(int(calls), int(rows), last_at)  # PostgreSQL sums whole numbers as decimals


def _move(con: Connection, workspace: str, start: int, end: int) -> bool:
    """Whether the records up to `end` are ours to count: nobody else has counted them meanwhile."""
    add = _insert(con, COUNTED).values(workspace=workspace, counted=0)
    con.execute(add.on_conflict_do_nothing(index_elements=["workspace"]))
    ours = (COUNTED.c.workspace == workspace, COUNTED.c.counted == start)
    return con.execute(update(COUNTED).where(*ours).values(counted=end)).rowcount == 1


def _add(con: Connection, workspace: str, found: Mapping[Key, Sum]) -> None:
    add = _insert(con, DAY)
    new = add.excluded
    later = case((new.last_at > DAY.c.last_at, new.last_at), else_=DAY.c.last_at)
    sums = {"calls": DAY.c.calls + new.calls, "rows": DAY.c.rows + new.rows, "last_at": later}
    names = ("workspace", "resource", "day", "channel", "user_name")
    rows = [
        dict(zip(names, (workspace, *key), strict=True))
        | {"calls": one.calls, "rows": one.rows, "last_at": one.last_at}
        for key, one in sorted(found.items(), key=lambda item: item[0])
    ]
    if rows:
        con.execute(add.on_conflict_do_update(index_elements=names, set_=sums), rows)


def _insert(con: Connection, table: Any) -> Any:
    dialect = postgresql if con.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
