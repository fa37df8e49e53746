"""Signing in through a provider of OpenID Connect: a real one, honest and not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from pipelines.settings import OidcSettings
from portal.oidc import SECRET_VARIABLE
from tests.portal.bureau import Bureau
from tests.portal.identities import CLIENT, SECRET, Identities, provider, shared_key
from tests.portal.inside import Inside
from tests.portal.people import Browser, account, forgive
from tests.support.city import NAME

BACK = "/sign-in/provider/return"


@pytest.fixture
def identities(
    portal: Inside, bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Identities]:
    forgive(bureau)
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    with provider() as known:
        site = portal.http.app.state.site  # type: ignore[attr-defined]
        oidc = OidcSettings(
            issuer=known.url,
            client_id=CLIENT,
            address="https://data.example",
            roles={"ops": "engineer", "office": "officer", "bank": "partner"},
            departments={"4711": "tax"},
        )
        site.settings = site.settings.model_copy(update={"oidc": oidc})
        known.person |= {"sub": f"sub-{time.monotonic_ns()}", "roles": ["x", "ops"]}
        known.person["preferred_username"] = f"p{time.monotonic_ns()}"
        yield known


def there(browser: Browser, to: str = "/") -> str:
    """The address that the portal leads to."""
    answer = browser.get("/sign-in/provider", params={"next": to})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def back(browser: Browser, address: str, code: str, **other: str) -> httpx.Response:
    state = parse_qs(urlsplit(address).query)["state"][0]
    return browser.get(BACK, params={"code": code, "state": state} | other)


def arrive(browser: Browser, identities: Identities, to: str = "/") -> httpx.Response:
    address = there(browser, to)
    return back(browser, address, identities.code(address))


def test_there_and_back(portal: Inside, bureau: Bureau, identities: Identities) -> None:
    browser = Browser(portal)
    assert "identity provider" in browser.get("/sign-in").text
    address = there(browser, "/runs")
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{identities.url}/authorize?")
    assert asked["redirect_uri"] == ["https://data.example" + BACK]
    answer = back(browser, address, identities.code(address))
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs")
    assert browser.get("/runs").status_code == 200
    assert "Change password" not in browser.get("/me").text
    name = identities.person["preferred_username"]
    with bureau.store() as store:
        found = store.accounts.get(NAME, name)
        record = store.audit.newest(NAME, action="sign_in", limit=1)[0].record
    assert (found.person.role, found.person.name) == ("engineer", "Sun")
    assert (record.actor, record.detail["by"]) == (f"account:{name}", "provider")


def test_claims_of_today_count(portal: Inside, bureau: Bureau, identities: Identities) -> None:
    assert arrive(Browser(portal), identities).status_code == 303
    identities.person |= {"roles": "office", "department": "4711", "name": "Sun Two"}
    assert arrive(Browser(portal), identities).status_code == 303
    with bureau.store() as store:
        found = store.accounts.get(NAME, identities.person["preferred_username"]).person
    assert (found.role, found.department, found.name) == ("officer", "tax", "Sun Two")


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ({"roles": ["x"]}, "oidc_role"),
        ({"roles": None}, "oidc_role"),
        ({"roles": "office"}, "account_department"),
        ({"roles": "office", "department": "nowhere"}, "account_department"),
        ({"roles": "bank"}, "account_partner"),
        ({"preferred_username": "a b"}, "account_name"),
    ],
)
def test_people_who_have_no_place_here(
    portal: Inside, identities: Identities, person: dict[str, Any], code: str
) -> None:
    identities.person |= person
    browser = Browser(portal)
    answer = arrive(browser, identities)
    assert code in answer.text and answer.status_code in (403, 422) and not browser.cookie()


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"iss": "https://another.example"},
        {"exp": 1},
        {"sub": None},
    ],
)
def test_tokens_that_are_not_for_us(
    portal: Inside, identities: Identities, lie: dict[str, Any]
) -> None:
    identities.lie = lie
    browser = Browser(portal)
    answer = arrive(browser, identities)
    assert (answer.status_code, "oidc_refused" in answer.text) == (403, True)
    assert identities.tokens == 1 and not browser.cookie()


def test_signatures_of_others(portal: Inside, identities: Identities) -> None:
    own = identities.key
    identities.key = RSAKey.generate_key(2048, parameters={"kid": "first"}, private=True)
    assert "oidc_refused" in arrive(Browser(portal), identities).text
    identities.key, identities.algorithm = shared_key(), "HS256"
    assert "oidc_refused" in arrive(Browser(portal), identities).text
    identities.key, identities.algorithm = own, "RS256"
    assert arrive(Browser(portal), identities).status_code == 303


def test_a_key_that_is_new(portal: Inside, identities: Identities) -> None:
    assert arrive(Browser(portal), identities).status_code == 303
    identities.key = RSAKey.generate_key(2048, parameters={"kid": "first"}, private=True)
    identities.keys = [identities.key]
    assert arrive(Browser(portal), identities).status_code == 303


def test_a_way_back_that_is_not_ones_own(portal: Inside, identities: Identities) -> None:
    browser, other = Browser(portal), Browser(portal)
    address = there(browser)
    code = identities.code(address)
    for answer in (
        back(other, address, code),  # in another's browser: he would be signed in as us
        back(browser, address, code, state="another"),
        back(browser, address, code, error="access_denied"),
        back(browser, address, ""),
        back(browser, address, "unknown"),
        back(browser, there(browser), code),  # another's code: its verifier is not ours
    ):
        assert (answer.status_code, "oidc_refused" in answer.text) == (403, True)
    assert not browser.cookie() and not other.cookie()


def test_names_are_not_taken_over(portal: Inside, bureau: Bureau, identities: Identities) -> None:
    account(bureau, "local-admin", "administrator")
    identities.person["preferred_username"] = "local-admin"
    assert "account_exists" in arrive(Browser(portal), identities).text
    identities.person["preferred_username"] = name = f"q{time.monotonic_ns()}"
    assert arrive(Browser(portal), identities).status_code == 303
    identities.person["sub"] = "somebody else"
    assert "account_exists" in arrive(Browser(portal), identities).text
    assert Browser(portal).sign_in(name, "").status_code == 422


def test_a_closed_account(portal: Inside, bureau: Bureau, identities: Identities) -> None:
    assert arrive(Browser(portal), identities).status_code == 303
    with bureau.store() as store:
        store.accounts.close(NAME, identities.person["preferred_username"])
    assert "account_closed" in arrive(Browser(portal), identities).text


def test_nobody_is_led_elsewhere(portal: Inside, identities: Identities) -> None:
    for to in ("https://evil.example", "//evil.example"):
        assert arrive(Browser(portal), identities, to).headers["location"] == "/"


def test_a_provider_that_is_not_there(portal: Inside, identities: Identities) -> None:
    site = portal.http.app.state.site  # type: ignore[attr-defined]
    gone = site.settings.oidc.model_copy(update={"issuer": "http://127.0.0.1:9"})
    site.settings = site.settings.model_copy(update={"oidc": gone})
    answer = Browser(portal).get("/sign-in/provider")
    assert (answer.status_code, "oidc_unreachable" in answer.text) == (503, True)


def test_without_a_provider(portal: Inside) -> None:
    browser = Browser(portal)
    assert "identity provider" not in browser.get("/sign-in").text
    assert browser.get("/sign-in/provider").status_code == browser.get(BACK).status_code == 404


@pytest.mark.parametrize("issuer", ["http://id.example", "ftp://id.example", "id.example"])
def test_providers_are_reached_over_tls(issuer: str) -> None:
    with pytest.raises(ValueError):
        OidcSettings(issuer=issuer, client_id="x", address="https://data.example")
