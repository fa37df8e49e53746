"""The sandbox console over HTTP: prices, questions, answers, and all that is refused."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog.text import error_parts, text
from tests.portal.bureau import SQL, VIEWS, Bureau, make_bureau, take
from tests.portal.inside import Inside, inside
from tests.portal.people import Browser, account
from tests.support.city import NAME
from tests.support.instruments import agreement

EDITOR = "/console/agreements/agreement-a"
QUOTE, ASK = "/console/quote/agreement-a", "/console/ask/agreement-a"
NONCE = "n" * 20
HTMX = {"HX-Request": "true"}


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bureau, Inside]]:
    """A city of its own for tests that spend, with a small budget."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    settings = "\n[sandbox]\nepsilon = 1000\n\n[service]\nrequests_per_minute = 100000\n"
    bureau = make_bureau(tmp_path, settings, budget=2.0)
    with inside(bureau, tmp_path / "keys") as portal:
        yield bureau, portal


@pytest.fixture
def wang_(city: tuple[Bureau, Inside]) -> Browser:
    """The analyst wang of bank-a, signed in."""
    bureau, portal = city
    return analyst(bureau, portal, "wang")


def analyst(bureau: Bureau, portal: Inside, name: str, partner: str = "bank-a") -> Browser:
    account(bureau, name, "partner", partner=partner)
    browser = Browser(portal)
    assert browser.sign_in(name).status_code == 303
    return browser


def form(sql: str = SQL, **more: str) -> dict[str, str]:
    return {"sql": sql, "purpose": "credit", "nonce": NONCE, "by": "usual", **more}


def part(browser: Browser, path: str, sent: dict[str, str]) -> httpx.Response:
    """Send a form as htmx does."""
    return browser.http.post(path, data=sent | {"csrf": browser.seal("/")}, headers=HTMX)


def ended(browser: Browser, response: httpx.Response) -> str:
    """The part of the page that stands there when the question has ended."""
    path = response.headers["hx-replace-url"]
    for _ in range(200):
        if "console-job" not in response.text:
            return response.text
        time.sleep(0.05)
        response = browser.get(path, headers=HTMX)
    raise AssertionError(response.text)


def asked(browser: Browser, sent: dict[str, str]) -> str:
    response = part(browser, ASK, sent)
    assert response.status_code == 200, response.text
    return ended(browser, response)


def answer_id(shown: str) -> str:
    found = re.search(r"/console/answers/([^/\"]+)/csv", shown)
    assert found is not None, shown
    return found[1]


def charges(bureau: Bureau) -> int:
    with bureau.store() as store:
        return store.budgets.head(NAME, "enterprise").number


def plain(shown: str) -> str:
    """The text of some HTML."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", shown)))


def left(shown: str) -> int:
    found = re.search(r"(\d+) % left", plain(shown))
    assert found is not None, shown
    return int(found[1])


def test_the_editor_shows_what_may_be_asked(wang_: Browser) -> None:
    assert 'href="/console/agreements/agreement-a"' in wang_.get("/console").text
    page = wang_.get(EDITOR)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    found = re.search(r'data-words="([^"]*)"', page.text)
    assert found is not None
    words = json.loads(html.unescape(found[1]))
    (view,) = words["views"]
    assert [field["name"] for field in view["fields"]] == ["code", "area", "paid"]
    assert view["fields"][1]["keys"] == ["east", "west"]
    assert "SUM" in {one["name"] for one in words["functions"]} and "WHERE" in words["keywords"]
    assert left(page.text) == 100
    for inline in ("<script>", "onclick", "style=", "javascript:"):
        assert inline not in page.text


def test_a_price_spends_nothing(city: tuple[Bureau, Inside], wang_: Browser) -> None:
    for _ in range(2):
        shown = part(wang_, QUOTE, form())
        assert shown.status_code == 200
    told = plain(shown.text)
    assert "It would cost ε 0.2" in told and "2 groups are answered" in told and "±" in told
    explained = part(wang_, ASK, form(f"EXPLAIN PRIVACY {SQL}"))
    assert "Nothing was spent" in plain(explained.text)
    assert charges(city[0]) == 0 and left(wang_.get(EDITOR).text) == 100


def test_an_answer_costs_and_the_gauge_falls(city: tuple[Bureau, Inside], wang_: Browser) -> None:
    shown = asked(wang_, form())
    told = plain(shown)
    assert "It cost ε 0.2" in told and "east" in told and "west" in told
    (chart, second) = re.findall(r'data-chart="([^"]*)" data-errors="([^"]*)"', shown)
    option, bars = (json.loads(html.unescape(one)) for one in chart)
    assert option["xAxis"]["data"] == ["east", "west"] and option["series"][0]["type"] == "bar"
    for place, low, high in bars:
        assert low < option["series"][0]["data"][int(place)] < high
    assert second != chart
    after = left(shown)
    assert 'id="console-budget"' in shown and 'hx-swap-oob="true"' in shown
    assert 90 <= after < 100 and left(wang_.get(EDITOR).text) == after
    assert charges(city[0]) == 1


def test_sent_twice_it_is_charged_once(city: tuple[Bureau, Inside], wang_: Browser) -> None:
    seal = wang_.seal("/")
    sent = form() | {"csrf": seal}
    first, second = (wang_.http.post(ASK, data=sent, headers=HTMX) for _ in range(2))
    one, two = ended(wang_, first), ended(wang_, second)
    assert answer_id(one) == answer_id(two)
    plainly = wang_.http.post(ASK, data=sent)  # a browser without scripts
    assert plainly.status_code == 303 and plainly.headers["location"].startswith("/console/jobs/")
    assert charges(city[0]) == 1


def test_another_question_of_the_same_page_has_a_key_of_its_own(
    city: tuple[Bureau, Inside], wang_: Browser
) -> None:
    asked(wang_, form())
    told = plain(
        asked(wang_, form("SELECT COUNT(*) AS n FROM sandbox.firm", epsilon="0.05", by="epsilon"))
    )
    assert "It cost ε 0.05" in told and "±" in told
    assert charges(city[0]) == 2


def test_a_single_number_has_no_chart(wang_: Browser) -> None:
    shown = asked(wang_, form("SELECT COUNT(*) AS n, MEDIAN(paid) AS half FROM sandbox.firm"))
    assert "data-chart" not in shown
    assert "half" in shown and "± not known" in plain(shown)


def test_without_scripts_everything_works(wang_: Browser) -> None:
    page = wang_.post(QUOTE, form())
    assert page.status_code == 200 and "<h1>" in page.text and "Nothing was spent" in page.text
    assert html.escape(SQL) in page.text or SQL in page.text
    sent = wang_.post(ASK, form())
    for _ in range(100):
        page = wang_.get(sent.headers["location"])
        if "console-job" not in page.text:
            break
        assert 'http-equiv="refresh"' in page.text
        time.sleep(0.05)
    assert "It cost ε" in page.text and SQL in html.unescape(page.text)


@pytest.mark.parametrize(
    ("sql", "code", "line", "column", "word"),
    [
        ("SELECT COUNT(*)\nFROM sandbox.nothing", "unknown_view", 2, 14, "nothing"),
        ("SELECT\r\n  SUM(nothing)\r\nFROM sandbox.firm", "unknown_name", 2, 7, "nothing"),
        ("SELECT code FROM sandbox.firm", "unit_used", 1, 8, "code"),
    ],
)
def test_a_refusal_shows_its_place(
    city: tuple[Bureau, Inside],
    wang_: Browser,
    sql: str,
    code: str,
    line: int,
    column: int,
    word: str,
) -> None:
    for path in (QUOTE, ASK):
        shown = part(wang_, path, form(sql))
        body = shown.text if path == QUOTE else ended(wang_, shown)
        assert code in body and 'role="alert"' in body
        assert f'data-line="{line}" data-column="{column}" data-word="{word}"' in body
        assert f"<mark>{word}</mark>" in body
    whole = wang_.post(QUOTE, form(sql))
    assert (
        whole.status_code == 422 and "<h1>" in whole.text and f"<mark>{word}</mark>" in whole.text
    )
    assert charges(city[0]) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purpose": "war"}, "purpose_not_agreed"),
        ({"by": "epsilon", "epsilon": "many"}, "request_invalid"),
        ({"by": "epsilon", "epsilon": "nan"}, "request_invalid"),
        ({"by": "epsilon", "epsilon": "1e9"}, "epsilon_most"),
        ({"by": "epsilon", "epsilon": "-1"}, "bad_epsilon"),
        ({"by": "accuracy", "relative": "500", "rows": "10"}, "request_invalid"),
        ({"by": "accuracy", "relative": "0.001", "rows": "1"}, "accuracy_most"),
        ({"sql": ""}, "question_statement"),
        ({"sql": "x" * 10_001}, "request_invalid"),
        ({"sql": "DROP TABLE firm"}, "question_statement"),
    ],
)
def test_what_cannot_be_asked_is_said(
    city: tuple[Bureau, Inside], wang_: Browser, changes: dict[str, str], code: str
) -> None:
    shown = part(wang_, QUOTE, form() | changes)
    assert shown.status_code == 422 and code in shown.text, shown.text
    assert wang_.post(QUOTE, form() | changes).status_code in (403, 422)
    assert charges(city[0]) == 0


def test_the_budget_ends(city: tuple[Bureau, Inside], wang_: Browser) -> None:
    dear = {"by": "epsilon", "epsilon": "1.6"}
    asked(wang_, form("SELECT COUNT(*) AS n FROM sandbox.firm", **dear))
    shown = part(wang_, QUOTE, form("SELECT SUM(paid) AS s FROM sandbox.firm", **dear)).text
    assert "more than is left" in plain(shown)
    refused = asked(wang_, form("SELECT SUM(paid) AS s FROM sandbox.firm", **dear))
    assert "budget_exhausted" in refused and "wait for the next period" in plain(refused)
    again = asked(wang_, form("SELECT COUNT(*) AS n FROM sandbox.firm", **dear, nonce="m" * 20))
    assert "It cost nothing" in plain(again)
    history = plain(wang_.get("/console/history").text)
    assert "budget_exhausted" in history and "It cost ε 1.6" in history
    assert charges(city[0]) == 1


def test_history_goes_by_pages_and_answers_are_read_again(
    city: tuple[Bureau, Inside], wang_: Browser
) -> None:
    shown = asked(wang_, form())
    part(wang_, QUOTE, form("SELECT COUNT(*)\nFROM sandbox.nothing"))
    for _ in range(25):
        part(wang_, QUOTE, form("SELECT COUNT(*) FROM sandbox.firm"))
    first = wang_.get("/console/history").text
    older = re.search(r'href="(/console/history\?before=\d+)"', first)
    assert older is not None
    second = wang_.get(older[1]).text
    assert first.count("<li>\n") == 20 and 'rel="next"' not in second
    assert "There is no view" in plain(second) and "Line 2, column 14" in plain(second)
    page = wang_.get(f"/console/answers/{answer_id(shown)}")
    assert f"/console/answers/{answer_id(shown)}" in second
    assert page.headers["cache-control"] == "no-store"
    assert SQL in html.unescape(page.text) and "read again, it costs nothing" in page.text
    number = re.search(r"again=(\d+)", page.text)
    assert number is not None
    assert SQL in html.unescape(wang_.get(f"{EDITOR}?again={number[1]}").text)
    assert charges(city[0]) == 1


def test_downloads(wang_: Browser) -> None:
    sql = 'SELECT area AS "=cmd()", COUNT(*) AS "@n" FROM sandbox.firm GROUP BY area'
    id = answer_id(asked(wang_, form(sql)))
    got = wang_.get(f"/console/answers/{id}/csv")
    assert got.headers["content-disposition"] == 'attachment; filename="answer.csv"'
    assert got.headers["cache-control"] == "no-store"
    rows = list(csv.reader(io.StringIO(got.text.removeprefix("\ufeff"))))
    assert rows[0] == ["'=cmd()", "'@n", "'@n_error"]
    assert [row[0] for row in rows[1:]] == ["east", "west"]
    told = wang_.get(f"/console/answers/{id}/json")
    assert told.headers["cache-control"] == "no-store"
    assert [row[0] for row in told.json()["rows"]] == ["east", "west"]
    assert float(rows[1][1]) == told.json()["rows"][0][1]


def test_what_is_anothers_is_not_there(city: tuple[Bureau, Inside], wang_: Browser) -> None:
    bureau, portal = city
    with bureau.store() as store:
        other = {"id": "bank-b", "name": {"zh": "乙银行", "en": "Bank B"}}
        terms = {"views": VIEWS, "letters": ["letter-tax"], "valid_from": "2026-01-01"}
        terms |= {"valid_to": "2099-12-31", "id": "agreement-b", "users": ["zhao"]}
        take(store, agreement(**terms, partner=other))
    portal.clock.later(seconds=2)
    zhao = analyst(bureau, portal, "zhao", "bank-b")
    response = part(wang_, ASK, form())
    id = answer_id(ended(wang_, response))
    job = response.headers["hx-replace-url"]
    history = wang_.get("/console/history").text
    number = re.search(r"again=(\d+)", history)
    assert number is not None
    own = "/console/agreements/agreement-b"
    assert zhao.get(own).status_code == 200
    for path in (
        EDITOR, job, f"/console/answers/{id}", f"/console/answers/{id}/csv",
        f"/console/answers/{id}/json", f"{own}?again={number[1]}", "/console/agreements/none",
    ):  # fmt: skip
        assert zhao.get(path).status_code == 404, path
        assert SQL not in html.unescape(zhao.get(path).text)
    for path in (QUOTE, f"{job}/cancel"):
        assert zhao.post(path, form()).status_code == 404, path
    refused, unknown = (
        plain(ended(zhao, part(zhao, f"/console/ask/{one}", form())))
        for one in ("agreement-a", "none")
    )
    assert refused == unknown and "agreement_missing" in refused
    assert "agreement-a" not in zhao.get("/console").text
    assert "/console/answers/" not in zhao.get("/console/history").text
    assert charges(bureau) == 1


def test_a_user_whom_the_agreement_does_not_name(city: tuple[Bureau, Inside]) -> None:
    sun = analyst(*city, "sun")
    assert "does not name" in plain(sun.get("/console").text)
    assert "does not name" in plain(sun.get(EDITOR).text)
    assert "user_not_named" in part(sun, QUOTE, form()).text
    assert "user_not_named" in asked(sun, form())
    assert charges(city[0]) == 0


def test_an_agreement_that_ends_between_price_and_question(
    city: tuple[Bureau, Inside], wang_: Browser
) -> None:
    bureau, portal = city
    assert part(wang_, QUOTE, form()).status_code == 200
    with bureau.store() as store:
        at = portal.clock.now
        store.instruments.revoke(
            NAME, "agreement", "agreement-a", at=at, by="centre", reason="test"
        )
    portal.clock.later(seconds=2)
    refused = asked(wang_, form())
    assert "agreement_revoked" in refused and charges(bureau) == 0
    assert wang_.get(EDITOR).status_code == 403
    assert wang_.get("/console").status_code == 200
    assert wang_.get("/console/history").status_code == 200


def test_other_roles_do_not_ask(city: tuple[Bureau, Inside]) -> None:
    bureau, portal = city
    for role in ("officer", "steward", "auditor", "engineer", "administrator"):
        account(bureau, f"r-{role}", role)  # type: ignore[arg-type]
        browser = Browser(portal)
        browser.sign_in(f"r-{role}")
        for path in ("/console", EDITOR, "/console/history", "/console/answers/x"):
            assert browser.get(path).status_code == 403, (role, path)
        assert browser.post(ASK, form()).status_code == 403
        watches = role in ("officer", "steward", "auditor")
        assert browser.get("/openings").status_code == (200 if watches else 403)
    assert charges(bureau) == 0


def test_the_register_has_questions_and_no_answers(
    city: tuple[Bureau, Inside], wang_: Browser
) -> None:
    bureau, portal = city
    id = answer_id(asked(wang_, form()))
    wang_.get(f"/console/answers/{id}")
    part(wang_, QUOTE, form("SELECT nothing FROM sandbox.firm"))
    account(bureau, "auditor", "auditor")
    browser = Browser(portal)
    browser.sign_in("auditor")
    page = browser.get("/openings").text
    assert SQL in html.unescape(page) and "bank-a / wang" in page and "unknown_name" in page
    assert id not in page and "±" not in page and "ε 0.2" in page
    with bureau.store() as store:
        (told,) = store.audit.newest(NAME, action="audit")
    assert (told.record.actor, told.record.subject) == ("account:auditor", "openings")


def test_forms_need_their_seal(city: tuple[Bureau, Inside], wang_: Browser) -> None:
    for path in (QUOTE, ASK, "/console/jobs/x/cancel"):
        for seal in ("", "0" * 64):
            assert wang_.post(path, form(), seal=seal).status_code == 403
    assert part(wang_, ASK, form(nonce="short")).status_code == 403
    assert charges(city[0]) == 0


@pytest.mark.parametrize(
    "attack", ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>"]
)
def test_texts_of_questions_are_text(
    city: tuple[Bureau, Inside], wang_: Browser, attack: str
) -> None:
    quoted = attack.replace("'", "''")
    sql = f"SELECT COUNT(*) AS n FROM sandbox.firm WHERE area = '{quoted}'"
    named = 'SELECT COUNT(*) AS "{}" FROM sandbox.firm'.format(attack.replace('"', '""'))
    case = f"SELECT CASE WHEN paid > 1 THEN '{quoted}' ELSE 'b' END AS k, COUNT(*) AS n FROM sandbox.firm GROUP BY k"
    for one in (sql, named, case, f"SELECT {attack} FROM sandbox.firm", attack):
        pages = [part(wang_, QUOTE, form(one)).text, wang_.post(QUOTE, form(one)).text]
        pages.append(asked(wang_, form(one)))
        pages += [wang_.get("/console/history").text]
        found = re.search(r"/console/answers/([^/\"]+)/csv", pages[2])
        if found is not None:
            pages.append(wang_.get(f"/console/answers/{found[1]}").text)
        for page in pages:
            assert "<script>alert" not in page and "<img src=x" not in page
    hostile = Browser(city[1])
    hostile.sign_in("wang")
    assert "<script>" not in hostile.get(f"{EDITOR}?again=1").text


def test_in_chinese(wang_: Browser) -> None:
    wang_.get("/console?lang=zh")
    page = wang_.get(EDITOR).text
    assert text("console_budget", "zh") in page and 'lang="zh-CN"' in page
    refused = part(wang_, QUOTE, form("SELECT COUNT(*) FROM sandbox.no"))
    assert error_parts("unknown_view", "zh", name="sandbox.no", known="sandbox.firm")[0] in plain(
        refused.text
    )
    told = asked(wang_, form())
    assert text("console_table", "zh") in told
    part(wang_, QUOTE, form("SELECT nothing FROM sandbox.firm"))
    history = wang_.get("/console/history").text
    assert text("console_history", "zh") in history and "nothing" in history


def test_nothing_of_a_question_or_answer_is_in_addresses_or_logs(
    city: tuple[Bureau, Inside], wang_: Browser
) -> None:
    secret = "area = 'east' AND paid > 17"
    response = part(wang_, ASK, form(f"SELECT COUNT(*) AS n FROM sandbox.firm WHERE {secret}"))
    ended(wang_, response)
    assert re.fullmatch(r"/console/jobs/[\w-]+", response.headers["hx-replace-url"])
    written = json.dumps(city[1].logged)
    assert (
        "/console/ask/" in written
        and "east" not in written
        and "17" not in re.sub(r"[\d.]{4,}", "", written)
    )


def test_answers_leave_at_fixed_times(city: tuple[Bureau, Inside], wang_: Browser) -> None:
    portal = city[1]
    seal = wang_.seal("/")
    for sql in (SQL, "SELECT nothing FROM sandbox.firm"):
        before = len(portal.slept)
        wang_.http.post(QUOTE, data=form(sql) | {"csrf": seal}, headers=HTMX)
        assert len(portal.slept) > before


def test_a_question_is_cancelled_and_stays_charged(
    tmp_path: Path, city: Any, wang_: Browser
) -> None:
    bureau, portal = city
    counting, go = _held(portal)
    response = part(wang_, ASK, form())
    assert counting.wait(10) and "console-job" in response.text
    job = response.headers["hx-replace-url"]
    reloaded = wang_.get(job)  # a reload in the middle
    assert "console-job" in reloaded.text and SQL in html.unescape(reloaded.text)
    cancelled = part(wang_, f"{job}/cancel", {})
    go.set()
    shown = ended(wang_, _at(cancelled, job))
    assert "query_cancelled" in shown and charges(bureau) == 1
    assert "stays charged" in plain(shown)
    again = asked(wang_, form())
    assert "It cost nothing" in plain(again) and charges(bureau) == 1


def test_a_session_that_ends_in_the_middle(city: tuple[Bureau, Inside], wang_: Browser) -> None:
    bureau, portal = city
    counting, go = _held(portal)
    response = part(wang_, ASK, form())
    assert counting.wait(10)
    job = response.headers["hx-replace-url"]
    portal.clock.later(hours=13)
    wang_.http.cookies.clear()
    lost = wang_.get(job, headers=HTMX | {"HX-Current-URL": f"http://testserver{job}"})
    assert lost.status_code == 401 and "next=" in lost.headers["hx-redirect"]
    go.set()
    back = wang_.sign_in("wang", to=job)
    assert back.headers["location"] == job
    shown = ended(wang_, _at(wang_.get(job, headers=HTMX), job))
    assert "It cost ε 0.2" in plain(shown) and charges(bureau) == 1


def _held(portal: Inside) -> Any:
    """Let questions wait while they are counted, until they are let go."""
    counting, go = threading.Event(), threading.Event()
    desk = portal.opened.desk
    count = desk._count

    def waiting(plan: Any, snapshots: Any, watch: Any) -> Any:
        counting.set()
        assert go.wait(30)
        with watch.counting(lambda: None, lambda: 0.5):
            return count(plan, snapshots, watch)

    desk._count = waiting
    return counting, go


def _at(response: httpx.Response, job: str) -> httpx.Response:
    response.headers["hx-replace-url"] = job
    return response


def test_too_many_requests_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    bureau = make_bureau(tmp_path, "\n[service]\nrequests_per_minute = 3\n")
    with inside(bureau, tmp_path / "keys") as portal:
        browser = analyst(bureau, portal, "wang")
        seal = browser.seal("/")
        statuses = [browser.post(QUOTE, form(), seal=seal).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
