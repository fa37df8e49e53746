"""Sample rows show nothing above the viewer's ceiling, and nobody; neighbours are those of the lineage."""

from __future__ import annotations

import pytest

from pipelines.neighbours import Relation, neighbourhood
from pipelines.samples import sample
from tests.support.city import City

KIND = "customProperties: [{property: kind, value: person_name}]"
FIELDS = f"""
- {{name: id, logicalType: integer, classification: L1}}
- {{name: amount, logicalType: integer, classification: L2}}
- {{name: phone, logicalType: string, classification: L3}}
- {{name: owner, logicalType: string, classification: L1, {KIND}}}
- {{name: note, logicalType: string}}
""".strip()
ROWS = "id,amount,phone,owner,note\n" + "\n".join(
    f"{n},1{n},0912{n},Synthetic{n},secret{n}" for n in range(1, 8)
)


def shop(city: City, custom: str = "") -> City:
    city.collected("trade/shop", FIELDS, custom=custom)
    city.source("shop.csv", ROWS + "\n")
    city.run()
    return city


@pytest.mark.parametrize(
    ("ceiling", "shown"), [("L1", ["id"]), ("L2", ["id", "amount"]), ("L3", ["id", "amount", "phone"])]
)  # fmt: skip
def test_values_above_the_ceiling_are_not_there(city: City, ceiling: str, shown: list[str]) -> None:
    found = sample(shop(city).plan(), "raw.trade__shop", ceiling, 3)
    assert found.columns == ("id", "amount", "phone", "owner", "note")
    assert [c for c in found.columns if c not in found.hidden] == shown
    assert found.hidden["owner"] == "personal" and found.hidden["note"] == "level"
    assert len(found.rows) == 3 and found.snapshot is not None
    for column, values in zip(found.columns, zip(*found.rows, strict=True), strict=True):
        assert all(value is not None for value in values) == (column in shown)


def test_a_personal_kind_is_shown_to_nobody(city: City) -> None:
    found = sample(shop(city).plan(), "raw.trade__shop", "L4")
    assert set(found.hidden) == {"owner"}
    assert "Synthetic" not in repr(found.rows)


def test_a_copy_of_a_personal_kind_is_as_personal(city: City) -> None:
    shop(city)
    city.model(
        "base.shop",
        "SELECT id, upper(owner) AS name FROM raw.trade__shop",
        "- {name: id, logicalType: integer}\n- {name: name, logicalType: string}",
    )
    city.run()
    assert sample(city.plan(), "base.shop", "L4").hidden == {"name": "personal"}


def test_no_row_is_shown_where_that_one_is_there_is_too_much(city: City) -> None:
    plan = shop(city, "- {property: row_level, value: L2}").plan()
    found = sample(plan, "raw.trade__shop", "L1")
    assert found.withheld and found.rows == ()
    assert not sample(plan, "raw.trade__shop", "L2").withheld


def test_what_was_never_published_has_no_sample(city: City) -> None:
    city.collected("trade/shop", FIELDS)
    found = sample(city.plan(), "raw.trade__shop", "L4")
    assert (found.rows, found.snapshot, found.withheld) == ((), None, False)


def test_neighbours_and_how_many_fields_they_give(city: City) -> None:
    city.collected("trade/shop", FIELDS)
    city.model(
        "base.shop",
        "SELECT id, amount FROM raw.trade__shop WHERE note IS NULL",
        "- {name: id, logicalType: integer}\n- {name: amount, logicalType: integer}",
    )
    city.model("thematic.big", "SELECT id FROM base.shop", "- {name: id, logicalType: integer}")
    plan = city.plan()
    around = neighbourhood(plan, "base.shop")
    assert [(n.name, n.distance) for n in around.resources] == [
        ("raw.trade__shop", -1),
        ("base.shop", 0),
        ("thematic.big", 1),
    ]
    assert Relation("raw.trade__shop", "base.shop", 2) in around.relations
    assert Relation("base.shop", "thematic.big", 1) in around.relations
    near = neighbourhood(plan, "thematic.big")
    assert [n.name for n in near.resources] == ["base.shop", "thematic.big"]
    assert len(neighbourhood(plan, "thematic.big", 2).resources) == 3
