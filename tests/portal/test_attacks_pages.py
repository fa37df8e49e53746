"""Named attacks on the pages: what is another's, forms of others, texts that are markup, headers, addresses.

The city is `tests.portal.everything`: whatever somebody can write down in it looks like markup.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from portal.pages import PAGES
from portal.permissions import ANYONE, PERMISSIONS
from tests.portal.attacking import Attack, in_path
from tests.portal.bureau import SQL
from tests.portal.crawling import injected, walk
from tests.portal.everything import EVIL, HELD, MARK, PEOPLE, SHOP, Everything
from tests.portal.people import PASSWORD, Browser
from tests.support.city import NAME

ROUTES = {route.name: route for router in PAGES for route in router.routes}  # type: ignore[attr-defined]
pytestmark = pytest.mark.slow
ESCAPED = f"&lt;script&gt;{MARK}(1)"
# Who is no side of what: for routes whose objects are somebody's.
STRANGERS = {
    "request_": "giver",
    "task_": "giver",
    "grant_": "giver",
    "objection_": "giver",
    "agreement": "zhao",
    "console_": "zhao",
}
# What everybody who may use the route may see or do all of; or, of `EVERYBODY`, has a test of its own.
NOBODYS = {
    "static", "catalogue_resource", "catalogue_samples", "catalogue_listed", "open_dataset",
    "run", "hold_decide", "quarantine_rows", "quarantine_progress", "quarantine_replay",
    "account_reset", "account_close", "incident_close",
    "my_session_end",  # tests/portal/test_pages_accounts.py
    "audit_record", "audit_proof",  # below
    "objection_correct",  # of stewards, who see all: below for officers
}  # fmt: skip


def owned() -> dict[str, str]:
    """Routes of objects that are somebody's, and who is a stranger to them."""
    found = {}
    for name, route in ROUTES.items():
        if "{" in route.path and name not in NOBODYS:
            found[name] = next(who for start, who in STRANGERS.items() if name.startswith(start))
    return found


def values_of(full_city: Everything, name: str) -> dict[str, str]:
    """A real object for each part of a route's path."""
    ids = full_city.ids
    of = {
        "request_withdraw": ids["submitted"],
        "request_resubmit": ids["returned"],
        "request_check": ids["submitted"],
        "request_give_back": ids["checking"],
        "request_dispatch": ids["checking"],
        "task_correct": ids["question"],
        "task_dispute": ids["refused"],
        "task_rule": ids["disputed"],
        "task_redispatch": ids["given_back"],
        "task_refuse": ids["given_back"],
        "console_job": ids["job"],
        "console_cancel": ids["job"],
        "objection_correct": ids["objection_verified"],
    }
    kinds = {"grant_": ids["grant"], "objection_": ids["objection_traced"],
             "console_": ids["answer"], "agreement": "agreement-a"}  # fmt: skip
    id = next((one for start, one in kinds.items() if name.startswith(start)), ids["dispatched"])
    return {"id": of.get(name, id), "number": "1", "form": "yaml", "kind": "agreement",
            "version": "1", "agreement": "agreement-a"}  # fmt: skip


def path_of(name: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda part: values[part[1]], ROUTES[name].path)


def sent(browser: Browser, method: str, path: str) -> httpx.Response:
    if method == "GET":
        return browser.get(path)
    return browser.post(path, {"reason": "x", "text": "x", "sql": SQL, "purpose": "credit"})


@pytest.mark.parametrize("name", sorted(owned()))
def test_what_is_anothers_is_as_if_it_were_not_there(full_city: Everything, name: str) -> None:
    """By its true name it is not told, not changed, and answered as a name that nobody has."""
    stranger = full_city.browsers[owned()[name]]
    values = values_of(full_city, name)
    attack = Attack(full_city)
    before = attack.state()
    for method in sorted((ROUTES[name].methods or set()) - {"HEAD"}):
        role = PEOPLE[owned()[name]][0]
        allowed = role in PERMISSIONS[name]
        real = sent(stranger, method, path_of(name, values))
        none = sent(stranger, method, path_of(name, {**values, **NONE}))
        assert real.status_code in (403, 404), (method, real.status_code)
        assert real.status_code == none.status_code
        if allowed:
            assert without(real.text, values) == without(none.text, NONE)
        assert EVIL not in real.text and ESCAPED not in main(real.text)
    assert list(attack.changed(before)) == []


NONE = {"id": "request-000000000000", "agreement": "agreement-none"}


def without(page: str, values: Mapping[str, str]) -> str:
    for name in ("id", "agreement"):
        page = page.replace(values[name], "")
    return re.sub(r'"[0-9a-f]{64}"|[?&]lang=..', "", main(page))


def main(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def test_whose_it_is_may(full_city: Everything) -> None:
    """Else nothing above would prove anything: the same addresses are good for somebody."""
    for who, name in (("asker", "request_page"), ("asker", "grant_odrl"), ("asker", "grant_export"),
                      ("owner", "objection_page"), ("wang", "agreement"), ("wang", "agreement_file"),
                      ("wang", "console_answer"), ("wang", "console_csv"), ("wang", "console_json"),
                      ("wang", "console_job"), ("wang", "console_editor")):  # fmt: skip
        answer = full_city.browsers[who].get(path_of(name, values_of(full_city, name)))
        assert answer.status_code == 200, (who, name)


def test_an_owner_of_something_else_acts_on_nothing_of_others(full_city: Everything) -> None:
    """The requester does not decide, and the owner neither withdraws nor answers for the requester."""
    asker, owner = full_city.browsers["asker"], full_city.browsers["owner"]
    attack = Attack(full_city)
    before = attack.state()
    for browser, name in (
        (asker, "task_decide"), (asker, "task_ask"), (asker, "task_give_back"),
        (owner, "request_withdraw"), (owner, "request_resubmit"), (owner, "task_correct"),
        (owner, "task_dispute"), (asker, "objection_answer"), (asker, "grant_revoke"),
        (asker, "objection_correct"),
    ):  # fmt: skip
        answer = sent(browser, "POST", path_of(name, values_of(full_city, name)))
        assert answer.status_code in (403, 404, 409), (name, answer.status_code)
    assert (
        owner.get(path_of("grant_export", values_of(full_city, "grant_export"))).status_code == 404
    )
    assert list(attack.changed(before)) == []


def test_an_administrator_reads_no_record_of_others_by_its_number(full_city: Everything) -> None:
    log = full_city.portal.opened.store.audit.newest(NAME, limit=200)
    other = next(one.sequence for one in log if one.record.action != "sign_in")
    own = next(one.sequence for one in log if one.record.action == "sign_in")
    administrator = full_city.browsers["administrator"]
    for tail in ("", "/proof"):
        assert administrator.get(f"/audit/records/{other}{tail}").status_code == 404
        assert administrator.get(f"/audit/records/{10**9}{tail}").status_code == 404
        assert administrator.get(f"/audit/records/{own}{tail}").status_code in (200, 409)


# -- texts that are markup ------------------------------------------------------------------------


def shown(full_city: Everything, who: str) -> Iterator[tuple[str, str]]:
    """Every page that somebody meets, in both languages: where, and what stands there."""
    browser = full_city.browsers.get(who) or Browser(full_city.portal)
    starts = full_city.starts(who) if who else []
    for path, page in walk(browser, *starts).texts.items():
        yield path, page
        yield path, browser.get(f"{path}{'&' if '?' in path else '?'}lang=zh").text


# Where each kind of text is read: the page, and how often it stands there at least.
READ = {
    "steward": ("/requests/request-", "/grants", "/objections/", "/agreements", "/quarantine/",
                "/catalogue/resource/", "/catalogue/lists/", "/runs/", "/inbox"),
    "administrator": ("/accounts", "/me"),
    "": ("/opendata", "/opendata/"),
}  # fmt: skip


@pytest.mark.parametrize("who", [*PEOPLE, ""])
def test_whatever_was_written_down_stays_text(full_city: Everything, who: str) -> None:
    seen: dict[str, int] = {}
    for path, page in shown(full_city, who):
        assert injected(page, MARK) == [], path
        seen[path] = page.count(ESCAPED)
    for start in READ.get(who, ("/me",) if who else ()):
        assert any(path.startswith(start) and count for path, count in seen.items()), start


def test_what_is_dangerous_is_found() -> None:
    """The search of the test above finds what it looks for."""
    for page in (
        f"<p>{EVIL}</p>",
        f"<a title='' onclick='{MARK}()'>x</a>",
        f'<a href="javascript:{MARK}()">x</a>',
        f"<p {MARK}=1>x</p>",
        '<form action="//evil.example/">',
        "<base href=/x>",
        '<div data-chart="{broken">',
        '<script type="application/ld+json">{"a": "</script><script>1</script>',
        '<svg onload="x">',
    ):
        assert injected(page, MARK) != [], page
    assert injected(f'<p title="{MARK}">{MARK}</p><a href="/x?y={MARK}">x</a>', MARK) == []


# -- forms, methods, hosts ------------------------------------------------------------------------


def test_a_form_of_another_site_is_not_taken(full_city: Everything) -> None:
    """As a browser sends it without asking: the cookie is there, the seal cannot be."""
    wang, zhao = full_city.browsers["wang"], full_city.browsers["zhao"]
    path, form = "/console/ask/agreement-a", {"sql": SQL, "purpose": "credit", "nonce": "c" * 20}
    other = zhao.seal("/")
    wang.http.cookies.set("csrf", "x")  # what an attacker on a sister's host could set
    attack = Attack(full_city)
    before = attack.state()
    for options in (
        {"data": form | {"csrf": "x"}},
        {"data": form},
        {"data": form | {"csrf": other}},
        {"data": form | {"csrf": ["", other]}},
        {"data": form, "params": {"csrf": wang.seal("/")}},
        {"data": form, "headers": {"X-CSRF-Token": other}},
        {"content": "csrf=" + wang.seal("/"), "headers": {"Content-Type": "text/plain"}},
        {"json": form | {"csrf": wang.seal("/")}},
        {"files": {"csrf": ("x", wang.seal("/").encode())}},
        {"data": form, "headers": {"HX-Request": "true", "Origin": "https://evil.example"}},
    ):
        answer = wang.http.post(path, **options)  # type: ignore[arg-type]
        assert (answer.status_code, "form_stale" in answer.text) == (403, True), options
    assert list(attack.changed(before)) == []
    full_city.at_work.clear()
    right = wang.http.post(path, data=form | {"csrf": wang.seal("/")})
    assert right.status_code == 303
    full_city.settled(right.headers["location"].rsplit("/", 1)[1])  # the next test counts rows


def test_signing_in_cannot_be_forged_either(full_city: Everything) -> None:
    """Else somebody works, without knowing it, in an attacker's session."""
    victim = Browser(full_city.portal)
    victim.get("/sign-in")
    form = {"name": "wang", "password": PASSWORD, "csrf": Browser(full_city.portal).seal()}
    assert victim.http.post("/sign-in", data=form).status_code == 403 and not victim.cookie()


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_no_other_method_does_anything(full_city: Everything, name: str) -> None:
    """Nor does a header, a field or a parameter make one method of another."""
    steward, attack = full_city.browsers["steward"], Attack(full_city)
    values = {"id": "x", "number": "1", "table": SHOP, "listing": "evil", "key": "1", "resource": SHOP,
              "run_id": "x", "sequence": "1", "name": "nobody", "named": "x", "path": "x"}  # fmt: skip
    path, before = path_of(name, values_of(full_city, name) | values), attack.state()
    methods, headers = _methods(name), {"X-CSRF-Token": steward.seal("/")}
    for method in {"PUT", "PATCH", "DELETE", "TRACE", "POST"} - methods:
        answer = steward.http.request(method, path, headers=headers)
        assert answer.status_code == 405, (method, answer.status_code)
        assert set(answer.headers["allow"].split(", ")) >= methods - {"HEAD"}
    if "GET" in methods and "POST" not in methods:
        headers["X-HTTP-Method-Override"] = "POST"
        overridden = steward.get(f"{path}?_method=POST", headers=headers)
        assert overridden.status_code == steward.get(path).status_code
    assert list(attack.changed(before)) == []


def _methods(name: str) -> set[str]:
    """All methods of a route's path, which others may share."""
    same = [one.methods or set() for one in ROUTES.values() if one.path == ROUTES[name].path]
    return set().union(*same)


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "X-Original-URL"])
def test_no_address_is_made_of_a_requests_host(full_city: Everything, header: str) -> None:
    value = {"Forwarded": "host=evil.example"}.get(header, "evil.example")
    browser = full_city.browsers["steward"]
    for path in ("/", "/requests", "/agreements", "/catalogue?q=x", "/nowhere", "/quarantine"):
        answer = browser.get(path, headers={header: value})
        assert "evil.example" not in answer.text, path
    for path in ("/requests", "/sign-in?next=/requests"):
        answer = Browser(full_city.portal).get(path, headers={header: value})
        assert "evil.example" not in str(answer.headers) + answer.text
    seal = browser.seal("/")
    data = {"csrf": seal}
    done = browser.http.post("/audit/none", data=data, headers={header: value})
    assert "evil.example" not in done.headers.get("location", "")


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "https:evil.example", "/\\evil.example", "/%09/evil.example", "/\t/evil.example",
     "\x00//evil.example", "/..//evil.example", "http://testserver@evil.example/", "///evil.example",
     "/%5cevil.example", "\u2215\u2215evil.example", "/x\r\nLocation: https://evil.example"],
)  # fmt: skip
def test_nobody_is_led_elsewhere_after_signing_in(full_city: Everything, to: str) -> None:
    """`next` is followed by browsers as RFC 3986 and as WHATWG say: to this host in either reading."""
    answer = Browser(full_city.portal).sign_in("auditor", to=to)
    where = httpx.URL("http://testserver/sign-in").join(answer.headers["location"])
    assert answer.status_code == 303 and where.host == "testserver"
    assert not re.match(r"[/\\]{2}|[^/]", re.sub(r"[\t\r\n]", "", answer.headers["location"]))
    assert "\n" not in answer.headers["location"]


# -- sessions and passwords -----------------------------------------------------------------------


def test_what_was_there_before_signing_in_is_worth_nothing_after(full_city: Everything) -> None:
    """Neither a session nor a visitor's secret that somebody else has planted."""
    planted, victim = Browser(full_city.portal), Browser(full_city.portal)
    seal = planted.seal()
    for name, value in planted.http.cookies.items():
        victim.http.cookies.set(name, value, domain="testserver.local")
    victim.http.cookies.set("citybrain-session", "planted", domain="testserver.local")
    victim.sign_in("engineer")
    assert victim.cookie() not in ("", "planted")
    refused = victim.http.post("/sign-out", data={"csrf": seal})
    assert refused.status_code == 403
    attacker = Browser(full_city.portal)
    attacker.http.cookies.set("citybrain-session", "planted")
    assert attacker.get("/me").status_code == 303


def test_a_session_that_another_begins_ends_the_one_before(full_city: Everything) -> None:
    browser = Browser(full_city.portal)
    browser.sign_in("engineer")
    before, seal = browser.cookie(), browser.seal("/")
    form = {"name": "auditor", "password": PASSWORD, "csrf": seal}
    assert browser.http.post("/sign-in", data=form).status_code == 303
    assert browser.cookie() != before
    old = Browser(full_city.portal)
    old.http.cookies.set("citybrain-session", before)
    assert old.get("/me").status_code == 303


def test_unknown_names_cost_as_much_work_as_known_ones(
    full_city: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who guesses names learns nothing by the time that it takes: every attempt is one verification."""
    looked: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hashed: Any, password: Any) -> Any:
        looked.append(str(hashed).rpartition("$")[0].rpartition("$")[0])
        return verify(self, hashed, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    Browser(full_city.portal).sign_in("nobody", "the first makes nobody's hash")
    for name in ("wang", "nobody", "NOBODY", "'\x00", "x" * 60, ""):
        looked.clear()
        Browser(full_city.portal).sign_in(name, "wrong password")
        assert len(looked) == 1, name
        assert looked[0].startswith("$argon2id$") and looked[0] == PARAMETERS, name


PARAMETERS = PasswordHasher().hash("x").rpartition("$")[0].rpartition("$")[0]


# -- downloads ------------------------------------------------------------------------------------


def test_every_download_has_a_name_of_one_line_and_is_not_kept(full_city: Everything) -> None:
    ids = full_city.ids
    found = 0
    for who, path in (
        ("asker", f"/grants/{ids['grant']}/export?format=csv"),
        ("asker", f"/grants/{ids['grant']}/odrl"),
        ("wang", f"/console/answers/{ids['answer']}/csv"),
        ("wang", f"/console/answers/{ids['answer']}/json"),
        ("wang", "/agreements/file/yaml/agreement/1/agreement-a"),
        ("zhao", "/agreements/file/jsonld/agreement/1/agreement-b"),
        ("steward", "/agreements/file/draft/letter/1/letter-tax"),
    ):
        answer = full_city.browsers[who].get(path)
        assert answer.status_code == 200, path
        said = answer.headers["content-disposition"]
        assert re.fullmatch(
            r"attachment; filename(=\"[\w.-]+\"|\*=UTF-8''[\w.%-]+)(; .*)?", said
        ), said
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "html" not in answer.headers["content-type"]
        found += 1
    auditor = full_city.browsers["auditor"]
    packed = auditor.post("/audit/export", {})
    assert packed.headers["content-disposition"] == f'attachment; filename="audit-{NAME}.zip"'
    assert found == 7 and packed.content[:2] == b"PK"


def test_no_cell_of_a_grants_file_is_a_formula(full_city: Everything) -> None:
    text = (
        full_city.browsers["asker"].get(f"/grants/{full_city.ids['grant']}/export?format=csv").text
    )
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) > 3 and any("2+5" in cell for row in rows for cell in row)
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell


@pytest.mark.parametrize(
    "name", ["../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "....//....//etc/passwd", "/etc/passwd",
             "C:\\windows\\win.ini", "%00", "file:///etc/passwd", "raw.trade__shop/../../x"]
)  # fmt: skip
def test_no_name_leads_out_of_its_folder(full_city: Everything, name: str) -> None:
    """Every part of every path, as it is and encoded once more."""
    steward = full_city.browsers["steward"]
    for route in ROUTES.values():
        if "GET" not in (route.methods or ()) or "{" not in route.path:
            continue
        for written in (name.replace(" ", ""), in_path(name), in_path(in_path(name))):
            path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda _, written=written: written, route.path)
            answer = steward.get(path)
            assert answer.status_code < 500, path
            assert "root:" not in answer.text and "[fonts]" not in answer.text, path
            if answer.status_code == 200:  # it came to another page, not to a file
                assert "text/html" in answer.headers["content-type"], path


def test_pages_are_kept_and_framed_by_nobody(full_city: Everything) -> None:
    """Of everybody's pages, also of those that refuse."""
    for who, browser in full_city.browsers.items():
        for path in ("/", "/me", "/accounts", "/requests", "/nowhere", f"/quarantine/{HELD}"):
            answer = browser.get(path)
            assert answer.headers["cache-control"] == "no-store", (who, path)
            assert answer.headers["x-frame-options"] == "DENY"
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["cross-origin-opener-policy"] == "same-origin"


def test_the_lists_of_this_file_are_whole() -> None:
    """A new route with a name in its path is somebody's, or it says here that it is not."""
    named = {name for name, route in ROUTES.items() if "{" in route.path}
    assert named >= NOBODYS
    assert set(owned()) == named - NOBODYS
    for name in owned():
        assert PERMISSIONS[name] != ANYONE
