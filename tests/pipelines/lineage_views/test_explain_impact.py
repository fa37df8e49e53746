"""`citybrain explain` and `citybrain impact`: why a level, and what another one would do."""

from __future__ import annotations

import json
from datetime import date

import pytest

from pipelines.errors import PipelineError
from pipelines.lineage_views import (
    explain,
    explain_json,
    explain_text,
    impact,
    impact_json,
    impact_text,
)
from pipelines.plan import Plan
from tests.support.city import City

DISTRICT = """\
open.firm.district  L1
Why L1: it comes from L3, and masks lower it.

From raw.trade__firm.address (L3), seen through masks as L1
  raw.trade__firm.address  L3  source                   contracts/trade/firm.yaml:19
  base.firm.address        L3  identity                 models/base/firm.sql:1
  open.firm.district       L1  masking mask_address(x)  models/open/firm.sql:2

Depends on, without carrying it:
  field                 level  told
  raw.trade__firm.debt  L3     L3    filter -> base.firm.address
  base.firm.*           L1     L1    rows read -> open.firm.district
  raw.trade__firm.*     L1     L1    rows read -> base.firm.address

Releases that it reaches:
  open.firm (open, up to L1): carries it
    justified up to L3: raw.trade__firm.debt; trade bureau, until 2099-12-31: insolvent firms are \
published anyway
"""


def test_explain_a_masked_column(plan: Plan) -> None:
    assert explain_text(plan, explain(plan, "open.firm.district")) == DISTRICT


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("raw.trade__firm.address", "declared"),
        ("raw.trade__firm.note", "closed"),
        ("raw.trade__firm._source_file", "meta"),
        ("raw.trade__firm.*", "rows"),
        ("base.firm.name", "inferred"),
        ("base.firm.town", "raised"),
        ("open.firm.district", "lowered"),
        ("open.firm.source", "constant"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_why(plan: Plan, name: str, why: str, lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_LANG", lang)
    found = explain(plan, name)
    assert found.why == why
    assert found.known.level in explain_text(plan, found).splitlines()[1]


def test_explain_shows_the_way_around_a_mask(city: City) -> None:
    city.collected("trade/shop", "- {name: address, logicalType: string, classification: L3}")
    city.model(
        "base.shop",
        "SELECT concat(mask_address(address),\n address) AS both FROM raw.trade__shop",
        "- {name: both, logicalType: string}",
    )
    plan = city.plan()
    (origin,) = explain(plan, "base.shop.both").carried
    assert (origin.level, origin.told) == ("L3", "L3")
    assert [hop.masks for hop in origin.hops] == [(), ()]


def test_explain_keeps_carrying_apart_from_depending(city: City) -> None:
    """A column that is carried over two models, and filters the second directly."""
    city.collected("trade/shop", "- {name: name, logicalType: string, classification: L2}")
    field = "- {name: name, logicalType: string}"
    city.model("base.shop", "SELECT name FROM raw.trade__shop", field)
    city.model(
        "thematic.shop",
        "SELECT name FROM base.shop\nWHERE EXISTS (SELECT 1 FROM raw.trade__shop AS r WHERE r.name > 'a')",
        field,
    )
    plan = city.plan()
    found = explain(plan, "thematic.shop.name")
    (carried,) = found.carried
    assert [hop.how for hop in carried.hops] == ["source", "identity", "identity"]
    (depends,) = [o for o in found.depends if o.column == ("raw.trade__shop", "name")]
    assert len(depends.hops) == 2
    assert depends.hops[-1].how not in ("identity", "transformation")


def test_explain_as_json(plan: Plan) -> None:
    found = json.loads(json.dumps(explain_json(plan, explain(plan, "open.firm.district"))))
    assert (found["level"], found["why"]) == ("L1", "lowered")
    way = found["carried"][0]["way"]
    assert [hop["column"] for hop in way] == [
        "raw.trade__firm.address",
        "base.firm.address",
        "open.firm.district",
    ]
    assert way[-1]["masks"] == ["mask_address(x)"]
    justification = found["releases"][0]["justifications"][0]
    assert justification["from"] == ["raw.trade__firm.debt"]
    assert justification["until"] == "2099-12-31"


def test_every_column_of_a_real_city_is_explained(tainan: Plan) -> None:
    for table in ("fusion.village_profile", "base.site", "raw.hotline__tickets"):
        for item in tainan.workspace.contracts[table].fields:
            found = explain(tainan, f"{table}.{item.name}")
            assert all(origin.hops for origin in (*found.carried, *found.depends))
            assert explain_text(tainan, found)


def test_explain_needs_a_field(plan: Plan) -> None:
    with pytest.raises(PipelineError) as caught:
        explain(plan, "base.firm")
    assert caught.value.code == "lineage_needs_field"
    assert "address" in caught.value.text("zh")


# -- impact -----------------------------------------------------------------------------------------


def test_impact_of_a_higher_level(plan: Plan) -> None:
    found = impact(plan, "raw.trade__firm.id")
    assert found.supposed == "L2"
    assert [(".".join(c.column), c.old, c.new) for c in found.changes] == [
        ("raw.trade__firm.id", "L1", "L2"),
        ("base.firm.id", "L1", "L2"),
        ("open.firm.id", "L1", "L2"),
    ]
    assert [p.code for p in found.problems] == ["release_ceiling"]
    assert found.carried == (("base.firm", "id"), ("open.firm", "id"))
    assert found.releases == (("open.firm", "open", "L1", True),)
    assert "release_ceiling" in impact_text(plan, found)


def test_a_mask_holds_against_a_higher_level(plan: Plan) -> None:
    found = impact(plan, "raw.trade__firm.address", "L4")
    assert [".".join(c.column) for c in found.changes] == [
        "raw.trade__firm.address",
        "base.firm.address",
    ]
    assert found.problems == ()
    assert "still compile" in impact_text(plan, found)


def test_impact_of_what_is_only_depended_on(plan: Plan) -> None:
    found = impact(plan, "raw.trade__firm.debt")
    assert found.carried == ()
    assert ("open.firm", "source") in found.depends
    assert found.releases == (("open.firm", "open", "L1", False),)
    assert "all 3 columns" in impact_text(plan, found)


def test_what_is_wrong_already_is_no_impact(plan: Plan) -> None:
    """On a day after the justification ended, its end is not the doing of the new level."""
    found = impact(plan, "raw.trade__firm.id", "L2", today=date(2100, 1, 1))
    assert [p.code for p in found.problems] == ["release_ceiling"]


def test_the_impact_is_what_the_compiler_says(firms: City) -> None:
    foretold = impact(firms.plan(), "raw.trade__firm.id", "L4")
    contract = firms.root / "contracts" / "trade" / "firm.yaml"
    text = contract.read_text("utf-8")
    changed = text.replace("integer, classification: L1", "integer, classification: L4")
    assert changed != text
    contract.write_text(changed, "utf-8")
    assert [p.code for p in foretold.problems] == firms.codes()


@pytest.mark.parametrize("name", ["raw.trade__firm.*", "raw.trade__firm._load_id"])
def test_no_contract_declares_it(plan: Plan, name: str) -> None:
    found = impact(plan, name)
    assert found.supposed is None
    assert not found.problems and not found.changes
    assert "no other level" in impact_text(plan, found)


def test_the_highest_level_stays(plan: Plan) -> None:
    found = impact(plan, "raw.trade__firm.note")
    assert (found.supposed, found.changes) == ("L4", ())
    assert "It is L4 already" in impact_text(plan, found)


def test_impact_as_json(tainan: Plan) -> None:
    found = impact(tainan, "raw.hotline__tickets.requested_at", "L4")
    document = json.loads(json.dumps(impact_json(found)))
    assert document["supposed"] == "L4"
    assert len(document["changes"]) == len(found.changes) > 1
    assert document["carried"] == [".".join(c) for c in found.carried]
