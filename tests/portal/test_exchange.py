"""The exchange over HTTP."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from portal.disposition import attachment
from portal.errors import PortalError
from portal.exchange import chosen_format
from tests.portal.counter import ASKED, Counter, counter
from tests.support.city import NAME
from tests.support.exchange import FIRM, LOOSE, MASKED, rows_sql

HERE = f"/exchange/{FIRM}"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    with counter(tmp_path / "city") as made:
        yield made


def code_of(response: Any) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


def test_what_i_may_read(served: Counter) -> None:
    grant = served.grant(masks=MASKED)
    served.grant(department="police")
    served.grant(valid_to=served.clock.now - timedelta(seconds=1))
    response = served.http.get("/exchange", headers=served.client())
    [told] = response.json()["grants"]
    assert (told["id"], told["resource"], told["fields"]) == (grant.id, FIRM, list(grant.fields))
    assert told["masked"] == ["name"] and told["purpose"] == "loans" and told["rows"] is None


def test_page_after_page(served: Counter) -> None:
    snapshot, grant, mine = served.publish(), served.grant(), served.client()
    first = served.get(HERE, mine)
    assert first.status_code == 200, first.text
    body = first.json()
    assert (body["resource"], body["snapshot"]) == (FIRM, str(snapshot.snapshot_id))
    assert (body["grant"], body["masked"], len(body["rows"])) == (grant.id, [], 100)
    assert body["rows"][1] == {"code": "c00001", "name": "商行「1", "paid": 1, "_objection": False}
    assert first.headers["etag"] == f'"{snapshot.snapshot_id}"'
    link = first.headers["link"]
    assert link.endswith('; rel="next"') and link.startswith("<?purpose=loans&cursor=")
    served.publish(rows_sql(250, more=9))
    by_link = served.http.get(HERE + link[1 : link.index(">")], headers=mine).json()
    by_cursor = served.get(HERE, mine, cursor=body["next"]).json()
    assert by_link["rows"] == by_cursor["rows"] and by_link["snapshot"] == body["snapshot"]
    last = served.get(HERE, mine, cursor=by_cursor["next"])
    assert len(last.json()["rows"]) == 50 and last.json()["next"] is None
    assert "link" not in last.headers
    assert [entry["path"] for entry in served.logged[-4:]] == ["/exchange/{resource}"] * 4
    records = [one for one in served.audit() if one.action == "exchange"]
    assert [one.rows for one in records] == [100, 100, 100, 50]
    assert {one.under for one in records} == {grant.id}
    assert {one.detail["client"] for one in records} == {served.logged[-1]["client"]}


def test_formats_of_pages(served: Counter) -> None:
    served.publish()
    served.grant()
    mine = served.client()
    rows = served.get(HERE, mine, limit=3).json()["rows"]
    for format, kind in (
        ("arrow", "application/vnd.apache.arrow.stream"),
        ("parquet", "application/vnd.apache.parquet"),
        ("jsonl", "application/jsonl"),
        ("csv", "text/csv"),
    ):
        named = served.get(HERE, mine, limit=3, format=format)
        accepted = served.get(HERE, {**mine, "Accept": f"{kind}, */*;q=0.1"}, limit=3)
        assert named.content == accepted.content and "link" in named.headers
        assert named.headers["content-type"].startswith(kind)
        if format == "arrow":
            found = pa.ipc.open_stream(named.content).read_all().to_pylist()
        elif format == "parquet":
            found = pq.read_table(io.BytesIO(named.content)).to_pylist()
        elif format == "jsonl":
            found = [json.loads(line) for line in named.text.splitlines()]
        else:
            found = list(csv.DictReader(io.StringIO(named.text)))
            assert found[0]["name"] == "'=firm 0"
        assert [one["code"] for one in found] == [one["code"] for one in rows]
    assert code_of(served.get(HERE, {**mine, "Accept": "image/png"})) == (406, "format_unknown")
    assert code_of(served.get(HERE, mine, format="xml")) == (422, "request_invalid")


def test_what_accept_likes_best() -> None:
    cases = {
        "": "json",
        "*/*": "json",
        "text/csv": "csv",
        "text/html, application/x-ndjson;q=0.5, */*;q=0.1": "jsonl",
        "application/json;q=0.2, text/csv;q=0.9": "csv",
        "text/csv;q=x, application/json": "json",
    }
    for accept, format in cases.items():
        assert chosen_format(None, accept, "json") == format, accept
    for accept in ("text/html", "text/csv;q=0", ";", "a" * 5000):
        with pytest.raises(PortalError, match="format_unknown"):
            chosen_format(None, accept, "json")
    assert chosen_format("arrow", "text/html", "json") == "arrow"


def test_a_snapshot_that_is_known(served: Counter) -> None:
    served.publish()
    served.grant()
    mine = served.client()
    tag = served.get(HERE, mine).headers["etag"]
    for sent in (tag, f"W/{tag}"):
        again = served.get(HERE, {**mine, "If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert served.audit()[-1].rows == 0
    served.publish(rows_sql(250, more=1))
    assert served.get(HERE, {**mine, "If-None-Match": tag}).status_code == 200
    stranger = served.client("police")
    assert served.get(HERE, {**stranger, "If-None-Match": tag}).status_code == 403


def test_an_export(served: Counter) -> None:
    snapshot = served.publish()
    served.grant()
    mine = served.client()
    response = served.get(f"{HERE}/export", mine)
    assert response.status_code == 200 and len(response.text.splitlines()) == 251
    name = f"base.firm-{snapshot.snapshot_id}.csv"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["etag"] == f'"{snapshot.snapshot_id}"'
    assert served.get(f"{HERE}/export", mine, format="jsonl").text.count("\n") == 250
    parquet = served.get(f"{HERE}/export", {**mine, "Accept": "application/vnd.apache.parquet"})
    assert pq.read_table(io.BytesIO(parquet.content)).num_rows == 250
    only = {**mine, "Accept": "application/json"}
    assert code_of(served.get(f"{HERE}/export", only)) == (406, "format_unknown")
    given = [o for o in served.audit() if (o.action, o.outcome) == ("exchange", "ok")]
    kinds = [(one.detail["kind"], one.rows) for one in given]
    assert kinds == [("export", None), ("export_end", 250)] * 3


def test_changes(served: Counter) -> None:
    before = served.publish()
    served.grant()
    mine = served.client()
    served.publish(rows_sql(251, 1))
    response = served.get(f"{HERE}/changes", mine, since=before.snapshot_id)
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["since"] == str(before.snapshot_id)
    assert [(one["_change"], one["code"]) for one in body["rows"]] == [
        ("delete", "c00000"),
        ("upsert", "c00250"),
    ]
    assert code_of(served.get(f"{HERE}/changes", mine)) == (422, "request_invalid")
    assert code_of(served.get(f"{HERE}/changes", mine, since=5)) == (422, "since_unknown")
    assert code_of(served.get(f"{HERE}/changes", mine, since=-1)) == (422, "request_invalid")


def test_who_may_not(served: Counter) -> None:
    served.publish()
    served.publish(table=LOOSE)
    grant = served.grant()
    mine, police = served.client(), served.client("police")
    cursor = served.get(HERE, mine).json()["next"]
    never = code_of(served.get("/exchange/base.never", mine))
    assert never == code_of(served.get(f"/exchange/{LOOSE}", mine)) == (403, "grant_missing")
    told = served.get(f"/exchange/{LOOSE}", mine).json()["detail"].replace(LOOSE, "X")
    assert (
        served.get("/exchange/base.never", mine).json()["detail"].replace("base.never", "X") == told
    )
    assert code_of(served.get(f"{HERE}/changes", police, since=1)) == (403, "grant_missing")
    assert code_of(served.get(HERE, police)) == (403, "grant_missing")
    assert code_of(served.get(f"{HERE}/export", police)) == (403, "grant_missing")
    assert code_of(served.get(HERE, mine, purpose="else")) == (403, "grant_missing")
    assert code_of(served.get(HERE, police, cursor=cursor)) == (422, "cursor_invalid")
    assert code_of(served.get(HERE, police, grant=grant.id)) == (403, "grant_missing")
    assert code_of(served.get(HERE, {})) == (401, "token_missing")
    assert code_of(served.get(f"{HERE}/export", {})) == (401, "token_missing")
    refused = [one for one in served.audit() if one.outcome == "grant_missing"]
    assert len(refused) == 9 and all(one.rows is None and not one.fields for one in refused)
    served.service.opened.store.grants.revoke(NAME, grant.id, by="account:b", reason="r")
    assert code_of(served.get(HERE, mine, cursor=cursor)) == (403, "grant_missing")


def test_partners_and_departments_do_not_meet(served: Counter) -> None:
    served.publish()
    served.grant()
    made = served.service.opened.store.clients.add(NAME, "civil", "li")
    partner = served.headers((made[0].id, made[1]))
    for path in ("/exchange", HERE, f"{HERE}/export", f"{HERE}/subscriptions"):
        assert code_of(served.get(path, partner)) == (403, "client_not_department"), path
        record = served.audit()[-1]
        assert (record.actor, record.outcome) == ("partner:civil/li", "client_not_department")
    mine = served.client()
    assert code_of(served.get("/budget", mine, agreement="a")) == (403, "client_not_partner")
    assert code_of(served.get("/records/v/c", mine, agreement="a")) == (403, "client_not_partner")
    body = {"sql": "SELECT 1", "agreement": "a", "purpose": "p"}
    assert code_of(served.http.post("/quotes", json=body, headers=mine))[1] == "client_not_partner"


def test_a_revoked_program(served: Counter) -> None:
    served.publish()
    served.grant()
    store = served.service.opened.store
    made, secret = store.clients.add_for_department(NAME, "civil", "li")
    mine = served.headers((made.id, secret))
    assert served.get(HERE, mine).status_code == 200
    store.clients.revoke(NAME, made.id)
    for path in (HERE, f"{HERE}/export", "/exchange"):
        assert code_of(served.get(path, mine)) == (401, "token_invalid")


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2fetc%2fpasswd", "%2e%2e", "base.firm%00", "base.firm%0d%0aX-Evil:%201", "a'%20OR%201=1", "x" * 300],
)  # fmt: skip
def test_names_that_are_none(served: Counter, name: str) -> None:
    served.publish()
    served.grant()
    mine = served.client()
    for path in (
        f"/exchange/{name}",
        f"/exchange/{name}/export",
        f"/exchange/{name}/changes?since=1",
    ):
        response = served.http.get(path, headers=mine, params=None if "?" in path else ASKED)
        assert response.status_code in (403, 404, 422), path
        assert "x-evil" not in response.headers and "root:" not in response.text


def test_no_header_is_made_of_what_is_sent(served: Counter) -> None:
    served.publish()
    purpose = 'loans">\u2028; rel="evil"'
    served.grant(purpose=purpose)
    link = served.get(HERE, served.client(), purpose=purpose).headers["link"]
    assert link.count("rel=") == 1 and link.isascii()
    assert code_of(served.get(HERE, served.client(), purpose="a\r\nX: 1")) == (
        422,
        "request_invalid",
    )


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("base.firm-1.csv", 'attachment; filename="base.firm-1.csv"'),
        (
            '企业"\r\nX: 1.csv',
            "attachment; filename=\"_____X__1.csv\"; filename*=UTF-8''%E4%BC%81%E4%B8%9A%22X%3A%201.csv",
        ),
        ("../../a", "attachment; filename=\"_.._a\"; filename*=UTF-8''....a"),
        ("", "attachment; filename=\"download\"; filename*=UTF-8''"),
    ],
)
def test_the_name_of_a_download(name: str, header: str) -> None:
    assert attachment(name) == header


def test_quotas_are_told_with_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    limits = "\n[exchange]\nrequests_per_minute = 3\nrows_per_day = 150\n"
    with counter(tmp_path / "city", limits) as served:
        served.clock.now = served.clock.now.replace(hour=12, second=30)
        served.publish()
        served.grant(valid_to=served.clock.now + timedelta(days=9))
        mine, other = served.client(), served.client()
        assert served.get(HERE, mine).status_code == 200
        rows = served.get(HERE, other)  # another program of the same department
        assert code_of(rows) == (429, "quota_rows") and int(rows.headers["retry-after"]) > 40_000
        assert served.get(HERE, mine, limit=5).status_code == 200
        requests = served.get(HERE, mine, limit=5)
        assert code_of(requests) == (429, "quota_requests")
        assert int(requests.headers["retry-after"]) == 31
        assert code_of(served.get("/exchange", mine)) == (429, "quota_requests")


def test_nothing_is_given_while_the_log_is_not_anchored(served: Counter) -> None:
    served.publish()
    served.grant()
    mine = served.client()
    served.service.opened.store.audit.keep_anchored(NAME, 60)
    assert served.get(HERE, mine).status_code == 200
    served.clock.later(minutes=5)
    assert code_of(served.get(HERE, mine)) == (503, "audit_overdue")
    assert code_of(served.get(f"{HERE}/export", mine)) == (503, "audit_overdue")


def test_many_at_once_are_each_their_own(served: Counter) -> None:
    served.publish(rows_sql(2000))
    served.grant(fields=("code",))
    served.grant(department="police", fields=("name",))
    mine, police = served.client(), served.client("police")

    def get(number: int) -> tuple[int, list[str]]:
        response = served.get(HERE, (mine, police)[number % 2], limit=10)
        return response.status_code, sorted(response.json()["rows"][0])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(get, range(60)))
    assert found == [(200, ["_objection", ("code", "name")[n % 2]]) for n in range(60)]


def test_problems_in_chinese(served: Counter) -> None:
    response = served.get(HERE, {**served.client(), "Accept-Language": "zh-CN"})
    assert response.status_code == 403 and "授权" in response.json()["detail"]


def test_the_openapi_document_has_it(served: Counter) -> None:
    document = served.http.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path in ("", "/{resource}", "/{resource}/export", "/{resource}/changes"):
        described = document["paths"][f"/exchange{path}"]["get"]
        assert "429" in described["responses"] and described["security"]
    kinds = document["paths"]["/exchange/{resource}"]["get"]["responses"]["200"]["content"]
    assert {"application/json", "text/csv", "application/vnd.apache.arrow.stream"} <= set(kinds)
