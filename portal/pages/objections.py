"""Objections: what departments say is wrong, and what its sources say to that."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from catalog.errors import CityBrainError
from catalog.sharing.objection import Verdict
from portal.pages.faults import fault_of
from portal.pages.page import PersonDep, VisitDep, page_router, redirect, render
from portal.pages.sharing_forms import FormDep, field, key_of, naming
from portal.sharing import desk_of, objections_of

router = page_router()
Name = Annotated[str, Query(max_length=200)]


@router.get("/objections")
def objections(request: Request, visit: VisitDep, person: PersonDep) -> Response:
    """The objections that concern somebody, the newest first."""
    found = objections_of(request).list(person)
    desk = desk_of(request)
    return render(
        request,
        "sharing/objections.html",
        found=found,
        now=desk.clock(),
        department=naming(request, visit.lang),
    )


@router.get("/objections/new")
def objection_form(
    request: Request, visit: VisitDep, person: PersonDep, resource: Name = ""
) -> Response:
    """The form for an objection to a record of a resource."""
    return _form(request, visit.lang, resource)


@router.post("/objections")
def objection_raise(
    request: Request, visit: VisitDep, person: PersonDep, form: FormDep
) -> Response:
    """Raise an objection; what is wrong with the form is told above it."""
    desk, resource = objections_of(request), field(form, "resource")
    step = desk.desk.plan.steps.get(resource)
    key = key_of(form, () if step is None else step.contract.primary_key)
    said = [field(form, name) for name in ("field", "wrong", "evidence")]
    try:
        made = desk.raise_(person, resource, key, *said)
    except CityBrainError as error:
        filled = {name: value for name, value in form.items() if isinstance(value, str)}
        return _form(request, visit.lang, resource, filled, error)
    return redirect(request, "objection_page", "objection_raised", id=made.id)


def _form(
    request: Request,
    lang: str,
    resource: str,
    filled: dict[str, str] | None = None,
    error: CityBrainError | None = None,
) -> Response:
    plan = desk_of(request).plan
    problem = None if error is None else fault_of(error, lang)[0]
    step = plan.steps.get(resource)
    return render(
        request,
        "sharing/objection_form.html",
        status=200 if problem is None else problem.status,
        resource=resource if step is not None else "",
        contract=None if step is None else step.contract,
        filled=filled or {},
        problem=problem,
    )


@router.get("/objections/{id}")
def objection_page(request: Request, visit: VisitDep, person: PersonDep, id: str) -> Response:
    """An objection: the record, its sources, what they say, and what can be done."""
    found = objections_of(request).get(person, id)
    route = found.route(person.department or "")
    steward = person.role == "steward"
    if steward:
        route = found.route(desk_of(request).rules.bureau)
    return render(
        request,
        "sharing/objection.html",
        found=found,
        answers=route is not None and route.verdict is None and found.state == "traced",
        corrects=found.state == "verified" and (route is not None or steward),
        now=desk_of(request).clock(),
        department=naming(request, visit.lang),
    )


@router.post("/objections/{id}/answer")
def objection_answer(request: Request, person: PersonDep, id: str, form: FormDep) -> Response:
    """Say what a source has found."""
    verdict: Verdict = "confirmed" if field(form, "verdict") == "confirmed" else "denied"
    objections_of(request).answer(person, id, verdict, field(form, "text"))
    return redirect(request, "objection_page", "objection_changed", id=id)


@router.post("/objections/{id}/correct")
def objection_correct(request: Request, person: PersonDep, id: str) -> Response:
    """Close it with what is published now."""
    objections_of(request).correct(person, id)
    return redirect(request, "objection_page", "objection_changed", id=id)
