"""Questions at work: waited for or not, watched, stopped, refused when there are too many."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import pytest

from portal.errors import PortalError
from portal.jobs import Job, Jobs
from sandbox.counting import Exact
from sandbox.pricing import Asked
from sandbox.watch import Watch
from tests.portal.bureau import ASKING, Bureau, Credentials, make_bureau
from tests.portal.inside import Inside
from tests.support.city import NAME
from tests.support.waiting import until


class Slow:
    """Counts only when it is let, and can be stopped meanwhile."""

    def __init__(self, portal: Inside) -> None:
        self.started = threading.Event()
        self.go = threading.Event()
        self._stopped = threading.Event()
        self._count = portal.opened.desk._count

    def __call__(self, plan: Any, snapshots: Mapping[str, Any], watch: Watch) -> Exact:
        with watch.counting(self._stopped.set, lambda: 0.26):
            self.started.set()
            while not self.go.wait(0.01):
                if self._stopped.is_set():
                    raise RuntimeError("interrupted")
        return self._count(plan, snapshots, watch)


@pytest.fixture
def slow(portal: Inside, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    made = Slow(portal)
    monkeypatch.setattr(portal.opened.desk, "_count", made)
    yield made
    made.go.set()


def question(number: int) -> dict[str, str]:
    """One that no other test has asked."""
    sql = f"SELECT COUNT(*) AS n FROM sandbox.firm WHERE paid < {number}.5"
    return {"sql": sql, **ASKING}


def charged(bureau: Bureau, key: str) -> int:
    with bureau.store() as store:
        return sum(one.key == key for one in store.budgets.history(NAME))


def test_not_waiting(portal: Inside, wang: Credentials, slow: Slow) -> None:
    headers = portal.headers(wang, Prefer="respond-async", **{"Idempotency-Key": "not-waiting"})
    accepted = portal.http.post("/queries", json=question(1), headers=headers)
    assert accepted.status_code == 202
    assert accepted.headers["preference-applied"] == "respond-async"
    path = accepted.headers["location"]
    assert path == f"/queries/{accepted.json()['id']}"
    assert slow.started.wait(30)
    told = portal.http.get(path, headers=headers).json()
    assert (told["state"], told["progress"], told["answer"]) == ("counting", 0.3, None)
    # The same request is not begun again.
    assert (
        portal.http.post("/queries", json=question(1), headers=headers).json()["id"] == told["id"]
    )
    slow.go.set()
    until(lambda: portal.http.get(path, headers=headers).json()["state"] == "answered")
    told = portal.http.get(path, headers=headers).json()
    assert told["progress"] == 1 and told["problem"] is None
    answer = portal.http.get(f"/answers/{told['answer']['id']}", headers=headers).json()
    assert answer["rows"] == told["answer"]["rows"]


def test_stopping(portal: Inside, bureau: Bureau, wang: Credentials, slow: Slow) -> None:
    headers = portal.headers(wang, Prefer="respond-async", **{"Idempotency-Key": "stopping"})
    path = portal.http.post("/queries", json=question(2), headers=headers).headers["location"]
    assert slow.started.wait(30)
    assert portal.http.delete(path, headers=headers).status_code == 200
    until(lambda: portal.http.get(path, headers=headers).json()["state"] == "cancelled")
    told = portal.http.get(path, headers=headers).json()
    assert told["problem"]["code"] == "query_cancelled" and told["answer"] is None
    assert charged(bureau, "stopping") == 1
    slow.go.set()
    waiting = {name: value for name, value in headers.items() if name != "Prefer"}
    slow._stopped.clear()
    answer = portal.http.post("/queries", json=question(2), headers=waiting)
    assert answer.status_code == 200 and answer.json()["spent"]["rho"] == 0
    assert charged(bureau, "stopping") == 1


def test_who_waits_is_told_that_it_was_stopped(
    portal: Inside, wang: Credentials, slow: Slow
) -> None:
    headers = portal.headers(wang, **{"Idempotency-Key": "waits"})
    found: list[httpx.Response] = []
    asking = threading.Thread(
        target=lambda: found.append(portal.http.post("/queries", json=question(3), headers=headers))
    )
    asking.start()
    assert slow.started.wait(30)
    (job,) = portal.service.jobs._live.values()
    portal.http.delete(f"/queries/{job.id}", headers=headers)
    asking.join()
    assert (found[0].status_code, found[0].json()["code"]) == (409, "query_cancelled")


def test_a_refusal_that_nobody_waited_for(portal: Inside, wang: Credentials) -> None:
    headers = portal.headers(wang, Prefer="respond-async", **{"Idempotency-Key": "refused"})
    body = question(4) | {"purpose": "marketing"}
    path = portal.http.post("/queries", json=body, headers=headers).headers["location"]
    until(lambda: portal.http.get(path, headers=headers).json()["state"] == "failed")
    problem = portal.http.get(path, headers=headers).json()["problem"]
    assert (problem["code"], problem["status"]) == ("purpose_not_agreed", 403)


def test_too_many_at_once(portal: Inside, wang: Credentials, slow: Slow) -> None:
    service = portal.service
    service.jobs = Jobs(portal.opened.desk.ask, 1, 1, service.envelope.due)
    headers = portal.headers(wang, Prefer="respond-async")

    def ask(number: int) -> httpx.Response:
        keyed = headers | {"Idempotency-Key": f"many-{number}"}
        response: httpx.Response = portal.http.post(
            "/queries", json=question(10 + number), headers=keyed
        )
        return response

    first, second, third = (ask(number) for number in range(3))
    assert (first.status_code, second.status_code) == (202, 202)
    assert (third.status_code, third.json()["code"]) == (503, "service_busy")
    assert third.headers["retry-after"] == "5"
    # One that still waits is stopped before anything is charged for it.
    path = second.headers["location"]
    portal.http.delete(path, headers=headers)
    until(lambda: portal.http.get(path, headers=headers).json()["state"] == "cancelled")
    # So is one for which somebody waits.
    found: list[httpx.Response] = []
    keyed = portal.headers(wang, **{"Idempotency-Key": "many-3"})
    asking = threading.Thread(
        target=lambda: found.append(portal.http.post("/queries", json=question(13), headers=keyed))
    )
    asking.start()
    until(lambda: len(service.jobs._live) == 2)
    waits = next(job for job in service.jobs._live.values() if job.key == "many-3")
    portal.http.delete(f"/queries/{waits.id}", headers=headers)
    asking.join()
    assert (found[0].status_code, found[0].json()["code"]) == (409, "query_cancelled")
    slow.go.set()
    until(lambda: ask(2).status_code == 202)
    service.jobs.close()


def test_an_end_is_seen_at_a_fixed_time() -> None:
    job = Job(Asked("p", "u", "x", "a", "SELECT"), "key", started=0.0)
    job.watch.stage = "answered"
    job.future = Future()
    job.future.set_result(None)  # type: ignore[arg-type]
    assert job.state(9.9) == "counting"
    job.visible = 10.0
    assert (job.state(9.9), job.progress(9.9)) == ("counting", None)
    assert (job.state(10.0), job.progress(10.0)) == ("answered", 1.0)


def test_jobs_that_have_ended_are_forgotten_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.jobs.KEPT", 3)
    jobs = Jobs(lambda *_: None, 1, 100, lambda _: 0.0)  # type: ignore[arg-type, return-value]
    made = []
    for number in range(10):
        made.append(jobs.start(Asked("p", "u", "x", "a", "SELECT"), str(number), 0.0))
        until(lambda: made[-1].visible is not None)
    with pytest.raises(PortalError):
        jobs.of(made[0].id, "p")
    assert jobs.of(made[-1].id, "p") is made[-1]
    jobs.close()


def test_what_is_counted_too_long_is_stopped_at_the_end(
    portal: Inside, wang: Credentials, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.jobs.CLOSE_SECONDS", 0.1)
    headers = portal.headers(wang, Prefer="respond-async", **{"Idempotency-Key": "long"})
    path = portal.http.post("/queries", json=question(20), headers=headers).headers["location"]
    assert slow.started.wait(30)
    portal.service.jobs.close()
    assert portal.http.get(path, headers=headers).json()["state"] in ("counting", "cancelled")
    until(lambda: portal.http.get(path, headers=headers).json()["state"] == "cancelled")
    late = headers | {"Idempotency-Key": "late"}
    assert portal.http.post("/queries", json=question(21), headers=late).status_code == 503


SLOW = """
import time
from citybrain import main
from sandbox import opening
count = opening.count_on_duckdb
def slow(*args):
    time.sleep(2)
    return count(*args)
opening.count_on_duckdb = slow
main()
"""


@pytest.mark.slow
def test_a_service_that_is_told_to_end_answers_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    bureau = make_bureau(tmp_path)
    bureau.start(SLOW)
    session, found = bureau.signed_in(), []
    headers = {"Idempotency-Key": "last"}
    asking = threading.Thread(
        target=lambda: found.append(session.post("/queries", json=question(1), headers=headers))
    )
    asking.start()
    until(lambda: charged(bureau, "last") == 1)
    assert bureau.stop(signal.SIGTERM) == 0
    asking.join()
    assert found[0].status_code == 200 and found[0].json()["kind"] == "answer"
