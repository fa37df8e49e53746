"""What a service does every minute: it says that it is there, and counts use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.database import CatalogStore
from catalog.database.beats import Served
from pipelines.availability import DAYS, availability, availability_of
from portal.lookups import Lookups
from portal.minutely import Heartbeat
from tests.portal.inside import Clock

START = datetime(2026, 3, 1, tzinfo=UTC)
NAME = "tainan"


def hours(number: float) -> datetime:
    return START + timedelta(hours=number)


@pytest.fixture
def store(tmp_path: Path) -> CatalogStore:
    return CatalogStore.open(f"sqlite:///{tmp_path / 'c.db'}")


@pytest.fixture
def clock() -> Clock:
    made = Clock()
    made.now = START
    return made


def beating(store: CatalogStore, clock: Clock, minutes: int) -> Heartbeat:
    """A process that was there for some minutes, and has gone."""
    heart = Heartbeat(store.beats, NAME, clock)
    heart.beat()
    for _ in range(minutes):
        clock.later(minutes=1)
        heart.beat()
    return heart


def test_without_a_history_nothing_is_assessed(store: CatalogStore, clock: Clock) -> None:
    assert availability(store, NAME, clock()) is None
    beating(store, clock, 60)
    assert availability(store, NAME, clock()) is None
    assert availability(store, "elsewhere", hours(48)) is None


def test_gaps_between_processes_count(store: CatalogStore, clock: Clock) -> None:
    beating(store, clock, 12 * 60)
    clock.later(hours=3)
    beating(store, clock, 9 * 60)
    found = availability(store, NAME, clock())
    assert found is not None and clock() == hours(24)
    assert found.share == pytest.approx(21 / 24)
    assert (found.since, found.gaps, found.longest) == (START, 1, timedelta(hours=3))


def test_a_process_that_stood_still_was_not_there(store: CatalogStore, clock: Clock) -> None:
    heart = beating(store, clock, 60)
    clock.later(hours=2)
    heart.beat()
    clock.later(minutes=1)
    heart.beat()
    assert [(one.since, one.until) for one in store.beats.since(NAME, START)] == [
        (hours(0), hours(1)),
        (hours(3), hours(3) + timedelta(minutes=1)),
    ]


def test_a_clock_that_was_put_back_takes_nothing_back(store: CatalogStore, clock: Clock) -> None:
    heart = beating(store, clock, 60)
    clock.later(minutes=-30)
    heart.beat()
    assert [one.until for one in store.beats.since(NAME, START)] == [hours(1)]
    clock.later(minutes=1)
    heart.beat()
    assert availability_of(store.beats.since(NAME, START), START, hours(1)).share == 1


def test_who_has_gone_without_a_word_is_missed(store: CatalogStore, clock: Clock) -> None:
    beating(store, clock, 24 * 60)
    clock.later(minutes=2)
    found = availability(store, NAME, clock())
    assert found is not None and found.share == 1  # he may be about to say so
    clock.later(minutes=1)
    found = availability(store, NAME, clock())
    assert found is not None and found.gaps == 1 and found.share < 1


def test_two_processes_at_once_are_one_time() -> None:
    times = [Served(hours(0), hours(10)), Served(hours(2), hours(20)), Served(hours(3), hours(4))]
    found = availability_of(times, START, hours(25))
    assert (found.share, found.gaps, found.longest) == (20 / 25, 1, timedelta(hours=5))


def test_only_the_last_days_count(store: CatalogStore, clock: Clock) -> None:
    beating(store, clock, 60)
    clock.later(days=40)
    now = clock()
    found = availability(store, NAME, now)
    assert found is not None and (found.share, found.gaps) == (0, 1)
    assert found.since == now - timedelta(days=DAYS)
    beating(store, clock, 60)
    found = availability(store, NAME, clock())
    assert found is not None
    assert found.share == pytest.approx(1 / (24 * DAYS))


def test_lookups_are_taken_once(clock: Clock) -> None:
    lookups = Lookups(clock, lambda moment: moment.date())
    lookups.count("open.permit")
    clock.later(minutes=1)
    lookups.count("open.permit")
    clock.later(days=1)
    lookups.count("open.permit")
    found = lookups.taken()
    assert {day.isoformat(): one.calls for (_, day), one in found.items()} == {
        "2026-03-01": 2,
        "2026-03-02": 1,
    }
    assert found["open.permit", START.date()].last_at == START + timedelta(minutes=1)
    assert lookups.taken() == {}
