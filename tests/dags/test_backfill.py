"""A month of days asked for in a running Airflow, whose metadata are in PostgreSQL as in production."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.dags.airflow import AirflowHome, scheduled
from tests.dags.live import LiveAirflow, entries, publishes, started, until
from tests.servers import PostgresServer
from tests.support.city import City

pytestmark = pytest.mark.slow
COLLECT = "testville.collect.trade"
DAYS = 30


@pytest.fixture
def on_postgres(quick: AirflowHome, postgres: PostgresServer) -> AirflowHome:
    """The home with another metadata database."""
    url = postgres.url("airflow_backfill").replace("postgresql:", "postgresql+psycopg2:")
    quick.settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = url
    quick.migrate()
    return quick


def test_a_month_of_days_is_settled_and_published_once(
    on_postgres: AirflowHome, planned: City
) -> None:
    """What the page of backfills sends: every day gets its entry, the table one snapshot."""
    planned.settings('[schedule]\nretry_delay = "1s"\nbuild = "0 0 1 1 *"\n')
    scheduled(planned)
    today = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    asked = [today - timedelta(days=ago) for ago in range(DAYS + 2, 2, -1)]
    with started(on_postgres) as live:
        live.unpause(COLLECT)
        until(lambda: live.runs(COLLECT), "the last slot")
        body = {
            "dag_id": COLLECT,
            "from_date": asked[0].isoformat(),
            "to_date": asked[-1].isoformat(),
            "max_active_runs": 10,
        }
        backfill = live.api("POST", "/api/v2/backfills", body)["id"]
        until(lambda: _completed(live, backfill), "the month's end", patience=900)
        runs = [run for run in live.runs(COLLECT) if run["run_type"] == "backfill"]
        assert len(runs) == DAYS and {run["state"] for run in runs} == {"success"}
    settled = [e.at for e in entries(planned, "collect.trade") if e.state == "settled"]
    assert sorted(at for at in settled if at in asked) == asked
    assert publishes(planned) == {"raw.trade__shop": 1}


def _completed(live: LiveAirflow, backfill: int) -> bool:
    return bool(live.api("GET", f"/api/v2/backfills/{backfill}")["completed_at"])
