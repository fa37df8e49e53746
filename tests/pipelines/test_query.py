"""Ad-hoc queries read the published tables and nothing else."""

from __future__ import annotations

import csv as csv_module
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.errors import PipelineError
from pipelines.present_rows import print_result
from pipelines.query import open_query
from tests.support.city import City, csv, small_city

pytestmark = pytest.mark.slow
SHOP, BASE = "raw.trade__shop", "base.shop"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city that has been run; the tests only read it."""
    folder = tmp_path_factory.mktemp("query")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(folder / "home"))
        city = City(folder / "city")
        city.settings("[gate]\nmax_quarantined_percent = 100\n")
        city.departments("trade", "civil")
        small_city(city)
        city.source(
            "shop.csv", csv("id,name,district,opened", "1,Tea,north,2020-01-01", "2,Ink,south,x")
        )
        city.run()
    return city


@pytest.fixture
def home(published: City, monkeypatch: pytest.MonkeyPatch) -> City:
    monkeypatch.setenv("CITYBRAIN_HOME", str(published.root.parent / "home"))
    return published


def ask(city: City, sql: str, as_of: datetime | int | None = None) -> list[Any]:
    with open_query(city.load(), sql, as_of) as result:
        return result.fetchall()


def refusal(city: City, sql: str, as_of: datetime | int | None = None) -> str:
    with pytest.raises(PipelineError) as caught:
        ask(city, sql, as_of)
    return caught.value.code


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT id, name FROM base.shop", [(1, "TEA")]),
        ("FROM raw.civil__district ORDER BY code LIMIT 1", [("north", 1000, "district.csv", 2)]),
        ("WITH x AS (SELECT * FROM base.shop) SELECT count(*) FROM x", [(1,)]),
        ("SELECT count(*) FROM base.shop JOIN raw.civil__district ON code = district", [(1,)]),
        ("SELECT _reasons FROM quarantine.raw__trade__shop", [(["unreadable:opened"],)]),
        ("SELECT 1 + 1", [(2,)]),
        ("SELECT unnest([1, 2]) AS x", [(1,), (2,)]),
        ("SELECT current_date > DATE '2020-01-01'", [(True,)]),
        ("SELECT id FROM base.shop;", [(1,)]),
        ("SELECT 'read_csv(''x'')' AS text", [("read_csv('x')",)]),
    ],
)
def test_a_select_over_city_tables(sql: str, expected: list[Any], home: City) -> None:
    rows = ask(home, sql)
    assert [row[: len(expected[0])] for row in rows] == expected


ESCAPES = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_parquet('/tmp/*.parquet')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM read_ndjson_objects('/etc/passwd')",
    "SELECT * FROM parquet_scan('/tmp/x.parquet')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM parquet_schema('/tmp/x.parquet')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM duckdb_tables()",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM pragma_database_list()",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('base.shop')",
    "SELECT * FROM sqlite_scan('x.db', 't')",
    "SELECT * FROM postgres_scan('host=x', 'public', 't')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'file.csv'",
    'SELECT * FROM "/etc/passwd"',
    "SELECT * FROM 'https://example.org/x.parquet'",
    "SELECT * FROM 's3://bucket/x.parquet'",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM duckdb_tables",
    "SELECT * FROM memory.base.shop",
    "SELECT * FROM shop",
    "SELECT getenv('HOME')",
    "SELECT current_setting('allowed_paths')",
    "SELECT read_text('/etc/passwd')",
    "SELECT query('SELECT 1')",
    "SELECT (SELECT count(*) FROM '/etc/passwd')",
    "SELECT * FROM base.shop WHERE EXISTS (FROM read_text('/etc/passwd'))",
    "WITH x AS (FROM '/etc/passwd') SELECT * FROM x",
    "SELECT 1; SELECT 2",
    "SELECT 1; ATTACH 'x.db'",
    "COPY base.shop TO '/tmp/stolen.csv'",
    "COPY (SELECT 1) TO '/tmp/stolen.csv'",
    "EXPORT DATABASE '/tmp/stolen'",
    "ATTACH '/tmp/x.db'",
    "ATTACH ':memory:' AS other",
    "DETACH memory",
    "USE memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "SET enable_external_access = true",
    "RESET enable_external_access",
    "CALL pragma_version()",
    "CREATE TABLE t AS SELECT 1",
    "CREATE VIEW base.v AS SELECT 1",
    "CREATE MACRO f() AS 1",
    "CREATE SECRET (TYPE s3)",
    "INSERT INTO base.shop SELECT * FROM base.shop",
    "UPDATE base.shop SET id = 1",
    "DELETE FROM base.shop",
    "TRUNCATE base.shop",
    "DROP VIEW base.shop",
    "ALTER TABLE base.shop ADD COLUMN x INTEGER",
    "MERGE INTO base.shop USING base.shop AS o ON TRUE WHEN MATCHED THEN DELETE",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "EXPLAIN ANALYZE SELECT 1",
    "DESCRIBE base.shop",
    "SHOW ALL TABLES",
    "SUMMARIZE base.shop",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "SELECT * INTO OUTFILE '/tmp/x' FROM base.shop",
    "",
    ";",
    "SELEC 1",
]
REFUSALS = {
    "sql_syntax",
    "sql_one_select",
    "sql_function",
    "sql_table_function",
    "sql_table_name",
    "query_refused",
}


@pytest.mark.parametrize("sql", ESCAPES)
def test_an_escape_is_refused(sql: str, home: City) -> None:
    assert refusal(home, sql) in REFUSALS


def test_the_engine_itself_is_locked_for_a_query_that_slips_through(home: City) -> None:
    """The second wall: whatever the parser thought, the connection can open nothing else."""
    with open_query(home.load(), "SELECT id FROM base.shop") as result:
        for sql in (
            "SELECT * FROM read_text('/etc/passwd')",
            "COPY (SELECT 1) TO '/tmp/citybrain-stolen.csv'",
            "ATTACH '/tmp/citybrain-stolen.db'",
            "SET enable_external_access = true",
            "SET allowed_paths = ['/etc/passwd']",
            "INSTALL httpfs",
        ):
            with pytest.raises(duckdb.Error):
                result.connection.execute(sql)


def test_a_resource_that_was_never_published(home: City) -> None:
    assert refusal(home, "SELECT * FROM base.nothing") == "never_published"
    assert refusal(home, "SELECT * FROM quarantine.base__shop") == "never_published"


def test_a_query_that_does_not_bind_says_why(home: City) -> None:
    with pytest.raises(PipelineError) as caught:
        ask(home, "SELECT nam FROM base.shop")
    assert caught.value.code == "query_refused"
    assert "nam" in caught.value.fields["problem"]


def test_a_query_that_fails_while_rows_come(home: City) -> None:
    with (
        pytest.raises(PipelineError),
        open_query(home.load(), "SELECT error('x') FROM range(1)") as result,
    ):
        result.fetchall()


def test_as_of_a_time_and_a_snapshot(city: City) -> None:
    small_city(city).run()
    first = city.current(BASE)
    assert first is not None
    city.source("shop.csv", csv("id,name,district,opened", "9,New,north,2020-01-01"))
    city.run()
    second = city.current(BASE)
    assert second is not None
    sql = "SELECT id FROM base.shop ORDER BY id"
    assert ask(city, sql) == [(9,)]
    assert ask(city, sql, first.snapshot_id) == [(1,), (2,), (3,)]
    assert ask(city, sql, second.snapshot_id) == [(9,)]
    assert ask(city, sql, first.committed_at) == [(1,), (2,), (3,)]
    assert ask(city, sql, datetime.now(UTC)) == [(9,)]
    assert refusal(city, sql, first.committed_at - timedelta(days=1)) == "not_published_then"
    assert refusal(city, sql, 12345) == "snapshot_unknown"
    two = "SELECT count(*) FROM base.shop JOIN raw.trade__shop USING (id)"
    assert refusal(city, two, first.snapshot_id) == "query_refused"


# -- formats ----------------------------------------------------------------------------------------

RICH = (
    "SELECT 1 AS i, NULL AS n, 'a,\"b\"\n雨' AS t, DATE '2020-02-03' AS d, 1.50::DECIMAL(5,2) AS m, "
    "TIMESTAMP '2020-02-03 04:05:06' AS s, [1, 2] AS l, true AS b"
)


def printed(city: City, sql: str, kind: str, capsys: pytest.CaptureFixture[str]) -> str:
    with open_query(city.load(), sql) as result:
        print_result(result, kind, None)
    return capsys.readouterr().out


def test_json(home: City, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = json.loads(printed(home, RICH, "json", capsys))
    assert (row["i"], row["n"], row["t"], row["d"], row["b"]) == (
        1,
        None,
        'a,"b"\n雨',
        "2020-02-03",
        True,
    )
    assert float(row["m"]) == 1.5
    assert row["l"] == [1, 2]


def test_json_of_numbers_that_json_has_not(home: City, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(home, "SELECT 'nan'::DOUBLE AS a, 'inf'::DOUBLE AS b", "json", capsys)

    def refuse(name: str) -> None:
        raise ValueError(name)

    json.loads(text, parse_constant=refuse)


def test_csv(home: City, capsys: pytest.CaptureFixture[str]) -> None:
    names, row = csv_module.reader(io.StringIO(printed(home, RICH, "csv", capsys)))
    assert names == ["i", "n", "t", "d", "m", "s", "l", "b"]
    assert row[:5] == ["1", "", 'a,"b"\n雨', "2020-02-03", "1.50"]


def test_the_table_is_bounded_and_says_so(home: City, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(home, "SELECT unnest(generate_series(1, 100)) AS x", "table", capsys)
    assert "40" in text
    assert "41" not in text
    assert len(text.splitlines()) == 42


def test_the_table_shows_values_that_look_like_markup(
    home: City, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "[red]x[/red]" in printed(home, "SELECT '[red]x[/red]' AS a", "table", capsys)


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_a_file_holds_every_row(kind: str, home: City, tmp_path: Path) -> None:
    target = tmp_path / f"it's.{kind}"
    with open_query(
        home.load(), "SELECT unnest(generate_series(1, 5000)) AS x, 'y' AS y"
    ) as result:
        print_result(result, kind, target)
    name = str(target).replace("'", "''")
    with duckdb.connect(":memory:") as con:
        found = con.execute(f"SELECT count(*), max(x) FROM '{name}'").fetchall()
    assert found == [(5000, 5000)]
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_a_file_that_cannot_be_written(kind: str, home: City, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "x"
    with pytest.raises(PipelineError) as caught, open_query(home.load(), "SELECT 1 AS x") as result:
        print_result(result, kind, target)
    assert caught.value.code == "output_failed"


def test_an_older_file_stays_when_the_query_fails(home: City, tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    target.write_text("old")
    with (
        pytest.raises(PipelineError),
        open_query(home.load(), "SELECT error('x') AS x FROM base.shop") as result,
    ):
        print_result(result, "csv", target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
