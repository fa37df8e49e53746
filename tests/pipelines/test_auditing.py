"""The audit log as commands show it: anchored, verified, exported, proved far from the platform."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from typer.testing import CliRunner

from catalog.audit.checkpoints import Checkpoint
from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.errors import CatalogError
from citybrain import app
from pipelines.anchoring import Anchoring, anchor, keep_anchored, public_keys, signing_key
from pipelines.auditing import verified
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.workspace import Workspace, load_workspace
from sandbox.opening import open_desk
from tests.servers import postgres
from tests.support.city import NAME, City
from tests.support.databases import forced, lose_database

__all__ = ["postgres"]  # a fixture

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    monkeypatch.setenv("CITYBRAIN_LANG", "en")
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "workspace.toml").write_text('name = "town"\n[audit]\ncheckpoint_seconds = 1\n')
    (folder / "departments.yaml").write_text("departments: []\n")
    return folder


@pytest.fixture
def town(root: Path) -> Workspace:
    return load_workspace(root)


@pytest.fixture
def store(town: Workspace) -> Iterator[CatalogStore]:
    with CatalogStore.open(Home.of(town.name).database_url) as store:
        yield store


def records(count: int, subject: str = "open.t") -> list[AuditRecord]:
    return [AuditRecord(AT, "account:wang", "publish", f"{subject}{n}") for n in range(count)]


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["audit", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_the_key_is_made_once_and_for_its_owner_alone(town: Workspace) -> None:
    key = signing_key(town)
    path = Home.of("town").root / "keys" / "audit.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signing_key(town).private_bytes_raw() == key.private_bytes_raw()
    assert len(public_keys(town)) == 1
    path.write_text("no key")
    with pytest.raises(PipelineError) as caught:
        signing_key(town)
    assert caught.value.code == "audit_key"


def test_looks_are_recorded(root: Path, store: CatalogStore) -> None:
    store.audit.append("town", *records(3))
    shown = json.loads(run("list", str(root), "--json", "--limit", "2", "--who", "account:li"))
    assert [one["sequence"] for one in shown] == [3, 2]
    assert "--before 2" in run("list", str(root), "--limit", "3")
    looked = store.audit.newest("town", action="audit")
    assert [one.record.actor for one in looked] == ["system", "account:li"]
    assert run("list", str(root), "--action", "nonsense", code=2)


def test_verify_names_what_was_changed(root: Path, store: CatalogStore) -> None:
    assert "sound: 0 records" in run("verify", str(root))
    store.audit.append("town", *records(20))
    assert json.loads(run("checkpoint", str(root), "--json"))["size"] == 22
    assert "The log is sound: 22 records, 1 checkpoints" in run("verify", str(root))
    forced(store, "UPDATE audit_record SET actor = 'account:nobody' WHERE sequence = 13")
    assert "record 13 was changed" in run("verify", str(root), code=1)
    forced(store, "DELETE FROM audit_record WHERE sequence = 5")
    told = json.loads(run("verify", str(root), "--json", code=1))
    assert [(one["kind"], one["sequence"]) for one in told["listed"]] == [
        ("missing", 5),
        ("changed", 13),
    ]


def test_a_verification_is_recorded_with_what_it_found(root: Path, store: CatalogStore) -> None:
    store.audit.append("town", *records(3))
    run("verify", str(root), "--who", "li")
    forced(store, "UPDATE audit_record SET actor = 'account:nobody' WHERE sequence = 2")
    run("verify", str(root), code=1)
    noted = [one.record for one in store.audit.newest("town", action="audit", subject="verify")]
    assert [(one.actor, dict(one.detail)) for one in noted] == [
        ("system", {"faults": "1"}),
        ("account:li", {"faults": "0"}),
    ]


def test_a_record_added_past_us_is_named(root: Path, store: CatalogStore) -> None:
    store.audit.append("town", *records(3))
    columns = "log_id, 4, recorded_at, batch, at, actor, action, subject, outcome, under"
    rest = "purpose, fields, rows, snapshot, detail, hash"
    with store._writing() as con:
        con.execute(
            text(
                f"INSERT INTO audit_record SELECT {columns}, {rest} FROM audit_record"
                " WHERE sequence = 3"
            )
        )
    assert "record 4" in run("verify", str(root), code=1)


def test_checkpoints_kept_elsewhere(root: Path, town: Workspace, store: CatalogStore) -> None:
    kept = root.parent / "kept.jsonl"
    store.audit.append("town", *records(5))
    assert "1 checkpoints added" in run("checkpoint", str(root), "--to", str(kept))
    assert "1 checkpoints added" in run("checkpoint", str(root), "--to", str(kept))
    assert len(kept.read_text().splitlines()) == 2
    assert "sound" in run("verify", str(root), "--checkpoints", str(kept))
    # Somebody with the key and the database makes both anew.
    url = Home.of("town").database_url
    store.close()
    lose_database(Home.of("town").root / "catalog.db")
    with CatalogStore.open(url) as forged:
        forged.audit.append("town", *records(7, "other"))
        anchor(forged, town)
    assert "sound" in run("verify", str(root))
    told = run("verify", str(root), "--checkpoints", str(kept), code=1)
    assert "checkpoint 1 that was kept elsewhere is not in the log" in told
    run("verify", str(root), "--checkpoints", str(root / "nowhere"), code=1)


def offline(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The verifier as it was given away: isolated, and nothing of ours can be imported."""
    command = [sys.executable, "-I", "-S", "-c", RUN_ALONE, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


RUN_ALONE = """
import site, sys, runpy
import importlib.abc
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("catalog", "pipelines", "sqlalchemy", "pydantic", "yaml"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
site.main()
sys.argv = ["offline.py", *sys.argv[1:]]
runpy.run_path("offline.py", run_name="__main__")
"""


def test_an_export_is_verified_alone(root: Path, store: CatalogStore, tmp_path: Path) -> None:
    store.audit.append("town", *records(300))
    folder = tmp_path / "given"
    written = run("export", str(root), "--to", str(folder / "log.jsonl")).split()
    assert {Path(one).name for one in written} == {"log.jsonl", "offline.py", "audit.pub"}
    found = offline(folder, "log.jsonl", "--key", "audit.pub")
    assert (found.returncode, found.stderr) == (
        0,
        "",
    ) and "301 records, 1 checkpoints" in found.stdout
    lines = (folder / "log.jsonl").read_text().splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if '"open.t250"' in line)
    lines[place] = lines[place].replace("open.t250", "open.t251")
    (folder / "log.jsonl").write_text("".join(lines))
    found = offline(folder, "log.jsonl", "--key", "audit.pub")
    assert found.returncode == 1 and "changed: record 251" in found.stdout
    (folder / "log.jsonl").write_text("".join(lines[:-3]))
    assert (
        "truncated: record 299 to 301" in offline(folder, "log.jsonl", "--key", "audit.pub").stdout
    )
    (folder / "log.jsonl").write_text("nonsense\n")
    assert offline(folder, "log.jsonl", "--key", "audit.pub").returncode == 2


def test_a_proof_is_checked_alone(root: Path, store: CatalogStore, tmp_path: Path) -> None:
    store.audit.append("town", *records(300))
    folder = tmp_path / "given"
    run("export", str(root), "--to", str(folder / "log.jsonl"))
    run("prove", str(root), "77", "--to", str(folder / "proof.json"))
    found = offline(folder, "proof.json", "--key", "audit.pub")
    assert found.returncode == 0 and "is in the log" in found.stdout
    proof = (folder / "proof.json").read_text()
    (folder / "proof.json").write_text(proof.replace("open.t76", "open.t77"))
    assert offline(folder, "proof.json", "--key", "audit.pub").returncode == 1


def test_the_service_anchors_from_time_to_time(town: Workspace, store: CatalogStore) -> None:
    anchoring = Anchoring(store, town)
    anchoring.start()
    store.audit.append("town", *records(3))
    deadline = time.monotonic() + 20
    while (last := store.checkpoints.last("town")) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert last is not None and last.size == 3
    store.audit.append("town", *records(1))
    anchoring.close()  # anchors what is left
    last = store.checkpoints.last("town")
    assert last is not None and last.size == 4
    state = store.audit.state("town")
    assert state is not None and state.overdue_seconds == 3_600


def test_the_service_anchors_at_once_when_there_is_much_to_anchor(root: Path) -> None:
    (root / "workspace.toml").write_text(
        'name = "town"\n[audit]\ncheckpoint_seconds = 86400\ncheckpoint_records = 10\n'
    )
    town = load_workspace(root)
    anchored = threading.Event()
    with CatalogStore.open(Home.of(town.name).database_url) as store:
        make = store.checkpoints.make

        def told(workspace: str, key: Ed25519PrivateKey) -> Checkpoint | None:
            found = make(workspace, key)
            if found is not None and found.size >= 10:
                anchored.set()
            return found

        store.checkpoints.make = told  # type: ignore[method-assign]
        anchoring = Anchoring(store, town)
        anchoring.start()
        for one in records(20):  # the first round, at the start, may take some of them with it
            store.audit.append("town", one)
        assert anchored.wait(60)
        anchoring.close()


@pytest.mark.slow
def test_a_sandbox_command_anchors_at_its_end(small: City) -> None:
    small.run()
    with open_desk(small.plan()) as opened:
        opened.store.audit.append(NAME, *records(3))
    with CatalogStore.open(Home.of(NAME).database_url) as store:
        state = store.audit.state(NAME)
    assert state is not None and state.anchored == state.size


def test_what_cannot_be_anchored_is_told_and_ends_all_giving(town: Workspace) -> None:
    now = datetime.now(UTC)
    with CatalogStore.open(Home.of("town").database_url, clock=lambda: now) as store:
        keep_anchored(store, town)
        store.audit.append("town", *records(3))
        forced(store, "UPDATE audit_record SET actor = 'x' WHERE sequence = 2")
        told: list[str] = []
        anchoring = Anchoring(store, town, lambda error: told.append(error.code))
        anchoring.start()
        anchoring.close()
        assert set(told) == {"audit_broken"}
        store.audit.check("town")
        now += timedelta(seconds=3_601)
        with pytest.raises(CatalogError) as caught:
            store.audit.check("town")
        assert caught.value.code == "audit_overdue"


def test_an_earlier_key_still_counts(town: Workspace, store: CatalogStore) -> None:
    store.audit.append("town", *records(3))
    anchor(store, town)
    keys = Home.of("town").root / "keys"
    shutil.move(keys / "audit.key", keys / "old.key")
    shutil.move(keys / "audit.pub", keys / "audit-2026.pub")
    store.audit.append("town", *records(3))
    made = anchor(store, town)
    assert made is not None and made.number == 2
    assert verified(store, town).faults == []
    (keys / "audit-2026.pub").unlink()
    assert [one.kind for one in verified(store, town).faults] == ["checkpoint_forged"]


WRITER = """
import sys
from datetime import UTC, datetime
from concurrent.futures import ThreadPoolExecutor
from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
url, name = sys.argv[1:]
def write(thread):
    for n in range(10_000):
        told = AuditRecord(datetime.now(UTC), "system", "publish", f"{name}-{thread}-{n}")
        (number,) = store.audit.append("town", told)
        sys.stdout.write(f"{number} {name}-{thread}-{n}\\n")
        sys.stdout.flush()
store = CatalogStore.open(url)
with ThreadPoolExecutor(3) as pool:
    list(pool.map(write, range(3)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_writers_leave_a_sound_log(
    kind: str, town: Workspace, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Nothing that was acknowledged is lost, and what was not is there as a whole or not at all."""
    if kind == "sqlite":
        url = Home.of("town").database_url
    else:
        url = request.getfixturevalue("postgres").url(f"audit_{os.getpid()}")
    with CatalogStore.open(url) as store:
        for turn in range(3):
            started = []
            for number in range(3):
                out = (tmp_path / f"{turn}-{number}").open("w")
                command = [sys.executable, "-c", WRITER, url, f"{turn}.{number}"]
                started.append(subprocess.Popen(command, stdout=out))
            size, deadline = 0, time.monotonic() + 60
            before = store.audit.state("town")
            wanted = (before.size if before else 0) + 300
            while size < wanted and time.monotonic() < deadline:
                state = store.audit.state("town")
                size = state.size if state else 0
                time.sleep(0.02)
            assert size >= wanted
            for process in started:
                process.send_signal(signal.SIGKILL)
                assert process.wait() == -signal.SIGKILL
            anchor(store, town)
        found = verified(store, town)
        assert found.faults == [] and found.checkpoints == 3
        kept = {entry["sequence"]: entry["subject"] for entry, _ in store.audit.entries("town")}
    acknowledged = [
        line.rstrip("\n").split(" ")
        for path in tmp_path.glob("?-?")
        for line in path.read_text().splitlines(keepends=True)
        if line.endswith("\n")
    ]
    assert len(acknowledged) > 500
    assert all(kept[int(number)] == subject for number, subject in acknowledged)


@pytest.mark.slow
def test_a_run_logs_what_it_publishes_and_anchors_it(small: City) -> None:
    result = small.run()
    with CatalogStore.open(Home.of(NAME).database_url) as store:
        found = store.audit.newest(NAME)
        assert {one.record.subject for one in found} == set(result.outcomes)
        assert {one.record.actor for one in found} == {f"run:{result.run_id}"}
        assert {one.record.snapshot for one in found} == {
            one.snapshot.snapshot_id for one in result.outcomes.values() if one.snapshot
        }
        state = store.audit.state(NAME)
        assert state is not None and state.anchored == state.size == len(found)
        assert state.overdue_seconds == 3_600
        small.run()  # nothing new, nothing to log
        assert store.audit.newest(NAME) == found
        assert result.warnings == ()


@pytest.mark.slow
def test_a_run_publishes_although_its_log_is_broken(small: City) -> None:
    small.run()
    with CatalogStore.open(Home.of(NAME).database_url) as store:
        forced(store, "UPDATE audit_record SET actor = 'run:other' WHERE sequence = 2")
        result = small.run(full=True)
        assert {one.status for one in result.outcomes.values()} == {"published"}
        assert [one.code for one in result.warnings] == ["audit_broken"]
        state = store.audit.state(NAME)
        assert state is not None and state.anchored < state.size
