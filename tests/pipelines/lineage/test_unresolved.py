"""What cannot be traced is an error that names the file and the line, never an empty set."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from catalog.errors import CityBrainError
from pipelines.dialect import ModelDialect
from pipelines.errors import PipelineError
from pipelines.lineage import model_lineage
from pipelines.models import parse_query
from tests.pipelines.lineage.conftest import SCHEMA, Tracer
from tests.support.city import City

# The SQL stands from line 3 on; the part that the error must name is on the line given.
REFUSED = {
    "pivot of a table": (3, "SELECT * FROM raw.t PIVOT (sum(a) FOR b IN ('x', 'y'))"),
    "pivot as a query": (3, "SELECT * FROM (PIVOT raw.t ON b USING sum(a))"),
    "unpivot by pattern": (3, "SELECT * FROM raw.t UNPIVOT (v FOR n IN (COLUMNS('a|c')))"),
    "unpivot of expressions": (3, "SELECT * FROM raw.t UNPIVOT (v FOR n IN (a + 1, c))"),
    "unpivot of pairs": (3, "SELECT * FROM raw.t UNPIVOT ((v, w) FOR n IN ((a, c), (c, a)))"),
    "unpivot under other names": (3, "SELECT * FROM raw.t UNPIVOT (v FOR n IN (a)) AS u(x, y)"),
    "unpivot of a subquery": (3, "SELECT * FROM (SELECT a FROM raw.t) UNPIVOT (v FOR n IN (a))"),
    "unpivot of a join": (3, "SELECT * FROM raw.u JOIN raw.t ON TRUE UNPIVOT (v FOR n IN (a))"),
    "unpivot in a join": (3, "SELECT * FROM raw.u JOIN raw.t UNPIVOT (v FOR n IN (a)) ON TRUE"),
    "unpivot as a query": (3, "SELECT * FROM (UNPIVOT raw.t ON a, c INTO NAME n VALUE v)"),
    "columns by pattern": (3, "SELECT COLUMNS('a|c') FROM raw.t"),
    "columns in a call": (4, "SELECT b,\n max(COLUMNS(*)) FROM raw.u GROUP BY b"),
    "columns in a filter": (4, "SELECT a FROM raw.t\nWHERE COLUMNS(['a', 'c']) > 1"),
    "columns spread in a call": (3, "SELECT coalesce(*COLUMNS(['a', 'c'])) AS x FROM raw.t"),
    "a positional join": (4, "SELECT t.a FROM raw.t AS t\nPOSITIONAL JOIN raw.u AS u"),
    "a positional column": (3, "SELECT #1 AS x FROM raw.t"),
    "grouped by a positional column": (4, "SELECT max(a) AS x FROM raw.t\nGROUP BY #1"),
    "ordered by a positional column": (4, "SELECT a FROM raw.t\nORDER BY #1"),
    "a table function": (4, "SELECT g.i FROM raw.t,\nrepeat_row(1, num_rows = 3) AS g(i)"),
    "a numbered series": (4, "SELECT a FROM raw.t,\nrange(c) WITH ORDINALITY AS g(i, n)"),
    "a sample of a series": (4, "SELECT a FROM raw.t,\nrange(c) AS g(i) TABLESAMPLE 1 ROWS"),
    "a sample of a table": (4, "SELECT a\nFROM raw.t TABLESAMPLE 3 ROWS"),
    "a sample of a query": (3, "SELECT a FROM raw.t USING SAMPLE 3"),
    "a sample of a join": (3, "SELECT a FROM (raw.t JOIN raw.u USING (b)) TABLESAMPLE 2 ROWS"),
    "a sample of a subquery": (3, "SELECT a FROM (SELECT a FROM raw.t) AS q TABLESAMPLE 2 ROWS"),
    "the fields of a struct": (3, "SELECT s.* FROM raw.t"),
    "the row's number": (4, "SELECT a FROM raw.t\nWHERE rowid = 1"),
    "a parameter": (4, "SELECT a FROM raw.t\nWHERE a = ?"),
    "a numbered parameter": (4, "SELECT a,\n$1 AS x FROM raw.t"),
    "a named parameter": (4, "SELECT a,\n$given AS x FROM raw.t"),
    "a column's own table alias": (3, "SELECT c FROM (raw.t JOIN raw.u USING (b)) AS x(q, r, z)"),
    "a key of a recursion": (
        3,
        "WITH RECURSIVE x(a, b) USING KEY (b) AS (SELECT a, b FROM raw.t UNION "
        "SELECT a + 1, b FROM x WHERE a < 2) SELECT a FROM x",
    ),
    "a column that is not there": (4, "SELECT a,\n nothing AS x FROM raw.t"),
    "a table that is not there": (4, "SELECT a FROM raw.t,\nraw.nothing"),
    "a table's alias that is not there": (3, "SELECT q.* FROM raw.t AS t"),
    "a lateral function": (4, "SELECT a FROM raw.t,\nLATERAL generate_series(1, 3) AS g(i)"),
    "a version of a table": (4, "SELECT a FROM\nraw.t AT (VERSION => 1)"),
}  # fmt: skip


def _traced(sql: str, outputs: list[str] | None = None) -> PipelineError:
    tree = sqlglot.parse_one("-- a\n-- comment\n" + sql, read=ModelDialect)
    assert isinstance(tree, exp.Query)
    with pytest.raises(PipelineError) as caught:
        model_lineage(tree, Path("models/base/m.sql"), SCHEMA, outputs or ["x"])
    return caught.value


@pytest.mark.parametrize(("line", "sql"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_traced_is_refused_with_its_place(line: int, sql: str) -> None:
    error = _traced(sql)
    assert error.code == "lineage_unresolved"
    assert error.where is not None
    assert (str(error.where.path), error.where.line) == ("models/base/m.sql", line)
    assert error.fields["part"] and error.fields["problem"]


# The engine gives other columns than the eye: the lineage must not guess which is which.
DISAGREED = {
    "a name twice in a subquery": "SELECT * FROM (SELECT a AS x, c AS x FROM raw.t)",
    "a name twice in a join": "SELECT * FROM (SELECT * FROM raw.t JOIN raw.u ON raw.t.b = raw.u.b)",
    "the fields of a struct, unnested": "SELECT unnest(s) FROM raw.t",
    "a list of structs, unnested": "SELECT unnest([s], recursive := true) FROM raw.t",
    "a pattern of columns": "SELECT * LIKE '%' FROM raw.u",
}


@pytest.mark.parametrize("sql", DISAGREED.values(), ids=DISAGREED.keys())
def test_a_disagreement_with_the_engine_is_refused(sql: str, trace: Tracer) -> None:
    with pytest.raises(PipelineError) as caught:
        trace(sql)
    assert caught.value.code == "lineage_unresolved"
    assert caught.value.where is not None and caught.value.where.line == 1


@pytest.mark.parametrize(
    "outputs", [["a"], ["a", "b", "c"], ["b", "a"], ["a", "x"]], ids=lambda names: ",".join(names)
)
def test_other_columns_than_the_engine_gives_are_refused(outputs: list[str]) -> None:
    assert _traced("SELECT a, b FROM raw.t", outputs).code == "lineage_unresolved"


def test_two_columns_of_one_name_are_refused_wherever_they_are_read(trace: Tracer) -> None:
    for sql in (
        "SELECT x FROM (SELECT a AS x, c AS x FROM raw.t)",
        "WITH q AS (SELECT a AS x, c AS x FROM raw.t) SELECT x FROM q",
        "SELECT x_1 FROM (SELECT a AS x, c AS x, b AS x_1 FROM raw.t)",
    ):
        try:
            lineage = trace(sql)
        except PipelineError as error:
            if error.code != "lineage_unresolved":
                raise
            continue
        # Or both are taken: what the engine chose cannot be left out.
        columns = {edge.column for edges in lineage.columns.values() for edge in edges}
        assert {"a", "c"} <= columns, sql


def test_a_recursion_of_many_rounds_settles_or_is_refused(trace: Tracer) -> None:
    names = [f"n{i}" for i in range(60)]
    shifted = ", ".join(names[1:] + names[:1])
    start = ", ".join(["a", *(["c"] * 59)])
    sql = (
        f"WITH RECURSIVE r({', '.join(names)}) AS (SELECT {start} FROM raw.t "
        f"UNION ALL SELECT {shifted} FROM r WHERE n0 < 0) SELECT n1 FROM r"
    )
    try:
        lineage = trace(sql)
    except PipelineError as error:
        if error.code != "lineage_unresolved" or error.where is None:
            raise
        return
    # After 59 rounds the first column stands in every place.
    assert {"a", "c"} <= {edge.column for edge in lineage.columns["n1"]}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + " + ".join(["a"] * 1_000) + " AS x FROM raw.t",
        " UNION ALL ".join(["SELECT a AS x FROM raw.t"] * 600),
        "SELECT a AS x FROM raw.t WHERE " + " OR ".join(f"c = {i}" for i in range(1_000)),
    ],
    ids=["a long sum", "a long union", "a long filter"],
)
def test_a_long_query_is_traced_or_refused_but_never_a_crash(sql: str) -> None:
    query, problems = parse_query(sql, Path("m.sql"))
    if query is None:
        assert problems
        return
    try:
        lineage = model_lineage(query.tree, Path("m.sql"), SCHEMA, ["x"])
    except CityBrainError as error:
        if error.code != "lineage_unresolved":
            raise
        return
    assert {edge.column for edge in lineage.columns["x"] if edge.direct} == {"a"}


def test_the_rows_of_a_recursion_with_unequal_sides_are_refused() -> None:
    sql = (
        "WITH RECURSIVE x AS (SELECT a, b FROM raw.t UNION ALL SELECT w FROM raw.u) SELECT a FROM x"
    )
    assert _traced(sql, ["a"]).code == "lineage_unresolved"


def test_a_workspace_with_an_untraceable_model_says_where(city: City) -> None:
    city.collected("trade/shop", "- {name: id, logicalType: integer}")
    city.model(
        "base.shop",
        "-- every shop\nSELECT id\nFROM raw.trade__shop\nTABLESAMPLE 3 ROWS\n",
        "- {name: id, logicalType: integer}",
    )
    found = [p for p in city.problems() if p.code in ("lineage_unresolved", "sql_function")]
    assert found, city.codes()
    for problem in found:
        assert problem.where is not None
        assert problem.where.path == city.root / "models/base/shop.sql"
        assert problem.where.line in (3, 4)


def test_every_refused_query_is_one_that_the_engine_knows_or_refuses_itself() -> None:
    """The list above would prove nothing if it were only misspelt."""
    known = 0
    with duckdb.connect(":memory:") as con:
        con.execute("CREATE SCHEMA raw")
        con.execute(
            "CREATE TABLE raw.t (a BIGINT, b VARCHAR, c BIGINT, d DATE, l BIGINT[], "
            "s STRUCT(f BIGINT, g VARCHAR), p BOOLEAN)"
        )
        con.execute("CREATE TABLE raw.u (b VARCHAR, v VARCHAR, w BIGINT)")
        for _, sql in REFUSED.values():
            try:
                con.execute(f"DESCRIBE {sql}")
                known += 1
            except duckdb.Error:
                continue
    assert known >= len(REFUSED) - 9
