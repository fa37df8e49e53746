"""Records of enterprises that consented: what is agreed, masked as granted, and nothing else."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.database import CatalogStore
from catalog.errors import CatalogError, CityBrainError
from pipelines.duck import Budget
from pipelines.lake import Snapshot
from pipelines.masking import KeyRing
from sandbox.errors import SandboxError
from sandbox.masks import masked_field
from sandbox.recordfile import RecordFile, write_records
from sandbox.records import Record, RecordAsked, Records, plain
from tests.sandbox.firms import published_firms
from tests.support.city import NAME, City
from tests.support.instruments import PUBLIC, agreement, consent, letter, signed

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
VIEW = {"name": "sandbox.firm", "fields": ["area", "paid", "owner"]}
MASKS = {"owner": "mask_pseudonym(owner, 'credit', 'bank_a')", "paid": "mask_amount(paid, 10)"}


@pytest.fixture(scope="module")
def firms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A published view of 2,000 invented firms, c0 to c1999."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("records")
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        yield published_firms(root / "city")


class Office:
    """Records on a database of their own, with the instruments that they need."""

    def __init__(self, city: City, folder: Path) -> None:
        self.now = NOW
        self.store = CatalogStore.open(f"sqlite:///{folder / 'catalog.db'}", clock=lambda: self.now)
        self.lake = city.lake()
        self.folder = folder / "records"
        fields = ["code", "area", "paid", "owner"]
        self.take(letter(resources=[{"name": "raw.tax__firm", "fields": fields}]))
        self.take(agreement(letters=["letter-tax"], views=[VIEW]))
        self.take(agreement(id="masked", letters=["letter-tax"], views=[{**VIEW, "masks": MASKS}]))
        self.records = Records(
            city.plan(),
            self.store,
            self.lake,
            self.folder,
            Budget("200MB", 1, folder / "scratch"),
            lambda: KeyRing.of({1: b"k" * 32}),
            lambda: self.now,
        )

    def take(self, document: dict[str, object]) -> None:
        self.store.instruments.import_(NAME, signed(document), PUBLIC, ZoneInfo("UTC"))

    def consents(self, code: str, **changes: Any) -> None:
        values = {"id": f"of-{code}", "enterprise": code, "fields": ["paid", "owner"]}
        document = signed_by_centre(consent(**{**values, "use": "periodic", **changes}))
        self.store.instruments.import_(NAME, document, PUBLIC, ZoneInfo("UTC"))

    def get(self, code: str = "c7", request: str = "r1", **changes: Any) -> Record:
        (found,) = self.records.get_all([asked(code, request, **changes)])
        if isinstance(found, Exception):
            raise found
        return found

    def current(self) -> Snapshot:
        found = self.lake.current("sandbox.firm")
        assert found is not None
        return found


def asked(code: str = "c7", request: str = "r1", **changes: Any) -> RecordAsked:
    values = {"partner": "bank-a", "user": "wang", "purpose": "credit"}
    values |= {"agreement": "agreement-a", "view": "sandbox.firm", "code": code}
    return RecordAsked(**(values | changes), request_id=request)


def signed_by_centre(document: dict[str, object]) -> Any:
    from catalog.agreements import CENTRE, document_of, sign
    from tests.support.instruments import KEYS

    return sign(document_of(document), KEYS[CENTRE], CENTRE)


@pytest.fixture
def office(firms: City, tmp_path: Path) -> Iterator[Office]:
    found = Office(firms, tmp_path)
    yield found
    found.store.close()
    found.lake.close()


def test_agreed_fields_that_were_consented_to(office: Office) -> None:
    office.consents("c7")
    record = office.get()
    assert record.values == {"paid": 7, "owner": "o7"} and record.masked == ()
    assert record.instruments == (
        "agreement:agreement-a@1",
        "letter:letter-tax@1",
        "consent:of-c7@1",
    )
    assert record.snapshot == office.current().snapshot_id
    (call,) = office.store.openings.newest(NAME)
    assert (call.action, call.outcome, call.subject) == ("record", "ok", "sandbox.firm c7")
    assert call.instruments == record.instruments


def test_masked_as_the_agreement_says(office: Office) -> None:
    office.consents("c17", fields=["paid", "owner", "area"])
    plainly, masked = office.get("c17"), office.get("c17", agreement="masked")
    assert plainly.values == {"area": "east", "paid": 17, "owner": "o17"}
    assert masked.masked == ("paid", "owner")
    assert masked.values["area"] == "east" and masked.values["paid"] == "[10,20)"
    assert (
        len(masked.values["owner"]) == 32
        and masked.values == office.get("c17", agreement="masked").values
    )
    kept = list(office.folder.iterdir())
    assert len(kept) == 2  # a file for each grant, readable by nobody else
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "consent_missing"),
        ({"code": "c8' OR '1'='1"}, "consent_missing"),
        ({"partner": "bank-b"}, "agreement_missing"),
        ({"agreement": "none"}, "agreement_missing"),
        ({"user": "zhao"}, "user_not_named"),
        ({"purpose": "marketing"}, "purpose_not_agreed"),
        ({"purpose": "survey"}, "letter_missing"),
        ({"view": "sandbox.other"}, "field_not_agreed"),
        ({"view": "raw.tax__firm"}, "field_not_agreed"),
    ],
)
def test_what_is_refused_and_logged(office: Office, changes: dict[str, str], code: str) -> None:
    office.consents("c7")
    with pytest.raises(CityBrainError) as caught:
        office.get(**({"code": "c8"} | changes))
    assert caught.value.code == code
    (call,) = office.store.openings.newest(NAME)
    assert (call.action, call.outcome) == ("record", code)


def test_who_is_not_there_is_only_told_with_consent(office: Office) -> None:
    office.consents("nobody")
    for code, said in (("nobody", "record_unknown"), ("nobody-2", "consent_missing")):
        with pytest.raises(CityBrainError) as caught:
            office.get(code)
        assert caught.value.code == said


def test_a_consent_for_one_use_is_used_by_what_is_given(office: Office) -> None:
    office.consents("c7", use="once")
    with pytest.raises(CityBrainError):
        office.get(user="zhao")
    first = office.get(request="r1")
    assert office.get(request="r1") == first
    with pytest.raises(CatalogError) as caught:
        office.get(request="r2")
    assert caught.value.code == "consent_used"


def test_many_at_once_are_each_told_their_own(office: Office) -> None:
    for code in ("c7", "c17", "nobody"):
        office.consents(code)
    office.consents("c8", use="once")
    alone = {code: office.get(code, request="before") for code in ("c7", "c17")}
    many = [
        asked("c7"), asked("c9"), asked("nobody"), asked("c8", "one"), asked("c8", "two"),
        asked("c7", partner="bank-b"), asked("c17"), asked("c7", user="zhao"),
    ]  # fmt: skip
    found = office.records.get_all(many)
    assert (found[0], found[6]) == (alone["c7"], alone["c17"])
    told = [one.code if isinstance(one, CityBrainError) else "ok" for one in found]
    assert told == [
        "ok", "consent_missing", "record_unknown", "ok", "consent_used",
        "agreement_missing", "ok", "user_not_named",
    ]  # fmt: skip
    logged = office.store.openings.newest(NAME, limit=len(many))[::-1]
    assert [(one.outcome, one.subject.split()[1]) for one in logged] == [
        (code, one.code) for code, one in zip(told, many, strict=True)
    ]


def test_one_that_nobody_can_be_asked_about_fails_alone(office: Office) -> None:
    office.consents("c7")
    found = office.records.get_all([asked("c7"), asked("\ud800"), asked("c7")])
    assert [type(one) for one in found] == [Record, UnicodeEncodeError, Record]


def test_the_consent_that_covers_most_is_taken(office: Office) -> None:
    office.consents("c7", id="narrow", fields=["paid"])
    office.consents("c7", id="wide", fields=["paid", "area", "other"])
    assert set(office.get().values) == {"paid", "area"}
    office.consents("c9", id="elsewhere", fields=["other"])
    with pytest.raises(CatalogError) as caught:
        office.get("c9")
    assert caught.value.code == "consent_missing"


def test_terms_end_at_their_second(office: Office) -> None:
    office.consents("c7", valid_to="2026-09-30")
    office.now = datetime(2026, 10, 1, tzinfo=UTC) - timedelta(seconds=1)
    assert office.get().values
    office.now += timedelta(seconds=1)
    with pytest.raises(CatalogError) as caught:
        office.get()
    assert caught.value.code == "consent_expired"
    office.consents("c7", id="again")
    assert office.get().values
    office.store.instruments.revoke(
        NAME, "consent", "again", at=office.now, by="c7", reason="no more"
    )
    office.store.instruments.revoke(
        NAME, "letter", "letter-tax", at=office.now + timedelta(hours=1), by="tax", reason="ended"
    )
    with pytest.raises(CatalogError) as caught:
        office.get()
    assert caught.value.code in ("consent_revoked", "consent_expired")
    office.now += timedelta(hours=1)
    with pytest.raises(CatalogError) as caught:
        office.get()
    assert caught.value.code == "letter_revoked"


def test_files_of_earlier_snapshots_go(office: Office) -> None:
    office.consents("c7")
    office.get()
    (path,) = office.folder.iterdir()
    older = path.with_name(path.name.rsplit("-", 1)[0] + "-1.arrow")
    path.rename(older)
    office.records._files._open.clear()
    assert office.get().values["paid"] == 7
    assert list(office.folder.iterdir()) == [path]


def test_while_a_new_file_is_made_the_one_before_is_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.consents("c7")
    before, current = office.get(), office.current()
    newer = replace(current, snapshot_id=current.snapshot_id + 1)
    monkeypatch.setattr(office.records, "_current", lambda _view: newer)
    go, files = threading.Event(), office.records._files
    make = files._make
    monkeypatch.setattr(files, "_make", lambda *args: (go.wait(10), make(*args)))
    assert [office.get() for _ in range(3)] == [before] * 3
    go.set()
    files._maker.submit(int).result(10)  # after what was to be made
    assert office.get().snapshot == newer.snapshot_id
    assert [path.name.split("-")[1] for path in office.folder.iterdir()] == [
        f"{newer.snapshot_id}.arrow"
    ]


def test_a_new_file_that_cannot_be_made_is_said_to_whom_asks_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.consents("c7")
    before = office.get()
    gone = replace(office.current(), snapshot_id=1, files=(Path("/nowhere.parquet"),))
    with monkeypatch.context() as patch:
        patch.setattr(office.records, "_current", lambda _view: gone)
        assert office.get() == before
        office.records._files._maker.submit(int).result(10)
        with pytest.raises(CityBrainError) as caught:
            office.get()
        assert caught.value.code == "engine_failed"
    assert office.get() == before


@pytest.mark.parametrize(
    "mask",
    [
        "mask_amount(other, 10)",
        "mask_amount(paid + 1, 10)",
        "mask_amount(paid)",
        "mask_amount(paid, 10), paid",
        "mask_nothing(paid)",
        "paid",
        "lower(paid)",
        "mask_grid(paid, paid, 500)",
        "(SELECT 1)",
        "",
    ],
)
def test_masks_are_calls_on_the_field_alone(mask: str) -> None:
    with pytest.raises(SandboxError) as caught:
        masked_field("paid", mask)
    assert caught.value.code == "mask_wrong"


def test_a_mask_is_written_anew() -> None:
    made = masked_field("paid", " MASK_amount( paid ,10 ) -- all\n")
    assert (made.sql, made.masked, made.key) == ('mask_amount("paid", 10)', True, None)
    keyed = masked_field("owner", MASKS["owner"])
    assert keyed.key is not None and keyed.key.recipient == "bank_a"


CODES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)


@given(codes=st.sets(CODES, max_size=60), other=CODES)
@settings(deadline=None, max_examples=50)
def test_every_code_is_found_and_no_other(
    codes: set[str], other: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("file") / "found.arrow"
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t (code VARCHAR, place INTEGER)")
        rows = [(code, place) for place, code in enumerate(codes)]
        if rows:
            con.executemany("INSERT INTO t VALUES (?, ?)", rows)
        con.execute("INSERT INTO t VALUES (NULL, -1)")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sandbox.recordfile.BATCH", 7)
            write_records(con, "SELECT * FROM t", "code", {"place": "place"}, path)
    found = RecordFile(path)
    for code, place in rows:
        assert found.find(code) == {"place": place}
    assert other in codes or found.find(other) is None


def test_values_for_json() -> None:
    moment = datetime(2026, 9, 1, tzinfo=UTC)
    assert [plain(v) for v in (Decimal("3.00"), Decimal("3.50"), None, True, "x")] == [
        3, 3.5, None, True, "x",
    ]  # fmt: skip
    assert plain(moment.date()) == "2026-09-01" and plain(moment) == moment.isoformat()
