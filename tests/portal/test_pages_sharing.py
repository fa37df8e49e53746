"""The pages of sharing: from the basket to the grant, and what nobody sees who should not."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from catalog.database import CatalogStore
from catalog.people import Role
from pipelines.sharing.desk import SharingDesk
from portal.app import create_app
from portal.tokens import service_key
from sandbox.opening import open_desk
from tests.portal.browser import axe_faults, serving, sign_in
from tests.portal.bureau import Bureau
from tests.portal.inside import Inside, inside
from tests.portal.people import Browser, account, forgive
from tests.support.city import NAME, City
from tests.support.sharing import PERSONS, WANG, sharing_city, wish

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
FORM = {
    "basis": "Act 3",
    "scenario": "permits",
    "purpose": "check permits",
    "manner": "interface",
    "first": "2026-01-01",
    "last": "2027-06-30",
}
ROLES: dict[str, tuple[Role, str | None]] = {
    "wang": ("officer", "civil"),
    "li": ("officer", "police"),
    "sun": ("officer", "other"),
    "shi": ("steward", None),
    "auditor": ("auditor", None),
}


@pytest.fixture(scope="module")
def sharing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """The published city of `tests.support.sharing`, with people in it."""
    root = tmp_path_factory.mktemp("sharing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        bureau = Bureau(sharing_city(City(root / "city")), root / "home")
        outcomes = bureau.city.run().outcomes
        assert {one.status for one in outcomes.values()} == {"published"}
        for name, (role, department) in ROLES.items():
            account(bureau, name, role, department)
        yield bureau


@pytest.fixture
def portal(sharing: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inside]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(sharing.home))
    forgive(sharing)
    with inside(sharing, tmp_path / "keys") as made:
        yield made


def browser(portal: Inside, name: str) -> Browser:
    made = Browser(portal)
    assert made.sign_in(name).status_code == 303
    return made


def submitted(portal: Inside, fields: list[str], **changes: str) -> str:
    """The path of a new request of `wang`."""
    wang = browser(portal, "wang")
    assert wang.post("/basket", {"resource": PERSONS, "fields": fields}).status_code == 303
    answer = wang.post("/requests", FORM | changes)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def dispatched(portal: Inside, fields: list[str], **changes: str) -> str:
    path = submitted(portal, fields, **changes)
    shi = browser(portal, "shi")
    for act in ("check", "dispatch"):
        assert shi.post(f"{path}/{act}", {}).status_code == 303
    return path


def decision(**outcomes: str) -> dict[str, str]:
    found = {f"outcome.{name}": outcome for name, outcome in outcomes.items()}
    return found | {f"reason.{name}": "not needed" for name in outcomes}


def grants(sharing: Bureau, department: str = "civil") -> list[tuple[str, ...]]:
    with sharing.store() as store:
        return [one.fields for one in store.grants.mine(NAME, department)]


def test_from_the_basket_to_the_grant(portal: Inside, sharing: Bureau) -> None:
    wang, li, shi = (browser(portal, name) for name in ("wang", "li", "shi"))
    assert "Nothing is in the basket" in wang.get("/basket").text
    wang.post("/basket", {"resource": PERSONS, "fields": ["id", "name"]})
    shown = wang.get("/basket").text
    assert "Statistics Act" not in shown and ">phone<" not in shown  # not shared
    wrong = wang.post("/requests", FORM | {"last": "2020-01-01"})
    assert wrong.status_code == 422
    assert "check permits" in wrong.text and "cannot be granted" in wrong.text
    wang.post("/basket", {"resource": PERSONS, "fields": ["id", "name", "age", "district"]})
    path = wang.post("/requests", FORM).headers["location"]
    assert "Nothing is in the basket" in wang.get("/basket").text
    assert path.removeprefix("/requests/") in wang.get("/requests").text
    assert "Nothing waits for you" in li.get("/inbox").text
    assert path in shi.get("/inbox").text
    for act in ("check", "dispatch"):
        assert shi.post(f"{path}/{act}", {}).status_code == 303
    assert f"{path}#task-2" in li.get("/inbox").text
    shown = html.unescape(li.get(path).text)
    assert "mask_name(name)" in shown and "mask_pseudonym(name, 'share', 'civil')" in shown
    masked = {"mask.name": "mask_name(name)", "condition.name": "staff only"}
    bare = li.post(f"{path}/tasks/2/decide", decision(id="approved"))
    assert bare.status_code == 422 and "decision_fields" in bare.text
    form = decision(id="approved", name="approved", age="refused")
    assert "share_mask_needed" in li.post(f"{path}/tasks/2/decide", form).text
    assert li.post(f"{path}/tasks/2/decide", form | masked).status_code == 303
    again = li.post(f"{path}/tasks/2/decide", form | masked)
    assert again.status_code == 409 and "share_illegal" in again.text
    assert grants(sharing)[:2] == [("id", "name"), ("district",)]
    shown = wang.get(path).text
    assert "Supplied" in shown and "not needed" in shown and "staff only" in shown
    listed = html.unescape(wang.get("/grants").text)
    assert "mask_name(name)" in listed and "It may not be passed on" in listed
    assert "Revoke" not in listed
    (grant,) = re.findall(r'action="(/grants/grant-\w+/revoke)"', li.get("/grants").text)[:1]
    assert wang.post(grant, {"reason": "x"}).status_code == 403
    assert li.post(grant, {"reason": " "}).status_code == 422
    assert li.post(grant, {"reason": "misuse"}).status_code == 303
    assert "misuse" in wang.get("/grants").text


def test_a_question_a_dispute_and_a_ruling(portal: Inside) -> None:
    path = dispatched(portal, ["age"])
    wang, li, shi = (browser(portal, name) for name in ("wang", "li", "shi"))
    li.post(f"{path}/tasks/1/ask", {"text": "which district?"})
    assert "which district?" in wang.get(path).text and "stands still" in wang.get(path).text
    assert path in wang.get("/inbox").text
    wang.post(f"{path}/tasks/1/correct", {"text": "the north"})
    li.post(f"{path}/tasks/1/decide", decision(age="refused"))
    wang.post(f"{path}/tasks/1/dispute", {"text": "the law names it"})
    assert path in shi.get("/inbox").text
    shi.post(f"{path}/tasks/1/rule", {"ruling": "lift", "text": "it does"})
    assert "follows task 1" in li.get(path).text
    assert li.post(f"{path}/tasks/2/decide", decision(age="approved")).status_code == 303


def test_a_task_given_back_and_a_request_returned(portal: Inside) -> None:
    path = dispatched(portal, ["age"])
    li, shi, wang = (browser(portal, name) for name in ("li", "shi", "wang"))
    li.post(f"{path}/tasks/1/give-back", {"text": "not ours"})
    assert shi.post(f"{path}/tasks/1/redispatch", {"owner": "x", "text": "y"}).status_code == 422
    assert shi.post(f"{path}/tasks/1/refuse", {"text": "nobody's"}).status_code == 303
    path = submitted(portal, ["age"])
    shi.post(f"{path}/check", {})
    shi.post(f"{path}/give-back", {"reason": "which law?"})
    assert "which law?" in wang.get(path).text
    assert wang.post(f"{path}/resubmit", FORM | {"basis": "Act 12"}).status_code == 303
    assert "Act 12" in shi.get(path).text
    assert wang.post(f"{path}/withdraw", {}).status_code == 303


def test_others_do_not_learn_that_it_is_there(portal: Inside) -> None:
    path = dispatched(portal, ["age"])
    sun = browser(portal, "sun")
    assert sun.get(path).status_code == 404
    assert sun.get("/requests/request-000000000000").status_code == 404
    strip = re.compile(r"request-\w+")
    assert strip.sub("", _main(sun.get(path).text)) == strip.sub(
        "", _main(sun.get("/requests/request-000000000000").text)
    )
    for act in ("withdraw", "resubmit"):
        assert sun.post(f"{path}/{act}", FORM).status_code == 404
    for act in ("decide", "ask", "give-back", "correct", "dispute"):
        answer = sun.post(f"{path}/tasks/1/{act}", {"text": "x"} | decision(age="approved"))
        assert answer.status_code == 404, act
    for act in ("check", "dispatch", "give-back"):
        assert sun.post(f"{path}/{act}", {"reason": "x"}).status_code == 403, act
    assert path not in sun.get("/requests").text + sun.get("/inbox").text
    auditor = browser(portal, "auditor")
    assert auditor.get(path).status_code == 200
    assert "<form" not in _main(auditor.get(path).text)
    assert auditor.post(f"{path}/tasks/1/decide", {}).status_code == 403


def _main(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def test_grants_of_others(portal: Inside, sharing: Bureau) -> None:
    dispatched(portal, ["district"])
    with sharing.store() as store:
        grant = store.grants.mine(NAME, "civil")[0]
    sun = browser(portal, "sun")
    assert grant.id not in sun.get("/grants").text
    assert sun.get(f"/grants/{grant.id}/odrl").status_code == 404
    policy = browser(portal, "wang").get(f"/grants/{grant.id}/odrl")
    assert policy.status_code == 200 and policy.json()["assignee"].endswith(":party:civil")
    assert sun.post(f"/grants/{grant.id}/revoke", {"reason": "x"}).status_code == 404


def test_what_people_write_is_text(portal: Inside) -> None:
    path = dispatched(portal, ["age"], basis=EVIL, scenario=EVIL, purpose=EVIL)
    li, wang, shi = (browser(portal, name) for name in ("li", "wang", "shi"))
    li.post(f"{path}/tasks/1/ask", {"text": EVIL})
    wang.post(f"{path}/tasks/1/correct", {"text": EVIL})
    form = {"outcome.age": "approved", "condition.age": EVIL}
    li.post(f"{path}/tasks/1/decide", form)
    made = wang.post("/objections", objection() | {"wrong": EVIL, "evidence": EVIL})
    pages = (path, "/requests", "/inbox", "/grants", "/objections", made.headers["location"])
    for who in (wang, li, shi):
        for page in pages:
            shown = who.get(page)
            assert "<script>alert" not in shown.text and "<img src=x" not in shown.text, page
    assert "&lt;script&gt;alert(1)" in wang.get(path).text
    assert "&lt;script&gt;alert(1)" in li.get(made.headers["location"]).text


def objection() -> dict[str, Any]:
    return {
        "resource": PERSONS,
        "key.id": "1",
        "field": "age",
        "wrong": "is 31",
        "evidence": "birth record",
    }


def test_objections(portal: Inside) -> None:
    path = dispatched(portal, ["age"])
    wang, li, sun = (browser(portal, name) for name in ("wang", "li", "sun"))
    li.post(f"{path}/tasks/1/decide", decision(age="approved"))
    assert "Key of the record: id" in wang.get(f"/objections/new?resource={PERSONS}").text
    assert wang.get("/objections/new?resource=nothing").status_code == 200
    wrong = wang.post("/objections", objection() | {"key.id": ""})
    assert wrong.status_code == 422 and "birth record" in wrong.text
    assert sun.post("/objections", objection()).status_code == 422  # does not read it
    page = wang.post("/objections", objection()).headers["location"]
    assert sun.get(page).status_code == 404 and page not in sun.get("/objections").text
    assert sun.post(f"{page}/answer", {"verdict": "denied", "text": "x"}).status_code == 404
    assert "flagged" in li.get(page).text
    said = {"verdict": "confirmed", "text": "he is"}
    assert wang.post(f"{page}/answer", said).status_code == 403
    assert li.post(f"{page}/answer", said).status_code == 303
    assert li.post(f"{page}/correct", {}).status_code == 409  # nothing was published since


def test_names_that_nobody_has(portal: Inside) -> None:
    li = browser(portal, "li")
    for path in ("/requests/%00", "/requests/..%2f..", "/requests/%F0%9F%98%80", "/objections/%00"):
        assert li.get(path).status_code == 404, path
    assert li.post("/basket", {"resource": "raw.\x00", "fields": ["a"]}).status_code == 404


def test_the_service_does_what_is_due(
    sharing: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that nobody has looked at for a long time is supervised soon after the start."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(sharing.home))
    long_ago = datetime.now(UTC) - timedelta(days=90)
    plan = sharing.city.plan()
    with CatalogStore.open(sharing.database, clock=lambda: long_ago) as store:
        desk = SharingDesk(plan, store, lambda: long_ago)
        id = desk.submit(WANG, wish(first=long_ago.date(), last=date.today())).id
    with inside(sharing, tmp_path / "keys"):
        deadline = time.monotonic() + 20
        acts: list[str] = []
        while "escalate" not in acts and time.monotonic() < deadline:
            time.sleep(0.1)
            with sharing.store() as store:
                acts = [event.act for event in store.requests.get(NAME, id).events]
    assert acts == ["submit", "supervise", "escalate"]


# -- in a browser -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sharing_url(sharing: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(sharing.home))
        plan = sharing.city.plan()
        key = service_key(Path(tmp_path_factory.mktemp("keys")))
        with open_desk(plan) as opened:
            app = create_app(opened, plan, key, log=lambda _: None)
            with serving(app) as url:
                yield url


def test_granting_some_fields_in_a_browser(
    sharing: Bureau, sharing_url: str, page: Page, chromium: Any
) -> None:
    with sharing.store() as store:
        store.baskets.put(NAME, "department:civil/wang", PERSONS, ["id", "name", "age"])
    sign_in(page, sharing_url, "wang")
    page.get_by_role("link", name="Basket").click()
    assert axe_faults(page) == []
    page.get_by_label("Basis").fill("Act 3")
    page.get_by_label("Scenario").fill("permits")
    page.get_by_label("Purpose").fill("check permits")
    page.get_by_label("First day").fill("2026-01-01")
    page.get_by_label("Last day").fill("2027-06-30")
    page.get_by_role("button", name="Submit the request").click()
    expect(page.get_by_text("The request was submitted.")).to_be_visible()
    assert axe_faults(page) == []
    path = page.url
    id = path.rsplit("/", 1)[1]
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, sharing_url, "shi")
    page.get_by_role("link", name="Inbox").click()
    assert axe_faults(page) == []
    page.get_by_role("link", name=id).click()
    page.get_by_role("button", name="Begin the check").click()
    page.get_by_role("button", name="Send it to the owners").click()
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, sharing_url, "li")
    page.goto(f"{sharing_url}/requests/{id}?lang=zh")
    assert axe_faults(page) == []
    page.goto(f"{sharing_url}/requests/{id}?lang=en")
    approve = page.get_by_role("radio", name="Approve")
    approve.nth(0).check()
    approve.nth(1).check()
    page.get_by_role("radio", name="Refuse").nth(2).check()
    page.get_by_label("Reason for a refusal").nth(2).fill("not needed")
    page.get_by_role("button", name="Send the decision").click()
    expect(page.get_by_text("Supplied").first).to_be_visible()
    assert axe_faults(page) == []
    page.get_by_role("link", name="Grants").click()
    assert axe_faults(page) == []
    page.get_by_role("link", name="Objections").click()
    page.get_by_role("link", name="Object to a value").click()
    page.get_by_label("Resource").fill(PERSONS)
    page.get_by_role("button", name="Go on").click()
    assert axe_faults(page) == []
    page.get_by_label("Key of the record: id").fill("1")
    page.get_by_label("What is wrong").fill("is 31")
    page.get_by_label("What shows that").fill("birth record")
    page.get_by_role("button", name="Raise the objection").click()
    expect(page.get_by_text("The record is flagged until this is closed.")).to_be_visible()
    assert axe_faults(page) == []
    assert grants(sharing)[0] == ("id", "name")
