"""When a workspace was served, as its processes themselves say every minute."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from catalog.database import tables as t
from catalog.database.beat_tables import ServiceBeatRow

Writing = Callable[[], AbstractContextManager[Connection]]
BEAT = t.table_of(ServiceBeatRow)


@dataclass(frozen=True, slots=True)
class Served:
    """A time in which a process served.

    Attributes:
        until: when it last said so.
    """

    since: datetime
    until: datetime


class Beats:
    """The service's times of every workspace; every method is one transaction."""

    def __init__(self, reading: Writing, writing: Writing) -> None:
        self._reading = reading
        self._writing = writing

    def begin(self, workspace: str, at: datetime) -> int:
        """A process begins to serve; the number of its time."""
        row = {"workspace": workspace, "started_at": at, "seen_at": at}
        with self._writing() as con:
            made = con.execute(insert(BEAT).values(**row).returning(BEAT.c.id))
            return int(made.scalar_one())

    def go_on(self, number: int, at: datetime) -> None:
        """It is still there. A clock that was put back takes nothing back."""
        mine = (BEAT.c.id == number, BEAT.c.seen_at < at)
        with self._writing() as con:
            con.execute(update(BEAT).where(*mine).values(seen_at=at))

    def first(self, workspace: str) -> datetime | None:
        """Since when anything is known; None: nothing is."""
        query = select(func.min(BEAT.c.started_at)).where(BEAT.c.workspace == workspace)
        with self._reading() as con:
            found: datetime | None = con.scalar(query)
            return found

    def since(self, workspace: str, moment: datetime) -> list[Served]:
        """The times that reach beyond a moment, those that began earlier first."""
        query = select(BEAT.c.started_at, BEAT.c.seen_at)
        query = query.where(BEAT.c.workspace == workspace, BEAT.c.seen_at >= moment)
        with self._reading() as con:
            return [Served(*row) for row in con.execute(query.order_by(BEAT.c.started_at))]
