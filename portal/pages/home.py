"""The home page."""

from __future__ import annotations

from fastapi import Request, Response

from portal.pages.page import page_router, render

router = page_router()


@router.get("/")
def home(request: Request) -> Response:
    """What this is, for anybody."""
    return render(request, "home/index.html")
