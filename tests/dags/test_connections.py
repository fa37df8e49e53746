"""A department's database whose address Airflow alone knows."""

from __future__ import annotations

import json

import pytest

from tests.dags.airflow import AirflowHome, scheduled
from tests.servers import PostgresServer
from tests.support.city import City

pytestmark = pytest.mark.slow
COLLECT = "testville.collect.trade"
FIELDS = (
    "- {name: id, logicalType: integer, primaryKey: true}\n- {name: holder, logicalType: string}"
)
SERVER = (
    "- server: source\n  type: custom\n  customProperties:\n"
    "  - {property: database, value: {connection: trade_db, table: permit, schema: public}}\n"
)
SECRET, WRITTEN = "open/se same@1", "open%2Fse%20same%401"


@pytest.fixture
def database(postgres: PostgresServer, city: City) -> PostgresServer:
    """A permit in a database that the contract calls `trade_db`."""
    city.settings("[schedule]\nretries = 0\n")
    city.departments("trade")
    city.collected("trade/permit", FIELDS, servers=SERVER)
    scheduled(city)
    postgres.url("permits_of_airflow")
    postgres.execute(
        "permits_of_airflow",
        "DROP TABLE IF EXISTS permit",
        "CREATE TABLE permit (id int PRIMARY KEY, holder text)",
        "INSERT INTO permit VALUES (1, 'A')",
    )
    return postgres


def test_a_connection_of_airflow_reaches_the_program_and_no_log(
    quick: AirflowHome, city: City, database: PostgresServer
) -> None:
    schedule = (city.home.root.parent / "schedules/testville.json").read_text()
    (collect,) = [dag for dag in json.loads(schedule)["dags"] if dag["kind"] == "collect"]
    assert collect["connections"] == ["trade_db"]
    (missing,) = quick.test((COLLECT, None))
    assert missing.state == "failed"
    assert "CITYBRAIN_CONNECTION_TRADE_DB" in missing.said  # which nobody has set
    quick.airflow(
        *("connections", "add", "citybrain_trade_db", "--conn-type", "postgres"),
        *("--conn-host", "127.0.0.1", "--conn-port", str(database.port)),
        *("--conn-login", "postgres", "--conn-password", SECRET),
        *("--conn-schema", "permits_of_airflow"),
        *("--conn-extra", '{"application_name": "air"}'),
    )
    (found,) = quick.test((COLLECT, None))
    assert found.state == "success", found.said[-3000:]
    assert city.rows("raw.trade__permit", "id, holder") == [(1, "A")]
    logs = [path.read_text() for path in quick.root.rglob("*.log")]
    for text in (found.said, schedule, *logs):
        assert SECRET not in text and WRITTEN not in text


def test_a_variable_of_the_environment_wins(
    quick: AirflowHome, city: City, database: PostgresServer
) -> None:
    quick.settings |= {
        "CITYBRAIN_CONNECTION_TRADE_DB": database.url("permits_of_airflow"),
        "AIRFLOW_CONN_CITYBRAIN_TRADE_DB": "postgres://nobody@127.0.0.1:1/nowhere",
    }
    (found,) = quick.test((COLLECT, None))
    assert found.state == "success", found.said[-3000:]


def test_how_airflow_s_connections_are_written(quick: AirflowHome, city: City) -> None:
    connections = {
        "all": {
            "conn_type": "postgres",
            "host": "::1",
            "port": 5433,
            "login": "a@b",
            "password": SECRET,
            "schema": "permits",
            "extra": '{"sslmode": "require", "nested": {"not": "an option"}}',
        },
        "mysql": {"conn_type": "mysql", "host": "db", "schema": "permits"},
        "sqlite": {"conn_type": "sqlite", "host": "/data/permits.db"},
    }
    assert quick.inner({"urls": connections}) == {
        "all": f"postgresql://a%40b:{WRITTEN}@[::1]:5433/permits?sslmode=require",
        "mysql": "mysql+pymysql://db/permits",
        "sqlite": "sqlite:////data/permits.db",
    }
