"""What is published, as readers ask for it many times a second."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from pipelines.errors import PipelineError
from pipelines.lake import Lake, Snapshot

FRESH = 1.0  # seconds for which the newest snapshot of a table is taken for the newest
STAYS = 5.0  # seconds for which a snapshot that was there is taken to be there
MOST = 1_000  # that are remembered


class Published:
    """The snapshots of one lake; may be used from any thread."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._current: dict[str, tuple[float, Snapshot | None]] = {}
        self._known: OrderedDict[tuple[str, int], tuple[float, Snapshot]] = OrderedDict()

    def current(self, table: str) -> Snapshot:
        """What readers see.

        Raises:
            PipelineError: `exchange_unpublished`.
        """
        since, found = self._current.get(table, (-FRESH, None))
        if time.monotonic() - since >= FRESH:
            since = time.monotonic()
            found = self._lake.current(table)
            self._current[table] = (since, found)
        if found is None:
            raise PipelineError("exchange_unpublished", table=table)
        self._remember(since, found)
        return found

    def pinned(self, table: str, snapshot: int) -> Snapshot:
        """A snapshot that is still kept.

        Raises:
            PipelineError: `exchange_snapshot_gone`.
        """
        since, found = self._known.get((table, snapshot), (-STAYS, None))
        if found is not None and time.monotonic() - since < STAYS:
            return found
        since = time.monotonic()
        try:
            found = self._lake.snapshot(table, snapshot)
        except PipelineError:
            self._known.pop((table, snapshot), None)
            raise PipelineError("exchange_snapshot_gone", table=table, snapshot=snapshot) from None
        self._remember(since, found)
        return found

    def _remember(self, since: float, found: Snapshot) -> None:
        with self._lock:
            self._known[found.table, found.snapshot_id] = (since, found)
            self._known.move_to_end((found.table, found.snapshot_id))
            while len(self._known) > MOST:
                self._known.popitem(last=False)
