"""The register of openings: what partners asked for, under what, what came of it; no answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from portal.console import desk
from portal.pages.auditing import note
from portal.pages.page import VisitDep, page_router, render

router = page_router()


@router.get("/openings")
def openings(
    request: Request,
    visit: VisitDep,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """All calls of all partners, the newest first; that somebody reads it stands in the audit log."""
    note(request, "audit", "openings")
    page = desk.register(visit.site.service, visit.lang, before)
    return render(request, "openings/register.html", page=page, before=before)
