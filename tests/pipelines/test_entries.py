"""Catalogue entries follow from contracts, lineage and what was recorded; nothing in them is invented."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.database import CatalogStore
from catalog.database.openings import GivenData, Opening
from catalog.resources.entry import Entry, cycle_of
from pipelines.entries import catalogue_of, entries_of, live
from pipelines.errors import PipelineError
from pipelines.plan import compile_workspace
from pipelines.present_entries import entry_json, print_entry
from pipelines.workspace import load_workspace
from tests.support.city import NAME, City

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "catalogue"
ID = "- {name: id, logicalType: integer}"
CLAIM = (
    "- {{name: {}, logicalType: string, customProperties: [{{property: source_of, value: {}}}]}}"
)


def lines(entry: Entry) -> list[str]:
    """An entry as a golden file has it: one line for it, one a field."""
    document = entry.document()
    fields = document.pop("fields")
    return [json.dumps(item, ensure_ascii=False) for item in (document, *fields)]


@pytest.mark.parametrize("name", ["chicago", "tainan"])
def test_entries_of_the_example_cities(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    plan = compile_workspace(load_workspace(ROOT / "workspaces" / name))
    with CatalogStore.open(f"sqlite:///{tmp_path / 'c.db'}") as store:
        store.sync_resources(name, [step.contract for step in plan.steps.values()])
        entries = entries_of(plan, store.resource_facts(name))
    text = "\n".join(line for entry in entries for line in lines(entry)) + "\n"
    golden = GOLDEN / f"{name}.jsonl"
    if request.config.getoption("--update-golden"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")
    assert all(Entry.of(json.loads(json.dumps(e.document()))) == e for e in entries)


def test_what_a_run_recorded_is_told(small: City) -> None:
    before = catalogue_of(small.plan())
    assert {e.missing.get("published") for e in before.entries} == {"not_published"}
    assert before.live == {}
    small.run()
    found = catalogue_of(small.plan())
    for entry in found.entries:
        now = found.live[entry.key]
        assert entry.published == datetime.now(UTC).date()
        assert (now.trend[-1][1] if now.trend else None) == now.score
        assert now.age_days is not None and 0 <= now.age_days < 1
    assert any(now.trend for now in found.live.values())


def test_an_unknown_resource_gets_the_nearest_name(small: City) -> None:
    found = catalogue_of(small.plan())
    name = found.entries[0].key
    with pytest.raises(PipelineError) as caught:
        found.entry(name[:-1])
    assert (caught.value.code, caught.value.fields["hint"]) == ("unknown_table", name)


def test_a_code_keeps_its_number_when_resources_come_and_go(city: City) -> None:
    city.settings('[catalogue.subjects]\n"raw.trade" = "01002"\n')
    city.collected("trade/shop", ID)
    city.source("shop.csv", "id\n1\n")
    city.run()
    city.collected("trade/market", ID)
    city.source("market.csv", "id\n1\n")
    codes = {e.key: (e.code, e.missing.get("code")) for e in catalogue_of(city.plan()).entries}
    assert codes["raw.trade__shop"] == ("301002/1", None)
    assert codes["raw.trade__market"] == (None, "not_registered")
    city.run()
    (city.root / "contracts/trade/shop.yaml").unlink()
    city.run()
    codes = {e.key: (e.code, None) for e in catalogue_of(city.plan()).entries}
    assert codes == {"raw.trade__market": ("301002/2", None)}


def test_what_is_declared_counts(city: City) -> None:
    said = '{category: "201001/7", share_type: 2, share_condition: "for tax, audit", open: false, published: 2020-02-03}'
    city.collected("trade/shop", ID, custom=f"- {{property: catalogue, value: {said}}}")
    (entry,) = catalogue_of(city.plan()).entries
    assert (entry.kind, entry.code, entry.share_type) == (2, "201001/7", 2)
    assert (entry.open_type, str(entry.published)) == ("closed", "2020-02-03")
    assert entry.share_condition == "for tax, audit"
    assert [(f.share_type, f.open_type) for f in entry.fields] == [(2, "closed")]


def test_a_field_of_a_model_names_the_collected_fields_behind_it(city: City) -> None:
    city.collected("trade/shop", f"{ID}\n- {{name: owner, logicalType: string}}")
    city.model(
        "base.shop",
        "SELECT id AS number, owner FROM raw.trade__shop WHERE id > 1",
        "- {name: number, logicalType: integer}\n- {name: owner, logicalType: string}",
    )
    city.model(
        "thematic.shop",
        "SELECT number || owner AS both FROM base.shop",
        "- {name: both, logicalType: string}",
    )
    entry = catalogue_of(city.plan()).entry("thematic.shop")
    assert entry.fields[0].sources == ("raw.trade__shop.id", "raw.trade__shop.owner")


@pytest.mark.parametrize(
    ("frequency", "cycle"),
    [((1, "d"), "daily"), ((3, "m"), "quarterly"), ((12, "months"), "yearly"), ((5, "d"), None),
     ((0.5, "d"), None), (None, None)],
)  # fmt: skip
def test_cycles(frequency: tuple[float, str] | None, cycle: str | None) -> None:
    assert cycle_of(frequency) == cycle


def test_two_sources_of_one_element_are_a_fault_with_both_places(city: City) -> None:
    city.collected("trade/shop", CLAIM.format("owner", "Registered name"))
    city.collected("civil/firm", f"{ID}\n" + CLAIM.format("name", "registered name"))
    (problem,) = city.problems()
    assert problem.code == "element_two_sources" and problem.where is not None
    assert problem.where.path.name == "shop.yaml" and problem.where.line
    assert problem.fields["other"] == "raw.civil__firm.name"
    path, line = str(problem.fields["place"]).split(":")[:2]
    text = Path(path).read_text("utf-8").splitlines()[int(line) - 1]
    assert path.endswith("firm.yaml") and "name: name" in text


def test_one_source_and_its_copies_are_sound(city: City) -> None:
    city.collected("trade/shop", CLAIM.format("owner", "name"))
    city.model(
        "base.shop", "SELECT owner FROM raw.trade__shop", "- {name: owner, logicalType: string}"
    )
    assert city.problems() == []
    assert catalogue_of(city.plan()).entries[0].fields[0].source_of == "name"


def test_an_element_must_be_named(city: City) -> None:
    city.collected("trade/shop", CLAIM.format("owner", "7"))
    assert city.codes() == ["value_invalid"]


def test_use_is_told_with_its_channels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def call(action: str, subject: str, outcome: str = "ok", *views: str) -> Opening:
        given = GivenData(snapshots=dict.fromkeys(views, "1"))
        return Opening(datetime.now(UTC), "p", "u", "a", "x", action, subject, outcome, given=given)  # type: ignore[arg-type]

    business, inspection = "sandbox.business", "sandbox.inspection"
    with CatalogStore.open(f"sqlite:///{tmp_path / 'c.db'}") as store:
        workspace = load_workspace(ROOT / "workspaces" / "chicago")
        store.sync_resources("chicago", list(workspace.contracts.values()))
        store.openings.write(
            "chicago",
            call("query", "a", "ok", business), call("query", "a", "ok", business),
            call("query", "b", "ok", business, inspection),
            call("query", "a", "budget_spent"), call("quote", "a"),
            call("record", "sandbox.business 17"), call("record", "sandbox.business 18"),
            call("record", "sandbox.businessx 17"),
        )  # fmt: skip
        found = live(store, workspace)
    assert {name: one.calls for name, one in found.items() if one.calls} == {
        business: 5,
        inspection: 1,
    }
    entry = Entry(key=business, city="x", name="x", fields=())
    print_entry(entry, found[business])
    assert "5 (Sandbox questions 3, Authorised records 2)" in capsys.readouterr().out
    told = entry_json(entry, found[business])["live"]
    assert told["calls"] == 5 and told["usage"]["channels"]["records"]["calls"] == 2
    assert told["usage"]["partners"] == 1


def test_a_missing_item_is_said_to_be_missing(
    city: City, capsys: pytest.CaptureFixture[str]
) -> None:
    city.collected("trade/shop", ID)
    (entry,) = catalogue_of(city.plan()).entries
    print_entry(entry, None)
    assert "sharing: missing: not declared" in capsys.readouterr().out


def test_facts_are_of_this_workspace_alone(city: City) -> None:
    city.collected("trade/shop", ID)
    city.source("shop.csv", "id\n1\n")
    city.run()
    with CatalogStore.open(city.home.database_url) as store:
        assert store.resource_facts("elsewhere") == {}
        assert set(store.resource_facts(NAME)) == {"raw.trade__shop"}


def test_a_claim_decides_nothing_about_the_rows(city: City) -> None:
    city.collected("trade/shop", "- {name: owner, logicalType: string}")
    city.source("shop.csv", "owner\nLee\n")
    city.run()
    city.collected("trade/shop", CLAIM.format("owner", "name"))
    assert city.outcome("raw.trade__shop").status == "unchanged"
