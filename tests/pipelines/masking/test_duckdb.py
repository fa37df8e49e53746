"""Every masking function in DuckDB against the second implementation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.masking import MASKS, install_duckdb
from pipelines.masking.reference import reference
from tests.pipelines.masking.nasty import (
    CASES,
    RING,
    TEXTS,
    USES,
    WHO,
    bits,
    kind_of,
    rows_of,
    written,
)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        install_duckdb(connection, RING, USES)
        yield connection


def masked(
    con: duckdb.DuckDBPyConnection, call: str, rows: list[tuple[Any, ...]], kinds: list[str]
) -> list[Any]:
    """The results of a call over rows, in their order."""
    types = {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "DATE": pa.date32(),
    }
    table = pa.table(
        {f"c{i}": pa.array([row[i] for row in rows], types[kind]) for i, kind in enumerate(kinds)}
        | {"n": pa.array(range(len(rows)))}
    )
    con.register("cases", table)
    return [row[0] for row in con.execute(f"SELECT {call} FROM cases ORDER BY n").fetchall()]


def compare(con: duckdb.DuckDBPyConnection, case: tuple[str, tuple[list[Any], ...], Any]) -> None:
    name, values, literals = case
    rows = rows_of(values)
    call = written(name, [f"c{i}" for i in range(len(values))], literals)
    found = masked(con, call, rows, [kind_of(column) for column in values])
    expected = [reference(name, RING)(*row, *literals) for row in rows]
    assert [bits(x) for x in found] == [bits(x) for x in expected]


def test_every_function_has_cases() -> None:
    assert {name for name, _, _ in CASES} == set(MASKS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: written(case[0], ["x"], case[2]))
def test_nasty_values(con: duckdb.DuckDBPyConnection, case: Any) -> None:
    compare(con, case)


# Texts near the shapes: nasty ones cut, glued and changed by a character.
PIECES = st.sampled_from([text for text in TEXTS if text])
SPICE = st.text("0123456789ABXxa王市區号號巷-·. ()+@#'\n\r\u2028𠀀", max_size=3)
NEAR = st.one_of(
    PIECES,
    st.builds(lambda a, n, s: a[:n] + s + a[n:], PIECES, st.integers(0, 20), SPICE),
    st.builds(lambda a, n, b: a[:n] + b[n:], PIECES, st.integers(0, 20), PIECES),
    st.text(max_size=20),
    st.text("0123456789-() +", max_size=20),
)
TEXT_MASKS = [name for name, item in MASKS.items() if item.values[0].type == "VARCHAR"]


@pytest.fixture(scope="module")
def masking() -> Iterator[duckdb.DuckDBPyConnection]:
    """With the functions installed, once for all that is made up: this takes longer than the masks."""
    with duckdb.connect() as con:
        install_duckdb(con, RING, USES)
        yield con


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXT_MASKS)
@settings(max_examples=30, deadline=None)
@given(texts=st.lists(NEAR, min_size=20, max_size=60))
def test_texts(masking: duckdb.DuckDBPyConnection, name: str, texts: list[str]) -> None:
    for case_name, values, literals in CASES:
        if case_name == name and values[0] is TEXTS:
            compare(masking, (name, (texts,), literals))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mask_round", "mask_amount", "mask_coordinate", "mask_noise"])
@settings(max_examples=20, deadline=None)
@given(
    numbers=st.lists(
        st.floats() | st.integers(-(10**9), 10**9).map(lambda n: n / 1000), min_size=50
    )
)
def test_numbers(masking: duckdb.DuckDBPyConnection, name: str, numbers: list[float]) -> None:
    for case_name, _, literals in CASES:
        if case_name == name:
            compare(masking, (name, (numbers,), literals))


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    points=st.lists(st.tuples(st.floats(-181, 181), st.floats(-91, 91)), min_size=30),
    metres=st.integers(100, 100_000),
)
def test_grid(points: list[tuple[float, float]], metres: int) -> None:
    with duckdb.connect() as con:
        install_duckdb(con, None, [])
        call = f"mask_grid(c0, c1, {metres})"
        found = masked(con, call, points, ["DOUBLE", "DOUBLE"])
        assert found == [reference("mask_grid")(lon, lat, metres) for lon, lat in points]


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(days=st.lists(st.dates(), min_size=1), whole=st.lists(st.integers(0, 130), min_size=1))
def test_days_and_ages(days: list[date], whole: list[int]) -> None:
    with duckdb.connect() as con:
        install_duckdb(con, RING, USES)
        for part in ("month", "quarter", "year"):
            compare(con, ("mask_date", (days,), (part,)))
        compare(con, ("mask_pseudonym", (days,), WHO))
        for width in (2, 3, 5, 10, 44, 90):
            compare(con, ("mask_age", (whole,), (width,)))
