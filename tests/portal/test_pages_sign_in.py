"""Signing in to the portal: forms, sessions, lockout, and who is led where."""

from __future__ import annotations

import re

import pytest

from tests.portal.bureau import Bureau
from tests.portal.inside import Inside
from tests.portal.people import PASSWORD, Browser, account, forgive
from tests.support.city import NAME


@pytest.fixture
def browser(portal: Inside, bureau: Bureau) -> Browser:
    forgive(bureau)
    account(bureau, "chen", "engineer")
    return Browser(portal)


def test_signing_in_and_out(browser: Browser) -> None:
    assert "Engineer" not in browser.get("/").text
    answer = browser.sign_in("chen")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    home = browser.get("/")
    assert "chen (synthetic)" in home.text and "Engineer" in home.text
    kept = browser.cookie()
    assert browser.post("/sign-out", {}).headers["location"] == "/sign-in"
    assert "You have signed out." in browser.get("/sign-in").text
    assert "You have signed out." not in browser.get("/sign-in").text
    browser.http.cookies.set("citybrain-session", kept)
    assert "Engineer" not in browser.get("/").text


def test_wrong_unknown_and_closed_are_told_alike(browser: Browser, bureau: Bureau) -> None:
    account(bureau, "gone", "auditor")
    with bureau.store() as store:
        store.accounts.close(NAME, "gone")
    told = set()
    for name, password in (
        ("chen", "wrong"),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("'\x00", "é"),
    ):
        answer = browser.sign_in(name, password)
        assert answer.status_code == 422 and not browser.cookie()
        told.add(re.sub(r'(name="name" value|name="csrf" value)="[^"]*"', "", answer.text))
    assert len(told) == 1


def test_a_new_session_with_every_sign_in(browser: Browser) -> None:
    """What somebody else has put into the browser before is of no use to him afterwards."""
    browser.http.cookies.set("citybrain-session", "chosen-by-another", "testserver.local")
    browser.sign_in("chen")
    first = browser.cookie()
    assert first != "chosen-by-another" and len(first) >= 40
    browser.post("/sign-out", {})
    browser.sign_in("chen")
    assert browser.cookie() not in (first, "")


def test_cookies_are_closed_to_scripts(browser: Browser, portal: Inside) -> None:
    said = browser.sign_in("chen").headers.get_list("set-cookie")
    session = next(one for one in said if one.startswith("citybrain-session="))
    assert "HttpOnly" in session and "SameSite=lax" in session and "Path=/" in session
    assert "Secure" not in session
    behind_tls = Browser(portal, "https")
    said = behind_tls.sign_in("chen").headers.get_list("set-cookie")
    session = next(one for one in said if "session=" in one)
    assert session.startswith("__Host-session=") and "Secure" in session and "Path=/;" in session
    below = Browser(portal, "https", "/north")
    said = below.sign_in("chen").headers.get_list("set-cookie")
    session = next(one for one in said if "session=" in one)
    assert session.startswith("__Secure-citybrain-session=") and "Path=/north" in session


def test_forms_without_their_seal(browser: Browser, portal: Inside) -> None:
    form = {"name": "chen", "password": PASSWORD}
    for seal in ("", "0" * 64, Browser(portal).seal()):
        answer = browser.post("/sign-in", form, seal)
        assert (answer.status_code, "form_stale" in answer.text) == (403, True)
    browser.sign_in("chen")
    other = Browser(portal)
    other.sign_in("chen")
    assert browser.post("/sign-out", {}, other.seal("/")).status_code == 403
    sent = browser.http.post("/sign-out", headers={"X-CSRF-Token": browser.seal("/")})
    assert sent.status_code == 303


def test_sessions_end(browser: Browser, portal: Inside) -> None:
    def inside() -> bool:
        return "Engineer" in browser.get("/").text

    browser.sign_in("chen")
    for _ in range(23):  # 30 minutes without a request are too many, 12 hours with them
        portal.clock.later(minutes=29)
        assert inside()
    portal.clock.later(minutes=30)
    assert not inside()
    browser.sign_in("chen")
    for _ in range(25):
        portal.clock.later(minutes=29)
    assert not inside()
    browser.sign_in("chen")
    for _ in range(24):
        portal.clock.later(minutes=29)
        assert inside()
    portal.clock.later(minutes=24)
    assert not inside()


def test_a_new_password_and_closing_end_every_session(browser: Browser, bureau: Bureau) -> None:
    account(bureau, "leaving", "steward")
    browser.sign_in("leaving")
    with bureau.store() as store:
        store.accounts.set_password(NAME, "leaving", "another battery horse")
    assert "Data steward" not in browser.get("/").text
    assert browser.sign_in("leaving").status_code == 422
    assert browser.sign_in("leaving", "another battery horse").status_code == 303
    with bureau.store() as store:
        store.accounts.close(NAME, "leaving")
    assert "Data steward" not in browser.get("/").text


def test_lockout_of_an_account(browser: Browser, bureau: Bureau, portal: Inside) -> None:
    account(bureau, "locked", "auditor")
    for name in ("locked", "never-there"):
        for _ in range(5):
            assert browser.sign_in(name, "wrong").status_code == 422
        refused = browser.sign_in(name)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "900")
    assert browser.sign_in("LOCKED").status_code == 429
    portal.clock.later(minutes=15)
    assert browser.sign_in("locked").status_code == 303


def test_lockout_of_an_address(browser: Browser, portal: Inside) -> None:
    for attempt in range(20):
        assert browser.sign_in(f"guess-{attempt}", "wrong").status_code == 422
    assert browser.sign_in("chen").status_code == 429
    portal.clock.later(minutes=15)
    assert browser.sign_in("chen").status_code == 303


def test_an_own_account_does_not_buy_more_guesses(browser: Browser, portal: Inside) -> None:
    for attempt in range(20):
        browser.http.cookies.clear()
        assert browser.sign_in(f"guess-{attempt}", "wrong").status_code == 422
        if attempt < 19:
            assert browser.sign_in("chen").status_code == 303
            browser.http.cookies.clear()
    assert browser.sign_in("chen").status_code == 429


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/%0d%0aSet-Cookie:x=y\r\nX: y",
        "javascript:alert(1)",
        "evil.example",
        "/\tx",
        " //evil.example",
    ],
)
def test_nobody_is_led_elsewhere(browser: Browser, to: str) -> None:
    answer = browser.sign_in("chen", to=to)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    again = browser.get("/sign-in", params={"next": to})
    assert (again.status_code, again.headers["location"]) == (303, "/")


def test_one_comes_back_to_where_one_was(browser: Browser) -> None:
    assert browser.sign_in("chen", to="/?page=2").headers["location"] == "/?page=2"


def test_the_policy_allows_nothing_inline(browser: Browser) -> None:
    for path in ("/", "/sign-in", "/nowhere"):
        answer = browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.text)


def test_languages(browser: Browser) -> None:
    assert 'lang="en"' in browser.get("/sign-in").text
    assert "登录" in browser.get("/sign-in", headers={"Accept-Language": "zh-TW,en;q=0.5"}).text
    switched = browser.get("/sign-in?next=%2F%3Fa%3D1&lang=zh")
    assert "登录" in switched.text and switched.headers["content-language"] == "zh"
    assert "登录" in browser.get("/sign-in").text
    assert "登录" in browser.get("/sign-in?lang=xx").text
    assert "?next=%2F%3Fa%3D1&amp;lang=en" in switched.text
    missing = browser.get("/nowhere")
    assert missing.status_code == 404 and "没有这个页面" in missing.text
    problem = browser.http.get("/nowhere", headers={"Accept": "*/*"})
    assert problem.headers["content-type"] == "application/problem+json"


def test_a_name_is_text_whatever_it_says(browser: Browser, bureau: Bureau) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    made = account(bureau, "evil", "auditor")
    with bureau.store() as store, store._write() as session:
        from catalog.database.account_tables import AccountRow

        session.query(AccountRow).filter_by(name=made.id).update({"title": evil})
    browser.sign_in("evil")
    shown = browser.get("/").text
    assert "<script>alert" not in shown and "<img" not in shown and "&lt;script&gt;" in shown
    again = browser.post("/sign-in", {"name": evil, "password": "x"}, browser.seal("/")).text
    assert "<img" not in again


def test_messages_of_others_are_not_shown(browser: Browser) -> None:
    browser.http.cookies.set("citybrain-told", "WyJzaWduZWRfb3V0Iix7fV0=." + "0" * 64)
    assert "You have signed out" not in browser.get("/sign-in").text
    browser.http.cookies.set("citybrain-told", "nonsense")
    assert browser.get("/sign-in").status_code == 200


def test_static_files(browser: Browser) -> None:
    path = re.search(r'href="(/static/\w+/citybrain.css)"', browser.get("/").text)
    assert path is not None
    found = browser.get(path[1])
    assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert found.headers["content-type"].startswith("text/css")
    other = browser.get("/static/old/citybrain.css")
    assert other.headers["cache-control"] == "no-store"
    for wrong in ("../pages/page.py", "..%2f..%2fpages/page.py", "/etc/passwd", "vendor", ""):
        assert browser.get(f"/static/x/{wrong}").status_code == 404


def test_a_city_below_a_prefix(portal: Inside, bureau: Bureau) -> None:
    forgive(bureau)
    account(bureau, "chen", "engineer")
    below = Browser(portal, prefix="/north")
    shown = below.get("/").text
    assert 'href="/north/sign-in"' in shown and 'href="/north/static/' in shown
    assert below.sign_in("chen", to="/north/?a=1").headers["location"] == "/north/?a=1"
    assert below.get("/sign-in", params={"next": "/south/"}).headers["location"] == "/north/"


def test_the_host_of_a_request_stands_on_no_page(browser: Browser) -> None:
    shown = browser.get("/sign-in", headers={"Host": "evil.example"})
    assert "evil.example" not in shown.text


def test_signing_in_is_in_the_log(browser: Browser, bureau: Bureau) -> None:
    account(bureau, "watched", "auditor")
    browser.sign_in("watched", "a wrong password")
    browser.sign_in("a-secret-typed-as-name", "a wrong password")
    for _ in range(4):
        browser.sign_in("watched", "a wrong password")
    browser.sign_in("watched")
    forgive(bureau)
    browser.sign_in("watched")
    with bureau.store() as store:
        records = [one.record for one in store.audit.newest(NAME, action="sign_in", limit=8)]
    told = [(one.actor, one.subject, one.outcome) for one in reversed(records)]
    assert told == [
        ("-", "watched", "sign_in_wrong"),
        ("-", "-", "sign_in_wrong"),
        *[("-", "watched", "sign_in_wrong")] * 4,
        ("-", "watched", "sign_in_locked"),
        ("account:watched", "watched", "ok"),
    ]
    assert {one.detail["address"] for one in records} == {"testclient"}
    assert "password" not in str(records) and "secret" not in str(records)
