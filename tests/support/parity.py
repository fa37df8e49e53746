"""The parity cases of `tests/golden/parity` and the nasty tables that they read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

GOLDEN = Path(__file__).parents[1] / "golden" / "parity"

TABLES = {
    "raw.text": (
        "id INTEGER, x VARCHAR, y VARCHAR",
        [
            (None, "b"), ("", ""), (" ", "a"), ("a", "b"), ("ab", "ab"), ("abc", None), ("ABC", "BC"), ("aab1b", "b"),
            ("  a  ", " "), ("\u3000a\u00a0", "\u3000"), ("\ta\n", "\n"), ("a\nb", "a"), ("b\n", "b"), ("ß straße", "ss"),
            ("İstanbul ıi", "i"), ("ΑΣ ας σ", "σ"), ("éÉ e\u0301", "e"), ("ǆ ǅ Ǆ ŉ ﬁ", "x"), ("𠀀😀a", "a"), ("台南鹽塩", "台"),
            ("第22條 第5月3日", "條"), ("100%", "%"), ("a_b", "_"), ("a\\b", "\\"), ("a;b;;c", ";"), (";", ";"), ("$1 \\1", "1"),
            ("[&&]", "["), ("2026-01-05", "-"), ("x.y.z", "."), ("'quoted'", "'"), ("Zz9", "z"), ("٣४", "3"),
        ],
    ),
    "raw.number": (
        "id INTEGER, i INTEGER, j BIGINT, d DOUBLE, m DECIMAL(18,4), k DECIMAL(6,2)",
        [
            (None, None, None, None, None), (0, 0, 0.0, "0", "0"), (1, 7, 1.5, "1.5", "0.5"), (-1, -7, -1.5, "-1.5", "-0.5"),
            (2, 3, 2.5, "2.5", "1.5"), (3, 13, 0.285, "0.2850", "2.5"), (5, 1, 2.675, "2.6750", "3.33"), (-5, 2, -0.5, "-0.5000", "-2.55"),
            (7, 6, 1e-7, "0.0001", "0.01"), (2147483, 9007199254740993, 123456789.125, "99999999999999.9999", "9999.99"),
            (11, 4, 1e300, "-99999999999999.9999", "-9999.99"), (13, 100, float("inf"), "12.3450", "1"), (17, -100, float("nan"), "12.3455", "1.25"),
            (19, 12345678901234, 0.49999999999999994, "-0.00005", "7"), (None, 5, -0.0, "1", None),
        ],
    ),
    "raw.reading": (
        "id INTEGER, kind VARCHAR, x VARCHAR",
        [
            *(("number", x) for x in (None, "", "5", "+5", "-5", " 7 ", "007", "1.5", "2.5", "-2.5", "5.", ".5", "abc", "-", "2147483648",
                                      "12abc", "1,000", "９", "99999999999999999999", "0.005", "1.005", "x")),
            *(("sound", x) for x in (None, "5", "-17", "2.5", "0", " 3 ")),
            *(("day", x) for x in (None, "", "2026-01-05", "2026-1-5", "2026-02-29", "2024-02-29", "2026-13-01", "2026-00-00", "2024--", "abc",
                                   " 2026-01-05 ", "0001-01-01", "9999-12-31")),
            *(("sound day", x) for x in (None, "2026-01-05", "2024-02-29")),
            *(("moment", x) for x in (None, "2026-01-05 10:11:12", "2026-01-05T10:11:12.5", "2026-01-05", "abc", "2026-01-05 25:00:00")),
        ],
    ),
    "raw.time": (
        "id INTEGER, d DATE, e DATE, s TIMESTAMP, u TIMESTAMP",
        [
            (None, None, None, None), ("2026-01-31", "2026-02-28", "2026-01-31 23:59:59.999999", "2026-02-01 00:00:00"),
            ("2020-02-29", "2021-02-28", "2020-02-29 12:30:45.5", "2020-02-29 12:29:46"), ("2025-12-29", "2026-01-04", "1969-12-31 23:30:00", "1970-01-01 00:29:59"),
            ("2021-01-03", "2020-12-31", "2021-01-03 00:00:00", "2020-12-31 01:00:00"), ("1582-10-04", "1582-10-15", "1900-01-01 00:00:00", "1899-12-31 23:59:59"),
            ("0101-01-01", "9998-11-30", "0101-01-01 00:00:00", "9998-11-30 23:59:59"), ("2026-03-29", None, "2026-03-29 01:30:00", "2026-03-29 03:30:00"),
            ("1999-12-31", "2000-01-01", "1999-12-31 00:00:00.1", "2000-01-01 00:00:00"),
        ],
    ),
    "raw.grouped": (
        "n INTEGER, g VARCHAR, x VARCHAR, i INTEGER, j BIGINT, m DECIMAL(12,2), d DOUBLE",
        [
            ("a", "a", 1, 9223372036854775807, "1.10", 1.5), ("a", "b", 2, 9223372036854775807, "2.25", 2.5), ("a", None, None, None, None, None),
            ("a", "a", 2, -3, "-1.01", -0.75), ("b", "x", 5, 1, "0.01", 100.0), ("b", "", 3, 2, "0.02", 0.1), ("c", None, None, None, None, None),
            (None, "z", 7, 7, "7.77", 7.0), (None, "a", 0, 0, "0", 0.0), ("d", "台", -4, -4, "-4.44", 1e-3),
        ],
    ),
    "raw.lists": ("id INTEGER, l VARCHAR[]", [(None,), ([],), (["a"],), (["b", None, "a"],), ([None],), (["abc", "é", ""],)]),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ParityCase:
    """One SELECT that both engines answer alike."""

    name: str
    sql: str


def parity_cases() -> tuple[ParityCase, ...]:
    """Every case of every file: a comment line names it, the SELECT follows."""
    found = []
    for path in sorted(GOLDEN.glob("*.sql")):
        blocks = re.split(r"^-- ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
        for block in blocks:
            title, _, sql = block.partition("\n")
            if sql.strip():
                found.append(ParityCase(f"{path.stem}: {title.strip()}", sql.strip()))
    return tuple(found)


def fill_nasty(con: duckdb.DuckDBPyConnection) -> None:
    """Create and fill the tables; the first column numbers the rows from 1."""
    con.execute("CREATE SCHEMA IF NOT EXISTS raw")
    for table, (columns, rows) in TABLES.items():
        con.execute(f"CREATE OR REPLACE TABLE {table} ({columns})")
        for number, row in enumerate(rows, 1):
            marks = ", ".join("?" * (len(row) + 1))
            con.execute(f"INSERT INTO {table} VALUES ({marks})", [number, *row])
