"""Grants: what departments may read of each other, and their end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from catalog.database.grants import GrantsWanted
from catalog.errors import CatalogError, CityBrainError
from catalog.exports.odrl import policy_of_grant
from catalog.people import Person
from catalog.sharing.grant import Grant
from catalog.text import error_parts
from pipelines.exchange.formats import FORMATS, Format
from pipelines.exchange.reader import Reader
from portal.errors import PortalError
from portal.exchange import export_response
from portal.pages.lists import WantedDep, links_of
from portal.pages.names import people_called
from portal.pages.page import PersonDep, VisitDep, page_router, redirect, render
from portal.pages.sharing_forms import FormDep, departments, field, naming
from portal.pages.typed import typed_of
from portal.service import service_of
from portal.sharing import desk_of

router = page_router()


@router.get("/grants")
def grants(request: Request, visit: VisitDep, person: PersonDep, wanted: WantedDep) -> Response:
    """The grants that concern somebody, the newest first."""
    desk = desk_of(request)
    asked = GrantsWanted(
        desk.clock(), department=wanted.department, owner=wanted.owner, state=wanted.state
    )
    found = desk.grant_page(person, asked, wanted.place)
    return render(
        request,
        "sharing/grants.html",
        found=found,
        wanted=wanted,
        links=links_of(request, wanted, found),
        departments=departments(request),
        **_shown(request, person, visit.lang, *found.items),
    )


@router.get("/grants/{id}")
def grant_page(request: Request, visit: VisitDep, person: PersonDep, id: str) -> Response:
    """One grant: what it gives, until when, and why it is suspended if it is."""
    one = desk_of(request).grant(person, id)
    shown = _shown(request, person, visit.lang, one)
    return render(request, "sharing/grant.html", one=one, **shown)


def _shown(request: Request, person: Person, lang: str, *found: Grant) -> dict[str, Any]:
    """What the templates of grants need besides them."""
    desk = desk_of(request)
    now = desk.clock()

    def revocable(grant: Grant) -> bool:
        return grant.state(now) in ("coming", "holds", "suspended") and _ends(person, grant)

    return {
        "events": desk.store.suspensions.events(desk.workspace, [one.id for one in found]),
        "because": partial(_because, lang),
        "revocable": revocable,
        "formats": FORMATS,
        "now": now,
        "who": people_called(request, [one.ended_by for one in found]),
        "department": naming(request, lang),
    }


@router.get("/grants/{id}/odrl")
def grant_odrl(request: Request, person: PersonDep, id: str) -> Response:
    """A grant that concerns somebody, as ODRL."""
    try:
        found = desk_of(request).grant(person, id)
    except CatalogError as error:
        raise PortalError("document_unknown") from error
    policy = policy_of_grant(service_of(request).name, found)
    headers = {"Content-Disposition": 'attachment; filename="grant.jsonld"'}
    content = json.dumps(policy, ensure_ascii=False, indent=2)
    return Response(content, media_type="application/ld+json", headers=headers)


def _because(lang: str, code: str, fields: Mapping[str, str]) -> str:
    """Why a grant is suspended, by the error with which it would be refused now."""
    return error_parts(code, lang, **fields)[0]


def _ends(person: Person, grant: Grant) -> bool:
    """Whether somebody may end a grant: its owner, or the data bureau."""
    own = person.role == "officer" and person.department == grant.owner
    return own or person.role == "steward"


@router.post("/grants/{id}/revoke")
def grant_revoke(
    request: Request, visit: VisitDep, person: PersonDep, id: str, form: FormDep
) -> Response:
    """Let a grant hold no more."""
    desk = desk_of(request)
    try:
        desk.revoke(person, id, field(form, "reason"))
    except CityBrainError as error:
        typed = typed_of(f"revoke-{id}", form, error, visit.lang)
        one = desk.grant(person, id)
        shown = _shown(request, person, visit.lang, one)
        return render(
            request,
            "sharing/grant.html",
            status=typed.problem.status,
            one=one,
            typed=typed,
            **shown,
        )
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
