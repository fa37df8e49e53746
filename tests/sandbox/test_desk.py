"""Asking at the desk: what is agreed is answered, once paid is paid, and nothing else is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from catalog.database import CatalogStore
from catalog.database.budget_records import Amount
from catalog.errors import CatalogError
from pipelines.duck import Budget
from pipelines.plan import Plan
from sandbox.counting import Exact, count_on_duckdb
from sandbox.desk import Asked, Desk
from sandbox.errors import Refusal, SandboxError
from tests.sandbox.firms import published_firms
from tests.support.city import NAME, City
from tests.support.instruments import PUBLIC, agreement, letter, signed

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
SQL = "SELECT area, COUNT(*) AS n, SUM(paid) AS paid FROM sandbox.firm GROUP BY area ORDER BY area"


@pytest.fixture(scope="module")
def firms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A published view of 2,000 invented firms."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("desk")
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        yield published_firms(root / "city")


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Bench:
    """A desk on a database of its own, with the instruments that it needs."""

    def __init__(self, city: City, url: str, scratch: Path) -> None:
        self.clock = Clock()
        self.store = CatalogStore.open(url, clock=self.clock)
        self.counted = 0
        self.scratch = scratch
        self.plan: Plan = city.plan()
        fields = ["area", "paid", "owner"]
        resources = [{"name": "raw.tax__firm", "fields": ["code", "area", "paid", "owner"]}]
        self.take(letter(resources=resources))
        views = [{"name": "sandbox.firm", "fields": fields[:2]}]
        self.take(agreement(letters=["letter-tax"], views=views))
        self.store.budgets.register_cap(
            NAME, "enterprise", version=1, amount=Amount(10**14, 10**15), renewal="none"
        )
        with city.lake() as lake:
            self.snapshot = lake.current("sandbox.firm")
        self.desk = Desk(self.plan, self.store, lambda _: self.snapshot, self.count, self.clock)

    def take(self, document: dict[str, object]) -> None:
        zone = ZoneInfo("UTC")
        self.store.instruments.import_(NAME, signed(document), PUBLIC, zone)

    def count(self, plan: object, snapshots: object) -> Exact:
        self.counted += 1
        return count_on_duckdb(plan, snapshots, Budget("200MB", 1, self.scratch))  # type: ignore[arg-type]

    def asked(self, text: str = SQL, **changes: object) -> Asked:
        values = {
            "partner": "bank-a",
            "user": "wang",
            "purpose": "credit",
            "agreement": "agreement-a",
            "text": text,
        }
        return Asked(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def bench(firms: City, tmp_path: Path) -> Iterator[Bench]:
    found = Bench(firms, f"sqlite:///{tmp_path / 'catalog.db'}", tmp_path / "scratch")
    yield found
    found.store.close()


def test_an_answer(bench: Bench) -> None:
    offer = bench.desk.quote(bench.asked())
    assert offer.price.cells == 2 and not offer.known and bench.counted == 0
    assert offer.balance.spent.rho_units == 0
    given = bench.desk.ask(bench.asked(), "request-1")
    assert given.table.columns == ("area", "n", "paid")
    (east, west), errors = given.table.rows, given.table.errors
    assert (east[0], west[0]) == ("east", "west")
    assert east[1] == pytest.approx(1500, abs=6 * errors[0][1]) and errors[0][1] < 200
    assert given.spent == offer.price.rho_units == given.balance.spent.rho_units
    assert given.epsilon <= 0.2  # a tenth of the agreement's
    assert given.instruments == ("agreement:agreement-a@1", "letter:letter-tax@1")
    assert list(given.snapshots) == ["sandbox.firm"] and not given.hidden


def test_the_same_question_is_paid_once(bench: Bench) -> None:
    first = bench.desk.ask(bench.asked(), "request-1")
    assert bench.desk.quote(bench.asked()).known
    others = [
        SQL,
        SQL.lower().replace("'", "'"),
        "SELECT SUM(paid) AS paid, area, COUNT(*) AS n FROM sandbox.firm WHERE 1 = 1 GROUP BY area ORDER BY area",
    ]
    for number, text in enumerate(others * 5):
        again = bench.desk.ask(bench.asked(text), f"request-{number}-again")
        assert again.spent == 0 and again.id == first.id
        columns = {name: place for place, name in enumerate(again.table.columns)}
        shown = [tuple(row[columns[n]] for n in ("area", "n", "paid")) for row in again.table.rows]
        assert shown == list(first.table.rows)
    assert bench.counted == 1
    assert len(bench.store.budgets.history(NAME)) == 1


def test_a_crash_between_charge_and_answer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(bench, "counted", 0)
        patch.setattr(bench.desk, "_count", _broken)
        with pytest.raises(KeyboardInterrupt):
            bench.desk.ask(bench.asked(), "request-1")
    assert len(bench.store.budgets.history(NAME)) == 1
    given = bench.desk.ask(bench.asked(), "request-1")
    assert given.spent == 0
    assert bench.desk.ask(bench.asked(), "request-1").id == given.id
    assert len(bench.store.budgets.history(NAME)) == 1


def _broken(plan: object, snapshots: object) -> Exact:
    raise KeyboardInterrupt


def test_differences_are_within_noise_and_both_cost(bench: Bench) -> None:
    everyone = bench.desk.ask(bench.asked("SELECT COUNT(*) FROM sandbox.firm"), "1")
    most = bench.desk.ask(bench.asked("SELECT COUNT(*) FROM sandbox.firm WHERE paid < 1000"), "2")
    assert everyone.spent > 0 and most.spent > 0
    assert everyone.balance.spent.rho_units < most.balance.spent.rho_units
    # The same rows: but for the noise the two would be equal.
    error = everyone.table.errors[0][0]
    assert error is not None and error > 5


def test_the_budget_ends(bench: Bench) -> None:
    spent, refusal = 0, None
    for number in range(100):
        text = f"SELECT COUNT(*) FROM sandbox.firm WHERE paid < {number}"
        try:
            spent += bench.desk.ask(bench.asked(text, epsilon=0.5), str(number)).spent
        except CatalogError as error:
            refusal = error
            break
    assert refusal is not None and refusal.code == "budget_exhausted"
    balance = bench.store.budgets.balance(NAME, "agreement-a", "enterprise")
    assert balance.spent.rho_units == spent <= balance.granted.rho_units
    assert bench.desk.audit() == {"enterprise": (number, [])}
    assert bench.desk.balances("agreement-a") == {"enterprise": balance}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"partner": "bank-b"}, "agreement_missing"),
        ({"agreement": "agreement-z"}, "agreement_missing"),
        ({"user": "zhao"}, "user_not_named"),
        ({"purpose": "marketing"}, "purpose_not_agreed"),
        ({"text": "SELECT COUNT(owner) FROM sandbox.firm"}, "unknown_name"),
        ({"text": "SELECT COUNT(*) FROM raw.tax__firm"}, "unknown_view"),
        ({"text": "SELECT code FROM sandbox.firm"}, "unit_used"),
        ({"epsilon": 0.6}, "epsilon_most"),
        ({"epsilon": float("nan")}, "bad_epsilon"),
        ({"epsilon": 0.0}, "bad_epsilon"),
        ({"epsilon": -1.0}, "bad_epsilon"),
    ],
)
def test_what_is_not_agreed_is_refused_and_free(
    bench: Bench, changes: dict[str, object], code: str
) -> None:
    with pytest.raises((CatalogError, Refusal, SandboxError)) as caught:
        bench.desk.ask(bench.asked(**changes), "request-1")
    assert caught.value.code == code
    assert bench.counted == 0 and bench.store.budgets.history(NAME) == []


def test_terms_end_at_their_second(bench: Bench) -> None:
    bench.clock.now = datetime(2027, 1, 1, tzinfo=UTC) - timedelta(seconds=1)
    assert bench.desk.ask(bench.asked(), "1").spent > 0
    bench.clock.now += timedelta(seconds=1)
    with pytest.raises(CatalogError) as caught:
        bench.desk.ask(bench.asked(), "1")
    assert caught.value.code == "agreement_expired"


def test_a_department_that_withdraws_ends_it(bench: Bench) -> None:
    bench.store.instruments.revoke(
        NAME, "letter", "letter-tax", at=NOW, by="tax", reason="withdrawn"
    )
    with pytest.raises(CatalogError) as caught:
        bench.desk.quote(bench.asked())
    assert caught.value.code == "letter_revoked"
