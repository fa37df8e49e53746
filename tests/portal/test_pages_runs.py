"""Runs, held publishes and the quarantine on pages, over a small city with bad rows (synthetic)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.people import Role
from pipelines.decisions import waiting
from pipelines.quarantine import rows_of
from portal.permissions import READERS
from tests.portal.bureau import Bureau
from tests.portal.inside import Inside, inside
from tests.portal.people import Browser, account, forgive
from tests.portal.rejecting import HELD, SHOP, fields, gate, rejecting_bureau
from tests.support.city import NAME


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bureau, Inside]]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    bureau = rejecting_bureau(tmp_path)
    with inside(bureau, tmp_path / "keys") as made:
        yield bureau, made


def browser_of(place: tuple[Bureau, Inside], role: Role) -> Browser:
    bureau, portal = place
    forgive(bureau)
    account(bureau, f"a-{role}", role, "trade" if role == "officer" else None)
    made = Browser(portal)
    assert made.sign_in(f"a-{role}").status_code == 303
    return made


def test_runs_and_their_steps(place: tuple[Bureau, Inside]) -> None:
    browser = browser_of(place, "engineer")
    listed = browser.get("/runs")
    (path,) = set(re.findall(r'href="(/runs/[^"]+)"', listed.text))
    shown = browser.get(path)
    assert shown.status_code == 200 and SHOP in shown.text and "enumeration:kind" in shown.text
    assert "blocked" in shown.text and "gate_held_quarantine" in shown.text
    chinese = browser.get(f"{path}?lang=zh").text
    assert "阻止" in chinese or "隔离" in chinese
    assert browser.get("/runs/nothing").status_code == 404
    assert browser.get("/runs?before=nonsense").status_code == 422
    assert browser.get("/runs?before=2020-01-01T00:00:00%2B00:00").text.count("/runs/") == 0


def test_rejected_rows_are_masked_and_escaped(place: tuple[Bureau, Inside]) -> None:
    browser = browser_of(place, "steward")
    shown = browser.get(f"/quarantine/{SHOP}").text
    assert "&lt;b&gt;rice&lt;/b&gt;" in shown and "<b>rice" not in shown
    assert not any(name in shown for name in ("Bob", "Cyd", "Eve", "6,tea"))
    assert "hidden (L3)" in shown and "L2" in shown
    only = browser.get(f"/quarantine/{SHOP}", params={"reason": "malformed"}).text
    assert "&lt;b&gt;rice" not in only and "shop.csv:7" in only
    assert browser.get("/quarantine/raw.nobody").status_code == 404
    assert browser.get("/quarantine").text.count("/quarantine/raw.") == 2  # the held one too


def test_looking_is_in_the_log(place: tuple[Bureau, Inside]) -> None:
    browser_of(place, "auditor").get(f"/quarantine/{SHOP}")
    with place[0].store() as store:
        (found,) = store.audit.newest(NAME, action="quarantine")
    record = found.record
    assert (record.actor, record.subject, record.rows) == ("account:a-auditor", SHOP, 4)
    assert record.fields == ("id", "kind")


def test_a_higher_ceiling(place: tuple[Bureau, Inside]) -> None:
    site = place[1].http.app.state.site  # type: ignore[attr-defined]
    site.settings = site.settings.model_copy(update={"quarantine_ceiling": "L3"})
    assert "Cyd" in browser_of(place, "steward").get(f"/quarantine/{SHOP}").text


@pytest.mark.slow
def test_judging_again(place: tuple[Bureau, Inside]) -> None:
    bureau, portal = place
    browser = browser_of(place, "engineer")
    bureau.city.collected("trade/shop", fields("tea, ink, soup"), custom=gate())
    assert browser.post(f"/quarantine/{SHOP}/replay", {}).status_code == 303
    seal = browser.seal("/")
    again = browser.http.post(  # while it is at work it is not begun twice
        f"/quarantine/{SHOP}/replay", headers={"X-CSRF-Token": seal, "HX-Request": "true"}
    )
    assert again.status_code == 200 and "<html" not in again.text
    deadline = time.monotonic() + 120
    while "hx-get" in (
        told := browser.get(f"/quarantine/{SHOP}/replay", headers={"HX-Request": "true"}).text
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "rows were judged again, 1 of them are published now" in told
    assert len(rows_of(bureau.city.load(), SHOP)) == 3
    task = portal.http.app.state.site.tasks  # type: ignore[attr-defined]
    assert len(task._known) == 1
    log = [one.record for one in bureau.store().audit.newest(NAME, action="quarantine")]
    assert [one.detail["change"] for one in log if "change" in one.detail] == ["replay", "replay"]


@pytest.mark.slow
def test_a_replay_that_fails_says_why(place: tuple[Bureau, Inside]) -> None:
    bureau, _ = place
    browser = browser_of(place, "engineer")
    bureau.city.write("contracts/trade/shop.yaml", "kind: nonsense\n")
    browser.post(f"/quarantine/{SHOP}/replay", {})
    deadline = time.monotonic() + 60
    while "hx-get" in (told := browser.get(f"/quarantine/{SHOP}").text.split("<h2>")[0]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert 'class="fault"' in told


def test_deciding_about_what_waits(place: tuple[Bureau, Inside]) -> None:
    bureau, _ = place
    browser = browser_of(place, "steward")
    shown = browser.get("/holds").text
    fingerprint = re.search(r'name="fingerprint" value="(\w+)"', shown)
    assert fingerprint is not None and HELD in shown
    form = {"fingerprint": fingerprint[1], "decision": "approve", "why": "looked at"}
    for change, code in (
        ({"decision": "nonsense"}, "request_invalid"),
        ({"fingerprint": ""}, "request_invalid"),
        ({"why": " "}, "decision_words"),
        ({"fingerprint": "0000"}, "hold_nothing"),
    ):
        assert code in browser.post(f"/holds/{HELD}", form | change).text
    assert browser.post("/holds/raw.nobody", form).status_code == 404
    assert [one.resource for one in waiting(bureau.city.load())] == [HELD]
    assert browser.post(f"/holds/{HELD}", form).headers["location"] == "/holds"
    assert waiting(bureau.city.load()) == []
    assert "account:a-steward" in browser.get("/holds").text
    other = browser.post(f"/holds/{HELD}", form | {"decision": "reject"})
    assert (other.status_code, "hold_decided" in other.text) == (409, True)
    with bureau.store() as store:
        (found,) = store.audit.newest(NAME, action="hold")
    assert found.record.detail["decision"] == "approve"
    assert found.record.actor == "account:a-steward"


@pytest.mark.parametrize("role", ["auditor", "officer", "partner", "administrator"])
def test_who_may_look_and_who_may_act(place: tuple[Bureau, Inside], role: Role) -> None:
    browser = browser_of(place, role)
    for path in ("/runs", "/holds", "/quarantine", f"/quarantine/{SHOP}"):
        assert browser.get(path).status_code == (200 if role in READERS else 403)
    for path in (f"/holds/{HELD}", f"/quarantine/{SHOP}/replay"):
        assert browser.post(path, {}).status_code == 403
    assert "<button>Decide" not in browser.get("/holds").text
    assert "Judge again" not in browser.get(f"/quarantine/{SHOP}").text
