"""Tables that are kept in parts are what computing everything would give, whatever came in which order."""

from __future__ import annotations

import random
import signal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.city import City, csv
from tests.support.increments import SHOPS, Deliveries, build, rebuilt, seen
from tests.support.killing import Death, Killer
from tests.support.seeds import seeds

pytestmark = pytest.mark.slow

DEATHS = [
    Death("pipelines.stage:Stage.fill_collected", "after"),
    Death("pipelines.incremental.parts:write_parts", "after", 3),
    Death("pipelines.publish:judge", "after", 2),
    Death("pipelines.publish:_publish_quarantine", "after"),
    Death("pipelines.publish:_publish_quarantine", "after", 4),
    Death("pipelines.lake:Lake.publish", "before", 3),
    Death("pipelines.lake:Lake.publish", "after", 4),
    Death("pyiceberg.catalog.sql:SqlCatalog.commit_table", "after", 6),
    Death("catalog.database:CatalogStore.record_step", "before", 2),
]


@pytest.mark.parametrize("seed", seeds(1, 3))
def test_any_order_of_deliveries_gives_what_a_rebuild_gives(
    seed: int, city: City, killer: Killer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tables of a few rows in many files, as large tables are.
    monkeypatch.setattr("pipelines.incremental.parts.PART_ROWS", 8)
    monkeypatch.setattr("pipelines.incremental.parts.SMALL_ROWS", 3)
    monkeypatch.setattr("pipelines.incremental.parts.MOST_SMALL", 4)
    chance = random.Random(seed)
    came = Deliveries(build(city), chance)
    came.start()
    states: list[dict[str, tuple[Any, ...]]] = []
    for round_ in range(5):
        if round_:
            came.next()
        if chance.random() < 0.5:
            ended = killer.run(city.root, chance.choice(DEATHS))
            assert ended in (0, -signal.SIGKILL)
            _note(city, states)
        result = city.run()
        assert result.exit_code == 0, {
            n: str(o.error) for n, o in result.outcomes.items() if o.error
        }
        _note(city, states)
        assert seen(city) == rebuilt(city, tmp_path / f"rebuild{round_}"), (seed, round_)
    assert {outcome.status for outcome in city.run().outcomes.values()} == {"unchanged"}
    _tells(city, states)


def test_files_without_a_row_that_changes_stay(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.incremental.parts.PART_ROWS", 2)
    build(city)
    city.source("shop.csv", csv("shop,street", *(f"{shop},street" for shop in SHOPS)))
    prices = [f"{item},2024-01-01,{item}" for item in range(9)]
    city.source("price/1.csv", csv("item,since,price", *prices))
    for n in range(4):
        rows = [f"{10 * n + i},{shop},2024-0{n + 1}-01,5" for i, shop in enumerate(SHOPS)]
        city.source(f"sale/{n}.csv", csv("id,shop,day,amount", *rows))
    city.run()
    city.source("price/2.csv", csv("item,since,price", "3,2024-02-01,7"))
    city.source("sale/4.csv", csv("id,shop,day,amount", "99,a,2024-02-02,5"))
    city.run()
    for table in (
        "raw.trade__sale",
        "thematic.by_month",
        "thematic.rolling",
        "thematic.by_shop",
        "thematic.price",
    ):
        with city.lake() as lake:
            before, after = (set(snapshot.files) for snapshot in lake.history(table))
        assert len(before & after) >= len(before) - 1 > 0, table
    assert len(city.rows("thematic.price")) == 10


def _note(city: City, states: list[dict[str, tuple[Any, ...]]]) -> None:
    """The state of the shops, if a table of versions can have seen it."""
    current = city.current("fusion.shop_state")
    made_of = current.properties.get("inputs") if current else None
    state = {row[0]: row[1:3] for row in city.rows("thematic.by_shop")}
    table = city.current("thematic.by_shop")
    if (
        made_of
        and table
        and str(table.snapshot_id) in made_of
        and (not states or states[-1] != state)
    ):
        states.append(state)


def _tells(city: City, states: list[dict[str, tuple[Any, ...]]]) -> None:
    """The table of versions tells the same story as the states that were seen."""
    versions = city.rows("fusion.shop_state", "shop, valid_from, valid_to, n, amount")
    for shop in {row[0] for row in versions} | {shop for state in states for shop in state}:
        mine = [row for row in versions if row[0] == shop]
        story: list[tuple[Any, ...] | None] = []
        for state in states:
            if not story or story[-1] != state.get(shop):
                story.append(state.get(shop))
        assert [row[3:] for row in mine] == [found for found in story if found is not None], shop
        assert all(a[2] <= b[1] for a, b in pairwise(mine))
        open_ = [row for row in mine if row[2] is None]
        assert len(open_) == (1 if states[-1].get(shop) is not None else 0)
        assert not open_ or open_[0] is mine[-1]
