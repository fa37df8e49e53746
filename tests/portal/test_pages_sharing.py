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
from catalog.database.paging import Place
from catalog.database.requests import RequestsWanted
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
from tests.support.sharing import PEOPLE_FIELDS, PERSONS, SHARE_2, WANG, sharing_city, wish

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
    assert "/revoke" not in listed
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


def test_a_fault_loses_nothing_that_was_typed(portal: Inside) -> None:
    path = dispatched(portal, ["id", "name"])
    li, wang, shi = (browser(portal, name) for name in ("li", "wang", "shi"))
    said = {"condition.id": "staff only", "legal.name": "", "reason.name": ""}
    form = {"outcome.id": "approved", "outcome.name": "refused"} | said
    answer = li.post(f"{path}/tasks/1/decide", form)
    assert answer.status_code == 422 and "share_reason" in answer.text
    assert 'value="staff only"' in answer.text
    assert re.search(r'value="approved" required checked', answer.text)
    assert re.search(
        r'name="reason.name"[^>]* aria-invalid="true" aria-describedby="fault-decide-1"',
        answer.text,
    )
    assert answer.text.count('id="fault-decide-1"') == 1
    masked = li.post(f"{path}/tasks/1/decide", form | {"outcome.name": "approved", "mask.name": ""})
    assert re.search(r'name="mask.name" aria-invalid="true"', masked.text)
    assert re.search(r'<option value="">', masked.text) and "staff only" in masked.text
    left_out = li.post(f"{path}/tasks/1/decide", {"outcome.id": "approved", "condition.id": EVIL})
    assert re.search(r'<fieldset aria-invalid="true"', left_out.text)
    assert EVIL not in left_out.text and EVIL in html.unescape(left_out.text)
    long = "x" * 2001
    answer = li.post(f"{path}/tasks/1/ask", {"text": long})
    assert (
        answer.status_code == 422
        and long in answer.text
        and 'aria-describedby="fault-ask-1"' in answer.text
    )
    # Somebody was faster: the form is gone, what was written is not.
    li.post(f"{path}/tasks/1/ask", {"text": "which district?"})
    late = li.post(f"{path}/tasks/1/ask", {"text": "what for exactly?"})
    assert (
        late.status_code == 409 and "what for exactly?" in late.text and "had written" in late.text
    )
    answer = wang.post(f"{path}/tasks/1/correct", {"text": " "})
    assert answer.status_code == 422 and 'aria-describedby="fault-correct-1"' in answer.text
    assert shi.post(f"{path}/tasks/9/rule", {"ruling": "lift", "text": "x"}).status_code == 404


def test_a_request_and_an_objection_are_shown_again_as_they_were_typed(portal: Inside) -> None:
    wang = browser(portal, "wang")
    wang.post("/basket", {"resource": PERSONS, "fields": ["age"]})
    answer = wang.post("/requests", FORM | {"first": "soon", "purpose": "check <b>"})
    assert answer.status_code == 422 and "check &lt;b&gt;" in answer.text
    assert re.search(r'name="first"[^>]* aria-describedby="fault-asking"', answer.text)
    objection = {
        "resource": PERSONS,
        "key.id": " ",
        "field": "age",
        "wrong": "is 31",
        "evidence": "card",
    }
    answer = wang.post("/objections", objection)
    assert answer.status_code == 422 and "is 31" in answer.text
    assert re.search(r'name="key.id"[^>]* aria-describedby="fault-raise"', answer.text)
    assert '<option value="age" selected>' in answer.text


RETURN = {
    "resource": PERSONS,
    "district": "north",
    "fields": ["id", "name"],
    "mask.name": "mask_name(name)",
    "rows_field": "district",
    "rows": "north\n\n",
    "basis": "Act 9",
    "purpose": "care",
    "manner": "interface",
    "first": "2026-01-01",
    "last": "2027-06-30",
    "legal": "",
}


def test_a_steward_returns_what_he_has_seen_counted(portal: Inside, sharing: Bureau) -> None:
    shi, wang = browser(portal, "shi"), browser(portal, "wang")
    assert (
        "/returns/new?resource=raw.police__person" in shi.get(f"/catalogue/resource/{PERSONS}").text
    )
    assert (
        "/returns/new" in shi.get("/grants").text and "/returns/new" not in wang.get("/grants").text
    )
    assert wang.post("/returns", RETURN).status_code == 403
    first = shi.get(f"/returns/new?resource={PERSONS}&district=north").text
    assert 'value="mask_name(name)"' in first and 'value="secret"' not in _fields(first)
    assert "mask_pseudonym(name, 'share', 'north')" in html.unescape(first)
    before = grants(sharing, "north")
    # Granting without a count counts.
    counted = shi.post("/returns", RETURN | {"act": "give"})
    assert counted.status_code == 200 and "2 rows" in counted.text
    seen = re.findall(r'name="seen" value="(\w+)"', counted.text)[0]
    other = shi.post("/returns", RETURN | {"act": "give", "seen": seen, "rows": "north\nsouth"})
    assert "3 rows" in other.text and "counted anew" in other.text
    assert grants(sharing, "north") == before
    bare = shi.post("/returns", RETURN | {"act": "preview", "mask.name": "", "basis": "Act 77"})
    assert bare.status_code == 422 and "share_mask_needed" in bare.text and "Act 77" in bare.text
    assert re.search(r'name="mask.name" aria-invalid="true"', bare.text)
    none = shi.post("/returns", RETURN | {"act": "preview", "rows": " "})
    assert re.search(r'name="rows"[^>]* aria-invalid="true"', none.text)
    given = shi.post("/returns", RETURN | {"act": "give", "seen": seen})
    assert given.status_code == 303
    shown = shi.get(given.headers["location"]).text
    assert "returned data" in shown and "north" in shown and "mask_name(name)" in shown
    assert grants(sharing, "north") == [("id", "name"), *before]


def _fields(page: str) -> str:
    return page[page.index("<fieldset") : page.index("</fieldset>")]


def test_a_service_that_starts_with_a_changed_contract_suspends(
    sharing: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(sharing.home))
    forgive(sharing)
    with inside(sharing, tmp_path / "before") as portal:
        path = dispatched(portal, ["age"])
        li = browser(portal, "li")
        assert li.post(f"{path}/tasks/1/decide", decision(age="approved")).status_code == 303
        (grant,) = re.findall(r"/grants/(grant-\w+)", li.get(path).text)
    more = "{name: age, logicalType: integer, classification: "
    raised = PEOPLE_FIELDS.replace(f"{more}L2", f"{more}L4")
    try:
        sharing.city.collected("police/person", raised, custom=SHARE_2)
        with inside(sharing, tmp_path / "after") as portal:
            for name in ("li", "wang"):
                shown = browser(portal, name).get(f"/grants/{grant}").text
                assert "Suspended since" in shown and "is of level L4" in shown
            wang = browser(portal, "wang")
            refused = wang.get(f"/grants/{grant}/export")
            assert (refused.status_code, "grant_suspended" in refused.text) == (403, True)
            assert f'id="{grant}"' in wang.get("/grants?state=suspended").text
    finally:
        sharing.city.collected("police/person", PEOPLE_FIELDS, custom=SHARE_2)
    with inside(sharing, tmp_path / "again") as portal:
        wang = browser(portal, "wang")
        assert "Suspended since" not in wang.get(f"/grants/{grant}").text
        assert wang.get(f"/grants/{grant}/export").status_code == 200


def test_lists_go_on_and_can_be_filtered(portal: Inside, sharing: Bureau) -> None:
    made = [submitted(portal, ["age"]).removeprefix("/requests/") for _ in range(3)]
    shi, wang, li = (browser(portal, name) for name in ("shi", "wang", "li"))
    with sharing.store() as store:
        newest = store.requests.page(NAME, RequestsWanted(), Place(most=2))
        assert [one.id for one in newest.items] == made[:0:-1] and newest.newer is None
        older = store.requests.page(NAME, RequestsWanted(), Place(before=newest.older, most=2))
        assert older.items[0].id == made[0]
        back = store.requests.page(NAME, RequestsWanted(), Place(after=older.newer, most=2))
        assert back == newest and newest.count == older.count
    assert made[0] in wang.get("/requests?state=submitted").text
    assert made[0] not in wang.get("/requests?state=confirmed").text
    assert made[0] not in li.get("/requests?department=civil").text  # not sent on to him yet
    assert made[0] not in shi.get("/requests?department=other").text
    assert made[0] not in shi.get("/requests?overdue=yes").text
    page = shi.get(f"/requests?state=submitted&before={newest.older}").text
    assert made[0] in page and made[2] not in page
    assert 'rel="prev" href="/requests?state=submitted&amp;after=' in page
    for path in ("/requests", "/grants", "/objections"):
        assert shi.get(f"{path}?state=x&department=y&before=1").status_code == 200
        assert shi.get(f"{path}?before=-1").status_code == 422


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


def test_an_objection_with_several_sources(portal: Inside) -> None:
    steward, li, sun, wang = (browser(portal, name) for name in ("shi", "li", "sun", "wang"))
    fused = objection() | {"resource": "fusion.worker", "field": "label"}
    page = steward.post("/objections", fused).headers["location"]
    assert wang.get(page).status_code == 404 and page not in wang.get("/objections").text
    for source in (li, sun):
        shown = source.get(page).text
        assert 'name="verdict"' in shown and "Each source answers for its own data" in shown
    assert 'name="verdict"' not in steward.get(page).text
    assert li.post(f"{page}/answer", {"verdict": "confirmed", "text": "slip"}).status_code == 303
    mine, other, bureau = li.get(page).text, sun.get(page).text, steward.get(page).text
    assert 'name="verdict"' not in mine and "To be corrected by" in mine and "To answer by" in mine
    assert f"{page}/correct" in mine and f"{page}/correct" in bureau
    assert 'name="verdict"' in other and f"{page}/correct" not in other and "slip" in other
    assert sun.post(f"{page}/correct", {}).status_code == 409
    assert sun.post(f"{page}/answer", {"verdict": "denied", "text": "so"}).status_code == 303
    assert "flagged" in sun.get(page).text and 'name="verdict"' not in sun.get(page).text
    assert "It is wrong" in sun.get("/objections").text
    chinese = li.get(page, headers={"accept-language": "zh"}).text
    assert "更正期限" in chinese and "来源部门" in chinese


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
