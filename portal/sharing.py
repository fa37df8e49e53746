"""The sharing desk of a served city, and what ticks in the background."""

from __future__ import annotations

from fastapi import Request

from pipelines.periodic import Periodic
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.noticing import NoticeDesk
from pipelines.sharing.objecting import ObjectionDesk
from pipelines.sharing.ticking import tick
from portal.service import Service


def sharing_desk(service: Service) -> SharingDesk:
    """The desk of a city, by the service's clock."""
    return SharingDesk(service.workspace, service.opened.store, service.clock)


def desk_of(request: Request) -> SharingDesk:
    """The desk that pages work with; there is one, for what its rules find is kept."""
    desk: SharingDesk = request.app.state.sharing
    return desk


def objections_of(request: Request) -> ObjectionDesk:
    """The desk for objections."""
    return ObjectionDesk(desk_of(request))


def notices_of(request: Request) -> NoticeDesk:
    """The desk for what people are told."""
    return NoticeDesk(desk_of(request))


def ticking(desk: SharingDesk) -> Periodic:
    """What does what is due by the clock, at once and then every so many seconds."""
    seconds = desk.plan.workspace.settings.sharing.tick_seconds
    return Periodic("sharing", seconds, lambda: tick(desk), at_once=True)
