"""What a model's SQL reads, and what it may not do."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.models import FORBIDDEN_FUNCTIONS, parse_query

PLACE = Path("model.sql")


def references(sql: str) -> list[str]:
    """The city tables that a good query reads, in any order."""
    query, problems = parse_query(sql, PLACE)
    assert problems == []
    assert query is not None
    return sorted(reference.name for reference in query.references)


def codes(sql: str, *, deterministic: bool = True) -> list[str]:
    """What is wrong with a query."""
    return [p.code for p in parse_query(sql, PLACE, deterministic=deterministic)[1]]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 AS x", []),
        ("SELECT * FROM base.a", ["base.a"]),
        ("FROM base.a", ["base.a"]),
        ('SELECT * FROM "base"."a"', ["base.a"]),
        ("SELECT * FROM base.a AS b JOIN raw.d__c AS c USING (id)", ["base.a", "raw.d__c"]),
        ("SELECT * FROM base.a, raw.b", ["base.a", "raw.b"]),
        ("WITH x AS (SELECT * FROM base.a) SELECT * FROM x", ["base.a"]),
        ("WITH x AS (SELECT * FROM base.a), y AS (SELECT * FROM x) SELECT * FROM y", ["base.a"]),
        ("WITH a AS (SELECT 1 AS i) SELECT * FROM a JOIN base.a AS b USING (i)", ["base.a"]),
        (
            "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) "
            "SELECT * FROM n JOIN base.a USING (i)",
            ["base.a"],
        ),
        ("SELECT * FROM (SELECT * FROM base.a) AS x", ["base.a"]),
        ("SELECT (SELECT max(i) FROM base.b) AS m FROM base.a", ["base.a", "base.b"]),
        ("SELECT * FROM base.a WHERE i IN (SELECT i FROM base.b)", ["base.a", "base.b"]),
        (
            "SELECT * FROM base.a AS x WHERE EXISTS (SELECT 1 FROM base.b AS y WHERE y.i = x.i)",
            ["base.a", "base.b"],
        ),
        ("SELECT i FROM base.a UNION SELECT i FROM base.b", ["base.a", "base.b"]),
        ("(SELECT i FROM base.a) EXCEPT (SELECT i FROM base.b) ORDER BY i", ["base.a", "base.b"]),
        ("SELECT i FROM base.a INTERSECT SELECT i FROM base.b", ["base.a", "base.b"]),
        (
            "SELECT * FROM base.a AS x, LATERAL (SELECT * FROM base.b AS y WHERE y.i = x.i) AS z",
            ["base.a", "base.b"],
        ),
        ("SELECT * FROM base.a ASOF JOIN base.b ON a.t >= b.t", ["base.a", "base.b"]),
        ("SELECT i FROM base.a QUALIFY row_number() OVER (PARTITION BY i) = 1", ["base.a"]),
        ("SELECT i, unnest(l) AS x FROM base.a", ["base.a"]),
        ("SELECT * FROM base.a SEMI JOIN base.b USING (i)", ["base.a", "base.b"]),
        (
            "SELECT CASE WHEN EXISTS (FROM base.b) THEN 1 END AS x FROM base.a",
            ["base.a", "base.b"],
        ),
    ],
)
def test_references_are_found_wherever_they_stand(sql: str, expected: list[str]) -> None:
    assert references(sql) == expected


def test_unnest_in_from_is_no_table() -> None:
    assert references("SELECT x.u FROM base.a AS a, unnest(a.l) AS x(u)") == ["base.a"]


def test_values_are_no_table() -> None:
    assert references("SELECT * FROM (VALUES (1), (2)) AS v(i) JOIN base.a USING (i)") == ["base.a"]


def test_table_names_are_written_as_they_are_called() -> None:
    assert codes("SELECT * FROM BASE.a") == ["sql_table_name"]
    assert references('SELECT * FROM base."A"') == ["base.A"]


def test_a_reference_knows_its_line() -> None:
    query, _ = parse_query("SELECT *\nFROM base.a\nJOIN base.b USING (i)\n", PLACE)
    assert query is not None
    assert {r.name: r.line for r in query.references} == {"base.a": 2, "base.b": 3}


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE base.x AS SELECT 1",
        "INSERT INTO base.x SELECT 1",
        "DELETE FROM base.x",
        "UPDATE base.x SET i = 1",
        "DROP TABLE base.x",
        "COPY base.x TO 'x.csv'",
        "ATTACH 'x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "SET memory_limit = '1GB'",
        "CALL pragma_version()",
        "EXPORT DATABASE 'x'",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE base.x",
        "",
        "-- nothing\n",
        "VACUUM",
        "EXPLAIN SELECT 1",
        "DESCRIBE base.x",
        "SHOW TABLES",
        "SUMMARIZE base.x",
        "SELECT * INTO base.y FROM base.x",
    ],
)
def test_only_one_select_is_a_model(sql: str) -> None:
    assert set(codes(sql)) & {"sql_one_select", "sql_syntax"}


def test_a_semicolon_at_the_end_is_still_one_select() -> None:
    assert references("SELECT * FROM base.a;\n") == ["base.a"]


@pytest.mark.parametrize("function", sorted(FORBIDDEN_FUNCTIONS))
def test_a_forbidden_function_is_refused_in_an_expression(function: str) -> None:
    assert codes(f"SELECT {function}('x') AS x") == ["sql_function"]


@pytest.mark.parametrize("function", sorted(FORBIDDEN_FUNCTIONS))
def test_a_forbidden_function_is_refused_in_capitals(function: str) -> None:
    assert codes(f"SELECT {function.upper()}('x') AS x") == ["sql_function"]


@pytest.mark.parametrize(
    "expression",
    ["random()", "uuid()", "current_date", "current_timestamp", "current_time", "today()"],
)
def test_a_model_gives_the_same_rows_every_time(expression: str) -> None:
    assert codes(f"SELECT {expression} AS x") == ["sql_function"]


def test_every_function_that_the_engine_calls_volatile_is_refused() -> None:
    allowed = {"error"}
    with duckdb.connect(":memory:") as con:
        volatile = con.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN ('scalar', "
            "'macro') AND stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY') ORDER BY ALL"
        ).fetchall()
    found = [name for (name,) in volatile if codes(f"SELECT {name}() AS x") != ["sql_function"]]
    found += [
        w for w in ("localtimestamp", "localtime", "current_user") if not codes(f"SELECT {w} AS x")
    ]
    assert set(found) - allowed == set()


def test_a_sample_is_refused() -> None:
    assert codes("SELECT * FROM base.a USING SAMPLE 10%") != []


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('x.csv')",
        "read_csv_auto('x.csv')",
        "read_parquet('x.parquet')",
        "read_json('x.json')",
        "read_text('/etc/passwd')",
        "read_blob('/etc/passwd')",
        "glob('*')",
        "query('SELECT 1')",
        "query_table('base.a')",
        "duckdb_tables()",
        "duckdb_settings()",
        "duckdb_secrets()",
        "pragma_database_list()",
        "sniff_csv('x.csv')",
        "parquet_metadata('x.parquet')",
        "generate_subscripts([1, 2], 1)",
        "repeat_row(1, num_rows = 5)",
    ],
)
def test_a_table_function_is_no_table_of_the_city(source: str) -> None:
    assert set(codes(f"SELECT * FROM {source}")) & {"sql_table_function", "sql_function"}


@pytest.mark.parametrize(
    "source",
    [
        "a",
        "main.a",
        "memory.base.a",
        "other.base.a",
        "information_schema.tables",
        "pg_catalog.pg_class",
        "duckdb_tables",
        "sqlite_master",
        "'x.csv'",
        "'/etc/passwd'",
        "'https://example.org/x.parquet'",
        '"x.csv"',
        '"base.a"',
        "quarantine.raw__a",
        '"/etc/passwd"',
    ],
)
def test_another_name_is_no_table_of_the_city(source: str) -> None:
    assert codes(f"SELECT * FROM {source}") == ["sql_table_name"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT (SELECT count(*) FROM read_csv('x')) AS n FROM base.a",
        "WITH x AS (FROM 'x.csv') SELECT * FROM x",
        "SELECT * FROM base.a WHERE i IN (SELECT i FROM other)",
        "SELECT * FROM base.a UNION ALL SELECT * FROM 'x.csv'",
        "SELECT * FROM base.a AS x, LATERAL (SELECT * FROM 'x.csv') AS y",
        "PIVOT 'x.csv' ON i USING sum(j)",
        "SELECT i FROM base.a ORDER BY (SELECT max(i) FROM 'x.csv')",
        "SELECT i FROM base.a LIMIT (SELECT max(i) FROM 'x.csv')",
        "SELECT i FROM base.a GROUP BY i HAVING i > (SELECT max(i) FROM 'x.csv')",
        "SELECT sum(i) OVER (ORDER BY (SELECT max(i) FROM 'x.csv')) AS s FROM base.a",
        "SELECT * FROM base.a JOIN base.b ON a.i = (SELECT max(i) FROM 'x.csv')",
        "SELECT list_transform(l, x -> (SELECT max(i) FROM 'x.csv')) AS s FROM base.a",
        "FROM (FROM 'x.csv')",
        "VALUES ((SELECT max(i) FROM 'x.csv'))",
        "SELECT * FROM (VALUES ((SELECT max(i) FROM 'x.csv'))) AS v(i)",
        "SELECT (TABLE 'x.csv') AS n",
    ],
)
def test_nothing_else_hides_inside_a_query(sql: str) -> None:
    query, problems = parse_query(sql, PLACE)
    assert query is None or problems != []


def test_a_query_may_ask_for_the_time() -> None:
    assert codes("SELECT now() AS n", deterministic=False) == []


def test_a_query_may_ask_for_the_day_but_not_for_files() -> None:
    assert codes("SELECT current_date AS d", deterministic=False) == []
    assert codes("SELECT read_text('x') AS d", deterministic=False) == ["sql_function"]


def test_a_syntax_error_names_its_line() -> None:
    query, problems = parse_query("SELECT a,\n  b\nFROM base.a WHERE WHERE\n", PLACE)
    assert query is None
    assert [p.code for p in problems] == ["sql_syntax"]
    assert [p.where.line for p in problems if p.where] == [3]


@pytest.mark.parametrize("sql", ["SELECT 'open", "SELECT /* open", "SELECT ((((1"])
def test_text_that_never_ends_is_a_syntax_error(sql: str) -> None:
    assert codes(sql) == ["sql_syntax"]


def test_every_fault_of_a_query_comes_at_once() -> None:
    found = codes("SELECT random() AS a, uuid() AS b FROM x JOIN read_csv('y') ON TRUE")
    assert sorted(found) == [
        "sql_function",
        "sql_function",
        "sql_function",
        "sql_table_function",
        "sql_table_name",
    ]
