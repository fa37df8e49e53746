"""Models and rules are checked against the contracts' types before anything runs."""

from __future__ import annotations

import pytest

from catalog.errors import CityBrainError
from pipelines.binding import assignable
from tests.support.city import City

FIELDS = """
- {name: id, logicalType: integer, primaryKey: true}
- {name: name, logicalType: string}
- {name: opened, logicalType: date}
"""


@pytest.fixture
def shops(city: City) -> City:
    """One collected resource to build on."""
    city.collected("trade/shop", FIELDS)
    return city


def only(city: City) -> CityBrainError:
    (problem,) = city.problems()
    return problem


def place(problem: CityBrainError) -> tuple[str, int]:
    assert problem.where is not None
    return problem.where.path.name, problem.where.line


def test_a_model_that_fits_compiles(shops: City) -> None:
    shops.model("base.shop", "SELECT opened, id, name FROM raw.trade__shop", FIELDS)
    assert shops.problems() == []


def test_an_unknown_column_of_an_input(shops: City) -> None:
    shops.model("base.shop", "SELECT id,\n  nam AS name,\n  opened\nFROM raw.trade__shop", FIELDS)
    problem = only(shops)
    assert (problem.code, place(problem)) == ("sql_binding", ("shop.sql", 2))


def test_a_function_that_does_not_exist(shops: City) -> None:
    shops.model(
        "base.shop", "SELECT id, frobnicate(name) AS name, opened FROM raw.trade__shop", FIELDS
    )
    assert only(shops).code == "sql_binding"


def test_an_undeclared_column(shops: City) -> None:
    sql = "SELECT id, name, opened,\n  1 AS extra\nFROM raw.trade__shop"
    shops.model("base.shop", sql, FIELDS)
    problem = only(shops)
    assert (problem.code, problem.fields["column"]) == ("column_undeclared", "extra")
    assert place(problem) == ("shop.sql", 2)


def test_a_column_that_is_not_produced(shops: City) -> None:
    shops.model("base.shop", "SELECT id, name FROM raw.trade__shop", FIELDS)
    problem = only(shops)
    assert (problem.code, problem.fields["column"]) == ("column_not_produced", "opened")
    assert place(problem)[0] == "shop.yaml"


def test_a_column_that_is_produced_twice(shops: City) -> None:
    shops.model("base.shop", "SELECT id, name, opened, name FROM raw.trade__shop", FIELDS)
    assert only(shops).code == "column_repeated"


def test_load_metadata_of_the_input_does_not_slip_into_a_model(shops: City) -> None:
    shops.model("base.shop", "SELECT * FROM raw.trade__shop", FIELDS)
    assert shops.codes() == ["column_undeclared"] * 3


def test_a_column_of_another_type(shops: City) -> None:
    sql = "SELECT id, name, CAST(opened AS VARCHAR) AS opened FROM raw.trade__shop"
    shops.model("base.shop", sql, FIELDS)
    problem = only(shops)
    assert (problem.code, problem.fields["produced"]) == ("column_type", "VARCHAR")


def test_a_column_without_a_type_fits_any(shops: City) -> None:
    shops.model("base.shop", "SELECT id, NULL AS name, NULL AS opened FROM raw.trade__shop", FIELDS)
    assert shops.problems() == []


INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")


@pytest.mark.parametrize(
    ("produced", "declared"),
    [
        *((small, large) for i, small in enumerate(INTEGERS) for large in INTEGERS[max(i, 2) :]),
        ("UTINYINT", "INTEGER"),
        ("USMALLINT", "INTEGER"),
        ("UINTEGER", "BIGINT"),
        ("FLOAT", "DOUBLE"),
        ("DECIMAL(5,2)", "DECIMAL(5,2)"),
        ("DECIMAL(5,2)", "DECIMAL(7,4)"),
        ("DECIMAL(5,2)", "DECIMAL(18,2)"),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"),
        ("DATE", "DATE"),
        ("VARCHAR[]", "VARCHAR[]"),
        ("INTEGER[]", "BIGINT[]"),
        ("INTEGER[][]", "BIGINT[][]"),
        ('"NULL"', "DATE"),
    ],
)
def test_a_type_that_becomes_the_declared_one_without_loss(produced: str, declared: str) -> None:
    assert assignable(produced, declared)


@pytest.mark.parametrize(
    ("produced", "declared"),
    [
        ("BIGINT", "INTEGER"),
        ("HUGEINT", "BIGINT"),
        ("UBIGINT", "BIGINT"),
        ("UINTEGER", "INTEGER"),
        ("BIGINT", "DOUBLE"),
        ("DOUBLE", "BIGINT"),
        ("DOUBLE", "DECIMAL(18,2)"),
        ("DECIMAL(18,2)", "DOUBLE"),
        ("DECIMAL(7,4)", "DECIMAL(7,2)"),
        ("DECIMAL(18,2)", "DECIMAL(18,4)"),
        ("VARCHAR", "DATE"),
        ("DATE", "VARCHAR"),
        ("DATE", "TIMESTAMP"),
        ("TIMESTAMP", "DATE"),
        ("TIMESTAMP", "TIMESTAMPTZ"),
        ("TIMESTAMP_NS", "TIMESTAMP"),
        ("BOOLEAN", "INTEGER"),
        ("BIGINT[]", "INTEGER[]"),
        ("VARCHAR", "VARCHAR[]"),
        ("VARCHAR[]", "VARCHAR"),
        ("STRUCT(a INTEGER)", "VARCHAR"),
        ("JSON", "VARCHAR"),
        ("UUID", "VARCHAR"),
        ("BLOB", "VARCHAR"),
        ("ENUM('a')", "VARCHAR"),
    ],
)
def test_a_type_that_would_lose_something_or_mean_something_else(
    produced: str, declared: str
) -> None:
    assert not assignable(produced, declared)


# -- rules and filters ------------------------------------------------------------------------------


def with_rule(city: City, rule: str) -> list[CityBrainError]:
    city.collected("trade/shop", FIELDS, quality=f"- {rule}")
    return city.problems()


def row_rule(holds: str) -> str:
    return (
        "{type: custom, engine: citybrain, name: r, "
        f'implementation: {{rule: row, holds: "{holds}"}}}}'
    )


@pytest.mark.parametrize(
    "holds", ["id > 0", "id > 0 AND name <> 'x'", "opened IS NULL OR id > 5", "length(name) < 5"]
)
def test_a_condition_that_binds(holds: str, city: City) -> None:
    assert with_rule(city, row_rule(holds)) == []


@pytest.mark.parametrize(
    "holds",
    [
        "idd > 0",
        "id >",
        "id > 0; DROP TABLE x",
        "id IN (SELECT id FROM raw.trade__shop)",
        "EXISTS (FROM 'x.csv')",
        "id > 0, id > 1",
        "id > 0 FROM raw.trade__shop",
        "read_text('/etc/passwd') = ''",
        "opened > name + 1",
        "id > 0) OR (TRUE",
        "id > 0 -- ",
        "id > 0 /*",
        "now() > opened",
    ],
)
def test_a_condition_that_is_not_one_over_the_row(holds: str, city: City) -> None:
    (problem,) = with_rule(city, row_rule(holds))
    assert problem.code == "rule_expression"
    assert problem.where is not None
    assert problem.where.path.name == "shop.yaml"


@pytest.mark.parametrize(
    "holds", ["random() > 0.5", "sum(id) > 0", "row_number() OVER () > 0", "name"]
)
def test_a_condition_that_is_no_fact_about_the_row(holds: str, city: City) -> None:
    assert [p.code for p in with_rule(city, row_rule(holds))] == ["rule_expression"]


@pytest.mark.parametrize(
    ("query", "good"),
    [
        ("SELECT count(*) FROM trade__shop WHERE id < 0", True),
        ("SELECT count(*) FROM (SELECT id FROM trade__shop GROUP BY id) AS x", True),
        ("SELECT count(*) FROM other", False),
        ("SELECT count(*) FROM raw.trade__shop", False),
        ("SELECT count(*) FROM base.trade__shop", False),
        ("SELECT count(*) FROM memory.raw.trade__shop", False),
        ("SELECT count(*) FROM trade__shop WHERE idd < 0", False),
        ("DELETE FROM trade__shop", False),
        ("SELECT count(*) FROM 'x.csv'", False),
        ("SELECT count(*) FROM read_csv('x.csv')", False),
        ("SELECT read_text('/etc/passwd')", False),
        ("SELECT count(*) FROM trade__shop; SELECT 1", False),
        ("SELECT", False),
    ],
)
def test_an_sql_rule_reads_its_own_table_alone(query: str, good: bool, city: City) -> None:
    rule = f'{{type: sql, name: s, query: "{query}", mustBe: 0}}'
    assert [p.code for p in with_rule(city, rule)] == ([] if good else ["rule_expression"])


def test_an_sql_rule_does_not_read_a_table_of_its_name_in_another_database(city: City) -> None:
    """Whoever reads the rule's answer would learn of that table."""
    fields = "- {name: id, logicalType: integer}"
    city.collected("trade/shop", FIELDS)
    rule = '- {type: sql, name: s, query: "SELECT count(*) FROM raw.trade__shop", mustBe: 0}'
    city.model("base.trade__shop", "SELECT id FROM raw.trade__shop", fields, quality=rule)
    assert [p.code for p in city.problems()] == ["rule_expression"]


@pytest.mark.parametrize(
    ("field", "good"),
    [
        ("{name: x, logicalType: integer, logicalTypeOptions: {minimum: 0}}", True),
        ("{name: x, logicalType: integer, logicalTypeOptions: {minimum: abc}}", False),
        ("{name: x, logicalType: date, logicalTypeOptions: {minimum: '1990-01-01'}}", True),
        ("{name: x, logicalType: date, logicalTypeOptions: {minimum: '1990-13-01'}}", False),
        ("{name: x, logicalType: string, logicalTypeOptions: {pattern: '[a-z]+'}}", True),
        ("{name: x, logicalType: string, logicalTypeOptions: {pattern: '(?=a)b'}}", False),
    ],
)
def test_bounds_and_patterns_bind(field: str, good: bool, city: City) -> None:
    city.collected("trade/shop", f"- {field}")
    assert city.codes() == ([] if good else ["rule_expression"])


def test_the_values_of_an_enumeration_have_the_field_s_type(city: City) -> None:
    rule = "{type: library, metric: invalidValues, arguments: {validValues: [a]}, mustBe: 0}"
    city.collected("trade/shop", f"- {{name: x, logicalType: integer, quality: [{rule}]}}")
    assert city.codes() == ["rule_expression"]


@pytest.mark.parametrize(
    ("when", "good"),
    [
        ("name = 'NAME'", True),
        ("id LIKE 'total%'", True),
        ("id > name", True),
        ("nam = 'x'", False),
        ("_source_line = 1", False),
        ("name IN (SELECT 1)", False),
        ("name =", False),
    ],
)
def test_a_filter_sees_the_published_text(when: str, good: bool, city: City) -> None:
    city.collected(
        "trade/shop",
        FIELDS,
        custom=f'- {{property: filters, value: [{{name: f, when: "{when}"}}]}}',
    )
    assert city.codes() == ([] if good else ["rule_expression"])


@pytest.mark.parametrize(
    "field",
    [
        "{name: x, logicalType: string, customProperties: [{property: read, value: {extract: '(?=a)(b)'}}]}",
        "{name: x, logicalType: date, customProperties: [{property: read, value: {dates: ['%Q']}}]}",
    ],
)
def test_a_reading_that_the_engine_cannot_do(field: str, city: City) -> None:
    city.collected("trade/shop", f"- {field}")
    assert city.codes() != []
