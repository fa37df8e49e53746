"""Grants: what departments may read of each other, and their end."""

from __future__ import annotations

from fastapi import Request, Response

from catalog.people import Person
from catalog.sharing.grant import Grant
from portal.pages.page import PersonDep, VisitDep, page_router, redirect, render
from portal.pages.sharing_forms import FormDep, field, naming
from portal.sharing import desk_of

router = page_router()


@router.get("/grants")
def grants(request: Request, visit: VisitDep, person: PersonDep) -> Response:
    """The grants that concern somebody, the newest first."""
    desk = desk_of(request)
    now = desk.clock()

    def revocable(grant: Grant) -> bool:
        return grant.state(now) in ("coming", "holds") and _ends(person, grant)

    return render(
        request,
        "sharing/grants.html",
        found=desk.grants(person),
        revocable=revocable,
        now=now,
        department=naming(request, visit.lang),
    )


def _ends(person: Person, grant: Grant) -> bool:
    """Whether somebody may end a grant: its owner, or the data bureau."""
    own = person.role == "officer" and person.department == grant.owner
    return own or person.role == "steward"


@router.post("/grants/{id}/revoke")
def grant_revoke(request: Request, person: PersonDep, id: str, form: FormDep) -> Response:
    """Let a grant hold no more."""
    desk_of(request).revoke(person, id, field(form, "reason"))
    return redirect(request, "grants", "grant_revoked", {"grant": id})
