"""Pages: what a grant gives, in order, of one snapshot, for as long as it holds."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from catalog.errors import CityBrainError
from catalog.sharing.grant import RowFilter
from pipelines.exchange.asking import Page, PageAsked
from pipelines.exchange.rendering import rows_json
from tests.support.exchange import CIVIL, FIRM, LOOSE, MASKED, POLICE, Market, rows_sql

ASKED = PageAsked(CIVIL, FIRM, 100)


def read(market: Market, asked: PageAsked = ASKED) -> list[Page]:
    """All pages, one after the other."""
    pages = [market.exchange.page(asked)]
    while pages[-1].next is not None:
        pages.append(market.exchange.page(replace(asked, cursor=pages[-1].next)))
    return pages


def codes(pages: list[Page]) -> list[str]:
    return [code for page in pages for code in page.table.column("code").to_pylist()]


def refused(market: Market, asked: PageAsked, code: str) -> None:
    """That a page is refused with a code, and the refusal is on record."""
    before = len(market.log)
    with pytest.raises(CityBrainError) as caught:
        market.exchange.page(asked)
    assert caught.value.code == code
    assert [one.outcome for one in market.log[before:]] == [code]
    assert market.log[-1].rows is None and market.log[-1].fields == ()


def test_all_rows_come_once_in_order(open_market: Market) -> None:
    open_market.publish(rows_sql(1000, 300), rows_sql(300))
    open_market.grant()
    pages = read(open_market)
    assert codes(pages) == [f"c{i:05}" for i in range(1000)]
    assert [page.first for page in pages] == list(range(0, 1000, 100))
    assert pages[0].table.column_names == ["code", "name", "paid", "_objection"]
    assert len({page.snapshot.snapshot_id for page in pages}) == 1
    assert codes(read(open_market, replace(ASKED, limit=997))) == codes(pages)


def test_without_a_key_rows_come_as_they_were_published(open_market: Market) -> None:
    files = [rows_sql(900, 450), rows_sql(450)]
    snapshot = open_market.publish(*files, table=LOOSE)
    open_market.grant(resource=LOOSE)
    found = codes(read(open_market, replace(ASKED, resource=LOOSE)))
    ranges = {450: range(450, 900), 0: range(450)}
    import pyarrow.parquet as pq

    expected = []
    for path in snapshot.files:
        first = int(pq.read_table(path, columns=["code"]).column(0)[0].as_py()[1:])
        expected += [f"c{i:05}" for i in ranges[first]]
    assert found == expected


def test_a_paged_read_stays_in_its_snapshot(open_market: Market) -> None:
    first = open_market.publish(rows_sql(300))
    open_market.grant()
    page = open_market.exchange.page(ASKED)
    second = open_market.publish(rows_sql(300, more=8))
    later = open_market.exchange.page(replace(ASKED, cursor=page.next))
    assert later.snapshot.snapshot_id == page.snapshot.snapshot_id == first.snapshot_id
    assert float(later.table.column("paid")[0].as_py()) == 100
    fresh = open_market.exchange.page(ASKED)
    assert fresh.snapshot.snapshot_id == second.snapshot_id
    assert float(fresh.table.column("paid")[0].as_py()) == 8


def test_a_snapshot_that_is_gone(open_market: Market) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant()
    page = open_market.exchange.page(ASKED)
    open_market.publish(rows_sql(300, more=8))
    open_market.lake.expire(FIRM, 1)
    open_market.exchange.published._known.clear()
    refused(open_market, replace(ASKED, cursor=page.next), "exchange_snapshot_gone")


def test_rows_are_filtered_by_values_whatever_these_are(open_market: Market) -> None:
    open_market.publish(rows_sql(400))
    open_market.grant(rows=RowFilter("area", ("west", "') OR TRUE --", 'a"b')))
    assert codes(read(open_market)) == [f"c{i:05}" for i in range(0, 400, 4)]
    open_market.grant(id="none", department="police", rows=RowFilter("area", ("' OR '1'='1",)))
    assert codes(read(open_market, replace(ASKED, reader=POLICE))) == []


def test_masks_are_applied_and_nothing_else_is_kept(open_market: Market) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant(masks=MASKED, fields=("name", "code"))
    page = open_market.exchange.page(ASKED)
    assert page.view.masked == ("name",)
    names = page.table.column("name").to_pylist()
    assert len(set(names)) == 100 and not any("firm" in one for one in names)
    for path in (open_market.city.home.exchange).glob("*.arrow"):
        assert path.stat().st_mode & 0o077 == 0
        assert b"firm" not in path.read_bytes()


def test_two_grants_of_one_view_share_a_file_and_others_do_not(open_market: Market) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant()
    open_market.grant(department="police")
    for reader in (CIVIL, POLICE):
        open_market.exchange.page(replace(ASKED, reader=reader))
    folder = open_market.city.home.exchange
    assert len(list(folder.glob("*.arrow"))) == 1
    open_market.grant(department="police", fields=("code",))
    open_market.exchange.page(replace(ASKED, reader=POLICE))
    assert len(list(folder.glob("*.arrow"))) == 2


def test_files_are_so_many_and_made_again(
    open_market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_market.grant()
    monkeypatch.setattr(open_market.exchange._files, "_most", 2)
    cursors = []
    for more in range(4):
        open_market.publish(rows_sql(300, more=more))
        cursors.append(open_market.exchange.page(ASKED).next)
    assert len(list(open_market.city.home.exchange.glob("*.arrow"))) == 2
    for more, cursor in enumerate(cursors):
        page = open_market.exchange.page(replace(ASKED, cursor=cursor))
        assert float(page.table.column("paid")[0].as_py()) == 100 + more


def test_a_file_that_is_broken_is_made_again(open_market: Market) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant()
    open_market.exchange.page(ASKED)
    [path] = open_market.city.home.exchange.glob("*.arrow")
    open_market.exchange._files._open.clear()
    path.write_bytes(path.read_bytes()[:500])
    assert codes(read(open_market)) == [f"c{i:05}" for i in range(300)]


def test_a_page_as_json_is_what_lines_say(open_market: Market) -> None:
    open_market.publish(rows_sql(50))
    open_market.grant(fields=("code", "name", "area", "paid", "opened"))
    page = open_market.exchange.page(ASKED)
    export = open_market.exchange.export(CIVIL, FIRM, "jsonl")
    lines = b"".join(export).decode().splitlines()
    export.close()
    assert json.loads(rows_json(page.table)) == [json.loads(line) for line in lines]
    assert rows_json(page.table) == f"[{', '.join(lines)}]"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"resource": "base.never"}, "grant_missing"),
        ({"resource": LOOSE}, "grant_missing"),
        ({"resource": "../../etc/passwd"}, "grant_missing"),
        ({"resource": "a\x00b"}, "grant_missing"),
        ({"resource": "x" * 5000}, "grant_missing"),
        ({"reader": replace(CIVIL, purpose="else")}, "grant_missing"),
        ({"reader": POLICE}, "grant_missing"),
        ({"grant": "other"}, "grant_missing"),
    ],
)
def test_what_is_not_granted_looks_like_what_is_not_there(
    open_market: Market, change: dict[str, object], code: str
) -> None:
    open_market.publish(rows_sql(10))
    open_market.publish(rows_sql(10), table=LOOSE)
    open_market.grant()
    refused(open_market, replace(ASKED, **change), code)  # type: ignore[arg-type]


def test_a_grant_ends_at_its_second(open_market: Market) -> None:
    open_market.publish(rows_sql(300))
    grant = open_market.grant(valid_to=open_market.clock.now + timedelta(hours=1))
    page = open_market.exchange.page(ASKED)
    going_on = replace(ASKED, cursor=page.next)
    open_market.clock.now = grant.valid_to
    refused(open_market, going_on, "grant_missing")
    open_market.clock.later(seconds=-1)
    assert open_market.exchange.page(going_on).first == 100
    open_market.store.grants.revoke("testville", grant.id, by="account:bureau", reason="over")
    refused(open_market, going_on, "grant_missing")


def test_manners(open_market: Market) -> None:
    open_market.publish(rows_sql(30))
    open_market.grant(manner="download")
    refused(open_market, ASKED, "grant_manner")
    open_market.grant(manner="subscription")
    assert open_market.exchange.page(ASKED).table.num_rows == 30


def test_cursors_are_of_one_reader_and_one_read(open_market: Market) -> None:
    open_market.publish(rows_sql(300))
    open_market.publish(rows_sql(300), table=LOOSE)
    open_market.grant()
    open_market.grant(resource=LOOSE)
    open_market.grant(department="police")
    cursor = open_market.exchange.page(ASKED).next
    assert cursor is not None
    going_on = replace(ASKED, cursor=cursor)
    refused(open_market, replace(going_on, reader=POLICE), "cursor_invalid")
    refused(open_market, replace(going_on, resource=LOOSE), "cursor_invalid")
    refused(open_market, replace(going_on, changes=True), "cursor_invalid")
    refused(open_market, replace(going_on, reader=replace(CIVIL, purpose="else")), "grant_missing")
    for place in (0, 10, 45, 80, len(cursor) // 2, len(cursor) - 1):
        letter = "A" if cursor[place] != "A" else "B"
        changed = cursor[:place] + letter + cursor[place + 1 :]
        if changed[:-1] != cursor[:-1]:  # the last letter may have bits that say nothing
            refused(open_market, replace(ASKED, cursor=changed), "cursor_invalid")
    for odd in ("", "A", "é", "." * 50, "A" * 5000, cursor[:-4]):
        refused(open_market, replace(ASKED, cursor=odd), "cursor_invalid")
    open_market.clock.later(hours=23.5)
    assert open_market.exchange.page(going_on).first == 100


def test_a_cursor_ends(open_market: Market) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant(valid_to=open_market.clock.now.replace(year=2099))
    cursor = open_market.exchange.page(ASKED).next
    open_market.clock.later(hours=24)
    refused(open_market, replace(ASKED, cursor=cursor), "cursor_over")


def test_what_was_read_is_on_record(open_market: Market) -> None:
    snapshot = open_market.publish(rows_sql(130))
    grant = open_market.grant(masks=MASKED)
    read(open_market)
    first, last = open_market.log
    assert (first.rows, last.rows, first.outcome) == (100, 30, "ok")
    assert (first.actor, first.under, first.purpose) == ("department:civil/li", grant.id, "loans")
    assert (first.subject, first.snapshot) == (FIRM, snapshot.snapshot_id)
    assert first.fields == ("code", "name", "paid") and first.action == "exchange"


def test_nothing_leaves_that_is_not_on_record(open_market: Market) -> None:
    open_market.publish(rows_sql(130))
    open_market.grant()
    open_market.exchange.page(ASKED)
    open_market.deaf = True
    with pytest.raises(OSError, match="closed"):
        open_market.exchange.page(ASKED)
    with pytest.raises(OSError, match="closed"):
        open_market.exchange.export(CIVIL, FIRM, "csv")
    open_market.deaf = False
    export = open_market.exchange.export(CIVIL, FIRM, "csv")
    open_market.deaf = True
    with pytest.raises(OSError, match="closed"):
        list(export)


def test_a_column_that_is_gone(open_market: Market) -> None:
    open_market.publish(rows_sql(10))
    open_market.grant(fields=("code", "never"))
    refused(open_market, ASKED, "grant_columns")
    open_market.grant(rows=RowFilter("never", ("a",)))
    refused(open_market, ASKED, "grant_columns")


def test_nothing_was_published(open_market: Market) -> None:
    open_market.grant()
    refused(open_market, ASKED, "exchange_unpublished")


def read_over_and_over(market: Market, readers: int, reads: int, publishes: int) -> list[str]:
    """Many readers, while the table is republished; what went wrong."""
    market.grant()
    market.publish(rows_sql(2000))
    over = threading.Event()
    wrong: list[str] = []

    def republish() -> None:
        for more in range(1, publishes + 1):
            market.publish(rows_sql(2000, more=more))
            if over.wait(0.05):
                return

    def one() -> None:
        for _ in range(reads):
            try:
                pages = read(market, replace(ASKED, limit=500))
                paid = [x for p in pages for x in p.table.column("paid").to_pylist()]
                offsets = {round(value) - i for i, value in enumerate(paid)}
                if len(paid) != 2000 or len(offsets) != 1:
                    wrong.append(f"{len(paid)} rows of {len(offsets)} snapshots")
            except (CityBrainError, OSError) as error:
                wrong.append(repr(error))

    threads = [threading.Thread(target=one) for _ in range(readers)]
    publisher = threading.Thread(target=republish)
    for thread in (publisher, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    publisher.join()
    return wrong


def test_readers_while_the_table_is_republished(open_market: Market) -> None:
    assert read_over_and_over(open_market, 16, 3, 20) == []


@pytest.mark.slow
def test_two_hundred_readers_while_the_table_is_republished(open_market: Market) -> None:
    assert read_over_and_over(open_market, 200, 1, 100) == []


@pytest.mark.slow
def test_readers_with_postgresql(postgres_market: Market) -> None:
    assert read_over_and_over(postgres_market, 16, 3, 20) == []
    assert postgres_market.store.quotas.used("testville", "civil", "rows") == 16 * 3 * 2000
