"""The page of notices: what each department is told, how far it was read, and whose names pages show."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import Request
from playwright.sync_api import Page, expect
from sqlalchemy import event

from catalog.database.notices import Reader, tell
from catalog.database.paging import Place
from portal.app import create_app
from portal.documents import due
from portal.pages.names import people_called
from portal.tokens import service_key
from sandbox.opening import open_desk
from tests.portal.browser import axe_faults, serving, sign_in
from tests.portal.bureau import Bureau
from tests.portal.inside import Inside
from tests.portal.people import Browser, account, forgive, person
from tests.portal.test_pages_sharing import (
    browser,
    decision,
    dispatched,
    portal,
    sharing,
    submitted,
)
from tests.support.city import NAME

__all__ = ["portal", "sharing"]  # fixtures
HEADER = re.compile(r'<header class="top">.*?</header>', re.DOTALL)
DONE = "All notices up to now are marked as read."


def unread(one: Browser) -> str:
    """What the header says to who cannot see it."""
    header = HEADER.search(one.get("/notices").text)
    assert header is not None
    found = re.search(r'class="visually-hidden">\((.*?)\)</span>', header[0])
    return found[1] if found else ""


def told(one: Browser, query: str = "") -> list[tuple[str, ...]]:
    """The rows of the page: path, and what is said."""
    rows = re.findall(r"<tr>\s*<td class=\"when\">.*?</tr>", one.get(f"/notices{query}").text, re.S)
    found = []
    for row in rows:
        (path,) = re.findall(r'<a href="([^"]+)"', row)
        texts = [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
        ]
        found.append((path, *map(html.unescape, texts)))
    return found


def read_all(one: Browser, path: str = "/notices") -> int:
    """Send the form as the page has it; the status, 0 if there is none."""
    until = re.search(r'name="until" value="(\d+)"', one.get(path).text)
    return one.post("/notices/read", {"until": until[1]}).status_code if until else 0


@pytest.fixture(autouse=True)
def nothing_unread(portal: Inside) -> None:
    """Tests of a module share their city: what came before is read."""
    departments = {"wang": "civil", "li": "police", "sun": "other", "shi": "bureau"}
    for name, department in departments.items():
        portal.opened.store.notices.mark(NAME, Reader(name, department), 2**31 - 1)


def test_each_is_told_what_concerns_his_department(portal: Inside) -> None:
    wang, li, sun, shi = (browser(portal, name) for name in ("wang", "li", "sun", "shi"))
    before = len(told(sun))
    path = dispatched(portal, ["id", "age"])
    (first,) = [one for one in told(li) if one[0].startswith(path)]
    assert first[0] == f"{path}#task-1" and "unread" in first[1]
    assert first[2] == "You are asked for fields; decide about each." and "civil" in first[5]
    assert li.get(first[0]).status_code == 200
    assert [one[2] for one in told(wang) if one[0].startswith(path)] == [
        "Your request was sent to the owners of the data.",
        "The check of your request has begun.",
    ]
    assert [one[2] for one in told(shi) if one[0].startswith(path)] == [
        "A request was submitted and waits for your check."
    ]
    assert len(told(sun)) == before and path not in sun.get("/notices").text
    assert (unread(wang), unread(li), unread(sun)) == ("2 unread notices", "1 unread notice", "")
    zh = li.get("/notices?lang=zh").text
    assert "有字段向贵部门申请，请逐一决定。" in zh and "1 条未读消息" in zh and "未读" in zh


def test_urgent_ones_are_told_so_in_words(portal: Inside) -> None:
    li = browser(portal, "li")
    path = dispatched(portal, ["id"])
    portal.clock.later(days=60)
    from pipelines.sharing.ticking import tick

    tick(portal.http.app.state.sharing)  # type: ignore[attr-defined]
    portal.clock.later(days=-60)
    (late, asked) = [one for one in told(li) if one[0].startswith(path)]
    assert late[2] == "urgent Supervision (督办): the deadline of a task has passed."
    assert not asked[2].startswith("urgent")
    assert {one[2].split()[0] for one in told(li, "?urgent=yes")} == {"urgent"}


def test_to_other_roles_nothing_is_told(portal: Inside, sharing: Bureau) -> None:
    dispatched(portal, ["id"])
    forgive(sharing)
    for name, role in (("en", "engineer"), ("ad", "administrator"), ("ana", "partner"), ("aud", "auditor")):  # fmt: skip
        account(sharing, name, role)  # type: ignore[arg-type]
        one = browser(portal, name)
        shown = one.get("/notices")
        assert shown.status_code == 200 and "Nothing is told to your role here." in shown.text
        assert told(one) == [] and unread(one) == "" and read_all(one) == 0
        assert one.post("/notices/read", {"until": "5"}).status_code == 303


def test_a_notice_of_what_went_elsewhere_is_gone_with_its_page(portal: Inside) -> None:
    li, shi, sun = (browser(portal, name) for name in ("li", "shi", "sun"))
    path = dispatched(portal, ["id"])
    assert any(one[0].startswith(path) for one in told(li)) and unread(li) == "1 unread notice"
    assert li.post(f"{path}/tasks/1/give-back", {"text": "not ours"}).status_code == 303
    form = {"owner": "other", "text": "theirs"}
    assert shi.post(f"{path}/tasks/1/redispatch", form).status_code == 303
    assert li.get(path).status_code == 404 and path not in li.get("/notices").text
    assert unread(li) == "" and unread(sun) == "1 unread notice"
    for one in (li, sun):
        for row in told(one):
            assert one.get(row[0]).status_code == 200, row


def test_marks_are_ones_own_and_only_of_what_the_page_showed(
    portal: Inside, sharing: Bureau
) -> None:
    wang, shi = browser(portal, "wang"), browser(portal, "shi")
    account(sharing, "chen", "officer", "civil")
    chen = browser(portal, "chen")
    path = submitted(portal, ["id"])
    shi.post(f"{path}/check", {})
    (until,) = re.findall(r'name="until" value="(\d+)"', wang.get("/notices").text)
    shi.post(f"{path}/dispatch", {})  # since he looked
    answer = wang.post("/notices/read", {"until": until})
    assert (answer.status_code, answer.headers["location"]) == (303, "/notices")
    shown = wang.get("/notices").text
    assert DONE in shown and unread(wang) == "1 unread notice"
    assert unread(chen) != "" and unread(chen) != "1 unread notice"
    assert read_all(wang, "/notices?urgent=yes") == 303 and unread(wang) == ""
    assert 'name="until"' not in wang.get("/notices").text  # nothing is left to mark


def test_a_mark_that_is_no_number_marks_nothing_and_a_great_one_what_there_is(
    portal: Inside,
) -> None:
    wang = browser(portal, "wang")
    dispatched(portal, ["id"])
    for until in ("", "x", "-1", "9" * 400, "1e3", "٣", "\x00", "1\n"):
        assert wang.post("/notices/read", {"until": until}).status_code == 303
        assert unread(wang) == "2 unread notices", until
    wang.post("/notices/read", {"until": "9999999999999999999"})
    assert unread(wang) == ""
    dispatched(portal, ["id"])
    assert unread(wang) == "2 unread notices"
    wang.post("/notices/read", {"until": "1"})
    assert unread(wang) == "2 unread notices"


def test_a_mark_without_its_seal_is_refused(portal: Inside) -> None:
    wang = browser(portal, "wang")
    dispatched(portal, ["id"])
    refused = wang.post("/notices/read", {"until": "999999"}, seal="0" * 64)
    assert refused.status_code == 403 and "form_stale" in refused.text
    assert unread(wang) == "2 unread notices"


def test_more_than_99_are_not_counted(portal: Inside, sharing: Bureau) -> None:
    wang = browser(portal, "wang")
    dispatched(portal, ["id"])
    fill(sharing, 120)
    shown = wang.get("/").text
    assert "(more than 99 unread notices)" in shown and ">99+<" in shown
    pages, path = [], "/notices"
    while path:
        text = wang.get(path).text
        pages += re.findall(r'<td><a href="(/requests/[^"]+)"', text)
        older = re.search(r'rel="next" href="([^"]+)"', text)
        path = html.unescape(older[1]) if older else ""
    assert len(pages) >= 122


def fill(sharing: Bureau, count: int) -> None:
    """So many notices to `civil` of its newest request."""
    from catalog.database.sharing_tables import ShareRequestRow

    with sharing.store() as store, store._write() as session:
        row = session.query(ShareRequestRow).order_by(ShareRequestRow.id.desc()).first()
        assert row is not None and row.department == "civil"
        for _ in range(count):
            tell(session, row.workspace_id, ["civil"], row.submitted_at, "check",
                 request_key=row.id)  # fmt: skip


@pytest.fixture
def statements(portal: Inside) -> Iterator[list[str]]:
    """What is asked of the database."""
    found: list[str] = []
    engine = portal.opened.store._engine

    def look(_con: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(engine, "before_cursor_execute", look)
    yield found
    event.remove(engine, "before_cursor_execute", look)


def test_who_has_not_signed_in_costs_no_count(portal: Inside, statements: list[str]) -> None:
    visitor, wang = Browser(portal), browser(portal, "wang")
    statements.clear()
    assert visitor.get("/").status_code == 200
    assert not [one for one in statements if "share_notice" in one]
    wang.get("/basket")
    assert len([one for one in statements if "share_notice" in one]) == 1
    statements.clear()
    wang.get("/nowhere")  # an error asks for nothing more
    assert not [one for one in statements if "share_notice" in one]


# -- names ----------------------------------------------------------------------------------------


def test_pages_name_people_and_keep_their_accounts(
    portal: Inside, sharing: Bureau, statements: list[str]
) -> None:
    li, wang = browser(portal, "li"), browser(portal, "wang")
    path = dispatched(portal, ["id", "age"])
    form = decision(id="refused", age="refused")
    assert li.post(f"{path}/tasks/1/decide", form).status_code == 303
    wang.post(f"{path}/tasks/1/dispute", {"text": "it is needed"})
    statements.clear()
    shown = wang.get(path).text
    names = [one for one in statements if "account.title" in one and "account_session" not in one]
    assert len(names) == 1  # one query for all of them
    assert 'li (synthetic) <code title="department:police/li">li</code>' in shown
    assert 'shi (synthetic) <code title="account:shi">shi</code>' in shown
    assert 'Decided by li (synthetic) <code title="department:police/li">' in shown
    assert "<td>system</td>" in shown or "system" not in shown
    assert "department:civil/wang)" not in shown


def test_who_has_no_account_is_called_by_his_id(sharing: Bureau, portal: Inside) -> None:
    evil = "<b>x</b>"
    with sharing.store() as store:
        store.accounts.add(NAME, person("evil", "engineer"), None, "issuer|evil")
        with store._write() as session:
            from catalog.database.account_tables import AccountRow

            row = session.query(AccountRow).filter_by(name="evil").one()
            row.title = evil
    actors = ["account:evil", "account:gone", "client:app_1", "system", "", "department:a/evil"]
    scope = {"type": "http", "app": portal.http.app}
    who = people_called(Request(scope), actors)
    assert str(who("account:evil")) == (
        '&lt;b&gt;x&lt;/b&gt; <code title="account:evil">evil</code>'
    )
    assert [who(one) for one in actors[1:5]] == actors[1:5]
    assert 'title="department:a/evil"' in who("department:a/evil")


# -- documents ------------------------------------------------------------------------------------


def test_documents_that_end_soon_are_told_to_their_sides(bureau: Bureau, tmp_path: Path) -> None:
    from tests.portal.inside import inside

    plain = bureau.store()
    with plain as store, inside(bureau, tmp_path / "keys") as opened:
        now, zone = opened.clock.now, ZoneInfo("UTC")
        tax, bank = person("t", "officer", "tax"), person("b", "partner", None, "bank-a")
        far = due(store, NAME, tax, now, zone, 30)
        assert [one.one.id for one in far if not one.missing] == []
        days = (far_end(store) - now.date()).days
        ends = {one.one.id for one in due(store, NAME, tax, now, zone, days)}
        assert "letter-tax" in ends and "agreement-a" not in ends
        assert "agreement-a" in {one.one.id for one in due(store, NAME, bank, now, zone, days)}
        other = person("o", "partner", None, "bank-z")
        assert due(store, NAME, other, now, zone, days) == []
        later = now + timedelta(days=days + 1)
        assert due(store, NAME, tax, later, zone, days) == []  # it has ended


def far_end(store: Any) -> Any:
    (one,) = store.instruments.versions(NAME, "letter", "letter-tax")
    return one.document.valid_to


# -- in a browser ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def notices_url(sharing: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(sharing.home))
        key = service_key(tmp_path_factory.mktemp("keys"))
        with open_desk(sharing.city.plan()) as opened:
            app = create_app(opened, sharing.city.plan(), key, log=lambda _: None)
            with serving(app) as url:
                yield url


def test_reading_in_a_browser(
    portal: Inside, sharing: Bureau, notices_url: str, page: Page
) -> None:
    path = dispatched(portal, ["id"])
    forgive(sharing)
    sign_in(page, notices_url, "li")
    page.get_by_role("link", name="Notices (1 unread notice)").click()
    assert axe_faults(page) == []
    page.goto(f"{notices_url}/notices?lang=zh")
    assert axe_faults(page) == []
    page.goto(f"{notices_url}/notices?lang=en")
    id = path.rsplit("/", 1)[1]
    expect(page.get_by_role("link", name=f"{id} · Task 1")).to_be_visible()
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_text(DONE)).to_be_visible()
    expect(page.get_by_role("link", name="Notices", exact=True)).to_be_visible()
    with sharing.store() as store:
        reader = Reader("li", "police")
        newest = store.notices.page(NAME, reader, Place()).items[0].number
        assert store.notices.seen(NAME, "li") == newest
