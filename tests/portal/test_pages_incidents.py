"""The register of incidents, and what the home page claims of leaks: never zero by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.app import create_app
from portal.tokens import service_key
from tests.portal.browser import axe_faults, serving, sign_in
from tests.portal.bureau import Bureau, make_bureau
from tests.portal.inside import Inside, inside
from tests.portal.people import Browser, account, forgive

EVIL = "<script>alert(1)</script>"
FORM = {
    "severity": "serious",
    "resources": "raw.tax__firm, sandbox.firm",
    "what": f"A file. {EVIL}",
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A city of its own: what is recorded stays."""
    root = tmp_path_factory.mktemp("incidents")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        made = make_bureau(root)
        for role in ("auditor", "administrator", "engineer"):
            account(made, role, role)  # type: ignore[arg-type]
        yield made


@pytest.fixture
def city(own: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inside]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(own.home))
    forgive(own)
    with inside(own, tmp_path / "keys") as made:
        yield made


def browser(city: Inside, name: str) -> Browser:
    made = Browser(city)
    assert made.sign_in(name).status_code == 303
    return made


def leaks(city: Inside, lang: str = "en") -> str:
    """What the home page says of them now."""
    city.http.app.state.site._known.clear()  # type: ignore[attr-defined]
    shown = browser(city, "engineer").get(f"/?lang={lang}").text
    name = {"en": "Leaks", "zh": "失泄密"}[lang]
    card = next(
        one for one in re.findall(r'<li class="card">.*?</li>', shown, re.DOTALL) if name in one
    )
    return " ".join(re.sub(r"<[^>]+>", " ", card).split())


def form(city: Inside, **changes: Any) -> dict[str, str]:
    return {"found_on": city.clock().date().isoformat(), **FORM} | changes


def test_from_nothing_to_an_incident_that_is_closed(city: Inside) -> None:
    assert leaks(city).startswith("Leaks Not assessed No incident is recorded, and no auditor")
    auditor, admin = browser(city, "auditor"), browser(city, "administrator")
    assert "Nobody has confirmed yet" in auditor.get("/incidents").text
    assert admin.post("/incidents/confirm", {}).status_code == 403
    assert auditor.post("/incidents/confirm", {}).status_code == 303
    assert leaks(city).startswith("Leaks 0 none reported; account:auditor confirmed on ")
    assert leaks(city, "zh").startswith("失泄密 0 无报告；account:auditor 于 ")
    city.clock.later(days=91)
    assert leaks(city).startswith("Leaks 0 none reported")
    city.clock.later(days=2)
    assert leaks(city).startswith(
        "Leaks Not assessed No incident is recorded, but the last confirm"
    )

    admin = browser(city, "administrator")  # sessions do not last so long
    assert admin.post("/incidents", form(city)).status_code == 303
    shown = admin.get("/incidents").text
    assert EVIL not in shown and "raw.tax__firm" in shown and "Serious" in shown
    assert leaks(city) == "Leaks 1 incidents found in the past year or still open; open: 1"
    city.clock.later(days=400)
    assert leaks(city).startswith("Leaks 1 ")  # still open
    auditor = browser(city, "auditor")
    assert auditor.post("/incidents/1/close", {"how": " "}).status_code == 422
    assert auditor.post("/incidents/1/close", {"how": "Taken down."}).status_code == 303
    assert auditor.post("/incidents/1/close", {"how": "Again."}).status_code == 409
    assert auditor.post("/incidents/7/close", {"how": "x"}).status_code == 404
    assert "Taken down." in auditor.get("/incidents").text
    assert leaks(city).startswith("Leaks Not assessed No incident is recorded, but")  # of the year


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"found_on": "yesterday"}, "incident_day"),
        ({"found_on": "2999-01-01"}, "incident_day"),
        ({"resources": "raw.nothing"}, "incident_resource"),
        ({"what": ""}, "incident_words"),
        ({"severity": "none"}, "incident_severity"),
    ],
)
def test_what_is_wrong_is_told_above_the_form(
    city: Inside, changes: dict[str, str], code: str
) -> None:
    auditor = browser(city, "auditor")
    before = auditor.get("/incidents").text.count('<th scope="row">')
    answer = auditor.post("/incidents", form(city, **({"what": "Kept."} | changes)))
    assert answer.status_code == 422 and 'id="form-fault"' in answer.text, code
    assert ("Kept." in answer.text) == ("what" not in changes)  # what was written is still there
    assert auditor.get("/incidents").text.count('<th scope="row">') == before


def test_in_a_browser(city: Inside, page: Page, tmp_path: Path) -> None:
    key = service_key(tmp_path)
    app = create_app(city.opened, city.service.workspace, key, log=lambda _: None)
    with serving(app) as url:
        sign_in(page, url, "auditor")
        page.goto(f"{url}/incidents?lang=zh")
        expect(page.get_by_role("heading", level=1)).to_have_text("失泄密登记")
        assert axe_faults(page) == []
