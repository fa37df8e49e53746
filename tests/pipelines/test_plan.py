"""A workspace compiles to steps in order, or to all of its faults."""

from __future__ import annotations

import pytest

from pipelines.errors import PipelineError
from pipelines.run import select_steps
from tests.support.city import ALL_TABLES, City

ID = "- {name: id, logicalType: integer}"
SELECT = "SELECT id FROM {}"


def test_steps_come_after_what_they_wait_for(small: City) -> None:
    steps = small.plan().steps
    assert set(steps) == set(ALL_TABLES)
    order = list(steps)
    for name, step in steps.items():
        assert all(order.index(other) < order.index(name) for other in step.waits_for)


def test_a_step_says_what_it_reads(small: City) -> None:
    step = small.plan().steps["fusion.district_profile"]
    assert step.kind == "build"
    assert sorted(step.inputs) == ["raw.civil__district", "thematic.shops_per_district"]
    assert step.parents == ()


def test_a_foreign_key_is_something_to_wait_for(city: City) -> None:
    rule = "{rule: foreign_key, fields: [id], references: base.place, to: [id]}"
    city.collected(
        "trade/shop", ID, quality=f"- {{type: custom, engine: citybrain, implementation: {rule}}}"
    )
    city.collected("civil/place", ID)
    city.model("base.place", SELECT.format("raw.civil__place"), ID)
    steps = city.plan().steps
    assert steps["raw.trade__shop"].waits_for == ("base.place",)
    assert list(steps).index("base.place") < list(steps).index("raw.trade__shop")


def test_an_unknown_table_gets_the_nearest_name_as_a_hint(city: City) -> None:
    city.collected("trade/shop", ID)
    city.model("base.shop", "SELECT id\nFROM raw.trade__shpo", ID)
    (problem,) = [p for p in city.problems() if p.code == "unknown_table"]
    assert problem.fields == {"name": "raw.trade__shpo", "hint": "raw.trade__shop"}
    assert problem.where is not None
    assert (problem.where.path.name, problem.where.line) == ("shop.sql", 2)


def test_an_unknown_table_is_one_fault(city: City) -> None:
    city.model("base.shop", "SELECT id\nFROM raw.trade__shpo", ID)
    assert city.codes() == ["unknown_table"]


def test_a_table_name_in_another_case_is_unknown(city: City) -> None:
    city.collected("trade/shop", ID)
    city.model("base.shop", 'SELECT id FROM raw."Trade__Shop"', ID)
    assert city.codes() == ["unknown_table"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("references: base.plaice, to: [id]", "unknown_table"),
        ("references: base.place, to: [idd]", "unknown_field"),
        ("references: base.place, to: [id, id]", "rule_foreign_key"),
        ("to: [id]", "rule_foreign_key"),
    ],
)
def test_a_foreign_key_to_nowhere(body: str, code: str, city: City) -> None:
    rule = f"{{rule: foreign_key, fields: [id], {body}}}"
    city.collected(
        "trade/shop", ID, quality=f"- {{type: custom, engine: citybrain, implementation: {rule}}}"
    )
    city.model("base.place", "SELECT CAST(1 AS BIGINT) AS id", ID)
    (problem,) = city.problems()
    assert problem.code == code
    assert problem.where is not None
    assert problem.where.path.name == "shop.yaml"


def test_a_foreign_key_between_different_types(city: City) -> None:
    rule = "{rule: foreign_key, fields: [id], references: base.place, to: [code]}"
    city.collected(
        "trade/shop", ID, quality=f"- {{type: custom, engine: citybrain, implementation: {rule}}}"
    )
    city.model(
        "base.place", "SELECT DATE '2020-01-01' AS code", "- {name: code, logicalType: date}"
    )
    assert city.codes() != []


def test_a_cycle_names_its_members(city: City) -> None:
    city.model("base.a", SELECT.format("base.c"), ID)
    city.model("base.b", SELECT.format("base.a"), ID)
    city.model("base.c", SELECT.format("base.b"), ID)
    (problem,) = city.problems()
    assert problem.code == "cycle"
    chain = problem.fields["chain"].split(" -> ")
    assert chain[0] == chain[-1]
    assert set(chain) == {"base.a", "base.b", "base.c"}


def test_a_model_that_reads_itself_is_a_cycle(city: City) -> None:
    city.model("base.a", SELECT.format("base.a"), ID)
    assert city.codes() == ["cycle"]


def test_a_foreign_key_can_close_a_cycle(city: City) -> None:
    rule = "{rule: foreign_key, fields: [id], references: base.shop, to: [id]}"
    city.collected(
        "trade/shop", ID, quality=f"- {{type: custom, engine: citybrain, implementation: {rule}}}"
    )
    city.model("base.shop", SELECT.format("raw.trade__shop"), ID)
    assert city.codes() == ["cycle"]


def test_an_optional_input_that_is_not_read(city: City) -> None:
    city.collected("trade/shop", ID)
    city.collected("trade/fair", ID)
    custom = "- {property: optional_inputs, value: [raw.trade__fair]}"
    city.model("base.shop", SELECT.format("raw.trade__shop"), ID, custom=custom)
    (problem,) = city.problems()
    assert (problem.code, problem.fields["name"]) == ("optional_unused", "raw.trade__fair")


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{type: library, metric: rowCount}", "rule_operator"),
        ("{type: library, metric: rowCount, mustBe: 0, mustBeLessThan: 5}", "rule_operator"),
        ("{type: library, metric: freshness, mustBe: 0}", "rule_metric"),
        ("{type: library, metric: nullValues, mustBe: 0}", "rule_needs_field"),
        ("{type: library, metric: rowCount, mustBe: 0, severity: fatal}", "rule_severity"),
        ("{type: library, metric: rowCount, mustBe: 0, dimension: beauty}", "rule_dimension"),
        ("{type: sql, query: SELECT 1, mustBe: 0}", "rule_sql"),
        ("{type: custom, engine: soda, implementation: {}}", "rule_engine"),
        ("{type: custom, engine: citybrain, implementation: {rule: magic}}", "rule_custom_kind"),
        (
            "{type: custom, engine: citybrain, implementation: {rule: row, holds: id > 0}}",
            "rule_row",
        ),
        ("{type: custom, engine: citybrain, implementation: {rule: row, hold: x}}", "unknown_key"),
        ("{type: custom, engine: citybrain, implementation: {rule: freshness}}", "rule_freshness"),
        ("{type: custom, engine: citybrain, implementation: {rule: volume_change}}", "rule_volume"),
        (
            "{type: custom, engine: citybrain, implementation: {rule: checksum, kind: x}}",
            "rule_checksum",
        ),
        (
            "{type: library, metric: duplicateValues, arguments: {properties: [x]}, mustBe: 0}",
            "rule_unknown_field",
        ),
    ],
)
def test_a_rule_with_a_fault(rule: str, code: str, city: City) -> None:
    path = city.collected("trade/shop", ID, quality=f"- {rule}")
    (problem,) = city.problems()
    lines = path.read_text().splitlines()
    assert problem.code == code
    assert problem.where is not None
    assert lines[problem.where.line - 1].strip() == f"- {rule}"


def test_a_rule_given_twice(city: City) -> None:
    rule = "- {type: library, metric: rowCount, mustBeGreaterThan: 0}\n"
    city.collected("trade/shop", ID, quality=rule * 2)
    assert city.codes() == ["rule_repeated"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ((), set(ALL_TABLES)),
        (("base.*",), {"base.shop"}),
        (("raw.*",), {"raw.trade__shop", "raw.civil__district"}),
        (("raw.trade__*", "base.shop"), {"raw.trade__shop", "base.shop"}),
        (("+base.shop",), {"base.shop", "raw.trade__shop"}),
        (
            ("base.shop+",),
            {"base.shop", "thematic.shops_per_district", "fusion.district_profile"},
        ),
        (("+base.shop+",), set(ALL_TABLES) - {"raw.civil__district"}),
        (("+fusion.*",), set(ALL_TABLES)),
        (("*district*",), set(ALL_TABLES) - {"raw.trade__shop", "base.shop"}),
    ],
)
def test_selection(patterns: tuple[str, ...], expected: set[str], small: City) -> None:
    assert select_steps(small.plan(), patterns) == expected


@pytest.mark.parametrize("pattern", ["gold.*", "shop", "", "+", "BASE.SHOP", "base.shop "])
def test_a_pattern_that_names_nothing(pattern: str, small: City) -> None:
    with pytest.raises(PipelineError) as caught:
        select_steps(small.plan(), ["raw.*", pattern])
    assert (caught.value.code, caught.value.fields["pattern"]) == ("nothing_selected", pattern)


def test_compiling_touches_neither_data_nor_state(small: City) -> None:
    before = sorted(small.root.rglob("*"))
    small.plan()
    assert sorted(small.root.rglob("*")) == before
    assert not small.root.parent.joinpath("home").exists()


def test_what_follows_the_select_is_refused_and_not_done(city: City) -> None:
    city.collected("trade/shop", ID)
    city.model("base.a", "SELECT id FROM raw.trade__shop; DROP TABLE raw.trade__shop", ID)
    city.model("base.b", "SELECT id FROM raw.trade__shop", ID)
    assert city.codes() == ["sql_one_select"]
