"""The home page: what this is for anybody, how the city's data is doing for those who work on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request, Response

from catalog.sharing.answering import Pace
from catalog.text import text
from pipelines.city_measures import CityMeasures, Measure, Trend, city_measures
from portal.pages.page import Visit, VisitDep, page_router, render
from portal.pages.sharing_forms import naming
from portal.pages.site import number, percent
from portal.permissions import READERS

router = page_router()
FRESH_SECONDS = 30.0


@router.get("/")
def home(request: Request, visit: VisitDep) -> Response:
    """The city's name and purpose; for engineers, stewards and auditors its indicators."""
    person = visit.person
    if person is None or person.role not in READERS:
        return render(request, "home/index.html", city_measures=None)
    service = visit.site.service

    def measured() -> CityMeasures:
        return city_measures(service.workspace, service.opened.store, service.clock())

    found = visit.site.fresh("measures", FRESH_SECONDS, measured)
    return render(
        request,
        "home/index.html",
        city_measures=found,
        cards=[card(one, visit) for one in (*found.measures, _response_time(request))],
        answers=[
            (name, _rows(paces, naming(request, visit.lang)))
            for name, paces in (("answers", found.answers), ("objections", found.objections))
        ],
        scores=line(found.scores, percent=True),
        rows=line(found.rows),
    )


def _response_time(request: Request) -> Measure:
    """Of this process since it started."""
    pace = request.app.state.stopwatch.pace()
    if pace is None:
        return Measure("response", unit="milliseconds", why="no_requests")
    return Measure("response", pace.most, "milliseconds", of=pace.requests)


@dataclass(frozen=True, slots=True)
class Card:
    """An indicator as the page shows it; `figure` None: not assessed."""

    name: str
    figure: str | None
    hint: str


def card(one: Measure, visit: Visit) -> Card:
    """An indicator in the visitor's language."""
    said = {name: _told(value, visit) for name, value in one.said.items()}
    if one.value is None:
        return Card(one.name, None, text(f"unknown_{one.why}", visit.lang, **said))
    counts = {"done": number(one.done), "of": number(one.of)}
    hint = text(f"measured_{one.name}", visit.lang, **counts, **said)
    if one.name == "leaks" and not one.value:
        hint = text("leaks_none", visit.lang, **said)
    if one.name == "answers":
        met = one.value <= one.said["target"]
        hint += " " + text("target_met" if met else "target_missed", visit.lang)
    return Card(one.name, _figure(one, one.value, visit.lang), hint)


def _figure(one: Measure, value: float, lang: str) -> str:
    if one.unit == "share":
        return percent(value, 2 if one.name == "availability" else 1)
    if one.unit == "milliseconds":
        return f"{number(value, 1)} ms"
    if one.unit == "days":
        return text("working_days", lang, number=number(value, 1))
    return number(value)


def _told(value: Any, visit: Visit) -> str:
    """What a hint tells: a time, a share, a number."""
    if isinstance(value, datetime):
        return visit.site.moment(value)
    if isinstance(value, float):
        return number(value, 1)
    return str(value)


def _rows(paces: Mapping[str, Pace], name: Callable[[str], str]) -> list[tuple[str, ...]]:
    """A table of the departments' answers."""
    return [
        (
            name(department),
            number(one.answers),
            number(one.mean, 1),
            number(one.p90),
            percent(one.in_time / one.answers),
        )
        for department, one in paces.items()
    ]


def line(trend: Trend, percent: bool = False) -> dict[str, Any]:
    """A trend as an ECharts option."""
    values = [round(100 * v, 2) for v in trend.values] if percent else list(trend.values)
    axis: dict[str, Any] = {"type": "value", "scale": percent}
    if percent:
        axis |= {"max": 100, "axisLabel": {"formatter": "{value} %"}}
    return {
        "grid": {"left": 64, "right": 24, "top": 24, "bottom": 36},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": list(trend.days)},
        "yAxis": axis,
        "series": [{"type": "line", "data": values, "showSymbol": len(values) < 40}],
    }
