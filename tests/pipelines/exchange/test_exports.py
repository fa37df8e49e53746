"""Exports: four formats of the same rows, safe in a spreadsheet, ended properly or not at all."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.database.quotas import Taking
from catalog.errors import CityBrainError
from catalog.sharing.grant import RowFilter
from pipelines.exchange import streams
from pipelines.exchange.asking import PageAsked, QuotaError
from pipelines.exchange.formats import FORMATS, Format
from tests.support.city import NAME
from tests.support.exchange import CIVIL, FIRM, MASKED, Market, rows_sql

ALL = ("code", "name", "area", "paid", "opened")


def exported(market: Market, format: Format, **changes: Any) -> bytes:
    export = market.exchange.export(CIVIL, FIRM, format, **changes)
    data = b"".join(export)
    export.close()
    return data


def rows_of(data: bytes, format: Format) -> list[dict[str, Any]]:
    if format == "arrow":
        return list(pa.ipc.open_stream(data).read_all().to_pylist())
    if format == "parquet":
        return list(pq.read_table(io.BytesIO(data)).to_pylist())
    if format == "jsonl":
        return [json.loads(line) for line in data.decode().splitlines()]
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_all_formats_have_the_same_rows(open_market: Market) -> None:
    open_market.publish(rows_sql(100))
    open_market.grant(fields=ALL, rows=RowFilter("area", ("west",)))
    arrow = rows_of(exported(open_market, "arrow"), "arrow")
    assert [row["code"] for row in arrow] == [f"c{i:05}" for i in range(0, 100, 4)]
    assert arrow[1]["paid"] == Decimal("4.00") and arrow[1]["name"] == 'firm, "4'
    assert rows_of(exported(open_market, "parquet"), "parquet") == arrow
    assert {row["_objection"] for row in arrow} == {False}
    told = [{**r, "paid": float(r["paid"]), "opened": r["opened"].isoformat()} for r in arrow]
    assert rows_of(exported(open_market, "jsonl"), "jsonl") == told
    text = [
        {**r, "_objection": "false", "paid": f"{r['paid']:.2f}", "opened": r["opened"]}
        for r in told
    ]
    for row in text:
        row["name"] = f"'{row['name']}" if row["name"].startswith("=") else row["name"]
    assert rows_of(exported(open_market, "csv"), "csv") == text


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠"])
def test_no_cell_is_a_formula(open_market: Market, first: str) -> None:
    text = f"{first}cmd|' /C calc'!A0"
    open_market.publish(
        f"SELECT 'c1' AS code, chr({ord(first)}) || '{text[1:].replace(chr(39), chr(39) * 2)}' AS name, "
        "'it''s' AS area, CAST(-5 AS DECIMAL(18,2)) AS paid, DATE '2020-01-01' AS opened"
    )
    open_market.grant(fields=ALL)
    data = exported(open_market, "csv").decode()
    [row] = list(csv.DictReader(io.StringIO(data, newline="")))
    assert row["name"] == "'" + text
    assert (row["area"], row["paid"]) == ("it's", "-5.00")  # numbers are no formulas
    for format in ("arrow", "parquet", "jsonl"):
        assert rows_of(exported(open_market, format), format)[0]["name"] == text


def test_an_empty_export_has_a_header(open_market: Market) -> None:
    open_market.publish(rows_sql(5))
    open_market.grant(rows=RowFilter("area", ("nowhere",)))
    assert exported(open_market, "csv").decode().strip() == '"code","name","paid","_objection"'
    assert exported(open_market, "jsonl") == b""
    assert rows_of(exported(open_market, "parquet"), "parquet") == []


def test_masks_and_filters_hold_for_exports(open_market: Market) -> None:
    open_market.publish(rows_sql(100))
    open_market.grant(masks=MASKED, rows=RowFilter("code", ("c00000", "c00001")))
    for format in FORMATS:
        data = exported(open_market, format)
        assert "firm" not in data.decode("utf-8", "ignore") and len(rows_of(data, format)) == 2


def test_beginning_and_end_are_on_record(open_market: Market) -> None:
    snapshot = open_market.publish(rows_sql(100))
    open_market.grant()
    export = open_market.exchange.export(CIVIL, FIRM, "csv")
    assert [(one.detail["kind"], one.rows) for one in open_market.log] == [("export", None)]
    assert export.filename == f"base.firm-{snapshot.snapshot_id}.csv"
    list(export)
    export.close()
    assert [(o.detail["kind"], o.rows, o.outcome) for o in open_market.log[1:]] == [
        ("export_end", 100, "ok")
    ]
    assert open_market.store.quotas.used(NAME, "civil", "rows") == 100


def test_a_reader_that_goes_away(open_market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BATCH_ROWS", 2048)
    open_market.publish(rows_sql(20_000))
    open_market.grant()
    for _ in range(6):  # more than run at a time: each gives its place back
        export = open_market.exchange.export(CIVIL, FIRM, "jsonl")
        next(export)
        next(export)
        export.close()
        given = open_market.log[-1].rows
        assert open_market.log[-1].outcome == "export_broken" and 0 < given < 20_000  # type: ignore[operator]
        export.close()
    export = open_market.exchange.export(CIVIL, FIRM, "jsonl")
    export.close()  # before anything was read
    assert (open_market.log[-1].outcome, open_market.log[-1].rows) == ("export_broken", 0)
    used = sum(one.rows or 0 for one in open_market.log)
    assert open_market.store.quotas.used(NAME, "civil", "rows") == used
    assert not list((open_market.city.home.exchange / "scratch").iterdir())


def test_an_export_is_stopped_from_another_thread(open_market: Market) -> None:
    open_market.publish(rows_sql(20_000))
    open_market.grant()
    export = open_market.exchange.export(CIVIL, FIRM, "csv")
    export.stop()
    with pytest.raises(CityBrainError, match="export_stopped"):
        list(export)
    assert open_market.log[-1].outcome == "export_stopped"


def test_a_grant_that_is_revoked_ends_a_running_export(
    open_market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "BATCH_ROWS", 2048)
    monkeypatch.setattr("pipelines.exchange.exports.LOOKED", 0.0)
    open_market.publish(rows_sql(50_000))
    grant = open_market.grant()
    export = open_market.exchange.export(CIVIL, FIRM, "csv")
    next(export)
    next(export)
    open_market.store.grants.revoke(NAME, grant.id, by="account:bureau", reason="over")
    with pytest.raises(CityBrainError, match="grant_missing"):
        for _ in export:
            pass
    assert open_market.log[-1].outcome == "grant_missing"


def test_so_many_exports_at_a_time(open_market: Market) -> None:
    open_market.publish(rows_sql(10))
    open_market.grant()
    running = [open_market.exchange.export(CIVIL, FIRM, "csv") for _ in range(4)]
    with pytest.raises(CityBrainError, match="export_busy"):
        open_market.exchange.export(CIVIL, FIRM, "csv")
    for one in running:
        one.close()
    exported(open_market, "csv")


def test_quotas_of_rows_and_requests(open_market: Market) -> None:
    open_market.publish(rows_sql(100))
    open_market.grant()
    exchange = open_market.exchange
    used = exchange.settings.rows_per_day - 150
    open_market.store.quotas.take(NAME, [[Taking("civil", "rows", used, 10**12)]])
    exported(open_market, "csv")
    with pytest.raises(QuotaError) as caught:
        exported(open_market, "csv")
    assert caught.value.code == "quota_rows" and 0 < caught.value.retry_after <= 86_400
    assert open_market.log[-1].outcome == "quota_rows"
    assert exchange.page(PageAsked(CIVIL, FIRM, 50)).table.num_rows == 50
    with pytest.raises(QuotaError, match="quota_rows"):
        exchange.page(PageAsked(CIVIL, FIRM, 50))
    most = exchange.settings.requests_per_minute
    open_market.clock.later(minutes=1)
    open_market.store.quotas.take(NAME, [[Taking("civil", "requests", most, most)]])
    with pytest.raises(QuotaError, match="quota_requests"):
        exchange.grants(CIVIL)
    with pytest.raises(QuotaError, match="quota_requests"):
        exchange.page(PageAsked(CIVIL, FIRM, 50))
    open_market.clock.later(minutes=1)
    assert [one.resource for one in exchange.grants(CIVIL)] == [FIRM]


def test_a_download_is_an_export(open_market: Market) -> None:
    open_market.publish(rows_sql(10))
    open_market.grant(manner="download", valid_to=open_market.clock.now + timedelta(hours=1))
    assert exported(open_market, "csv").count(b"\n") >= 10
    open_market.clock.later(hours=1)
    with pytest.raises(CityBrainError, match="grant_missing"):
        exported(open_market, "csv")
