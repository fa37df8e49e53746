"""The quarantine: list, show, and replay after a contract was mended."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.errors import PipelineError
from pipelines.lake import Lake
from pipelines.maintain import replay_quarantine
from pipelines.present_rows import print_quarantined
from pipelines.quarantine import summaries
from tests.support.city import City, csv

pytestmark = pytest.mark.slow
SHOP = "raw.trade__shop"
GATE = "- {property: gate, value: {max_quarantined_percent: 100}}"


def shops(city: City, kinds: str = "tea, ink", extra: str = "") -> City:
    among = f"{{type: library, metric: invalidValues, arguments: {{validValues: [{kinds}]}}, mustBe: 0}}"
    fields = f"""
    - {{name: id, logicalType: integer, primaryKey: true}}
    - {{name: kind, logicalType: string, classification: L2, quality: [{among}]}}
    - {{name: owner, logicalType: string, classification: L3, logicalTypeOptions: {{maxLength: 6}}}}
    {extra}
    """
    city.collected("trade/shop", fields, custom=GATE)
    return city


@pytest.fixture
def rejected(city: City) -> City:
    """A run that quarantined rows for several reasons."""
    shops(city)
    rows = [
        "1,tea,Ann",
        "2,rice,Bob",
        "3,soup,Cyd",
        "1,ink,Dan",
        "x,rice,Eve",
        "5,tea,Longname",
        "6,tea",
        "7,ink,Gus",
    ]
    city.source("shop.csv", csv("id,kind,owner", *rows))
    city.run()
    return city


def test_list_counts_rows_per_reason(rejected: City) -> None:
    (found,) = summaries(rejected.load())
    assert (found.resource, found.rows) == (SHOP, 6)
    assert found.reasons == {
        "enumeration:kind": 3,
        "length:owner": 1,
        "malformed": 1,
        "unique:id": 1,
        "unreadable:id": 1,
    }


def test_show_is_in_published_order_and_bounded(rejected: City) -> None:
    rows = rejected.rejected(SHOP)
    assert [row.source_line for row in rows] == [3, 4, 5, 6, 7, 8]
    assert [row.source_line for row in rejected.rejected(SHOP, "enumeration:kind")] == [3, 4, 6]
    assert rejected.rejected(SHOP, "no such reason") == []


def test_a_line_that_could_not_be_split_is_kept_whole(rejected: City) -> None:
    (row,) = rejected.rejected(SHOP, "malformed")
    assert row.original == {"_raw": "6,tea"}


def test_a_reason_cannot_be_sql(rejected: City) -> None:
    assert rejected.rejected(SHOP, "' OR 1=1 --") == []


@pytest.mark.parametrize(
    "name", ["raw.trade__shpo", "", "quarantine.raw__trade__shop", "raw.x; --"]
)
def test_an_unknown_resource(name: str, rejected: City) -> None:
    with pytest.raises(PipelineError) as caught:
        rejected.rejected(name)
    assert caught.value.code == "unknown_table"


def test_personal_values_are_not_printed(
    rejected: City, capsys: pytest.CaptureFixture[str]
) -> None:
    print_quarantined(rejected.load().contracts[SHOP], rejected.rejected(SHOP))
    shown = capsys.readouterr().out
    assert "shop.csv:7" in shown
    assert "rice" in shown
    for value in ("Longname", "Bob", "Cyd", "Eve"):
        assert value not in shown
    assert "L3" in shown


def test_a_whole_malformed_line_is_not_printed_either(
    rejected: City, capsys: pytest.CaptureFixture[str]
) -> None:
    rejected.source("shop.csv", csv("id,kind,owner", "1,tea,Secret,too many"))
    rejected.run()
    print_quarantined(rejected.load().contracts[SHOP], rejected.rejected(SHOP))
    shown = capsys.readouterr().out
    assert "malformed" in shown
    assert "Secret" not in shown


def test_a_widened_enumeration_lets_rows_through(rejected: City) -> None:
    shops(rejected, "tea, ink, rice")
    outcome = replay_quarantine(rejected.root, SHOP)
    assert outcome.status == "published"
    assert rejected.rows(SHOP) == [(1, "tea", "Ann"), (2, "rice", "Bob"), (7, "ink", "Gus")]
    assert rejected.reasons(SHOP) == [
        (4, ("enumeration:kind",)),
        (5, ("unique:id",)),
        (6, ("unreadable:id",)),
        (7, ("length:owner",)),
        (8, ("malformed",)),
    ]


def test_the_account_after_a_replay_adds_up(rejected: City) -> None:
    shops(rejected, "tea, ink, rice")
    replay_quarantine(rejected.root, SHOP)
    status = rejected.status()[SHOP]
    assert (status.received, status.published, status.quarantined) == (8, 3, 5)
    assert status.reconciles is True


def test_a_replayed_row_must_not_take_a_published_key(rejected: City) -> None:
    shops(rejected, "tea, ink, rice, soup")
    path = rejected.root / "contracts/trade/shop.yaml"
    path.write_text(path.read_text().replace("maxLength: 6", "maxLength: 60"))
    replay_quarantine(rejected.root, SHOP)
    assert [row[0] for row in rejected.rows(SHOP)] == [1, 2, 3, 5, 7]
    assert rejected.reasons(SHOP)[0] == (5, ("unique:id",))


def test_a_replay_that_moves_nothing(rejected: City) -> None:
    before = rejected.current(SHOP)
    outcome = replay_quarantine(rejected.root, SHOP)
    assert outcome.status == "unchanged"
    assert rejected.current(SHOP) == before
    assert len(rejected.rejected(SHOP)) == 6


def test_replay_and_then_run_is_what_a_full_run_gives(rejected: City) -> None:
    shops(rejected, "tea, ink, rice")
    replay_quarantine(rejected.root, SHOP)
    replayed = rejected.rows(SHOP), rejected.reasons(SHOP)
    rejected.run()
    assert (rejected.rows(SHOP), rejected.reasons(SHOP)) == replayed
    rejected.run(full=True)
    assert (rejected.rows(SHOP), rejected.reasons(SHOP)) == replayed


def test_a_replay_twice_is_a_replay_once(rejected: City) -> None:
    shops(rejected, "tea, ink, rice")
    replay_quarantine(rejected.root, SHOP)
    once = rejected.rows(SHOP), rejected.reasons(SHOP)
    assert replay_quarantine(rejected.root, SHOP).status == "unchanged"
    assert (rejected.rows(SHOP), rejected.reasons(SHOP)) == once


@pytest.mark.parametrize("change", ["added", "retyped"])
def test_after_a_change_of_columns_the_resource_has_to_be_run(change: str, rejected: City) -> None:
    note = "- {name: note, logicalType: string, customProperties: [{property: read, value: {optional: true}}]}"
    shops(rejected, "tea, ink, rice", note if change == "added" else "")
    path = rejected.root / "contracts/trade/shop.yaml"
    if change == "retyped":
        text = path.read_text().replace("id, logicalType: integer", "id, logicalType: string")
        path.write_text(text.replace("version: 1.0.0", "version: 2.0.0"))
    before = rejected.rows(SHOP)
    with pytest.raises(PipelineError) as caught:
        replay_quarantine(rejected.root, SHOP)
    assert caught.value.code == "replay_columns"
    assert rejected.rows(SHOP) == before
    assert rejected.run().exit_code == 0


def test_filled_and_cleaned_values_survive_a_replay(city: City) -> None:
    read = "customProperties: [{property: read, value: {fill_down: true, clean: [trim, upper]}}]"
    field = f"{{name: area, logicalType: string, {read}}}"
    shops(city, "tea", f"- {field}")
    city.source("shop.csv", csv("id,kind,owner,area", "1,tea,Ann, n1 ", "2,ink,Bob,", "3,tea,Cyd,"))
    city.run()
    shops(city, "tea, ink", f"- {field}")
    replay_quarantine(city.root, SHOP)
    assert city.rows(SHOP, "id, area") == [(1, "N1"), (2, "N1"), (3, "N1")]


def test_a_model_is_not_replayed(small: City) -> None:
    with pytest.raises(PipelineError) as caught:
        replay_quarantine(small.root, "base.shop")
    assert caught.value.code == "replay_model"


def test_nothing_to_replay(small: City) -> None:
    small.run()
    with pytest.raises(PipelineError) as caught:
        replay_quarantine(small.root, SHOP)
    assert caught.value.code == "replay_nothing"


def test_a_clean_delivery_empties_the_quarantine(rejected: City) -> None:
    rejected.source("shop.csv", csv("id,kind,owner", "1,tea,Ann"))
    rejected.run()
    assert summaries(rejected.load()) == []


def test_a_replay_cut_off_between_its_two_commits_is_done_once(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table has no key, so nothing else would keep the returning rows from coming twice."""
    codes = "quality: [{{type: library, metric: invalidValues, arguments: {{validValues: [{}]}}, mustBe: 0}}]"
    field = "- {{name: kind, logicalType: string, " + codes + "}}"
    city.settings("[gate]\nmax_quarantined_percent = 80\n")
    city.source("shop.csv", csv("kind", "tea", "ink", "rice"))
    city.collected("trade/shop", field.format("tea"))
    city.run()
    city.collected("trade/shop", field.format("tea, ink"))
    whole = Lake.publish

    def cut_off(self: Lake, name: str, *rest: Any) -> Any:
        if name.startswith("quarantine."):
            raise KeyboardInterrupt
        return whole(self, name, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "publish", cut_off)
        with pytest.raises(KeyboardInterrupt):
            replay_quarantine(city.root, SHOP)
    assert city.rows(SHOP) == [("ink",), ("tea",)]
    assert len(city.rejected(SHOP)) == 2
    replay_quarantine(city.root, SHOP)
    assert city.rows(SHOP) == [("ink",), ("tea",)]
    assert [row.original for row in city.rejected(SHOP)] == [{"kind": "rice"}]
    assert city.status()[SHOP].reconciles
