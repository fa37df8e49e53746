"""Page files that are made before somebody asks, and the removal of those that nobody may read any more.

The first page of a new snapshot waits until the snapshot's file is made: seconds, where there are
millions of rows. So when a snapshot is published, the files of what was read lately are made ahead: one
at a time, by one thread of the engine, so that readers of other files do not feel it. Which views were
read lately, the files themselves tell. Reads that go on in the old snapshot go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from catalog.sharing.grant import Manner
from pipelines.duck import Budget
from pipelines.errors import PipelineError
from pipelines.exchange.making import snapshot_pages
from pipelines.exchange.pagefiles import PageFiles
from pipelines.exchange.published import Published
from pipelines.exchange.reader import View, Views
from pipelines.lake import Snapshot

if TYPE_CHECKING:
    from catalog.database import CatalogStore

PAGED: tuple[Manner, ...] = ("interface", "subscription")
AGAIN = (
    60.0  # seconds after which grants and keys are looked at, whether anything was published or not
)
DAY = 86_400.0


class Ahead:
    """Makes and removes the page files of one workspace; used by one thread.

    Args:
        days: what was read within so many days is made ahead; 0: nothing.
        now: seconds by a clock that never goes back.
    """

    def __init__(
        self,
        workspace: str,
        store: CatalogStore,
        views: Views,
        published: Published,
        files: PageFiles,
        budget: Budget,
        days: int,
        clock: Callable[[], datetime],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workspace = workspace
        self._store = store
        self._views = views
        self._published = published
        self._files = files
        self._budget = budget
        self._days = days
        self._clock = clock
        self._now = now
        self._snapshots: dict[str, int] = {}
        self._looked = -AGAIN
        self._more = False
        self._used: dict[str, float] = {}
        self._failed: set[str] = set()

    def step(self) -> bool:
        """Make one file, if anything was published; whether there may be another one to make.

        Raises:
            What making the file raises; it is not tried again until something is published.
        """
        self._more = self._news() or self._more
        if self._more:
            self._more = self.prepare()
        return self._more

    def prepare(self) -> bool:
        """Remove what nobody may read any more, and make one file; whether one was made."""
        views = list(self._granted())
        self._look_at(self._files.used())
        self._files.keep({f"{view.digest}-" for view in views})
        since = time.time() - self._days * DAY
        recent = [view for view in views if self._used.get(view.shape, 0.0) > since]
        recent.sort(key=lambda view: self._used[view.shape], reverse=True)
        return any(self._made(view) for view in recent)

    def _news(self) -> bool:
        """Whether anything was published, or it is time to look at grants and keys."""
        current = self._store.current_snapshots(self._workspace)
        snapshots = {name: one.snapshot_id for name, one in current.items()}
        if snapshots != self._snapshots:
            self._failed.clear()
        elif self._now() - self._looked < AGAIN:
            return False
        self._snapshots, self._looked = snapshots, self._now()
        return True

    def _granted(self) -> Iterable[View]:
        """What may be read now, page by page."""
        now = self._clock()
        for grant in self._store.suspensions.living(self._workspace, now):
            if grant.manner in PAGED and grant.holds(now):
                try:
                    yield self._views.of(grant)
                except PipelineError:  # who reads it is told why it cannot be masked
                    continue

    def _look_at(self, used: dict[str, float]) -> None:
        """Remember when each view was read last, with whatever key; files may go before it is made."""
        for name, moment in used.items():
            shape, _, rest = name.partition("-")
            if rest.count("-") == 1:  # of changes there are two snapshots
                self._used[shape] = max(moment, self._used.get(shape, 0.0))

    def _made(self, view: View) -> bool:
        snapshot = self._readable(view)
        if snapshot is None:
            return False
        name = view.file_name(snapshot.snapshot_id)
        if name in self._failed:
            return False
        # A moment later than the file before: of the two, that one goes first.
        used = self._used[view.shape] + 1.0
        try:
            return self._files.ahead(name, snapshot_pages(view, snapshot, self._budget), used)
        except Exception:
            self._failed.add(name)
            raise

    def _readable(self, view: View) -> Snapshot | None:
        """The snapshot that readers of a view see; None where there is none for them."""
        try:
            snapshot = self._published.current(view.grant.resource)
            view.fits(snapshot)
        except PipelineError:
            return None
        return snapshot
