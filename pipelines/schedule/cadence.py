"""The slots of a resource: the moments at which its data is due, by cron and calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from catalog.cadence import cron_of, span
from catalog.contract import Contract
from catalog.errors import Location
from pipelines.errors import PipelineError
from pipelines.schedule.settings import CalendarSettings
from pipelines.workspace import Workspace

_LONGEST_CLOSURE = 60  # days off in a row that the calendar may have


@dataclass(frozen=True, slots=True)
class Cadence:
    """When a resource is due.

    Attributes:
        cron: in `timezone`.
        workdays: a slot on a day off moves to the same time of the next working day.
        deadline: after a slot.
    """

    cron: str
    timezone: str
    workdays: bool
    deadline: timedelta

    @property
    def trigger(self) -> str:
        """The cron expression that never misses a slot: with a calendar, every day at that time."""
        minute, hour, *_ = self.cron.split(" ")
        return f"{minute} {hour} * * *" if self.workdays else self.cron

    def slot(self, moment: datetime, calendar: CalendarSettings) -> datetime:
        """The latest slot at or before a moment, in UTC."""
        zone = ZoneInfo(self.timezone)
        # croniter steps strictly before its start, so a moment on a slot needs a small push.
        local = moment.astimezone(zone).replace(tzinfo=None) + timedelta(microseconds=1)
        back = croniter(self.cron, local)
        while True:
            found = back.get_prev(datetime)
            moved = self._moved(found, calendar)
            slot = moved.replace(tzinfo=zone).astimezone(UTC)
            if slot <= moment:
                return slot

    def _moved(self, local: datetime, calendar: CalendarSettings) -> datetime:
        if not self.workdays:
            return local
        for days in range(_LONGEST_CLOSURE):
            day = local + timedelta(days=days)
            if calendar.works(day.date()):
                return day
        return local


def cadence_of(workspace: Workspace, contract: Contract) -> Cadence:
    """When a collected resource is due.

    Raises:
        PipelineError: `schedule_frequency`: cron has no words for the contract's frequency.
    """
    said, settings = contract.schedule, workspace.settings.schedule
    cron = said.cron
    if cron is None and contract.frequency is None:
        cron = settings.default
    elif cron is None and contract.frequency is not None:
        number, unit = contract.frequency
        cron = cron_of(number, unit, *settings.hour_and_minute)
        if cron is None:
            raise PipelineError(
                "schedule_frequency",
                where=Location(contract.path, 1),
                number=f"{number:g}",
                unit=unit,
                table=contract.name,
            )
    assert cron is not None
    return Cadence(
        cron,
        said.timezone or workspace.settings.timezone,
        said.calendar == "workdays",
        span(said.deadline or settings.deadline),
    )
