"""An answer as a page shows it: a table with error bars, and charts that never leave them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from catalog.text import text
from portal.console.numbers import short
from sandbox.table import Table

MOST_CHARTS = 6
MOST_POINTS = 500
FILL = "#86b8cc"
Shape = Literal["bars", "line"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as text; `error` is half of its 95 % interval as text, None where it is not known."""

    text: str
    error: str | None
    statistic: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """One statistic by the groups' keys.

    Attributes:
        shape: a line where the groups are days, else bars.
        labels: the keys; `values` and `errors` go with them. A group whose value or error is not
            known is not drawn.
        cut: there are more groups than are drawn.
    """

    name: str
    shape: Shape
    labels: tuple[str, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]
    cut: bool = False

    def option(self) -> dict[str, Any]:
        """For ECharts; the page's script adds the error bars of `bars` to it."""
        shape = {"bars": "bar", "line": "line"}[self.shape]
        return {
            "grid": {"left": 70, "right": 20, "top": 20, "bottom": 60},
            "xAxis": {"type": "category", "data": list(self.labels)},
            "yAxis": {"type": "value", "scale": self.shape == "line"},
            # Light, so that the error bars are seen before it.
            "series": [
                {
                    "type": shape,
                    "name": self.name,
                    "data": list(self.values),
                    "itemStyle": {"color": FILL},
                }
            ],
        }

    def bars(self) -> list[list[float]]:
        """By group its place, and the ends of its 95 % interval."""
        both = enumerate(zip(self.values, self.errors, strict=True))
        return [[place, value - error, value + error] for place, (value, error) in both]


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as a page shows it.

    Attributes:
        single: it has one row and no key, and is shown as numbers without a chart.
        unknown: some statistic has no error that is known.
    """

    columns: tuple[str, ...]
    statistics: tuple[bool, ...]
    rows: tuple[tuple[Cell, ...], ...]
    charts: tuple[Chart, ...]
    single: bool
    unknown: bool


def shown(table: Table, lang: str | None = None) -> Shown:
    """An answer's table and charts."""
    statistics = tuple(kind == "statistic" for kind in table.kinds)
    rows = tuple(
        tuple(
            Cell(_text(value, lang), None if error is None else short(error), statistic)
            for value, error, statistic in zip(row, errors, statistics, strict=True)
        )
        for row, errors in zip(table.rows, table.errors, strict=True)
    )
    unknown = any(cell.statistic and cell.error is None for row in rows for cell in row)
    single = all(statistics) and len(rows) == 1
    drawn = () if all(statistics) else charts(table, lang)
    return Shown(table.columns, statistics, rows, drawn, single, unknown)


def charts(table: Table, lang: str | None = None) -> tuple[Chart, ...]:
    """A chart for each of the first statistics that have errors."""
    keys = [place for place, kind in enumerate(table.kinds) if kind == "key"]
    days = len(keys) == 1 and all(_is_day(row[keys[0]]) for row in table.rows)
    rows = list(zip(table.rows, table.errors, strict=True))
    if days:
        rows.sort(key=lambda one: str(one[0][keys[0]]))
    found = []
    for place, kind in enumerate(table.kinds):
        points = [
            (" · ".join(_text(row[key], lang) for key in keys), float(value), float(error))
            for row, errors in rows
            if kind == "statistic"
            and (value := row[place]) is not None
            and (error := errors[place]) is not None
        ]
        if points:
            found.append(_chart(table.columns[place], "line" if days else "bars", points))
    return tuple(found[:MOST_CHARTS])


def _chart(name: str, shape: Shape, points: Sequence[tuple[str, float, float]]) -> Chart:
    labels, values, errors = zip(*points[:MOST_POINTS], strict=True)
    return Chart(name, shape, labels, values, errors, len(points) > MOST_POINTS)


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or len(value) != len("2026-01-31"):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _text(value: object, lang: str | None) -> str:
    if value is None:
        return text("console_no_value", lang)
    if isinstance(value, bool):
        return text("console_true" if value else "console_false", lang)
    if isinstance(value, int | float):
        return short(value)
    return str(value)
