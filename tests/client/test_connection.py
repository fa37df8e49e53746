"""What the client sends again, and what it does not; the service is a function here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest

from citybrain_client import Sandbox, SandboxRefused, SandboxUnreachable

ANSWER = {
    "kind": "answer",
    "id": "a",
    "agreement": "g",
    "columns": [{"name": "n", "kind": "statistic"}],
    "rows": [[7]],
    "errors": [[None]],
    "snapshots": {},
}
PROBLEM = {
    "type": "urn:citybrain:error:x",
    "title": "Not answered",
    "status": 422,
    "detail": "It is wrong.",
    "code": "x",
    "next": "Do better.",
    "where": {"line": 2, "column": 5},
}
Handler = Callable[[httpx.Request], httpx.Response]


class Service:
    """Signs everybody in and has one response after the other."""

    def __init__(self, *responses: httpx.Response | Exception, expires: int = 600) -> None:
        self.responses = list(responses)
        self.expires = expires
        self.tokens = 0
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            self.tokens += 1
            token = {"access_token": f"t{self.tokens}", "expires_in": self.expires}
            return httpx.Response(200, json=token)
        self.requests.append(request)
        response = self.responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return response

    def sandbox(self) -> Sandbox:
        made = Sandbox(
            "http://city",
            ("id", "secret"),
            agreement="g",
            purpose="p",
            transport=httpx.MockTransport(self),
        )
        made._connection._sleep = self.slept.append
        return made


def keys(service: Service) -> set[str]:
    return {request.headers["idempotency-key"] for request in service.requests}


def test_a_question_is_sent_again_under_its_key() -> None:
    service = Service(
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("died"),
        httpx.Response(503, json=PROBLEM),
        httpx.Response(429, json=PROBLEM, headers={"Retry-After": "7"}),
        httpx.Response(200, json=ANSWER),
    )
    assert service.sandbox().query("SELECT 1").rows == ((7,),)
    assert len(service.requests) == 5 and len(keys(service)) == 1
    assert service.slept == [0.2, 0.4, 0.8, 7.0]


def test_each_question_has_a_key_of_its_own() -> None:
    service = Service(*[httpx.Response(200, json=ANSWER)] * 3)
    sandbox = service.sandbox()
    for key in (None, None, "mine"):
        sandbox.query("SELECT 1", key=key)
    assert len(keys(service)) == 3 and "mine" in keys(service)


def test_giving_up_tells_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(*[httpx.ConnectError("refused")] * 100)
    with pytest.raises(SandboxUnreachable) as caught:
        service.sandbox().query("SELECT 1")
    assert {caught.value.key} == keys(service)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
def test_a_refusal_is_not_asked_for_twice(status: int) -> None:
    service = Service(httpx.Response(status, json=PROBLEM))
    with pytest.raises(SandboxRefused) as caught:
        service.sandbox().query("SELECT 1")
    error = caught.value
    assert (error.code, error.status, error.next) == ("x", status, "Do better.")
    assert error.where is not None and (error.where.line, error.where.column) == (2, 5)
    assert str(error) == "[x] It is wrong. (line 2, column 5) Do better."


def test_what_is_no_problem_is_told_as_well() -> None:
    for response in (httpx.Response(502, text="<html>"), httpx.Response(502, json=[1])):
        with pytest.raises(SandboxRefused) as caught:
            Service(response).sandbox().quote("SELECT 1")
        assert caught.value.status == 502 and "502" in str(caught.value)


def test_a_token_that_has_ended_is_renewed_once() -> None:
    ended = httpx.Response(401, json=PROBLEM | {"code": "token_invalid"})
    service = Service(ended, httpx.Response(200, json=ANSWER))
    service.sandbox().query("SELECT 1")
    assert service.tokens == 2
    assert [one.headers["authorization"] for one in service.requests] == ["Bearer t1", "Bearer t2"]
    service = Service(ended, ended)
    with pytest.raises(SandboxRefused):
        service.sandbox().query("SELECT 1")


def test_a_token_is_renewed_before_it_ends() -> None:
    for expires, tokens in ((600, 1), (10, 3)):
        service = Service(*[httpx.Response(200, json=ANSWER)] * 3, expires=expires)
        sandbox = service.sandbox()
        for _ in range(3):
            sandbox.query("SELECT 1")
        assert service.tokens == tokens


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, citybrain_client\n"
        "assert not {'pandas', 'pyarrow', 'catalog', 'sandbox', 'duckdb'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
