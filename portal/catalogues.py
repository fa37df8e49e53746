"""What the catalogue's pages work with: who finds what, what a search's address says, what a lineage
graph looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from fastapi import Request
from starlette.datastructures import QueryParams

from catalog.audit.usage import GIVING
from catalog.exports.dataset import text_in, texts_of
from catalog.people import Person
from catalog.resources.entry import Entry
from catalog.search.document import FACETS, NOT_SAID, Audience, Document
from catalog.search.query import SORTS, Answer, Query
from catalog.text import catalogue as messages
from catalog.text import text
from pipelines.finding import Finder
from pipelines.neighbours import Neighbourhood
from pipelines.usage import ResourceUsage
from portal.pages.site import number, percent
from quality.scores import DimensionScore

_CEILINGS = {
    "engineer": "L2", "steward": "L2", "officer": "L1", "auditor": "L1", "partner": "L1",
}  # fmt: skip
_PUBLIC_CEILING = "L1"
_NAMED = {
    "class": "kind_", "share_type": "share_", "open_type": "open_", "format": "format_",
    "update_cycle": "cycle_",
}  # fmt: skip
_LAYER_COLOURS = {
    "raw": "#4a5a68", "base": "#0b4f6c", "thematic": "#1a6b3c", "fusion": "#7b3f98",
    "open": "#c2571a", "sandbox": "#8a5300",
}  # fmt: skip
SIZE = 20
_MUTED = "#4a5a68"
_GRID = {
    "left": 8, "right": 24, "top": 16, "bottom": 8,
    "outerBoundsMode": "same", "outerBoundsContain": "axisLabel",
}  # fmt: skip


def finder_of(request: Request, plan: Any) -> Finder:
    """The finder of a city; made when the first visitor searches."""
    state = request.app.state
    if not hasattr(state, "finder"):
        state.finder = Finder(plan)
    return cast(Finder, state.finder)


def audience_of(person: Person | None) -> Audience:
    """As what a visitor searches: partners find what is opened to them, staff finds everything."""
    if person is None:
        return "public"
    return "partner" if person.role == "partner" else "staff"


def ceiling_of(person: Person | None) -> str | None:
    """The highest level of sample values that a visitor sees; None: he sees no data at all."""
    return _PUBLIC_CEILING if person is None else _CEILINGS.get(person.role)


def visible(entry: Entry, audience: Audience) -> bool:
    """Whether a visitor may see the entry of one of the city's own resources."""
    order: tuple[Audience, ...] = ("public", "partner", "staff")
    return order.index(Document(entry).audience) <= order.index(audience)


def asked(params: QueryParams, audience: Audience) -> Query:
    """The query that an address says; what it cannot mean is left out, so that old links work."""
    filters = {
        facet: frozenset(values)
        for facet in FACETS
        if (values := params.getlist(facet)) and all(len(value) <= 300 for value in values)
    }
    sort = params.get("sort", "")
    page = params.get("page", "")
    return Query(
        text=params.get("q", "").strip()[:200],
        filters=filters,
        sort=sort if sort in SORTS else "relevance",
        page=min(int(page), 100_000) if page.isascii() and page.isdigit() and int(page) else 1,
        size=SIZE,
        audience=audience,
    )


def address(query: Query, **changes: Any) -> str:
    """The query as the part of an address behind the `?`."""
    said: list[tuple[str, Any]] = [("q", query.text)] if query.text else []
    said += [(facet, one) for facet, values in query.filters.items() for one in sorted(values)]
    others = {"sort": query.sort, "page": query.page} | changes
    said += [(name, value) for name, value in others.items() if value not in ("relevance", 1)]
    return urlencode(said)


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value that can be chosen."""

    value: str
    label: str
    count: int
    chosen: bool


def facets_of(answer: Answer, query: Query, lang: str, city: str) -> dict[str, list[FacetValue]]:
    """What can be chosen in each facet that has anything to choose."""
    found: dict[str, list[FacetValue]] = {}
    for facet, values in answer.facets.items():
        chosen = query.filters.get(facet, frozenset())
        worth = [value for value, _ in values if value or facet == "list"]
        if len(worth) > 1 or chosen:
            found[facet] = [
                FacetValue(value, label(facet, value, lang, city), count, value in chosen)
                for value, count in values
            ]
    return found


def label(facet: str, value: str, lang: str, city: str = "") -> str:
    """What a value of a facet is called."""
    if value == NOT_SAID:
        return city if facet == "list" else text("facet_not_said", lang)
    if facet == "provider":  # names are kept in every language that they have
        return text_in(texts_of(value), lang)
    key = _NAMED.get(facet, "-") + value.replace("-", "_")
    return text(key, lang) if key in messages(lang)["ui"] else value


@dataclass(frozen=True, slots=True)
class Chart:
    """What the macro `chart` draws, and the table that says the same."""

    title: str
    option: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def quality_charts(
    scores: Sequence[DimensionScore],
    trend: Sequence[tuple[datetime, float]],
    moment: Callable[[datetime], str],
    lang: str,
) -> list[Chart]:
    """The score by dimension, and the last scores; what was not assessed has no bar, and says so.

    Args:
        moment: tells a time as pages do.
    """
    found = []
    if any(one.assessed for one in scores):
        names = [text(f"dimension_{one.dimension}", lang) for one in scores]
        shares = [None if one.value is None else round(100 * one.value, 2) for one in scores]
        none = text("catalogue_not_assessed", lang)
        heads = ("catalogue_dimension", "entry_score", "catalogue_conforming", "catalogue_assessed")
        rows = [
            (name, percent(one.value) or none, f"{one.conforming:,}", f"{one.assessed:,}")
            for name, one in zip(names, scores, strict=True)
        ]
        option: dict[str, Any] = {
            "grid": _GRID,
            "xAxis": {"type": "value", "min": 0, "max": 100},
            "yAxis": {"type": "category", "data": names, "inverse": True},
            "series": [{"type": "bar", "data": [_bar(one, none) for one in shares]}],
        }
        found.append(_chart("catalogue_by_dimension", option, heads, rows, lang))
    if trend:
        days = [moment(at) for at, _ in trend]
        option = {
            "grid": _GRID,
            "xAxis": {"type": "category", "data": days},
            "yAxis": {"type": "value", "scale": True, "max": 100},
            "series": [{"type": "line", "data": [round(100 * score, 2) for _, score in trend]}],
        }
        told = [(day, percent(score)) for day, (_, score) in zip(days, trend, strict=True)]
        found.append(
            _chart("catalogue_trend", option, ("catalogue_when", "entry_score"), told, lang)
        )
    return found


def _bar(share: float | None, none: str) -> Any:
    if share is not None:
        return share
    label = {"show": True, "position": "right", "color": _MUTED, "formatter": none}
    return {"value": 0, "label": label, "tooltip": {"show": False}}


def usage_chart(usage: ResourceUsage, lang: str) -> Chart:
    """How often data was given on each day, by channel; the table has the days with any use."""
    days = [day.isoformat() for day in usage.days]
    given = {name: calls for name, calls in usage.by_channel.items() if name in GIVING}
    names = [text(f"usage_{name}", lang) for name in given]
    option: dict[str, Any] = {
        "grid": {**_GRID, "top": 40},
        "legend": {"top": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": days},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"name": name, "type": "bar", "stack": "calls", "data": list(calls)}
            for name, calls in zip(names, given.values(), strict=True)
        ],
    }
    rows = [
        (day, *(number(calls[place]) for calls in given.values()))
        for place, day in enumerate(days)
        if any(calls[place] for calls in given.values())
    ]
    heads = (text("day", lang), *names)
    return Chart(text("usage_by_day", lang), option, heads, tuple(rows))


def _chart(
    title: str,
    option: dict[str, Any],
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    lang: str,
) -> Chart:
    return Chart(text(title, lang), option, tuple(text(h, lang) for h in heads), tuple(rows))


def lineage_option(
    around: Neighbourhood, link: Callable[[str], str], titles: Mapping[str, str]
) -> dict[str, Any]:
    """A graph for ECharts: what a resource is made from to its left, what is made from it to its right.

    Args:
        link: the address of a resource's page; `js/lineage.js` follows it.
        titles: of the resources that may be shown.
    """
    columns: dict[int, list[str]] = {}
    for item in around.resources:
        if item.name in titles:
            columns.setdefault(item.distance, []).append(item.name)
    nodes = [
        {
            "name": name,
            "x": 220 * distance,
            "y": 60 * (place - (len(names) - 1) / 2),
            "url": link(name),
            "symbol": "roundRect",
            "symbolSize": [18, 18] if distance else [26, 26],
            "itemStyle": {"color": _LAYER_COLOURS.get(name.split(".")[0], _MUTED)},
            "label": {"show": True, "position": "bottom", "fontWeight": 400 if distance else 700},
        }
        for distance, names in columns.items()
        for place, name in enumerate(names)
    ]
    links = [
        {
            "source": one.source,
            "target": one.target,
            "lineStyle": {"type": "solid" if one.fields else "dashed"},
        }
        for one in around.relations
        if one.source in titles and one.target in titles
    ]
    series = {
        "type": "graph",
        "layout": "none",
        "roam": True,
        "edgeSymbol": ["none", "arrow"],
        "edgeSymbolSize": 8,
        "data": nodes,
        "links": links,
    }
    return {"series": [series]}
