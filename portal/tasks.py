"""Long work that a page has begun: it goes on in the background, and pages look at it.

A task lives in memory. What it does must be safe to begin again: after the service has ended nobody
knows of the task any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from portal.errors import later

State = Literal["waiting", "running", "done", "failed"]
KEPT = 200  # tasks that have ended and can still be looked at
WAITING = 20
BUSY_SECONDS = 10


@dataclass(eq=False, slots=True)
class Task:
    """A piece of work.

    Attributes:
        key: what it does, to what: begun twice, it is one task.
        started, ended: seconds of the service's own clock.
        result, error: what came of it, once it has ended.
    """

    key: tuple[str, ...]
    started: float
    state: State = "waiting"
    ended: float | None = None
    result: Any = None
    error: Exception | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state in ("done", "failed")

    def seconds(self, now: float) -> int:
        """For how long it has been going on, or has."""
        return int((now if self.ended is None else self.ended) - self.started)


class Tasks:
    """The tasks of a city; safe for use from many threads.

    Args:
        now: seconds of a clock that only goes forward.
    """

    def __init__(self, now: Callable[[], float], workers: int = 1) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...], Task] = {}
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="task")

    def start(self, key: tuple[str, ...], work: Callable[[], Any]) -> Task:
        """Begin; what is still at work is not begun again.

        Raises:
            PortalError: `service_busy`.
        """
        with self._lock:
            known = self._known.get(key)
            if known is not None and not known.over:
                return known
            if sum(not one.over for one in self._known.values()) >= WAITING:
                raise later("service_busy", BUSY_SECONDS)
            self._known.pop(key, None)  # so that the newest stands last
            task = self._known[key] = Task(key, self._now())
            self._forget()
        try:
            self._pool.submit(self._work, task, work)
        except RuntimeError:  # the service ends
            task.state = "failed"
            raise later("service_busy", BUSY_SECONDS) from None
        return task

    def of(self, key: tuple[str, ...]) -> Task | None:
        """The last task of a key that is still known."""
        with self._lock:
            return self._known.get(key)

    def close(self) -> None:
        """Drop what waits, and let what is at work end."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _work(self, task: Task, work: Callable[[], Any]) -> None:
        task.state = "running"
        try:
            task.result = work()
        except Exception as error:
            task.error = error
        task.ended = self._now()
        # Last: who sees it sees the rest.
        task.state = "done" if task.error is None else "failed"

    def _forget(self) -> None:
        over = [key for key, one in self._known.items() if one.over]
        for key in over[: max(0, len(over) - KEPT)]:
            del self._known[key]
