"""The sharing desk of a served city, and what ticks in the background."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from fastapi import Request

from catalog.errors import CityBrainError
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.objecting import ObjectionDesk
from pipelines.sharing.ticking import tick
from portal.service import Service, service_of


def sharing_desk(service: Service) -> SharingDesk:
    """The desk of a city, by the service's clock."""
    return SharingDesk(service.workspace, service.opened.store, service.clock)


def desk_of(request: Request) -> SharingDesk:
    """The desk that a page works with; made once, for what its rules find is kept."""
    state = request.app.state
    if not hasattr(state, "sharing"):
        state.sharing = sharing_desk(service_of(request))
    desk: SharingDesk = state.sharing
    return desk


def objections_of(request: Request) -> ObjectionDesk:
    """The desk for objections."""
    return ObjectionDesk(desk_of(request))


@asynccontextmanager
async def ticking(service: Service) -> AsyncIterator[None]:
    """Within, what is due is done every so many seconds; a fault is told, and tried again."""
    seconds = service.workspace.workspace.settings.sharing.tick_seconds

    async def tick_on() -> None:
        desk = sharing_desk(service)
        while True:
            try:
                await anyio.to_thread.run_sync(tick, desk)
            except Exception as error:  # a fault here must not end the service
                code = error.code if isinstance(error, CityBrainError) else type(error).__name__
                sys.stderr.write(f"sharing: {code}\n")
                sys.stderr.flush()
            await anyio.sleep(seconds)

    async with anyio.create_task_group() as group:
        group.start_soon(tick_on)
        yield
        group.cancel_scope.cancel()
