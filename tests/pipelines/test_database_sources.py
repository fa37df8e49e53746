"""Whole runs over a department's database, and with the production stores on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.servers import PostgresServer, postgres
from tests.support.city import NAME, City, small_city, statuses

__all__ = ["postgres"]
pytestmark = pytest.mark.slow
PERMIT = "raw.trade__permit"
FIELDS = """
- {name: id, logicalType: integer, primaryKey: true}
- {name: holder, logicalType: string, required: true}
- {name: fee, logicalType: number, physicalType: "DECIMAL(10,2)", logicalTypeOptions: {minimum: 0}}
- name: changed
  logicalType: timestamp
  required: true
"""


def permits(city: City, mode: str) -> None:
    """A contract over the table `permit` of the connection `trade_db`."""
    server = (
        "- server: source\n  type: custom\n  customProperties:\n"
        "  - {property: database, value: {connection: trade_db, table: permit, schema: public}}\n"
    )
    custom = "- {property: collect, value: {mode: incremental, cursor: changed}}"
    city.collected(
        "trade/permit", FIELDS, servers=server, custom=custom if mode == "incremental" else ""
    )


@pytest.fixture
def database(
    postgres: PostgresServer, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[PostgresServer, str]:
    """An own database with three permits, one of them with a negative fee."""
    name = f"permits_{abs(hash(request.node.nodeid))}"
    monkeypatch.setenv("CITYBRAIN_CONNECTION_TRADE_DB", postgres.url(name))
    postgres.execute(
        name,
        "CREATE TABLE permit (id int PRIMARY KEY, holder text, fee numeric(10,2), changed timestamp)",
        "INSERT INTO permit VALUES (1, 'A', 10.50, '2026-01-01 08:00'), "
        "(2, 'B', -1, '2026-01-02 08:00'), (3, 'C', 7, '2026-01-03 08:00')",
    )
    return postgres, name


def ids(city: City) -> list[int]:
    return [row[0] for row in city.rows(PERMIT, "id")]


def test_a_full_collection_gates_rows_and_stands_when_nothing_changed(
    city: City, database: tuple[PostgresServer, str]
) -> None:
    permits(city, "full")
    assert statuses(city.run()) == {PERMIT: "blocked"}  # a third of the rows is too much
    city.settings("[gate]\nmax_quarantined_percent = 50\n")
    assert statuses(city.run()) == {PERMIT: "published"}
    assert ids(city) == [1, 3]
    assert city.rejected(PERMIT)[0].original["fee"] == "-1.00"
    assert statuses(city.run()) == {PERMIT: "unchanged"}


def test_an_increment_merges_by_key_and_moves_the_cursor_with_the_data(
    city: City, database: tuple[PostgresServer, str]
) -> None:
    server, name = database
    city.settings("[gate]\nmax_quarantined_percent = 50\n")
    permits(city, "incremental")
    city.run()
    assert ids(city) == [1, 3]
    assert statuses(city.run()) == {PERMIT: "unchanged"}
    server.execute(
        name,
        "UPDATE permit SET holder = 'A2', changed = '2026-02-01' WHERE id = 1",
        "INSERT INTO permit VALUES (4, 'D', 1, '2026-02-02'), (5, 'E', -2, '2026-02-03')",
    )
    outcome = city.outcome(PERMIT)
    assert outcome.status == "published"
    assert outcome.counts is not None
    assert (outcome.counts.received, outcome.counts.published) == (3, 2)
    assert city.rows(PERMIT, "id, holder") == [(1, "A2"), (3, "C"), (4, "D")]
    assert len(city.rejected(PERMIT)) == 2
    current = city.current(PERMIT)
    assert current is not None
    assert current.properties["watermark"] == "2026-02-03 00:00:00"


def test_a_changed_contract_fetches_everything_again(
    city: City, database: tuple[PostgresServer, str]
) -> None:
    city.settings("[gate]\nmax_quarantined_percent = 50\n")
    permits(city, "incremental")
    city.run()
    path = city.root / "contracts/trade/permit.yaml"
    path.write_text(path.read_text().replace("minimum: 0", "minimum: -5"))
    city.run()
    assert ids(city) == [1, 2, 3]
    assert city.rejected(PERMIT) == []


def test_a_missing_connection_is_named_and_loses_nothing(
    city: City, database: tuple[PostgresServer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    city.settings("[gate]\nmax_quarantined_percent = 50\n")
    permits(city, "full")
    city.run()
    monkeypatch.delenv("CITYBRAIN_CONNECTION_TRADE_DB")
    outcome = city.outcome(PERMIT)
    assert (outcome.status, outcome.error and outcome.error.code) == (
        "missing",
        "connection_missing",
    )
    assert ids(city) == [1, 3]


def test_state_on_postgresql_gives_the_same_city(
    city: City, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_city(city)
    url = postgres.url("production_state").replace("postgresql://", "postgresql+psycopg://")
    monkeypatch.setenv("CITYBRAIN_DATABASE", url)
    monkeypatch.setenv("CITYBRAIN_LAKE_CATALOG", url)
    assert set(statuses(city.run()).values()) == {"published"}
    assert set(statuses(city.run()).values()) == {"unchanged"}
    assert city.rows("base.shop")
    assert all(item.reconciles for item in city.status().values())
    assert not (city.home.root / "catalog.db").exists()
    assert postgres.execute(
        "production_state", f"SELECT count(*) FROM workspace WHERE name = '{NAME}'"
    )
