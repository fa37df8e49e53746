"""Verifying the audit log beside everything else: one at a time, with progress, its end kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.audit.offline import Fault
from catalog.database import CatalogStore
from catalog.errors import CityBrainError
from pipelines.auditing import checked
from pipelines.timestamping import Stamped
from pipelines.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Verification:
    """How far a verification is, or what it found.

    Attributes:
        ended_at: None while it is at work.
        done, size: records that were followed, of how many.
        count: of faults; `faults` are the first of them.
        error: the code of why it could not be done.
        stamps: what the timestamps say; None where there are none.
    """

    started_at: datetime
    ended_at: datetime | None = None
    done: int = 0
    size: int = 0
    checkpoints: int = 0
    count: int = 0
    faults: tuple[Fault, ...] = ()
    error: str = ""
    stamps: Stamped | None = None


class Verifications:
    """The last verification of a workspace's log; may be used from any thread."""

    def __init__(
        self, store: CatalogStore, workspace: Workspace, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._clock = clock
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._last: Verification | None = None

    @property
    def last(self) -> Verification | None:
        """The one that is at work, or that ended last."""
        return self._last

    def start(self) -> None:
        """Begin one, unless one is at work."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._last = Verification(self._clock())
            self._thread = threading.Thread(target=self._run, name="verification", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        assert self._last is not None
        now = self._last

        def told(done: int, size: int) -> None:
            self._last = replace(now, done=done, size=size)

        try:
            found, stamps = checked(self._store, self._workspace, told=told)
        except CityBrainError as error:
            self._last = replace(now, ended_at=self._clock(), error=error.code)
            return
        except Exception:
            self._last = replace(now, ended_at=self._clock(), error="service_failed")
            raise
        self._last = replace(
            now,
            ended_at=self._clock(),
            done=found.records,
            size=found.records,
            checkpoints=found.checkpoints,
            count=found.count,
            faults=tuple(found.faults),
            stamps=stamps,
        )
