"""Rows of a page as JSON, written as `formats` writes them in JSON Lines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Token = Callable[[Any], str]


def rows_json(table: pa.Table) -> str:
    """The rows of a table, a few hundred at most, as a JSON array of objects."""
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        key, token = json.dumps(name, ensure_ascii=False), _token(column.type)
        columns.append([f"{key}: {token(value)}" for value in column.to_pylist()])
    return f"[{', '.join('{' + ', '.join(row) + '}' for row in zip(*columns, strict=True))}]"


def _token(kind: pa.DataType) -> Token:
    import pyarrow as pa

    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = _token(kind.value_type)
        return _or_null(lambda values: f"[{', '.join(map(inner, values))}]")
    if pa.types.is_boolean(kind):
        return _or_null(lambda value: "true" if value else "false")
    if pa.types.is_integer(kind):
        return _or_null(str)
    if pa.types.is_decimal(kind):
        return _or_null(lambda value: format(value, "f"))
    if pa.types.is_floating(kind):
        return _or_null(lambda value: repr(value) if math.isfinite(value) else "null")
    if pa.types.is_timestamp(kind):
        return _or_null(_moment)
    if pa.types.is_date(kind):
        return _or_null(_day)
    return _or_null(lambda value: json.dumps(str(value), ensure_ascii=False))


def _or_null(token: Token) -> Token:
    return lambda value: "null" if value is None else token(value)


def _moment(value: datetime) -> str:
    zone = "" if value.tzinfo is None else "Z"  # sessions are in UTC
    return f'"{value.replace(tzinfo=None).isoformat(timespec="microseconds")}{zone}"'


def _day(value: date) -> str:
    return f'"{value.isoformat()}"'
