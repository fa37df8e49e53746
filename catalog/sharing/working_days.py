"""Working days of a city: its country's official calendar, and the days that the city adds to it.

Deadlines between departments count working days. China's calendar moves days: people work on some
weekends and are off in exchange (调休); those days are announced year by year, and `chinesecalendar`
has them. Of years that are not announced yet the public holidays by law are known, and no make-up days:
the city's own tables (`[calendar]` in workspace.toml) say what the package does not know yet.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from importlib import resources
from pathlib import Path

DEFAULT_COUNTRY = "CN"
_LAST_SECOND = time(23, 59, 59)
_LONGEST_CLOSURE = 366  # days off in a row, beyond which the tables cannot be meant


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked.

    Attributes:
        country: its code in ISO 3166; empty: only the weekend and the city's own days count.
        weekend: days of the week off, Monday is 1.
        holidays, workdays: the city's own days off and days worked; of these a day worked comes first,
            and both come before the country's.
    """

    country: str = DEFAULT_COUNTRY
    weekend: tuple[int, ...] = (6, 7)
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Whether a day is a working day."""
        if day in self.workdays:
            return True
        if day in self.holidays:
            return False
        moved = _announced(day) if self.country == "CN" else None
        if moved is not None:
            return moved
        off, worked = _official(self.country, day.year)
        if day in worked:
            return True
        return day.isoweekday() not in self.weekend and day not in off

    def after(self, day: date, number: int) -> date:
        """The `number`th working day after a day, which does not count itself; for 0 the day, or the
        next that is worked."""
        return self._step(day, number, timedelta(days=1))

    def before(self, day: date, number: int) -> date:
        """The same backwards."""
        return self._step(day, number, timedelta(days=-1))

    def between(self, first: date, last: date) -> int:
        """How many working days come after `first`, up to and with `last`; none if that is earlier."""
        days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
        return sum(map(self.works, days))

    def due_at(self, moment: datetime, number: int, zone: tzinfo) -> datetime:
        """The last second, in the city, of the `number`th working day after a moment; in UTC."""
        return self.end_of(self.after(moment.astimezone(zone).date(), number), zone)

    @staticmethod
    def end_of(day: date, zone: tzinfo) -> datetime:
        """The last second of a day in the city, in UTC."""
        return datetime.combine(day, _LAST_SECOND, zone).astimezone(UTC)

    def _step(self, day: date, number: int, step: timedelta) -> date:
        idle = 0
        while number > 0 or not self.works(day):
            day += step
            worked = self.works(day)
            number -= worked
            idle = 0 if worked else idle + 1
            if idle > _LONGEST_CLOSURE:
                raise ValueError(f"no day is worked within a year of {day}")
        return day


def country_of(zone_name: str) -> str:
    """The country that a time zone is of, by the IANA database; `CN` for one of none (`UTC`)."""
    return _countries().get(zone_name, DEFAULT_COUNTRY)


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    lines = (line.split("\t") for line in _zone_table() if not line.startswith("#"))
    return {parts[2]: parts[0] for parts in lines if len(parts) >= 3}


def _zone_table() -> Iterable[str]:
    for folder in zoneinfo.TZPATH:
        path = Path(folder) / "zone.tab"
        if path.is_file():
            return path.read_text("utf-8").splitlines()
    try:
        table = resources.files("tzdata") / "zoneinfo" / "zone.tab"
        return table.read_text("utf-8").splitlines()
    except (ModuleNotFoundError, FileNotFoundError):
        return ()


@lru_cache(maxsize=4096)
def _announced(day: date) -> bool | None:
    """Whether China works on a day; None in a year of which nothing is announced yet."""
    from chinese_calendar import constants, is_workday

    years = {known.year for known in constants.holidays}
    return bool(is_workday(day)) if day.year in years else None


@lru_cache(maxsize=64)
def _official(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """A country's days off, and its weekend days that are worked, in a year."""
    if not country:
        return frozenset(), frozenset()
    import holidays

    found = holidays.country_holidays(country, years=year)
    return frozenset(found), frozenset(getattr(found, "weekend_workdays", ()))


def known_country(code: str) -> str:
    """The code of a country whose public holidays are known.

    Raises:
        ValueError: it is none.
    """
    import holidays

    if code and code not in holidays.list_supported_countries():
        raise ValueError(f"'{code}' is not the ISO 3166 code of a country with known holidays")
    return code
