"""An objection (异议): somebody says that a value of a record is wrong; its sources find out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from catalog.errors import CatalogError
from catalog.sharing.clocks import Clock, done
from catalog.sharing.moves import Now
from catalog.sharing.request import SYSTEM, By, Event
from catalog.sharing.transitions import OPEN_OBJECTION, State, moved

Verdict = Literal["confirmed", "denied"]


@dataclass(frozen=True, slots=True)
class Route:
    """A department from which the value comes, and what it says.

    Attributes:
        sources: its columns from which the value is made, `<table>.<column>`.
        verdict: None while it has not looked.
    """

    department: str
    sources: tuple[str, ...]
    verdict: Verdict | None = None
    by: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection as it stands.

    Attributes:
        key: by field of the resource's key its value in the record, as text.
        wrong: what is wrong about it; evidence: what shows that.
        snapshot: the snapshot of the resource that corrects it.
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
    clock: Clock | None = None
    routes: tuple[Route, ...] = ()
    snapshot: int | None = None
    closed_at: datetime | None = None
    events: tuple[Event, ...] = ()

    @property
    def open(self) -> bool:
        """Whether the record is flagged."""
        return self.state in OPEN_OBJECTION

    def route(self, department: str) -> Route | None:
        """What a department was asked."""
        return next((one for one in self.routes if one.department == department), None)


Moved = tuple[Objection, tuple[Event, ...]]
Make = Callable[[Objection, datetime], Moved]


def raise_(made: Objection, by: By, now: Now) -> Moved:
    """A new objection: raised, and traced to the departments of its sources."""
    first = moved("objection", "raise", "new", by.party, made.wrong)
    after = moved("objection", "trace", first, "clock")
    events = (
        Event(now.at, by.actor, "raise", "new", first, made.wrong),
        *(
            Event(now.at, SYSTEM.actor, "trace", first, after, to=route.department)
            for route in made.routes
        ),
    )
    return replace(made, state=after, clock=now.clock("verify")), events


def answer(
    objection: Objection, department: str, by: By, now: Now, verdict: Verdict, said: str
) -> Moved:
    """What a source says: one that confirms it is enough; if all deny it, it is rejected.

    Raises:
        CatalogError: `objection_not_asked`, when the department is no source of the value.
    """
    route = objection.route(department)
    if route is None:
        raise CatalogError("objection_not_asked", objection=objection.id, department=department)
    if not said.strip():
        raise CatalogError("share_reason", act="verify" if verdict == "confirmed" else "reject")
    told = replace(route, verdict=verdict, by=by.actor, said=said)
    routes = tuple(told if one.department == department else one for one in objection.routes)
    verdicts = {one.verdict for one in routes}
    if verdict == "confirmed":
        after = moved("objection", "verify", objection.state, by.party, said)
    elif verdicts == {"denied"}:
        after = moved("objection", "reject", objection.state, by.party, said)
    else:
        moved("objection", "reject", objection.state, by.party, said)
        after = objection.state  # others have not said anything yet
    act = "verify" if verdict == "confirmed" else "reject"
    changed = replace(objection, routes=routes, state=after)
    return _closed(changed, now), (Event(now.at, by.actor, act, objection.state, after, said),)


def correct(objection: Objection, by: By, now: Now, snapshot: int) -> Moved:
    """The resource was published with the right value."""
    after = moved("objection", "correct", objection.state, by.party)
    changed = replace(objection, state=after, snapshot=snapshot)
    event = Event(now.at, by.actor, "correct", objection.state, after, str(snapshot))
    return _closed(changed, now), (event,)


def tick(objection: Objection, now: Now) -> Moved:
    """Remind, supervise and escalate what is due; doing it again changes nothing."""
    clock = objection.clock
    what = None if clock is None else now.terms.what_is_due(clock, now.at)
    if clock is None or what is None:
        return objection, ()
    waiting = [one.department for one in objection.routes if one.verdict is None]
    to = [now.terms.escalate_to] if what == "escalate" else waiting
    state = objection.state
    events = tuple(Event(now.at, SYSTEM.actor, what, state, state, to=one) for one in to)
    return replace(objection, clock=done(clock, what, now.at)), events


def _closed(objection: Objection, now: Now) -> Objection:
    if objection.open:
        return objection
    return replace(objection, clock=None, closed_at=now.at)
