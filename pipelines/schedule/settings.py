"""The `[schedule]` and `[calendar]` sections of `workspace.toml`."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field, field_validator

from catalog.cadence import known_cron, span
from catalog.sharing.working_days import WorkingDays, country_of, known_country


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScheduleSettings(_Strict):
    """When a workspace's stages run; contracts say the rest.

    Attributes:
        time: when a delivery is collected whose contract says how often, but no hour.
        default: the cadence of a resource whose contract says nothing.
        deadline: how long after its time a delivery may be missing before it is late.
        build: when builds look for what an asset event did not tell them.
        freshness: when late departments are looked for.
        maintenance: when snapshots expire and backups are made.
        start: the first day that a backfill may ask for.
        retries, retry_delay: how often, and after which time, a task that failed is tried again.
        wait: how long a task waits for the workspace, while another run is at work.
        approval: how long a person may take to decide about a held publish.
    """

    time: str = Field(default="06:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    default: str = "0 6 * * *"
    deadline: str = "12h"
    build: str = "30 * * * *"
    freshness: str = "15 * * * *"
    maintenance: str = "0 3 * * *"
    start: date = date(2020, 1, 1)
    retries: int = Field(default=3, ge=0, le=100)
    retry_delay: str = "10m"
    wait: str = "30m"
    approval: str = "3d"

    @field_validator("default", "build", "freshness", "maintenance")
    @classmethod
    def _crons(cls, value: str) -> str:
        return known_cron(value)

    @field_validator("deadline", "retry_delay", "wait", "approval")
    @classmethod
    def _spans(cls, value: str) -> str:
        span(value)
        return value

    @property
    def hour_and_minute(self) -> tuple[int, int]:
        """`time` as numbers."""
        hour, _, minute = self.time.partition(":")
        return int(hour), int(minute)


class CalendarSettings(_Strict):
    """Which days are working days.

    Deliveries (`works`) go by the days that stand here; deadlines between departments go by the
    country's official calendar as well (`catalog.sharing.working_days`).

    Attributes:
        country: of the official calendar, in ISO 3166; the time zone's by default, empty: none.
        weekend: days of the week off, Monday is 1.
        holidays: days off besides.
        workdays: days that are worked although they fall on a weekend or holiday.
    """

    country: str | None = None
    weekend: tuple[int, ...] = (6, 7)
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    @field_validator("country")
    @classmethod
    def _has_a_calendar(cls, value: str | None) -> str | None:
        return None if value is None else known_country(value)

    @field_validator("weekend")
    @classmethod
    def _a_day_is_left(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not set(value) < set(range(1, 8)):
            raise ValueError("days of the week are 1 (Monday) to 7, and not all may be off")
        return value

    def works(self, day: date) -> bool:
        """Whether a day is a working day."""
        if day in self.workdays:
            return True
        return day.isoweekday() not in self.weekend and day not in self.holidays

    def official(self, zone_name: str) -> WorkingDays:
        """The working days by which deadlines count, in a city of a time zone."""
        country = country_of(zone_name) if self.country is None else self.country
        return WorkingDays(country, self.weekend, self.holidays, self.workdays)
