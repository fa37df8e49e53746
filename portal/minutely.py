"""What a service does every minute besides answering: it says that it is there, and counts use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from catalog.database.beats import Beats
from pipelines.availability import BEAT, LATE
from pipelines.periodic import Periodic
from portal.service import Service


class Heartbeat:
    """Records that a workspace is served.

    If the process, or its machine, stood still for too long, or could not write, a new time begins: what
    lies between counts as time in which nobody served.
    """

    def __init__(self, beats: Beats, workspace: str, clock: Callable[[], datetime]) -> None:
        self._beats = beats
        self._workspace = workspace
        self._clock = clock
        self._last: tuple[int, datetime] | None = None

    def beat(self) -> None:
        """Say that the service is there."""
        now = self._clock()
        if self._last is None or not now - self._last[1] <= LATE:
            self._last = self._beats.begin(self._workspace, now), now
            return
        self._beats.go_on(self._last[0], now)
        self._last = self._last[0], now


def minutely(service: Service, clock: Callable[[], datetime]) -> tuple[Periodic, Periodic]:
    """Both, at once and then every minute, and once more at the end; to be started by the caller."""
    heart = Heartbeat(service.opened.store.beats, service.name, clock)
    seconds = BEAT.total_seconds()
    beating = Periodic("heartbeat", seconds, heart.beat, at_once=True, last=True)
    counting = Periodic(
        "usage", seconds, lambda: count(service, lambda: counting.ending), at_once=True, last=True
    )
    return beating, counting


def count(service: Service, ended: Callable[[], bool]) -> None:
    """Count what the audit log says of use, and what was looked up in the open catalogue."""
    store, settings = service.opened.store, service.workspace.workspace.settings
    store.usage.add_lookups(service.name, service.open_data.lookups.taken())
    store.usage.count(service.name, settings.day_of, ended)
