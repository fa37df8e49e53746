"""Grants: what departments may read of each other, and their end."""

from __future__ import annotations

import json

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from catalog.errors import CatalogError
from catalog.exports.odrl import policy_of_grant
from catalog.people import Person
from catalog.sharing.grant import Grant
from pipelines.exchange.formats import FORMATS, Format
from pipelines.exchange.reader import Reader
from portal.errors import PortalError
from portal.exchange import export_response
from portal.pages.page import PersonDep, VisitDep, page_router, redirect, render
from portal.pages.sharing_forms import FormDep, field, naming
from portal.service import service_of
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
        formats=FORMATS,
        now=now,
        department=naming(request, visit.lang),
    )


@router.get("/grants/{id}/odrl")
def grant_odrl(request: Request, person: PersonDep, id: str) -> Response:
    """A grant that concerns somebody, as ODRL."""
    desk = desk_of(request)
    found = next((one for one in desk.grants(person) if one.id == id), None)
    if found is None:
        raise PortalError("document_unknown")
    policy = policy_of_grant(service_of(request).name, found)
    headers = {"Content-Disposition": 'attachment; filename="grant.jsonld"'}
    content = json.dumps(policy, ensure_ascii=False, indent=2)
    return Response(content, media_type="application/ld+json", headers=headers)


def _ends(person: Person, grant: Grant) -> bool:
    """Whether somebody may end a grant: its owner, or the data bureau."""
    own = person.role == "officer" and person.department == grant.owner
    return own or person.role == "steward"


@router.post("/grants/{id}/revoke")
def grant_revoke(request: Request, person: PersonDep, id: str, form: FormDep) -> Response:
    """Let a grant hold no more."""
    desk_of(request).revoke(person, id, field(form, "reason"))
    return redirect(request, "grants", "grant_revoked", {"grant": id})


@router.get("/grants/{id}/export")
async def grant_export(
    request: Request, person: PersonDep, id: str, format: str = "csv"
) -> Response:
    """All rows that a grant gives to somebody's own department, as a file."""
    grant = await run_in_threadpool(desk_of(request).grant, person, id)
    if person.department != grant.department:  # its owner sees it, and does not read under it
        raise CatalogError("grant_unknown", grant=id)
    reader = Reader(grant.department, person.id, grant.purpose)
    return await export_response(
        service_of(request), reader, grant.resource, _format(format), grant.id
    )


def _format(said: str) -> Format:
    found = next((one for one in FORMATS if one == said), None)
    if found is None:
        raise PortalError("format_unknown", formats=", ".join(FORMATS))
    return found
