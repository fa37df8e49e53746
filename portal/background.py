"""What a service does besides answering: from its start to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import anyio

from catalog.errors import CityBrainError
from pipelines.anchoring import Anchoring
from pipelines.periodic import Periodic
from pipelines.sharing.desk import SharingDesk
from pipelines.timestamping import stamping
from portal.minutely import minutely
from portal.pages.site import Site
from portal.service import Service
from portal.sharing import ticking

CLOSE_SECONDS = 2.0  # for an authority to answer; what is not kept is asked for again
Log = Callable[[dict[str, Any]], None]


class Background:
    """The work of one service in threads of its own; nothing of it is begun yet.

    Args:
        desk: of sharing; its grants are settled before anybody reads by one.
        site: its pages, whose tasks end with the service.
        log: is told what failed, one entry at a time.
    """

    def __init__(
        self,
        service: Service,
        desk: SharingDesk,
        site: Site,
        clock: Callable[[], datetime],
        log: Log,
    ) -> None:
        store, workspace = service.opened.store, service.workspace.workspace
        self._service, self._desk, self._site = service, desk, site
        self._anchoring = Anchoring(store, workspace, _telling(log, "not_anchored"))
        self._stamps = stamping(store, workspace, _telling(log, "not_timestamped"))
        stamps = () if self._stamps is None else (self._stamps,)
        self._besides = (service.preparing, ticking(desk), *minutely(service, clock), *stamps)

    @property
    def loops(self) -> tuple[Periodic, ...]:
        """What is done again and again."""
        service = self._service
        first = (self._anchoring.loop, service.monitor.loop, service.webhooks.loop)
        return (*first, *self._besides)

    async def start(self) -> None:
        """Begin; what has to be true before the first answer is waited for."""
        await anyio.to_thread.run_sync(self._anchoring.start)
        await anyio.to_thread.run_sync(self._desk.settle)
        self._service.monitor.start()
        self._service.webhooks.start()
        for one in self._besides:
            one.start()

    async def close(self) -> None:
        """End all of it; the audit log is anchored last, when nothing is added to it any more."""
        for end in self._endings():
            await anyio.to_thread.run_sync(end)

    def _endings(self) -> Iterator[Callable[[], object]]:
        for one in self._besides:
            yield partial(one.close, CLOSE_SECONDS if one is self._stamps else None)
        service = self._service
        yield self._site.tasks.close
        yield service.monitor.close
        yield service.webhooks.close
        yield service.jobs.close
        yield service.lookups.close
        yield service.pages.close
        yield service.exchange.close
        yield service.open_data.close
        yield self._anchoring.close


def _telling(log: Log, event: str) -> Callable[[CityBrainError], None]:
    return lambda error: log({"event": event, "code": error.code, "problem": str(error)})
