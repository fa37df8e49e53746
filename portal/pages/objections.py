"""Objections: what departments say is wrong, and what its sources say to that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Query, Request, Response
from starlette.datastructures import FormData

from catalog.database.objections import ObjectionsWanted
from catalog.errors import CityBrainError
from catalog.people import Person
from catalog.sharing.objection import Verdict
from pipelines.sharing.people import department_for
from portal.pages.lists import WantedDep, links_of
from portal.pages.names import people_called
from portal.pages.page import PersonDep, VisitDep, page_router, redirect, render
from portal.pages.sharing_forms import FormDep, departments, field, key_of, naming
from portal.pages.typed import Typed, typed_of
from portal.sharing import desk_of, objections_of

router = page_router()
Name = Annotated[str, Query(max_length=200)]


@router.get("/objections")
def objections(request: Request, visit: VisitDep, person: PersonDep, wanted: WantedDep) -> Response:
    """The objections that concern somebody, the newest first."""
    desk = desk_of(request)
    asked = ObjectionsWanted(
        department=wanted.department,
        state=wanted.state,
        overdue=desk.clock() if wanted.overdue else None,
    )
    found = objections_of(request).page(person, asked, wanted.place)
    return render(
        request,
        "sharing/objections.html",
        found=found,
        wanted=wanted,
        links=links_of(request, wanted, found),
        departments=departments(request),
        now=desk.clock(),
        mine=_department(request, person),
        department=naming(request, visit.lang),
    )


def _department(request: Request, person: Person) -> str:
    """For which department somebody answers; empty: for none."""
    return department_for(person, desk_of(request).rules.bureau) or ""


@router.get("/objections/new")
def objection_form(
    request: Request, visit: VisitDep, person: PersonDep, resource: Name = ""
) -> Response:
    """The form for an objection to a record of a resource."""
    return _form(request, resource)


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
        return _form(request, resource, typed_of("raise", form, error, visit.lang))
    return redirect(request, "objection_page", "objection_raised", id=made.id)


def _form(request: Request, resource: str, typed: Typed | None = None) -> Response:
    step = desk_of(request).plan.steps.get(resource)
    return render(
        request,
        "sharing/objection_form.html",
        status=200 if typed is None else typed.problem.status,
        resource=resource if step is not None else "",
        contract=None if step is None else step.contract,
        typed=typed,
    )


@router.get("/objections/{id}")
def objection_page(request: Request, visit: VisitDep, person: PersonDep, id: str) -> Response:
    """An objection: the record, its sources, what they say, and what can be done."""
    return _objection(request, person, visit.lang, id)


def _objection(
    request: Request, person: Person, lang: str, id: str, typed: Typed | None = None
) -> Response:
    found = objections_of(request).get(person, id)
    route = found.route(_department(request, person))
    faulty = [one for one in found.routes if one.state == "verified"]
    named = naming(request, lang)
    actors = [found.user, *(one.by for one in found.routes), *(one.actor for one in found.events)]
    return render(
        request,
        "sharing/objection.html",
        status=200 if typed is None else typed.problem.status,
        typed=typed,
        found=found,
        answers=found.open and route is not None and route.verdict is None,
        corrects=found.open and (bool(faulty) if person.role == "steward" else route in faulty),
        now=desk_of(request).clock(),
        names={one.number: named(one.department) for one in found.routes},
        department=named,
        who=people_called(request, actors),
    )


def _done(
    request: Request, person: Person, lang: str, id: str, form: FormData, do: Callable[[], object]
) -> Response:
    """Do something to an objection; refused, its page shows what was typed."""
    try:
        do()
    except CityBrainError as error:
        return _objection(request, person, lang, id, typed_of("answer", form, error, lang))
    return redirect(request, "objection_page", "objection_changed", id=id)


@router.post("/objections/{id}/answer")
def objection_answer(
    request: Request, visit: VisitDep, person: PersonDep, id: str, form: FormDep
) -> Response:
    """Say what a source has found."""
    verdict: Verdict = "confirmed" if field(form, "verdict") == "confirmed" else "denied"
    desk, said = objections_of(request), field(form, "text")
    return _done(
        request, person, visit.lang, id, form, lambda: desk.answer(person, id, verdict, said)
    )


@router.post("/objections/{id}/correct")
def objection_correct(
    request: Request, visit: VisitDep, person: PersonDep, id: str, form: FormDep
) -> Response:
    """Correct a source's fault with what is published now."""
    desk = objections_of(request)
    return _done(request, person, visit.lang, id, form, lambda: desk.correct(person, id))
