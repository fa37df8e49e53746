"""Signing in: what a token is given for, and how long it holds."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from portal.limits import Buckets
from portal.tokens import ALGORITHM, KEY_FILE, service_key
from tests.portal.bureau import Bureau, Credentials
from tests.portal.inside import Inside
from tests.support.city import NAME
from tests.support.databases import content

VIEWS = "/views?agreement=agreement-a"
GRANT = {"grant_type": "client_credentials"}


def test_both_ways_to_sign_in(portal: Inside, wang: Credentials) -> None:
    basic = portal.http.post("/token", data=GRANT, auth=wang)
    form = GRANT | {"client_id": wang[0], "client_secret": wang[1]}
    in_form = portal.http.post("/token", data=form)
    for response in (basic, in_form):
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        body = response.json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
        headers = {"Authorization": f"Bearer {body['access_token']}"}
        assert portal.http.get(VIEWS, headers=headers).status_code == 200


def test_a_token_ends_at_its_second(portal: Inside, wang: Credentials) -> None:
    headers = portal.headers(wang)
    portal.clock.later(seconds=3599)
    assert portal.http.get(VIEWS, headers=headers).status_code == 200
    portal.clock.later(seconds=1)
    ended = portal.http.get(VIEWS, headers=headers)
    assert (ended.status_code, ended.json()["code"]) == (401, "token_invalid")
    assert ended.headers["www-authenticate"] == "Bearer"


def test_unknown_and_wrong_are_told_alike(portal: Inside, wang: Credentials) -> None:
    pairs = [("client-0", wang[1]), (wang[0], "wrong"), (wang[0], ""), ("\x00é", "\x00")]
    answers = [portal.http.post("/token", data=GRANT, auth=pair) for pair in pairs]
    assert {(one.status_code, one.text) for one in answers} == {(401, '{"error":"invalid_client"}')}
    assert len({str(sorted(one.headers.items())) for one in answers}) == 1
    assert answers[0].headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("form", "headers", "error"),
    [
        ({}, {}, "invalid_request"),
        ({"grant_type": "password"}, {}, "unsupported_grant_type"),
        ({"grant_type": ["client_credentials"] * 2}, {}, "invalid_request"),
        (GRANT, {}, "invalid_client"),
        (GRANT, {"Authorization": "Basic ==="}, "invalid_client"),
        (GRANT | {"client_secret": "x"}, {"Authorization": "Basic YTpi"}, "invalid_request"),
        (GRANT | {"client_id": "b"}, {"Authorization": "Basic YTpi"}, "invalid_client"),
        (GRANT, {"Content-Type": "application/json"}, "invalid_request"),
    ],
)
def test_requests_that_are_not_as_the_standard_says(
    portal: Inside, form: dict[str, str], headers: dict[str, str], error: str
) -> None:
    response = portal.http.post("/token", data=form, headers=headers)
    assert response.json() == {"error": error}
    assert response.status_code == (401 if error == "invalid_client" else 400)


def test_a_client_that_is_revoked(portal: Inside, bureau: Bureau) -> None:
    mine = bureau.client()
    headers = portal.headers(mine)
    with bureau.store() as store:
        store.clients.revoke(NAME, mine[0])
    refused = portal.http.get(VIEWS, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "token_invalid")
    assert portal.http.post("/token", data=GRANT, auth=mine).status_code == 401


def test_tokens_of_others(portal: Inside, wang: Credentials, tmp_path: Path) -> None:
    key = OctKey.import_key(service_key(tmp_path / "keys"))
    other = OctKey.import_key(b"x" * 32)
    now = int(portal.clock().timestamp())
    claims = {"iss": NAME, "sub": wang[0], "exp": now + 60}
    right = jwt.encode({"alg": ALGORITHM}, claims, key)
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().strip("=")
    wrong = [
        jwt.encode({"alg": ALGORITHM}, claims, other),
        jwt.encode({"alg": ALGORITHM}, claims | {"iss": "elsewhere"}, key),
        jwt.encode({"alg": ALGORITHM}, claims | {"sub": "client-0"}, key),
        jwt.encode({"alg": ALGORITHM}, {"iss": NAME, "sub": wang[0]}, key),
        jwt.encode({"alg": "HS512"}, claims, key, algorithms=["HS512"]),
        f"{unsigned}.{right.split('.')[1]}.",
        right[:-2],
        "x",
        "é.é.é",
    ]

    def status(token: str) -> tuple[int, str]:
        value = f"Bearer {token}".encode()
        response = portal.http.get(VIEWS, headers={b"Authorization": value})
        return response.status_code, response.json().get("code", "")

    assert status(right) == (200, "")
    assert {status(token) for token in wrong} == {(401, "token_invalid")}
    assert status("") == (401, "token_missing")
    assert portal.http.get(VIEWS).json()["code"] == "token_missing"


def test_failing_too_often(portal: Inside, wang: Credentials, bureau: Bureau) -> None:
    now = 0.0
    portal.service.failures = Buckets(3, lambda: now)
    for _ in range(3):
        assert portal.http.post("/token", data=GRANT, auth=(wang[0], "x")).status_code == 401
    refused = portal.http.post("/token", data=GRANT, auth=wang)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["retry-after"] == "20"
    # The address is known by now, whoever it says it is.
    assert portal.http.post("/token", data=GRANT, auth=bureau.client()).status_code == 429
    now = 20.0
    assert portal.http.post("/token", data=GRANT, auth=wang).status_code == 200
    assert portal.http.post("/token", data=GRANT, auth=wang).status_code == 200


def test_the_key_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    first = service_key(tmp_path / "home")
    assert len(first) == 32 and service_key(tmp_path / "home") == first
    assert stat.S_IMODE((tmp_path / "home" / KEY_FILE).stat().st_mode) == 0o600
    assert [one.name for one in (tmp_path / "home").iterdir()] == [KEY_FILE]
    assert service_key(tmp_path / "other") != first


def test_secrets_are_not_kept(bureau: Bureau, wang: Credentials) -> None:
    kept = content(bureau.home / NAME / "catalog.db")
    assert wang[0].encode() in kept and wang[1].encode() not in kept
