"""What a city's data operation is judged by, as far as the platform can know it.

The indicators are those of the report's table 8: content, capability and effect. What cannot be
assessed says so and why; it is never 0 or 100 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from catalog.database import CatalogStore
from catalog.database.histories import Point
from catalog.resources.entry import Entry
from pipelines.entries import Live, entries_of, live
from pipelines.plan import Plan

Unit = Literal["number", "share", "milliseconds"]
TREND_DAYS = 90


@dataclass(frozen=True, slots=True)
class Measure:
    """One indicator.

    Attributes:
        name: of the indicator; pages have a text for it.
        value: None: not assessed.
        done, of: of a share, how many of how many.
        why: why it is not assessed, or what it leaves out, as a word that pages have a text for.
    """

    name: str
    value: float | None = None
    unit: Unit = "share"
    done: int | None = None
    of: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trend:
    """A value by day, the oldest first; days on which nothing happened have none."""

    days: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CityMeasures:
    """The indicators of a city, and how quality and volume went."""

    measures: tuple[Measure, ...]
    scores: Trend
    rows: Trend
    late: int
    held: int


def city_measures(plan: Plan, store: CatalogStore, now: datetime) -> CityMeasures:
    """The indicators now, and trends of the last `TREND_DAYS` days by the city's calendar."""
    name = plan.workspace.name
    facts = store.resource_facts(name)
    entries, known = entries_of(plan, facts), live(store, name, now, facts)
    since = now - timedelta(days=TREND_DAYS)
    steps = store.last_steps(name)
    held = sum(
        hold.decision is None
        and hold.resource in steps
        and steps[hold.resource].fingerprint == hold.fingerprint
        for hold in store.holds.list(name)
    )
    scores = by_day(plan, store.histories.scores(name, since))
    rows = by_day(plan, store.histories.rows(name, since))
    return CityMeasures(
        measures(plan, entries, known),
        Trend(tuple(scores), tuple(sum(day.values()) / len(day) for day in scores.values())),
        Trend(tuple(rows), tuple(sum(day.values()) for day in rows.values())),
        sum(row.settled_at is None for row in store.ledger.late(name)),
        held,
    )


def measures(
    plan: Plan, entries: Sequence[Entry], known: Mapping[str, Live]
) -> tuple[Measure, ...]:
    """The indicators; what the platform cannot see is there without a value."""
    published = {name for name, one in known.items() if one.published_at is not None}
    scores = [one.score for one in known.values() if one.score is not None]
    shared = [entry.share_type for entry in entries if entry.share_type is not None]
    opened = [entry.open_type for entry in entries if entry.open_type is not None]
    views = [entry.key for entry in entries if entry.key.startswith("sandbox.")]
    used = {name for name, one in known.items() if one.calls}
    return (
        Measure("resources", float(len(entries)), "number", len(published), len(entries)),
        _mean("quality", scores, len(known)),
        _share("sharing", sum(kind in (1, 2) for kind in shared), len(shared), "undeclared"),
        _share("opening", sum(kind != "closed" for kind in opened), len(opened), "undeclared"),
        _share("utilisation", len(used.intersection(views)), len(views), "no_views"),
        _coverage(plan, published),
        Measure("availability", why="outside"),
        Measure("leaks", why="unreported"),
    )


def _share(name: str, done: int, of: int, why: str) -> Measure:
    return Measure(name, done / of, done=done, of=of) if of else Measure(name, why=why)


def _mean(name: str, values: Sequence[float], of: int) -> Measure:
    if not values:
        return Measure(name, why="no_scores")
    return Measure(name, sum(values) / len(values), done=len(values), of=of)


def _coverage(plan: Plan, published: Set[str]) -> Measure:
    """Departments that provide data, of those that are to."""
    to_provide = {id for id, one in plan.workspace.departments.items() if one.role == "provider"}
    providing = {plan.steps[name].contract.department for name in published if name in plan.steps}
    return _share("coverage", len(to_provide & providing), len(to_provide), "no_providers")


def by_day(plan: Plan, points: Iterable[Point]) -> dict[str, dict[str, float]]:
    """By day with a point what every resource had last until its evening."""
    found: dict[str, dict[str, float]] = {}
    last: dict[str, float] = {}
    for point in points:
        last[point.resource] = point.value
        found[plan.workspace.settings.day_of(point.at).isoformat()] = dict(last)
    return found
