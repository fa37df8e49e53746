"""Timestamps of the audit log, from a real authority (openssl) and from ones that are not to be trusted."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from catalog.audit import der
from catalog.audit.record import AuditRecord
from catalog.audit.timestamps import request_for
from catalog.database import CatalogStore
from catalog.errors import CityBrainError, Problems
from citybrain import app
from pipelines.anchoring import anchor, keep_anchored
from pipelines.auditing import checked, export_log
from pipelines.home import Home
from pipelines.timestamping import is_due, stamp, stamped, stamping
from pipelines.workspace import Workspace, load_workspace
from tests.support.tsa import Authority, served

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "good")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    monkeypatch.setenv("CITYBRAIN_LANG", "en")
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "departments.yaml").write_text("departments: []\n")
    return folder


def town(root: Path, authority: Authority, url: str, more: str = "") -> Workspace:
    (root / "roots.pem").write_bytes(authority.roots.read_bytes())
    settings = f'timestamp_url = "{url}"\n' if url else ""
    settings = f'name = "town"\n[audit]\ntimestamp_certificates = "roots.pem"\n{settings}{more}'
    (root / "workspace.toml").write_text(settings)
    loaded = load_workspace(root)
    assert loaded.problems == ()
    return loaded


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/stamps.db"
    url: str = request.getfixturevalue("postgres").url(f"stamps_{secrets.token_hex(6)}")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[CatalogStore]:
    with CatalogStore.open(database_url) as store:
        yield store


def add(store: CatalogStore, count: int = 3) -> None:
    records = [AuditRecord(AT, "account:wang", "publish", str(n)) for n in range(count)]
    store.audit.append("town", *records)


def test_the_newest_checkpoint_is_stamped(
    root: Path, authority: Authority, store: CatalogStore
) -> None:
    with served(authority.answer) as url:
        city = town(root, authority, url)
        assert stamp(store, city) is None  # there is no checkpoint
        for _ in range(3):
            add(store)
            anchor(store, city)
        at = stamp(store, city)
        assert at is not None and stamp(store, city) is None  # it has one
        add(store)
        anchor(store, city)
        found, stamps = checked(store, city)
        assert found.count == 0 and stamps is not None
        assert (stamps.count, stamps.covered, stamps.at) == (1, 9, at)
        last = store.checkpoints.last("town")
        assert last is not None and stamps.since == last.at
        assert stamp(store, city) is not None
    stamps = stamped(store, city)  # nobody is asked
    assert stamps is not None and (stamps.count, stamps.covered, stamps.since) == (2, 12, None)
    assert [one.checkpoint for one in store.timestamps.each("town")] == [3, 4]
    with pytest.raises(CityBrainError), store._writing() as con:
        con.execute(text("DELETE FROM audit_timestamp"))


def other_request(authority: Authority) -> Callable[[bytes], bytes]:
    """Answers what somebody else has asked."""
    made = subprocess.run(
        ["openssl", "ts", "-query", "-digest", "ab" * 32, "-sha256", "-cert"],
        capture_output=True,
        check=True,
    )
    return lambda _request: authority.answer(made.stdout)


def without_nonce(authority: Authority, store: CatalogStore) -> Callable[[bytes], bytes]:
    """Answers an earlier request about the same checkpoint."""
    last = store.checkpoints.last("town")
    assert last is not None
    answer = authority.answer(request_for(last).as_bytes())
    return lambda _request: answer


def signed_by_nobody(authority: Authority) -> Callable[[bytes], bytes]:
    """Answers with one bit of the signature changed."""
    return lambda request: (made := authority.answer(request))[:-1] + bytes((made[-1] ^ 1,))


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("garbage", "timestamp_answer"),
        ("empty", "timestamp_answer"),
        ("refusal", "timestamp_answer"),
        ("no token", "timestamp_answer"),
        ("imprint", "timestamp_imprint"),
        ("nonce", "timestamp_imprint"),
        ("signature", "timestamp_untrusted"),
        ("stranger", "timestamp_untrusted"),
        ("usage", "timestamp_untrusted"),
        ("too long", "timestamp_unreachable"),
    ],
)
def test_what_does_not_hold_is_not_kept(
    root: Path,
    authority: Authority,
    store: CatalogStore,
    tmp_path: Path,
    kind: str,
    code: str,
) -> None:
    city = town(root, authority, "")
    add(store)
    anchor(store, city)
    answers: dict[str, Callable[[], Callable[[bytes], bytes]]] = {
        "garbage": lambda: lambda _request: b"<html>welcome</html>",
        "empty": lambda: lambda _request: b"",
        "refusal": lambda: lambda _request: bytes.fromhex("30053003020102"),
        "no token": lambda: lambda _request: der.wrapped(0x30, bytes.fromhex("30030201003000")),
        "imprint": lambda: other_request(authority),
        "nonce": lambda: without_nonce(authority, store),
        "signature": lambda: signed_by_nobody(authority),
        "stranger": lambda: Authority(tmp_path / "stranger").answer,
        "usage": lambda: authority.misused,
        "too long": lambda: lambda _request: b"0" * 2_000_000,
    }
    with served(answers[kind]()) as url:
        city = town(root, authority, url)
        with pytest.raises(CityBrainError) as caught:
            stamp(store, city)
    assert caught.value.code == code and store.timestamps.last("town") is None
    assert caught.value.text("zh") != caught.value.text("en")


def test_an_authority_that_is_not_there_holds_nothing_up(
    root: Path, authority: Authority, store: CatalogStore
) -> None:
    with served(authority.answer) as url:
        pass  # it is gone
    city = town(root, authority, url)
    add(store)
    assert anchor(store, city) is not None
    told: list[str] = []
    loop = stamping(store, city, lambda error: told.append(error.code))
    assert loop is not None
    loop._once()
    assert told == ["timestamp_unreachable"]
    assert (loop.pulse().state, loop.pulse().code) == ("failing", "timestamp_unreachable")
    assert not loop.pulse().lost
    stamps = stamped(store, city)
    last = store.checkpoints.last("town")
    assert stamps is not None and last is not None
    assert (stamps.count, stamps.covered, stamps.since) == (0, 0, last.at)
    with served(lambda _request: b"", 500) as url, pytest.raises(CityBrainError) as caught:
        stamp(store, town(root, authority, url))
    assert caught.value.fields["problem"] == "HTTP 500"
    with served(authority.answer) as url:
        again = stamping(store, town(root, authority, url))
        assert again is not None
        again._once()
    assert again.pulse().state == "ok" and store.timestamps.has("town", 1)


def test_a_new_one_is_due_after_its_time(
    root: Path, authority: Authority, store: CatalogStore
) -> None:
    assert stamping(store, load(root, 'name = "town"\n')) is None
    with served(authority.answer) as url:
        city = town(root, authority, url, "timestamp_seconds = 600\n")
        add(store)
        anchor(store, city)
        assert is_due(store, city, AT)
        at = stamp(store, city)
    assert at is not None
    assert not is_due(store, city, at + timedelta(seconds=599))
    assert is_due(store, city, at + timedelta(seconds=600))


def test_as_a_condition(root: Path, authority: Authority, database_url: str) -> None:
    """The log is closed while its oldest record without a timestamp is too old, and opened by one."""
    now = datetime.now(UTC)
    began = now
    with (
        CatalogStore.open(database_url, clock=lambda: now) as store,
        served(authority.answer) as url,
    ):
        city = town(root, authority, url, "timestamp_overdue_seconds = 7200\n")
        keep_anchored(store, city)
        add(store)
        anchor(store, city)
        now += timedelta(seconds=7_200)
        add(store)
        store.audit.check("town")
        now += timedelta(seconds=1)
        given = AuditRecord(AT, "department:tax/li", "exchange", "base.firm")
        for asked in (lambda: store.audit.check("town"), lambda: store.audit.append("town", given)):
            with pytest.raises(CityBrainError) as caught:
                asked()
            assert caught.value.code == "audit_stamp_overdue"
            assert caught.value.fields["since"] == began.isoformat(timespec="seconds")
        assert caught.value.text("zh") != caught.value.text("en")
        now = began  # the authority's clock is this machine's
        assert stamp(store, city) is not None
        now += timedelta(seconds=7_201)
        store.audit.append("town", given)  # the records after the checkpoint are not so old
        state = store.audit.state("town")
        assert state is not None and state.unstamped_since == began + timedelta(seconds=7_200)
        assert store.audit.overdue("town") is None


def test_all_records_are_covered(root: Path, authority: Authority, database_url: str) -> None:
    now = datetime.now(UTC)
    with (
        CatalogStore.open(database_url, clock=lambda: now) as store,
        served(authority.answer) as url,
    ):
        city = town(root, authority, url, "timestamp_overdue_seconds = 1200\n")
        keep_anchored(store, city)
        add(store)
        anchor(store, city)
        stamp(store, city)
        state = store.audit.state("town")
        assert state is not None and state.unstamped_since is None
        now += timedelta(days=30)  # nothing was added: nothing is overdue
        given = AuditRecord(AT, "department:tax/li", "exchange", "base.firm")
        store.audit.append("town", given)
        store.audit.append("town", given)
        now += timedelta(seconds=600)
        assert is_due(store, city, now)


def test_half_the_time_is_left_to_ask_again(
    root: Path, authority: Authority, database_url: str
) -> None:
    now = datetime.now(UTC)
    with (
        CatalogStore.open(database_url, clock=lambda: now) as store,
        served(authority.answer) as url,
    ):
        city = town(root, authority, url, "timestamp_overdue_seconds = 1200\n")
        add(store)
        anchor(store, city)
        at = stamp(store, city)
        add(store)
        assert at is not None
        assert not is_due(store, city, now + timedelta(seconds=599))
        assert is_due(store, city, now + timedelta(seconds=600))
        free = town(root, authority, url)
        assert not is_due(store, free, now + timedelta(seconds=600))


def test_a_command_ends_it(
    root: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(authority.answer) as url:
        city = town(root, authority, url, "timestamp_overdue_seconds = 1200\n")
        with CatalogStore.open(
            Home.of("town").database_url, clock=lambda: datetime.now(UTC) - timedelta(hours=1)
        ) as store:
            keep_anchored(store, city)
            add(store)
            anchor(store, city)
        told = run("verify", str(root))
        assert "[audit_stamp_overdue] The audit log of 'town' has records since" in told
        assert json.loads(run("verify", str(root), "--json"))["overdue"] == "audit_stamp_overdue"
        run("checkpoint", str(root))
        assert "audit_stamp_overdue" not in run("verify", str(root))
        assert json.loads(run("verify", str(root), "--json"))["overdue"] is None


def test_verify_names_what_does_not_hold(
    root: Path, authority: Authority, store: CatalogStore, tmp_path: Path
) -> None:
    with served(authority.answer) as url:
        city = town(root, authority, url)
        for _ in range(2):
            add(store)
            anchor(store, city)
            stamp(store, city)
    first, second = store.timestamps.each("town")
    early = store.checkpoints.all("town")[0]
    add(store)
    later = anchor(store, city)
    assert later is not None
    store.timestamps.add("town", later, second.at, second.token)  # it is about another one
    with store._writing() as con:
        row = text("INSERT INTO audit_timestamp SELECT log_id, 9, at, at, token FROM audit_timestamp"
                   " WHERE checkpoint = 1")  # fmt: skip
        con.execute(row)
    found, stamps = checked(store, city)
    assert stamps is not None and (stamps.covered, stamps.since) == (6, later.at)
    assert [(one.kind, one.checkpoint) for one in found.faults] == [
        ("timestamp_imprint", 3),
        ("timestamp_stray", 9),
    ]
    stranger = town(root, Authority(tmp_path / "other"), url)
    assert [one.kind for one in checked(store, stranger)[0].faults] == [
        "timestamp_untrusted",
        "timestamp_untrusted",
        "timestamp_imprint",
        "timestamp_stray",
    ]
    unchecked = stamped(store, load(root, 'name = "town"\n'))
    assert unchecked is not None and (unchecked.count, unchecked.checked) == (4, False)
    assert early.size == 3 and first.checkpoint == 1


def test_a_token_from_before_its_checkpoint(
    root: Path, authority: Authority, database_url: str
) -> None:
    """The clock of this machine is an hour ahead, or the authority's is behind."""
    now = datetime.now(UTC) + timedelta(hours=1)
    with (
        CatalogStore.open(database_url, clock=lambda: now) as store,
        served(authority.answer) as url,
    ):
        city = town(root, authority, url)
        add(store)
        anchor(store, city)
        with pytest.raises(CityBrainError) as caught:
            stamp(store, city)
        assert caught.value.code == "timestamp_early"


def test_openssl_checks_an_export_alone(
    root: Path, authority: Authority, store: CatalogStore, tmp_path: Path
) -> None:
    with served(authority.answer) as url:
        city = town(root, authority, url)
        for _ in range(2):
            add(store)
            anchor(store, city)
        stamp(store, city)
    folder = tmp_path / "given"
    export_log(store, city, folder / "log.jsonl")
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert ["timestamp" in one for one in lines if "checkpoint" in one] == [False, True]
    token = next(store.timestamps.each("town")).token
    assert base64.b64decode(lines[2]["timestamp"]) == token
    command = [sys.executable, "offline.py", "log.jsonl", "--key", "audit.pub"]
    told = subprocess.run(
        [*command, "--timestamps", "stamps"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert "timestamps: 1, not checked here, use openssl" in told.stdout
    assert "6 records, 2 checkpoints, 0 faults" in told.stdout
    assert openssl(folder / "stamps", authority) == "Verification: OK\n"
    signed = folder / "stamps" / "checkpoint-2.signed"
    signed.write_bytes(signed.read_bytes().replace(b'"size":6', b'"size":7'))
    assert openssl(folder / "stamps", authority) != "Verification: OK\n"


def openssl(folder: Path, authority: Authority) -> str:
    """As docs/audit.md says."""
    command = ["openssl", "ts", "-verify", "-token_in", "-in", "checkpoint-2.token"]
    command += ["-data", "checkpoint-2.signed", "-CAfile", str(authority.roots)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["audit", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_commands(root: Path, authority: Authority) -> None:
    with served(authority.answer) as url:
        town(root, authority, url)
        assert "Checkpoint 1 has a timestamp: 20" in run("checkpoint", str(root))
        assert "Timestamps cover the records up to 1:" in run("verify", str(root))
    told = run("checkpoint", str(root))  # it is gone; the checkpoint is made all the same
    assert "Checkpoint 2 covers 3 records" in told and "timestamp_unreachable" in told
    with CatalogStore.open(Home.of("town").database_url) as store:
        last = store.checkpoints.last("town")
    assert last is not None
    told = run("verify", str(root))
    assert "up to 1:" in told and f"since {last.at}" in told.replace("\n", " ")
    shown = json.loads(run("verify", str(root), "--json"))["timestamps"]
    assert (shown["count"], shown["covered"], shown["none_since"]) == (1, 1, last.at)


def load(root: Path, settings: str) -> Workspace:
    (root / "workspace.toml").write_text(settings)
    return load_workspace(root)


def test_settings_that_are_wrong_are_told_with_their_line(root: Path) -> None:
    wanted = 'name = "town"\n[audit]\n\ntimestamp_url = "{}"\n'
    for url in ("ftp://here", "http://a b", "https://authority.example"):  # the last has no roots
        with pytest.raises(Problems) as caught:
            load(root, wanted.format(url))
        (fault,) = caught.value.problems
        assert fault.code == "value_invalid" and fault.where is not None
        assert (fault.where.path.name, fault.where.line) == ("workspace.toml", 4)
    (root / "empty.pem").write_text("nothing")
    late = 'name = "town"\n[audit]\n\ntimestamp_overdue_seconds = {}\n'
    (root / "roots.pem").write_text("")
    stamps = 'timestamp_url = "https://a.example"\ntimestamp_certificates = "roots.pem"\n'
    for text_ in (late.format(3_600), late.format(1_199) + stamps, late.format('"x"') + stamps):
        with pytest.raises(Problems) as caught:
            load(root, text_)
        (fault,) = caught.value.problems
        assert fault.code == "value_invalid" and fault.where is not None
        assert fault.where.line == 4
    for file in ("nowhere.pem", "empty.pem"):
        (fault,) = load(
            root, f'name = "town"\n[audit]\ntimestamp_certificates = "{file}"\n'
        ).problems
        assert fault.code == "timestamp_certificates" and fault.where is not None
        assert (fault.where.path.name, fault.where.line) == ("workspace.toml", 3)
