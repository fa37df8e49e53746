"""What is changed past the ledger, with its triggers gone, is found when the charges are replayed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from catalog.database import CatalogStore
from catalog.database.budget_chain import FIRST, link
from catalog.database.budget_records import Amount, Fault, Head
from catalog.database.budget_tables import BudgetCharge
from tests.catalog.test_budgets import CITY, DATA, opened, request


@pytest.fixture
def charged(store: CatalogStore) -> CatalogStore:
    """Four charges of 10, and nothing that guards them."""
    budgets = opened(store.budgets, granted=100)
    for key in "abcd":
        budgets.charge(CITY, request(key))
    assert budgets.verify(CITY, DATA) == []
    with store._engine.begin() as connection:
        for table in ("budget_charge", "budget_terms", "budget_cap"):
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_rows"))
            else:
                for action in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER {table}_{action}"))
    return store


def tamper(store: CatalogStore, *statements: str) -> list[Fault]:
    with store._engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    return store.budgets.verify(CITY, DATA)


@pytest.mark.parametrize(
    "change",
    [
        "rho_units = 1",
        "delta_units = 1",
        "partner = 'bank-b'",
        "key = 'z'",
        "fingerprint = 'another'",
        "basis = '{}'",
        "instruments = '[]'",
        "charged_at = '2026-07-01 12:00:00.000001+00:00'",
    ],
)
def test_a_changed_charge_is_found(charged: CatalogStore, change: str) -> None:
    faults = tamper(charged, f"UPDATE budget_charge SET {change} WHERE number = 2")
    assert Fault("changed", 2) in faults


@pytest.mark.parametrize("table", ["budget_terms", "budget_cap"])
def test_a_changed_bound_is_found(charged: CatalogStore, table: str) -> None:
    faults = tamper(charged, f"UPDATE {table} SET rho_units = rho_units + 1")
    assert faults == [Fault("changed", n) for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("number", [1, 3, 4])
def test_a_missing_charge_is_found(charged: CatalogStore, number: int) -> None:
    faults = tamper(charged, f"DELETE FROM budget_charge WHERE number = {number}")
    assert faults == [Fault("missing", number)]


def test_a_missing_charge_is_found_when_the_rest_moved_up(charged: CatalogStore) -> None:
    faults = tamper(
        charged,
        "DELETE FROM budget_charge WHERE number = 2",
        "UPDATE budget_charge SET number = 2 WHERE number = 3",
        "UPDATE budget_charge SET number = 3 WHERE number = 4",
    )
    assert Fault("missing", 4) in faults
    assert Fault("changed", 1) in faults  # what follows it does not name it


def test_no_charges_at_all_is_found(charged: CatalogStore) -> None:
    assert tamper(charged, "DELETE FROM budget_charge") == [Fault("missing", 1)]


def test_reordered_charges_are_found(charged: CatalogStore) -> None:
    faults = tamper(
        charged,
        "UPDATE budget_charge SET number = -2 WHERE number = 2",
        "UPDATE budget_charge SET number = 2 WHERE number = 3",
        "UPDATE budget_charge SET number = 3 WHERE number = -2",
    )
    assert faults == [Fault("reordered", n) for n in (2, 3, 4)]


def _insert(store: CatalogStore, rho: int, *, count: bool) -> None:
    """A charge with a right hash, past the ledger's judgement."""
    budgets = store.budgets
    with store._write() as session:
        last = session.query(BudgetCharge).order_by(BudgetCharge.number.desc()).first()
        assert last is not None
        names = [column.name for column in BudgetCharge.__table__.columns if column.name != "id"]
        row: dict[str, Any] = {name: getattr(last, name) for name in names}
        row |= {"number": last.number + 1, "rho_units": rho, "key": "forged"}
        row |= {"previous": last.hash, "charged_at": datetime(2027, 1, 1, tzinfo=UTC)}
        bounds: dict[str, Any] = {}
        for table in ("cap", "terms"):
            query = text(f"SELECT version, rho_units, delta_units, renewal FROM budget_{table}")
            bounds[table] = session.execute(query).one()
        row["hash"] = link(last.hash, DATA, "agreement-a", row, bounds["cap"], bounds["terms"])
        session.add(BudgetCharge(**row))
        if count:
            session.execute(
                text("UPDATE budget_dataset SET charges = :number, head = :hash"),
                {"number": row["number"], "hash": row["hash"]},
            )
    assert len(budgets.history(CITY)) == 5


def test_an_added_charge_is_found(charged: CatalogStore) -> None:
    _insert(charged, 1, count=False)
    assert charged.budgets.verify(CITY, DATA) == [Fault("added", 5)]


@pytest.mark.parametrize(
    ("rho", "bounds"), [(60, []), (61, ["account"]), (961, ["account", "cap"])]
)
def test_an_exceeded_bound_is_found(charged: CatalogStore, rho: int, bounds: list[Any]) -> None:
    _insert(charged, rho, count=True)
    faults = charged.budgets.verify(CITY, DATA)
    assert faults == [Fault("exceeded", 5, bound) for bound in bounds]


def test_a_chain_that_was_written_anew_does_not_lead_to_a_kept_head(charged: CatalogStore) -> None:
    kept = charged.budgets.head(CITY, DATA)
    assert kept.number == 4
    with charged._write() as session:
        values = {"h": FIRST}
        session.execute(text("DELETE FROM budget_charge"))
        session.execute(text("UPDATE budget_dataset SET charges = 0, head = :h"), values)
    for key in "abcd":
        charged.budgets.charge(CITY, request(key, 1))
    assert charged.budgets.verify(CITY, DATA) == []
    assert charged.budgets.verify(CITY, DATA, kept) == [Fault("changed", 4)]
    assert charged.budgets.verify(CITY, DATA, Head(9, "x")) == [Fault("missing", 9)]
    charged.budgets.charge(CITY, request("e", amount=Amount(1)))
    assert charged.budgets.verify(CITY, DATA, charged.budgets.head(CITY, DATA)) == []
