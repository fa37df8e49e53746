"""An objection (异议): somebody says that a value of a record is wrong; its sources find out.

A value that is made of several departments' data goes to each of them. Each answers for its own data,
with a clock of its own, and goes its own way through the table of transitions; what the objection is
follows from that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from catalog.errors import CatalogError
from catalog.sharing.clocks import Clock, done
from catalog.sharing.moves import Now
from catalog.sharing.request import SYSTEM, By, Event, escalated_to
from catalog.sharing.transitions import OPEN_OBJECTION, State, moved

Verdict = Literal["confirmed", "denied"]


@dataclass(frozen=True, slots=True)
class Route:
    """A department from which the value comes, and what it says.

    Attributes:
        number: counts from 1 within the objection; events name it as their task.
        sources: its columns from which the value is made, `<table>.<column>`.
        verdict: None while it has not looked.
        answered_at: when it answered first.
        snapshot: the snapshot of the resource by which it corrected its fault.
        clock: of its answer, and once it has confirmed a fault of the correction.
    """

    number: int
    department: str
    sources: tuple[str, ...]
    verdict: Verdict | None = None
    by: str = ""
    said: str = ""
    answered_at: datetime | None = None
    snapshot: int | None = None
    clock: Clock | None = None

    @property
    def state(self) -> State:
        """How far this department is, by the states of objections."""
        if self.snapshot is not None:
            return "corrected"
        if self.verdict is None:
            return "traced"
        return "verified" if self.verdict == "confirmed" else "rejected"


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection as it stands.

    Attributes:
        key: by field of the resource's key its value in the record, as text.
        wrong: what is wrong about it; evidence: what shows that.
        snapshot: the snapshot of the resource by which the last fault was corrected.
    """

    id: str
    department: str
    user: str
    resource: str
    key: Mapping[str, str]
    field: str
    wrong: str
    evidence: str
    state: State
    raised_at: datetime
    routes: tuple[Route, ...] = ()
    snapshot: int | None = None
    closed_at: datetime | None = None
    events: tuple[Event, ...] = ()

    @property
    def open(self) -> bool:
        """Whether the record is flagged."""
        return self.state in OPEN_OBJECTION

    @property
    def clock(self) -> Clock | None:
        """The clock of the source that has to do something first; None: nobody has to."""
        clocks = [one.clock for one in self.routes if one.clock is not None]
        timed = [(one.due_at, number) for number, one in enumerate(clocks) if one.due_at]
        return clocks[min(timed)[1]] if timed else None

    @property
    def supervisors(self) -> frozenset[str]:
        """The departments to which a delay was escalated."""
        return escalated_to(self.events)

    def route(self, department: str) -> Route | None:
        """What a department was asked."""
        return next((one for one in self.routes if one.department == department), None)

    def clock_for(self, department: str) -> Clock | None:
        """The clock that matters to a department: a source's own, and to others the first one."""
        route = self.route(department)
        return self.clock if route is None else route.clock


Moved = tuple[Objection, tuple[Event, ...]]
Make = Callable[[Objection, datetime], Moved]


def raise_(made: Objection, by: By, now: Now) -> Moved:
    """A new objection: raised, and traced to the departments of its sources."""
    first = moved("objection", "raise", "new", by.party, made.wrong)
    after = moved("objection", "trace", first, "clock")
    events = (
        Event(now.at, by.actor, "raise", "new", first, made.wrong),
        *(
            Event(now.at, SYSTEM.actor, "trace", first, after, task=one.number, to=one.department)
            for one in made.routes
        ),
    )
    routes = tuple(replace(one, clock=now.clock("verify")) for one in made.routes)
    return replace(made, state=after, routes=routes), events


def answer(
    objection: Objection, department: str, by: By, now: Now, verdict: Verdict, said: str
) -> Moved:
    """What a source says about its own data; a fault that it confirms it has to correct.

    Raises:
        CatalogError: `objection_not_asked`, when the department is no source of the value;
            `share_illegal`, when it has denied or corrected it already, or all is closed;
            `share_reason`.
    """
    route = asked(objection, department)
    act = "verify" if verdict == "confirmed" else "reject"
    before = _state(objection, route)
    after = moved("objection", act, before, by.party, said)
    told = replace(
        route,
        verdict=verdict,
        by=by.actor,
        said=said,
        answered_at=route.answered_at or now.at,
        clock=now.clock("correct") if verdict == "confirmed" else None,
    )
    event = Event(now.at, by.actor, act, before, after, said, route.number)
    return _standing(objection, (told,), now), (event,)


def correct(
    objection: Objection, by: By, now: Now, snapshot: int, department: str | None = None
) -> Moved:
    """The resource was published without the faults of a department.

    Args:
        department: whose faults; None: of all that have confirmed one and not corrected it.

    Raises:
        CatalogError: `objection_not_asked`; `share_illegal`, when there is no fault to correct.
    """
    faulty = [one for one in objection.routes if one.state == "verified"]
    if department is not None:
        faulty = [asked(objection, department)]
    events, corrected = [], []
    for route in faulty or objection.routes:
        before = _state(objection, route)
        after = moved("objection", "correct", before, by.party)
        event = Event(now.at, by.actor, "correct", before, after, str(snapshot), route.number)
        events.append(event)
        corrected.append(replace(route, snapshot=snapshot, clock=None))
    changed = replace(objection, snapshot=snapshot)
    return _standing(changed, corrected, now), tuple(events)


def tick(objection: Objection, now: Now) -> Moved:
    """Remind, supervise and escalate each source's clock; doing it again changes nothing."""
    events, routes = [], []
    for route in objection.routes:
        what = None if route.clock is None else now.terms.what_is_due(route.clock, now.at)
        if route.clock is None or what is None:
            routes.append(route)
            continue
        state, to = route.state, now.terms.told(what, route.department)
        event = Event(now.at, SYSTEM.actor, what, state, state, task=route.number, to=to)
        events.append(event)
        routes.append(replace(route, clock=done(route.clock, what, now.at)))
    return replace(objection, routes=tuple(routes)), tuple(events)


def asked(objection: Objection, department: str) -> Route:
    """What a department was asked.

    Raises:
        CatalogError: `objection_not_asked`.
    """
    route = objection.route(department)
    if route is None:
        raise CatalogError("objection_not_asked", objection=objection.id, department=department)
    return route


def _state(objection: Objection, route: Route) -> State:
    """The state from which a source goes on; what is closed is closed for all of them."""
    return route.state if objection.open else objection.state


def _standing(objection: Objection, changed: Sequence[Route], now: Now) -> Objection:
    """The objection after what its sources have done."""
    new = {one.number: one for one in changed}
    routes = tuple(new.get(one.number, one) for one in objection.routes)
    state = _state_of([one.state for one in routes])
    after = replace(objection, routes=routes, state=state)
    return after if after.open else replace(after, closed_at=now.at)


def _state_of(states: Sequence[State]) -> State:
    """Open until each source has answered and corrected its faults; one fault confirms it."""
    faults = [one for one in states if one in ("verified", "corrected")]
    if "traced" in states or "verified" in states:
        return "verified" if faults else "traced"
    return "corrected" if faults else "rejected"
