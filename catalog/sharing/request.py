"""A request of one department for data of others, as it stands; immutable.

What changes it are the functions of `catalog.sharing.moves`; every one gives a `Change`, which the
catalogue database writes as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from catalog.sharing.clocks import Clock
from catalog.sharing.grant import Grant, Manner
from catalog.sharing.transitions import OPEN_TASK, Party, State

ShareType = Literal[1, 2]
Outcome = Literal["approved", "refused"]


@dataclass(frozen=True, slots=True)
class By:
    """Who does something: the name in the audit log, and on whose behalf."""

    actor: str
    party: Party


SYSTEM = By("system", "clock")


@dataclass(frozen=True, slots=True)
class Item:
    """Fields of one resource that are asked for together.

    Attributes:
        share_type: 1: they are shared unconditionally, and the platform answers; 2: the owner does.
    """

    resource: str
    owner: str
    fields: tuple[str, ...]
    share_type: ShareType


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, and for what.

    Attributes:
        basis: the law or the duty on which the request rests.
        scenario: the business in which the data is used.
        first, last: the first and the last day on which it is needed, in the city.
    """

    items: tuple[Item, ...]
    basis: str
    scenario: str
    purpose: str
    manner: Manner
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """What an owner decided about one field.

    Attributes:
        mask: the call of a masking function through which it is given; empty: as it is.
        condition: what the reader has to keep to.
        reason: why it is refused.
        legal_basis: the law that lets a field above the ceiling be given without a mask.
    """

    outcome: Outcome
    mask: str = ""
    condition: str = ""
    reason: str = ""
    legal_basis: str = ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """The asking department does not accept a refusal; the data bureau rules on it.

    Attributes:
        clock: of the ruling; None once it is there.
    """

    state: State
    raised_at: datetime
    raised_by: str
    reason: str
    ruled_at: datetime | None = None
    ruled_by: str = ""
    ruling: str = ""
    clock: Clock | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What one department has to answer of a request.

    Attributes:
        number: within the request, from 1.
        question, answer: what the owner wants to be put right, and what came of it.
        follows: the task whose refusal was lifted, so that this one was made.
        grant: what it led to.
    """

    number: int
    item: Item
    state: State
    clock: Clock | None
    decisions: Mapping[str, FieldDecision] = field(default_factory=dict)
    decided_by: str = ""
    decided_at: datetime | None = None
    question: str = ""
    answer: str = ""
    follows: int | None = None
    grant: str | None = None
    dispute: Dispute | None = None

    @property
    def open(self) -> bool:
        """Whether nobody has decided it yet."""
        return self.state in OPEN_TASK

    @property
    def approved(self) -> tuple[str, ...]:
        """The fields that were approved, in the order of the request."""
        return self._with("approved")

    @property
    def refused(self) -> tuple[str, ...]:
        """The fields that were refused."""
        return self._with("refused")

    def _with(self, outcome: Outcome) -> tuple[str, ...]:
        known = self.decisions
        return tuple(
            one for one in self.item.fields if one in known and known[one].outcome == outcome
        )


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done to a request, a task of it, or an objection.

    Attributes:
        act: as in the table of transitions, or `remind`, `supervise`, `escalate`, `expire`.
        task: the task's number; None: it is about the whole.
        to: the department that it is for, if it is for one: that has to act, or is told of a delay.
    """

    at: datetime
    actor: str
    act: str
    before: State
    after: State
    reason: str = ""
    task: int | None = None
    to: str = ""


def escalated_to(events: Iterable[Event]) -> frozenset[str]:
    """The departments to which the events escalate a delay."""
    return frozenset(one.to for one in events if one.act == "escalate" and one.to)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands.

    Attributes:
        department, user: who asks.
        clock: of the platform's check, or of what the asking department has to do; the tasks have
            clocks of their own.
    """

    id: str
    department: str
    user: str
    asked: Asked
    state: State
    submitted_at: datetime
    clock: Clock | None = None
    tasks: tuple[Task, ...] = ()
    events: tuple[Event, ...] = ()

    def task(self, number: int) -> Task | None:
        """A task by its number."""
        return next((one for one in self.tasks if one.number == number), None)

    @property
    def owners(self) -> frozenset[str]:
        """The departments that are asked."""
        return frozenset(one.item.owner for one in self.tasks)

    @property
    def supervisors(self) -> frozenset[str]:
        """The departments to which a delay was escalated."""
        return escalated_to(self.events)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a request.

    Attributes:
        request: as it is then; its events are those from before.
        events: what was done.
        grants: grants to write, and the task that each is of.
    """

    request: Request
    events: tuple[Event, ...]
    grants: tuple[tuple[Grant, int], ...] = ()
