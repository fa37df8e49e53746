"""What the sandbox console refuses: to whom, why, and that it tells nothing else."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from tests.portal.analysts import (
    ASK,
    EDITOR,
    QUOTE,
    analyst,
    answer_id,
    asked,
    charges,
    ended,
    form,
    part,
    plain,
)
from tests.portal.bureau import SQL, VIEWS, Bureau, make_bureau, take
from tests.portal.inside import Inside, inside
from tests.portal.people import Browser, account
from tests.support.city import NAME
from tests.support.instruments import agreement


@pytest.mark.parametrize(
    ("sql", "code", "line", "column", "word"),
    [
        ("SELECT COUNT(*)\nFROM sandbox.nothing", "unknown_view", 2, 14, "nothing"),
        ("SELECT\r\n  SUM(nothing)\r\nFROM sandbox.firm", "unknown_name", 2, 7, "nothing"),
        ("SELECT code FROM sandbox.firm", "unit_used", 1, 8, "code"),
    ],
)
def test_a_refusal_shows_its_place(
    console: tuple[Bureau, Inside],
    asking: Browser,
    sql: str,
    code: str,
    line: int,
    column: int,
    word: str,
) -> None:
    for path in (QUOTE, ASK):
        shown = part(asking, path, form(sql))
        body = shown.text if path == QUOTE else ended(asking, shown)
        assert code in body and 'role="alert"' in body
        assert f'data-line="{line}" data-column="{column}" data-word="{word}"' in body
        assert f"<mark>{word}</mark>" in body
    whole = asking.post(QUOTE, form(sql))
    assert (
        whole.status_code == 422 and "<h1>" in whole.text and f"<mark>{word}</mark>" in whole.text
    )
    assert charges(console[0]) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purpose": "war"}, "purpose_not_agreed"),
        ({"by": "epsilon", "epsilon": "many"}, "bad_epsilon"),
        ({"by": "epsilon", "epsilon": "nan"}, "bad_epsilon"),
        ({"by": "epsilon", "epsilon": "1e9"}, "epsilon_most"),
        ({"by": "epsilon", "epsilon": "-1"}, "bad_epsilon"),
        ({"by": "accuracy", "relative": "500", "rows": "10"}, "bad_accuracy"),
        ({"by": "accuracy", "relative": "5", "rows": "1.5"}, "bad_accuracy"),
        ({"purpose": ""}, "request_invalid"),
        ({"by": "accuracy", "relative": "0.001", "rows": "1"}, "accuracy_most"),
        ({"sql": ""}, "question_statement"),
        ({"sql": "x" * 10_001}, "question_size"),
        ({"sql": "DROP TABLE firm"}, "question_statement"),
    ],
)
def test_what_cannot_be_asked_is_said(
    console: tuple[Bureau, Inside], asking: Browser, changes: dict[str, str], code: str
) -> None:
    shown = part(asking, QUOTE, form() | changes)
    assert shown.status_code == 422 and code in shown.text, shown.text
    assert asking.post(QUOTE, form() | changes).status_code in (403, 422)
    assert charges(console[0]) == 0


def test_what_is_anothers_is_not_there(console: tuple[Bureau, Inside], asking: Browser) -> None:
    bureau, portal = console
    with bureau.store() as store:
        other = {"id": "bank-b", "name": {"zh": "乙银行", "en": "Bank B"}}
        terms = {"views": VIEWS, "letters": ["letter-tax"], "valid_from": "2026-01-01"}
        terms |= {"valid_to": "2099-12-31", "id": "agreement-b", "users": ["zhao"]}
        take(store, agreement(**terms, partner=other))
    portal.clock.later(minutes=5)
    zhao = analyst(bureau, portal, "zhao", "bank-b")
    response = part(asking, ASK, form())
    id = answer_id(ended(asking, response))
    job = response.headers["hx-replace-url"]
    history = asking.get("/console/history").text
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


def test_a_user_whom_the_agreement_does_not_name(console: tuple[Bureau, Inside]) -> None:
    sun = analyst(*console, "sun")
    assert "does not name" in plain(sun.get("/console").text)
    assert "does not name" in plain(sun.get(EDITOR).text)
    assert "user_not_named" in part(sun, QUOTE, form()).text
    assert "user_not_named" in asked(sun, form())
    assert charges(console[0]) == 0


def test_an_agreement_that_ends_between_price_and_question(
    console: tuple[Bureau, Inside], asking: Browser
) -> None:
    bureau, portal = console
    assert part(asking, QUOTE, form()).status_code == 200
    with bureau.store() as store:
        at = portal.clock.now
        store.instruments.revoke(
            NAME, "agreement", "agreement-a", at=at, by="centre", reason="test"
        )
    portal.clock.later(minutes=5)
    refused = asked(asking, form())
    assert "agreement_revoked" in refused and charges(bureau) == 0
    assert asking.get(EDITOR).status_code == 403
    assert asking.get("/console").status_code == 200
    assert asking.get("/console/history").status_code == 200


def test_other_roles_do_not_ask(console: tuple[Bureau, Inside]) -> None:
    bureau, portal = console
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
    console: tuple[Bureau, Inside], asking: Browser
) -> None:
    bureau, portal = console
    id = answer_id(asked(asking, form()))
    asking.get(f"/console/answers/{id}")
    part(asking, QUOTE, form("SELECT nothing FROM sandbox.firm"))
    account(bureau, "auditor", "auditor")
    browser = Browser(portal)
    browser.sign_in("auditor")
    page = browser.get("/openings").text
    assert SQL in html.unescape(page) and "bank-a / wang" in page and "unknown_name" in page
    assert id not in page and "±" not in page and "ε 0.2" in page
    with bureau.store() as store:
        (told,) = store.audit.newest(NAME, action="audit")
    assert (told.record.actor, told.record.subject) == ("account:auditor", "openings")


def test_forms_need_their_seal(console: tuple[Bureau, Inside], asking: Browser) -> None:
    for path in (QUOTE, ASK, "/console/jobs/x/cancel"):
        for seal in ("", "0" * 64):
            assert asking.post(path, form(), seal=seal).status_code == 403
    assert part(asking, ASK, form(nonce="short")).status_code == 403
    assert charges(console[0]) == 0


@pytest.mark.parametrize(
    "attack", ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>"]
)
def test_texts_of_questions_are_text(
    console: tuple[Bureau, Inside], asking: Browser, attack: str
) -> None:
    quoted = attack.replace("'", "''")
    sql = f"SELECT COUNT(*) AS n FROM sandbox.firm WHERE area = '{quoted}'"
    named = 'SELECT COUNT(*) AS "{}" FROM sandbox.firm'.format(attack.replace('"', '""'))
    case = f"SELECT CASE WHEN paid > 1 THEN '{quoted}' ELSE 'b' END AS k, COUNT(*) AS n FROM sandbox.firm GROUP BY k"
    for one in (sql, named, case, f"SELECT {attack} FROM sandbox.firm", attack):
        pages = [part(asking, QUOTE, form(one)).text, asking.post(QUOTE, form(one)).text]
        pages.append(asked(asking, form(one)))
        pages += [asking.get("/console/history").text]
        found = re.search(r"/console/answers/([^/\"]+)/csv", pages[2])
        if found is not None:
            pages.append(asking.get(f"/console/answers/{found[1]}").text)
        for page in pages:
            assert "<script>alert" not in page and "<img src=x" not in page
    hostile = Browser(console[1])
    hostile.sign_in("wang")
    assert "<script>" not in hostile.get(f"{EDITOR}?again=1").text


def test_too_many_requests_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    bureau = make_bureau(tmp_path, "\n[service]\nrequests_per_minute = 3\n")
    with inside(bureau, tmp_path / "keys") as portal:
        browser = analyst(bureau, portal, "wang")
        seal = browser.seal("/")
        statuses = [browser.post(QUOTE, form(), seal=seal).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
