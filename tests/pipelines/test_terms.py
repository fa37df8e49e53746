"""Terms of sharing: per field, held against levels, and deciding nothing about the rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.effects import effect_of
from catalog.errors import CityBrainError
from pipelines.entries import catalogue_of
from pipelines.plan import compile_workspace
from pipelines.workspace import load_workspace
from tests.support.city import City

ROOT = Path(__file__).parents[2]
TYPE_2 = '- {property: catalogue, value: {share_type: 2, share_condition: "for audits"}}'
TYPE_1 = "- {property: catalogue, value: {share_type: 1}}"


def field(name: str, sharing: str = "", level: str = "L1") -> str:
    custom = f", customProperties: [{{property: sharing, value: {sharing}}}]" if sharing else ""
    return f"- {{name: {name}, logicalType: string, classification: {level}{custom}}}"


def fault(city: City) -> CityBrainError:
    (problem,) = city.problems()
    assert problem.where is not None and problem.where.path.name == "shop.yaml"
    return problem


def line_of(problem: CityBrainError) -> str:
    assert problem.where is not None and problem.where.line
    return problem.where.path.read_text("utf-8").splitlines()[problem.where.line - 1]


def test_a_field_has_its_own_terms_or_those_of_its_resource(city: City) -> None:
    fields = "\n".join(
        (
            field("a"),
            field("b", "{type: 1, open: unconditional}"),
            field("c", '{type: 3, condition: "a law"}'),
            field("d", "{type: 2}"),
        )
    )
    city.collected("trade/shop", fields, custom=TYPE_2)
    (entry,) = catalogue_of(city.plan()).entries
    assert [(f.share_type, f.share_condition, f.open_type) for f in entry.fields] == [
        (2, "for audits", None),
        (1, None, "unconditional"),
        (3, "a law", None),
        (2, "for audits", None),
    ]


@pytest.mark.parametrize("kind", [2, 3])
def test_a_resource_needs_a_condition_or_a_basis(city: City, kind: int) -> None:
    custom = f"- {{property: catalogue, value: {{share_type: {kind}}}}}"
    city.collected("trade/shop", field("a"), custom=custom)
    problem = fault(city)
    assert (problem.code, problem.fields["type"]) == ("share_condition_missing", kind)
    assert "share_type" in line_of(problem)


@pytest.mark.parametrize(("resource", "kind"), [(TYPE_1, 2), (TYPE_1, 3), (TYPE_2, 3), ("", 2)])
def test_a_field_needs_a_condition_that_its_resource_does_not_give(
    city: City, resource: str, kind: int
) -> None:
    fields = f"{field('a')}\n{field('b', f'{{type: {kind}}}')}"
    city.collected("trade/shop", fields, custom=resource)
    problem = fault(city)
    assert problem.code == "share_condition_missing"
    assert problem.fields["what"] == "raw.trade__shop.b" and "name: b" in line_of(problem)


@pytest.mark.parametrize("own", ["", "{type: 1}"])
def test_what_is_closed_is_never_shared_unconditionally(city: City, own: str) -> None:
    city.collected("trade/shop", field("a", own, "L4"), custom=TYPE_1)
    problem = fault(city)
    assert problem.code == "shared_above_level" and "name: a" in line_of(problem)
    city.collected("trade/shop", field("a", '{type: 2, condition: "x"}', "L4"), custom=TYPE_1)
    assert city.problems() == []


def test_an_inferred_level_counts_as_a_declared_one(city: City) -> None:
    city.collected("trade/shop", field("a", level="L4"))
    city.model("base.shop", "SELECT a FROM raw.trade__shop", "- {name: a, logicalType: string}")
    path = city.root / "models/base/shop.yaml"
    said = path.read_text("utf-8")
    custom = "" if "customProperties:" in said else "customProperties:\n"
    path.write_text(f"{said.rstrip()}\n{custom}  {TYPE_1}\n", "utf-8")
    assert city.codes() == ["shared_above_level"]


def test_related_names_are_codes_or_tables(city: City) -> None:
    city.settings('[catalogue.subjects]\n"raw" = "01002"\n')
    related = '["101001/3", raw.trade__market, raw.trade__gone]'
    custom = f"- {{property: catalogue, value: {{related: {related}}}}}"
    city.collected("trade/market", field("a"))
    city.collected("trade/shop", field("a"), custom=custom)
    problem = fault(city)
    assert (problem.code, problem.fields["name"]) == ("related_unknown", "raw.trade__gone")
    city.collected("trade/shop", field("a"), custom=custom.replace(", raw.trade__gone", ""))
    assert catalogue_of(city.plan()).entry("raw.trade__shop").related == (
        "101001/3",
        "raw.trade__market",
    )


@pytest.mark.parametrize("value", ["{type: 4}", "{kind: 1}", "{open: maybe}", "7"])
def test_other_values_are_faults(city: City, value: str) -> None:
    city.collected("trade/shop", field("a", value))
    assert set(city.codes()) <= {"value_invalid", "unknown_key"} and city.codes()


def test_terms_decide_nothing_about_the_rows(city: City) -> None:
    city.collected("trade/shop", field("a"))
    city.source("shop.csv", "a\nLee\n")
    city.run()
    before = effect_of(city.load().contracts["raw.trade__shop"]).text
    city.collected("trade/shop", field("a", '{type: 3, condition: "a law"}'), custom=TYPE_2)
    assert effect_of(city.load().contracts["raw.trade__shop"]).text == before
    assert city.outcome("raw.trade__shop").status == "unchanged"


@pytest.mark.parametrize("name", ["chicago", "tainan"])
def test_a_department_finds_all_three_types_in_one_resource(name: str) -> None:
    plan = compile_workspace(load_workspace(ROOT / "workspaces" / name))
    from pipelines.entries import entries_of

    mixed = [
        entry.key
        for entry in entries_of(plan, {})
        if {item.share_type for item in entry.fields} == {1, 2, 3}
    ]
    assert any(key.startswith("fusion.") for key in mixed)
