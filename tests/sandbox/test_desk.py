"""Asking at the desk: what is agreed is answered, once paid is paid, and nothing else is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from catalog.database import CatalogStore
from catalog.database.budget_records import Amount
from catalog.errors import CatalogError
from pipelines.duck import Budget
from pipelines.lake import Lake, Snapshot
from pipelines.plan import Plan
from sandbox.answers import Given
from sandbox.counting import Exact, count_on_duckdb
from sandbox.desk import Desk
from sandbox.errors import Refusal, SandboxError
from sandbox.pricing import Accuracy, Asked, explained
from sandbox.watch import Watch
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
        self.lake = city.lake()
        self.desk = Desk(self.plan, self.store, self.lake, self.count, self.clock)

    def take(self, document: dict[str, object]) -> None:
        zone = ZoneInfo("UTC")
        self.store.instruments.import_(NAME, signed(document), PUBLIC, zone)

    def count(self, plan: object, snapshots: object, watch: Watch) -> Exact:
        self.counted += 1
        return count_on_duckdb(plan, snapshots, Budget("200MB", 1, self.scratch), watch)  # type: ignore[arg-type]

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
    found.lake.close()


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


def _broken(plan: object, snapshots: object, watch: Watch) -> Exact:
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


def test_one_question_under_two_keys_at_once_is_paid_once(bench: Bench) -> None:
    """Both were checked before either was charged: the second finds the charge of the first."""
    inner: list[Given] = []

    def count(plan: object, snapshots: object, watch: Watch) -> Exact:
        if not inner:
            inner.append(None)  # type: ignore[arg-type]
            inner[0] = bench.desk.ask(bench.asked(), "second")
        return bench.count(plan, snapshots, watch)

    bench.desk._count = count
    first = bench.desk.ask(bench.asked(), "first")
    assert first.id == inner[0].id and first.table == inner[0].table
    assert (inner[0].spent, first.spent > 0) == (0, True)
    assert len(bench.store.budgets.history(NAME)) == 1


def test_a_retry_is_counted_on_the_snapshots_that_it_was_charged_for(bench: Bench) -> None:
    with pytest.raises(SandboxError):
        bench.desk.ask(bench.asked(), "request-1", _stopped_when_counting(bench))
    (charge,) = bench.store.budgets.history(NAME)
    newer = Publishing(bench.lake)
    bench.desk._lake = newer
    given = bench.desk.ask(bench.asked(), "request-1")
    assert given.spent == 0 and given.snapshots == charge.snapshots
    assert given.snapshots["sandbox.firm"] != newer.current("sandbox.firm").snapshot_id
    assert bench.desk.ask(bench.asked(), "request-1").id == given.id
    # Without the key it is a question about the new data.
    other = bench.desk.ask(bench.asked(), "request-2")
    assert other.spent > 0 and other.id != given.id
    with pytest.raises(CatalogError) as caught:
        bench.desk.ask(bench.asked("SELECT COUNT(*) FROM sandbox.firm"), "request-1")
    assert caught.value.code == "idempotency_key_reused"


class Publishing:
    """The lake, with the same rows under a newer snapshot."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def current(self, name: str) -> Snapshot:
        found = self._lake.current(name)
        assert found is not None
        return replace(found, snapshot_id=found.snapshot_id + 1)

    def snapshot(self, name: str, snapshot_id: int) -> Snapshot:
        newest = self.current(name)
        known = newest.snapshot_id == snapshot_id
        return newest if known else self._lake.snapshot(name, snapshot_id)


def _stopped_when_counting(bench: Bench) -> Watch:
    watch = Watch()

    def count(plan: object, snapshots: object, seen: Watch) -> Exact:
        seen.cancel()
        bench.desk._count = bench.count
        return bench.count(plan, snapshots, seen)

    bench.desk._count = count
    return watch


def test_stopping_costs_what_was_charged(bench: Bench) -> None:
    with pytest.raises(SandboxError) as caught:
        bench.desk.ask(bench.asked(), "request-1", _stopped_when_counting(bench))
    assert caught.value.code == "query_cancelled"
    balance = bench.desk.balances("agreement-a")["enterprise"]
    assert balance.spent.rho_units > 0
    given = bench.desk.ask(bench.asked(), "request-1")
    assert given.spent == 0 and given.balance.spent == balance.spent
    early = Watch()
    early.cancel()
    with pytest.raises(SandboxError):
        bench.desk.ask(bench.asked("SELECT COUNT(*) FROM sandbox.firm"), "request-2", early)
    assert bench.desk.balances("agreement-a")["enterprise"].spent == balance.spent


def test_stopping_interrupts_the_engine(bench: Bench) -> None:
    """A statement that takes minutes ends at once, and says how far it was before."""
    watch, con = Watch(), duckdb.connect()
    seen: list[str] = []
    thread = threading.Timer(0.3, lambda: (seen.append(watch.stage), watch.cancel()))
    thread.start()
    with (
        pytest.raises(SandboxError) as caught,
        watch.counting(con.interrupt, con.query_progress),
    ):
        con.execute(
            "SELECT count(*) FROM range(10000000) a, range(1000000) b WHERE a.range < b.range"
        )
    thread.join()
    con.close()
    assert caught.value.code == "query_cancelled" and seen == ["counting"]


def test_a_question_that_takes_too_long_is_stopped(bench: Bench) -> None:
    workspace = bench.plan.workspace
    limits = workspace.settings.sandbox.model_copy(update={"seconds": 0.2})
    settings = workspace.settings.model_copy(update={"sandbox": limits})
    plan = replace(bench.plan, workspace=replace(workspace, settings=settings))

    def count(_plan: object, _snapshots: object, watch: Watch) -> Exact:
        with duckdb.connect() as con, watch.counting(con.interrupt, con.query_progress):
            con.execute(
                "SELECT count(*) FROM range(10000000) a, range(1000000) b WHERE a.range < b.range"
            )
        raise AssertionError

    desk = Desk(plan, bench.store, bench.lake, count, bench.clock)
    with pytest.raises(SandboxError) as caught:
        desk.ask(bench.asked(), "request-1")
    assert caught.value.code == "query_long"
    assert bench.desk.ask(bench.asked(), "request-1").spent == 0


def test_who_may_not_ask_learns_no_names(bench: Bench) -> None:
    codes = set()
    for text in (
        "SELECT COUNT(owner) FROM sandbox.firm",
        "SELECT COUNT(nothing) FROM x",
        "no SQL",
        SQL,
    ):
        for changes in ({"user": "zhao"}, {"purpose": "marketing"}):
            with pytest.raises(CatalogError) as caught:
                bench.desk.quote(bench.asked(text, **changes))
            codes.add(caught.value.code)
    assert codes == {"user_not_named", "purpose_not_agreed"}


def test_an_accuracy_instead_of_a_price(bench: Bench) -> None:
    text = "SELECT area, COUNT(*) AS n, AVG(paid) AS paid FROM sandbox.firm GROUP BY area"
    asked = bench.asked(text, accuracy=Accuracy(0.2, 400))
    offer = bench.desk.quote(asked)
    given = bench.desk.ask(asked, "1")
    assert given.spent == offer.price.rho_units
    for row, errors in zip(given.table.rows, given.table.errors, strict=True):
        assert errors[1] <= 0.2 * 400  # of a group of 400 rows
        assert errors[2] is not None and errors[2] <= 0.2 * row[2] * 1.5
    finer = bench.desk.quote(bench.asked(text, accuracy=Accuracy(0.1, 400)))
    assert finer.price.epsilon > 1.5 * offer.price.epsilon
    for changes, code in (
        ({"accuracy": Accuracy(0.001, 10)}, "accuracy_most"),
        ({"accuracy": Accuracy(0.0, 10)}, "bad_accuracy"),
        ({"accuracy": Accuracy(float("nan"), 10)}, "bad_accuracy"),
        ({"accuracy": Accuracy(0.1, 0)}, "bad_accuracy"),
        ({"accuracy": Accuracy(0.1, 10), "epsilon": 0.1}, "bad_accuracy"),
    ):
        with pytest.raises(SandboxError) as caught:
            bench.desk.quote(bench.asked(text, **changes))
        assert caught.value.code == code


def test_explaining_keeps_places() -> None:
    text = " explain\n privacy SELECT x FROM y"
    found = explained(text)
    assert found is not None and len(found) == len(text) and found.count("\n") == 1
    assert found.strip() == "SELECT x FROM y" and found.index("SELECT") == text.index("SELECT")
    assert explained("SELECT 1") is None and explained("EXPLAIN SELECT 1") is None


def test_pure_epsilon_by_agreement(bench: Bench) -> None:
    views = [{"name": "sandbox.firm", "fields": ["area", "paid", "owner"]}]
    budget = {"epsilon": 1, "delta": 0, "renewal": "none", "most_per_question": 0.5}
    bench.take(
        agreement(id="pure", mode="pure", budget=budget, letters=["letter-tax"], views=views)
    )
    spent = 0
    for number in range(4):
        text = f"SELECT COUNT(*) AS n FROM sandbox.firm WHERE paid < {number + 50}"
        given = bench.desk.ask(bench.asked(text, agreement="pure", epsilon=0.25), str(number))
        spent += given.balance.spent.epsilon_units - spent
        assert given.epsilon <= 0.25 and given.delta == 0
    assert spent <= 10**12 < spent + 100
    with pytest.raises(CatalogError) as caught:
        bench.desk.ask(bench.asked(SQL, agreement="pure", epsilon=0.001), "one more")
    assert caught.value.code == "budget_exhausted" and caught.value.fields["bound"] == "account"
    with pytest.raises(SandboxError) as refused:
        bench.desk.quote(
            bench.asked("SELECT owner, COUNT(*) FROM sandbox.firm GROUP BY owner", agreement="pure")
        )
    assert refused.value.code == "delta_needed"
    assert bench.desk.audit()["enterprise"] == (4, [])


def test_an_answer_is_read_again(bench: Bench) -> None:
    text = SQL + " DESC LIMIT 1"
    given = bench.desk.ask(bench.asked(text), "1")
    stored = bench.desk.answer("bank-a", "wang", given.id)
    assert stored == bench.desk.answer("bank-a", "wang", given.id)
    assert (stored.agreement, stored.snapshots) == ("agreement-a", given.snapshots)
    assert stored.table.kinds == ("key", "statistic", "statistic")
    place = {name: at for at, name in enumerate(stored.table.columns)}
    (west,) = [row for row in stored.table.rows if row[place["area"]] == "west"]
    assert tuple(west[place[name]] for name in given.table.columns) == given.table.rows[0]
    assert len(stored.table.rows) == 2
    with pytest.raises(CatalogError) as caught:
        bench.desk.answer("bank-b", "wang", given.id)
    assert caught.value.code == "answer_unknown"


def test_views_and_budgets_are_told_to_their_partner_alone(bench: Bench) -> None:
    (view,) = bench.desk.views("bank-a", "agreement-a").values()
    assert view.name == "sandbox.firm" and set(view.columns) == {"area", "paid"}
    (before,) = bench.desk.balances("agreement-a", "bank-a").values()
    assert before.spent.rho_units == 0 and before.left == before.granted
    assert bench.desk.balances("no-such-agreement") == {}
    bench.desk.ask(bench.asked(), "1")
    (after,) = bench.desk.balances("agreement-a", "bank-a").values()
    assert after.granted == before.granted and after.left != before.left
    for ask in (bench.desk.views, lambda partner, id: bench.desk.balances(id, partner)):
        with pytest.raises(CatalogError) as caught:
            ask("bank-b", "agreement-a")
        assert caught.value.code == "agreement_missing"


def test_every_call_is_logged(bench: Bench) -> None:
    given = bench.desk.ask(bench.asked(), "1")
    bench.desk.quote(bench.asked())
    for changes in ({"user": "zhao"}, {"text": "SELECT code FROM sandbox.firm"}):
        with pytest.raises((CatalogError, Refusal)):
            bench.desk.ask(bench.asked(**changes), "2")
    bench.desk.answer("bank-a", "wang", given.id)
    found = bench.store.openings.newest(NAME)
    assert [(one.action, one.outcome) for one in found] == [
        ("answer", "ok"),
        ("query", "unit_used"),
        ("query", "user_not_named"),
        ("quote", "ok"),
        ("query", "ok"),
    ]
    (charge,) = bench.store.budgets.history(NAME)
    assert (found[-1].charge, found[-1].instruments) == (charge.id, given.instruments)
    assert found[-1].subject == SQL and found[1].instruments == ()
    assert {(one.partner, one.at) for one in found} == {("bank-a", NOW)}
    assert [
        one.user for one in bench.store.openings.newest(NAME, agreement="agreement-a", limit=2)
    ] == [
        "wang",
        "zhao",
    ]
