"""Whether the service works: its database, and the work in the background."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import CatalogError
from pipelines.anchoring import anchor
from pipelines.auditing import looked
from pipelines.periodic import Periodic
from portal import health
from tests.portal.counter import Counter, counter
from tests.support.city import NAME
from tests.support.tsa import Authority
from tests.support.tsa import served as served_authority

WAIT = 30.0
LOOPS = {"anchoring", "monitor", "webhooks", "sharing", "pages"}
MINUTELY = {"heartbeat", "usage"}  # made as the others are, and waiting a minute between steps


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    settings = (
        "\n[exchange]\nwebhook_seconds = 0.01\nprepare_seconds = 0.01\n[sharing]\ntick_seconds = 1\n"
        "[audit]\ncheckpoint_seconds = 1\n"
    )
    with counter(tmp_path / "city", settings) as made:
        yield made


def loop_of(served: Counter, name: str) -> Periodic:
    return next(one for one in served.service.loops if one.name == name)


def test_everything_works(served: Counter) -> None:
    found = served.http.get("/healthz")
    assert found.status_code == 200
    parts = dict.fromkeys(LOOPS | MINUTELY | {"database", "audit"}, "ok")
    assert found.json() == {"status": "ok", "parts": parts}


@pytest.mark.parametrize(
    ("limits", "code"), [((60, None), "audit_overdue"), ((3_600, 60), "audit_stamp_overdue")]
)
def test_a_log_for_which_nothing_is_given(
    served: Counter, monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int | None], code: str
) -> None:
    """It is named, and fails nothing: what must not be given is refused by itself."""
    audit = served.service.opened.store.audit
    loop = loop_of(served, "anchoring")
    loop.close()
    served.client()
    audit.keep_anchored(NAME, *limits)
    later = datetime.now(UTC) + timedelta(seconds=61)
    monkeypatch.setattr(audit, "_clock", lambda: later)
    found = served.http.get("/healthz").json()
    assert found["parts"]["audit"] == code


@pytest.mark.parametrize("name", sorted(LOOPS))
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loop_that_is_killed(served: Counter, name: str) -> None:
    loop = loop_of(served, name)

    def killed() -> None:
        raise SystemExit

    loop._step = killed
    loop._thread.join(WAIT)
    found = served.http.get("/healthz")
    assert found.status_code == 503
    told = found.json()
    assert told["status"] == "failing" and told["parts"][name] == "loop_dead"
    others = {part: code for part, code in told["parts"].items() if part != name}
    assert set(others.values()) == {"ok"}


def test_a_loop_that_is_overdue(served: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = loop_of(served, "sharing")
    monkeypatch.setattr(loop, "_now", lambda: loop._beat + 1_000)
    found = served.http.get("/healthz")
    assert found.status_code == 503 and found.json()["parts"]["sharing"] == "loop_overdue"


def test_a_step_that_fails_is_named_and_fails_nothing(
    served: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, told = loop_of(served, "webhooks"), threading.Event()

    def fails() -> None:
        raise CatalogError("database_failed", problem="-")

    monkeypatch.setattr(loop, "_told", lambda *_: told.set())
    monkeypatch.setattr(loop, "_step", fails)
    assert told.wait(WAIT)
    found = served.http.get("/healthz")
    assert found.status_code == 200 and found.json()["parts"]["webhooks"] == "database_failed"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CatalogError("database_failed", problem="password=hunter2"), "database_failed"),
        (RuntimeError("password=hunter2"), "unexpected"),
    ],
)
def test_a_database_that_fails(
    served: Counter, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def fails(*_: Any) -> None:
        raise error

    monkeypatch.setattr(served.service.opened.store.clients, "valid", fails)
    found = served.http.get("/healthz")
    assert (found.status_code, found.json()["parts"]["database"]) == (503, code)
    assert "hunter2" not in found.text


def test_a_database_that_does_not_answer(served: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.01)
    monkeypatch.setattr(
        served.service.opened.store.clients, "valid", lambda *_: go.wait(WAIT) and None
    )
    found = served.http.get("/healthz")
    go.set()
    assert (found.status_code, found.json()["parts"]["database"]) == (503, "no_answer")


def test_an_authority_for_timestamps_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    roots = Authority(tmp_path / "authority").roots
    with served_authority(lambda _request: b"") as url:
        pass  # it is gone
    settings = f'\n[audit]\ntimestamp_url = "{url}"\ntimestamp_certificates = "{roots}"\n'
    with counter(tmp_path / "city", settings) as made:
        looked(made.service.opened.store, made.service.workspace.workspace, "system", "list")
        anchor(made.service.opened.store, made.service.workspace.workspace)
        loop_of(made, "timestamps")._once()
        found = made.http.get("/healthz")
        assert found.status_code == 200
        assert found.json()["parts"]["timestamps"] == "timestamp_unreachable"
        told = [one for one in made.logged if one.get("event") == "not_timestamped"]
        assert told and told[0]["code"] == "timestamp_unreachable"
