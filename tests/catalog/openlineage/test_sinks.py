"""Sending: to a real receiver, to none, to one that refuses; and no secret on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catalog.errors import CatalogError
from catalog.openlineage import Event, TransportSink, open_sink, resend
from catalog.openlineage.eventfile import EventFile
from catalog.openlineage.sending import as_run_event, configured, drain
from catalog.openlineage.sinks import OUTBOX
from tests.catalog.openlineage.representative import RUN_ID, representative
from tests.servers import free_port
from tests.support.openlineage import Receiver

ROOT = Path(__file__).parents[3]
CANARY = "c0ffee-canary-key-5f3a91"
EVENTS = representative()


def give(folder: Path) -> list[str]:
    """A run's events into its sink; the codes of the warnings."""
    sink = open_sink(folder, RUN_ID)
    for event in EVENTS:
        sink.emit(event)
    return [warning.code for warning in sink.close()]


def one_try(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Configure the client by a file, without its waits between retries."""
    config = Path("openlineage.yml")
    config.write_text(
        json.dumps({"transport": {"type": "http", "url": url, "retry": {"total": 0}}})
    )


def test_without_configuration_events_go_to_a_file(tmp_path: Path) -> None:
    assert not configured()
    assert give(tmp_path / "lineage") == []
    assert sorted(p.name for p in (tmp_path / "lineage").glob("*.ndjson")) == [f"{RUN_ID}.ndjson"]
    file = EventFile(tmp_path / "lineage" / f"{RUN_ID}.ndjson")
    assert [event for event, _ in file.read()] == EVENTS


def test_disabled_means_nothing_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    assert give(tmp_path / "lineage") == []
    assert not (tmp_path / "lineage").exists()


def test_openlineage_url_sends_what_was_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", receiver.url)
    monkeypatch.setenv("OPENLINEAGE_API_KEY", CANARY)
    assert give(tmp_path) == []
    assert receiver.events == EVENTS
    assert receiver.paths == {"/api/v1/lineage"}
    assert {h["Authorization"] for h in receiver.headers} == {f"Bearer {CANARY}"}
    assert EventFile(tmp_path / OUTBOX).count() == 0
    assert EventFile(tmp_path / f"{RUN_ID}.ndjson").count() == len(EVENTS)


def test_a_key_in_the_environment_is_never_in_an_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """Even when the client is told to send environment variables and stands in a git repository."""
    monkeypatch.setenv("CITYBRAIN_KEY", CANARY)
    monkeypatch.setenv("CITYBRAIN_CONNECTION_TRADE", f"postgresql://u:{CANARY}@db/x")
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    remote = f"https://user:{CANARY}@git.example/city.git"
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "remote", "add", "origin", remote], check=True)
    config = {
        "transport": {"type": "http", "url": receiver.url},
        "facets": {"environment_variables": ["CITYBRAIN_KEY", "CITYBRAIN_CONNECTION_TRADE"]},
    }
    Path("openlineage.yml").write_text(json.dumps(config))
    assert give(tmp_path) == []
    assert receiver.events == EVENTS
    told = "".join(receiver.bodies) + (tmp_path / f"{RUN_ID}.ndjson").read_text("utf-8")
    for secret in (CANARY, "git.example", str(tmp_path), str(Path.cwd()), os.uname().nodename):
        assert secret not in told

    from openlineage.client import OpenLineageClient

    # The trap is real: the client's own emit falls into it.
    OpenLineageClient().emit(as_run_event(json.loads(json.dumps(EVENTS[0]))))
    assert CANARY in receiver.bodies[-1]


def test_the_clients_filters_hold(tmp_path: Path, receiver: Receiver) -> None:
    config = {
        "transport": {"type": "http", "url": receiver.url},
        "filters": [{"type": "regex", "regex": "raw[.].*"}],
    }
    Path("openlineage.yml").write_text(json.dumps(config))
    assert give(tmp_path) == []
    assert receiver.events == [e for e in EVENTS if not e["job"]["name"].startswith("raw.")]


def test_a_dead_receiver_is_one_warning_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    one_try(monkeypatch, f"http://127.0.0.1:{free_port()}")
    began = time.monotonic()
    assert give(tmp_path) == ["lineage_not_sent"]
    assert time.monotonic() - began < 5
    assert [event for event, _ in EventFile(tmp_path / OUTBOX).read()] == EVENTS
    sent, warnings = resend(tmp_path)
    assert (sent, [w.code for w in warnings]) == (0, ["lineage_not_sent"])
    assert warnings[0].fields["problem"] == "ConnectionError"
    one_try(monkeypatch, receiver.url)
    assert resend(tmp_path) == (len(EVENTS), ())
    assert receiver.events == EVENTS
    assert resend(tmp_path) == (0, ())


def test_the_next_run_sends_what_the_last_one_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    one_try(monkeypatch, f"http://127.0.0.1:{free_port()}")
    give(tmp_path)
    one_try(monkeypatch, receiver.url)
    assert give(tmp_path) == []
    assert receiver.events == EVENTS + EVENTS


def test_a_receiver_that_hangs_does_not_hold_the_run(tmp_path: Path) -> None:
    def connect() -> object:
        def send(event: Event) -> None:
            time.sleep(1.5)

        return send

    sink = TransportSink(tmp_path / OUTBOX, connect, close_seconds=0.2)  # type: ignore[arg-type]
    began = time.monotonic()
    sink.emit(EVENTS[0])
    sink.emit(EVENTS[1])
    (warning,) = sink.close()
    assert time.monotonic() - began < 1
    assert (warning.code, warning.fields["count"]) == ("lineage_not_sent", 2)
    time.sleep(3.5)


def test_a_configuration_that_cannot_be_is_a_warning(tmp_path: Path) -> None:
    Path("openlineage.yml").write_text(json.dumps({"transport": {"type": "http"}}))
    assert give(tmp_path) == ["lineage_not_sent"]
    assert EventFile(tmp_path / OUTBOX).count() == len(EVENTS)


@pytest.mark.parametrize("config", [{"filters": []}, {"transport": {"type": "console"}}])
def test_a_configuration_that_names_nobody_loses_nothing(
    tmp_path: Path, config: dict[str, object]
) -> None:
    Path("openlineage.yml").write_text(json.dumps(config))
    assert give(tmp_path) == ["lineage_not_sent"]
    assert EventFile(tmp_path / OUTBOX).count() == len(EVENTS)


def test_resending_without_a_receiver_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    EventFile(tmp_path / OUTBOX).append(EVENTS[0])
    for disabled in (False, True):
        if disabled:
            monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
            monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
        with pytest.raises(CatalogError) as caught:
            resend(tmp_path)
        assert caught.value.code == "lineage_no_receiver"
        assert EventFile(tmp_path / OUTBOX).count() == 1


def test_the_client_leaves_the_environment_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", receiver.url)
    before = dict(os.environ)
    assert give(tmp_path) == []
    assert dict(os.environ) == before


def test_a_refused_event_makes_way_for_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    one_try(monkeypatch, receiver.url)
    receiver.status["open.people"] = 422
    assert give(tmp_path) == ["lineage_refused"]
    mine = [e for e in EVENTS if e["job"]["name"] == "open.people"]
    assert receiver.events == [e for e in EVENTS if e not in mine]
    assert [e for e, _ in EventFile(tmp_path / "outbox-refused.ndjson").read()] == mine
    assert EventFile(tmp_path / OUTBOX).count() == 0


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_receiver_in_trouble_keeps_the_events_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver, status: int
) -> None:
    one_try(monkeypatch, receiver.url)
    receiver.status["open.people"] = status
    assert give(tmp_path) == ["lineage_not_sent"]
    assert receiver.events == EVENTS[:3]
    assert [e for e, _ in EventFile(tmp_path / OUTBOX).read()] == EVENTS[3:]


def test_warnings_do_not_tell_the_address(tmp_path: Path) -> None:
    url = f"http://user:{CANARY}@127.0.0.1:{free_port()}"
    config = {"transport": {"type": "http", "url": url, "retry": {"total": 0}}}
    Path("openlineage.yml").write_text(json.dumps(config))
    sink = open_sink(tmp_path, RUN_ID)
    sink.emit(EVENTS[0])
    (warning,) = sink.close()
    assert CANARY not in str(warning) + json.dumps(warning.as_dict())


@pytest.mark.slow
def test_a_process_killed_while_it_sends_sends_the_rest_again(
    tmp_path: Path, receiver: Receiver
) -> None:
    outbox = EventFile(tmp_path / OUTBOX)
    for event in EVENTS:
        outbox.append(event)
    code = (
        "import os, sys, pathlib\n"
        "from catalog.openlineage.sending import drain, open_transport\n"
        "from catalog.openlineage.eventfile import EventFile\n"
        "send, left = open_transport(), [3]\n"
        "def deadly(event):\n"
        "    send(event); left[0] -= 1\n"
        "    if not left[0]: os.kill(os.getpid(), 9)\n"
        "drain(EventFile(pathlib.Path(sys.argv[1])), deadly)\n"
    )
    environment = os.environ | {"OPENLINEAGE_URL": receiver.url, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code, str(outbox.path)], env=environment)
    assert done.returncode == -9
    assert receiver.events == EVENTS[:3]
    again: list[Event] = []
    assert drain(outbox, again.append).sent == len(EVENTS)
    assert again == EVENTS
    assert outbox.count() == 0


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0, 0.002, 0.01, 0.05, 0.15])
def test_the_client_may_be_loaded_by_two_threads_at_once(
    tmp_path: Path, receiver: Receiver, pause: float
) -> None:
    """One thread sends while another builds the first event: the client's imports are circular."""
    EventFile(tmp_path / OUTBOX).append(EVENTS[0])
    code = (
        "import sys, pathlib, time\n"
        "from catalog.openlineage import open_sink\n"
        "from tests.catalog.openlineage.representative import representative\n"
        "sink = open_sink(pathlib.Path(sys.argv[1]), 'x')\n"
        "time.sleep(float(sys.argv[2]))\n"
        "[sink.emit(event) for event in representative()]\n"
        "sys.exit(len(sink.close()))\n"
    )
    environment = os.environ | {"OPENLINEAGE_URL": receiver.url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(tmp_path), str(pause)]
    assert subprocess.run(command, env=environment).returncode == 0
    assert receiver.events == [EVENTS[0], *EVENTS]


def test_importing_the_package_does_not_load_the_client() -> None:
    code = (
        "import sys, catalog.openlineage as ol\n"
        "[getattr(ol, name) for name in ol.__all__]\n"
        "print([m for m in ('openlineage', 'requests', 'filelock') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
