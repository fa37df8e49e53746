"""Every DAG of a tiny city, run for real by `dag.test()`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from catalog.database import CatalogStore
from tests.dags.airflow import AirflowHome, scheduled
from tests.support.city import NAME, SHOPS, City, csv

pytestmark = pytest.mark.slow
DAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
COLLECT, BUILD = "testville.collect.trade", "testville.build.base"


def publishes(city: City) -> dict[str, int]:
    """How many snapshots each table ever had."""
    with city.lake() as lake:
        return {table: len(lake.history(table)) for table in sorted(lake.tables())}


def test_a_day_of_every_dag(quick: AirflowHome, planned: City) -> None:
    """The stages twice: what is cleared, retried or doubled publishes nothing again."""
    lineage = quick.root / "lineage.ndjson"
    transport = {"type": "file", "log_file_path": str(lineage), "append": True}
    quick.settings |= {
        "AIRFLOW__OPENLINEAGE__DISABLED": "False",
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "citybrain",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
    }
    stages = [(COLLECT, DAY), (BUILD, None)]
    upkeep = [("testville.maintain", DAY), ("testville.freshness", DAY)]
    first, second, again, twice, maintain, freshness = tested = quick.test(
        *stages, *stages, *upkeep
    )
    bad = [run.said[-3000:] for run in tested if run.state != "success"]
    assert bad == []
    for run in (first, second):
        assert [run.tasks[name] for name in ("settle", "held", "gate")] == ["success"] * 3
    for run in (again, twice):
        assert set(run.tasks.values()) == {"skipped"}
    assert publishes(planned) == {"base.shop": 1, "raw.trade__shop": 1}
    assert set(maintain.tasks.values()) == {"success"}
    assert len(list((planned.home.root / "backup").iterdir())) == 1
    assert freshness.tasks["look"] == "success"
    events = [json.loads(line) for line in lineage.read_text().splitlines()]
    told = {(e["job"]["namespace"], e["job"]["name"], e["eventType"]) for e in events}
    assert {("citybrain", f"{COLLECT}.settle", kind) for kind in ("START", "COMPLETE")} <= told


def test_a_failed_gate_fails_the_task_and_leaves_the_next_layer_stale(
    quick: AirflowHome, planned: City
) -> None:
    planned.run()
    planned.source("shop.csv", csv("id,name,district,opened", "1,,north,2020-01-01"))
    blocked, stale = quick.test((COLLECT, DAY), (BUILD, None))
    assert (blocked.state, blocked.tasks["settle"], blocked.tasks["gate"]) == (
        "failed",
        "success",
        "failed",
    )
    for told in (
        "raw.trade__shop was not published: 1 of 1 rows",
        "rule required:name (reject): 1 of 1 rows",
        f"citybrain quarantine show {planned.root} raw.trade__shop",
    ):
        assert told in blocked.said
    assert (stale.state, stale.tasks["gate"]) == ("failed", "failed")
    assert "base.shop: stale" in stale.said
    assert publishes(planned) == {
        "base.shop": 1,
        "quarantine.raw__trade__shop": 1,
        "raw.trade__shop": 1,
    }
    assert planned.status()["base.shop"].last_status == "stale"
    assert len(planned.rows("base.shop")) == 3


def test_a_late_department_is_named_by_a_failing_task(quick: AirflowHome, planned: City) -> None:
    (planned.root / "source/shop.csv").unlink()
    planned.settings('[schedule]\ndefault = "* * * * *"\ndeadline = "1m"\nretries = 0\n')
    scheduled(planned)
    with CatalogStore.open(planned.home.database_url, clock=_yesterday) as store:
        store.sync_resources(NAME, list(planned.load().contracts.values()))
    (late,) = quick.test(("testville.freshness", DAY))
    assert (late.state, late.tasks) == ("failed", {"late[0]": "failed", "look": "success"})
    assert "trade (trade) is late with raw.trade__shop" in late.said
    planned.source("shop.csv", SHOPS)
    (there,) = quick.test(("testville.freshness", DAY + timedelta(hours=1)))
    assert there.state == "success"  # collected by the alert itself
    assert publishes(planned) == {"raw.trade__shop": 1}


def _yesterday() -> datetime:
    return datetime.now(UTC) - timedelta(days=1)
