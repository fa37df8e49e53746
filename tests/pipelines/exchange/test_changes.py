"""Changes: what is new or different for this reader since a snapshot, and which keys have gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from catalog.errors import CityBrainError
from catalog.sharing.grant import RowFilter
from pipelines.exchange.asking import PageAsked
from tests.support.exchange import CIVIL, FIRM, LOOSE, MASKED, Market, rows_sql

ASKED = PageAsked(CIVIL, FIRM, 100, changes=True)


def changes(market: Market, since: int, **changed: Any) -> list[dict[str, Any]]:
    """All of them, page by page."""
    asked = replace(ASKED, since=since, **changed)
    found, cursor = [], None
    while True:
        page = market.exchange.page(replace(asked, cursor=cursor))
        found += page.table.to_pylist()
        cursor = page.next
        if cursor is None:
            return found


def row(code: int, **values: Any) -> str:
    """A SELECT of one firm."""
    wanted = {"name": f"'n{code}'", "area": "'east'", "paid": "1", "opened": "DATE '2020-01-01'"}
    wanted |= values
    listed = ", ".join(
        f"CAST({sql} AS DECIMAL(18,2)) AS paid" if name == "paid" else f"{sql} AS {name}"
        for name, sql in wanted.items()
    )
    return f"SELECT 'c{code}' AS code, {listed}"


def both(*rows: str) -> str:
    return " UNION ALL ".join(rows)


def test_new_changed_and_gone(open_market: Market) -> None:
    before = open_market.publish(both(row(1), row(2), row(3), row(4)))
    open_market.grant()
    open_market.publish(both(row(1), row(2, paid="2"), row(4, area="'west'"), row(5)))
    found = changes(open_market, before.snapshot_id)
    told = [(one["_change"], one["code"], one["name"], one["paid"]) for one in found]
    # Of firm 4 something has changed that is not granted.
    assert told == [
        ("upsert", "c2", "n2", 2),
        ("delete", "c3", None, None),
        ("upsert", "c5", "n5", 1),
    ]
    assert open_market.log[-1].detail["since"] == str(before.snapshot_id)
    assert open_market.log[-1].detail["kind"] == "changes" and open_market.log[-1].rows == 3


def test_what_comes_and_goes_within_the_row_filter(open_market: Market) -> None:
    before = open_market.publish(both(row(1), row(2, area="'west'"), row(3, area="'west'")))
    open_market.grant(rows=RowFilter("area", ("east",)))
    open_market.publish(
        both(row(1, area="'west'"), row(2), row(3, area="'west'", paid="9"), row(4, area="NULL"))
    )
    found = changes(open_market, before.snapshot_id)
    assert [(one["_change"], one["code"]) for one in found] == [("delete", "c1"), ("upsert", "c2")]


def test_masked_values_are_compared_as_given(open_market: Market) -> None:
    before = open_market.publish(both(row(1, paid="101"), row(2, paid="101")))
    open_market.grant(masks={"paid": "mask_amount(paid, 100)"})
    open_market.publish(both(row(1, paid="102"), row(2, paid="902")))
    assert [one["code"] for one in changes(open_market, before.snapshot_id)] == ["c2"]


def test_many_changes_come_in_pages_of_two_snapshots(open_market: Market) -> None:
    before = open_market.publish(rows_sql(500), rows_sql(1000, 500))
    open_market.grant()
    after = open_market.publish(rows_sql(500, more=1), rows_sql(1000, 500))
    first = open_market.exchange.page(replace(ASKED, since=before.snapshot_id, limit=300))
    open_market.publish(rows_sql(10))
    going_on = replace(ASKED, cursor=first.next, limit=300)
    second = open_market.exchange.page(going_on)
    assert second.snapshot.snapshot_id == after.snapshot_id and second.next is None
    assert (first.table.num_rows, second.table.num_rows) == (300, 200)
    with pytest.raises(CityBrainError, match="cursor_invalid"):
        open_market.exchange.page(PageAsked(CIVIL, FIRM, 10, cursor=first.next))


def test_nothing_has_changed(open_market: Market) -> None:
    snapshot = open_market.publish(rows_sql(10))
    open_market.grant()
    assert changes(open_market, snapshot.snapshot_id) == []


def refused(market: Market, code: str, since: int, **changed: Any) -> None:
    with pytest.raises(CityBrainError) as caught:
        changes(market, since, **changed)
    assert caught.value.code == code and market.log[-1].outcome == code


def test_snapshots_that_are_not_there(open_market: Market) -> None:
    open_market.publish(rows_sql(10))
    open_market.grant()
    refused(open_market, "since_unknown", 42)


def test_what_was_before_the_grant(open_market: Market) -> None:
    first = open_market.publish(rows_sql(10))
    second = open_market.publish(rows_sql(20))
    third = open_market.publish(rows_sql(30))
    moment = second.committed_at
    open_market.clock.later(minutes=1)
    open_market.grant(valid_from=moment)
    refused(open_market, "since_unknown", first.snapshot_id)
    assert len(changes(open_market, second.snapshot_id)) == 10
    assert changes(open_market, third.snapshot_id) == []


def test_without_a_key_that_is_given(open_market: Market) -> None:
    before = open_market.publish(rows_sql(10), table=LOOSE)
    open_market.grant(resource=LOOSE)
    refused(open_market, "changes_key", before.snapshot_id, resource=LOOSE)
    before = open_market.publish(rows_sql(10))
    open_market.publish(rows_sql(20))
    for fields, masks in ((("name",), {}), (("code", "name"), {"code": MASKED["name"]})):
        masks = {key: mask.replace("(name", f"({key}") for key, mask in masks.items()}
        open_market.grant(fields=fields, masks=masks)
        refused(open_market, "changes_key", before.snapshot_id)


def test_a_key_that_stands_twice(open_market: Market) -> None:
    before = open_market.publish(rows_sql(10))
    open_market.publish(both(row(1), row(1, paid="2")))
    open_market.grant()
    refused(open_market, "changes_key", before.snapshot_id)
