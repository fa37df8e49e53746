"""Synthetic rows for the benchmarks: invented, deterministic, written once and reused.

About 0.5 % of the rows are bad, a fixed share of each kind; a few lines have a cell too many.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

ENTERPRISES, DISTRICTS = 100_000, 300
VERSION = 1  # raise when the rows change, so that old files are not reused
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_EVERY = 3203  # of so many rows one is bad in each of the ways below
_BAD = {  # remainder of the row number: the cell that is replaced, by what
    1: ("record_no", "'R' || i"),
    2: ("uscc", "substr(uscc, 1, 17) || CASE WHEN right(uscc, 1) = '0' THEN '1' ELSE '0' END"),
    3: ("uscc", "''"),
    4: ("district_code", "'399999'"),
    5: ("category", "'Z9'"),
    6: ("amount", "'-' || amount"),
    7: ("amount", "'\"12,3元\"'"),
    8: ("score", "'100.1'"),
    9: ("score", "'n/a'"),
    10: ("opened_on", "'2020-02-30'"),
    11: ("opened_on", "'2999-01-01'"),
    12: ("closed_on", "'1999-12-31'"),
    13: ("phone", "'12345'"),
    14: ("person", "'王'"),
    15: ("record_no", "CAST(10000000 + i - 1000 AS VARCHAR)"),
    16: ("category", "'X'"),
}
_MALFORMED = 500_009
CELLS = (
    "record_no",
    "uscc",
    "district_code",
    "category",
    "amount",
    "score",
    "opened_on",
    "closed_on",
    "phone",
    "person",
)


def write_source(folder: Path, rows: int) -> Path:
    """The source folder with `inspection.csv` of `rows` rows and `district.csv`."""
    target = folder / f"synthetic-v{VERSION}-{rows}"
    if (target / "inspection.csv").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("SET enable_progress_bar = false")
    con.execute("CREATE TABLE enterprise (n BIGINT, uscc VARCHAR)")
    codes = [enterprise_code(n) for n in range(ENTERPRISES)]
    con.execute("INSERT INTO enterprise SELECT unnest(range(len(?))), unnest(?)", [codes, codes])
    con.execute(
        "COPY (SELECT 310000 + i AS district_code, '區' || i AS district_name, "
        f"['北', '南', '東', '西'][i % 4 + 1] AS region FROM range({DISTRICTS}) AS r(i)) "
        f"TO '{target / 'district.csv'}' (HEADER)"
    )
    partial = target / "inspection.csv.partial"
    con.execute(
        f"COPY ({_lines(rows)}) TO '{partial}' "
        "(FORMAT csv, HEADER, DELIMITER '\x01', QUOTE '', ESCAPE '')"
    )
    con.close()
    os.replace(partial, target / "inspection.csv")
    return target


def enterprise_code(n: int) -> str:
    """An invented unified social credit code whose check characters are right (GB 32100)."""
    body = f"{n * 7919 % 10**8:08d}"
    total = sum(int(c) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    code = f"9131{n % 10_000:04d}{body}{'0X987654321'[total % 11]}"
    total = sum(_ALPHABET.index(c) * pow(3, place, 31) for place, c in enumerate(code))
    return code + _ALPHABET[(31 - total % 31) % 31]


def _lines(rows: int) -> str:
    """The data lines; every cell is drawn from a hash of the row number."""
    surnames, given = "'王李張劉陳楊黃趙吳周'", "'偉芳娜敏靜麗強磊軍洋勇艷杰娟濤明超秀霞平'"
    name = (
        f"substr({surnames}, CAST(hash(i, 9) % 10 AS BIGINT) + 1, 1)"
        f" || substr({given}, CAST(hash(i, 10) % 20 AS BIGINT) + 1, 1)"
        f" || substr({given}, CAST(hash(i, 11) % 21 AS BIGINT) + 1, 1)"
    )
    cells = {
        "record_no": "CAST(10000000 + i AS VARCHAR)",
        "uscc": "uscc",
        "district_code": f"CAST(310000 + hash(i, 2) % {DISTRICTS} AS VARCHAR)",
        "category": "['A1', 'B2', 'C3', 'D4', 'E5', 'F6'][CAST(hash(i, 3) % 6 AS BIGINT) + 1]",
        "amount": "CAST(CAST((hash(i, 4) % 10000000) / 100 AS DECIMAL(12,2)) AS VARCHAR)",
        "score": "CAST(CAST((hash(i, 5) % 1001) / 10 AS DECIMAL(4,1)) AS VARCHAR)",
        "opened_on": "CAST(opened AS VARCHAR)",
        "closed_on": "CASE WHEN hash(i, 7) % 4 = 0 OR i % 3203 = 11 THEN '' "
        "ELSE CAST(opened + CAST(hash(i, 7) % 200 AS INTEGER) AS VARCHAR) END",
        "phone": "'1' || CAST(3000000000 + hash(i, 8) % 7000000000 AS VARCHAR)",
        # Some cells are quoted, some have white space around the text.
        "person": "CASE WHEN i % 101 = 0 THEN '\"' || person || ',' || person || '\"' "
        "WHEN i % 97 = 0 THEN ' ' || person || '  ' ELSE person END",
    }
    good = ", ".join(f"{sql} AS {name}" for name, sql in cells.items())
    spoilt = ", ".join(_spoilt(name) for name in CELLS)
    head = '"' + ",".join(CELLS) + '"'
    extra = f"CASE WHEN i % {_MALFORMED} = 7 THEN ',extra' ELSE '' END"
    return (
        f"SELECT concat_ws(',', {spoilt}) || {extra} AS {head} FROM (SELECT i, {good} FROM ("
        "SELECT i, uscc, DATE '2015-01-01' + CAST(hash(i, 6) % 4200 AS INTEGER) AS opened, "
        f"{name} AS person FROM range({rows}) AS r(i) "
        f"JOIN enterprise ON enterprise.n = CAST(hash(i, 1) % {ENTERPRISES} AS BIGINT)) AS drawn) "
        "AS cells ORDER BY i"
    )


def _spoilt(name: str) -> str:
    cases = [f"WHEN {k} THEN {sql}" for k, (cell, sql) in _BAD.items() if cell == name]
    # Two faults in one row, so that a row can have two reasons.
    if name == "phone":
        cases.append("WHEN 16 THEN '110'")
    return f"CASE i % {_EVERY} {' '.join(cases)} ELSE {name} END" if cases else name
