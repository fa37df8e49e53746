"""The formats in which rows leave: how a value is written in each, as SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from quality.predicates import literal, quoted

Format = Literal["arrow", "parquet", "csv", "jsonl"]
FORMATS: tuple[Format, ...] = get_args(Format)
MEDIA_TYPES: dict[Format, str] = {
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8; header=present",
    "jsonl": "application/jsonl",
}
SUFFIXES: dict[Format, str] = {
    "arrow": ".arrows",
    "parquet": ".parquet",
    "csv": ".csv",
    "jsonl": ".jsonl",
}
# With one of these at its beginning a spreadsheet takes a text for a formula (OWASP, CSV injection); the
# full-width ones in East Asian editions.
FORMULAS = "=+-@\t\r\n＝＋－＠"
GUARD = "'"
MOMENT = "%Y-%m-%dT%H:%M:%S.%f"
LINE = "line"  # the one column of JSON Lines


@dataclass(frozen=True, slots=True)
class Given:
    """A column as it is given: its name, and its type in DuckDB's spelling."""

    name: str
    type: str


def rendered_sql(source: str, columns: Sequence[Given], format: Format) -> str:
    """A SELECT of what a writer of a format takes.

    Arrow and Parquet get the values as they are. CSV gets texts that are safe in a spreadsheet, days and
    times in ISO 8601, lists as JSON; JSON Lines one object a row.

    Args:
        source: a SELECT of exactly these columns.
    """
    if format == "csv":
        listed = ", ".join(f"{_csv(one)} AS {quoted(guarded(one.name))}" for one in columns)
    elif format == "jsonl":
        pairs = ", ', ', ".join(f"{literal(_key(one.name))}, {_json(one)}" for one in columns)
        listed = f"concat('{{', {pairs}, '}}') AS {LINE}"
    else:
        listed = ", ".join(f"s.{quoted(one.name)}" for one in columns)
    return f"SELECT {listed} FROM ({source}) AS s"


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return GUARD + text if text.startswith(tuple(FORMULAS)) else text


def _csv(column: Given) -> str:
    value = f"s.{quoted(column.name)}"
    if column.type == "VARCHAR":
        codes = ", ".join(f"chr({ord(one)})" for one in FORMULAS)
        safe = f"{literal(GUARD)} || {value}"
        return f"CASE WHEN left({value}, 1) IN ({codes}) THEN {safe} ELSE {value} END"
    if column.type.endswith("[]"):
        return f"CAST(to_json({value}) AS VARCHAR)"
    return _moment(value, column.type)


def _key(name: str) -> str:
    return f"{json.dumps(name, ensure_ascii=False)}: "


def _json(column: Given) -> str:
    """A value as JSON text. Numbers are written by the engine's casts: its JSON functions read decimals
    as doubles, and JSON has no NaN."""
    value, kind = f"s.{quoted(column.name)}", column.type
    if kind.startswith("DECIMAL") and kind.endswith("[]"):
        text = f"replace(CAST({value} AS VARCHAR), 'NULL', 'null')"
    elif kind.startswith(("DECIMAL", "INTEGER", "BIGINT", "BOOLEAN")) and not kind.endswith("[]"):
        text = f"CAST({value} AS VARCHAR)"
    elif kind == "DOUBLE":
        text = f"CASE WHEN isfinite({value}) THEN CAST(to_json({value}) AS VARCHAR) END"
    else:
        text = f"CAST(to_json({_moment(value, kind)}) AS VARCHAR)"
    return f"coalesce({text}, 'null')"


def _moment(value: str, kind: str) -> str:
    if kind == "TIMESTAMP":
        return f"strftime({value}, '{MOMENT}')"
    if kind in ("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"):
        return f"strftime({value}, '{MOMENT}Z')"  # sessions are in UTC
    return value
