"""Rows to which somebody objects are flagged: in pages that were made before, in exports, by any key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from catalog.database.objections import Objections
from catalog.sharing.grant import RowFilter
from pipelines.exchange.asking import PageAsked
from pipelines.exchange.objected import key_digest, key_sql
from tests.support.exchange import CIVIL, FIRM, LOOSE, MASKED, Market, rows_sql

ASKED = PageAsked(CIVIL, FIRM, 100)


@pytest.fixture
def objected(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, str]]:
    """What the desk of sharing tells of open objections; how they come and go is tested there."""
    keys: list[Mapping[str, str]] = []

    def open_keys(_self: Objections, _workspace: str, resource: str) -> list[Mapping[str, str]]:
        return list(keys) if resource == FIRM else []

    monkeypatch.setattr(Objections, "open_keys", open_keys)
    monkeypatch.setattr("pipelines.exchange.objected.FRESH", 0.0)
    return keys


def flagged(market: Market) -> list[int]:
    """The places of flagged rows on the first page."""
    flags = market.exchange.page(ASKED).table.column("_objection").to_pylist()
    return [place for place, flag in enumerate(flags) if flag]


def test_pages(open_market: Market, objected: list[Mapping[str, str]]) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant()
    before = open_market.exchange.page(ASKED)
    assert flagged(open_market) == [] and "citybrain_key" not in before.table.column_names
    objected += [{"code": "c00007"}, {"code": "c00299"}, {"code": "never"}, {"other": "c00001"}]
    assert flagged(open_market) == [7]
    after = open_market.exchange.page(ASKED)
    assert after.snapshot == before.snapshot and after.tag != before.tag
    objected.clear()
    assert flagged(open_market) == [] and open_market.exchange.page(ASKED).tag == before.tag


def test_a_key_that_is_not_granted(open_market: Market, objected: list[Mapping[str, str]]) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant(fields=("name",), masks=MASKED)
    objected.append({"code": "c00007"})
    assert flagged(open_market) == [7]
    assert open_market.exchange.page(ASKED).table.column_names == ["name", "_objection"]


def test_exports(open_market: Market, objected: list[Mapping[str, str]]) -> None:
    open_market.publish(rows_sql(100))
    open_market.grant(rows=RowFilter("area", ("west",)))
    objected += [{"code": "c00008"}, {"code": "c00009"}]
    export = open_market.exchange.export(CIVIL, FIRM, "jsonl")
    rows: list[dict[str, Any]] = [json.loads(one) for one in b"".join(export).splitlines()]
    export.close()
    assert [row["code"] for row in rows if row["_objection"]] == ["c00008"]


def test_a_table_without_a_key(open_market: Market, objected: list[Mapping[str, str]]) -> None:
    open_market.publish(rows_sql(10), table=LOOSE)
    open_market.grant(resource=LOOSE)
    objected.append({"code": "c00001"})
    page = open_market.exchange.page(PageAsked(CIVIL, LOOSE, 100))
    assert page.table.column("_objection").to_pylist() == [False] * 10


def test_both_digests_are_one() -> None:
    import duckdb

    with duckdb.connect() as con:
        sql = f"SELECT {key_sql(('a', 'b'))} FROM (SELECT 7 AS a, DATE '2020-01-02' AS b) AS s"
        row = con.execute(sql).fetchone()
    assert row == (key_digest(("a", "b"), {"b": "2020-01-02", "a": "7"}),)
