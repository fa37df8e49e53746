"""What is due by the clock: reminders, supervision (督办), escalation, supply that failed, expiry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from catalog.errors import CityBrainError
from catalog.sharing import moves, objection
from catalog.sharing.moves import Now
from catalog.sharing.request import Change, Event, Request
from pipelines.sharing.desk import SharingDesk


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick has done.

    Attributes:
        done: how often each of `remind`, `supervise`, `escalate`, `provision` and `expire`.
        failed: by task, as `<request>/<number>`, the code with which its supply failed again.
    """

    done: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)


def tick(desk: SharingDesk, now: datetime | None = None) -> Ticked:
    """Do what is due; doing it again at the same moment changes nothing.

    Args:
        now: the moment by which deadlines are judged; the desk's clock by default.
    """
    at = now or desk.clock()
    found = Ticked()
    for request in desk.store.requests.waiting(desk.workspace):
        _clocks(desk, request, at, found)
        _supply(desk, request, found)
    _objections(desk, at, found)
    found.done["expire"] += len(desk.store.grants.note_expired(desk.workspace))
    return found


def _clocks(desk: SharingDesk, request: Request, at: datetime, found: Ticked) -> None:
    now = Now(at, desk.terms)
    # Supervised and long overdue at once: each is done, one after the other.
    while moves.tick(request, now).events:
        known = len(request.events)

        def make(one: Request, _: datetime) -> Change:
            return moves.tick(one, now)

        request = desk.store.requests.change(desk.workspace, request.id, make)
        _count(request.events[known:], found)


def _supply(desk: SharingDesk, request: Request, found: Ticked) -> None:
    for task in request.tasks:
        if task.state not in ("approved", "partially_approved"):
            continue
        try:
            desk.supply(request, task.number)
            found.done["provision"] += 1
        except CityBrainError as error:
            if error.code == "share_illegal":
                continue  # somebody else supplied it meanwhile
            found.failed[f"{request.id}/{task.number}"] = error.code


def _objections(desk: SharingDesk, at: datetime, found: Ticked) -> None:
    now = Now(at, desk.terms)
    for one in desk.store.objections.list(desk.workspace, open_only=True):
        while objection.tick(one, now)[1]:
            known = len(one.events)
            one = desk.store.objections.change(
                desk.workspace, one.id, lambda item, _: objection.tick(item, now)
            )
            _count(one.events[known:], found)


def _count(events: Iterable[Event], found: Ticked) -> None:
    found.done.update(event.act for event in events)
