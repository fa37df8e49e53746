"""A running Airflow: killed in the middle of a build, a person's decision, a missed deadline."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from catalog.database import CatalogStore
from tests.dags.airflow import AirflowHome, scheduled
from tests.dags.live import LiveAirflow, entries, publishes, started, until
from tests.support.city import NAME, SHOPS, City

pytestmark = pytest.mark.slow
COLLECT, BUILD = "testville.collect.trade", "testville.build.base"


@pytest.fixture
def live(
    airflow: AirflowHome, planned: City, request: pytest.FixtureRequest
) -> Iterator[LiveAirflow]:
    """A started Airflow with the city's DAGs, all paused; a parameter is more of `[schedule]`."""
    more = getattr(request, "param", "")
    planned.settings(f'[schedule]\nretry_delay = "1s"\nbuild = "0 0 1 1 *"\n{more}')
    scheduled(planned)
    with started(airflow) as running:
        yield running


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


def test_a_person_lets_a_file_pass(live: LiveAirflow, planned: City) -> None:
    """A publish over its warn threshold waits for a decision, and says why it was taken."""
    today = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    live.unpause(COLLECT)
    (last,) = until(lambda: live.runs(COLLECT), "the last slot")
    assert live.ended(COLLECT, last["dag_run_id"]) == "success"

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
