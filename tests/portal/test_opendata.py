"""Open data as anyone meets it: the catalogue, metadata, rows; conditional requests; what stays closed."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdflib import Graph

from catalog.exports.dcat import MEDIA, SUFFIXES
from portal import opencatalogue
from portal.errors import PortalError
from tests.portal.opencity import Served, served
from tests.support.city import NAME, City
from tests.support.opencity import PERMITS, open_city

ROWS = [("north", 20), ("south", 20)]
PATHS = [f"/open/open.permit.{suffix}" for suffix in ("csv", "json", "parquet", "arrow")]


@pytest.fixture
def site(city: City) -> Iterator[Served]:
    open_city(city)
    city.run()
    with served(city) as made:
        yield made


def test_the_rows_in_every_format(site: Served) -> None:
    def get(suffix: str) -> bytes:
        answer = site.http.get(f"/open/open.permit.{suffix}")
        assert answer.status_code == 200, answer.text
        assert (
            answer.headers["content-disposition"] == f'attachment; filename="open.permit.{suffix}"'
        )
        return answer.content

    read = list(csv.reader(io.StringIO(get("csv").decode())))
    assert sorted(read[1:]) == [["north", "20"], ["south", "20"]] and read[0] == [
        "district",
        "permits",
    ]
    assert sorted((r["district"], r["permits"]) for r in json.loads(get("json"))) == ROWS
    table = pq.read_table(io.BytesIO(get("parquet")))
    assert sorted(zip(*table.to_pydict().values(), strict=True)) == ROWS
    table = pa.ipc.open_stream(get("arrow")).read_all()
    assert sorted(zip(*table.to_pydict().values(), strict=True)) == ROWS


def test_json_is_an_array_whatever_the_number_of_rows(city: City) -> None:
    open_city(city, PERMITS.splitlines()[0] + "\n" + "\n".join(PERMITS.splitlines()[1:21:2]) + "\n")
    city.run()
    with served(city) as site:
        assert json.loads(site.http.get("/open/open.permit.json").content) == [
            {"district": "north", "permits": 10}
        ]
    lines = opencatalogue._array(iter([b'{"a":1}\n{"a":2}\n', b'{"a":3}\n']))
    assert json.loads(b"".join(lines)) == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert json.loads(b"".join(opencatalogue._array(iter([])))) == []


@pytest.mark.parametrize("path", PATHS)
def test_what_has_not_changed_is_not_sent_again(site: Served, path: str) -> None:
    first = site.http.get(path)
    tag, moment = first.headers["etag"], first.headers["last-modified"]
    for headers in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", W/{tag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": moment},
    ):
        again = site.http.get(path, headers=headers)
        assert (again.status_code, again.content) == (304, b""), headers
        assert again.headers["etag"] == tag and "no-store" not in again.headers["cache-control"]
    for headers in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": moment},
        {"If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
    ):
        assert site.http.get(path, headers=headers).status_code == 200, headers


def test_a_new_snapshot_has_a_new_entity_tag(site: Served) -> None:
    path = "/open/open.permit.csv"
    before = site.http.get(path).headers["etag"]
    site.city.source("permit.csv", PERMITS + "41,owner 41,north,1\n")
    site.city.run()
    after = site.http.get(path, headers={"If-None-Match": before})
    assert after.status_code == 200 and '"north",21' in after.text
    assert after.headers["etag"] != before


def test_head_tells_the_same_and_sends_nothing(site: Served) -> None:
    for path in (*PATHS, "/catalog.ttl"):
        head, whole = site.http.head(path), site.http.get(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("etag", "content-type"):
            assert head.headers[name] == whole.headers[name], path


def test_every_download_is_in_the_audit_log_and_no_address(site: Served) -> None:
    site.http.head(PATHS[0])
    site.http.get(PATHS[0], headers={"If-None-Match": "*"})
    assert site.records() == []
    site.http.get(PATHS[0])
    end, begin = (one.record for one in site.records())
    for record, kind, rows in ((begin, "export", None), (end, "export_end", 2)):
        assert (record.actor, record.subject, record.rows) == ("-", "open.permit", rows)
        assert record.fields == ("district", "permits") and record.under == "CC-BY-4.0"
        assert record.snapshot is not None and record.outcome == "ok"
        assert dict(record.detail) == {"kind": kind, "format": "csv"}


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_a_download_ends_when_its_release_is_withdrawn(
    site: Served, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr("pipelines.exchange.exports.LOOKED", 0.0)
    monkeypatch.setattr(opencatalogue, "KEPT_SECONDS", -1.0)
    catalogue = site.app.state.service.open_data
    stream = catalogue.stream(catalogue.current("open.permit"), suffix, "a")
    contracts = [step.contract for step in site.city.plan().steps.values()]
    kept = [one for one in contracts if one.name != "open.permit"]
    site.opened.store.sync_resources(NAME, kept)
    with pytest.raises(PortalError, match="dataset_unknown"):
        list(stream)
    stream.close()
    assert site.records()[0].record.outcome == "dataset_unknown"
    assert not catalogue._at_work
    assert site.http.get(f"/open/open.permit.{suffix}").status_code == 404


def test_a_download_that_is_left_counts_what_was_given(site: Served) -> None:
    catalogue = site.app.state.service.open_data
    stream = catalogue.stream(catalogue.current("open.permit"), "csv", "a")
    stream.close()
    stream.close()
    end, begin = (one.record for one in site.records())
    assert (end.outcome, end.rows, begin.outcome) == ("export_broken", 0, "ok")


@pytest.mark.parametrize(
    "path",
    [
        "/open/raw.trade__permit.csv",
        "/open/open.nothing.csv",
        "/datasets/raw.trade__permit",
        "/datasets/open.nothing",
        "/opendata/raw.trade__permit",
        "/open/quarantine.raw__trade__permit.csv",
    ],
)
def test_what_is_not_open_is_as_if_it_were_not_there(site: Served, path: str) -> None:
    answer = site.http.get(path)
    assert answer.status_code == 404
    assert "dataset_unknown" in answer.text and "owner" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/open/..%2f..%2fetc%2fpasswd.csv",
        "/open/open.permit%00.csv",
        "/open/open.permit.exe",
        "/open/open.permit'--.csv",
        "/datasets/%22onload%3d1",
    ],
)
def test_a_crooked_name_reaches_nothing(site: Served, path: str) -> None:
    assert site.http.get(path).status_code in (404, 422)


def test_nothing_made_up_gets_into_a_document(site: Served) -> None:
    for host in ('evil"><script>', "a b", "x/y", "x\\y"):
        answer = site.http.get("/catalog.ttl", headers={"Host": host})
        assert answer.status_code in (200, 400) and host not in answer.text, host


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_catalogue_in_every_form(site: Served, suffix: str) -> None:
    form = SUFFIXES[suffix]
    by_name = site.http.get(f"/catalog.{suffix}")
    asked = site.http.get("/catalog", headers={"Accept": f"text/plain, {MEDIA[form]};q=0.4"})
    assert asked.status_code == 200 and asked.headers["vary"] == "Accept"
    assert by_name.headers["content-type"].partition(";")[0] == MEDIA[form]
    assert asked.headers["etag"] == by_name.headers["etag"]
    graph = Graph().parse(data=asked.content, format=form)
    assert len(graph) > 50 and "http://testserver/open/open.permit.csv" in asked.text
    again = site.http.get(f"/catalog.{suffix}", headers={"If-None-Match": by_name.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/ld+json"),
        ("application/json", "application/ld+json"),
        ("text/turtle, application/ld+json;q=0.9", "text/turtle"),
        ("application/rdf+xml;q=0.9, text/turtle;q=0.1", "application/rdf+xml"),
        ("text/turtle;q=nonsense, application/rdf+xml;q=0.1", "application/rdf+xml"),
    ],
)
def test_metadata_in_the_form_that_is_asked_for(site: Served, accept: str, kind: str) -> None:
    answer = site.http.get("/datasets/open.permit", headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == kind


def test_who_wants_html_is_led_to_the_page(site: Served) -> None:
    html = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    one = site.http.get("/datasets/open.permit", headers=html)
    assert (one.status_code, one.headers["location"]) == (303, "/opendata/open.permit")
    whole = site.http.get("/catalog", headers=html)
    assert (whole.status_code, whole.headers["location"]) == (303, "/opendata")


def test_who_asks_too_often_waits(city: City) -> None:
    open_city(city)
    path = city.root / "workspace.toml"
    text = path.read_text("utf-8").replace("[open]\n", "[open]\ndownloads_per_minute = 2\n")
    path.write_text(text, "utf-8")
    city.run()
    with served(city) as site:
        found = [site.http.get(PATHS[0]).status_code for _ in range(3)]
        assert found == [200, 200, 429]
        assert int(site.http.get(PATHS[0]).headers["retry-after"]) >= 1


def test_who_holds_too_many_downloads_waits_and_gets_them_back(
    site: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = site.app.state.service.open_data
    snapshot = catalogue.current("open.permit")
    held = [catalogue.stream(snapshot, "csv", "a") for _ in range(opencatalogue.MOST_OF_ONE)]
    with pytest.raises(Exception, match="service_busy"):
        catalogue.stream(snapshot, "csv", "a")
    other = catalogue.stream(snapshot, "csv", "b")
    for one in (*held, other):
        one.close()
        one.close()
    assert not catalogue._at_work
    assert site.http.get(PATHS[0]).status_code == 200


def test_the_pages_say_what_there_is_in_both_languages(site: Served) -> None:
    for lang, words in (("en", "Free to download"), ("zh", "可自由下载")):
        page = site.http.get(f"/opendata?lang={lang}")
        assert page.status_code == 200 and words in page.text and "open.permit" in page.text
    one = site.http.get("/opendata/open.permit?lang=en").text
    for word in (
        "CC-BY-4.0",
        "Creative Commons",
        "Data office",
        "Smallest count shown",
        "district",
    ):
        assert word in one or word == "CC-BY-4.0"
    assert 'href="/open/open.permit.csv"' in one
    assert "owner" not in one


def test_search_finds_and_does_not_find(site: Served) -> None:
    assert "1 of 1" in site.http.get("/opendata?lang=en&q=PERMIT").text
    for word in ("区", "區", "ＰＥＲＭＩＴＳ"):  # simplified, traditional, full width
        assert "1 of 1" in site.http.get(f"/opendata?lang=en&q={word}").text
    nothing = site.http.get('/opendata?lang=en&q="><script>alert(1)</script>').text
    assert "0 of 1" in nothing and "<script>alert" not in nothing


def test_structured_data_cannot_end_its_element(city: City) -> None:
    open_city(city)
    path = city.root / "models" / "open" / "permit.yaml"
    nasty = "'</script><script>alert(1)</script><!-- '"
    path.write_text(
        path.read_text("utf-8").replace(
            "schema:", f"description: {{purpose: {nasty}}}\nschema:", 1
        ),
        "utf-8",
    )
    city.run()
    with served(city) as site:
        page = site.http.get("/opendata/open.permit").text
        assert "alert(1)" in page and "<script>alert" not in page
        found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
        assert found is not None
        document = json.loads(found[1])
        assert document["@type"] == "Dataset" and "</script>" in document["description"]
        assert {one["encodingFormat"] for one in document["distribution"]} >= {"text/csv"}


def test_a_formula_in_the_data_is_disarmed_in_csv_alone(city: City) -> None:
    rows = PERMITS.replace("north", "=cmd|x").replace("south", "ok")
    open_city(city, rows)
    city.run()
    with served(city) as site:
        assert "'=cmd|x" in site.http.get("/open/open.permit.csv").text
        assert {r["district"] for r in site.http.get("/open/open.permit.json").json()} == {
            "=cmd|x",
            "ok",
        }


def test_open_data_may_be_read_from_other_sites_and_nothing_else(site: Served) -> None:
    for path in ("/open/open.permit.csv", "/catalog.jsonld", "/api/3/action/package_list"):
        assert site.http.get(path).headers["access-control-allow-origin"] == "*"
    for path in ("/", "/opendata", "/healthz"):
        assert "access-control-allow-origin" not in site.http.get(path).headers


def test_search_engines_read_the_same_on_both_pages_of_a_dataset(site: Served) -> None:
    told = []
    for path in ("/opendata/open.permit", "/catalogue/resource/open.permit"):
        page = site.http.get(path, headers={"Accept-Language": "en"})
        assert page.status_code == 200, path
        [found] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.text)
        told.append(json.loads(found))
    assert told[0] == told[1]
    assert told[0]["@type"] == "Dataset" and len(told[0]["distribution"]) == 4
    assert "ld+json" not in site.http.get("/catalogue").text
