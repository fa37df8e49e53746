"""Page files that are made before somebody asks, and those that nobody may read any more."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog.database.records import SnapshotRow
from pipelines.errors import PipelineError
from pipelines.exchange import ahead, reader
from pipelines.exchange.asking import PageAsked, Waiting
from pipelines.masking import KeyRing
from tests.support.exchange import CIVIL, FIRM, LOOSE, MASKED, RING, Market, rows_sql

ASKED = PageAsked(CIVIL, FIRM, 100)
WAIT = 30.0


def files(market: Market) -> set[str]:
    return {path.stem for path in market.city.home.exchange.glob("*.arrow")}


def file_of(market: Market, snapshot: int) -> str:
    [found] = [name for name in files(market) if name.endswith(f"-{snapshot}")]
    return found


@pytest.fixture
def no_pool(open_market: Market, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that readers had to wait for."""
    asked: list[str] = []
    pool = open_market.exchange._files._pool
    submit = pool.submit

    def noted(work: Any, name: str, *rest: Any) -> Future[Any]:
        asked.append(name)
        return submit(work, name, *rest)

    monkeypatch.setattr(pool, "submit", noted)
    return asked


def test_the_first_page_of_a_new_snapshot_is_there(open_market: Market, no_pool: list[str]) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant()
    first = open_market.exchange.page(ASKED)
    assert len(no_pool) == 1
    second = open_market.publish(rows_sql(300, more=8))
    assert open_market.exchange.ahead.prepare()
    # Who reads the old snapshot reads on, and who comes now waits for nothing.
    later = open_market.exchange.page(replace(ASKED, cursor=first.next))
    assert later.snapshot.snapshot_id == first.snapshot.snapshot_id
    name = file_of(open_market, second.snapshot_id)
    page = open_market.exchange.page(ASKED)
    assert page.snapshot.snapshot_id == second.snapshot_id
    assert float(page.table.column("paid")[0].as_py()) == 8
    assert name not in no_pool and len(no_pool) == 1
    assert not open_market.exchange.ahead.prepare()  # nothing is left to make


def test_what_nobody_has_read_is_not_made(open_market: Market) -> None:
    open_market.publish(rows_sql(300))
    open_market.publish(rows_sql(300), table=LOOSE)
    open_market.grant()
    open_market.grant(resource=LOOSE)
    open_market.exchange.page(ASKED)
    before = files(open_market)
    open_market.publish(rows_sql(300, more=1), table=LOOSE)
    assert not open_market.exchange.ahead.prepare() and files(open_market) == before


def test_what_was_read_too_long_ago_is_not_made(open_market: Market) -> None:
    first = open_market.publish(rows_sql(300))
    open_market.grant()
    open_market.exchange.page(ASKED)
    path = open_market.city.home.exchange / f"{file_of(open_market, first.snapshot_id)}.arrow"
    open_market.publish(rows_sql(300, more=1))
    long_ago = time.time() - 8 * 86_400
    os.utime(path, (long_ago, long_ago))
    assert not open_market.exchange.ahead.prepare()
    days_ago = time.time() - 6 * 86_400
    os.utime(path, (days_ago, days_ago))
    assert open_market.exchange.ahead.prepare()
    # What was made and not read counts as read when the one before was, or it would be made for ever.
    [made] = [one for one in path.parent.glob("*.arrow") if one != path]
    assert made.stat().st_mtime == pytest.approx(days_ago + 1)


def test_changes_alone_are_no_reading_of_pages(open_market: Market) -> None:
    first = open_market.publish(rows_sql(300))
    open_market.publish(rows_sql(300, more=1))
    open_market.grant()
    asked = replace(ASKED, changes=True, since=first.snapshot_id)
    open_market.exchange.page(asked)
    open_market.publish(rows_sql(300, more=2))
    assert not open_market.exchange.ahead.prepare()


def test_one_at_a_time(open_market: Market) -> None:
    for table in (FIRM, LOOSE):
        open_market.publish(rows_sql(300), table=table)
        open_market.grant(resource=table)
        open_market.exchange.page(replace(ASKED, resource=table))
        open_market.publish(rows_sql(300, more=1), table=table)
    for made in (3, 4):
        assert open_market.exchange.ahead.prepare() and len(files(open_market)) == made
    assert not open_market.exchange.ahead.prepare()


def test_files_of_a_grant_that_has_ended_go(open_market: Market) -> None:
    open_market.publish(rows_sql(300))
    grant = open_market.grant()
    open_market.exchange.page(ASKED)
    open_market.store.grants.revoke("testville", grant.id, by="account:b", reason="r")
    assert not open_market.exchange.ahead.prepare()
    assert files(open_market) == set() and open_market.exchange._files._open == {}


def test_who_asks_while_it_is_made_waits_for_it(
    open_market: Market, monkeypatch: pytest.MonkeyPatch, no_pool: list[str]
) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant()
    open_market.exchange.page(ASKED)
    open_market.publish(rows_sql(300, more=8))
    begun, go = threading.Event(), threading.Event()
    making = ahead.snapshot_pages

    def slowly(*terms: Any) -> Any:
        write = making(*terms)

        def wait(path: Path) -> None:
            begun.set()
            assert go.wait(WAIT)
            write(path)

        return wait

    monkeypatch.setattr(ahead, "snapshot_pages", slowly)
    thread = threading.Thread(target=open_market.exchange.ahead.prepare)
    thread.start()
    assert begun.wait(WAIT)
    [found] = open_market.exchange.pages([ASKED])
    assert isinstance(found, Waiting)
    go.set()
    found.made.result(WAIT)
    thread.join()
    page = open_market.exchange.page(ASKED)
    assert float(page.table.column("paid")[0].as_py()) == 8 and len(no_pool) == 1


def test_what_cannot_be_made_is_tried_once_a_publish(
    open_market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant()
    open_market.exchange.page(ASKED)
    open_market.publish(rows_sql(300, more=8))
    tried = []

    def fails(view: Any, *_: Any) -> Any:
        def write(_path: Path) -> None:
            tried.append(view)
            raise PipelineError("export_failed", table=FIRM, problem="-")

        return write

    monkeypatch.setattr(ahead, "snapshot_pages", fails)
    step = open_market.exchange.ahead.step
    with pytest.raises(PipelineError, match="export_failed"):
        step()
    assert not step() and not step() and len(tried) == 1
    page = open_market.exchange.page(ASKED)  # a reader has it made all the same
    assert float(page.table.column("paid")[0].as_py()) == 8


def test_it_looks_when_something_is_published(
    open_market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And once a minute, for grants that have ended and keys that are new."""
    now, looked, published = [0.0], [], [1]
    made = open_market.exchange.ahead
    monkeypatch.setattr(made, "_now", lambda: now[0])
    monkeypatch.setattr(made, "prepare", lambda: bool(looked.append(now[0])))

    def snapshots(_name: str) -> dict[str, SnapshotRow]:
        row: Any = type("Row", (), {"snapshot_id": published[0]})
        return {FIRM: row}

    monkeypatch.setattr(open_market.store, "current_snapshots", snapshots)
    for moment, snapshot in ((0, 1), (2, 1), (4, 2), (6, 2), (65, 2), (66, 2)):
        now[0], published[0] = float(moment), snapshot
        assert made.step() is False
    assert looked == [0.0, 4.0, 65.0]


@pytest.fixture
def rotating(open_market: Market, monkeypatch: pytest.MonkeyPatch) -> list[KeyRing]:
    """An exchange whose keys change as soon as another ring is put first."""
    rings = [RING]
    monkeypatch.setattr(reader, "KEYS_FRESH", 0.0)
    monkeypatch.setattr(open_market.exchange._views, "_open", lambda: rings[0])
    return rings


def names(page: Any) -> list[str]:
    return list(page.table.column("name").to_pylist())


def test_no_page_of_an_old_key_is_given(open_market: Market, rotating: list[KeyRing]) -> None:
    snapshot = open_market.publish(rows_sql(300))
    open_market.grant(masks=MASKED)
    before = open_market.exchange.page(ASKED)
    old = file_of(open_market, snapshot.snapshot_id)
    rotating[0] = KeyRing.of({1: b"m" * 32, 2: b"n" * 32})
    after = open_market.exchange.page(ASKED)
    assert after.snapshot.snapshot_id == before.snapshot.snapshot_id
    assert not set(names(before)) & set(names(after))
    # Not even in a read that began with the old key: half of it would join with nothing.
    with pytest.raises(PipelineError, match="cursor_over"):
        open_market.exchange.page(replace(ASKED, cursor=before.next))
    # Nor is somebody told that what he has is what there is.
    assert before.tag != after.tag
    assert not open_market.exchange.page(replace(ASKED, known=before.tag)).unchanged
    assert open_market.exchange.page(replace(ASKED, known=after.tag)).unchanged
    assert old in files(open_market)
    open_market.exchange.ahead.prepare()
    assert old not in files(open_market) and len(files(open_market)) == 1
    with closing(open_market.exchange.export(CIVIL, FIRM, "jsonl")) as export:
        assert names(after)[0] in b"".join(export).decode()


def test_after_a_rotation_pages_are_made_ahead(
    open_market: Market, rotating: list[KeyRing], no_pool: list[str]
) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant(masks=MASKED)
    before = open_market.exchange.page(ASKED)
    rotating[0] = KeyRing.of({1: b"n" * 32})
    assert open_market.exchange.ahead.prepare() and len(files(open_market)) == 1
    after = open_market.exchange.page(ASKED)
    assert names(before) != names(after) and len(no_pool) == 1


def test_a_key_of_another_purpose_changes_nothing(
    open_market: Market, rotating: list[KeyRing]
) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant()
    before = open_market.exchange.page(ASKED)
    rotating[0] = KeyRing.of({1: b"n" * 32})
    page = open_market.exchange.page(replace(ASKED, cursor=before.next))
    assert page.first == 100 and len(files(open_market)) == 1


def test_the_key_is_in_no_name(open_market: Market) -> None:
    open_market.publish(rows_sql(300))
    open_market.grant(masks=MASKED)
    open_market.exchange.page(ASKED)
    [name] = files(open_market)
    assert (b"m" * 32).hex() not in name and "m" * 32 not in name
    view = open_market.exchange.page(ASKED).view
    assert view.keys == RING.fingerprint(view.uses) and view.keys in name
