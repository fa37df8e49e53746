"""The catalogue's pages: who finds what, what a resource's page tells whom, and texts that are no HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.sync_api import Page, expect

from pipelines.listings import import_list
from portal import app as application
from portal.app import create_app
from portal.catalogues import label
from portal.pages import PAGES
from portal.tokens import service_key
from tests.portal.browser import axe_faults, serving, sign_in
from tests.portal.bureau import make_bureau
from tests.portal.inside import Inside, inside
from tests.portal.people import Browser, account
from tests.support.city import NAME

LISTS = Path(__file__).parents[1] / "catalog" / "lists"
SCRIPT = '<script>alert("x")</script>'
FIELDS = """
- {name: code, logicalType: string, required: true, classification: L2}
- {name: area, logicalType: string, classification: L1, customProperties: [{property: sharing, value: {type: 1}}]}
- {name: paid, logicalType: number, classification: L2}
- {name: owner, logicalType: string, classification: L2, customProperties: [{property: sharing, value: {type: 3, condition: a law}}]}
""".strip()
TERMS = "- {property: catalogue, value: {share_type: 2, share_condition: for audits}}"
ROLES = ("engineer", "steward", "officer", "auditor", "administrator")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A city whose contracts, and a list that it imported, have HTML in their texts."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("catalogue")
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        bureau = make_bureau(root)
        bureau.city.departments("tax", "health")
        bureau.city.collected("tax/firm", FIELDS, custom=TERMS)
        for path in bureau.city.root.rglob("*.yaml"):
            text = path.read_text("utf-8")
            if "kind: DataContract" in text:
                text = re.sub(r"(?m)^name: .*$", "", text)
                path.write_text(f"name: '{SCRIPT} {path.stem}'\n{text}", "utf-8")
        path = root / "evil.csv"
        lines = (LISTS / "taipei.csv").read_bytes().decode("big5hkscs").split("\r\n")
        lines[1] = lines[1].replace("臺北", f"'{SCRIPT.replace(chr(34), chr(39))}臺北")
        path.write_bytes("\r\n".join(lines).encode("big5hkscs"))
        import_list(bureau.city.load(), path, "taipei", "evil", None)
        with inside(bureau, root) as made:
            for role in (*ROLES, "partner"):
                account(bureau, f"{role}-c", role)  # type: ignore[arg-type]
            account(bureau, "guest-c", "officer", department="health")
            yield made


def browser(city: Inside, role: str | None = None) -> Browser:
    made = Browser(city)
    if role is not None:
        assert made.sign_in(f"{role}-c").status_code == 303
    return made


def found(page: str) -> list[str]:
    """The keys of the results on a page, without their marks."""
    parts = re.findall(r'<p class="soft"><code>(.*?)</code>', page)
    return [unescape(re.sub("<.*?>", "", part)) for part in parts]


def test_visitors_partners_and_staff_find_what_they_may(city: Inside) -> None:
    public = browser(city).get("/catalogue?q=firm").text
    partner = browser(city, "partner").get("/catalogue?q=firm").text
    staff = browser(city, "officer").get("/catalogue?q=firm").text
    assert found(public) == []
    assert found(partner) == ["sandbox.firm"]
    assert {"raw.tax__firm", "sandbox.firm"} <= set(found(staff))
    assert "raw.tax__firm" not in public + partner


@pytest.mark.parametrize("role", [None, "partner"])
def test_what_one_may_not_know_of_is_as_what_is_not_there(city: Inside, role: str | None) -> None:
    visitor = browser(city, role)
    for tail in ("", "/samples"):
        hidden = visitor.get(f"/catalogue/resource/raw.tax__firm{tail}")
        nothing = visitor.get(f"/catalogue/resource/raw.nothing{tail}")
        assert hidden.status_code == nothing.status_code == 404
        assert "page_missing" in hidden.text


@pytest.mark.parametrize("role", ROLES)
def test_staff_sees_every_entry(city: Inside, role: str) -> None:
    page = browser(city, role).get("/catalogue/resource/raw.tax__firm")
    assert page.status_code == 200
    assert "missing: not declared" in page.text and 'id="field-code"' in page.text
    assert 'href="/catalogue/resource/sandbox.firm"' in page.text or "base." in page.text


def test_a_partner_sees_no_name_of_what_is_behind_a_view(city: Inside) -> None:
    page = browser(city, "partner").get("/catalogue/resource/sandbox.firm").text
    assert "raw." not in page and "staff only" in page


def test_titles_and_imported_texts_are_no_html(city: Inside) -> None:
    staff = browser(city, "steward")
    pages = [
        staff.get("/catalogue").text,
        staff.get("/catalogue?q=alert").text,
        staff.get("/catalogue?q=script&list=evil").text,
        staff.get("/catalogue/resource/raw.tax__firm").text,
        staff.get(f"/catalogue?q={SCRIPT}&provider={SCRIPT}").text,
        browser(city).get("/catalogue?list=evil").text,
    ]
    listed = re.search(r'href="(/catalogue/lists/evil/[^"]+)"', pages[5])
    assert listed is not None
    evil = re.findall(r'href="(/catalogue/lists/evil/[^"]+)"', pages[2])
    pages += [staff.get(link).text for link in {listed[1], *evil}]
    for page in pages:
        assert "<script>alert" not in page
        assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert any("&lt;" in page and "alert" in page for page in pages)


def test_a_search_is_its_address_and_htmx_gets_the_part(city: Inside) -> None:
    visitor = browser(city)
    whole = visitor.get("/catalogue?q=%E8%B3%87%E6%96%99&list=evil&sort=name")
    assert whole.status_code == 200 and 'value="資料"' in whole.text and "checked" in whole.text
    part = visitor.get(
        "/catalogue?q=%E8%B3%87%E6%96%99&list=evil&sort=name", headers={"HX-Request": "true"}
    )
    assert "<html" not in part.text and found(part.text) == found(whole.text)
    assert found(visitor.get("/catalogue?q=%E8%B5%84%E6%96%99&list=evil&sort=name").text) == found(
        whole.text
    )


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page=99999999999", "sort=best", "city=" + "x" * 400,
              "q=" + "x" * 500, "nothing=1", "level=%00", "q=%F0%9F%98%80%00"]
)  # fmt: skip
def test_addresses_that_mean_nothing_are_a_page_all_the_same(city: Inside, query: str) -> None:
    assert browser(city).get(f"/catalogue?{query}").status_code == 200


def test_facets_keep_their_choice_and_can_be_taken_off(city: Inside) -> None:
    page = browser(city).get("/catalogue?list=evil").text
    chosen = re.findall(r'name="list" value="evil" data-submit checked', page)
    assert len(chosen) == 1 and "Remove all filters" in page


def test_an_unknown_list_or_entry_is_not_found(city: Inside) -> None:
    for path in ("nothing/1", "evil/nothing", "evil/../../etc/passwd"):
        assert browser(city).get(f"/catalogue/lists/{path}").status_code == 404


def looks(city: Inside) -> list[tuple[str, str]]:
    """What the audit log says of sample rows: of what, and how it ended."""
    found = city.opened.store.audit.newest(NAME, action="exchange", limit=100)
    told = [one.record for one in found if one.record.detail.get("kind") == "look"]
    assert all(one.rows and one.fields and one.snapshot for one in told)
    return [(one.subject, one.outcome) for one in told]


def test_samples_show_an_officer_what_is_public_and_no_more(city: Inside) -> None:
    page = browser(city, "officer").get("/catalogue/resource/raw.tax__firm/samples")
    assert page.status_code == 200
    assert "hidden: level" in page.text or "not shown" in page.text
    assert browser(city, "administrator").get(
        "/catalogue/resource/raw.tax__firm/samples"
    ).status_code == 403  # fmt: skip
    view = browser(city, "partner").get("/catalogue/resource/sandbox.firm/samples")
    assert "not shown" in view.text


def test_sample_rows_that_were_shown_are_in_the_audit_log(city: Inside) -> None:
    before = len(looks(city))
    browser(city, "partner").get("/catalogue/resource/sandbox.firm/samples")
    assert len(looks(city)) == before  # nothing was shown
    browser(city, "engineer").get("/catalogue/resource/raw.tax__firm/samples")
    assert looks(city)[: len(looks(city)) - before] == [("raw.tax__firm", "ok")]


def test_the_graph_is_data_and_the_lists_say_the_same(city: Inside) -> None:
    page = browser(city, "engineer").get("/catalogue/resource/raw.tax__firm").text
    options = [json.loads(unescape(one)) for one in re.findall(r'data-chart="([^"]*)"', page)]
    (graph,) = (one["series"][0] for one in options if one["series"][0]["type"] == "graph")
    names = {node["name"] for node in graph["data"]}
    assert "raw.tax__firm" in names and len(names) > 1
    for node in graph["data"]:
        if node["name"] != "raw.tax__firm":
            assert f'<a href="{node["url"]}">' in page


def offered(city: Inside, role: str | None, table: str = "raw.tax__firm") -> list[str]:
    page = browser(city, role).get(f"/catalogue/resource/{table}").text
    return re.findall(r'name="fields" value="(\w+)"', page)


def test_the_basket_is_offered_to_officers_of_other_departments(city: Inside) -> None:
    assert offered(city, "guest") == ["code", "area", "paid"]
    assert offered(city, "officer") == offered(city, "engineer") == []
    assert offered(city, "guest", "sandbox.firm") == []  # whose rows never leave


def test_without_a_basket_there_is_no_form(
    city: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = [r for r in PAGES if "basket_add" not in {getattr(i, "name", "") for i in r.routes}]
    monkeypatch.setattr(application, "PAGES", without)
    app = create_app(city.opened, city.service.workspace, service_key(tmp_path))
    guest = Browser(cast(Inside, SimpleNamespace(http=SimpleNamespace(app=app))))
    guest.sign_in("guest-c")
    page = guest.get("/catalogue/resource/raw.tax__firm")
    assert page.status_code == 200 and 'name="fields"' not in page.text


def test_what_an_officer_chooses_is_in_his_basket(city: Inside) -> None:
    officer = browser(city, "guest")
    page = officer.get("/catalogue/resource/raw.tax__firm").text
    form = re.search(
        r'(?s)<form method="post" action="([^"]+)">(?:(?!</form>).)*name="fields"', page
    )
    assert form is not None
    sent = officer.post(form[1], {"resource": "raw.tax__firm", "fields": ["code", "area"]})
    assert sent.status_code == 303
    held = officer.get(sent.headers["location"]).text
    assert re.findall(r'name="fields" value="(\w+)" checked', held) == ["code", "area"]


def test_a_field_shows_its_terms(city: Inside) -> None:
    page = browser(city, "officer").get("/catalogue/resource/raw.tax__firm").text
    (owner,) = re.findall(r'(?s)<tr id="field-owner">.*?</tr>', page)
    assert "a law" in owner and "L2" in owner
    assert "for audits" in page


def test_both_languages(city: Inside) -> None:
    page = browser(city).get("/catalogue?lang=zh")
    assert "资源目录" in page.text and 'lang="zh-CN"' in page.text
    page = browser(city, "engineer").get("/catalogue/resource/raw.tax__firm?lang=zh").text
    assert "信息项" in page and "血缘" in page


@pytest.fixture(scope="module")
def url(city: Inside, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same city for real browsers."""
    key = service_key(tmp_path_factory.mktemp("key"))
    app = create_app(city.opened, city.service.workspace, key, log=lambda _: None)
    with serving(app) as address:
        yield address


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_axe_finds_nothing_serious(url: str, page: Page, lang: str) -> None:
    sign_in(page, url, "engineer-c")
    for path in (
        "/catalogue?q=firm",
        "/catalogue?list=evil",
        "/catalogue/resource/raw.tax__firm",
        "/catalogue/resource/sandbox.firm",
        "/catalogue/resource/raw.tax__firm/samples",
    ):
        page.goto(f"{url}{path}{'&' if '?' in path else '?'}lang={lang}")
        page.wait_for_load_state("networkidle")
        assert axe_faults(page) == [], path


def test_searching_narrowing_and_walking_by_keyboard(url: str, page: Page) -> None:
    sign_in(page, url, "engineer-c")
    page.goto(f"{url}/catalogue?lang=en")
    box = page.get_by_role("searchbox")
    box.fill("资料")
    box.press("Enter")
    page.wait_for_url("**q=%E8%B5%84%E6%96%99*")
    before = page.locator("ol.hits > li").count()
    page.get_by_role("checkbox", name="monthly").first.focus()
    page.keyboard.press("Space")
    page.wait_for_url("**update_cycle=monthly*")
    assert 0 < page.locator("ol.hits > li").count() <= before
    expect(page.get_by_role("checkbox", name="monthly").first).to_be_focused()
    page.reload()
    expect(page.get_by_role("checkbox", name="monthly").first).to_be_checked()
    page.goto(f"{url}/catalogue/resource/raw.tax__firm")
    page.get_by_role("link", name="Show sample rows").press("Enter")
    expect(
        page.get_by_text("hidden: level").or_(page.get_by_text("c0", exact=True)).first
    ).to_be_visible()
    page.locator("#side-down").locator("..").get_by_role("link").first.press("Enter")
    page.wait_for_url("**/catalogue/resource/sandbox.firm")


def test_the_graph_leads_to_a_neighbour(url: str, page: Page) -> None:
    sign_in(page, url, "engineer-c")
    page.goto(f"{url}/catalogue/resource/raw.tax__firm")
    page.locator("[data-lineage] canvas").wait_for()
    place = page.evaluate(
        """() => {
          const box = document.querySelector("[data-lineage]");
          const chart = echarts.getInstanceByDom(box);
          const data = chart.getModel().getSeriesByIndex(0).getData();
          const at = data.indexOfName("sandbox.firm");
          const shape = data.getItemGraphicEl(at);
          const centre = shape.transformCoordToGlobal(0, 0);
          box.scrollIntoView();
          const frame = box.getBoundingClientRect();
          return [frame.x + centre[0], frame.y + centre[1]];
        }"""
    )
    page.mouse.click(*place)
    page.wait_for_url("**/catalogue/resource/sandbox.firm")


@pytest.mark.parametrize(
    ("kept", "lang", "shown"),
    [
        ("Environment Bureau / 環境局", "zh", "環境局"),
        ("Environment Bureau / 環境局", "en", "Environment Bureau"),
        ("環境局", "en", "環境局"),
        ("A / B", "zh", "A / B"),
    ],
)
def test_a_department_is_called_by_its_name_in_the_visitors_language(
    kept: str, lang: str, shown: str
) -> None:
    assert label("provider", kept, lang) == shown
