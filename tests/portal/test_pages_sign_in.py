"""Signing in to the portal: forms, sessions, lockout, and who is led where."""

from __future__ import annotations

from tests.portal.bureau import Bureau
from tests.portal.inside import Inside
from tests.portal.people import Browser, account


def test_signing_in_and_out(portal: Inside, bureau: Bureau) -> None:
    account(bureau, "chen", "engineer")
    browser = Browser(portal)
    assert "Sign in" in browser.get("/").text
    answer = browser.sign_in("chen")
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    home = browser.get("/")
    assert "chen" in home.text and "Engineer" in home.text
    browser.post("/sign-out", {})
    assert "Engineer" not in browser.get("/").text
