"""How long each step of a request may take, and what is left of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from typing import Literal

from catalog.sharing.working_days import WorkingDays

ClockStep = Literal[
    "check", "unconditional", "conditional", "supply", "dispute", "verify", "correct"
]
Due = Literal["remind", "supervise", "escalate"]


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of a request, a task or a source of an objection.

    Attributes:
        step: what is waited for.
        due_at: until when; None while it is stopped.
        left: while it is stopped, the working days that are left.
        reminded_at, supervised_at, escalated_at: when that was done; each is done once a step.
    """

    step: ClockStep
    due_at: datetime | None
    left: int | None = None
    reminded_at: datetime | None = None
    supervised_at: datetime | None = None
    escalated_at: datetime | None = None

    def overdue(self, now: datetime) -> bool:
        """Whether the deadline has passed."""
        return self.due_at is not None and now > self.due_at


@dataclass(frozen=True, slots=True)
class Terms:
    """The deadlines of a city, in working days.

    Attributes:
        remind_before: so many working days before a deadline its department is reminded.
        escalate_after: so many working days after it, what is still not done goes to `escalate_to`.
        bureau: the department that checks requests and rules on disputes.
        longest_days: the longest term of a grant, in days.
    """

    days: WorkingDays
    zone: tzinfo
    check: int
    unconditional: int
    conditional: int
    supply: int
    dispute: int
    verify: int
    correct: int
    remind_before: int
    escalate_after: int
    escalate_to: str
    bureau: str
    longest_days: int

    def start(self, step: ClockStep, now: datetime) -> Clock:
        """A clock that starts now; the day itself is not counted."""
        return Clock(step, self.days.due_at(now, getattr(self, step), self.zone))

    def stop(self, clock: Clock, now: datetime) -> Clock:
        """The clock stands still, and keeps the working days that are left."""
        if clock.due_at is None:
            return clock
        today, due = self._day(now), self._day(clock.due_at)
        return replace(clock, due_at=None, left=self.days.between(today, due))

    def resume(self, clock: Clock, now: datetime) -> Clock:
        """The clock goes on with what was left, at least to the end of a working day."""
        due = self.days.due_at(now, clock.left or 0, self.zone)
        return replace(clock, due_at=due, left=None, reminded_at=None, supervised_at=None)

    def what_is_due(self, clock: Clock, now: datetime) -> Due | None:
        """The next thing that has to be done about a clock; None: nothing yet, or all was done.

        Who is late already is supervised without a reminder.
        """
        if clock.due_at is None:
            return None
        if clock.overdue(now):
            if clock.supervised_at is None:
                return "supervise"
            late = clock.escalated_at is None and now > self._escalated_from(clock.due_at)
            return "escalate" if late else None
        early = clock.reminded_at is None and now >= self._reminded_from(clock.due_at)
        return "remind" if early else None

    def told(self, what: Due, department: str) -> str:
        """Who is told of it: the department that has to act, or to whom its delay is escalated."""
        return self.escalate_to if what == "escalate" else department

    def _reminded_from(self, due: datetime) -> datetime:
        day = self.days.before(self._day(due), self.remind_before)
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def _escalated_from(self, due: datetime) -> datetime:
        return self.days.due_at(due, self.escalate_after, self.zone)

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()


def done(clock: Clock, what: Due, now: datetime) -> Clock:
    """The clock after a reminder, a supervision or an escalation."""
    if what == "remind":
        return replace(clock, reminded_at=now)
    if what == "supervise":
        return replace(clock, supervised_at=now)
    return replace(clock, escalated_at=now)
