"""How much of the time the service was there, as its own processes have recorded it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.database import CatalogStore
from catalog.database.beats import Served

BEAT = timedelta(seconds=60)  # how often a process says that it is there
LATE = 2 * BEAT  # after that it was not there
DAYS = 30
LEAST = timedelta(days=1)  # of a shorter history nothing is said


@dataclass(frozen=True, slots=True)
class Availability:
    """The share of a time in which any process served.

    Attributes:
        since: where the time begins.
        gaps: how often nobody served.
        longest: the longest of these times.
    """

    share: float
    since: datetime
    gaps: int
    longest: timedelta


def availability(store: CatalogStore, workspace: str, now: datetime) -> Availability | None:
    """Of the last `DAYS` days, or since the first time that is known; None: too little is known."""
    first = store.beats.first(workspace)
    if first is None or now - first < LEAST:
        return None
    begin = max(first, now - timedelta(days=DAYS))
    return availability_of(store.beats.since(workspace, begin), begin, now)


def availability_of(served: Iterable[Served], begin: datetime, now: datetime) -> Availability:
    """The same of given times.

    A process that has said so a moment ago is still there. Between two times no gap is counted that is
    shorter than `LATE`: one process took over from another.
    """
    gaps: list[timedelta] = []
    there = begin
    for one in sorted(served, key=lambda one: one.since):
        _gap(gaps, there, min(one.since, now), there == begin)
        there = max(there, min(one.until, now))
    _gap(gaps, there, now, False)
    away = sum(gaps, timedelta())
    share = 1 - away / (now - begin)
    return Availability(share, begin, len(gaps), max(gaps, default=timedelta()))


def _gap(gaps: list[timedelta], there: datetime, next: datetime, at_begin: bool) -> None:
    """Take a gap down, if it is one."""
    least = timedelta() if at_begin else LATE
    if next - there > least:
        gaps.append(next - there)
