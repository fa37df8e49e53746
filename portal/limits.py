"""How often somebody may do something: one bucket of tokens for each name."""

from __future__ import annotations

import threading
from collections.abc import Callable

from portal.errors import later

MOST_NAMES = 10_000


class Buckets:
    """Each bucket holds a minute's worth and is filled evenly.

    Args:
        per_minute: what flows in.
        now: seconds of a clock that only goes forward.
    """

    def __init__(self, per_minute: int, now: Callable[[], float]) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._now = now
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> None:
        """Take one token.

        Raises:
            PortalError: `too_many_requests`, with the seconds until there is one.
        """
        with self._lock:
            level = self._level(name)
            if level < 1:
                raise later("too_many_requests", (1 - level) / self._per_second)
            self._put(name, level - 1)

    def check(self, name: str) -> None:
        """The same without taking one."""
        with self._lock:
            level = self._level(name)
        if level < 1:
            raise later("too_many_requests", (1 - level) / self._per_second)

    def _level(self, name: str) -> float:
        level, since = self._levels.get(name, (self._most, self._now()))
        return min(self._most, level + (self._now() - since) * self._per_second)

    def _put(self, name: str, level: float) -> None:
        self._levels[name] = level, self._now()
        if len(self._levels) > MOST_NAMES:
            full = [one for one in self._levels if self._level(one) >= self._most]
            for one in full:
                del self._levels[one]
