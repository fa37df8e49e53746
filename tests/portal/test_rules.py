"""What is refused, how it is told, and what nobody is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import CatalogError
from portal.edge import BODY_BYTES
from portal.limits import Buckets
from portal.problems import STATUS
from sandbox.errors import SandboxError
from tests.portal.bureau import ASKING, SQL, Bureau, Credentials
from tests.portal.inside import Inside

ROOT = Path(__file__).parents[2]
QUESTION = {"sql": SQL, **ASKING}
KEYED = {"Idempotency-Key": "rules"}


@pytest.mark.parametrize(
    ("method", "path", "request_", "status", "code"),
    [
        ("GET", "/nothing", {}, 404, "page_unknown"),
        ("PATCH", "/queries", {}, 405, "method_unknown"),
        ("POST", "/queries/x", {}, 405, "method_unknown"),
        ("POST", "/quotes", {"content": b"{"}, 422, "request_invalid"),
        ("POST", "/quotes", {"content": b"[" * 50_000}, 422, "request_invalid"),
        ("POST", "/quotes", {"json": {}}, 422, "request_invalid"),
        ("POST", "/quotes", {"json": QUESTION | {"more": 1}}, 422, "request_invalid"),
        ("POST", "/quotes", {"json": QUESTION | {"agreement": "\x00"}}, 422, "request_invalid"),
        ("POST", "/quotes", {"json": QUESTION | {"sql": "x" * 10_001}}, 422, "request_invalid"),
        ("POST", "/quotes", {"json": QUESTION | {"epsilon": False}}, 422, "request_invalid"),
        ("POST", "/quotes", {"json": QUESTION | {"epsilon": "1"}}, 422, "request_invalid"),
        ("POST", "/quotes", {"content": b'{"epsilon": NaN}'}, 422, "request_invalid"),
        ("POST", "/queries", {"json": QUESTION}, 422, "request_invalid"),
        ("POST", "/quotes", {"content": b" " * (BODY_BYTES + 1)}, 413, "request_large"),
        ("POST", "/quotes", {"json": QUESTION | {"epsilon": 0}}, 422, "bad_epsilon"),
        ("POST", "/quotes", {"json": QUESTION | {"epsilon": 1e9}}, 422, "epsilon_most"),
        ("POST", "/quotes", {"json": QUESTION | {"purpose": "x"}}, 403, "purpose_not_agreed"),
        ("POST", "/quotes", {"json": QUESTION | {"agreement": "x"}}, 403, "agreement_missing"),
        ("GET", "/budget?agreement=x", {}, 403, "agreement_missing"),
        ("GET", "/views", {}, 422, "request_invalid"),
        ("GET", "/queries/x", {}, 404, "query_unknown"),
        ("DELETE", "/queries/x", {}, 404, "query_unknown"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_error_is_a_problem(
    portal: Inside,
    wang: Credentials,
    method: str,
    path: str,
    request_: dict[str, Any],
    status: int,
    code: str,
    language: str,
) -> None:
    headers = portal.headers(wang) | {"Accept-Language": f"fr, {language};q=0.8, *;q=0.1"}
    if "content" in request_:
        headers["Content-Type"] = "application/json"
    response = portal.http.request(method, path, headers=headers, **request_)
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["content-language"] == language
    assert body["status"] == status and body["type"] == f"urn:citybrain:error:{code}"
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in body["detail"] + body["title"])
    assert chinese == (language == "zh")
    assert body["title"] and body["detail"] and body["next"]


def test_a_method_that_a_path_does_not_know(portal: Inside) -> None:
    assert portal.http.put("/queries/x").headers["allow"] == "DELETE, GET"


def test_a_refusal_says_where(portal: Inside, wang: Credentials) -> None:
    sql = "SELECT COUNT(*)\nFROM read_csv('/etc/passwd')"
    body = portal.http.post(
        "/quotes", json=QUESTION | {"sql": sql}, headers=portal.headers(wang)
    ).json()
    assert body["status"] == 422 and body["where"]["line"] == 2


def test_nothing_is_read_before_the_token(portal: Inside) -> None:
    response = portal.http.post("/quotes", content=b"{")
    assert (response.status_code, response.json()["code"]) == (401, "token_missing")


def test_what_is_of_another_partner_is_not_there(
    portal: Inside, wang: Credentials, other: Credentials
) -> None:
    mine = portal.headers(wang) | KEYED | {"Prefer": "respond-async"}
    theirs = portal.headers(other)
    job = portal.http.post("/queries", json=QUESTION, headers=mine)
    assert job.status_code == 202
    path = job.headers["location"]
    assert portal.http.get(path, headers=mine).status_code == 200
    for method in ("GET", "DELETE"):
        refused = portal.http.request(method, path, headers=theirs)
        assert (refused.status_code, refused.json()["code"]) == (404, "query_unknown")
    for path in ("/budget", "/views"):
        own, absent = (
            portal.http.get(f"{path}?agreement={name}", headers=theirs)
            for name in ("agreement-a", "never-was")
        )
        assert own.status_code == 403 and own.json() == absent.json()
    own, absent = (
        portal.http.post("/quotes", json=QUESTION | {"agreement": name}, headers=theirs)
        for name in ("agreement-a", "never-was")
    )
    assert own.status_code == 403 and own.json() == absent.json()


def test_too_many_requests(portal: Inside, wang: Credentials, bureau: Bureau) -> None:
    now = 0.0
    portal.service.requests = Buckets(2, lambda: now)
    headers = portal.headers(wang)
    path = "/views?agreement=agreement-a"
    assert [portal.http.get(path, headers=headers).status_code for _ in range(3)] == [200, 200, 429]
    refused = portal.http.get(path, headers=headers)
    assert refused.headers["retry-after"] == "30" and "30" in refused.json()["next"]
    assert portal.http.get(path, headers=portal.headers(bureau.client())).status_code == 200
    now = 30.0
    assert portal.http.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ValueError("row 7: Wang"), 500, "service_failed"),
        (CatalogError("cap_missing", dataset="Wang"), 500, "service_failed"),
        (CatalogError("database_failed", url="Wang", problem="Wang"), 503, "service_unavailable"),
        (SandboxError("engine_failed"), 500, "engine_failed"),
    ],
)
def test_faults_are_the_citys_own_affair(
    portal: Inside,
    wang: Credentials,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
    status: int,
    code: str,
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(portal.opened.desk, "quote", broken)
    response = portal.http.post("/quotes", json=QUESTION, headers=portal.headers(wang))
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert "Wang" not in response.text
    logged = capfd.readouterr().err
    assert "Wang" not in logged
    if code == "service_failed":
        reference = response.json()["instance"]
        assert reference in logged and type(error).__name__ in logged
    if status == 503:
        assert response.headers["retry-after"] == "1"


def test_the_log_says_who_and_never_what(portal: Inside, wang: Credentials) -> None:
    portal.http.post("/quotes", json=QUESTION, headers=portal.headers(wang))
    entry = portal.logged[-1]
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/quotes", 200)
    assert entry["client"] == wang[0] and "SELECT" not in str(portal.logged)
    portal.http.get("/queries/a-secret-id", headers=portal.headers(wang))
    assert portal.logged[-1]["path"] == "/queries/{id}"


def test_every_status_has_a_title(portal: Inside) -> None:
    from catalog.text import LANGUAGES, catalogue

    for language in LANGUAGES:
        assert {f"portal_title_{one}" for one in STATUS.values()} <= set(catalogue(language)["ui"])
        assert set(STATUS) <= set(catalogue(language)["errors"])


def test_every_error_that_a_partner_can_meet_has_a_status() -> None:
    """Codes of the sandbox that are not listed would be faults of the service."""
    files = [one for one in (ROOT / "sandbox").rglob("*.py") if one.name != "keyfiles.py"]
    code = "".join(one.read_text("utf-8") for one in files)
    told = r'(?:SandboxError\(\s*|code: str = |watch.cancel, \[)"([a-z_]+)"'
    raised = set(re.findall(told, code))
    assert {"query_cancelled", "query_long", "view_empty"} <= raised and raised - set(
        STATUS
    ) == set()


IN_MANY_FORMS = ("/exchange/", "/catalog", "/datasets/", "/open/")


def test_the_document_describes_every_problem(portal: Inside) -> None:
    document = portal.http.get("/openapi.json").json()
    assert "ValidationError" not in str(document)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                kinds = list(response.get("content", {}))
                if int(status) < 400 and path.startswith(IN_MANY_FORMS):
                    continue  # in several formats, or without a body
                if (
                    path == "/healthz" and status == "503"
                ):  # names the parts, as it does when all work
                    assert kinds == ["application/json"]
                    continue
                if path.startswith("/api/"):  # CKAN's clients know its own form alone
                    assert kinds in (["application/json"], ["application/problem+json"])
                    continue
                if int(status) >= 400 and (path, status) not in (
                    ("/token", "400"),
                    ("/token", "401"),
                ):
                    assert kinds == ["application/problem+json"], (method, path, status)
                else:
                    assert kinds == ["application/json"], (method, path, status)
