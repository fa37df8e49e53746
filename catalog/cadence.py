"""When a department delivers: the cadence of a collected resource, as its contract says it.

A contract names a cron expression, or only how often the department delivers (the standard's
`frequency`); the workspace says at what hour such a delivery is collected.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

_SPAN = re.compile(r"^([1-9]\d*)(s|m|h|d)$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DAYS = ("d", "day", "days")
_WEEKS = ("w", "week", "weeks")
_MONTHS = ("m", "mo", "month", "months")
_YEARS = ("y", "yr", "year", "years")
_HOURS = ("h", "hr", "hour", "hours")
_EVERY: dict[str, tuple[int, ...]] = {
    "h": (1, 2, 3, 4, 6, 8, 12, 24),
    "d": (1,),
    "w": (1,),
    "m": (1, 2, 3, 4, 6, 12),
    "y": (1,),
}


def span(text: str) -> timedelta:
    """A length of time such as `90m`, `12h` or `2d`.

    Raises:
        ValueError: it is none.
    """
    found = _SPAN.match(text)
    if found is None:
        raise ValueError(f"'{text}' is no length of time such as 90m, 12h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def known_zone(name: str) -> str:
    """The name of a time zone.

    Raises:
        ValueError: it is not in the IANA database.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"'{name}' is not a time zone of the IANA database") from error
    return name


def known_cron(text: str) -> str:
    """A cron expression of five fields, with single spaces.

    Raises:
        ValueError: it is none.
    """
    from croniter import croniter  # the library by which Airflow reads cron expressions

    plain = " ".join(text.split())
    if len(plain.split(" ")) != 5 or not croniter.is_valid(plain):
        raise ValueError(f"'{text}' is not a cron expression of five fields")
    return plain


def cron_of(number: float, unit: str, hour: int, minute: int) -> str | None:
    """The cron expression of a delivery every `number` `unit`s; None when cron cannot say it.

    Weeks begin on Monday, months on their first day, years in January.
    """
    kind = _unit(unit)
    if kind is None or number not in _EVERY[kind]:
        return None
    every = int(number)
    if kind == "h":
        return f"{minute} */{every} * * *" if 1 < every < 24 else _hourly(every, hour, minute)
    days = {"d": "* * *", "w": "* * 1", "y": "1 1 *"}
    if kind != "m":
        return f"{minute} {hour} {days[kind]}"
    months = {1: "*", 12: "1"}.get(every, f"*/{every}")
    return f"{minute} {hour} 1 {months} *"


def _hourly(every: int, hour: int, minute: int) -> str:
    return f"{minute} * * * *" if every == 1 else f"{minute} {hour} * * *"


def _unit(unit: str) -> str | None:
    names = {"h": _HOURS, "d": _DAYS, "w": _WEEKS, "m": _MONTHS, "y": _YEARS}
    return next((kind for kind, known in names.items() if unit.lower() in known), None)


class Schedule(BaseModel):
    """The `schedule` property of a collected resource's contract.

    Attributes:
        cron: minute, hour, day of month, month, day of week; unset: it follows from `frequency`.
        timezone: the zone in which that time is meant; unset: the city's.
        calendar: `workdays`: what falls on a day off is due on the next working day.
        deadline: how long after that time the data may still be missing, such as `6h`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cron: str | None = None
    timezone: str | None = None
    calendar: Literal["days", "workdays"] = "days"
    deadline: str | None = Field(default=None)

    @field_validator("cron")
    @classmethod
    def _cron(cls, value: str | None) -> str | None:
        return None if value is None else known_cron(value)

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        return None if value is None else known_zone(value)

    @field_validator("deadline")
    @classmethod
    def _deadline(cls, value: str | None) -> str | None:
        if value is not None:
            span(value)
        return value
