"""The sandbox console over HTTP: prices, questions, answers, downloads, history."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from catalog.text import error_parts, text
from tests.portal.analysts import (
    ASK,
    EDITOR,
    HTMX,
    QUOTE,
    answer_id,
    asked,
    at,
    charges,
    ended,
    form,
    held,
    left,
    part,
    plain,
)
from tests.portal.bureau import SQL, VIEWS, Bureau, take
from tests.portal.inside import Inside
from tests.portal.people import Browser, account
from tests.support.instruments import agreement


def test_the_editor_shows_what_may_be_asked(asking: Browser) -> None:
    assert 'href="/console/agreements/agreement-a"' in asking.get("/console").text
    page = asking.get(EDITOR)
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


def test_a_price_spends_nothing(console: tuple[Bureau, Inside], asking: Browser) -> None:
    for _ in range(2):
        shown = part(asking, QUOTE, form())
        assert shown.status_code == 200
    told = plain(shown.text)
    assert "It would cost ε 0.2" in told and "2 groups are answered" in told and "±" in told
    explained = part(asking, ASK, form(f"EXPLAIN PRIVACY {SQL}"))
    assert "Nothing was spent" in plain(explained.text)
    assert charges(console[0]) == 0 and left(asking.get(EDITOR).text) == 100


def test_an_answer_costs_and_the_gauge_falls(
    console: tuple[Bureau, Inside], asking: Browser
) -> None:
    shown = asked(asking, form())
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
    assert 90 <= after < 100 and left(asking.get(EDITOR).text) == after
    assert charges(console[0]) == 1


def test_sent_twice_it_is_charged_once(console: tuple[Bureau, Inside], asking: Browser) -> None:
    seal = asking.seal("/")
    sent = form() | {"csrf": seal}
    first, second = (asking.http.post(ASK, data=sent, headers=HTMX) for _ in range(2))
    one, two = ended(asking, first), ended(asking, second)
    assert answer_id(one) == answer_id(two)
    plainly = asking.http.post(ASK, data=sent)  # a browser without scripts
    assert plainly.status_code == 303 and plainly.headers["location"].startswith("/console/jobs/")
    assert charges(console[0]) == 1


def test_another_question_of_the_same_page_has_a_key_of_its_own(
    console: tuple[Bureau, Inside], asking: Browser
) -> None:
    asked(asking, form())
    told = plain(
        asked(asking, form("SELECT COUNT(*) AS n FROM sandbox.firm", epsilon="0.05", by="epsilon"))
    )
    assert "It cost ε 0.05" in told and "±" in told
    assert charges(console[0]) == 2


def test_a_single_number_has_no_chart(asking: Browser) -> None:
    shown = asked(asking, form("SELECT COUNT(*) AS n, MEDIAN(paid) AS half FROM sandbox.firm"))
    assert "data-chart" not in shown
    assert "half" in shown and "± not known" in plain(shown)


def test_without_scripts_everything_works(asking: Browser) -> None:
    page = asking.post(QUOTE, form())
    assert page.status_code == 200 and "<h1>" in page.text and "Nothing was spent" in page.text
    assert html.escape(SQL) in page.text or SQL in page.text
    sent = asking.post(ASK, form())
    for _ in range(100):
        page = asking.get(sent.headers["location"])
        if "console-job" not in page.text:
            break
        assert 'http-equiv="refresh"' in page.text
        time.sleep(0.05)
    assert "It cost ε" in page.text and SQL in html.unescape(page.text)


def test_the_budget_ends(console: tuple[Bureau, Inside], asking: Browser) -> None:
    dear = {"by": "epsilon", "epsilon": "1.6"}
    asked(asking, form("SELECT COUNT(*) AS n FROM sandbox.firm", **dear))
    shown = part(asking, QUOTE, form("SELECT SUM(paid) AS s FROM sandbox.firm", **dear)).text
    assert "more than is left" in plain(shown)
    refused = asked(asking, form("SELECT SUM(paid) AS s FROM sandbox.firm", **dear))
    assert "budget_exhausted" in refused and "wait for the next period" in plain(refused)
    again = asked(asking, form("SELECT COUNT(*) AS n FROM sandbox.firm", **dear, nonce="m" * 20))
    assert "It cost nothing" in plain(again)
    history = plain(asking.get("/console/history").text)
    assert "budget_exhausted" in history and "It cost ε 1.6" in history
    assert charges(console[0]) == 1


def test_history_goes_by_pages_and_answers_are_read_again(
    console: tuple[Bureau, Inside], asking: Browser
) -> None:
    shown = asked(asking, form())
    part(asking, QUOTE, form("SELECT COUNT(*)\nFROM sandbox.nothing"))
    for _ in range(25):
        part(asking, QUOTE, form("SELECT COUNT(*) FROM sandbox.firm"))
    first = asking.get("/console/history").text
    older = re.search(r'href="(/console/history\?before=\d+)"', first)
    assert older is not None
    second = asking.get(older[1]).text
    assert first.count("<li>\n") == 20 and 'rel="next"' not in second
    assert "There is no view" in plain(second) and "Line 2, column 14" in plain(second)
    page = asking.get(f"/console/answers/{answer_id(shown)}")
    assert f"/console/answers/{answer_id(shown)}" in second
    assert page.headers["cache-control"] == "no-store"
    assert SQL in html.unescape(page.text) and "read again, it costs nothing" in page.text
    number = re.search(r"again=(\d+)", page.text)
    assert number is not None
    assert SQL in html.unescape(asking.get(f"{EDITOR}?again={number[1]}").text)
    assert charges(console[0]) == 1


def test_downloads(asking: Browser) -> None:
    sql = 'SELECT area AS "=cmd()", COUNT(*) AS "@n" FROM sandbox.firm GROUP BY area'
    id = answer_id(asked(asking, form(sql)))
    got = asking.get(f"/console/answers/{id}/csv")
    assert got.headers["content-disposition"] == 'attachment; filename="answer.csv"'
    assert got.headers["cache-control"] == "no-store"
    rows = list(csv.reader(io.StringIO(got.text.removeprefix("\ufeff"))))
    assert rows[0] == ["'=cmd()", "'@n", "'@n_error"]
    assert [row[0] for row in rows[1:]] == ["east", "west"]
    told = asking.get(f"/console/answers/{id}/json")
    assert told.headers["cache-control"] == "no-store"
    assert [row[0] for row in told.json()["rows"]] == ["east", "west"]
    assert float(rows[1][1]) == told.json()["rows"][0][1]


def test_in_chinese(asking: Browser) -> None:
    asking.get("/console?lang=zh")
    page = asking.get(EDITOR).text
    assert text("console_budget", "zh") in page and 'lang="zh-CN"' in page
    refused = part(asking, QUOTE, form("SELECT COUNT(*) FROM sandbox.no"))
    assert error_parts("unknown_view", "zh", name="sandbox.no", known="sandbox.firm")[0] in plain(
        refused.text
    )
    told = asked(asking, form())
    assert text("console_table", "zh") in told
    part(asking, QUOTE, form("SELECT nothing FROM sandbox.firm"))
    history = asking.get("/console/history").text
    assert text("console_history", "zh") in history and "nothing" in history


def test_nothing_of_a_question_or_answer_is_in_addresses_or_logs(
    console: tuple[Bureau, Inside], asking: Browser
) -> None:
    secret = "area = 'east' AND paid > 17"
    response = part(asking, ASK, form(f"SELECT COUNT(*) AS n FROM sandbox.firm WHERE {secret}"))
    ended(asking, response)
    assert re.fullmatch(r"/console/jobs/[\w-]+", response.headers["hx-replace-url"])
    written = json.dumps(console[1].logged)
    assert (
        "/console/ask/" in written
        and "east" not in written
        and "17" not in re.sub(r"[\d.]{4,}", "", written)
    )


def test_answers_leave_at_fixed_times(console: tuple[Bureau, Inside], asking: Browser) -> None:
    portal = console[1]
    seal = asking.seal("/")
    for sql in (SQL, "SELECT nothing FROM sandbox.firm"):
        before = len(portal.slept)
        asking.http.post(QUOTE, data=form(sql) | {"csrf": seal}, headers=HTMX)
        assert len(portal.slept) > before


def test_a_question_is_cancelled_and_stays_charged(
    tmp_path: Path, console: Any, asking: Browser
) -> None:
    bureau, portal = console
    counting, go = held(portal)
    response = part(asking, ASK, form())
    assert counting.wait(10) and "console-job" in response.text
    job = response.headers["hx-replace-url"]
    reloaded = asking.get(job)  # a reload in the middle
    assert "console-job" in reloaded.text and SQL in html.unescape(reloaded.text)
    cancelled = part(asking, f"{job}/cancel", {})
    go.set()
    shown = ended(asking, at(cancelled, job))
    assert "query_cancelled" in shown and charges(bureau) == 1
    assert "stays charged" in plain(shown)
    again = asked(asking, form())
    assert "It cost nothing" in plain(again) and charges(bureau) == 1


def test_a_session_that_ends_in_the_middle(console: tuple[Bureau, Inside], asking: Browser) -> None:
    bureau, portal = console
    counting, go = held(portal)
    response = part(asking, ASK, form())
    assert counting.wait(10)
    job = response.headers["hx-replace-url"]
    portal.clock.later(minutes=31)  # without a request
    lost = asking.get(job, headers=HTMX | {"HX-Current-URL": f"http://testserver{job}"})
    assert lost.status_code == 401 and "next=" in lost.headers["hx-redirect"]
    go.set()
    back = asking.sign_in("wang", to=job)
    assert back.headers["location"] == job
    shown = ended(asking, at(asking.get(job, headers=HTMX), job))
    assert "It cost ε 0.2" in plain(shown) and charges(bureau) == 1


@pytest.mark.parametrize("id", ["信贷/2026 a?b#c% d", "\"><b>'x", "a&b=c;d"])
def test_an_agreement_of_any_name(console: tuple[Bureau, Inside], asking: Browser, id: str) -> None:
    bureau, portal = console
    terms = {"id": id, "views": VIEWS, "letters": ["letter-tax"], "users": ["wang"]}
    terms |= {"valid_from": "2026-01-01", "valid_to": "2099-12-31"}
    with bureau.store() as store:
        take(store, agreement(**terms))
    portal.clock.later(minutes=5)
    page = asking.get("/console").text
    paths = [html.unescape(one) for one in re.findall(r'href="(/console/agreements/[^"]*)"', page)]
    (path,) = [one for one in paths if one != EDITOR]
    editor = asking.get(path).text
    assert id in plain(editor) and "<b>" not in editor
    action = re.search(r'hx-post="(/console/ask/[^"]*)"', editor)
    assert action is not None
    shown = ended(asking, part(asking, html.unescape(action[1]), form()))
    assert "It cost ε 0.2" in plain(shown)
    assert id in plain(asking.get("/console/history").text)
    again = re.search(
        r'href="(/console/agreements/[^"]*again=[^"]*)"', asking.get("/console/history").text
    )
    assert again is not None and SQL in html.unescape(asking.get(html.unescape(again[1])).text)


def test_a_city_below_a_prefix(console: tuple[Bureau, Inside]) -> None:
    bureau, portal = console
    account(bureau, "wang", "partner")
    browser = Browser(portal, prefix="/testville")
    browser.sign_in("wang")
    page = browser.get(EDITOR).text
    addresses = re.findall(r'(?:href|src|action|formaction|hx-get|hx-post)="(/[^"]*)"', page)
    assert addresses and all(one.startswith("/testville/") for one in addresses)
    sent = part(browser, ASK, form())
    assert sent.headers["hx-replace-url"].startswith("/testville/console/jobs/")
