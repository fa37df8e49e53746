"""The audit log on pages: who sees what of it, and that each look is in it."""

from __future__ import annotations

import html
import io
import json
import re
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from catalog.audit import offline
from catalog.audit.record import AuditRecord
from catalog.errors import CatalogError
from catalog.people import Role
from tests.portal.browser import axe_faults, sign_in
from tests.portal.bureau import Bureau
from tests.portal.inside import Inside
from tests.portal.people import Browser, account, forgive
from tests.support.city import NAME

ATTACK = "<script>alert(1)</script>"


def browser_of(portal: Inside, bureau: Bureau, role: Role) -> Browser:
    forgive(bureau)
    account(bureau, f"audit-{role}", role)
    made = Browser(portal)
    made.sign_in(f"audit-{role}")
    return made


@pytest.fixture
def auditor(portal: Inside, bureau: Bureau) -> Browser:
    return browser_of(portal, bureau, "auditor")


def add(bureau: Bureau, count: int = 1, **changes: Any) -> range:
    values: dict[str, Any] = {"actor": "department:tax/li", "action": "exchange"}
    values |= {"subject": "open.t", "under": "grant-1"} | changes
    with bureau.store() as store:
        records = [AuditRecord(datetime.now(UTC), **values) for _ in range(count)]
        return store.audit.append(NAME, *records)


def newest(bureau: Bureau, **wanted: Any) -> AuditRecord:
    with bureau.store() as store:
        return store.audit.newest(NAME, limit=1, **wanted)[0].record


def numbers(shown: str) -> list[int]:
    return [int(one) for one in re.findall(r"/audit/records/(\d+)", shown)]


def test_pages_by_number_and_filters(auditor: Browser, bureau: Bureau) -> None:
    added = add(bureau, 120, subject="open.paged")
    first = auditor.get("/audit?subject=open.paged")
    assert numbers(first.text) == list(added)[::-1][:50]
    older = re.search(r'href="([^"]+)" rel="next"', first.text)
    assert older is not None
    second = auditor.get(older[1].replace("&amp;", "&"))
    assert numbers(second.text) == list(added)[::-1][50:100]
    part = auditor.get("/audit?subject=open.paged", headers={"HX-Request": "true"})
    assert "<html" not in part.text and numbers(part.text) == numbers(first.text)
    today = datetime.now(UTC).date()
    assert (
        numbers(auditor.get(f"/audit?subject=open.paged&since={today.year + 1}-01-01").text) == []
    )
    assert auditor.get("/audit?since=nonsense&until=x&action=king").status_code == 200
    assert auditor.get("/audit?before=0").status_code == 422


@pytest.mark.parametrize("code", ["audit_overdue", "audit_stamp_overdue"])
def test_it_says_when_nothing_is_given(
    auditor: Browser, portal: Inside, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    for lang, said in (("en", "nothing is given"), ("zh", "暂停提供数据")):
        assert said not in auditor.get(f"/audit?lang={lang}").text
    late = CatalogError(code, workspace=NAME, since="2026-11-01T08:00:00+00:00")
    monkeypatch.setattr(portal.opened.store.audit, "overdue", lambda _workspace: late)
    for lang, said in (("zh", "暂停提供数据"), ("en", "nothing is given")):
        page = html.unescape(auditor.get(f"/audit?lang={lang}").text)
        assert said in page and late.text(lang) in page


def test_every_look_is_recorded(auditor: Browser, bureau: Bureau) -> None:
    (number,) = add(bureau)
    for path, subject in (
        ("/audit?actor=department:tax/li", "list"),
        (f"/audit/records/{number}", f"record {number}"),
    ):
        assert auditor.get(path).status_code == 200
        found = newest(bureau, action="audit")
        assert (found.actor, found.subject) == ("account:audit-auditor", subject)


def test_a_record_with_its_proof(auditor: Browser, bureau: Bureau) -> None:
    (number,) = add(bureau, subject=ATTACK, purpose=ATTACK, detail={ATTACK: ATTACK}, rows=7)
    assert "not yet" in auditor.get(f"/audit/records/{number}").text
    assert auditor.get(f"/audit/records/{number}/proof").status_code == 409
    auditor.post("/audit/export", {})  # anchors
    shown = auditor.get(f"/audit/records/{number}").text
    assert "proved</span>" in shown and ATTACK not in shown
    assert ATTACK not in auditor.get("/audit").text
    proof = auditor.get(f"/audit/records/{number}/proof")
    assert proof.headers["content-disposition"].startswith("attachment")
    keys = offline.read_keys([bureau.home / NAME / "keys" / "audit.pub"])
    assert offline.proof_faults(json.loads(proof.text), keys) == []
    assert auditor.get("/audit/records/999999999").status_code == 404


def test_the_last_timestamp_is_shown(auditor: Browser, bureau: Bureau) -> None:
    auditor.post("/audit/export", {})  # anchors
    with bureau.store() as store:
        last = store.checkpoints.last(NAME)
        assert last is not None
        store.timestamps.add(NAME, last, datetime(2031, 5, 6, 12, tzinfo=UTC), b"a token")
    shown = auditor.get("/audit").text
    line = re.search(r"<dt>Last timestamp of others</dt><dd>(.*)</dd>", shown)
    assert line is not None and "2031-05-06" in line[1] and f"checkpoint {last.number}" in line[1]


def test_verification_in_the_background(auditor: Browser, bureau: Bureau) -> None:
    assert auditor.post("/audit/verification", {}).headers["location"] == "/audit/verification"
    deadline = time.monotonic() + 30
    while True:
        part = auditor.get("/audit/verification", headers={"HX-Request": "true"}).text
        if "hx-trigger" not in part:
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "The log is sound" in part and "<html" not in part
    assert newest(bureau, action="audit", subject="verify").actor == "account:audit-auditor"


def test_the_export_is_verified_elsewhere(auditor: Browser, bureau: Bureau, tmp_path: Path) -> None:
    answer = auditor.post("/audit/export", {})
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert sorted(packed.namelist()) == ["audit.pub", "log.jsonl", "offline.py"]
        packed.extractall(tmp_path)
    keys = offline.read_keys([tmp_path / "audit.pub"])
    verifier = offline.verify_export(tmp_path / "log.jsonl", keys)
    assert verifier.faults == [] and verifier.records > 0 and verifier.checkpoints > 0


def test_an_administrator_sees_sign_ins_alone(portal: Inside, bureau: Bureau) -> None:
    browser = browser_of(portal, bureau, "administrator")
    (hidden,) = add(bureau, subject="open.secret")
    (shown,) = add(bureau, subject="wu", action="sign_in", outcome="sign_in_wrong")
    page = browser.get("/audit")
    assert shown in numbers(page.text) and hidden not in numbers(page.text)
    assert "open.secret" not in page.text and "Verify the whole log" not in page.text
    assert browser.get("/audit?action=exchange").status_code == 403
    assert browser.get(f"/audit/records/{shown}").status_code == 200
    for path in (f"/audit/records/{hidden}", f"/audit/records/{hidden}/proof"):
        assert browser.get(path).status_code == 404
    assert browser.post("/audit/verification", {}).status_code == 403
    assert browser.post("/audit/export", {}).status_code == 403
    assert browser.get("/audit/verification").status_code == 403


@pytest.mark.parametrize("role", ["engineer", "steward", "officer", "partner"])
def test_nobody_else_sees_it(portal: Inside, bureau: Bureau, role: Role) -> None:
    browser = browser_of(portal, bureau, role)
    (number,) = add(bureau)
    for path in ("/audit", f"/audit/records/{number}", "/audit/verification"):
        assert browser.get(path).status_code == 403
    for path in ("/audit/verification", "/audit/export"):
        assert browser.post(path, {}).status_code == 403
    assert "Audit log" not in browser.get("/").text


def test_in_a_browser(bureau: Bureau, city_url: str, page: Page) -> None:
    """An auditor filters, looks at a record and verifies; axe finds nothing serious."""
    account(bureau, "browser-auditor", "auditor")
    (number,) = add(bureau, subject="open.browser", outcome="grant_expired")
    sign_in(page, city_url, "browser-auditor")
    page.get_by_role("link", name="Audit log").click()
    page.get_by_label("about").fill("open.browser")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#records tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("subject=open.browser"))
    assert axe_faults(page) == []
    page.get_by_role("link", name=str(number), exact=True).click()
    expect(page.get_by_role("heading", name=f"Record {number}")).to_be_visible()
    assert axe_faults(page) == []
    page.get_by_role("link", name="Audit log").first.click()
    page.get_by_role("button", name="Verify the whole log").click()
    expect(page.get_by_text("The log is sound")).to_be_visible()
    assert axe_faults(page) == []
    page.goto(f"{city_url}/audit?lang=zh")
    expect(page.get_by_role("heading", name="审计日志")).to_be_visible()
    assert axe_faults(page) == []
