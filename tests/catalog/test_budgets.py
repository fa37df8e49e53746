"""The budget ledger: what is granted, charged once, answered once, and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from catalog.database import CatalogStore
from catalog.database.budget_records import Amount, ChargeRequest, Period, period_of
from catalog.database.budgets import Budgets
from catalog.errors import CatalogError

CITY, DATA = "tainan", "sandbox.enterprise"


def request(key: str, rho: int = 10, **changes: Any) -> ChargeRequest:
    values: dict[str, Any] = {
        "partner": "bank-a",
        "agreement": "agreement-a",
        "dataset": DATA,
        "key": key,
        "fingerprint": f"question {key}",
        "amount": Amount(rho),
        "basis": {"scale": "3.5", "cells": ["東區", "安平區"]},
        "instruments": ("agreement:agreement-a@1", "letter:tax@2"),
    }
    return ChargeRequest(**values | changes)


def opened(
    budgets: Budgets, granted: int = 100, cap: int = 1_000, renewal: Any = "none", **changes: Any
) -> Budgets:
    budgets.register_cap(CITY, DATA, version=1, amount=Amount(cap, 50), renewal="none")
    values: dict[str, Any] = {"agreement": "agreement-a", "version": 1, "partner": "bank-a"}
    values |= {"dataset": DATA, "amount": Amount(granted, 20), "renewal": renewal}
    budgets.open_account(CITY, **values | changes)
    return budgets


@pytest.fixture
def budgets(store: CatalogStore) -> Budgets:
    return opened(store.budgets)


def code(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(CatalogError) as caught:
        call(*arguments, **named)
    assert caught.value.code in str(caught.value)  # it has a text
    return caught.value.code


# Grants


def test_a_cap_changes_by_version(budgets: Budgets) -> None:
    def cap(version: int, rho: int) -> None:
        budgets.register_cap(CITY, DATA, version=version, amount=Amount(rho, 50), renewal="none")

    cap(1, 1_000)
    assert code(cap, 1, 999) == "cap_differs"
    budgets.charge(CITY, request("a", 60))
    assert not budgets.balance(CITY, "agreement-a", DATA).cap_is_tighter
    cap(3, 70)
    assert code(cap, 2, 5) == "cap_differs"
    balance = budgets.balance(CITY, "agreement-a", DATA)
    assert (balance.left.rho_units, balance.cap_is_tighter) == (40, True)
    with pytest.raises(CatalogError) as caught:
        budgets.charge(CITY, request("b", 11))
    assert caught.value.code == "budget_exhausted"
    assert caught.value.fields == {"bound": "cap", "agreement": "agreement-a", "dataset": DATA}
    budgets.charge(CITY, request("c", 10))
    cap(4, 20)  # below what is spent: nothing is left, nothing is owed
    assert code(budgets.charge, CITY, request("d", 1)) == "budget_exhausted"
    assert budgets.verify(CITY, DATA) == []


def test_an_account_changes_by_version_of_its_agreement(budgets: Budgets) -> None:
    opened(budgets)  # the same terms again
    assert code(opened, budgets, granted=101) == "account_differs"
    assert code(opened, budgets, version=2, partner="bank-b") == "account_differs"
    budgets.charge(CITY, request("a", 90))
    opened(budgets, granted=150, version=2)
    assert code(opened, budgets, version=1, granted=90) == "account_differs"
    opened(budgets)
    assert budgets.balance(CITY, "agreement-a", DATA).left == Amount(60, 20)
    opened(budgets, granted=50, version=3)
    assert budgets.balance(CITY, "agreement-a", DATA).left == Amount(0, 20)
    assert budgets.verify(CITY, DATA) == []


def test_what_is_not_there(budgets: Budgets) -> None:
    assert code(budgets.charge, CITY, request("a", dataset="x")) == "cap_missing"
    assert code(budgets.charge, "elsewhere", request("a")) == "cap_missing"
    assert code(budgets.charge, CITY, request("a", agreement="x")) == "account_unknown"
    assert code(budgets.charge, CITY, request("a", partner="bank-b")) == "account_unknown"
    assert code(budgets.balance, CITY, "x", DATA) == "account_unknown"
    assert code(budgets.verify, CITY, "x") == "cap_missing"
    assert code(budgets.store_answer, 77, {}, {}) == "charge_unknown"
    assert code(opened, budgets, dataset="x") == "cap_missing"
    assert budgets.history(CITY) == []


@pytest.mark.parametrize("amount", [Amount(0, 0), Amount(-1, 5), Amount(5, -1), Amount(2**62 + 1)])
def test_odd_amounts_are_refused(budgets: Budgets, amount: Amount) -> None:
    assert code(budgets.charge, CITY, request("a", amount=amount)) == "budget_amount"


def test_the_largest_amounts_add_up(store: CatalogStore) -> None:
    budgets = opened(store.budgets, granted=2**62, cap=2**62)
    budgets.charge(CITY, request("a", 2**62 - 1))
    assert code(budgets.charge, CITY, request("b", 2**62)) == "budget_exhausted"
    budgets.charge(CITY, request("c", 1))
    assert budgets.balance(CITY, "agreement-a", DATA).spent == Amount(2**62)
    assert budgets.verify(CITY, DATA) == []


# Charges


def test_a_charge_says_all_that_was_asked(budgets: Budgets) -> None:
    charged = budgets.charge(CITY, request("a", amount=Amount(0, 3)))
    assert (charged.number, charged.again, charged.amount) == (1, False, Amount(0, 3))
    assert charged.basis == {"scale": "3.5", "cells": ["東區", "安平區"]}
    assert charged.instruments == ("agreement:agreement-a@1", "letter:tax@2")
    second = budgets.charge(CITY, request("b"))
    assert budgets.history(CITY) == [second, charged]
    assert budgets.history(CITY, "agreement-a", DATA, limit=1) == [second]
    assert budgets.history(CITY, dataset="x") == budgets.history("elsewhere") == []
    assert budgets.head(CITY, DATA).hash == second.hash


def test_a_key_is_charged_once(budgets: Budgets) -> None:
    first = budgets.charge(CITY, request("a", 60))
    again = budgets.charge(CITY, request("a", 60))
    assert (again.again, again.id, again.hash) == (True, first.id, first.hash)
    assert budgets.balance(CITY, "agreement-a", DATA).spent == Amount(60)
    other = request("a", fingerprint="another question")
    assert code(budgets.charge, CITY, other) == "idempotency_key_reused"
    opened(budgets, agreement="agreement-b")
    same_words = request("a", 60, agreement="agreement-b")
    assert code(budgets.charge, CITY, same_words) == "idempotency_key_reused"
    opened(budgets, agreement="agreement-c", partner="bank-c")
    budgets.charge(CITY, request("a", agreement="agreement-c", partner="bank-c"))
    assert len(budgets.history(CITY)) == 2


def test_a_key_that_was_charged_is_known_when_nothing_is_left(budgets: Budgets) -> None:
    budgets.charge(CITY, request("a", 100))
    assert budgets.charge(CITY, request("a", 100)).again


def test_what_is_left_is_said_of_ones_own_account(budgets: Budgets) -> None:
    budgets.charge(CITY, request("a", 60, amount=Amount(60, 15)))
    for amount in (Amount(41), Amount(1, 6)):
        with pytest.raises(CatalogError) as caught:
            budgets.charge(CITY, request("b", amount=amount))
        assert caught.value.fields["bound"] == "account"
        assert caught.value.fields["left_rho_units"] == 40
        assert caught.value.fields["left_delta_units"] == 5
    budgets.charge(CITY, request("b", amount=Amount(40, 5)))
    assert len(budgets.history(CITY)) == 2


def test_the_cap_is_over_all_partners(store: CatalogStore) -> None:
    budgets = opened(store.budgets, granted=80, cap=100)
    opened(budgets, granted=80, cap=100, agreement="agreement-b", partner="bank-b")
    budgets.charge(CITY, request("a", 70))
    other = {"agreement": "agreement-b", "partner": "bank-b"}
    with pytest.raises(CatalogError) as caught:
        budgets.charge(CITY, request("b", 31, **other))
    assert caught.value.fields["bound"] == "cap"
    budgets.charge(CITY, request("b", 30, **other))
    assert budgets.balance(CITY, "agreement-b", DATA).left == Amount(50, 20)
    assert budgets.verify(CITY, DATA) == []


# Periods


@pytest.mark.parametrize(
    ("renewal", "start", "end"),
    [
        ("month", (2026, 12, 1), (2027, 1, 1)),
        ("quarter", (2026, 10, 1), (2027, 1, 1)),
        ("year", (2026, 1, 1), (2027, 1, 1)),
    ],
)
def test_periods_are_of_the_calendar(renewal: str, start: Any, end: Any) -> None:
    period = Period(datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC))
    assert period_of(renewal, datetime(2026, 12, 31, 23, 59, 59, 999_999, UTC)) == period
    assert period.start is not None
    assert period_of(renewal, period.start) == period
    assert period_of(renewal, datetime(2027, 1, 1, tzinfo=UTC)).start == period.end
    assert period_of("none", period.start) == Period(None, None)


def test_a_budget_is_renewed_at_the_first_moment_of_a_month(
    store: CatalogStore, clock: Any
) -> None:
    budgets = opened(store.budgets, cap=150, renewal="month")
    minute = timedelta(minutes=1)  # the clock advances by it when it is read
    clock.now = datetime(2026, 8, 1, tzinfo=UTC) - minute - timedelta(microseconds=1)
    budgets.charge(CITY, request("a", 100))
    clock.now = datetime(2026, 8, 1, tzinfo=UTC) - minute - timedelta(microseconds=1)
    assert code(budgets.charge, CITY, request("b", 1)) == "budget_exhausted"
    clock.now = datetime(2026, 8, 1, tzinfo=UTC) - minute
    budgets.charge(CITY, request("b", 40))
    balance = budgets.balance(CITY, "agreement-a", DATA)
    assert (balance.spent, balance.left) == (Amount(40), Amount(60, 20))
    assert balance.period.start == datetime(2026, 8, 1, tzinfo=UTC)
    assert balance.period.end == datetime(2026, 9, 1, tzinfo=UTC)
    assert balance.cap_is_tighter  # the cap is for good
    assert code(budgets.charge, CITY, request("c", 11)) == "budget_exhausted"
    assert budgets.verify(CITY, DATA) == []


def test_a_clock_that_is_set_back_renews_nothing(store: CatalogStore, clock: Any) -> None:
    budgets = opened(store.budgets, renewal="month")
    budgets.charge(CITY, request("a", 100))
    clock.now -= timedelta(days=60)
    assert code(budgets.charge, CITY, request("b", 1)) == "budget_exhausted"
    assert budgets.balance(CITY, "agreement-a", DATA).left.rho_units == 0
    assert budgets.verify(CITY, DATA) == []


# Answers


def test_the_first_answer_of_a_charge_stays(budgets: Budgets) -> None:
    charged = budgets.charge(CITY, request("a"))
    assert budgets.answer_of(charged.id) is None
    assert budgets.find_answer(CITY, "agreement-a", "question a") is None
    first = budgets.store_answer(charged.id, {"cells": [[1, 2.5]]}, {DATA: 2**62})
    second = budgets.store_answer(charged.id, {"cells": [[9]]}, {DATA: 2})
    assert second == first == budgets.answer_of(charged.id)
    assert (first.payload, first.snapshots) == ({"cells": [[1, 2.5]]}, {DATA: 2**62})
    assert len(first.id) >= 40
    assert budgets.find_answer(CITY, "agreement-a", "question a") == first
    assert budgets.find_answer(CITY, "agreement-b", "question a") is None
    assert budgets.find_answer("elsewhere", "agreement-a", "question a") is None


def test_an_answer_is_read_by_its_partner_alone(budgets: Budgets) -> None:
    charged = budgets.charge(CITY, request("a"))
    answer = budgets.store_answer(charged.id, {"cells": []}, {DATA: 1})
    assert budgets.read_answer(CITY, answer.id, "bank-a") == answer
    assert code(budgets.read_answer, CITY, answer.id, "bank-b") == "answer_unknown"
    assert code(budgets.read_answer, "elsewhere", answer.id, "bank-a") == "answer_unknown"
    assert code(budgets.read_answer, CITY, "guessed", "bank-a") == "answer_unknown"


def test_what_is_no_json_is_refused(budgets: Budgets) -> None:
    with pytest.raises(ValueError):
        budgets.charge(CITY, request("a", basis={"scale": float("nan")}))
    charged = budgets.charge(CITY, request("a"))
    with pytest.raises(ValueError):
        budgets.store_answer(charged.id, {"mean": float("inf")}, {})


# Immutable

TABLES = ("budget_cap", "budget_terms", "budget_charge", "budget_answer")


@pytest.fixture
def kept(store: CatalogStore, budgets: Budgets) -> Iterator[CatalogStore]:
    charged = budgets.charge(CITY, request("a"))
    budgets.store_answer(charged.id, {"cells": []}, {DATA: 1})
    yield store
    assert budgets.verify(CITY, DATA) == []
    assert len(budgets.history(CITY)) == 1


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_never_changed(kept: CatalogStore, table: str) -> None:
    column = "payload" if table == "budget_answer" else "rho_units"
    statements = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if kept._engine.dialect.name == "postgresql":
        statements.append(f"TRUNCATE {table} CASCADE")
    else:
        statements.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    for statement in statements:
        with pytest.raises(DBAPIError, match="never changed"), kept._engine.begin() as connection:
            connection.execute(text(statement))
