"""What may be done to a request: pure functions from a request as it stands to what becomes of it.

They know the table of transitions and the clocks. Whether a person may act for a department, and
whether the contract allows what is asked, is checked before (`pipelines.sharing`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from functools import partial

from catalog.errors import CatalogError
from catalog.sharing.clocks import Clock, ClockStep, Terms, done
from catalog.sharing.grant import Grant
from catalog.sharing.request import (
    SYSTEM,
    Asked,
    By,
    Change,
    Dispute,
    Event,
    FieldDecision,
    Item,
    Request,
    Task,
)
from catalog.sharing.transitions import State, moved


@dataclass(frozen=True, slots=True)
class Now:
    """The moment of a change, and the city's deadlines."""

    at: datetime
    terms: Terms

    def clock(self, step: ClockStep) -> Clock:
        """A clock that starts now."""
        return self.terms.start(step, self.at)


# The asking department


def submit(id: str, department: str, by: By, asked: Asked, now: Now) -> Change:
    """A new request; the platform's clock starts."""
    after = moved("request", "submit", "new", by.party)
    made = Request(id, department, by.actor, asked, after, now.at, now.clock("check"))
    return Change(made, (Event(now.at, by.actor, "submit", "new", after, to=now.terms.bureau),))


def withdraw(request: Request, by: By, now: Now, reason: str) -> Change:
    """Take a request back before the platform has looked at it."""
    return _whole(request, "withdraw", by, now, reason, None, now.terms.bureau)


def resubmit(request: Request, by: By, now: Now, asked: Asked) -> Change:
    """Hand a returned request in again, as it should be."""
    changed = replace(request, asked=asked)
    return _whole(changed, "resubmit", by, now, "", now.clock("check"), now.terms.bureau)


def correct(request: Request, number: int, by: By, now: Now, answer: str) -> Change:
    """Answer the owner's question; its clock goes on with what was left."""
    task = known_task(request, number)
    clock = None if task.clock is None else now.terms.resume(task.clock, now.at)
    return _task(request, task, "correct", by, now, answer, clock=clock, answer=answer)


def dispute(request: Request, number: int, by: By, now: Now, reason: str) -> Change:
    """Do not accept what was refused.

    Raises:
        CatalogError: `dispute_nothing`, when nothing of the task was refused, or it was disputed
            before.
    """
    task = known_task(request, number)
    if not task.refused or task.dispute is not None:
        raise CatalogError("dispute_nothing", request=request.id, task=number)
    after = moved("dispute", "raise", "new", by.party, reason)
    said = Dispute(after, now.at, by.actor, reason, clock=now.clock("dispute"))
    to, state = now.terms.bureau, task.state
    event = Event(now.at, by.actor, "dispute", state, state, reason, number, to)
    return Change(_with(request, replace(task, dispute=said)), (event,))


# The data bureau


def check(request: Request, by: By, now: Now) -> Change:
    """Begin the platform's check; from now on nothing is withdrawn."""
    return _whole(request, "check", by, now, "", request.clock)


def give_back(request: Request, by: By, now: Now, reason: str) -> Change:
    """Return a request that cannot be dispatched as it is."""
    return _whole(request, "give_back", by, now, reason, None)


def dispatch(request: Request, by: By, now: Now, at_once: bool) -> Change:
    """Make a task of every item; what is shared unconditionally is answered at once, if so set.

    Args:
        at_once: whether the system approves unconditional items itself; else the bureau does.
    """
    change = _whole(request, "dispatch", by, now, "", None)
    for item in request.asked.items:
        change = _then(change, partial(_new_task, item=item, by=by, now=now))
        task = change.request.tasks[-1]
        if at_once and item.share_type == 1:
            given = dict.fromkeys(item.fields, FieldDecision("approved"))
            answer = partial(decide, number=task.number, by=SYSTEM, now=now, decisions=given)
            change = _then(change, answer)
    return change


def redispatch(request: Request, number: int, by: By, now: Now, owner: str, reason: str) -> Change:
    """Send a task that its department gave back to the right one, or to the same again."""
    task = known_task(request, number)
    item, clock = replace(task.item, owner=owner), now.clock("conditional")
    return _task(request, task, "redispatch", by, now, reason, clock=clock, item=item)


def refuse_returned(request: Request, number: int, by: By, now: Now, reason: str) -> Change:
    """Refuse a task that its department gave back: nobody has such data to share."""
    task = known_task(request, number)
    refused = dict.fromkeys(task.item.fields, FieldDecision("refused", reason=reason))
    return _decided(request, task, "refuse", by, now, reason, refused)


def rule(request: Request, number: int, by: By, now: Now, lift: bool, ruling: str) -> Change:
    """Rule on a dispute. If the refusal is lifted, its owner is asked again about those fields.

    Raises:
        CatalogError: `dispute_unknown`, when there is none.
    """
    task = known_task(request, number)
    if task.dispute is None:
        raise CatalogError("dispute_unknown", request=request.id, task=number)
    act = "lift" if lift else "uphold"
    after = moved("dispute", act, task.dispute.state, by.party, ruling)
    said = replace(
        task.dispute,
        state=after,
        ruled_at=now.at,
        ruled_by=by.actor,
        ruling=ruling,
        clock=None,
    )
    event = Event(now.at, by.actor, act, task.state, task.state, ruling, number)
    change = Change(_with(request, replace(task, dispute=said)), (event,))
    if not lift:
        return change
    if request.state == "confirmed":
        change = _then(change, lambda one: _whole(one, "reopen", by, now, ruling, None))
    item = replace(task.item, fields=task.refused, share_type=2)
    return _then(change, lambda one: _new_task(one, item, by, now, follows=number))


# The department whose data it is


def decide(
    request: Request, number: int, by: By, now: Now, decisions: Mapping[str, FieldDecision]
) -> Change:
    """Decide about every field of a task.

    Raises:
        CatalogError: `decision_fields`, when a field is left out or was not asked for;
            `share_reason`, when a refusal says no reason; `share_party`, when somebody else than the
            owner decides about what is shared conditionally.
    """
    task = known_task(request, number)
    if by.party != "owner" and task.item.share_type == 2:
        raise CatalogError(
            "share_party", act="decide", kind="task", party=by.party, parties="owner"
        )
    if set(decisions) != set(task.item.fields):
        odd = ", ".join(sorted(set(decisions) ^ set(task.item.fields)))
        raise CatalogError("decision_fields", task=number, fields=odd)
    outcomes = {one.outcome for one in decisions.values()}
    act = "approve_some"
    if len(outcomes) == 1:
        act = "approve" if "approved" in outcomes else "refuse"
    for one in decisions.values():
        if one.outcome == "refused" and not one.reason.strip():
            raise CatalogError("share_reason", act="refuse")
    reasons = "; ".join(
        f"{name}: {one.reason}" for name, one in decisions.items() if one.outcome == "refused"
    )
    return _decided(request, task, act, by, now, reasons, decisions)


def ask(request: Request, number: int, by: By, now: Now, question: str) -> Change:
    """Ask the requester to put something right; the clock stands still meanwhile."""
    task = known_task(request, number)
    clock = None if task.clock is None else now.terms.stop(task.clock, now.at)
    return _task(request, task, "ask", by, now, question, clock=clock, question=question)


def return_task(request: Request, number: int, by: By, now: Now, reason: str) -> Change:
    """Give a task back to the data bureau: it is not for this department."""
    task, to = known_task(request, number), now.terms.bureau
    return _task(request, task, "give_back", by, now, reason, to, clock=None)


# The system


def provision(request: Request, number: int, now: Now, grant: Grant) -> Change:
    """Supply what was approved: the grant and the state are written together."""
    task = known_task(request, number)
    change = _task(request, task, "provision", SYSTEM, now, "", clock=None, grant=grant.id)
    return replace(change, grants=((grant, number),))


def grant_of(request: Request, number: int, id: str, now: Now) -> Grant:
    """The grant that an approved task leads to; it begins now if its first day is past.

    Raises:
        CatalogError: `grant_too_late`, when the term that was asked for is over.
    """
    task, asked = known_task(request, number), request.asked
    zone = now.terms.zone
    first = datetime.combine(asked.first, time_of_day(), zone).astimezone(UTC)
    after = datetime.combine(asked.last + timedelta(days=1), time_of_day(), zone).astimezone(UTC)
    if after <= now.at:
        raise CatalogError("grant_too_late", request=request.id, last=asked.last.isoformat())
    given = {name: task.decisions[name] for name in task.approved}
    return Grant(
        id=id,
        request=request.id,
        department=request.department,
        resource=task.item.resource,
        fields=task.approved,
        purpose=asked.purpose,
        basis=asked.basis,
        scenario=asked.scenario,
        manner=asked.manner,
        valid_from=max(first, now.at),
        valid_to=after,
        masks={name: one.mask for name, one in given.items() if one.mask},
        owner=task.item.owner,
        conditions={name: one.condition for name, one in given.items() if one.condition},
    )


def tick(request: Request, now: Now) -> Change:
    """Remind, supervise and escalate what is due; doing it again changes nothing."""
    change = Change(request, ())
    if request.clock is not None:
        change = _then(change, lambda one: _tick_whole(one, now))
    for task in request.tasks:
        change = _then(change, partial(_tick_task, number=task.number, now=now))
        change = _then(change, partial(_tick_dispute, number=task.number, now=now))
    return change


def known_task(request: Request, number: int) -> Task:
    """A task of a request.

    Raises:
        CatalogError: `task_unknown`.
    """
    found = request.task(number)
    if found is None:
        raise CatalogError("task_unknown", request=request.id, task=number)
    return found


# How these are put together


def _then(change: Change, do: Callable[[Request], Change]) -> Change:
    """One change after another, as one."""
    more = do(change.request)
    return Change(more.request, change.events + more.events, change.grants + more.grants)


def _whole(
    request: Request, act: str, by: By, now: Now, reason: str, clock: Clock | None, to: str = ""
) -> Change:
    after = moved("request", act, request.state, by.party, reason)
    event = Event(now.at, by.actor, act, request.state, after, reason, to=to)
    return Change(replace(request, state=after, clock=clock), (event,))


def _task(
    request: Request,
    task: Task,
    act: str,
    by: By,
    now: Now,
    reason: str,
    to: str = "",
    **changes: object,
) -> Change:
    after = moved("task", act, task.state, by.party, reason)
    event = Event(now.at, by.actor, act, task.state, after, reason, task.number, to)
    changed = replace(task, state=after, **changes)  # type: ignore[arg-type]
    return Change(_with(request, changed), (event,))


def _with(request: Request, task: Task) -> Request:
    tasks = tuple(task if one.number == task.number else one for one in request.tasks)
    return replace(request, tasks=tasks)


def _new_task(request: Request, item: Item, by: By, now: Now, follows: int | None = None) -> Change:
    after = moved("task", "dispatch", "new", by.party)
    number = len(request.tasks) + 1
    clock = now.clock("unconditional" if item.share_type == 1 else "conditional")
    task = Task(number, item, after, clock, follows=follows)
    event = Event(now.at, by.actor, "dispatch", "new", after, task=number, to=item.owner)
    return Change(replace(request, tasks=(*request.tasks, task)), (event,))


def _decided(
    request: Request,
    task: Task,
    act: str,
    by: By,
    now: Now,
    reason: str,
    decisions: Mapping[str, FieldDecision],
) -> Change:
    supplied = act != "refuse"
    change = _task(
        request,
        task,
        act,
        by,
        now,
        reason,
        clock=now.clock("supply") if supplied else None,
        decisions=dict(decisions),
        decided_by=by.actor,
        decided_at=now.at,
    )
    return _then(change, lambda one: _confirm(one, now))


def _confirm(request: Request, now: Now) -> Change:
    """Once every department that is asked has answered, so is the request."""
    waiting = any(one.open for one in request.tasks)
    fewer = len(request.tasks) < len(request.asked.items)  # more are being made
    if waiting or fewer or request.state != "dispatched":
        return Change(request, ())
    return _whole(request, "confirm", SYSTEM, now, "", None)


def _tick_whole(request: Request, now: Now) -> Change:
    clock = request.clock
    what = None if clock is None else now.terms.what_is_due(clock, now.at)
    if clock is None or what is None:
        return Change(request, ())
    to = now.terms.told(what, now.terms.bureau)
    event = Event(now.at, SYSTEM.actor, what, request.state, request.state, to=to)
    return Change(replace(request, clock=done(clock, what, now.at)), (event,))


def _tick_task(request: Request, number: int, now: Now) -> Change:
    task = known_task(request, number)
    what = None if task.clock is None else now.terms.what_is_due(task.clock, now.at)
    if task.clock is None or what is None:
        return Change(request, ())
    after: State = task.state
    if what == "supervise" and task.state == "dispatched":
        after = moved("task", "supervise", task.state, "clock")
    to = now.terms.told(what, task.item.owner)
    event = Event(now.at, SYSTEM.actor, what, task.state, after, task=number, to=to)
    changed = replace(task, state=after, clock=done(task.clock, what, now.at))
    return Change(_with(request, changed), (event,))


def _tick_dispute(request: Request, number: int, now: Now) -> Change:
    task = known_task(request, number)
    said = task.dispute
    clock = None if said is None else said.clock
    what = None if clock is None else now.terms.what_is_due(clock, now.at)
    if said is None or clock is None or what is None:
        return Change(request, ())
    to = now.terms.told(what, now.terms.bureau)
    event = Event(now.at, SYSTEM.actor, what, said.state, said.state, task=number, to=to)
    changed = replace(task, dispute=replace(said, clock=done(clock, what, now.at)))
    return Change(_with(request, changed), (event,))
