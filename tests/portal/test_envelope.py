"""Answers and refusals leave at whole multiples of a step."""

from __future__ import annotations

import anyio
import pytest

from portal.envelope import Envelope
from tests.portal.bureau import ASKING, SQL, Credentials
from tests.portal.inside import Inside


@pytest.mark.parametrize(
    ("took", "waits"),
    [(0.0, 0.05), (0.001, 0.049), (0.049, 0.001), (0.05, 0.0), (0.06, 0.04), (0.149, 0.001)],
)
def test_the_next_multiple(took: float, waits: float) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    anyio.run(Envelope(0.05, lambda: 100 + took, sleep).wait, 100.0)
    assert slept == [pytest.approx(waits)]


def test_without_a_step_nothing_waits() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    anyio.run(Envelope(0.0, lambda: 100.013, sleep).wait, 100.0)
    assert slept == [0.0]


def test_answers_and_refusals_of_questions_wait(portal: Inside, wang: Credentials) -> None:
    headers = portal.headers(wang, **{"Idempotency-Key": "envelope"})
    question = {"sql": SQL, **ASKING}
    requests = [
        ("POST", "/quotes", question, 200),
        ("POST", "/queries", question, 200),
        ("POST", "/queries", question | {"agreement": "x"}, 403),
        ("POST", "/quotes", question | {"sql": "SELECT"}, 422),
        ("POST", "/quotes", {}, 422),
        ("GET", "/queries/x", None, 404),
    ]
    for method, path, body, status in requests:
        portal.slept.clear()
        response = portal.http.request(method, path, json=body, headers=headers)
        assert response.status_code == status
        (seconds,) = portal.slept
        assert 0 <= seconds <= 0.05
    portal.slept.clear()
    assert portal.http.get("/views?agreement=agreement-a", headers=headers).status_code == 200
    assert portal.http.post("/quotes", json=question).status_code == 401
    assert len(portal.slept) == 1  # the refusal of a question, also of nobody's
