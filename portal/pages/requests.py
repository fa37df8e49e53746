"""Requests: the basket, what a department asks for, what it is asked for, and each request's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import Request, Response

from catalog.errors import CityBrainError
from catalog.people import Person
from catalog.sharing.grant import MANNERS
from catalog.sharing.moves import known_task
from catalog.sharing.request import Request as Asking
from catalog.sharing.request import Task
from catalog.sharing.transitions import allowed_acts
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.people import acting_for
from portal.pages.faults import fault_of
from portal.pages.page import PersonDep, VisitDep, page_router, redirect, render
from portal.pages.sharing_forms import FormDep, decisions_of, field, fields, naming, wish_of
from portal.sharing import desk_of

router = page_router()
FILLED = ("basis", "scenario", "purpose", "manner", "first", "last")
PLATFORM = ("submitted", "pre_auditing")  # what waits for the platform's check
Waiting = tuple[Asking, Task | None]


# The basket


@router.get("/basket")
def basket(request: Request, visit: VisitDep, person: PersonDep) -> Response:
    """What somebody is about to ask for, and the form to ask for it."""
    return _basket(request, person, visit.lang)


@router.post("/basket")
def basket_add(request: Request, person: PersonDep, form: FormDep) -> Response:
    """Put fields of a resource in; a resource without fields is taken out."""
    resource, chosen = field(form, "resource"), fields(form, "fields")
    desk_of(request).put(person, resource, chosen)
    told = "basket_put" if chosen else "basket_taken_out"
    return redirect(request, "basket", told, {"resource": resource, "count": len(chosen)})


@router.post("/basket/empty")
def basket_empty(request: Request, person: PersonDep) -> Response:
    """Take everything out."""
    desk_of(request).empty_basket(person)
    return redirect(request, "basket", "basket_emptied")


def _basket(
    request: Request,
    person: Person,
    lang: str,
    filled: dict[str, str] | None = None,
    error: CityBrainError | None = None,
    again: Asking | None = None,
) -> Response:
    desk = desk_of(request)
    held = desk.basket(person)
    problem = None if error is None else fault_of(error, lang)[0]
    rules = {name: desk.rules.fields(name) for name in held if name in desk.plan.steps}
    return render(
        request,
        "sharing/basket.html",
        status=200 if problem is None else problem.status,
        basket=held,
        rules=rules,
        owner={name: desk.rules.owner(name) for name in rules},
        titles={name: desk.rules.entry(name).name for name in rules},
        manners=MANNERS,
        filled=filled or {},
        problem=problem,
        again=again,
        longest=desk.terms.longest_days,
        department=naming(request, lang),
    )


# Lists


@router.get("/requests")
def my_requests(request: Request, visit: VisitDep, person: PersonDep) -> Response:
    """What somebody's department has asked for; of the bureau and auditors, everything."""
    desk = desk_of(request)
    every = person.role in ("steward", "auditor")
    found = desk.everything(person) if every else desk.mine(person)
    return render(
        request,
        "sharing/requests.html",
        found=found,
        every=every,
        now=desk.clock(),
        department=naming(request, visit.lang),
    )


@router.get("/inbox")
def inbox(request: Request, visit: VisitDep, person: PersonDep) -> Response:
    """What waits for somebody, what is due first at the top."""
    desk = desk_of(request)
    waiting = sorted(_waiting(desk, person), key=_due)
    return render(
        request,
        "sharing/inbox.html",
        waiting=waiting,
        now=desk.clock(),
        department=naming(request, visit.lang),
    )


def _waiting(desk: SharingDesk, person: Person) -> list[Waiting]:
    """Requests to check, and tasks to decide, route or rule on."""
    mine = acting_for(person, desk.rules.bureau)
    steward = person.role == "steward"
    found: list[Waiting] = []
    for one in desk.waiting(person):
        if steward and one.state in PLATFORM:
            found.append((one, None))
        if one.department == mine and one.state == "returned":
            found.append((one, None))
        for task in one.tasks:
            own = task.item.owner == mine and task.state in ("dispatched", "supervising")
            asked = one.department == mine and task.state == "correction"
            if own or asked or (steward and _for_bureau(task)):
                found.append((one, task))
    return found


def _for_bureau(task: Task) -> bool:
    """Whether the data bureau has to route a task, rule on it or answer it."""
    raised = task.dispute is not None and task.dispute.state == "raised"
    return task.state == "returned" or raised or (task.item.share_type == 1 and task.open)


def _due(waiting: Waiting) -> tuple[bool, float]:
    request, task = waiting
    clock = request.clock if task is None else task.clock
    due: datetime | None = None if clock is None else clock.due_at
    return due is None, 0.0 if due is None else due.timestamp()


# One request


@router.post("/requests")
def request_submit(request: Request, visit: VisitDep, person: PersonDep, form: FormDep) -> Response:
    """Ask for what is in the basket; what is wrong with the form is told above it."""
    desk = desk_of(request)
    try:
        made = desk.submit(person, wish_of(form, desk.basket(person)))
    except CityBrainError as error:
        filled = {name: field(form, name) for name in FILLED}
        return _basket(request, person, visit.lang, filled, error)
    return redirect(request, "request_page", "request_submitted", id=made.id)


@router.get("/requests/{id}")
def request_page(request: Request, visit: VisitDep, person: PersonDep, id: str) -> Response:
    """A request: what is asked for, each department's task with what can be done, and its events."""
    desk = desk_of(request)
    found = desk.get(person, id)
    side = _side(desk, person, found)
    offered = {
        task.number: desk.masks_for(person, found, task)
        for task in found.tasks
        if task.state in ("dispatched", "supervising") and _decides(desk, person, task)
    }
    return render(
        request,
        "sharing/request.html",
        found=found,
        side=side,
        offered=offered,
        acts=allowed_acts("request", found.state),
        task_acts={one.number: allowed_acts("task", one.state) for one in found.tasks},
        decides={one.number: _decides(desk, person, one) for one in found.tasks},
        rules={
            item.resource: {rule.name: rule for rule in desk.rules.fields(item.resource)}
            for item in found.asked.items
            if item.resource in desk.plan.steps
        },
        departments=sorted(desk.plan.workspace.departments),
        now=desk.clock(),
        department=naming(request, visit.lang),
    )


def _side(desk: SharingDesk, person: Person, found: Asking) -> str:
    """On which side somebody is: `requester`, `bureau` or ''."""
    if person.role == "steward":
        return "bureau"
    return "requester" if person.department == found.department else ""


def _decides(desk: SharingDesk, person: Person, task: Task) -> bool:
    if person.role == "steward":
        return task.item.owner == desk.rules.bureau or task.item.share_type == 1
    return person.role == "officer" and person.department == task.item.owner


def _done(request: Request, id: str, do: Callable[[SharingDesk], Asking]) -> Response:
    """Do something to a request, and go back to its page."""
    do(desk_of(request))
    return redirect(request, "request_page", "request_changed", id=id)


@router.post("/requests/{id}/withdraw")
def request_withdraw(request: Request, person: PersonDep, id: str, form: FormDep) -> Response:
    """Take a request back."""
    return _done(request, id, lambda desk: desk.withdraw(person, id, field(form, "reason")))


@router.post("/requests/{id}/resubmit")
def request_resubmit(request: Request, person: PersonDep, id: str, form: FormDep) -> Response:
    """Hand a returned request in again; what it asks for stays, what it says may change."""

    def again(desk: SharingDesk) -> Asking:
        wants: dict[str, tuple[str, ...]] = {}
        for item in desk.get(person, id).asked.items:
            wants[item.resource] = (*wants.get(item.resource, ()), *item.fields)
        return desk.resubmit(person, id, wish_of(form, wants))

    return _done(request, id, again)


@router.post("/requests/{id}/check")
def request_check(request: Request, person: PersonDep, id: str) -> Response:
    """Begin the platform's check."""
    return _done(request, id, lambda desk: desk.check(person, id))


@router.post("/requests/{id}/give-back")
def request_give_back(request: Request, person: PersonDep, id: str, form: FormDep) -> Response:
    """Return a request to its department."""
    return _done(request, id, lambda desk: desk.give_back(person, id, field(form, "reason")))


@router.post("/requests/{id}/dispatch")
def request_dispatch(request: Request, person: PersonDep, id: str) -> Response:
    """Send a request to the owners."""
    return _done(request, id, lambda desk: desk.dispatch(person, id))


# One task


@router.post("/requests/{id}/tasks/{number}/decide")
def task_decide(
    request: Request, person: PersonDep, id: str, number: int, form: FormDep
) -> Response:
    """Decide about every field."""

    def decide(desk: SharingDesk) -> Asking:
        task = known_task(desk.get(person, id), number)
        return desk.decide(person, id, number, decisions_of(form, task))

    return _done(request, id, decide)


@router.post("/requests/{id}/tasks/{number}/ask")
def task_ask(request: Request, person: PersonDep, id: str, number: int, form: FormDep) -> Response:
    """Ask the requester to put something right."""
    return _done(request, id, lambda desk: desk.ask(person, id, number, field(form, "text")))


@router.post("/requests/{id}/tasks/{number}/give-back")
def task_give_back(
    request: Request, person: PersonDep, id: str, number: int, form: FormDep
) -> Response:
    """Give a task back to the data bureau."""
    said = field(form, "text")
    return _done(request, id, lambda desk: desk.return_task(person, id, number, said))


@router.post("/requests/{id}/tasks/{number}/correct")
def task_correct(
    request: Request, person: PersonDep, id: str, number: int, form: FormDep
) -> Response:
    """Answer the owner's question."""
    return _done(request, id, lambda desk: desk.correct(person, id, number, field(form, "text")))


@router.post("/requests/{id}/tasks/{number}/dispute")
def task_dispute(
    request: Request, person: PersonDep, id: str, number: int, form: FormDep
) -> Response:
    """Take a refusal to the data bureau."""
    return _done(request, id, lambda desk: desk.dispute(person, id, number, field(form, "text")))


@router.post("/requests/{id}/tasks/{number}/rule")
def task_rule(request: Request, person: PersonDep, id: str, number: int, form: FormDep) -> Response:
    """Rule on a dispute."""
    lift, said = field(form, "ruling") == "lift", field(form, "text")
    return _done(request, id, lambda desk: desk.rule(person, id, number, lift, said))


@router.post("/requests/{id}/tasks/{number}/redispatch")
def task_redispatch(
    request: Request, person: PersonDep, id: str, number: int, form: FormDep
) -> Response:
    """Send a task that was given back to another department."""
    owner, said = field(form, "owner"), field(form, "text")
    return _done(request, id, lambda desk: desk.redispatch(person, id, number, owner, said))


@router.post("/requests/{id}/tasks/{number}/refuse")
def task_refuse(
    request: Request, person: PersonDep, id: str, number: int, form: FormDep
) -> Response:
    """Refuse a task that was given back."""
    said = field(form, "text")
    return _done(request, id, lambda desk: desk.refuse_returned(person, id, number, said))
