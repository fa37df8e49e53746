"""Commands that show or change what is on record are themselves on record, with who gave them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from citybrain import app
from pipelines.home import Home
from tests.support.city import NAME, City, csv

pytestmark = pytest.mark.slow
SHOP = "raw.trade__shop"
LIST = Path(__file__).parents[1] / "catalog" / "lists" / "taipei.csv"


def run(*words: str | int | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


def newest(action: str, most: int = 1) -> list[AuditRecord]:
    with CatalogStore.open(Home.of(NAME).database_url) as store:
        found = store.audit.newest(NAME, action=action, limit=most)  # type: ignore[arg-type]
    return [one.record for one in found]


@pytest.fixture
def shop(city: City) -> City:
    """A table of two snapshots, the second with a rejected row."""
    fields = "- {name: id, logicalType: integer, logicalTypeOptions: {maximum: 5}}"
    gate = "- {property: gate, value: {max_quarantined_percent: 100}}"
    city.collected("trade/shop", fields, custom=gate)
    for rows in (("1",), ("1", "9")):
        city.source("shop.csv", csv("id", *rows))
        city.run(full=True)
    return city


def first_snapshot(city: City) -> int:
    with Home.of(NAME).open_lake() as lake:
        return lake.history(SHOP)[0].snapshot_id


def test_a_rollback_says_who(shop: City) -> None:
    first = first_snapshot(shop)
    run("rollback", shop.root, SHOP, "--to", first, "--who", "li")
    (told,) = newest("rollback")
    assert (told.actor, told.subject, told.snapshot) == ("account:li", SHOP, first)


def test_a_rollback_to_what_the_database_lost_is_on_record(shop: City) -> None:
    first = first_snapshot(shop)
    with CatalogStore.open(Home.of(NAME).database_url) as store, store._writing() as con:
        other = {"other": first + 1, "id": first}
        con.execute(text("UPDATE snapshot SET snapshot_id = :other WHERE snapshot_id = :id"), other)
    run("rollback", shop.root, SHOP, "--to", first, "--who", "li")
    (told,) = newest("rollback")
    assert (told.actor, told.snapshot) == ("account:li", first)


def test_who_looks_at_rejected_rows_is_on_record(shop: City) -> None:
    assert newest("quarantine") == []
    run("quarantine", "list", shop.root)  # counts alone
    assert newest("quarantine") == []
    assert "'9'" in run("quarantine", "show", shop.root, SHOP, "--who", "li")
    (told,) = newest("quarantine")
    assert (told.actor, told.subject, told.rows, told.fields) == ("account:li", SHOP, 1, ("id",))
    run("quarantine", "show", shop.root, SHOP, "--reason", "none", "--json")
    (told,) = newest("quarantine")
    assert (told.actor, told.rows) == ("system", 0)


def test_who_looks_at_published_rows_is_on_record(shop: City) -> None:
    run("query", shop.root, "SELECT 1 AS x")
    run("query", shop.root, "SELECT nothing FROM raw.trade__shop", code=1)
    assert newest("exchange") == []
    run("query", shop.root, f"SELECT id AS number FROM {SHOP}", "--who", "li")
    (told,) = newest("exchange")
    assert (told.actor, told.subject, told.fields) == ("account:li", SHOP, ("number",))
    with Home.of(NAME).open_lake() as lake:
        first, last = (one.snapshot_id for one in lake.history(SHOP))
    assert (told.snapshot, told.detail) == (last, {"kind": "look"})
    run("query", shop.root, f"SELECT id FROM {SHOP}", "--as-of", first)
    (told,) = newest("exchange")
    assert (told.actor, told.snapshot) == ("system", first)
    run("diff", shop.root, SHOP, "--who", "wu")
    (told,) = newest("exchange")
    assert (told.actor, told.subject, told.snapshot) == ("account:wu", SHOP, last)
    with CatalogStore.open(Home.of(NAME).database_url) as store:  # nobody else was given anything
        assert store.usage.by_resource(NAME, date(2026, 1, 1), datetime.date) == {}


def test_who_asks_for_a_replay_is_on_record(shop: City) -> None:
    run("quarantine", "replay", shop.root, SHOP, "--who", "li")
    (told,) = newest("quarantine")
    assert told.actor.startswith("run:") and told.detail["asked_by"] == "account:li"


def test_what_cleaning_takes_away_is_on_record(shop: City) -> None:
    shop.settings("[lake]\nkeep_snapshots = 1\n")
    run("clean", shop.root, "--who", "li")
    gone = {one.subject: one for one in newest("publish", 2) if one.detail["status"] == "expired"}
    assert gone[SHOP].actor == "account:li" and gone[SHOP].detail["snapshots"] == "1"
    (shop.root / "contracts" / "trade" / "shop.yaml").unlink()
    shop.collected("trade/other", "- {name: id, logicalType: integer}")
    run("clean", shop.root, "--retired", "--who", "li")
    removed = [one.subject for one in newest("publish", 2) if one.detail["status"] == "removed"]
    assert SHOP in removed


def test_an_imported_list_is_on_record_once(city: City) -> None:
    city.departments("trade")
    for _ in range(2):
        run("catalogue", "import", city.root, LIST, "--mapping", "taipei", "--who", "li")
    told = newest("document", 5)
    assert [(one.actor, one.subject) for one in told] == [("account:li", "list:taipei")]


def test_accounts_that_commands_change_are_on_record(city: City) -> None:
    run("account", "add", city.root, "chen", "--role", "engineer", "--who", "li")
    run("account", "password", city.root, "chen")
    run("account", "close", city.root, "chen", "--who", "li")
    told = [(one.actor, one.subject, one.detail["change"]) for one in newest("account", 5)]
    assert told == [
        ("account:li", "chen", "closed"),
        ("system", "chen", "password"),
        ("account:li", "chen", "added"),
    ]


def test_who_takes_a_proof_is_on_record(shop: City) -> None:
    run("audit", "prove", shop.root, 1, "--who", "account:li")
    (told,) = newest("audit")
    assert (told.actor, told.subject) == ("account:li", "proof 1")
    run("audit", "checkpoint", shop.root, "--who", "account:li")
    assert newest("audit")[0].actor == "account:li"
