"""Accounts, sessions and lockouts in the catalogue database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from catalog.database import CatalogStore
from catalog.errors import CatalogError
from catalog.people import Person

IDLE, LONGEST, WAIT = timedelta(minutes=30), timedelta(hours=12), timedelta(minutes=15)
CHEN = Person("chen", "Chen (synthetic)", "officer", "tax")
LI = Person("li", "Li (synthetic)", "partner", None, "bank-a")
SECRET = "correct horse battery"
WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Time:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 9, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def store(database_url: str, time: Time) -> Iterator[CatalogStore]:
    with CatalogStore.open(database_url, clock=time) as opened:
        opened.accounts._hasher = WEAK
        yield opened


def kept(store: CatalogStore) -> str:
    """The hash of Chen's password."""
    with store._read() as session:
        found: str = session.execute(
            text("SELECT password_hash FROM account WHERE name = 'chen'")
        ).scalar_one()
        return found


def test_accounts(store: CatalogStore, time: Time) -> None:
    made = store.accounts.add("north", CHEN, SECRET)
    assert (made.person, made.issuer, made.created_at, made.closed_at) == (
        CHEN,
        None,
        time.now,
        None,
    )
    other = store.accounts.add("north", LI, None, "https://id.example")
    assert store.accounts.list("north") == [made, other] and store.accounts.list("south") == []
    assert store.accounts.get("north", "chen") == made
    assert store.accounts.signed_in("north", "chen", SECRET) == made
    for workspace, name, password in (
        ("south", "chen", SECRET),
        ("north", "chen", SECRET + "\x00"),
        ("north", "chen", ""),
        ("north", "CHEN", SECRET),
        ("north", "li", ""),
        ("north", "nobody", SECRET),
        ("north", "\x00", "\ud800"),
        ("north", "chen", "x" * 100_000),
    ):
        assert store.accounts.signed_in(workspace, name, password) is None
    assert SECRET not in kept(store) and kept(store).startswith("$argon2id$")


@pytest.mark.parametrize(
    ("person", "password", "code"),
    [
        (Person("", "", "auditor"), SECRET, "account_name"),
        (Person("a/b", "", "auditor"), SECRET, "account_name"),
        (Person("a\n", "", "auditor"), SECRET, "account_name"),
        (Person("chen", "", "auditor"), SECRET, "account_exists"),
        (Person("wu", "", "king"), SECRET, "account_role"),  # type: ignore[arg-type]
        (Person("wu", "", "auditor"), "123456789", "password_length"),
        (Person("wu", "", "auditor"), "x" * 1001, "password_length"),
    ],
)
def test_what_is_refused(store: CatalogStore, person: Person, password: str, code: str) -> None:
    store.accounts.add("north", CHEN, SECRET)
    with pytest.raises(CatalogError) as caught:
        store.accounts.add("north", person, password)
    assert caught.value.code == code
    assert [one.person for one in store.accounts.list("north")] == [CHEN]


def test_closing(store: CatalogStore, time: Time) -> None:
    store.accounts.add("north", CHEN, SECRET)
    secret = store.sessions.begin("north", "chen", "::1", "a browser", LONGEST)
    assert store.accounts.close("north", "chen").closed_at == time.now
    first, time.now = time.now, time.now + WAIT
    assert store.accounts.close("north", "chen").closed_at == first
    assert store.accounts.signed_in("north", "chen", SECRET) is None
    assert store.sessions.find("north", secret, IDLE, LONGEST) is None
    for workspace, name, code in (
        ("north", "chen", "account_closed"),
        ("south", "chen", "account_missing"),
        ("north", "\x00", "account_missing"),
    ):
        with pytest.raises(CatalogError) as caught:
            store.accounts.set_password(workspace, name, SECRET)
        assert caught.value.code == code
    with pytest.raises(CatalogError):
        store.sessions.begin("north", "chen", "::1", "a browser", LONGEST)


def test_a_new_password(store: CatalogStore) -> None:
    store.accounts.add("north", CHEN, SECRET)
    store.accounts.add("north", LI, None, "https://id.example")
    secret = store.sessions.begin("north", "chen", "::1", "a browser", LONGEST)
    store.accounts.set_password("north", "chen", "another battery")
    assert store.sessions.find("north", secret, IDLE, LONGEST) is None
    assert store.accounts.signed_in("north", "chen", SECRET) is None
    assert store.accounts.signed_in("north", "chen", "another battery") is not None
    with pytest.raises(CatalogError) as caught:
        store.accounts.set_password("north", "li", SECRET)
    assert caught.value.code == "account_elsewhere"


def test_harder_parameters_are_taken_up(store: CatalogStore) -> None:
    store.accounts.add("north", CHEN, SECRET)
    before = kept(store)
    assert store.accounts.signed_in("north", "chen", SECRET) and kept(store) == before
    store.accounts._hasher = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    assert store.accounts.signed_in("north", "chen", "wrong") is None and kept(store) == before
    assert store.accounts.signed_in("north", "chen", SECRET)
    assert "m=16,t=2" in kept(store)
    assert store.accounts.signed_in("north", "chen", SECRET)


def test_sessions(store: CatalogStore, time: Time) -> None:
    store.accounts.add("north", CHEN, SECRET)
    store.accounts.add("north", LI, SECRET)
    first = store.sessions.begin("north", "chen", "::1", "a browser\x00", LONGEST)
    second = store.sessions.begin("north", "chen", "::2", "x" * 300, LONGEST)
    other = store.sessions.begin("north", "li", "::3", "", LONGEST)
    found = store.sessions.find("north", first, IDLE, LONGEST)
    assert found is not None and found.account.person == CHEN and found.address == "::1"
    assert store.sessions.find("south", first, IDLE, LONGEST) is None
    assert store.sessions.find("north", "\x00", IDLE, LONGEST) is None
    time.now += timedelta(minutes=20)
    assert store.sessions.find("north", first, IDLE, LONGEST)
    time.now += timedelta(minutes=20)  # the second was not seen for 40 minutes
    assert store.sessions.find("north", second, IDLE, LONGEST) is None
    listed = store.sessions.list("north", "chen", IDLE, LONGEST)
    assert [one.id for one in listed] == [found.id]
    store.sessions.end_one("north", "li", found.id)
    assert store.sessions.find("north", first, IDLE, LONGEST)
    store.sessions.end_one("north", "chen", found.id)
    assert store.sessions.find("north", first, IDLE, LONGEST) is None
    store.sessions.end(other)
    store.sessions.end(other)
    with store._read() as session:
        assert session.execute(text("SELECT count(*) FROM account_session")).scalar() == 1
        hashes = session.execute(text("SELECT secret_hash FROM account_session")).scalars().all()
    assert second not in hashes
    time.now += LONGEST
    store.sessions.begin("north", "chen", "::1", "", LONGEST)
    with store._read() as session:
        assert session.execute(text("SELECT count(*) FROM account_session")).scalar() == 1


def test_lockouts(store: CatalogStore, time: Time) -> None:
    most = {"account chen": 3, "address ::1": 5}
    for _ in range(3):
        assert store.lockouts.attempt("north", most, WAIT) is None
    assert store.lockouts.attempt("north", most, WAIT) == time.now + WAIT
    assert store.lockouts.attempt("south", most, WAIT) is None
    other = {"account li": 3, "address ::1": 5}
    assert store.lockouts.attempt("north", other, WAIT) is None
    store.lockouts.succeeded("north", "account li", "address ::1")
    for _ in range(2):
        assert store.lockouts.attempt("north", other, WAIT) is None
    assert store.lockouts.attempt("north", other, WAIT) is not None
    store.lockouts.forget("north", "account chen")
    assert store.lockouts.attempt("north", {"account chen": 3}, WAIT) is None
    time.now += WAIT
    assert store.lockouts.attempt("north", most, WAIT) is None


def test_attempts_at_once_are_all_counted(store: CatalogStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        went = pool.map(
            lambda _: store.lockouts.attempt("north", {"account chen": 5}, WAIT) is None, range(24)
        )
    assert sum(went) == 5


def test_people_of_an_issuer(store: CatalogStore) -> None:
    came = store.accounts.arrived("north", LI, "https://id.example 1")
    assert came.issuer == "https://id.example 1"
    changed = Person("li", "Li Two", "auditor")
    assert store.accounts.arrived("north", changed, "https://id.example 1").person == changed
    store.accounts.add("north", CHEN, SECRET)
    for person, issuer in ((LI, "https://id.example 2"), (CHEN, "https://id.example 1")):
        with pytest.raises(CatalogError) as caught:
            store.accounts.arrived("north", person, issuer)
        assert caught.value.code == "account_exists"
    store.accounts.close("north", "li")
    with pytest.raises(CatalogError) as caught:
        store.accounts.arrived("north", LI, "https://id.example 1")
    assert caught.value.code == "account_closed"
