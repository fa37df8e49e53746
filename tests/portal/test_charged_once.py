"""The budget through the running service: the last of it goes to one, and a dead process charges once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.portal.bureau import ASKING, SQL, Bureau, make_bureau
from tests.servers import PostgresServer
from tests.support.city import NAME

pytestmark = pytest.mark.slow
SETTINGS = "\n[service]\nworkers = 8\nwaiting = 100\n"
CLIENTS = 50
DIES = """
from citybrain import main
from tests.support.killing import Death, arm
arm(Death("catalog.database.budgets:Budgets.store_answer", "{when}"))
main()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def own(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bureau]:
    """A bureau on a database of its own, with a small budget; not yet served."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    environment = {}
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        name = f"portal_{tmp_path.name}".lower()
        environment["CITYBRAIN_DATABASE"] = server.url(name)
        monkeypatch.setenv("CITYBRAIN_DATABASE", environment["CITYBRAIN_DATABASE"])
    made = make_bureau(tmp_path, SETTINGS, budget=0.5, **environment)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop(signal.SIGKILL)


def charges(bureau: Bureau) -> int:
    """How many there are; and that none of them is wrong."""
    with bureau.store() as store:
        assert store.budgets.verify(NAME, "enterprise") == []
        return len(store.budgets.history(NAME))


def ask(session: httpx.Client, sql: str, key: str, epsilon: float = 0.4) -> httpx.Response:
    body = {"sql": sql, "epsilon": epsilon, **ASKING}
    return session.post("/queries", json=body, headers={"Idempotency-Key": key})


def test_fifty_clients_and_the_last_unit(own: Bureau) -> None:
    own.start()
    # Of a budget of 0.5, 0.1 is gone; what is left covers one question at 0.4, and not two.
    credentials = [own.client() for _ in range(5)]
    assert ask(own.signed_in(credentials[0]), SQL, "first", 0.1).status_code == 200
    sessions = [own.signed_in(credentials[number % 5]) for number in range(CLIENTS)]
    together = threading.Barrier(CLIENTS)

    def last(number: int) -> httpx.Response:
        together.wait()
        sql = f"SELECT COUNT(*) AS n FROM sandbox.firm WHERE paid < {number}"
        return ask(sessions[number], sql, f"request-{number}")

    for _ in range(2):  # and again under the same keys
        with ThreadPoolExecutor(CLIENTS) as pool:
            responses = list(pool.map(last, range(CLIENTS)))
        served = [one for one in responses if one.status_code == 200]
        refused = [one.json()["code"] for one in responses if one.status_code != 200]
        assert len(served) == 1 and refused == ["budget_exhausted"] * (CLIENTS - 1)
        assert charges(own) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_service_that_is_killed_between_charge_and_answer(own: Bureau, when: str) -> None:
    own.start(DIES.format(when=when))
    credentials = own.client()
    with pytest.raises(httpx.TransportError):
        ask(own.signed_in(credentials), SQL, "request-1")
    assert own.process is not None and own.process.wait(30) == -signal.SIGKILL
    assert charges(own) == 1
    own.start()
    session = own.signed_in(credentials)
    first, second = (ask(session, SQL, "request-1").json() for _ in range(2))
    assert first == second and first["spent"]["rho"] == 0
    assert charges(own) == 1
    other = ask(session, "SELECT COUNT(*) AS n FROM sandbox.firm", "request-1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    # What was asked in other words is the same question.
    again = ask(session, f"{SQL} LIMIT 1", "request-2").json()
    assert again["id"] == first["id"] and charges(own) == 1
    assert own.stop() == 0
