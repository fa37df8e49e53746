"""The record of an enterprise that has consented, over HTTP."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest

from catalog.agreements import CENTRE, document_of, sign
from tests.portal.bureau import TERM, Bureau, Credentials
from tests.portal.inside import Inside
from tests.support.city import NAME
from tests.support.instruments import KEYS, PUBLIC, consent

ASKED = "?agreement=agreement-a&purpose=credit"


@pytest.fixture(scope="module")
def consents(bureau: Bureau) -> None:
    """c7 consents for as long as it holds, c8 once; the centre has their papers."""
    with bureau.store() as store:
        for code, use in (("c7", "periodic"), ("c8", "once")):
            names = {"id": f"of-{code}", "enterprise": code, "fields": ["paid"], "use": use}
            document = document_of(consent(**names, **TERM))
            signed = sign(document, KEYS[CENTRE], CENTRE)
            store.instruments.import_(NAME, signed, PUBLIC, ZoneInfo("UTC"))


@pytest.mark.usefixtures("consents")
def test_a_record(portal: Inside, wang: Credentials) -> None:
    portal.clock.later(seconds=60)  # consents may have been imported a moment ago
    headers = portal.headers(wang, **{"X-Request-Id": "mine"})
    response = portal.http.get(f"/records/sandbox.firm/c7{ASKED}", headers=headers)
    assert response.status_code == 200, response.text
    body = response.json()
    assert (body["view"], body["code"], body["masked"]) == ("sandbox.firm", "c7", [])
    assert body["values"] == {"paid": 7}
    assert body["instruments"] == [
        "agreement:agreement-a@1",
        "letter:letter-tax@1",
        "consent:of-c7@1",
    ]
    assert response.headers["x-request-id"] == "mine"
    assert portal.logged[-1]["path"] == "/records/{view}/{code}"
    assert not re.search(r"\bc7\b", str(portal.logged))  # ids may have it within


@pytest.mark.usefixtures("consents")
def test_what_is_refused(portal: Inside, wang: Credentials, other: Credentials) -> None:
    portal.clock.later(seconds=60)
    mine, theirs = portal.headers(wang), portal.headers(other)
    cases = [
        (f"/records/sandbox.firm/c9{ASKED}", mine, 403, "consent_missing"),
        (f"/records/sandbox.firm/never{ASKED}", mine, 403, "consent_missing"),
        (f"/records/sandbox.firm/c7{ASKED}", theirs, 403, "agreement_missing"),
        (f"/records/raw.tax__firm/c7{ASKED}", mine, 403, "field_not_agreed"),
        (f"/records/sandbox.firm/c7{ASKED}x", mine, 403, "purpose_not_agreed"),
        ("/records/sandbox.firm/c7", mine, 422, "request_invalid"),
        (f"/records/sandbox.firm/c7{ASKED}", {}, 401, "token_missing"),
    ]
    for path, headers, status, code in cases:
        response = portal.http.get(path, headers=headers)
        assert (response.status_code, response.json()["code"]) == (status, code), path


@pytest.mark.usefixtures("consents")
def test_a_consent_for_one_request(portal: Inside, wang: Credentials) -> None:
    portal.clock.later(seconds=60)
    path = f"/records/sandbox.firm/c8{ASKED}"

    def status(**headers: str) -> int:
        found: int = portal.http.get(path, headers=portal.headers(wang, **headers)).status_code
        return found

    assert [status(**{"X-Request-Id": "one"}) for _ in range(2)] == [200, 200]
    assert status(**{"X-Request-Id": "two"}) == status() == 403


@pytest.mark.usefixtures("consents")
def test_many_at_once(portal: Inside, wang: Credentials, other: Credentials) -> None:
    portal.clock.later(seconds=60)
    mine, theirs = portal.headers(wang), portal.headers(other)

    def get(number: int) -> tuple[int, object]:
        headers, code = (theirs, "c7") if number % 4 == 1 else (mine, ("c7", "c9")[number % 2])
        response = portal.http.get(f"/records/sandbox.firm/{code}{ASKED}", headers=headers)
        return response.status_code, response.json().get("values", response.json().get("code"))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(get, range(40)))
    refused = {1: (403, "agreement_missing"), 3: (403, "consent_missing")}
    assert found == [refused.get(n % 4, (200, {"paid": 7})) for n in range(40)]
