"""The log of calls by page: who paid for an answer, and where it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.database import CatalogStore
from catalog.database.budget_records import Amount, ChargeRequest
from catalog.database.openings import Opening

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
CITY = "city"


@pytest.fixture
def store(database_url: str) -> Iterator[CatalogStore]:
    with CatalogStore.open(database_url) as store:
        store.sync_resources(CITY, [])
        store.sync_resources("other", [])
        yield store


def write(store: CatalogStore, subject: str, **changes: Any) -> None:
    values = {"at": AT, "partner": "bank-a", "user": "wang", "agreement": "a", "purpose": "credit"}
    values |= {"action": "query", "subject": subject, "outcome": "ok", "instruments": ("x@1",)}
    store.openings.write(CITY, Opening(**(values | changes)))


def charged(store: CatalogStore, key: str) -> int:
    budgets = store.budgets
    budgets.register_cap(CITY, "firm", version=1, amount=Amount(10**12), renewal="none")
    account = {"agreement": "a", "version": 1, "partner": "bank-a", "dataset": "firm"}
    budgets.open_account(CITY, **account, amount=Amount(10**12), renewal="none")  # type: ignore[arg-type]
    request = ChargeRequest("bank-a", "a", "firm", key, f"print of {key}", Amount(70), {})
    return budgets.charge(CITY, request).id


def test_whoever_was_charged_paid_and_nobody_after_him(store: CatalogStore) -> None:
    charge = charged(store, "one")
    write(store, "price", action="quote")
    write(store, "paid", charge=charge, outcome="query_cancelled")
    write(store, "again", charge=charge, user="li")
    write(store, "id", action="answer", charge=charge)
    kept = store.budgets.store_answer(charge, {"rows": []}, {})
    found = store.asked.page(CITY)
    assert [one.call.subject for one in found] == ["id", "again", "paid", "price"]
    assert [one.paid for one in found] == [None, None, Amount(70), None]
    assert [one.answer for one in found] == [kept.id, kept.id, kept.id, None]
    first = store.asked.of_answer(CITY, "a", "bank-a", kept.id)
    assert first is not None and first.call.subject == "paid"
    assert store.asked.of_answer(CITY, "a", "bank-b", kept.id) is None
    assert store.asked.of_answer("other", "a", "bank-a", kept.id) is None


def test_pages_go_on_where_they_ended_while_others_write(store: CatalogStore) -> None:
    for number in range(5):
        write(store, str(number), at=AT + timedelta(hours=-number))
    first = store.asked.page(CITY, limit=2)
    write(store, "meanwhile")
    second = store.asked.page(CITY, before=first[-1].number, limit=2)
    assert [one.call.subject for one in first + second] == ["4", "3", "2", "1"]


def test_by_partner_agreement_and_kind(store: CatalogStore) -> None:
    write(store, "one")
    write(store, "two", partner="bank-b")
    write(store, "three", agreement="b")
    write(store, "four", action="record")

    def subjects(**which: Any) -> list[str]:
        return [one.call.subject for one in store.asked.page(CITY, **which)]

    assert subjects(partner="bank-a") == ["four", "three", "one"]
    assert subjects(partner="bank-a", agreement="a", actions=["query"]) == ["one"]
    assert store.asked.page("other") == []
    (two,) = store.asked.page(CITY, partner="bank-b")
    assert store.asked.one(CITY, "bank-a", two.number) is None
    assert store.asked.one(CITY, "bank-b", two.number) == two
