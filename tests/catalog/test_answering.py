"""How long answers took, by working days of a real calendar, against numbers counted by hand."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from catalog.sharing.answering import Answered, Pace, Step, Took, by_department, pace, took
from catalog.sharing.clocks import Terms
from catalog.sharing.working_days import WorkingDays

ZONE = ZoneInfo("Asia/Shanghai")
TERMS = Terms(
    WorkingDays("CN"),
    ZONE,
    check=2,
    unconditional=1,
    conditional=10,
    supply=20,
    dispute=10,
    verify=10,
    correct=10,
    remind_before=1,
    escalate_after=3,
    escalate_to="bureau",
    bureau="bureau",
    longest_days=730,
)


def on(day: str, clock: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"2025-{day}T{clock}").replace(tzinfo=ZONE)


def answered(at: datetime, *steps: Step, limit: int = 10, follows: bool = False) -> Answered:
    return Answered("police", at, limit, steps, 1, follows)


def sent(day: str, dispatched: str) -> tuple[Step, ...]:
    return (Step(on(day), "submit"), Step(on(day), "check"), Step(on(dispatched), "dispatch"),
            Step(on(dispatched), "dispatch", 1))  # fmt: skip


def days(one: Answered) -> tuple[int, int, bool]:
    found = took(one, TERMS)
    return found.total, found.own, found.in_time


def test_days_over_a_weekend_and_a_holiday_are_those_that_are_worked() -> None:
    # Friday to Monday: one working day.
    assert days(answered(on("03-10"), *sent("03-07", "03-07"))) == (1, 1, True)
    # Qingming: 4 April (a Friday) to 6 April are off; Thursday to Monday is one day.
    assert days(answered(on("04-07"), *sent("04-03", "04-03"))) == (1, 1, True)
    # Sunday 27 April is worked for the days off from 1 to 5 May: 25, 27, 28, 29, 30 April and 6 May.
    assert days(answered(on("05-06"), *sent("04-24", "04-24"))) == (6, 6, True)
    assert days(answered(on("03-07", "23:00"), *sent("03-07", "03-07"))) == (0, 0, True)


def test_the_owner_has_his_time_since_he_was_asked() -> None:
    one = answered(on("03-19"), *sent("03-03", "03-05"))
    assert days(one) == (12, 10, True)
    late = answered(on("03-20", "00:01"), *sent("03-03", "03-05"))
    assert days(late) == (13, 11, False)


def test_what_lies_with_the_asking_department_does_not_count() -> None:
    question = (Step(on("03-05"), "ask", 1), Step(on("03-24"), "correct", 1))
    one = answered(on("03-25"), *sent("03-03", "03-04"), *question)
    assert days(one) == (3, 2, True)
    back = (Step(on("03-03"), "submit"), Step(on("03-04"), "give_back"))
    again = (Step(on("03-17"), "resubmit"), Step(on("03-18"), "dispatch", 1))
    assert days(answered(on("03-20"), *back, *again)) == (4, 2, True)


def test_questions_of_other_tasks_do_not_stop_this_one() -> None:
    other = (Step(on("03-04"), "ask", 2), Step(on("03-10"), "correct", 2))
    assert days(answered(on("03-10"), *sent("03-03", "03-03"), *other)) == (5, 5, True)


def test_who_gets_a_task_that_was_given_back_has_his_own_time() -> None:
    moved = (Step(on("03-12"), "give_back", 1), Step(on("03-13"), "redispatch", 1))
    assert days(answered(on("03-14"), *sent("03-03", "03-03"), *moved)) == (9, 1, True)


def test_a_task_that_a_ruling_made_begins_with_it() -> None:
    ruled = (Step(on("03-24"), "lift", 2), Step(on("03-24"), "dispatch", 1))
    one = answered(on("03-26"), Step(on("03-03"), "submit"), *ruled, follows=True)
    assert days(one) == (2, 2, True)


def test_what_comes_after_the_answer_changes_nothing() -> None:
    after = (Step(on("03-20"), "raise", 1), Step(on("03-21"), "correct", 1))
    assert days(answered(on("03-04"), *sent("03-03", "03-03"), *after)) == (1, 1, True)


def test_an_objection() -> None:
    steps = (
        Step(on("03-03"), "raise"),
        Step(on("03-03"), "trace", 1),
        Step(on("03-03"), "trace", 2),
        Step(on("03-05"), "verify", 2),
        Step(on("03-06"), "correct", 2),
        Step(on("03-18"), "reject", 1),
    )
    first = Answered("police", on("03-18"), 10, steps, 1)
    assert took(first, TERMS) == Took("police", 11, 11, False)
    assert took(Answered("tax", on("03-05"), 10, steps, 2), TERMS) == Took("tax", 2, 2, True)


def test_an_objection_from_before_its_events_named_their_sources() -> None:
    steps = (Step(on("03-03"), "raise"), Step(on("03-03"), "trace"), Step(on("03-04"), "reject"))
    assert took(Answered("police", on("03-04"), 10, steps, 1), TERMS).own == 1


def test_answers_together() -> None:
    totals = [1, 2, 2, 3, 3, 4, 5, 8, 9, 30]
    found = [Took("police", days, 1, days < 9) for days in totals]
    assert pace(found) == Pace(10, pytest.approx(6.7), 9, 8)
    assert pace([*found, Took("tax", 31, 2, False)]) == Pace(11, pytest.approx(98 / 11), 30, 8)
    assert pace(found[:1]) == Pace(1, 1.0, 1, 1)
    assert pace([]) is None
    assert by_department([Took("tax", 31, 2, False), *found]) == {
        "police": Pace(10, 1.0, 1, 8),
        "tax": Pace(1, 2.0, 2, 0),
    }
