"""Requests: the basket, what a department asks for, what it is asked for, and each request's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Response

from catalog.database.requests import RequestsWanted
from catalog.errors import CityBrainError
from catalog.people import Person
from catalog.sharing.clocks import Clock
from catalog.sharing.grant import MANNERS
from catalog.sharing.moves import known_task
from catalog.sharing.request import Request as Asking
from catalog.sharing.request import Task
from catalog.sharing.transitions import allowed_acts
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.people import acting_for
from portal.pages.lists import WantedDep, links_of
from portal.pages.names import people_called
from portal.pages.page import PersonDep, VisitDep, page_router, redirect, render
from portal.pages.sharing_forms import (
    FormDep,
    decisions_of,
    departments,
    field,
    fields,
    naming,
    wish_of,
)
from portal.pages.site import site_of
from portal.pages.typed import Typed, typed_of
from portal.sharing import desk_of

router = page_router()
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


def _basket(request: Request, person: Person, lang: str, typed: Typed | None = None) -> Response:
    desk = desk_of(request)
    held = desk.basket(person)
    rules = {name: desk.rules.fields(name) for name in held if name in desk.plan.steps}
    return render(
        request,
        "sharing/basket.html",
        status=200 if typed is None else typed.problem.status,
        basket=held,
        rules=rules,
        owner={name: desk.rules.owner(name) for name in rules},
        titles={name: site_of(request).called(name, lang) for name in rules},
        manners=MANNERS,
        typed=typed,
        longest=desk.terms.longest_days,
        department=naming(request, lang),
    )


# Lists


@router.get("/requests")
def my_requests(
    request: Request, visit: VisitDep, person: PersonDep, wanted: WantedDep
) -> Response:
    """What somebody's department has asked for or is asked for; of bureau and auditors, everything."""
    desk = desk_of(request)
    asked = RequestsWanted(
        wanted.department, wanted.owner, wanted.state, desk.clock() if wanted.overdue else None
    )
    found = desk.request_page(person, asked, wanted.place)
    return render(
        request,
        "sharing/requests.html",
        found=found,
        wanted=wanted,
        links=links_of(request, wanted, found),
        every=person.role in ("steward", "auditor"),
        departments=departments(request),
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
        waiting=[(one, task, waiting_clock(one, task)) for one, task in waiting],
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


def waiting_clock(request: Asking, task: Task | None) -> Clock | None:
    """The clock of what is waited for; a dispute's, when that waits for its ruling."""
    if task is None:
        return request.clock
    raised = task.dispute is not None and task.dispute.state == "raised"
    return task.dispute.clock if task.dispute is not None and raised else task.clock


def _due(waiting: Waiting) -> tuple[bool, float]:
    request, task = waiting
    clock = waiting_clock(request, task)
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
        return _basket(request, person, visit.lang, typed_of("asking", form, error, visit.lang))
    return redirect(request, "request_page", "request_submitted", id=made.id)


@router.get("/requests/{id}")
def request_page(request: Request, visit: VisitDep, person: PersonDep, id: str) -> Response:
    """A request: what is asked for, each department's task with what can be done, and its events."""
    return _request(request, person, visit.lang, id)


def _request(
    request: Request, person: Person, lang: str, id: str, typed: Typed | None = None
) -> Response:
    """The page of a request; with a form that was refused, if there is one."""
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
        status=200 if typed is None else typed.problem.status,
        typed=typed,
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
        department=naming(request, lang),
        who=people_called(request, _actors(found)),
    )


def _actors(found: Asking) -> Iterator[str]:
    """Everybody whom the page of a request names."""
    yield found.user
    yield from (one.actor for one in found.events)
    for task in found.tasks:
        yield task.decided_by
        if task.dispute is not None:
            yield from (task.dispute.raised_by, task.dispute.ruled_by)


def _side(desk: SharingDesk, person: Person, found: Asking) -> str:
    """On which side somebody is: `requester`, `bureau` or ''."""
    if person.role == "steward":
        return "bureau"
    return "requester" if person.department == found.department else ""


def _decides(desk: SharingDesk, person: Person, task: Task) -> bool:
    if person.role == "steward":
        return task.item.owner == desk.rules.bureau or task.item.share_type == 1
    return person.role == "officer" and person.department == task.item.owner


class Act:
    """What a form does to a request: done, its page; refused, the page with what was typed."""

    def __init__(
        self, request: Request, visit: VisitDep, person: PersonDep, id: str, form: FormDep
    ):
        self.desk = desk_of(request)
        self.person = person
        self.id = id
        self.form = form
        self._request = request
        self._lang = visit.lang

    def said(self, name: str = "text") -> str:
        """The text of a field of the form."""
        return field(self.form, name)

    def done(self, name: str, do: Callable[[], Asking]) -> Response:
        """Do it.

        Args:
            name: of the form, as the page calls it.
        """
        try:
            do()
        except CityBrainError as error:
            typed = typed_of(name, self.form, error, self._lang)
            return _request(self._request, self.person, self._lang, self.id, typed)
        return redirect(self._request, "request_page", "request_changed", id=self.id)


ActDep = Annotated[Act, Depends(Act)]


@router.post("/requests/{id}/withdraw")
def request_withdraw(act: ActDep) -> Response:
    """Take a request back."""
    desk = act.desk
    return act.done("withdraw", lambda: desk.withdraw(act.person, act.id, act.said("reason")))


@router.post("/requests/{id}/resubmit")
def request_resubmit(act: ActDep) -> Response:
    """Hand a returned request in again; what it asks for stays, what it says may change."""

    def again() -> Asking:
        wants: dict[str, tuple[str, ...]] = {}
        for item in act.desk.get(act.person, act.id).asked.items:
            wants[item.resource] = (*wants.get(item.resource, ()), *item.fields)
        return act.desk.resubmit(act.person, act.id, wish_of(act.form, wants))

    return act.done("resubmit", again)


@router.post("/requests/{id}/check")
def request_check(act: ActDep) -> Response:
    """Begin the platform's check."""
    return act.done("check", lambda: act.desk.check(act.person, act.id))


@router.post("/requests/{id}/give-back")
def request_give_back(act: ActDep) -> Response:
    """Return a request to its department."""
    desk = act.desk
    return act.done("give-back", lambda: desk.give_back(act.person, act.id, act.said("reason")))


@router.post("/requests/{id}/dispatch")
def request_dispatch(act: ActDep) -> Response:
    """Send a request to the owners."""
    return act.done("dispatch", lambda: act.desk.dispatch(act.person, act.id))


# One task


@router.post("/requests/{id}/tasks/{number}/decide")
def task_decide(act: ActDep, number: int) -> Response:
    """Decide about every field."""

    def decide() -> Asking:
        task = known_task(act.desk.get(act.person, act.id), number)
        return act.desk.decide(act.person, act.id, number, decisions_of(act.form, task))

    return act.done(f"decide-{number}", decide)


@router.post("/requests/{id}/tasks/{number}/ask")
def task_ask(act: ActDep, number: int) -> Response:
    """Ask the requester to put something right."""
    desk = act.desk
    return act.done(f"ask-{number}", lambda: desk.ask(act.person, act.id, number, act.said()))


@router.post("/requests/{id}/tasks/{number}/give-back")
def task_give_back(act: ActDep, number: int) -> Response:
    """Give a task back to the data bureau."""
    desk, said = act.desk, act.said()
    return act.done(f"back-{number}", lambda: desk.return_task(act.person, act.id, number, said))


@router.post("/requests/{id}/tasks/{number}/correct")
def task_correct(act: ActDep, number: int) -> Response:
    """Answer the owner's question."""
    desk, said = act.desk, act.said()
    return act.done(f"correct-{number}", lambda: desk.correct(act.person, act.id, number, said))


@router.post("/requests/{id}/tasks/{number}/dispute")
def task_dispute(act: ActDep, number: int) -> Response:
    """Take a refusal to the data bureau."""
    desk, said = act.desk, act.said()
    return act.done(f"dispute-{number}", lambda: desk.dispute(act.person, act.id, number, said))


@router.post("/requests/{id}/tasks/{number}/rule")
def task_rule(act: ActDep, number: int) -> Response:
    """Rule on a dispute."""
    lift, said = act.said("ruling") == "lift", act.said()
    return act.done(f"rule-{number}", lambda: act.desk.rule(act.person, act.id, number, lift, said))


@router.post("/requests/{id}/tasks/{number}/redispatch")
def task_redispatch(act: ActDep, number: int) -> Response:
    """Send a task that was given back to another department."""
    owner, said = act.said("owner"), act.said()
    return act.done(
        f"redispatch-{number}",
        lambda: act.desk.redispatch(act.person, act.id, number, owner, said),
    )


@router.post("/requests/{id}/tasks/{number}/refuse")
def task_refuse(act: ActDep, number: int) -> Response:
    """Refuse a task that was given back."""
    desk, said = act.desk, act.said()
    return act.done(
        f"refuse-{number}", lambda: desk.refuse_returned(act.person, act.id, number, said)
    )
