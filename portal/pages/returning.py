"""Returned data (回流): a steward gives a district its own rows, having seen how many they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request, Response
from starlette.datastructures import FormData

from catalog.errors import CityBrainError
from catalog.people import Person
from catalog.sharing.grant import MANNERS, Grant
from pipelines.errors import PipelineError
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.returning import Return
from portal.pages.page import PersonDep, Visit, VisitDep, page_router, redirect, render
from portal.pages.sharing_forms import FormDep, day, departments, field, fields, naming
from portal.pages.typed import Typed, typed_of
from portal.service import service_of
from portal.sharing import desk_of

router = page_router()
Name = Annotated[str, Query(max_length=200)]
FORM = "return"


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be returned.

    Attributes:
        rows: how many rows of what is published now; None: nothing is.
        seal: of all that was counted: only this is granted without another look.
        changed: it was to be granted, and is not what was counted before.
    """

    rows: int | None
    seal: str
    changed: bool


@router.get("/returns/new")
def return_form(
    request: Request,
    visit: VisitDep,
    person: PersonDep,
    resource: Name = "",
    district: Name = "",
) -> Response:
    """Choose a resource and a district, then what of it is returned."""
    return _form(request, visit, person, resource, district)


@router.post("/returns")
def return_give(request: Request, visit: VisitDep, person: PersonDep, form: FormDep) -> Response:
    """Count the rows that would be returned; or grant what was counted, and nothing else."""
    resource, district = field(form, "resource"), field(form, "district")
    desk = desk_of(request)
    try:
        given = return_of(desk, form)
        seen = visit.site.seal(FORM, repr(given))
        granting = field(form, "act") == "give"
        if granting and field(form, "seen") == seen:
            grant = desk.give_return(person, given)
            return redirect(request, "grant_page", "return_given", {"grant": grant.id}, id=grant.id)
        with desk.guarded(person, "grant", resource):
            counted = _count(request, desk.planned_return(person, given))
    except CityBrainError as error:
        typed = typed_of(FORM, form, error, visit.lang)
        return _form(request, visit, person, resource, district, form, typed=typed)
    preview = Preview(counted, seen, granting)
    return _form(request, visit, person, resource, district, form, preview=preview)


def return_of(desk: SharingDesk, form: FormData) -> Return:
    """What the form says; whether it may be given is the desk's.

    Raises:
        PipelineError: `share_day`, when a day is none; `unknown_table`.
    """
    resource = field(form, "resource")
    desk.rules.entry(resource)
    names = fields(form, "fields")
    masks = ((name, field(form, f"mask.{name}")) for name in names)
    lines = field(form, "rows").splitlines()
    return Return(
        department=field(form, "district"),
        resource=resource,
        fields=tuple(names),
        region_field=field(form, "rows_field"),
        regions=tuple(line.strip() for line in lines if line.strip()),
        purpose=field(form, "purpose"),
        basis=field(form, "basis"),
        first=day(form, "first"),
        last=day(form, "last"),
        manner=field(form, "manner"),
        masks=tuple((name, mask) for name, mask in masks if mask),
        legal_basis=field(form, "legal"),
    )


def _count(request: Request, grant: Grant) -> int | None:
    """How many rows it would give; None: nothing is published."""
    try:
        return service_of(request).exchange.rows_of(grant)
    except PipelineError as error:
        if error.code == "exchange_unpublished":
            return None
        raise


def _form(
    request: Request,
    visit: Visit,
    person: Person,
    resource: str,
    district: str,
    form: FormData | None = None,
    *,
    typed: Typed | None = None,
    preview: Preview | None = None,
) -> Response:
    """The form; filled, with what was counted or with why it was refused."""
    desk = desk_of(request)
    known = departments(request)
    there = resource in desk.plan.steps and district in known
    rules = desk.rules.fields(resource) if there else ()
    values = {} if form is None else {k: v for k, v in form.items() if isinstance(v, str)}
    return render(
        request,
        "sharing/return_form.html",
        status=200 if typed is None else typed.problem.status,
        resource=resource,
        district=district,
        there=there,
        resources=sorted(name for name in desk.plan.steps if not desk.rules.is_private(name)),
        departments=known,
        rules=rules,
        masks={
            one.name: desk.rules.offered(resource, one.name, district)
            for one in rules
            if not one.why_not
        },
        chosen=[] if form is None else fields(form, "fields"),
        filled=values,
        manners=MANNERS,
        typed=typed,
        preview=preview,
        department=naming(request, visit.lang),
    )
