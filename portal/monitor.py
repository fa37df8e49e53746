"""Ends questions at work when the documents that allowed them end: a revocation is felt within a second.

The desk checks documents before it charges, and exports of the exchange ask before every chunk
(`pipelines.exchange.exports`). What is being counted in between is looked after here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from catalog.errors import CityBrainError
from portal.jobs import Job, Jobs
from sandbox.pricing import Asked

SECONDS = 1.0
BEGUN = ("checked", "charged", "counting")
# Errors that say nothing of the documents: the question goes on, and is asked about again.
ELSEWHERE = frozenset({"database_failed", "database_unreachable"})


class Monitor:
    """Looks after the jobs of a service.

    Args:
        check: raises an error if a question is not allowed any more (`Desk.check`).
        seconds: between two looks.
    """

    def __init__(
        self, jobs: Jobs, check: Callable[[Asked], None], seconds: float = SECONDS
    ) -> None:
        self._jobs = jobs
        self._check = check
        self._seconds = seconds
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._ends.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> list[Job]:
        """Stop what is not allowed any more; those are given."""
        stopped = []
        for job in self._jobs.live():
            # What was not checked yet will be: it ends by an error of its own.
            begun = job.watch.stage in BEGUN and not job.watch.cancelled
            if begun and not self._allowed(job.asked):
                self._jobs.cancel(job, "agreement_ended")
                stopped.append(job)
        return stopped

    def _allowed(self, asked: Asked) -> bool:
        """Whether a question may go on. A refusal means that its agreement has other terms now."""
        try:
            self._check(asked)
        except CityBrainError as error:
            return error.code in ELSEWHERE
        except Exception:  # what cannot be looked after does not go on
            return False
        return True

    def _run(self) -> None:
        while not self._ends.wait(self._seconds):
            self.look()
