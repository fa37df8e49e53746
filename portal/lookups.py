"""How often the open catalogue was asked about a dataset: no data, so no record of the audit log."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime

from catalog.database.usage import Sum


class Lookups:
    """Counts in memory until somebody takes it; may be used from any thread.

    Args:
        day_of: a moment's day in the city.
    """

    def __init__(self, clock: Callable[[], datetime], day_of: Callable[[datetime], date]) -> None:
        self._clock = clock
        self._day_of = day_of
        self._lock = threading.Lock()
        self._found: dict[tuple[str, date], Sum] = {}

    def count(self, resource: str) -> None:
        """Somebody was told of a dataset."""
        now = self._clock()
        with self._lock:
            one = self._found.setdefault((resource, self._day_of(now)), Sum(0, 0, now))
            one.calls += 1
            one.last_at = now

    def taken(self) -> dict[tuple[str, date], Sum]:
        """All that was counted since it was taken the last time, by dataset and day."""
        with self._lock:
            found, self._found = self._found, {}
            return found
