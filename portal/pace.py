"""How fast the service answers, measured on itself since it started."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

MOST = 5_000  # the last requests that count


@dataclass(frozen=True, slots=True)
class Pace:
    """Milliseconds within which half and 95 of 100 of the last `requests` were answered."""

    requests: int
    half: float
    most: float


class Stopwatch:
    """Takes times from any thread."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MOST)
        self._lock = threading.Lock()

    def took(self, milliseconds: float) -> None:
        """One request was answered."""
        with self._lock:
            self._times.append(milliseconds)

    def pace(self) -> Pace | None:
        """None before the first request."""
        with self._lock:
            times = sorted(self._times)
        if not times:
            return None
        return Pace(len(times), times[len(times) // 2], times[(len(times) - 1) * 95 // 100])
