"""The open databases of both cities: whatever the departments deliver, no small class gets out.

The models' unit tests (`workspaces/*/tests/open.yaml`) say what they compute. Here they are run over
random rows, with skewed and with rare values, and what they release is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.masking import KeyRing, install_duckdb
from pipelines.plan import Plan, Step, compile_workspace
from pipelines.workspace import load_workspace
from quality.risk import RiskSettings, policy_of
from quality.risk.measure import measure

CITIES = Path(__file__).parents[2] / "workspaces"
RELEASES = (
    ("chicago", "open.inspection"),
    ("tainan", "open.enterprise_compliance"),
    ("tainan", "open.hotline_statistics"),
)
# Text that is on no list of values: it has a shape of its own, or is a district's name.
NAMES = {"open.hotline_statistics.district_name"}
MADE = {"open.inspection.area", "open.hotline_statistics.district_code"} | NAMES

# Powers of a random number make some values common and others rare. {n} is the number of rows.
INSPECTIONS = """CREATE TABLE thematic.food_inspection AS SELECT
    i AS inspection_id, 'SYNTHETIC PERSON ' || i AS trade_name, 'green' AS sanitarian,
    CASE WHEN random() > 0.05 THEN 41.6 + 0.5 * random() * random() END AS latitude,
    CASE WHEN random() > 0.05 THEN -87.9 + 0.4 * random() * random() END AS longitude,
    ['restaurant', 'grocery', 'school', 'bar', 'unknown'][1 + CAST(floor(5 * random() ** 3) AS INT)]
        AS facility_group,
    [1, 2, 3, NULL][1 + CAST(floor(4 * random() ** 2) AS INT)] AS risk_level,
    ['Canvass', 'Complaint', 'Jane Doe wrote', NULL][1 + CAST(floor(4 * random() ** 4) AS INT)]
        AS inspection_type,
    DATE '2013-01-01' + CAST(floor(700 * random() ** 2) AS INT) AS inspection_date,
    ['pass', 'fail', 'pass_with_conditions'][1 + CAST(floor(3 * random() ** 2) AS INT)] AS outcome,
    CAST(floor(4 * random() ** 3) AS BIGINT) AS critical_count,
    CAST(floor(4 * random() ** 2) AS BIGINT) AS serious_count,
    CASE WHEN random() > 0.1 THEN CAST(floor(9 * random()) AS BIGINT) END AS minor_count
    FROM range({n}) AS t(i)"""
ENTERPRISES = """CREATE TABLE fusion.enterprise_profile AS SELECT
    'e' || i AS entity_id, '某人' || i AS entity_name,
    ['company', 'sole_trader', 'organisation', 'natural_person', 'other']
        [1 + CAST(floor(5 * random() ** 2) AS INT)] AS entity_kind,
    CASE WHEN random() > 0.2 THEN CAST(6700000 + 100 * ceil(37 * random() ** 2) AS INT)::VARCHAR END
        AS district_code,
    ['塑膠製品製造業', '畜牧業', '餐館業', '醫院', NULL][1 + CAST(floor(5 * random() ** 2) AS INT)]
        AS industry,
    CAST(floor(5 * random() ** 4) AS BIGINT) AS environmental_penalties,
    CAST(floor(4 * random() ** 4) AS BIGINT) AS labour_penalties,
    CAST(floor(2 * random()) AS BIGINT) AS labour_wage_penalties,
    DATE '2012-01-01' + CAST(floor(2000 * random()) AS INT) AS last_environmental_penalty,
    CAST(NULL AS DATE) AS last_labour_penalty
    FROM range({n}) AS t(i)"""
PENALTIES = """CREATE TABLE base.environment_penalty AS SELECT
    'e' || CAST(floor({n} * random()) AS INT) AS punished_entity_id,
    '水污染防治法' AS law, CAST(exp(14 * random()) AS DECIMAL(18, 2)) AS amount,
    random() < 0.1 AS rescinded
    FROM range({n} // 4)"""
TICKETS = """CREATE TABLE base.hotline_ticket AS SELECT
    CAST(6700000 + 100 * ceil(37 * random() ** 2) AS INT)::VARCHAR AS district_code,
    TIMESTAMP '2016-01-01 00:00:00' + INTERVAL 1 MINUTE * CAST(floor(500000 * random()) AS INT)
        AS requested_at,
    ['違規停車', '噪音舉發', '路燈故障', '登革熱通報'][1 + CAST(floor(4 * random() ** 3) AS INT)] AS subject
    FROM range({n})"""
DISTRICTS = """CREATE TABLE base.district AS SELECT
    CAST(6700000 + 100 * i AS INT)::VARCHAR AS district_code, i || '區' AS district_name
    FROM range(1, 38) AS t(i)"""
KINDS = "'company', 'sole_trader', 'organisation'"
SOURCES = (
    "thematic.food_inspection",
    f"fusion.enterprise_profile WHERE entity_kind IN ({KINDS})",
)
ROWS = (0, 15, 300, 4_000, 30_000)


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    return {c: compile_workspace(load_workspace(CITIES / c)) for c in ("chicago", "tainan")}


@pytest.fixture(params=ROWS)
def con(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """Departments' tables with a number of synthetic rows, the same ones every time."""
    with duckdb.connect(":memory:") as con:
        con.execute("SET threads = 1")
        con.execute("SET TimeZone = 'UTC'")
        install_duckdb(con, KeyRing.of({1: b"synthetic key of the open tests!"}), ())
        for database in ("base", "thematic", "fusion", "open"):
            con.execute(f"CREATE SCHEMA {database}")
        con.execute("SELECT setseed(0.42)")
        for table in (INSPECTIONS, ENTERPRISES, PENALTIES, TICKETS, DISTRICTS):
            con.execute(table.format(n=request.param))
        yield con


def release(con: duckdb.DuckDBPyConnection, step: Step) -> str:
    """The table with the rows of a release; nothing that it shows is missing in its contract."""
    assert step.model is not None
    con.execute(f"CREATE TABLE {step.name} AS {step.model.sql}")
    made = {row[0] for row in con.execute(f"DESCRIBE {step.name}").fetchall()}
    assert made == {field.name for field in step.contract.fields}
    return step.name


def one(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(("city", "name"), RELEASES[:2])
def test_no_class_is_too_small(
    con: duckdb.DuckDBPyConnection, plans: dict[str, Plan], city: str, name: str
) -> None:
    step = plans[city].steps[name]
    table = release(con, step)
    assert step.contract.release is not None
    policy = policy_of(name, step.contract.release, RiskSettings())
    report = measure(con, f"SELECT * FROM {table}", policy)
    assert not report.failures
    assert report.rows == 0 or (report.k is not None and report.k >= 20)


def test_large_tables_are_not_emptied(
    con: duckdb.DuckDBPyConnection, plans: dict[str, Plan]
) -> None:
    """The bound must not be met by leaving everything out."""
    for (city, name), source in zip(RELEASES[:2], SOURCES, strict=True):
        table = release(con, plans[city].steps[name])
        there = one(con, f"SELECT count(*) FROM {source}")
        shown = one(con, f"SELECT count(*) FROM {table}")
        assert shown <= there
        assert there < 20_000 or shown > 0.9 * there, name


def test_no_small_count_is_shown_and_none_is_wrong(
    con: duckdb.DuckDBPyConnection, plans: dict[str, Plan]
) -> None:
    table = release(con, plans["tainan"].steps["open.hotline_statistics"])
    true = """SELECT district_code, CAST(date_trunc('month', requested_at) AS DATE) AS month, subject,
        count(*) AS n FROM base.hotline_ticket GROUP BY ALL"""
    shown = con.execute(
        f"SELECT n, tickets FROM ({true}) FULL JOIN {table} USING (district_code, month, subject)"
    ).fetchall()
    assert all(tickets == (n if n >= 5 else None) for n, tickets in shown)


@pytest.mark.parametrize(("city", "name"), RELEASES)
def test_every_text_is_a_code(plans: dict[str, Plan], city: str, name: str) -> None:
    """A value that is on no list would be somebody's own words."""
    contract = plans[city].steps[name].contract
    lists = {q.field for q in contract.quality if q.data.get("metric") == "invalidValues"}
    texts = {f.name for f in contract.fields if f.logical_type == "string"}
    unlisted = {f"{name}.{field}" for field in texts - lists}
    assert unlisted <= MADE
    shaped = {f"{name}.{f.name}" for f in contract.fields if "pattern" in f.options}
    assert unlisted - shaped <= NAMES
