"""Working days by the official calendars, and deadlines that count them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.sharing.clocks import Clock, Terms, done
from catalog.sharing.working_days import WorkingDays, country_of, known_country

CHINA = WorkingDays("CN")
ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "America/Chicago", "UTC", "Asia/Kathmandu")]
days = st.dates(date(2015, 1, 1), date(2035, 12, 31))
moments = st.datetimes(
    datetime(2015, 1, 1), datetime(2035, 12, 31), timezones=st.sampled_from([UTC])
)
calendars = st.builds(
    WorkingDays,
    st.sampled_from(["CN", "TW", "US", ""]),
    st.sampled_from([(6, 7), (5, 6), (7,), ()]),
    st.frozensets(days, max_size=5),
    st.frozensets(days, max_size=5),
)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2025, 1, 28), False),  # eve of the Spring Festival, a Tuesday
        (date(2025, 1, 26), True),  # a Sunday that is worked for it
        (date(2025, 2, 8), True),  # a Saturday that is worked for it
        (date(2025, 10, 8), False),  # National Day and Mid-Autumn, a Wednesday
        (date(2025, 10, 11), True),  # a Saturday that is worked for them
        (date(2025, 10, 9), True),
        (date(2025, 10, 18), False),  # any Saturday
    ],
)
def test_china_moves_days(day: date, works: bool) -> None:
    assert CHINA.works(day) is works


def test_years_that_are_not_announced_have_the_holidays_by_law() -> None:
    assert not CHINA.works(date(2034, 10, 2))
    assert CHINA.works(date(2034, 10, 10))
    assert not CHINA.works(date(2034, 10, 14))  # Saturday


def test_the_citys_own_days_come_first() -> None:
    own = WorkingDays(
        "CN",
        holidays=frozenset({date(2025, 3, 3), date(2025, 3, 4)}),
        workdays=frozenset({date(2025, 3, 4), date(2025, 1, 28)}),
    )
    assert not own.works(date(2025, 3, 3)) and own.works(date(2025, 3, 4))
    assert own.works(date(2025, 1, 28)) and not CHINA.works(date(2025, 1, 28))


def test_other_countries() -> None:
    america, none = WorkingDays("US"), WorkingDays("")
    assert not america.works(date(2025, 7, 4)) and none.works(date(2025, 7, 4))
    assert WorkingDays("TW").works(date(2025, 2, 8))  # a make-up Saturday


def test_countries_of_zones() -> None:
    found = [country_of(z) for z in ("Asia/Taipei", "America/Chicago", "Asia/Shanghai", "UTC")]
    assert found == ["TW", "US", "CN", "CN"]
    assert known_country("TW") == "TW" and known_country("") == ""
    with pytest.raises(ValueError, match="ISO 3166"):
        known_country("XX")


def test_a_deadline_over_the_spring_festival() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    asked = datetime(2025, 1, 26, 23, 30, tzinfo=shanghai)  # a Sunday that is worked
    due = CHINA.due_at(asked, 2, shanghai).astimezone(shanghai)
    assert due == datetime(2025, 2, 5, 23, 59, 59, tzinfo=shanghai)


@given(calendars, days, st.integers(0, 40))
def test_the_nth_working_day_is_worked_and_the_nth(
    calendar: WorkingDays, day: date, n: int
) -> None:
    found = calendar.after(day, n)
    assert calendar.works(found) and found >= day
    assert calendar.between(day, found) == max(n, 0 if found == day else 1)


@given(calendars, days, st.integers(0, 20), st.integers(0, 20), st.integers(0, 30))
def test_later_starts_and_longer_terms_are_never_due_earlier(
    calendar: WorkingDays, day: date, n: int, more: int, later: int
) -> None:
    first = calendar.after(day, n)
    assert calendar.after(day, n + more) >= first
    assert calendar.after(day + timedelta(days=later), n) >= first


@given(calendars, moments, st.integers(0, 30), st.sampled_from(ZONES))
def test_what_is_due_is_due_on_a_working_day_of_the_city(
    calendar: WorkingDays, moment: datetime, n: int, zone: ZoneInfo
) -> None:
    due = calendar.due_at(moment, n, zone)
    local = due.astimezone(zone)
    assert calendar.works(local.date()) and due > moment - timedelta(seconds=1)
    assert (local.hour, local.minute, local.second) == (23, 59, 59)


def terms(calendar: WorkingDays = CHINA, **changes: int) -> Terms:
    values = {"check": 2, "unconditional": 1, "conditional": 10, "supply": 20, "verify": 10}
    values |= {"dispute": 10, "correct": 10}
    values |= {"remind_before": 1, "escalate_after": 3, "longest_days": 730} | changes
    return Terms(
        days=calendar,
        zone=ZoneInfo("Asia/Shanghai"),
        escalate_to="mayor",
        bureau="bureau",
        **values,
    )


@given(moments, st.integers(0, 400), st.integers(0, 400))
def test_a_clock_that_stood_still_has_lost_nothing(
    start: datetime, worked: int, stood: int
) -> None:
    said = terms()
    clock = said.start("conditional", start)
    asked = start + timedelta(hours=worked)
    stopped = said.stop(clock, asked)
    assert stopped.due_at is None and stopped.left is not None and 0 <= stopped.left <= 10
    assert said.what_is_due(stopped, asked + timedelta(days=999)) is None
    on = said.resume(stopped, asked + timedelta(hours=stood))
    assert on.due_at is not None and clock.due_at is not None
    assert on.due_at >= min(clock.due_at, asked + timedelta(hours=stood))
    assert on.left is None
    left = said.stop(on, asked + timedelta(hours=stood)).left
    # With nothing left, it goes on to the end of the next day that is worked.
    assert left == stopped.left or (stopped.left, left) == (0, 1)


def test_reminded_then_supervised_then_escalated_each_once() -> None:
    said, shanghai = terms(), ZoneInfo("Asia/Shanghai")
    clock = said.start("check", datetime(2025, 3, 3, 10, tzinfo=shanghai))  # Monday; due Wednesday
    found = []
    for hours in range(24 * 12):
        now = datetime(2025, 3, 3, 10, tzinfo=shanghai) + timedelta(hours=hours)
        what = said.what_is_due(clock, now)
        if what is not None:
            found.append((what, now.date()))
            clock = done(clock, what, now)
            assert said.what_is_due(clock, now) is None
    assert found == [
        ("remind", date(2025, 3, 4)),
        ("supervise", date(2025, 3, 6)),
        ("escalate", date(2025, 3, 11)),  # three working days after Wednesday have passed
    ]


def test_who_is_late_at_once_is_supervised_without_a_reminder() -> None:
    said = terms()
    clock = Clock("check", datetime(2025, 3, 3, tzinfo=UTC))
    assert said.what_is_due(clock, datetime(2025, 9, 1, tzinfo=UTC)) == "supervise"
