"""The client against a running service."""

from __future__ import annotations

import re
import signal
import threading
from pathlib import Path

import pytest

from citybrain_client import Sandbox, SandboxRefused
from tests.portal.bureau import ASKING, SQL, Bureau, make_bureau
from tests.portal.test_charged_once import DIES, charges
from tests.servers import free_port


def test_asking(sandbox: Sandbox) -> None:
    quote = sandbox.quote(SQL)
    assert quote.cells == 2 and quote.threshold is None and len(quote.expected) == 2
    before = sandbox.budget().get("enterprise")
    answer = sandbox.query(SQL, key="asking")
    assert [one.kind for one in answer.columns] == ["key", "statistic", "statistic"]
    assert [row[0] for row in answer.rows] == ["east", "west"]
    if before is not None and not quote.known:
        left = sandbox.budget()["enterprise"]["left"]["rho"]
        assert left == pytest.approx(before["left"]["rho"] - quote.rho)
    again = sandbox.query(SQL, key="asking")
    assert again.spent is not None and again.spent["rho"] == 0 and again.rows == answer.rows


def test_frames(sandbox: Sandbox) -> None:
    answer = sandbox.query(SQL)
    names = ["area", "n", "n_error", "paid", "paid_error"]
    frame = answer.to_pandas()
    assert list(frame.columns) == names
    assert list(frame["n"]) == [row[1] for row in answer.rows]
    assert list(frame["n_error"]) == [row[1] for row in answer.errors]
    assert answer.to_arrow().to_pylist() == frame.to_dict("records")


def test_what_is_registered(sandbox: Sandbox) -> None:
    (view,) = sandbox.views()
    assert view["name"] == "sandbox.firm" and view["unit"] == "enterprise"
    assert [one["name"] for one in view["columns"]] == ["area", "paid"]


def test_refusals(sandbox: Sandbox, bureau: Bureau) -> None:
    with pytest.raises(SandboxRefused) as caught:
        sandbox.query("SELECT *\nFROM sandbox.firm")
    refused = caught.value
    assert (refused.status, refused.title) == (422, "Not answered")
    assert refused.code == "not_offered" and refused.next
    assert str(refused).startswith("[not_offered] ")
    with (
        Sandbox(bureau.url, bureau.client(), **ASKING, language="zh") as chinese,
        pytest.raises(SandboxRefused) as caught,
    ):
        chinese.quote("SELECT nothing FROM sandbox.firm")
    assert re.search("[\u4e00-\u9fff]", caught.value.detail)
    assert caught.value.where is not None and caught.value.where.line == 1
    with (
        Sandbox(bureau.url, ("client-0", "x"), **ASKING) as unknown,
        pytest.raises(SandboxRefused) as caught,
    ):
        unknown.budget()
    assert (caught.value.code, caught.value.status) == ("invalid_client", 401)


def test_without_waiting(sandbox: Sandbox) -> None:
    job = sandbox.submit("SELECT COUNT(*) AS n FROM sandbox.firm", key="job")
    answer = job.result(timeout=60)
    assert job.state == "answered"
    assert sandbox.query("SELECT COUNT(*) AS n FROM sandbox.firm", key="job").id == answer.id
    refused = sandbox.submit("SELECT COUNT(*) FROM sandbox.firm WHERE", key="refused")
    with pytest.raises(SandboxRefused) as caught:
        refused.result(timeout=60)
    assert caught.value.code == "question_syntax" and refused.state == "failed"


@pytest.mark.slow
def test_a_service_that_dies_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    bureau, port = make_bureau(tmp_path), free_port()
    bureau.start(DIES.format(when="before"), port)
    first = bureau.process
    assert first is not None

    def restart() -> None:
        assert first.wait(60) == -signal.SIGKILL
        bureau.start(port=port)

    restarting = threading.Thread(target=restart)
    restarting.start()
    with Sandbox(bureau.url, bureau.client(), **ASKING, patience=90) as sandbox:
        answer = sandbox.query(SQL)
        restarting.join()
        assert answer.spent is not None and answer.spent["rho"] == 0  # it was charged before
        assert charges(bureau) == 1 and sandbox.query(SQL).id == answer.id
    assert bureau.stop() == 0
