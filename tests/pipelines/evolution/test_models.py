"""Columns of models that are renamed or dropped: where the rest of the query is the same, rows stay."""

from __future__ import annotations

import pytest

from pipelines.collect import Landing
from pipelines.evolution.decide import evolution_of
from pipelines.evolution.query import query_parts
from tests.support.city import City, csv

FIELDS = {
    "id": "- {name: id, logicalType: integer}\n",
    "name": "- {name: name, logicalType: string}\n",
    "n": "- {name: n, logicalType: integer}\n",
    "label": "- {name: label, logicalType: string, customProperties: [{property: renamed_from, value: name}]}\n",
}
ROWS = "SELECT s.id, upper(s.shop) AS name, s.n + 1 AS n FROM raw.trade__shop AS s WHERE s.n > 0"


@pytest.fixture
def city(city: City) -> City:
    city.settings()
    city.departments("trade")
    city.collected(
        "trade/shop",
        "- {name: id, logicalType: integer}\n- {name: shop, logicalType: string}\n"
        "- {name: n, logicalType: integer}\n",
    )
    city.source("shop.csv", csv("id,shop,n", "1,tea,3", "2,ink,4"))
    return city


def model(city: City, sql: str, *fields: str, version: str = "1.0.0", custom: str = "") -> None:
    city.model("base.shop", sql, "".join(fields), custom=custom, version=version)


@pytest.mark.parametrize(
    ("sql", "names", "way"),
    [
        ("SELECT s.id, upper(s.shop) AS label, s.n + 1 AS n FROM raw.trade__shop AS s WHERE s.n > 0",
         ["id", "label", "n"], "in_place"),
        ("SELECT s.id, s.n + 1 n -- fewer\nFROM raw.trade__shop AS s WHERE s.n > 0", ["id", "n"], "in_place"),
        ("SELECT s.id, s.n + 2 AS n FROM raw.trade__shop AS s WHERE s.n > 0", ["id", "n"], "rules"),
        ("SELECT s.id, s.n + 1 AS n FROM raw.trade__shop AS s WHERE s.n > 3", ["id", "n"], "rules"),
        ("SELECT s.id, upper(s.shop) AS name FROM raw.trade__shop AS s WHERE s.n > 0",
         ["id", "name"], "query"),  # `n` stands in the condition
        ("SELECT s.id, upper(s.shop) AS name, s.n + 1 AS n, 'x' AS label FROM raw.trade__shop AS s "
         "WHERE s.n > 0", ["id", "name", "n", "text"], "values"),
    ],
)  # fmt: skip
def test_rows_stay_where_the_rest_of_the_query_does(
    city: City, sql: str, names: list[str], way: str
) -> None:
    model(city, ROWS, FIELDS["id"], FIELDS["name"], FIELDS["n"])
    city.run()
    before = city.current("base.shop")
    assert before is not None
    listed = {**FIELDS, "text": "- {name: label, logicalType: string}\n"}
    model(city, sql, *(listed[name] for name in names), version="2.0.0")
    found = evolution_of(city.plan().steps["base.shop"], city.lake(), Landing(city.home.landing))
    assert found is not None
    assert way == (found.reason or found.way)
    city.run()
    after = city.current("base.shop")
    assert after is not None
    assert (after.files == before.files) is (way == "in_place")
    rows = city.rows("base.shop")
    city.run(full=True)
    assert city.rows("base.shop") == rows


def test_white_space_and_comments_change_nothing(city: City) -> None:
    model(city, ROWS, FIELDS["id"], FIELDS["name"], FIELDS["n"])
    city.run()
    sql = "-- shops\n" + ROWS.replace(", ", ",\n   ")
    path = city.root / "models/base/shop.yaml"
    model(city, sql, FIELDS["id"], FIELDS["name"], FIELDS["n"])
    path.write_text(path.read_text() + "# a remark\n")
    assert city.outcome("base.shop").status == "unchanged"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT DISTINCT a, b FROM t",
        "SELECT a, b FROM t UNION SELECT a, b FROM u",
        "SELECT a, count(*) AS b FROM t GROUP BY ALL",
        "SELECT a, count(*) AS b FROM t GROUP BY 1",
        "SELECT a, b FROM t ORDER BY 2",
        "SELECT a, b FROM t ORDER BY ALL",
        "SELECT count(*) AS a, max(b) AS b FROM t",
        "SELECT a, unnest(l) AS b FROM t",
        "SELECT * FROM t",
        "FROM t SELECT a, b",
        "SELECT a, some_aggregate(b) AS b FROM t",
    ],
)
def test_queries_whose_columns_cannot_be_told_apart(sql: str) -> None:
    assert not query_parts(sql).columns


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT a, b FROM t", ["a", "b"]),
        ('SELECT a AS "x, y", \'(\' AS b, "FROM" FROM t', ["x, y", "b", "FROM"]),
        ("WITH c AS (SELECT 1 AS a) SELECT c.a, [1, 2] AS l, {'k': 1} AS s, f(1, 2) x FROM c GROUP BY a",
         ["a", "l", "s", "x"]),
        ("SELECT a, max(b) FILTER (WHERE b > 1) AS m FROM t GROUP BY a", ["a", "m"]),
        ("SELECT CASE WHEN a THEN 1 END AS a, extract(year FROM d) AS y FROM t", ["a", "y"]),
    ],
)  # fmt: skip
def test_queries_whose_columns_can(sql: str, columns: list[str]) -> None:
    found = query_parts(sql)
    assert list(found.columns) == columns
    spaced = query_parts(sql.replace(" ", "\n\t").replace("x,\n\ty", "x, y") + " -- .")
    assert spaced.columns == found.columns
    assert spaced.body == found.body


def test_versions_keep_the_values_of_a_column_with_a_new_name(city: City) -> None:
    versions = "- {property: materialisation, value: {kind: snapshot}}"
    key = "- {name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}\n"
    times = (
        "- {name: valid_from, logicalType: timestamp, primaryKey: true, primaryKeyPosition: 2}\n"
        "- {name: valid_to, logicalType: timestamp}\n"
    )
    model(
        city,
        "SELECT id, shop AS name FROM raw.trade__shop",
        key,
        FIELDS["name"],
        times,
        custom=versions,
    )
    city.run()
    city.source("shop.csv", csv("id,shop,n", "1,coffee,3", "2,ink,4"))
    city.run()
    assert [row[:2] for row in city.rows("base.shop")] == [(1, "coffee"), (1, "tea"), (2, "ink")]
    model(city, "SELECT id, shop AS label FROM raw.trade__shop", key, FIELDS["label"], times,
          version="2.0.0", custom=versions)  # fmt: skip
    assert city.outcome("base.shop").status == "published"
    assert [row[:2] for row in city.rows("base.shop")] == [(1, "coffee"), (1, "tea"), (2, "ink")]
