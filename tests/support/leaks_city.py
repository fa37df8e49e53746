"""The tiny synthetic city of the leak corpus: its tables, and copies of it with other secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

Values = list[Any]
META = "_source_file VARCHAR, _source_line BIGINT, _load_id VARCHAR"


@dataclass(frozen=True, slots=True)
class RawColumn:
    """A column of a collected table."""

    name: str
    type: str
    level: str
    role: str = ""  # KEY: the primary key, or part of it


@dataclass(frozen=True, slots=True)
class RawTable:
    """A collected table: columns, synthetic rows, and how sensitive it is that a row is there."""

    columns: tuple[RawColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    row_level: str = ""


def _table(columns: str, *rows: tuple[Any, ...], row_level: str = "") -> RawTable:
    """`name TYPE LEVEL [KEY], ...` and the rows."""
    parsed = tuple(RawColumn(*column.split()) for column in columns.split(","))
    assert all(len(row) == len(parsed) for row in rows)
    return RawTable(parsed, rows, row_level)


def _patient(number: int, name: str, diagnosis: str, village: str, cost: float) -> tuple[Any, ...]:
    born = date(1950, 3, 17) + timedelta(days=1571 * number)
    return (
        100_000 + 37 * number,
        f"110101{born:%Y%m%d}00{number:02d}",
        name,
        f"139{number % 4:04d}{number * 713 % 10000:04d}",
        born,
        2026 - born.year,
        diagnosis,
        diagnosis == "B24",
        village,
        "fm"[number % 2],
        date(2026, 1, 5) + timedelta(days=11 * (number * 5 % 12)),
        cost,
        f"示例市{'甲乙丙'[number % 3]}区{number}号",
        f"11010{5 + number % 2}00{number % 3}00{number % 2 + 1}",
        None if number % 3 == 1 else f"seen {number} times",
        "urgent;new" if number % 4 == 0 else "old",
    )


RAW = {
    "health__patient": _table(
        "patient_id BIGINT L4, national_id VARCHAR L4, name VARCHAR L3, phone VARCHAR L3, "
        "birth_date DATE L3, age BIGINT L2, diagnosis VARCHAR L4, hiv BOOLEAN L4, "
        "village VARCHAR L1, sex VARCHAR L1, visit_date DATE L2, cost DOUBLE L3, "
        "address VARCHAR L3, home_division VARCHAR L3, notes VARCHAR L4, tags VARCHAR L3",
        _patient(0, "Fir Zeta", "J11", "north", 120.0),
        _patient(1, "Lin Alpha", "B24", "north", 2310.5),
        _patient(2, "Oak Beta", "F20", "south", 640.0),
        _patient(3, "Elm Gamma", "J11", "south", 75.25),
        _patient(4, "Ash Delta", "B24", "east", 1499.0),
        _patient(5, "Yew Eta", "I10", "east", 980.0),
        _patient(6, "Bay Theta", "J11", "north", 310.0),
        _patient(7, "Pine Iota", "F20", "west", 4100.0),
        _patient(8, "Palm Kappa", "B24", "south", 560.0),
        _patient(9, "Plum Mu", "I10", "east", 1210.0),
    ),
    "health__register": _table(
        "village VARCHAR L1, year BIGINT L1",
        ("north", 2024),
        ("north", 2025),
        ("east", 2025),
        ("south", 2026),
        row_level="L4",
    ),
    "health__icd": _table(
        "code VARCHAR L1 KEY, chapter VARCHAR L1, title VARCHAR L1",
        ("B24", "I", "immune"),
        ("F20", "V", "mind"),
        ("I10", "IX", "pressure"),
        ("J11", "X", "influenza"),
    ),
    "tax__firm": _table(
        "credit_code VARCHAR L2, name VARCHAR L2, owner VARCHAR L3, income DOUBLE L3, "
        "district VARCHAR L1, industry VARCHAR L1, founded DATE L1, employees BIGINT L2, "
        "lon DOUBLE L2, lat DOUBLE L2",
        ("91110101MA0000001A", "Tea House", "Fir Zeta", 91000.0, "upper", "food", date(2001, 4, 1), 4, 121.501, 25.041),
        ("91110101MA0000002B", "Ink Works", "Oak Beta", 520000.0, "upper", "print", date(2010, 9, 9), 31, 121.517, 25.052),
        ("91110101MA0000003C", "Rice Mill", "Lin Alpha", 230500.0, "lower", "food", date(1998, 1, 20), 12, 121.533, 25.017),
        ("91110101MA0000004D", "Bolt Forge", "Yew Eta", 1200000.0, "lower", "metal", date(2015, 6, 30), 75, 121.559, 25.088),
        ("91110101MA0000005E", "Silk Loom", "Elm Gamma", 310000.0, "lower", "cloth", date(2019, 2, 2), 18, 121.576, 25.066),
    ),
    "police__sighting": _table(
        "plate VARCHAR L3, driver VARCHAR L3, village VARCHAR L1, seen TIMESTAMP L2, speed BIGINT L1",
        ("ABC-1234", "Oak Beta", "north", datetime(2026, 2, 1, 8, 15), 42),
        ("DEF-5678", "Lin Alpha", "north", datetime(2026, 2, 1, 9, 40), 57),
        ("GHK-9012", "Elm Gamma Two", "south", datetime(2026, 2, 2, 22, 5), 61),
        ("ABC-1234", "Oak Beta", "east", datetime(2026, 2, 3, 8, 20), 38),
    ),
    "city__village": _table(
        "village VARCHAR L1 KEY, division VARCHAR L1, district VARCHAR L1, population BIGINT L1, area DOUBLE L1",
        ("north", "110105001001", "upper", 1200, 3.5),
        ("south", "110105002001", "upper", 800, 2.0),
        ("east", "110106001001", "lower", 2500, 7.25),
        ("west", "110106002001", "lower", 64, 11.0),
    ),
    "city__school": _table(
        "school VARCHAR L1, village VARCHAR L1, pupils BIGINT L1, opened DATE L1, tags VARCHAR L1",
        ("Hill School", "north", 310, date(1970, 9, 1), "primary;music"),
        ("Lake School", "south", 120, date(1999, 9, 1), "primary"),
        ("Gate School", "east", 640, date(1985, 9, 1), "secondary;music;sport"),
        ("Mill School", "east", 95, date(2012, 9, 1), "primary"),
        ("Dock School", "north", 210, date(2005, 9, 1), "secondary"),
    ),
    "city__official": _table(
        "name VARCHAR L1, office VARCHAR L1, district VARCHAR L1, since DATE L1",
        ("Lin Alpha", "mayor", "upper", date(2020, 1, 1)),
        ("Plum Mu", "clerk", "lower", date(2022, 5, 1)),
        ("Reed Omega", "warden", "lower", date(2018, 3, 1)),
    ),
    "city__day": _table(
        "day DATE L1, holiday BOOLEAN L1",
        (date(2026, 1, 1), True),
        (date(2026, 2, 1), False),
        (date(2026, 3, 1), False),
        (date(2026, 4, 1), True),
    ),
}  # fmt: skip


# What the contracts say of the fields' values, for the masks that are made for such.
NATURES = {
    "health__patient": {
        "national_id": "kind: identity",
        "name": "kind: person_name",
        "phone": "kind: phone",
        "birth_date": "step: 5",
        "age": "step: 5",
        "cost": "step: 50",
        "address": "kind: address",
        "home_division": "kind: division",
        "notes": "kind: free_text",
    },
    "tax__firm": {
        "owner": "kind: person_name",
        "income": "step: 1000",
        "employees": "step: 5",
        "lon": "kind: coordinate",
        "lat": "kind: coordinate",
    },
    "police__sighting": {"plate": "kind: plate", "driver": "kind: person_name"},
}


def rotated(values: Values) -> Values:
    """Every secret belongs to another row."""
    return values[1:] + values[:1]


def replaced(values: Values) -> Values:
    """Every secret is another one."""
    return [_other(value) for value in values]


def emptied(values: Values) -> Values:
    """Every second secret is missing."""
    return [None if i % 2 else value for i, value in enumerate(values)]


def levelled(values: Values) -> Values:
    """All secrets are the same."""
    return [values[0]] * len(values)


VARIANTS: dict[str, Callable[[Values], Values]] = {
    "rotated": rotated,
    "replaced": replaced,
    "emptied": emptied,
    "levelled": levelled,
}


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return "7" + value[::-1]
    if isinstance(value, datetime):
        return value + timedelta(hours=5, minutes=7)
    if isinstance(value, date):
        return value + timedelta(days=423)
    return None if value is None else value * 3 + 13


def fill(con: duckdb.DuckDBPyConnection, change: Callable[[Values], Values] | None = None) -> None:
    """Create and fill the collected tables.

    Args:
        change: what becomes of the values of each column above L1; None leaves them as they are.
            Public columns and the number of rows stay, except where rows themselves are secret.
    """
    for schema in ("raw", "base", "thematic", "fusion", "open"):
        con.execute(f"CREATE SCHEMA {schema}")
    for name, table in RAW.items():
        declared = ", ".join(f"{c.name} {c.type}" for c in table.columns)
        con.execute(f"CREATE TABLE raw.{name} ({declared}, {META})")
        marks = ", ".join("?" * (len(table.columns) + 3))
        rows = _changed(table, change) if change else table.rows
        con.executemany(
            f"INSERT INTO raw.{name} VALUES ({marks})",
            [(*row, f"{name}.csv", line, "load") for line, row in enumerate(rows, 2)],
        )


def _changed(table: RawTable, change: Callable[[Values], Values]) -> Sequence[tuple[Any, ...]]:
    columns = [list(values) for values in zip(*table.rows, strict=True)]
    kept = [
        values if column.level == "L1" else change(values)
        for column, values in zip(table.columns, columns, strict=True)
    ]
    rows = list(zip(*kept, strict=True))
    return rows[: len(rows) // 2] if table.row_level else rows
