"""A running Airflow: killed in the middle of a build, a backfill, a person's decision."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from catalog.database import CatalogStore
from catalog.database.ledger_records import StageRunRow
from tests.dags.airflow import AirflowHome, scheduled
from tests.dags.live import LiveAirflow, until
from tests.support.city import NAME, SHOPS, City

pytestmark = pytest.mark.slow
COLLECT, BUILD = "testville.collect.trade", "testville.build.base"


def publishes(city: City) -> dict[str, int]:
    """How many snapshots each table ever had."""
    with city.lake() as lake:
        return {table: len(lake.history(table)) for table in sorted(lake.tables())}


def entries(city: City, stage: str) -> list[StageRunRow]:
    """The ledger of a stage."""
    with CatalogStore.open(city.home.database_url) as store:
        return store.ledger.entries(NAME, stage)


@pytest.fixture
def live(
    airflow: AirflowHome, planned: City, request: pytest.FixtureRequest
) -> Iterator[LiveAirflow]:
    """A started Airflow with the city's DAGs, all paused; a parameter is more of `[schedule]`."""
    more = getattr(request, "param", "")
    planned.settings(f'[schedule]\nretry_delay = "1s"\nbuild = "0 0 1 1 *"\n{more}')
    scheduled(planned)
    airflow.airflow("pools", "set", "citybrain_testville", "1", "one writer")
    running = LiveAirflow(airflow)
    try:
        running.start()
        yield running
    except BaseException:
        print(running.log())
        raise
    finally:
        running.kill()


def test_a_day_survives_the_death_of_the_scheduler_and_the_workers(
    live: LiveAirflow, planned: City
) -> None:
    live.unpause(COLLECT)  # it starts at once, for its last slot
    until(lambda: planned.current("raw.trade__shop"), "the department's data")
    live.unpause(BUILD)
    until(lambda: _claimed(planned), "a build under way")
    assert live.kill() >= 6  # the servers, a worker, its task, our program
    assert publishes(planned) == {"raw.trade__shop": 1}
    live.start()
    until(lambda: planned.current("base.shop"), "the day's end")
    states = until(lambda: _all_ended(live), "the runs' ends")
    assert states[COLLECT] == {"success"}
    assert states[BUILD] <= {"success", "failed"} and "success" in states[BUILD]
    assert publishes(planned) == {"base.shop": 1, "raw.trade__shop": 1}
    assert {e.state for e in entries(planned, "collect.trade")} == {"settled"}
    built = entries(planned, "build.base")
    assert sorted(e.state for e in built) == ["killed", "settled"]
    assert len(planned.rows("base.shop")) == 3


def _claimed(city: City) -> bool:
    return any(e.state == "claimed" for e in entries(city, "build.base"))


def _all_ended(live: LiveAirflow) -> dict[str, set[str]]:
    states = {dag: {run["state"] for run in live.runs(dag)} for dag in (COLLECT, BUILD)}
    return states if all(s <= {"success", "failed"} for s in states.values()) else {}


# On SQLite a backfill that finds the database locked takes its first runs back, and the scheduler dies
# of an alert that it was just about to send for one: none may be overdue.
@pytest.mark.parametrize("live", ['deadline = "30d"\n'], indirect=True)
def test_a_backfill_and_a_decision(live: LiveAirflow, planned: City) -> None:
    """Days from the past are entries of the ledger, and one publish; a person lets a file pass."""
    today = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    first, last = today - timedelta(days=4), today - timedelta(days=2)
    live.unpause(COLLECT)
    until(lambda: live.runs(COLLECT), "the last slot")
    body = {"dag_id": COLLECT, "from_date": first.isoformat(), "to_date": last.isoformat()}
    live.api("POST", "/api/v2/backfills", body)
    until(lambda: _ended(live, 4), "the days' ends")
    days = {e.at for e in entries(planned, "collect.trade") if e.state == "settled"}
    assert {first, first + timedelta(days=1), last} <= days
    assert publishes(planned) == {"raw.trade__shop": 1}

    planned.settings("[gate]\nwarn_quarantined_percent = 10.0\nmax_quarantined_percent = 50.0\n")
    planned.source("shop.csv", SHOPS + "4,,north,2020-01-01\n")
    run = live.trigger(COLLECT, (today - timedelta(days=6)).isoformat())
    path = f"/api/v2/dags/{COLLECT}/dagRuns/{run}"
    asked = until(lambda: live.api("GET", f"{path}/hitlDetails")["hitl_details"], "the question")
    assert "waits for a decision: 1 of 4 rows" in asked[0]["body"]
    assert "quarantine show" in asked[0]["body"]
    time.sleep(2)  # nobody says anything: nothing happens
    assert publishes(planned)["raw.trade__shop"] == 1
    answer = {"chosen_options": ["approve"], "params_input": {"why": "seen by phone"}}
    live.api("PATCH", f"{path}/taskInstances/decide/0/hitlDetails", answer)
    assert live.ended(COLLECT, run) == "success"
    assert live.tasks(COLLECT, run)["decided"] == "success"
    assert publishes(planned)["raw.trade__shop"] == 2
    with CatalogStore.open(planned.home.database_url) as store:
        (hold,) = store.holds.list(NAME)
    assert (hold.decision, hold.who, hold.why) == ("approve", "steward", "seen by phone")


def _ended(live: LiveAirflow, count: int) -> bool:
    runs = live.runs(COLLECT)
    return len(runs) == count and all(run["state"] in ("success", "failed") for run in runs)


@pytest.mark.parametrize("live", ['deadline = "1m"\n'], indirect=True)
def test_a_department_that_misses_its_deadline_is_named(live: LiveAirflow, planned: City) -> None:
    """Its file never comes, so no run of it ends well; the alert is not the freshness DAG's."""
    (planned.root / "source/shop.csv").unlink()
    with CatalogStore.open(planned.home.database_url, clock=_long_ago) as store:
        store.sync_resources(NAME, list(planned.load().contracts.values()))
    live.unpause(COLLECT)
    run = until(lambda: live.runs(COLLECT), "the last slot")[0]["dag_run_id"]
    path = f"/ui/dags/{COLLECT}/dagRuns/{run}/deadlines"
    (missed,) = until(lambda: live.api("GET", f"{path}?missed=true")["deadlines"], "the deadline")
    assert missed["alert_name"] == "trade: 0:01:00"
    said = until(lambda: _called_back(live), "the alert's words")
    assert "testville: trade (trade) is late with raw.trade__shop: due " in said
    assert f"look: citybrain late {planned.root}" in said
    with CatalogStore.open(planned.home.database_url) as store:
        (late,) = store.ledger.late(NAME)
    assert (late.department, late.resource) == ("trade", "raw.trade__shop")


def _called_back(live: LiveAirflow) -> str:
    logs = live.home.root.glob(f"logs/executor_callbacks/{COLLECT}/*/*")
    text = "".join(path.read_text() for path in logs)
    return text if "look: " in text else ""


def _long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(days=3)
