"""Which documents allow what: each refusal, exact seconds, versions, and rows that never change."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from catalog.agreements import SignedDocument, document_of
from catalog.database import CatalogStore
from catalog.database.instrument_records import Instrument, InstrumentFault, Permission
from catalog.database.instruments import Instruments
from catalog.database.writing import lock_workspace
from catalog.errors import CatalogError
from tests.support.instruments import FIRM, PUBLIC, agreement, consent, letter, signed

CITY, TAIPEI = "tainan", ZoneInfo("Asia/Taipei")
START = datetime(2026, 7, 1, tzinfo=TAIPEI)
END = datetime(2027, 1, 1, tzinfo=TAIPEI)
TICK, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
VIEWS = {"sandbox.firm": ["paid", "used"]}
SOURCES = {"sandbox.firm": {"tax": {"base.tax": ["paid"]}, "power": {"base.power": ["code"]}}}


@pytest.fixture
def instruments(store: CatalogStore, clock: Any) -> Instruments:
    """Two letters, an agreement and a consent, imported before their first day."""
    clock.now = START.astimezone(UTC) - timedelta(days=3)
    for data in (letter(), letter(department="power"), agreement(), consent()):
        take(store.instruments, data)
    return store.instruments


def take(instruments: Instruments, data: dict[str, Any]) -> Instrument:
    return instruments.import_(CITY, signed(data), PUBLIC, TAIPEI)


def ask(instruments: Instruments, at: datetime = START, **changes: Any) -> Permission:
    values: dict[str, Any] = {"partner": "bank-a", "user": "wang", "purpose": "credit"}
    values |= {"views": VIEWS, "sources": SOURCES, "at": at}
    return instruments.allowing(CITY, **values | changes)


def code(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(CatalogError) as caught:
        call(*arguments, **named)
    assert caught.value.code in str(caught.value)  # it has a text
    return caught.value.code


def ready(store: CatalogStore, clock: Any) -> datetime:
    """The clock in the term of the documents; a moment that is after it."""
    clock.now = START.astimezone(UTC) + timedelta(days=9)
    return clock.now + timedelta(days=1)


# Import


def test_a_version_is_imported_once(instruments: Instruments, clock: Any) -> None:
    again = take(instruments, letter())
    assert again.imported_at < clock.now - MINUTE
    assert code(take, instruments, letter(purposes=["other"])) == "instrument_differs"
    take(instruments, letter(version=3))
    assert code(take, instruments, letter(version=2)) == "instrument_older"
    assert take(instruments, letter()) == again
    versions = instruments.versions(CITY, "letter", "letter-tax")
    assert [one.version for one in versions] == [1, 3]
    assert [one.name for one in instruments.versions(CITY)] == [
        "agreement:agreement-a@1",
        "consent:consent-1@1",
        "letter:letter-power@1",
        "letter:letter-tax@1",
        "letter:letter-tax@3",
    ]
    assert versions[0].document == document_of(letter())
    assert (versions[0].valid_from, versions[0].valid_until) == (START, END)


def test_only_what_is_signed_is_imported(store: CatalogStore) -> None:
    draft = SignedDocument(document_of(letter()))
    changed = SignedDocument(document_of(letter(purposes=["all"])), signed(letter()).signatures)
    for one, why in ((draft, "signature_missing"), (changed, "signature_invalid")):
        assert code(store.instruments.import_, CITY, one, PUBLIC, TAIPEI) == why
    assert store.instruments.versions(CITY) == []


def test_the_same_id_in_another_kind_or_workspace_is_another_document(
    instruments: Instruments,
) -> None:
    take(instruments, consent(id="letter-tax"))
    instruments.import_("elsewhere", signed(letter(purposes=["other"])), PUBLIC, TAIPEI)
    assert len(instruments.versions("elsewhere")) == 1
    assert ask(instruments)


# Permission


def test_a_permission_names_what_allowed_it(instruments: Instruments) -> None:
    permission = ask(instruments, views={"sandbox.firm": ["used", "paid", "paid"]})
    assert permission.instruments == (
        "agreement:agreement-a@1",
        "letter:letter-power@1",
        "letter:letter-tax@1",
    )
    assert permission.granted == {"sandbox.firm": ("paid", "used")}
    assert str(permission.terms.budget.most_per_question) == "0.5"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"partner": "bank-b"}, "agreement_missing"),
        ({"agreement": "another"}, "agreement_missing"),
        ({"at": START - TICK}, "agreement_missing"),
        ({"at": END}, "agreement_expired"),
        ({"user": "chen"}, "user_not_named"),
        ({"purpose": "gossip"}, "purpose_not_agreed"),
        ({"views": {"sandbox.firm": ["owed"]}}, "field_not_agreed"),
        ({"views": {"sandbox.other": ["paid"]}}, "field_not_agreed"),
        ({"views": {"sandbox.other": []}}, "field_not_agreed"),
        ({"purpose": "survey"}, "letter_missing"),
        ({"sources": {}}, "letter_missing"),
        ({"sources": {"sandbox.firm": {}}}, "letter_missing"),
        ({"sources": {"sandbox.firm": {"police": {"base.tax": []}}}}, "letter_missing"),
        ({"sources": {"sandbox.firm": {"tax": {"base.power": []}}}}, "letter_missing"),
        ({"sources": {"sandbox.firm": {"tax": {"base.tax": ["secret"]}}}}, "letter_missing"),
    ],
)
def test_what_is_refused(instruments: Instruments, changes: Any, expected: str) -> None:
    assert code(ask, instruments, **changes) == expected


def test_rows_alone_can_be_asked_about(instruments: Instruments) -> None:
    assert ask(instruments, views={"sandbox.firm": []}).granted == {"sandbox.firm": ()}


def test_a_term_ends_at_an_exact_moment(instruments: Instruments) -> None:
    assert ask(instruments, END - TICK)
    assert code(ask, instruments, END) == "agreement_expired"
    assert instruments.in_force(CITY, "letter", "letter-tax", END - TICK)
    assert instruments.in_force(CITY, "letter", "letter-tax", END) is None
    assert instruments.in_force(CITY, "letter", "letter-tax", START - TICK) is None
    assert instruments.in_force(CITY, "letter", "letter-tax", START)


def test_a_letter_ends_before_its_agreement(instruments: Instruments, clock: Any) -> None:
    take(instruments, letter(version=2, valid_to="2026-09-30"))
    ends = datetime(2026, 10, 1, tzinfo=TAIPEI)
    assert ask(instruments, ends - TICK)
    assert code(ask, instruments, ends) == "letter_expired"


@pytest.mark.parametrize(
    ("kind", "id", "expected"),
    [
        ("letter", "letter-tax", "letter_revoked"),
        ("agreement", "agreement-a", "agreement_revoked"),
    ],
)
def test_a_revocation_holds_from_an_exact_moment(
    store: CatalogStore, instruments: Instruments, clock: Any, kind: Any, id: str, expected: str
) -> None:
    at = ready(store, clock)
    revoked = instruments.revoke(CITY, kind, id, at=at, by="bureau", reason="withdrawn")
    assert revoked.revocation is not None
    assert (revoked.revocation.by, revoked.revocation.reason) == ("bureau", "withdrawn")
    assert ask(instruments, at - TICK)
    assert code(ask, instruments, at) == expected
    assert code(ask, instruments, END) in (expected, "agreement_expired")
    later = instruments.revoke(CITY, kind, id, at=at + MINUTE, by="x", reason="y")
    assert later.revocation == revoked.revocation
    sooner = instruments.revoke(CITY, kind, id, at=at - MINUTE, by="x", reason="y")
    assert sooner.revocation is not None
    assert sooner.revocation.at == at - MINUTE
    assert code(ask, instruments, at - MINUTE) == expected
    assert code(instruments.revoke, CITY, kind, "z", at=at, by="x", reason="y") == (
        "instrument_unknown"
    )


def test_a_version_holds_from_its_import_on(
    store: CatalogStore, instruments: Instruments, clock: Any
) -> None:
    ready(store, clock)
    imported = take(instruments, agreement(version=2, users=["li"])).imported_at
    assert ask(instruments, imported - TICK).agreement.version == 1
    assert code(ask, instruments, imported) == "user_not_named"
    assert ask(instruments, imported, user="li").agreement.version == 2
    take(instruments, agreement(version=3, valid_from="2026-11-01"))
    assert code(ask, instruments, clock()) == "agreement_missing"
    other = {"id": "bank-b", "name": {"zh": "乙", "en": "B"}}
    take(instruments, agreement(version=4, partner=other))
    assert code(ask, instruments, clock()) == "agreement_missing"
    assert ask(instruments, clock(), partner="bank-b")


def test_a_new_version_holds_after_a_revocation(
    store: CatalogStore, instruments: Instruments, clock: Any
) -> None:
    at = ready(store, clock)
    instruments.revoke(CITY, "letter", "letter-tax", at=at, by="bureau", reason="withdrawn")
    clock.now = at + MINUTE
    take(instruments, letter())  # the old one again gives nothing back
    assert code(ask, instruments, clock()) == "letter_revoked"
    renewed = take(instruments, letter(version=2)).imported_at
    assert code(ask, instruments, renewed - TICK) == "letter_revoked"
    assert ask(instruments, renewed)


def test_a_department_may_have_several_letters(instruments: Instruments) -> None:
    more = {"name": "base.debt", "fields": ["sum"]}
    take(instruments, letter(id="letter-debt", resources=[more]))
    sources = {"sandbox.firm": {"tax": {"base.tax": ["paid"], "base.debt": ["sum"]}}}
    assert code(ask, instruments, sources=sources) == "letter_missing"  # not in the agreement
    take(instruments, agreement(version=2, letters=["letter-tax", "letter-debt"]))
    found = ask(instruments, sources=sources).letters
    assert [one.id for one in found] == ["letter-debt", "letter-tax"]


def test_the_nearest_agreement_says_why(instruments: Instruments) -> None:
    take(instruments, agreement(id="agreement-0", users=["chen"], purposes=["survey"]))
    assert ask(instruments).agreement.id == "agreement-a"
    assert code(ask, instruments, user="zhao") == "user_not_named"
    assert code(ask, instruments, user="chen") == "purpose_not_agreed"
    assert code(ask, instruments, agreement="agreement-0") == "user_not_named"


# Consents


def seek(instruments: Instruments, at: datetime = START, **changes: Any) -> Instrument:
    values: dict[str, Any] = {"partner": "bank-a", "enterprise": FIRM, "purpose": "credit"}
    return instruments.consent_for(CITY, **{**values, "fields": ["paid"], "at": at, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"partner": "bank-b"}, "consent_missing"),
        ({"enterprise": "91310000Y"}, "consent_missing"),
        ({"purpose": "survey"}, "consent_missing"),
        ({"fields": ["used"]}, "consent_missing"),
        ({"at": START - TICK}, "consent_missing"),
        ({"at": END}, "consent_expired"),
    ],
)
def test_where_a_consent_does_not_reach(
    instruments: Instruments, changes: Any, expected: str
) -> None:
    assert code(seek, instruments, **changes) == expected


def test_a_consent_for_one_use(store: CatalogStore, instruments: Instruments, clock: Any) -> None:
    assert code(instruments.use_consent, CITY, "consent-1", "r1") == "consent_missing"
    at = ready(store, clock)
    assert seek(instruments, END - TICK).name == "consent:consent-1@1"
    assert code(instruments.use_consent, CITY, "consent-9", "r1") == "instrument_unknown"
    first = instruments.use_consent(CITY, "consent-1", "r1")
    assert not first.again
    again = instruments.use_consent(CITY, "consent-1", "r1")
    assert (again.again, again.used_at) == (True, first.used_at)
    assert code(instruments.use_consent, CITY, "consent-1", "r2") == "consent_used"
    assert code(seek, instruments, at) == "consent_used"
    clock.now = END.astimezone(UTC)
    assert instruments.use_consent(CITY, "consent-1", "r1").again
    take(instruments, consent(version=2, valid_to="2027-06-30"))
    assert not instruments.use_consent(CITY, "consent-1", "r3").again


def test_a_consent_for_many_uses(store: CatalogStore, instruments: Instruments, clock: Any) -> None:
    take(instruments, consent(id="consent-2", use="periodic"))
    at = ready(store, clock)
    for request in ("r1", "r2"):
        assert not instruments.use_consent(CITY, "consent-2", request).again
    instruments.use_consent(CITY, "consent-1", "r1")
    assert seek(instruments, at).id == "consent-2"
    clock.now = END.astimezone(UTC) - MINUTE * 2 - TICK
    assert instruments.use_consent(CITY, "consent-2", "r3")
    clock.now = END.astimezone(UTC) - MINUTE * 2
    assert code(instruments.use_consent, CITY, "consent-2", "r4") == "consent_expired"


def test_a_revoked_consent(store: CatalogStore, instruments: Instruments, clock: Any) -> None:
    at = ready(store, clock)
    instruments.revoke(CITY, "consent", "consent-1", at=at, by=FIRM, reason="no more")
    assert seek(instruments, at - TICK)
    assert code(seek, instruments, at) == "consent_revoked"
    clock.now = at
    assert code(instruments.use_consent, CITY, "consent-1", "r1") == "consent_revoked"


USER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from catalog.database import CatalogStore
from catalog.errors import CatalogError
url, start, me = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
with CatalogStore.open(url, clock=lambda: datetime(2026, 8, 1, tzinfo=UTC)) as store:
    Path(f"{start}-{me}").touch()
    while not start.exists():
        time.sleep(0.001)
    for n in range(5):
        try:
            store.instruments.use_consent("tainan", "consent-1", f"{me}-{n}")
            print("used")
        except CatalogError as error:
            assert error.code == "consent_used", error
"""


@pytest.mark.slow
def test_two_processes_use_one_consent_at_once(
    instruments: Instruments, database_url: str, tmp_path: Any
) -> None:
    start = tmp_path / "start"
    command = [sys.executable, "-c", USER, database_url, str(start)]
    started = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in "ab"
    ]
    while not all((tmp_path / f"start-{name}").exists() for name in "ab"):
        assert all(process.poll() is None for process in started)
    start.touch()
    said = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert "".join(said) == "used\n"


@pytest.mark.slow
def test_whoever_uses_a_consent_waits_for_the_one_before(
    store: CatalogStore, instruments: Instruments, clock: Any
) -> None:
    ready(store, clock)
    said: list[str] = []

    def use(n: int) -> None:
        try:
            instruments.use_consent(CITY, "consent-1", f"request {n}")
            said.append("used")
        except CatalogError as error:
            said.append(error.code)

    threads = [threading.Thread(target=use, args=(n,)) for n in range(4)]
    with store._write() as session:
        lock_workspace(session, CITY, START)
        for thread in threads:
            thread.start()
        threads[0].join(0.3)
        assert said == []
    for thread in threads:
        thread.join()
    assert sorted(said) == ["consent_used"] * 3 + ["used"]


# Rows that never change


@pytest.fixture
def full(store: CatalogStore, instruments: Instruments, clock: Any) -> CatalogStore:
    at = ready(store, clock)
    instruments.use_consent(CITY, "consent-1", "r1")
    instruments.revoke(CITY, "letter", "letter-tax", at=at, by="bureau", reason="withdrawn")
    return store


@pytest.mark.parametrize("table", ["instrument", "instrument_revocation", "consent_use"])
def test_rows_are_never_changed(full: CatalogStore, table: str) -> None:
    column = "request_id" if table == "consent_use" else "id"
    statements = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if full._engine.dialect.name == "postgresql":
        statements.append(f"TRUNCATE {table} CASCADE")
    for statement in statements:
        with pytest.raises(DBAPIError, match="never changed"), full._engine.begin() as connection:
            connection.execute(text(statement))


def test_a_stored_document_that_was_changed_is_found(full: CatalogStore) -> None:
    assert full.instruments.verify(CITY, PUBLIC, TAIPEI) == []
    with full._engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE instrument DISABLE TRIGGER instrument_rows"))
        else:
            connection.execute(text("DROP TRIGGER instrument_update"))
        for change in (
            "valid_until = '2030-01-01 00:00:00.000000+00:00' WHERE name = 'letter-power'",
            "partner = 'bank-b' WHERE kind = 'agreement'",
            "document = '{}' WHERE kind = 'consent'",
            "signatures = '[]' WHERE name = 'letter-tax'",
        ):
            connection.execute(text(f"UPDATE instrument SET {change}"))
    assert full.instruments.verify(CITY, PUBLIC, TAIPEI) == [
        InstrumentFault("agreement", "agreement-a", 1, "instrument_differs"),
        InstrumentFault("consent", "consent-1", 1, "instrument_syntax"),
        InstrumentFault("letter", "letter-power", 1, "instrument_differs"),
        InstrumentFault("letter", "letter-tax", 1, "signature_missing"),
    ]


def test_what_another_process_adds_holds_at_once(
    database_url: str, store: CatalogStore, instruments: Instruments, clock: Any
) -> None:
    """Agreements and letters are kept in memory; every reading asks whether something was added."""
    at = ready(store, clock)
    with CatalogStore.open(database_url, clock=clock) as other:
        for _ in range(2):
            with instruments.standing.reading(CITY, at) as moment:
                assert moment.in_force("agreement", "agreement-a") is not None
        other.instruments.revoke(CITY, "agreement", "agreement-a", at=at, by="x", reason="y")
        with instruments.standing.reading(CITY, at) as moment:
            assert moment.in_force("agreement", "agreement-a") is None
        take(other.instruments, agreement(version=2))
        with instruments.standing.reading(CITY, clock()) as moment:
            found = moment.in_force("agreement", "agreement-a")
            assert found is not None and found.version == 2
        with instruments.standing.reading("elsewhere", at) as moment:
            assert moment.newest("agreement", "agreement-a") is None
