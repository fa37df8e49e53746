"""Pages whose answers and refusals leave at fixed times, as those of programs do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from portal.pages.page import Page
from portal.pages.site import site_of


class TimedPage(Page):
    """A page that leaves at whole multiples of the service's step after its request came."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The page's handler, then the wait; a fault is a page by then."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            service = site_of(request).service
            started = service.now()
            response = await inner(request)
            await service.envelope.wait(started)
            return response

        return handle
