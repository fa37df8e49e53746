"""CKAN's Action API, asked by CKAN's own client over a real socket, and what it refuses."""

from __future__ import annotations

import csv
import io
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from ckanapi import NotFound, RemoteCKAN, ValidationError
from ckanapi.errors import CKANAPIError, SearchQueryError

from portal.ckan import ACTIONS
from tests.portal.opencity import Served, listening, served
from tests.support.city import City
from tests.support.opencity import open_city

SECOND = """
- {name: district, logicalType: string, primaryKey: true, classification: L1}
- {name: permits, logicalType: integer, classification: L1, logicalTypeOptions: {minimum: 5}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("ckan")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.setenv("CITYBRAIN_LANG", "en")
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        city = City(root / "city")
        city.departments("trade", "civil")
        (city.root / "source").mkdir()
        open_city(city)
        release = "- {property: release, value: {channel: open, kind: statistics, count: permits, minimum: 5}}\n"
        sql = "SELECT district, COUNT(*) AS permits FROM raw.trade__permit GROUP BY district"
        city.model("open.second", sql, SECOND, custom=release)
        city.run()
        with served(city) as made:
            yield made


@pytest.fixture(scope="module")
def url(site: Served) -> Iterator[str]:
    with listening(site.app) as address:
        yield address


@pytest.fixture(params=[False, True], ids=["post", "get"])
def client(request: pytest.FixtureRequest, url: str) -> RemoteCKAN:
    return RemoteCKAN(url, get_only=request.param)


def test_the_real_client_lists_searches_and_downloads(client: RemoteCKAN) -> None:
    assert client.action.site_read() is True
    assert client.action.package_list() == ["open-permit", "open-second"]
    found = client.action.package_search(q="permit", rows=5)
    assert found["count"] == 2 and len(found["results"]) == 2
    package = client.action.package_show(id="open-permit")
    assert (
        package["license_id"] == "CC-BY-4.0"
        and package["maintainer_email"] == "data@testville.example"
    )
    formats = {one["format"]: one for one in package["resources"]}
    assert set(formats) == {"CSV", "JSON", "PARQUET", "ARROW"}
    with urllib.request.urlopen(formats["CSV"]["url"]) as answer:
        rows = list(csv.reader(io.TextIOWrapper(answer, "utf-8")))
    assert sorted(rows[1:]) == [["north", "20"], ["south", "20"]]
    assert client.action.resource_show(id=formats["CSV"]["id"])["url"] == formats["CSV"]["url"]


def test_every_action_answers_and_says_what_it_does(client: RemoteCKAN, site: Served) -> None:
    package = client.action.package_show(id="open-permit")
    needed: dict[str, dict[str, Any]] = {
        "package_show": {"id": package["id"]},
        "organization_show": {"id": package["organization"]["id"], "include_datasets": True},
        "resource_show": {"id": package["resources"][0]["id"]},
        "resource_search": {"query": "format:csv"},
        "help_show": {"name": "package_list"},
    }
    for name in ACTIONS:
        result = client.call_action(name, needed.get(name))
        assert result not in (None, False), name
        text = client.action.help_show(name=name)
        assert isinstance(text, str) and len(text) > 10


def test_parts_of_the_lists(client: RemoteCKAN) -> None:
    assert client.action.package_list(limit=1, offset=1) == ["open-second"]
    (one,) = client.action.current_package_list_with_resources(limit=1)
    assert one["name"] == "open-permit"
    assert client.action.group_list() == ["econ"]
    (group,) = client.action.group_list(all_fields=True)
    assert group["title"] == "ECON"
    (organization,) = client.action.organization_list(all_fields=True)
    assert organization["package_count"] == 2
    (license,) = client.action.license_list()
    assert license["url"] == "https://creativecommons.org/licenses/by/4.0/"
    assert client.action.resource_search(query="format:csv")["count"] == 2


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["open-permit", "open-second"]),
        ({"q": "*:*"}, ["open-permit", "open-second"]),
        ({"q": "name:open-permit"}, ["open-permit"]),
        ({"q": "-name:open-permit"}, ["open-second"]),
        ({"q": 'text:"open.permit"'}, ["open-permit"]),
        ({"q": "second"}, ["open-second"]),
        ({"q": "second AND permits"}, ["open-second"]),
        ({"q": "second NOT permits"}, []),
        ({"fq": "groups:econ"}, ["open-permit"]),
        ({"fq": "+res_format:CSV -groups:econ"}, ["open-second"]),
        ({"fq": "name:(open-permit OR open-second)"}, ["open-permit", "open-second"]),
        ({"fq_list": ["groups:econ", "state:active"]}, ["open-permit"]),
        ({"fq": "metadata_modified:[2020-01-01 TO *]"}, ["open-permit", "open-second"]),
        ({"fq": "metadata_modified:[* TO 2020-01-01]"}, []),
        ({"q": "nothing at all"}, []),
        ({"sort": "name desc"}, ["open-second", "open-permit"]),
        ({"sort": "name desc", "rows": 1, "start": 1}, ["open-permit"]),
        ({"rows": 0}, []),
    ],
)
def test_search(client: RemoteCKAN, asked: dict[str, Any], names: list[str]) -> None:
    if "sort" not in asked:
        asked = asked | {"sort": "name asc"}
    found = client.action.package_search(**asked)
    assert [one["name"] for one in found["results"]] == names
    if "rows" not in asked:
        assert found["count"] == len(names)


def test_facets(client: RemoteCKAN) -> None:
    found = client.call_action(
        "package_search", {"facet.field": ["organization", "groups", "res_format"], "rows": 0}
    )
    assert found["facets"]["groups"] == {"econ": 1}
    assert found["facets"]["res_format"] == {"CSV": 2, "JSON": 2, "PARQUET": 2, "ARROW": 2}
    (item,) = found["search_facets"]["groups"]["items"]
    assert item == {"name": "econ", "display_name": "ECON", "count": 1}


def test_errors_are_those_that_the_client_knows(client: RemoteCKAN) -> None:
    with pytest.raises(NotFound):
        client.action.package_show(id="raw-trade__permit")
    with pytest.raises(ValidationError):
        client.action.package_show()
    with pytest.raises(ValidationError):
        client.action.package_search(rows="many")
    with pytest.raises(CKANAPIError):
        client.action.package_create(name="mine")
    for q in ("a OR b", "title:b*", "unknown_field:x", "(a b)", '"open', "name:[a", "a^2"):
        with pytest.raises(SearchQueryError):
            client.action.package_search(q=q)
    with pytest.raises(SearchQueryError):
        client.action.package_search(sort="size desc")


def test_the_envelope(site: Served) -> None:
    good = site.http.get("/api/3/action/package_list").json()
    assert good["success"] is True and good["help"].endswith("help_show?name=package_list")
    for body in (b"[1]", b"{", b"[" * 10_000, b"\xff"):
        answer = site.http.post("/api/3/action/package_list", content=body)
        assert answer.status_code == 400 and answer.json()["success"] is False
    nasty = site.http.get("/api/3/action/%3Cscript%3E").json()
    assert "script" not in str(nasty)
    form = site.http.post("/api/action/package_show", data={"id": "open-permit"})
    assert form.json()["result"]["name"] == "open-permit"


def test_nothing_of_what_is_closed_is_told(site: Served) -> None:
    for name in (
        "package_list",
        "current_package_list_with_resources",
        "package_search",
        "tag_list",
    ):
        text = site.http.get(f"/api/3/action/{name}").text
        assert "raw" not in text and "owner" not in text.replace("owner_org", "")


def test_texts_are_in_the_language_that_is_asked_for(site: Served) -> None:
    one = site.http.get(
        "/api/3/action/package_show?id=open-permit", headers={"Accept-Language": "zh"}
    )
    extras = {e["key"]: e["value"] for e in one.json()["result"]["extras"]}
    assert extras["attribution"] == "合成数据。"
