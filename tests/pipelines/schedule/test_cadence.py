"""Slots: the moments at which data is due, by cron, time zone and working-day calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.cadence import cron_of, known_cron, span
from pipelines.schedule.cadence import Cadence, cadence_of
from pipelines.schedule.settings import CalendarSettings
from tests.support.city import SHOP_FIELDS, City

TAIPEI = ZoneInfo("Asia/Taipei")
CALENDAR = CalendarSettings(
    holidays=frozenset({date(2026, 1, 1)}), workdays=frozenset({date(2026, 1, 10)})
)


def cadence(cron: str, *, workdays: bool = False, zone: str = "Asia/Taipei") -> Cadence:
    return Cadence(cron, zone, workdays, timedelta(hours=6))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


@pytest.mark.parametrize(
    ("number", "unit", "cron"),
    [
        (1, "d", "30 6 * * *"),
        (1, "h", "30 * * * *"),
        (6, "h", "30 */6 * * *"),
        (1, "w", "30 6 * * 1"),
        (1, "m", "30 6 1 * *"),
        (3, "months", "30 6 1 */3 *"),
        (12, "m", "30 6 1 1 *"),
        (1, "y", "30 6 1 1 *"),
        (5, "m", None),
        (0.5, "d", None),
        (1, "fortnight", None),
    ],
)
def test_frequencies_as_cron(number: float, unit: str, cron: str | None) -> None:
    assert cron_of(number, unit, 6, 30) == cron
    assert cron is None or known_cron(cron) == cron


@pytest.mark.parametrize("text", ["", "6h30", "0h", "6 h", "-1d", "6w"])
def test_no_lengths_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="length of time"):
        span(text)


@pytest.mark.parametrize(
    "text", ["", "* * * *", "0 6 * * * *", "61 6 * * *", "@daily", "a b c d e"]
)
def test_no_crons(text: str) -> None:
    with pytest.raises(ValueError, match="cron"):
        known_cron(text)


@pytest.mark.parametrize(
    ("cron", "workdays", "moment", "slot"),
    [
        ("0 6 * * *", False, "2026-01-05T06:00:00", "2026-01-05T06:00:00"),
        ("0 6 * * *", False, "2026-01-05T05:59:59", "2026-01-04T06:00:00"),
        ("0 6 1 * *", False, "2026-02-20T00:00:00", "2026-02-01T06:00:00"),
        # 2026-01-01 is a holiday, 3 and 4 a weekend, 10 a Saturday that is worked.
        ("0 6 * * *", True, "2026-01-01T12:00:00", "2025-12-31T06:00:00"),
        ("0 6 * * *", True, "2026-01-04T23:00:00", "2026-01-02T06:00:00"),
        ("0 6 * * *", True, "2026-01-10T06:00:00", "2026-01-10T06:00:00"),
        ("0 6 * * *", True, "2026-01-11T06:00:00", "2026-01-10T06:00:00"),
        # The first of a month on a day off moves to the next working day, and is not left out.
        ("0 6 1 * *", True, "2026-01-01T12:00:00", "2025-12-01T06:00:00"),
        ("0 6 1 * *", True, "2026-01-02T06:00:00", "2026-01-02T06:00:00"),
        ("0 6 1 * *", True, "2026-01-31T06:00:00", "2026-01-02T06:00:00"),
    ],
)
def test_the_latest_slot(cron: str, workdays: bool, moment: str, slot: str) -> None:
    found = cadence(cron, workdays=workdays).slot(at(moment), CALENDAR)
    assert found.astimezone(TAIPEI) == at(slot)
    assert found.tzinfo is UTC


def test_a_slot_follows_the_clocks_of_its_zone() -> None:
    daily = cadence("0 6 * * *", zone="America/Chicago")
    winter = daily.slot(datetime(2026, 1, 5, 18, tzinfo=UTC), CalendarSettings())
    summer = daily.slot(datetime(2026, 7, 6, 18, tzinfo=UTC), CalendarSettings())
    assert (winter.hour, summer.hour) == (12, 11)


@given(
    st.sampled_from(["0 6 * * *", "0 6 1 * *", "30 */6 * * *", "0 6 * * 1", "15 23 1 */3 *"]),
    st.booleans(),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(0), timedelta(days=40)),
)
def test_slots_never_come_from_the_future_nor_go_back(
    cron: str, workdays: bool, moment: datetime, later: timedelta
) -> None:
    one = cadence(cron, workdays=workdays)
    slot = one.slot(moment, CALENDAR)
    assert slot <= moment
    assert one.slot(slot, CALENDAR) == slot
    assert one.slot(moment + later, CALENDAR) >= slot
    assert not workdays or CALENDAR.works(slot.astimezone(TAIPEI).date())


def test_the_trigger_meets_every_slot() -> None:
    assert cadence("0 6 1 * *").trigger == "0 6 1 * *"
    assert cadence("0 6 1 * *", workdays=True).trigger == "0 6 * * *"


def test_a_week_must_have_a_working_day(city: City) -> None:
    city.settings("[calendar]\nweekend = [1, 2, 3, 4, 5, 6, 7]\n")
    assert city.codes() == ["value_invalid"]


# -- what contracts say ---------------------------------------------------------------------------


def schedule(city: City, value: str) -> list[str]:
    city.collected("trade/shop", SHOP_FIELDS, custom=f"- {{property: schedule, value: {value}}}")
    return city.codes()


def test_a_contract_says_when(city: City) -> None:
    value = "{cron: '30  7 * * 1-5', timezone: Asia/Taipei, calendar: workdays, deadline: 90m}"
    assert schedule(city, value) == []
    workspace = city.load()
    (contract,) = workspace.collected.values()
    found = cadence_of(workspace, contract)
    assert found == Cadence("30 7 * * 1-5", "Asia/Taipei", True, timedelta(minutes=90))


def test_the_workspace_says_what_a_contract_leaves_open(city: City) -> None:
    city.settings('[schedule]\ntime = "07:45"\ndeadline = "2d"\n')
    path = city.collected("trade/shop", SHOP_FIELDS)
    workspace = city.load()
    (contract,) = workspace.collected.values()
    assert cadence_of(workspace, contract).cron == "0 6 * * *"
    path.write_text(
        path.read_text() + "slaProperties: [{property: frequency, value: 1, unit: m}]\n"
    )
    workspace = city.load()
    (contract,) = workspace.collected.values()
    found = cadence_of(workspace, contract)
    assert found == Cadence("45 7 1 * *", "UTC", False, timedelta(days=2))


@pytest.mark.parametrize(
    "value",
    [
        "{cron: '* * *'}",
        "{timezone: Mars/Base}",
        "{calendar: lunar}",
        "{deadline: soon}",
        "{every: day}",
    ],
)
def test_what_a_contract_cannot_say(city: City, value: str) -> None:
    assert schedule(city, value) in (["value_invalid"], ["unknown_key"])


def test_a_model_has_no_cadence(city: City) -> None:
    city.collected("trade/shop", SHOP_FIELDS)
    custom = "- {property: schedule, value: {cron: '0 6 * * *'}}"
    fields = "- {name: id, logicalType: integer}"
    city.model("base.shop", "SELECT id FROM raw.trade__shop\n", fields, custom=custom)
    assert city.codes() == ["schedule_of_model"]
