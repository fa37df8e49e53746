"""Rows of model tests: does a value fit its column, and what differs between two sets of rows."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from catalog.text import text

Row = dict[str, Any]
SHOWN_ROWS = 5
SHOWN_COLUMNS = 8
SHOWN_WIDTH = 40
_TOLERANCE = 1e-9
_INTEGERS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}


def fits(value: Any, kind: str) -> bool:
    """Whether a YAML value can stand in a column of an SQL type without a change.

    YAML reads `0123` as a number and `1.10` as 1.1; so text must be written as text.
    """
    if value is None:
        return True
    if kind.endswith("[]"):
        return isinstance(value, list) and all(fits(item, kind[:-2]) for item in value)
    if kind == "VARCHAR":
        return isinstance(value, str | date)
    if kind == "BOOLEAN":
        return isinstance(value, bool)
    if kind.startswith(("DATE", "TIMESTAMP")):
        return _is_moment(value, kind)
    return not isinstance(value, bool | date) and _is_number(value, kind)


def _is_moment(value: Any, kind: str) -> bool:
    if isinstance(value, datetime):
        return kind != "DATE"
    if isinstance(value, date):
        return True
    try:
        (date if kind == "DATE" else datetime).fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_number(value: Any, kind: str) -> bool:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return False
    if kind in ("DOUBLE", "FLOAT"):
        return True
    if not number.is_finite():
        return False
    if kind in _INTEGERS:
        return number == int(number) and -(2 ** (_INTEGERS[kind] - 1)) <= number < 2 ** (
            _INTEGERS[kind] - 1
        )
    found = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    if not found:
        return True
    width, scale = int(found[1]), int(found[2])
    return number == round(number, scale) and abs(number) < 10 ** (width - scale)


def text_of(value: Any, kind: str) -> Any:
    """A YAML value as the text that the engine casts; a list stays a list."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return [text_of(item, kind[:-2]) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind in _INTEGERS:
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else repr(value)


# -- comparing ----------------------------------------------------------------------------------


def difference(expected: list[Row], got: list[Row], ordered: bool = False) -> str:
    """What differs between two sets of rows, as a bounded table; empty when nothing does.

    Every expected row must have a row of its own that agrees in all columns it names; without
    `ordered` in any order. Numbers agree to a relative 1e-9; NULL agrees with NULL only.
    """
    pairs = _in_order(expected, got) if ordered else _matched(expected, got)
    lost = [row for i, row in enumerate(expected) if i not in pairs]
    more = [row for i, row in enumerate(got) if i not in set(pairs.values())]
    return _shown(lost, more, len(expected), len(got)) if lost or more else ""


def _agrees(want: Row, row: Row) -> bool:
    return all(name in row and _same(value, row[name]) for name, value in want.items())


def _same(want: Any, value: Any) -> bool:
    if isinstance(want, float) and isinstance(value, float):
        both_nan = math.isnan(want) and math.isnan(value)
        return both_nan or math.isclose(want, value, rel_tol=_TOLERANCE, abs_tol=1e-12)
    if isinstance(want, list) and isinstance(value, list):
        return len(want) == len(value) and all(map(_same, want, value))
    return bool(want == value)


def _in_order(expected: list[Row], got: list[Row]) -> dict[int, int]:
    both = zip(expected, got, strict=False)
    return {i: i for i, (want, row) in enumerate(both) if _agrees(want, row)}


def _matched(expected: list[Row], got: list[Row]) -> dict[int, int]:
    """The greatest matching of expected rows to rows (Kuhn): rows may name different columns."""
    able = [[j for j, row in enumerate(got) if _agrees(want, row)] for want in expected]
    owner: dict[int, int] = {}

    def place(i: int, tried: set[int]) -> bool:
        for j in able[i]:
            if j not in tried:
                tried.add(j)
                if j not in owner or place(owner[j], tried):
                    owner[j] = i
                    return True
        return False

    for i in range(len(expected)):
        place(i, set())
    return {i: j for j, i in owner.items()}


def _shown(lost: list[Row], more: list[Row], expected: int, got: int) -> str:
    lines: list[tuple[str, Row]] = []
    left = list(more)
    for want in lost[:SHOWN_ROWS]:
        lines.append((text("test_expected"), want))
        if left:
            nearest = max(left, key=lambda row: sum(_same(v, row.get(n)) for n, v in want.items()))
            left.remove(nearest)
            lines.append((text("test_got"), nearest))
    lines += [(text("test_got"), row) for row in left[: max(0, SHOWN_ROWS - len(lost))]]
    columns = _columns_to_show(lost, lines)
    table = [["", *columns]] + [[mark, *(_cell(r, c) for c in columns)] for mark, r in lines]
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    rows = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in table]
    return "\n".join([text("test_rows", expected=expected, got=got), *rows])


def _columns_to_show(lost: list[Row], lines: list[tuple[str, Row]]) -> list[str]:
    """Columns that differ first, then the others as far as there is room; in their order."""
    named = list(dict.fromkeys(name for row in lost for name in row))
    named = named or list(dict.fromkeys(name for _, row in lines for name in row))
    pairs = [(a, b) for (_, a), (_, b) in zip(lines[::2], lines[1::2], strict=False)]
    differ = [n for n in named if any(n in a and not _same(a[n], b.get(n)) for a, b in pairs)]
    chosen = set((named[:1] + differ + named)[: SHOWN_COLUMNS + 1])
    return [name for name in named if name in chosen][:SHOWN_COLUMNS]


def _cell(row: Row, name: str) -> str:
    if name not in row:
        return ""
    value = "NULL" if row[name] is None else " ".join(str(row[name]).split())
    return value if len(value) <= SHOWN_WIDTH else value[: SHOWN_WIDTH - 1] + "…"
