"""How much a resource is used, by every channel that data goes out by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from catalog.audit.usage import CHANNELS, GIVING, Channel
from catalog.database import CatalogStore
from catalog.database.usage import Key, Sum
from pipelines.home import Home
from pipelines.workspace import Workspace

USAGE_DAYS = 90


@dataclass(frozen=True, slots=True)
class ChannelUse:
    """Use by one channel. Rows are 0 where the channel gives none (`sandbox`, `lookup`)."""

    calls: int
    rows: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used of a resource in the last `USAGE_DAYS` days.

    Attributes:
        channels: by channel, those that were used.
        departments, partners: how many different ones had data; who reads open data is not known.
        last_at: when data was last given in these days.
    """

    channels: Mapping[Channel, ChannelUse] = field(default_factory=dict)
    departments: int = 0
    partners: int = 0
    last_at: datetime | None = None

    @property
    def calls(self) -> int:
        """How often data was given, by all channels."""
        return sum(self.channels[name].calls for name in GIVING if name in self.channels)


UNUSED = Usage()


@dataclass(frozen=True, slots=True)
class ResourceUsage:
    """What was used of one resource, day by day.

    Attributes:
        days: every day of the time, the oldest first.
        by_channel: calls on each of these days, by channels that were used in the time.
        behind: how many of the newest records of the log are not in it.
    """

    total: Usage
    days: tuple[date, ...]
    by_channel: Mapping[Channel, tuple[int, ...]]
    last_at: datetime | None
    behind: int


def first_day(workspace: Workspace, now: datetime) -> date:
    """The first of the last `USAGE_DAYS` days, today among them."""
    return workspace.settings.day_of(now) - timedelta(days=USAGE_DAYS - 1)


def usage_by_resource(store: CatalogStore, workspace: Workspace, now: datetime) -> dict[str, Usage]:
    """The use of every resource that was used."""
    since = first_day(workspace, now)
    found = store.usage.by_resource(workspace.name, since, workspace.settings.day_of)
    apart: dict[str, dict[Key, Sum]] = {}
    for key, one in found.items():
        apart.setdefault(key[0], {})[key] = one
    return {name: usage_of(sums) for name, sums in apart.items()}


def usage_of(sums: Mapping[Key, Sum]) -> Usage:
    """The use that sums of one resource tell."""
    users = {user for (_, _, channel, user) in sums if channel in GIVING}
    given = [one.last_at for (_, _, channel, _), one in sums.items() if channel in GIVING]
    return Usage(
        {name: use for name in CHANNELS if (use := _channel(sums, name)) is not None},
        sum(user.startswith("department:") for user in users),
        sum(user.startswith("partner:") for user in users),
        max(given, default=None),
    )


def _channel(sums: Mapping[Key, Sum], channel: Channel) -> ChannelUse | None:
    mine = [one for key, one in sums.items() if key[2] == channel]
    if not mine:
        return None
    return ChannelUse(sum(one.calls for one in mine), sum(one.rows for one in mine))


def resource_usage(
    store: CatalogStore, workspace: Workspace, resource: str, now: datetime
) -> ResourceUsage:
    """The use of one resource, day by day."""
    since, day_of = first_day(workspace, now), workspace.settings.day_of
    found = store.usage.of_resource(workspace.name, resource, since, day_of)
    total = usage_of(found)
    days = tuple(since + timedelta(days=n) for n in range(USAGE_DAYS))
    return ResourceUsage(
        total,
        days,
        {name: _by_day(found, name, days) for name in total.channels},
        total.last_at or store.usage.last(workspace.name, resource),
        store.usage.behind(workspace.name),
    )


def _by_day(sums: Mapping[Key, Sum], channel: Channel, days: Iterable[date]) -> tuple[int, ...]:
    found: dict[date, int] = {}
    for (_, day, of, _), one in sums.items():
        if of == channel:
            found[day] = found.get(day, 0) + one.calls
    return tuple(found.get(day, 0) for day in days)


def count_usage(workspace: Workspace) -> None:
    """Count what the audit log has and nobody has counted yet; a served workspace does so by itself."""
    with CatalogStore.open(Home.of(workspace.name).database_url) as store:
        store.usage.count(workspace.name, workspace.settings.day_of)
