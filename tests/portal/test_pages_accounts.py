"""Accounts on pages: an administrator's work, and everybody's own."""

from __future__ import annotations

import re

import pytest

from tests.portal.bureau import Bureau
from tests.portal.inside import Inside
from tests.portal.people import PASSWORD, Browser, account, forgive
from tests.support.city import NAME


@pytest.fixture
def admin(portal: Inside, bureau: Bureau) -> Browser:
    forgive(bureau)
    account(bureau, "admin", "administrator")
    made = Browser(portal)
    made.sign_in("admin")
    return made


def given(page: str) -> str:
    found = re.search(r'id="given">([^<]+)<', page)
    assert found is not None
    return found[1]


def test_a_new_account_signs_in(admin: Browser, portal: Inside) -> None:
    form = {"name": "new-one", "title": "<b>Wu</b>", "role": "officer", "department": "tax"}
    shown = admin.post("/accounts", form)
    assert shown.status_code == 200 and "<b>Wu" not in shown.text
    password = given(shown.text)
    assert password not in admin.get("/accounts").text
    fresh = Browser(portal)
    assert fresh.sign_in("new-one", password).status_code == 303
    assert "Department officer" in fresh.get("/").text
    again = admin.post("/accounts/new-one/password", {})
    assert given(again.text) != password and "Department officer" not in fresh.get("/").text
    assert fresh.sign_in("new-one", given(again.text)).status_code == 303
    closed = admin.post("/accounts/new-one/close", {})
    assert closed.headers["location"] == "/accounts"
    assert "new-one is closed" in admin.get("/accounts").text
    assert "Department officer" not in fresh.get("/").text


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"name": "admin", "role": "auditor"}, "account_exists"),
        ({"name": "a b", "role": "auditor"}, "account_name"),
        ({"name": "x1", "role": "king"}, "account_role"),
        ({"name": "x1", "role": "officer"}, "account_department"),
        ({"name": "x1", "role": "officer", "department": "nowhere"}, "account_department"),
        ({"name": "x1", "role": "auditor", "department": "tax"}, "account_department"),
        ({"name": "x1", "role": "partner"}, "account_partner"),
        ({"name": "x1", "role": "engineer", "partner": "bank-a"}, "account_partner"),
    ],
)
def test_what_is_refused(admin: Browser, bureau: Bureau, form: dict[str, str], code: str) -> None:
    answer = admin.post("/accounts", form)
    assert code in answer.text and answer.status_code in (409, 422)
    with bureau.store() as store:
        assert "x1" not in {one.person.id for one in store.accounts.list(NAME)}


def test_nobody_closes_himself_or_who_is_not_there(admin: Browser) -> None:
    assert "account_own" in admin.post("/accounts/admin/close", {}).text
    assert admin.post("/accounts/nobody/close", {}).status_code == 404
    assert admin.post("/accounts/nobody/password", {}).status_code == 404


def test_an_own_password(admin: Browser, bureau: Bureau, portal: Inside) -> None:
    account(bureau, "mine", "auditor")
    here, there = Browser(portal), Browser(portal)
    here.sign_in("mine")
    there.sign_in("mine")
    new = {"old": PASSWORD, "new": "another battery", "again": "another battery"}
    for change, code in (
        ({"old": "wrong"}, "sign_in_wrong"),
        ({"again": "something else"}, "password_differs"),
        ({"new": "short", "again": "short"}, "password_length"),
    ):
        assert code in here.post("/me/password", new | change).text
    before = here.cookie()
    assert here.post("/me/password", new).headers["location"] == "/me"
    assert here.cookie() != before and "is changed" in here.get("/me").text
    assert there.get("/me").status_code == 303
    assert there.sign_in("mine").status_code == 422
    assert there.sign_in("mine", "another battery").status_code == 303


def test_own_sessions_and_nobody_elses(admin: Browser, bureau: Bureau, portal: Inside) -> None:
    account(bureau, "two", "auditor")
    here, there = Browser(portal), Browser(portal)
    here.sign_in("two")
    there.sign_in("two")
    ends = re.findall(r"/me/sessions/(\d+)/end", here.get("/me").text)
    assert len(ends) == 1
    admin.post(f"/me/sessions/{ends[0]}/end", {})
    assert there.get("/me").status_code == 200
    here.post(f"/me/sessions/{ends[0]}/end", {})
    assert there.get("/me").status_code == 303 and here.get("/me").status_code == 200


def test_what_was_done_is_in_the_log(admin: Browser, bureau: Bureau) -> None:
    password = given(admin.post("/accounts", {"name": "logged", "role": "engineer"}).text)
    admin.post("/accounts/logged/close", {})
    with bureau.store() as store:
        records = [one.record for one in store.audit.newest(NAME, action="account", limit=2)]
    told = [(one.actor, one.subject, one.detail["change"]) for one in records]
    assert told == [("account:admin", "logged", "closed"), ("account:admin", "logged", "added")]
    assert password not in str(records)
