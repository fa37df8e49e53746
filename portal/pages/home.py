"""The home page: what this is for anybody, how the city's data is doing for those who work on it."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from pipelines.city_measures import CityMeasures, Measure, Trend, city_measures
from portal.pages.page import VisitDep, page_router, render
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
        measures=(*found.measures, _response_time(request)),
        scores=line(found.scores, percent=True),
        rows=line(found.rows),
    )


def _response_time(request: Request) -> Measure:
    """Of this process since it started."""
    pace = request.app.state.stopwatch.pace()
    if pace is None:
        return Measure("response", unit="milliseconds", why="no_requests")
    return Measure("response", pace.most, "milliseconds", of=pace.requests)


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
