"""Dates and times: parts of them, their differences, and their truncation."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from pipelines.spark.expressions import Expressions, Handler
from pipelines.spark.refusal import Refusal
from pipelines.spark.text import cast, let, string
from pipelines.spark.types import spark_type

_PARTS = {
    "year": "year({v})",
    "quarter": "quarter({v})",
    "month": "month({v})",
    "day": "day({v})",
    "week": "weekofyear({v})",
    "hour": "hour({v})",
    "minute": "minute({v})",
    "second": "second({v})",
    "dayofyear": "dayofyear({v})",
    "dayofweek": "(dayofweek({v}) - 1)",  # DuckDB counts from Sunday = 0
    "isodow": "(weekday({v}) + 1)",
}
_OTHER_NAMES = {
    "dow": "dayofweek",
    "weekday": "dayofweek",
    "doy": "dayofyear",
    "weekofyear": "week",
    "dayofmonth": "day",
    "years": "year",
    "months": "month",
    "days": "day",
}
_OF_A_DAY = frozenset({"hour", "minute", "second"})
_TRUNCATED = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_SECONDS = {"hour": 3600, "minute": 60, "second": 1}


def _part(to: Expressions, word: str, value: Any, node: Any) -> str:
    part = _OTHER_NAMES.get(word.lower(), word.lower())
    kind = to.type(value)
    if part not in _PARTS or kind not in ("DATE", "TIMESTAMP"):
        raise Refusal(f"{word} of {kind}", "a part of a DATE or TIMESTAMP", node)
    text = to.sql(value)
    if part in _OF_A_DAY:
        text = cast(text, "TIMESTAMP_NTZ")
    return cast(_PARTS[part].replace("{v}", text), spark_type(to.type(node)))


def _extract(to: Expressions, node: Any) -> str:
    return _part(to, node.this.name, node.expression, node)


def _named_part(word: str) -> Handler:
    def write(to: Expressions, node: Any) -> str:
        value = node.expressions[0] if isinstance(node, exp.Anonymous) else node.this
        if isinstance(value, exp.TsOrDsToDate | exp.TsOrDsToTimestamp):
            value = value.this
        return _part(to, word, value, node)

    return write


def _date_part(to: Expressions, node: Any) -> str:
    word, value = node.expressions
    return _part(to, to.written(word), value, node)


def _difference(to: Expressions, node: Any) -> str:
    """How many boundaries of a unit lie between two moments; Spark counts whole units."""
    word, start, end = node.expressions
    unit = to.written(word).lower().removesuffix("s")
    kinds = {to.type(start), to.type(end)}
    if not kinds <= {"DATE", "TIMESTAMP"}:
        raise Refusal("date_diff", "of DATE or TIMESTAMP", node)
    first, last = to.sql(start), to.sql(end)
    if unit in _SECONDS:
        size = _SECONDS[unit]
        # Without a zone a moment is one of UTC; whole units since 1970, rounded down.
        since, long = "unix_micros(CAST({v} AS TIMESTAMP))", f"{size * 1000000}L"
        whole = f"({since} - pmod({since}, {long})) DIV {long}"
        return f"(({let(last, whole)}) - ({let(first, whole)}))"
    numbers = {
        "day": "datediff(CAST({v} AS DATE), DATE '1970-01-01')",
        # As DuckDB counts them: the weeks before and after 1 January 1970 are one.
        "week": "(datediff(trunc(CAST({v} AS DATE), 'WEEK'), DATE '1970-01-01') DIV 7)",
        "month": "(year({v}) * 12 + month({v}))",
        "quarter": "(year({v}) * 4 + quarter({v}))",
        "year": "year({v})",
    }
    if unit not in numbers:
        raise Refusal("date_diff", f"by {unit}", node)
    return cast(f"({let(last, numbers[unit])} - {let(first, numbers[unit])})", "BIGINT")


def _truncated(to: Expressions, node: Any) -> str:
    word, value = node.expressions
    unit = to.written(word).lower()
    kind = to.type(value)
    if unit not in _TRUNCATED or kind not in ("DATE", "TIMESTAMP"):
        raise Refusal("date_trunc", f"{unit} of {kind}", node)
    return cast(f"date_trunc({string(unit)}, {to.sql(value)})", spark_type(to.type(node)))


BY_CLASS: dict[type[Any], Handler] = {
    exp.Extract: _extract,
    exp.Year: _named_part("year"),
    exp.Quarter: _named_part("quarter"),
    exp.Month: _named_part("month"),
    exp.Day: _named_part("day"),
    exp.DayOfMonth: _named_part("day"),
    exp.DayOfWeek: _named_part("dayofweek"),
    exp.DayOfWeekIso: _named_part("isodow"),
    exp.DayOfYear: _named_part("dayofyear"),
    exp.WeekOfYear: _named_part("week"),
    exp.Week: _named_part("week"),
    exp.Hour: _named_part("hour"),
    exp.Minute: _named_part("minute"),
    exp.Second: _named_part("second"),
}
BY_NAME: dict[str, Handler] = {
    "date_diff": _difference,
    "datediff": _difference,
    "date_trunc": _truncated,
    "datetrunc": _truncated,
    "date_part": _date_part,
    "datepart": _date_part,
    "isodow": _named_part("isodow"),
    "weekofyear": _named_part("week"),
    "weekday": _named_part("dayofweek"),
}
