"""Questions at work: a bounded number is counted side by side, a bounded number waits.

A job lives in memory; when the service ends it is gone, and what was charged for it is answered when the
question is sent again under its key.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Literal

from portal.errors import PortalError, later
from sandbox.answers import Given
from sandbox.pricing import Asked
from sandbox.watch import Watch

State = Literal["waiting", "charged", "counting", "answered", "failed", "cancelled"]
KEPT = 1_000  # jobs that have ended and can still be asked for
BUSY_SECONDS = 5
CLOSE_SECONDS = 10
_STATES: dict[str, State] = {
    "waiting": "waiting",
    "checked": "waiting",
    "charged": "charged",
    "counting": "counting",
    "answered": "counting",  # until it may be seen
}

Ask = Callable[[Asked, str, Watch], Given]


@dataclass(eq=False, slots=True)
class Job:
    """A question at work.

    Attributes:
        key: the partner's own name for the request.
        started, visible: when it came, and from when on its end may be seen.
    """

    asked: Asked
    key: str
    started: float
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    watch: Watch = field(default_factory=Watch)
    future: Future[Given] = field(default_factory=Future)
    visible: float | None = None

    def state(self, now: float) -> State:
        """How far it is."""
        if self.visible is None or now < self.visible:
            return _STATES[self.watch.stage]
        error = self.error()
        if error is None:
            return "answered"
        cancelled = getattr(error, "code", "") == "query_cancelled"
        return "cancelled" if cancelled else "failed"

    def progress(self, now: float) -> float | None:
        """How much of the counting is done, in tenths: finer ones would tell time more exactly."""
        if self.state(now) == "answered":
            return 1.0
        done = self.watch.progress
        return None if done is None else round(done, 1)

    def error(self) -> Exception | None:
        """Why it has no answer, once it has ended."""
        try:
            error = self.future.exception()
        except CancelledError:
            return PortalError("query_cancelled")
        if error is None or isinstance(error, Exception):
            return error
        return PortalError("service_failed", reference="-")


class Jobs:
    """The jobs of a service; safe for use from many threads.

    Args:
        ask: answers a question (`Desk.ask`).
        workers, waiting: how many are counted side by side, how many may wait besides.
        due: from when on the end of a job that started at a moment may be seen, if it ends now.
    """

    def __init__(self, ask: Ask, workers: int, waiting: int, due: Callable[[float], float]) -> None:
        self._ask = ask
        self._due = due
        self._most = workers + waiting
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="count")
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._live: dict[tuple[Asked, str], Job] = {}

    def start(self, asked: Asked, key: str, started: float) -> Job:
        """Begin; the same request that is still at work is not begun again.

        Raises:
            PortalError: `service_busy`.
        """
        with self._lock:
            known = self._live.get((asked, key))
            if known is not None:
                return known
            if len(self._live) >= self._most:
                raise later("service_busy", BUSY_SECONDS)
            job = Job(asked, key, started)
            try:
                job.future = self._pool.submit(self._ask, asked, key, job.watch)
            except RuntimeError:  # the service ends
                raise later("service_busy", BUSY_SECONDS) from None
            self._jobs[job.id] = self._live[(asked, key)] = job
            self._forget()
        job.future.add_done_callback(lambda _: self._ended(job))
        return job

    def of(self, id: str, partner: str) -> Job:
        """A job of one's own.

        Raises:
            PortalError: `query_unknown`, for the job of another partner as well.
        """
        with self._lock:
            job = self._jobs.get(id)
        if job is None or job.asked.partner != partner:
            raise PortalError("query_unknown")
        return job

    def live(self) -> list[Job]:
        """What is at work, or waits."""
        with self._lock:
            return list(self._live.values())

    def cancel(self, job: Job, code: str = "query_cancelled") -> None:
        """Stop a job; what was charged for it stays charged.

        Args:
            code: of the error by which it ends, if it has begun.
        """
        job.watch.cancel(code)
        job.future.cancel()

    def close(self) -> None:
        """Drop what waits, and let what is counted end: after some seconds, by stopping it.

        What is stopped was charged; sent again under its key, it is answered.
        """
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            live = list(self._live.values())
        wait([job.future for job in live], CLOSE_SECONDS)
        for job in live:
            job.watch.cancel()
        self._pool.shutdown(wait=True)

    def _ended(self, job: Job) -> None:
        job.visible = self._due(job.started)
        with self._lock:
            self._live.pop((job.asked, job.key), None)

    def _forget(self) -> None:
        """The oldest jobs that have ended, where too many are kept."""
        ended = [one.id for one in self._jobs.values() if one.visible is not None]
        for id in ended[: max(0, len(ended) - KEPT)]:
            del self._jobs[id]
