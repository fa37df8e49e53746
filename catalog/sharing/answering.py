"""How long answers took: working days from the submission, and whether each was in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from catalog.sharing.clocks import Terms

DECISIONS = ("approve", "approve_some", "refuse")
_BEGINS = ("submit", "resubmit", "dispatch", "redispatch", "correct", "raise", "trace")
_ASKS = ("dispatch", "redispatch", "trace")


@dataclass(frozen=True, slots=True)
class Step:
    """An event of a request or an objection, as far as times need it; `task` None: of the whole."""

    at: datetime
    act: str
    task: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A department's answer.

    Attributes:
        department: who had to answer.
        limit: the working days that it had.
        task: its number within the request, or a source's within the objection.
        follows: it was made by a ruling, and not by the submission.
        steps: all of the request's or the objection's, in their order.
    """

    department: str
    answered_at: datetime
    limit: int
    steps: tuple[Step, ...]
    task: int
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Took:
    """What an answer took, in working days.

    Attributes:
        total: since the submission, without the days on which it lay with the asking department.
        own: since the department was asked, counted as its deadline is.
    """

    department: str
    total: int
    own: int
    in_time: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """Answers together.

    Attributes:
        mean, p90: working days; of ten answers nine took no longer than `p90`.
    """

    answers: int
    mean: float
    p90: int
    in_time: int


def took(answered: Answered, terms: Terms) -> Took:
    """What one answer took."""
    mine = [step for step in answered.steps if step.task in (None, answered.task)]
    mine = [step for step in mine if step.at <= answered.answered_at]
    asked = max((n for n, step in enumerate(mine) if _asked(step, answered)), default=0)
    begun = asked if answered.follows else 0
    total = _days(mine[begun:], answered, terms)
    own = _days(mine[asked:], answered, terms)
    return Took(answered.department, total, own, own <= answered.limit)


def _asked(step: Step, answered: Answered) -> bool:
    """Whether with this step the department's own time began."""
    return step.task == answered.task and step.act in _ASKS


def _days(steps: Sequence[Step], answered: Answered, terms: Terms) -> int:
    """Working days on which somebody but the asking department had to act."""
    since: date | None = None
    days = 0
    for step in steps:
        day = _day(step.at, terms)
        if since is None and step.act in _BEGINS:
            since = day
        elif since is not None and _pauses(step):
            days += terms.days.between(since, day)
            since = None
    if since is not None:
        days += terms.days.between(since, _day(answered.answered_at, terms))
    return days


def _pauses(step: Step) -> bool:
    """A task that is given back goes to the bureau; a request goes to who asked."""
    return step.act == "ask" or (step.act == "give_back" and step.task is None)


def _day(moment: datetime, terms: Terms) -> date:
    return moment.astimezone(terms.zone).date()


def pace(found: Iterable[Took]) -> Pace | None:
    """Answers together; None where there was none."""
    answers = list(found)
    if not answers:
        return None
    days = sorted(one.total for one in answers)
    place = -(-9 * len(days) // 10) - 1  # the nearest rank
    in_time = sum(one.in_time for one in answers)
    return Pace(len(days), sum(days) / len(days), days[place], in_time)


def by_department(found: Iterable[Took]) -> Mapping[str, Pace]:
    """By department, as it counts for its own deadline."""
    apart: dict[str, list[Took]] = {}
    for one in found:
        own = Took(one.department, one.own, one.own, one.in_time)
        apart.setdefault(one.department, []).append(own)
    paces = {name: pace(answers) for name, answers in sorted(apart.items())}
    return {name: one for name, one in paces.items() if one is not None}
