"""The register of incidents (失泄密): what leaked or may have, what was done, who confirms it."""

from __future__ import annotations

from datetime import date
from typing import cast

from fastapi import Request, Response

from catalog.database.incidents import SEVERITIES, Found, Severity
from catalog.errors import CityBrainError
from portal.errors import PortalError
from portal.pages.names import people_called
from portal.pages.page import PersonDep, VisitDep, page_router, redirect, render
from portal.pages.sharing_forms import FormDep, field
from portal.pages.site import Site
from portal.pages.typed import Typed, typed_of

router = page_router()
LONGEST = 4_000  # characters of a text
MOST = 100  # resources of one incident


@router.get("/incidents")
def incidents(request: Request, visit: VisitDep) -> Response:
    """The register, the last confirmation, and a form for an incident."""
    return _page(request)


@router.post("/incidents")
def incident_add(request: Request, visit: VisitDep, person: PersonDep, form: FormDep) -> Response:
    """Record an incident; a refused form is shown again."""
    store = visit.site.service.opened.store
    try:
        found = _found(visit.site, form)
        number = store.incidents.add(visit.site.service.name, found, person.actor)
    except CityBrainError as error:
        return _page(request, typed_of("incident", form, error, visit.lang))
    return redirect(request, "incidents", "incident_added", {"number": number})


@router.post("/incidents/confirm")
def incidents_confirm(request: Request, visit: VisitDep, person: PersonDep) -> Response:
    """Confirm that no other incident is known."""
    service = visit.site.service
    service.opened.store.incidents.state(service.name, person.actor)
    return redirect(request, "incidents", "incidents_confirmed")


@router.post("/incidents/{number}/close")
def incident_close(
    request: Request, visit: VisitDep, person: PersonDep, number: int, form: FormDep
) -> Response:
    """Close an incident, with what was done about it."""
    service = visit.site.service
    how = field(form, "how")[:LONGEST]
    service.opened.store.incidents.close(service.name, number, how, person.actor)
    return redirect(request, "incidents", "incident_closed_told", {"number": number})


def _found(site: Site, form: FormDep) -> Found:
    """What the form says.

    Raises:
        PortalError: `incident_day`, `incident_resource`.
    """
    workspace = site.service.workspace.workspace
    try:
        on = date.fromisoformat(field(form, "found_on"))
    except ValueError:
        raise PortalError("incident_day") from None
    if on > workspace.settings.day_of(site.service.clock()):
        raise PortalError("incident_day")
    names = tuple(dict.fromkeys(field(form, "resources").replace(",", " ").split()))
    known = {one.name for one in site.service.opened.store.status(workspace.name).resources}
    known |= set(workspace.contracts)
    unknown = [name for name in names if name not in known]
    if unknown or len(names) > MOST:
        raise PortalError("incident_resource", resource=(unknown or names)[0][:200])
    # What the form cannot say, the register refuses.
    return Found(on, names, field(form, "what")[:LONGEST], cast(Severity, field(form, "severity")))


def _page(request: Request, typed: Typed | None = None) -> Response:
    visit = request.state.visit
    service = visit.site.service
    register = service.opened.store.incidents
    found, statement = register.list(service.name), register.last_statement(service.name)
    actors = [one for each in found for one in (each.recorded_by, each.closed_by)]
    return render(
        request,
        "incidents/register.html",
        status=200 if typed is None else typed.problem.status,
        found=found,
        statement=statement,
        who=people_called(request, [*actors, statement.by] if statement else actors),
        days=visit.site.settings.incident_days,
        today=service.workspace.workspace.settings.day_of(service.clock()),
        severities=SEVERITIES,
        resources=sorted(service.workspace.workspace.contracts),
        typed=typed,
    )
