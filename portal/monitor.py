"""Ends questions at work when the documents that allowed them end: a revocation is felt within a second.

The desk checks documents before it charges, and exports of the exchange ask before every chunk
(`pipelines.exchange.exports`). What is being counted in between is looked after here.
"""

from __future__ import annotations

from collections.abc import Callable

from catalog.errors import CityBrainError
from pipelines.periodic import Periodic
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
        self.loop = Periodic("monitor", seconds, self.look)

    def start(self) -> None:
        """Begin to look."""
        self.loop.start()

    def close(self) -> None:
        """Look no more."""
        self.loop.close()

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
