"""Ladders: chosen from type, name and form; each rung groups values as its mask function does."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from quality.errors import QualityError
from quality.risk import Hint, Ladder, ladders_for
from quality.risk.hierarchies import AS_IS, LEAVE_OUT

# Synthetic rows of the kinds of fields that a city has.
PEOPLE = """
    SELECT i % 100 AS age, i % 2 AS sex, DATE '1950-01-01' + CAST(i * 17 AS INTEGER) AS born_on,
        10 + i * 37 AS income, CAST(i AS DOUBLE) / 4000 AS ratio,
        ['310101', '310104', '320102', '320507', '330106'][1 + i % 5] || lpad(CAST(i % 9 AS VARCHAR), 3, '0')
            AS division,
        '67' || lpad(CAST(i % 37 AS VARCHAR), 3, '0') || '00-00' || (i % 5) AS village,
        ['64000', '67000', '10014'][1 + i % 3] || lpad(CAST(i % 20 AS VARCHAR), 3, '0') AS town,
        120.1 + (i % 997) / 1000 AS lon, 'job' || i % 30 AS job
    FROM range(1000) AS t(i)
"""


@pytest.fixture
def masked() -> Iterator[duckdb.DuckDBPyConnection]:
    from pipelines.masking.install import install_duckdb

    connection = duckdb.connect()
    install_duckdb(connection, None, ())
    yield connection
    connection.close()


def ladder(con: duckdb.DuckDBPyConnection, field: str, hint: Hint | None = None) -> Ladder:
    return ladders_for(con, PEOPLE, [field], {field: hint} if hint else None)[field]


def names(found: Ladder) -> list[str]:
    assert (found.rungs[0].name, found.rungs[-1].name) == (AS_IS, LEAVE_OUT)
    return [rung.name for rung in found.rungs[1:-1]]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("age", ["band_5", "band_10", "band_20"]),
        ("sex", []),
        ("born_on", ["month", "quarter", "year"]),
        ("income", ["band_500", "band_1000", "band_2000", "band_5000", "band_10000"]),
        ("ratio", ["round_0.005", "round_0.01", "round_0.02", "round_0.05", "round_0.1"]),
        ("division", ["district", "city", "province"]),
        ("village", ["district"]),  # all are of one city
        ("town", ["city"]),  # eight digits name the district
        ("lon", ["decimals_2", "decimals_1", "decimals_0"]),  # it has three
        ("job", []),
    ],
)
def test_from_type_name_and_form(
    con: duckdb.DuckDBPyConnection, field: str, expected: list[str]
) -> None:
    assert names(ladder(con, field)) == expected


@pytest.mark.parametrize(
    "field", ["age", "born_on", "income", "ratio", "division", "village", "town", "lon"]
)
def test_a_rung_makes_the_groups_of_its_mask(masked: duckdb.DuckDBPyConnection, field: str) -> None:
    rungs = ladder(masked, field).rungs[1:-1]
    assert rungs
    for rung in rungs:
        ours, mask = rung.expression(field), rung.mask(field)
        sql = f"SELECT {ours} AS a, {mask} AS b FROM ({PEOPLE})"
        counts = "count(DISTINCT a), count(DISTINCT b), count(DISTINCT (a, b)), count(a), count(b)"
        found = masked.execute(f"SELECT {counts} FROM ({sql})").fetchone()
        assert found and found[0] == found[1] == found[2] > 1, (rung.name, found)
        assert found[3] == found[4] == 1000


def test_what_the_author_writes(con: duckdb.DuckDBPyConnection) -> None:
    rungs = ladder(con, "born_on").rungs
    assert [rung.mask("born_on") for rung in rungs] == [
        "born_on",
        "mask_date(born_on, 'month')",
        "mask_date(born_on, 'quarter')",
        "mask_date(born_on, 'year')",
        None,
    ]


def test_hints(con: duckdb.DuckDBPyConnection) -> None:
    assert names(ladder(con, "age", Hint("category"))) == []
    assert names(ladder(con, "age", Hint("number", widths=(7, 30)))) == ["band_7", "band_30"]
    groups = {f"job{i}": "office" if i < 20 else "craft" for i in range(30)}
    found = ladder(con, "job", Hint(groups=groups))
    assert names(found) == ["groups"] and found.rungs[1].mask("job") is None


def test_a_column_without_values(con: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT CAST(NULL AS INTEGER) AS n, CAST(NULL AS VARCHAR) AS s, 'nan'::DOUBLE AS x"
    for found in ladders_for(con, sql, ["n", "s", "x"]).values():
        assert names(found) == []


def test_widths_do_not_tell_the_extremes(con: duckdb.DuckDBPyConnection) -> None:
    """Two tables with different extremes of the same magnitude get the same bands."""
    for high in (5000, 5003, 9990):
        sql = f"SELECT 7 + i * {high - 7} // 1000 AS x FROM range(1001) AS t(i)"
        assert names(ladders_for(con, sql, ["x"])["x"])[-1] in ("band_2000",)


@pytest.mark.parametrize(
    ("field", "hint", "code"),
    [
        ("job", Hint("number"), "risk_kind"),
        ("income", Hint("date"), "risk_kind"),
        ("born_on", Hint("coordinate"), "risk_kind"),
        ("salary", Hint(), "risk_field"),
    ],
)
def test_refused(con: duckdb.DuckDBPyConnection, field: str, hint: Hint, code: str) -> None:
    with pytest.raises(QualityError) as caught:
        ladder(con, field, hint)
    assert caught.value.code == code
