"""What a city's data operation is judged by, as far as the platform can know it.

The indicators are those of the report's table 8: content, capability and effect. What cannot be
assessed says so and why; it is never 0 or 100 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from catalog.database import CatalogStore
from catalog.database.histories import Point
from catalog.database.incidents import Incident, Statement
from catalog.resources.entry import Entry
from catalog.sharing.answering import Pace, Took, by_department, pace, took
from pipelines.availability import DAYS, Availability, availability
from pipelines.entries import Live, entries_of, live
from pipelines.plan import Plan
from pipelines.sharing.settings import bureau_of, terms_of

Unit = Literal["number", "share", "milliseconds", "days"]
TREND_DAYS = 90
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Measure:
    """One indicator.

    Attributes:
        name: of the indicator; pages have a text for it.
        value: None: not assessed.
        done, of: of a share, how many of how many.
        why: why it is not assessed, or what it leaves out, as a word that pages have a text for.
        said: what else that text tells.
    """

    name: str
    value: float | None = None
    unit: Unit = "share"
    done: int | None = None
    of: int | None = None
    why: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trend:
    """A value by day, the oldest first; days on which nothing happened have none."""

    days: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CityMeasures:
    """The indicators of a city, and how quality and volume went.

    Attributes:
        answers: to requests, by the department that answered; objections: as well.
        behind: how many of the log's newest records are not in the utilisation.
    """

    measures: tuple[Measure, ...]
    scores: Trend
    rows: Trend
    answers: Mapping[str, Pace]
    objections: Mapping[str, Pace]
    behind: int
    late: int
    held: int


def city_measures(plan: Plan, store: CatalogStore, now: datetime) -> CityMeasures:
    """The indicators now, and trends of the last `TREND_DAYS` days by the city's calendar."""
    name = plan.workspace.name
    facts = store.resource_facts(name)
    entries, known = entries_of(plan, facts), live(store, plan.workspace, now, facts)
    since = now - timedelta(days=TREND_DAYS)
    steps = store.last_steps(name)
    held = sum(
        hold.decision is None
        and hold.resource in steps
        and steps[hold.resource].fingerprint == hold.fingerprint
        for hold in store.holds.list(name)
    )
    answers, objections = _answers(plan, store, since)
    scores = by_day(plan, store.histories.scores(name, since))
    rows = by_day(plan, store.histories.rows(name, since))
    found = (
        *measures(plan, entries, known),
        _answering(plan, "answers", pace(answers)),
        _answering(plan, "objections", pace(objections)),
        _available(availability(store, name, now)),
        _leaks(plan, store.incidents.list(name), store.incidents.last_statement(name), now),
    )
    return CityMeasures(
        found,
        Trend(tuple(scores), tuple(sum(day.values()) / len(day) for day in scores.values())),
        Trend(tuple(rows), tuple(sum(day.values()) for day in rows.values())),
        by_department(answers),
        by_department(objections),
        store.usage.behind(name),
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
    offered = {entry.key for entry in entries if _offered(entry)} & published
    used = {name for name, one in known.items() if one.calls}
    return (
        Measure("resources", float(len(entries)), "number", len(published), len(entries)),
        _mean("quality", scores, len(known)),
        _share("sharing", sum(kind in (1, 2) for kind in shared), len(shared), "undeclared"),
        _share("opening", sum(kind != "closed" for kind in opened), len(opened), "undeclared"),
        _share("utilisation", len(used & offered), len(offered), "none_offered"),
        _coverage(plan, published),
    )


def _offered(entry: Entry) -> bool:
    """Whether anybody outside of its department can have its data: by a grant, openly, by questions."""
    database = entry.key.partition(".")[0]
    return database in ("sandbox", "open") or entry.share_type in (1, 2)


def _answers(plan: Plan, store: CatalogStore, since: datetime) -> tuple[list[Took], list[Took]]:
    """What the answers to requests and objections took that were given since a moment."""
    name, terms = plan.workspace.name, terms_of(plan.workspace)
    asked = store.answers.to_requests(name, since, terms, bureau_of(plan.workspace))
    objected = store.answers.to_objections(name, since, terms)
    return [took(one, terms) for one in asked], [took(one, terms) for one in objected]


def _answering(plan: Plan, name: str, found: Pace | None) -> Measure:
    if found is None:
        return Measure(name, why=f"no_{name}")
    said = {
        "p90": found.p90,
        "target": plan.workspace.settings.sharing.answer_target,
        "share": f"{100 * found.in_time / found.answers:.1f} %",
    }
    return Measure(name, found.mean, "days", found.in_time, found.answers, said=said)


def _available(found: Availability | None) -> Measure:
    if found is None:
        return Measure("availability", why="no_history")
    hours = found.longest / timedelta(hours=1)
    said = {"since": found.since, "gaps": found.gaps, "hours": hours}
    return Measure("availability", found.share, of=DAYS, said=said)


def _leaks(
    plan: Plan, incidents: Sequence[Incident], statement: Statement | None, now: datetime
) -> Measure:
    """Incidents of the past year and open ones; that there are none, only if somebody has said so."""
    today = plan.workspace.settings.day_of(now)
    opened = sum(one.closed_at is None for one in incidents)
    recent = sum(one.closed_at is None or today - one.found.on < YEAR for one in incidents)
    if recent:
        return Measure("leaks", float(recent), "number", opened, recent)
    if statement is None:
        return Measure("leaks", why="unreported")
    said = {"who": statement.by, "when": statement.at}
    if now - statement.at > timedelta(days=plan.workspace.settings.portal.incident_days):
        return Measure("leaks", why="unconfirmed", said=said)
    return Measure("leaks", 0.0, "number", 0, 0, said=said)


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
