"""Use as it comes from real calls: exchange, open data, sandbox, records; on pages and in the command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from catalog.agreements import CENTRE, document_of, sign
from catalog.audit.usage import Channel
from catalog.database import CatalogStore
from pipelines.usage import ChannelUse, ResourceUsage, resource_usage
from portal.minutely import count
from portal.service import Service
from tests.portal.bureau import ASKING, SQL, TERM, Bureau, Credentials
from tests.portal.counter import Counter, counter
from tests.portal.inside import Inside
from tests.portal.opencity import Served, served
from tests.portal.people import Browser, account, forgive
from tests.support.city import NAME, City
from tests.support.exchange import FIRM
from tests.support.instruments import KEYS, PUBLIC, consent
from tests.support.opencity import open_city


def used(service: Service, resource: str) -> ResourceUsage:
    """What is counted, after the service has counted as it does every minute."""
    count(service, lambda: False)
    return _read(service.opened.store, service, resource)


def _read(store: CatalogStore, service: Service, resource: str) -> ResourceUsage:
    return resource_usage(store, service.workspace.workspace, resource, service.clock())


def calls(usage: ResourceUsage) -> dict[Channel, tuple[int, int]]:
    return {name: (one.calls, one.rows) for name, one in usage.total.channels.items()}


@pytest.fixture
def market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    with counter(tmp_path / "city") as made:
        made.publish()
        yield made


def test_the_exchange(market: Counter) -> None:
    market.grant()
    headers = market.client()
    before = market.service.exchange.published.current(FIRM).snapshot_id
    page = market.get(f"/exchange/{FIRM}", headers, limit=100)
    assert page.status_code == 200 and len(page.json()["rows"]) == 100
    tag = page.headers["etag"]
    known = market.http.get(
        f"/exchange/{FIRM}?purpose=loans&limit=100", headers={**headers, "If-None-Match": tag}
    )
    assert known.status_code == 304
    export = market.get(f"/exchange/{FIRM}/export", headers)
    assert export.status_code == 200 and export.text.count("\n") == 251
    changes = market.get(f"/exchange/{FIRM}/changes", headers, since=before)
    assert changes.status_code == 200
    assert market.get(f"/exchange/{FIRM}", headers, purpose="other").status_code == 403
    found = used(market.service, FIRM)
    # A page (it was not sent again), an export of 250 rows, changes of none.
    assert calls(found) == {"exchange": (3, 350)}
    assert (found.total.departments, found.total.partners) == (1, 0)
    assert found.last_at == market.clock() and found.behind == 0
    assert found.by_channel["exchange"][-1] == 3 and sum(found.by_channel["exchange"]) == 3
    assert found.days[-1] == market.clock().date() and len(found.days) == 90


@pytest.fixture
def site(city: City) -> Iterator[Served]:
    open_city(city)
    city.run()
    with served(city) as made:
        yield made


def test_open_data(site: Served) -> None:
    for suffix in ("csv", "json"):
        assert site.http.get(f"/open/open.permit.{suffix}").status_code == 200
    site.http.head("/open/open.permit.csv")
    site.http.get("/open/open.permit.csv", headers={"If-None-Match": "*"})
    found = used(site.app.state.service, "open.permit")
    assert calls(found) == {"open": (2, 4)}
    assert (found.total.departments, found.total.partners) == (0, 0)
    names = [one["name"] for one in _ckan(site, "package_search")["results"]]
    assert len(names) == 1  # a search is about none of them
    package = _ckan(site, "package_show", id=names[0])
    _ckan(site, "resource_show", id=package["resources"][0]["id"])
    site.http.get("/datasets/open.permit", headers={"Accept": "text/turtle"})
    site.http.get("/opendata/open.permit")
    assert site.http.get("/opendata/open.nothing").status_code == 404
    found = used(site.app.state.service, "open.permit")
    assert calls(found) == {"open": (2, 4), "lookup": (4, 0)}
    assert found.total.calls == 2


def _ckan(site: Served, action: str, **params: str) -> Any:
    answer = site.http.get(f"/api/3/action/{action}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_everybody_sees_the_use_of_an_open_dataset(site: Served) -> None:
    site.http.get("/open/open.permit.csv")
    for lang, words in (("en", "Open data"), ("zh", "开放数据")):
        shown = site.http.get(f"/catalogue/resource/open.permit?lang={lang}").text
        assert re.search(
            rf'<th scope="row">{words}</th><td class="n">1</td><td class="n">2<', shown
        )
    options = [json.loads(unescape(one)) for one in re.findall(r'data-chart="([^"]*)"', shown)]
    (chart,) = [one for one in options if one["series"][0].get("stack") == "calls"]
    assert len(chart["xAxis"]["data"]) == 90 == len(chart["series"][0]["data"])
    assert chart["series"][0]["data"][-1] == 1


def test_the_sandbox_and_records(portal: Inside, bureau: Bureau, wang: Credentials) -> None:
    with bureau.store() as store:
        names = {"id": "of-c11", "enterprise": "c11", "fields": ["paid"], "use": "periodic"}
        document = document_of(consent(**names, **TERM))
        store.instruments.import_(
            NAME, sign(document, KEYS[CENTRE], CENTRE), PUBLIC, ZoneInfo("UTC")
        )
    portal.clock.later(seconds=60)
    before = used(portal.service, "sandbox.firm").total.channels
    headers = portal.headers(wang, **{"Idempotency-Key": "usage-1"})
    asked = {**ASKING, "sql": SQL}
    answer = portal.http.post("/queries", json=asked, headers=headers)
    assert answer.status_code in (200, 202), answer.text
    portal.service.jobs.close()  # what was asked is answered
    path = "/records/sandbox.firm/c11?agreement=agreement-a&purpose=credit"
    assert portal.http.get(path, headers=headers).status_code == 200
    unknown = portal.http.get(path.replace("c11", "c12"), headers=headers)
    assert unknown.status_code == 403
    found = used(portal.service, "sandbox.firm")
    none = ChannelUse(0, 0)
    for channel, rows in (("sandbox", 0), ("records", 1)):
        was, now = before.get(channel, none), found.total.channels[channel]  # type: ignore[call-overload]
        assert (now.calls - was.calls, now.rows - was.rows) == (1, rows)
    assert found.total.partners == 1 and found.total.departments == 0


def test_the_resource_page_tells_the_same(portal: Inside, bureau: Bureau) -> None:
    forgive(bureau)
    account(bureau, "usage-reader", "steward")
    browser = Browser(portal)
    browser.sign_in("usage-reader")
    shown = browser.get("/catalogue/resource/raw.tax__firm").text
    assert "Use in the last 90 days" in shown and "was not given to anybody" in shown
    assert "never" in shown
