"""The lake: whole versions, old versions, and nothing left over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.duck import copy_to_parquet
from pipelines.errors import PipelineError
from pipelines.lake import Column, Lake, Snapshot, iceberg_type, sql_type
from pipelines.maintain import clean, rollback, snapshots_of
from tests.support.city import City, csv, rows_of_snapshot, statuses

pytestmark = pytest.mark.slow
TABLE = "base.t"
X = (Column("x", "BIGINT"),)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    opened = Lake(tmp_path / "lake")
    yield opened
    opened.close()


def written(lake: Lake, sql: str, name: str = TABLE) -> Path:
    path = lake.new_file(name, "run")
    with duckdb.connect(":memory:") as con:
        con.execute("SET TimeZone = 'UTC'")
        copy_to_parquet(con, sql, path)
    return path


def publish(lake: Lake, sql: str, columns: tuple[Column, ...] = X, **properties: str) -> Snapshot:
    return lake.publish(TABLE, columns, [written(lake, sql)], properties)


def test_nothing_is_published_at_first(lake: Lake) -> None:
    assert lake.current(TABLE) is None
    assert lake.tables() == []
    assert lake.history(TABLE) == []
    assert lake.as_of(TABLE, datetime.now(UTC)) is None
    assert lake.expire(TABLE, 1) == []
    assert lake.orphans(TABLE) == []


def test_a_publish_replaces_the_whole_content(lake: Lake) -> None:
    publish(lake, "SELECT unnest([1, 2, 3]) AS x", run="a")
    second = publish(lake, "SELECT unnest([4]) AS x", run="b")
    assert lake.current(TABLE) == second
    assert (second.rows, second.properties) == (1, {"run": "b"})
    assert rows_of_snapshot(second) == [(4,)]
    assert lake.tables() == [TABLE]


def test_a_file_is_not_visible_before_it_is_published(lake: Lake) -> None:
    first = publish(lake, "SELECT 1 AS x")
    path = written(lake, "SELECT 2 AS x")
    assert lake.current(TABLE) == first
    assert lake.orphans(TABLE) == [path]


def test_several_files_and_no_file(lake: Lake) -> None:
    files = [written(lake, "SELECT 1::BIGINT AS x"), written(lake, "SELECT 2::BIGINT AS x")]
    both = lake.publish(TABLE, X, files, {})
    assert (both.rows, rows_of_snapshot(both)) == (2, [(1,), (2,)])
    none = lake.publish(TABLE, X, [], {"run": "empty"})
    assert (none.rows, none.files, rows_of_snapshot(none)) == (0, (), [])
    assert none.properties == {"run": "empty"}


def test_only_the_difference_is_committed(lake: Lake) -> None:
    kept, left = (written(lake, f"SELECT {n}::BIGINT AS x") for n in (1, 2))
    first = lake.publish(TABLE, X, [kept, left], {})
    come = written(lake, "SELECT 3::BIGINT AS x")
    second = lake.publish(TABLE, X, [kept, come], {"run": "b"})
    assert set(second.files) == {kept, come}
    assert (second.rows, rows_of_snapshot(second)) == (2, [(1,), (3,)])
    assert rows_of_snapshot(lake.snapshot(TABLE, first.snapshot_id)) == [(1,), (2,)]
    table = lake.catalog.load_table(TABLE)
    summary = table.current_snapshot().summary
    assert (summary["added-data-files"], summary["deleted-data-files"]) == ("1", "1")
    assert sorted(table.scan().to_arrow()["x"].to_pylist()) == [1, 3]
    assert len(lake.history(TABLE)) == 2
    same = lake.publish(TABLE, X, [kept, come], {"run": "c"})
    assert (same.files, same.rows, same.properties) == (second.files, 2, {"run": "c"})


def test_a_pinned_snapshot_does_not_move(lake: Lake) -> None:
    first = publish(lake, "SELECT 1 AS x")
    publish(lake, "SELECT 2 AS x")
    assert rows_of_snapshot(lake.snapshot(TABLE, first.snapshot_id)) == [(1,)]


def test_readers_see_whole_versions_while_another_publishes(tmp_path: Path, lake: Lake) -> None:
    publish(lake, "SELECT 0::BIGINT AS x FROM range(1000)")
    done = threading.Event()
    torn: list[Any] = []
    seen: set[int] = set()

    def read() -> None:
        other = Lake(tmp_path / "lake")
        while not done.is_set():
            try:
                snapshot = other.current(TABLE)
                assert snapshot is not None
                found = rows_of_snapshot(snapshot, "count(*), min(x), max(x)")
            except Exception as error:
                torn.append(repr(error))
                continue
            rows, low, high = found[0]
            seen.add(low)
            if low != high or rows != 1000 + low or snapshot.rows != rows:
                torn.append(found)
        other.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for i in range(1, 31):
        publish(lake, f"SELECT {i}::BIGINT AS x FROM range({1000 + i})")
    done.set()
    for reader in readers:
        reader.join()
    assert torn == []
    assert len(seen) > 2


@pytest.mark.parametrize("kept", [True, False])
def test_two_publishers_do_not_mix(tmp_path: Path, lake: Lake, kept: bool) -> None:
    base = publish(lake, "SELECT 0::BIGINT AS x")
    other = Lake(tmp_path / "lake")
    original = Lake._ensure
    mine = written(lake, "SELECT 1::BIGINT AS x")

    def ensure(self: Lake, name: str, columns: Any) -> Any:
        table = original(self, name, columns)
        if self is lake:  # the other one commits between our reading and our commit
            other.publish(TABLE, X, [written(other, "SELECT 2::BIGINT AS x")], {})
        return table

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lake, "_ensure", ensure)
        with pytest.raises(PipelineError) as caught:
            lake.publish(TABLE, X, [mine, *(base.files if kept else ())], {})
    assert caught.value.code == "publish_conflict"
    current = other.current(TABLE)
    other.close()
    assert current is not None
    assert rows_of_snapshot(current) == [(2,)]


# -- schema -----------------------------------------------------------------------------------------


def test_columns_come_and_go_and_old_snapshots_keep_theirs(lake: Lake) -> None:
    first = publish(lake, "SELECT 1::BIGINT AS x")
    wide = (Column("x", "BIGINT"), Column("y", "VARCHAR"))
    second = publish(lake, "SELECT 2::BIGINT AS x, 'b' AS y", wide)
    third = publish(lake, "SELECT 'c' AS y", (Column("y", "VARCHAR"),))
    assert rows_of_snapshot(lake.snapshot(TABLE, first.snapshot_id)) == [(1,)]
    assert rows_of_snapshot(lake.snapshot(TABLE, second.snapshot_id)) == [(2, "b")]
    assert rows_of_snapshot(third) == [("c",)]
    assert [c.name for c in third.columns] == ["y"]


def test_a_column_changes_its_type(lake: Lake) -> None:
    first = publish(lake, "SELECT 1::BIGINT AS x")
    second = publish(lake, "SELECT 'one' AS x", (Column("x", "VARCHAR"),))
    third = publish(lake, "SELECT 3::BIGINT AS x")
    assert rows_of_snapshot(lake.snapshot(TABLE, first.snapshot_id)) == [(1,)]
    assert rows_of_snapshot(second) == [("one",)]
    assert rows_of_snapshot(third) == [(3,)]


def test_columns_stand_in_the_contract_s_order(lake: Lake) -> None:
    publish(lake, "SELECT 1::BIGINT AS x")
    columns = (Column("a", "VARCHAR"), Column("x", "BIGINT"))
    found = publish(lake, "SELECT 'a' AS a, 1::BIGINT AS x", columns)
    assert found.columns == columns


VALUES: dict[str, list[str]] = {
    "VARCHAR": ["'雨'", "''", "'a''b'"],
    "INTEGER": ["-2147483648", "2147483647"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807"],
    "DOUBLE": ["0.1", "-1e308", "'nan'::DOUBLE", "'inf'::DOUBLE"],
    "DECIMAL(18,2)": ["-1234567890123456.78", "0.01"],
    "DECIMAL(38,10)": ["1234567890123456789012345678.0123456789"],
    "DECIMAL(4,2)": ["99.99"],
    "BOOLEAN": ["true", "false"],
    "DATE": ["DATE '0001-01-01'", "DATE '9999-12-31'"],
    "TIMESTAMP": ["TIMESTAMP '1969-12-31 23:59:59.999999'", "TIMESTAMP '2020-01-01 00:00:00'"],
    "TIMESTAMPTZ": ["TIMESTAMPTZ '2020-01-01 00:00:00+08'", "TIMESTAMPTZ '1900-01-01 00:00:00+00'"],
    "VARCHAR[]": ["['a', NULL, '雨']", "[]"],
    "BIGINT[]": ["[1, NULL]"],
    "DATE[]": ["[DATE '2020-01-01']"],
    "DOUBLE[][]": ["[[1.5], []]"],
}


@pytest.mark.parametrize("kind", VALUES)
def test_values_come_back(kind: str, lake: Lake) -> None:
    union = " UNION ALL ".join(
        f"SELECT {n} AS n, CAST({v} AS {kind}) AS x" for n, v in enumerate([*VALUES[kind], "NULL"])
    )
    columns = (Column("n", "INTEGER"), Column("x", kind))
    found = publish(lake, union, columns)
    assert found.columns == columns
    with duckdb.connect(":memory:") as con:
        con.execute("SET TimeZone = 'UTC'")
        expected = con.execute(f"{union} ORDER BY n").fetchall()
        files = [str(path) for path in found.files]
        kinds = con.execute("DESCRIBE SELECT * FROM read_parquet(?)", [files]).fetchall()
    assert str(rows_of_snapshot(found)) == str(expected)
    assert kinds[1][1].replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") == kind


@pytest.mark.parametrize("kind", VALUES)
def test_the_two_type_maps_are_inverse(kind: str) -> None:
    assert sql_type(iceberg_type(kind)) == kind


def test_another_iceberg_engine_reads_the_same(lake: Lake) -> None:
    columns = (Column("x", "BIGINT"), Column("d", "DECIMAL(9,2)"), Column("t", "TIMESTAMPTZ"))
    publish(
        lake,
        "SELECT 1::BIGINT AS x, 1.5::DECIMAL(9,2) AS d, TIMESTAMPTZ '2020-01-01 00:00:00+00' AS t",
        columns,
    )
    (row,) = lake.catalog.load_table(TABLE).scan().to_arrow().to_pylist()
    assert (row["x"], str(row["d"]), row["t"]) == (1, "1.50", datetime(2020, 1, 1, tzinfo=UTC))


# -- history ----------------------------------------------------------------------------------------


def test_history_shows_what_readers_saw(lake: Lake) -> None:
    made = [publish(lake, f"SELECT {i} AS x") for i in range(4)]
    assert [s.snapshot_id for s in lake.history(TABLE)] == [s.snapshot_id for s in made]


def test_as_of_is_what_readers_saw_then(lake: Lake) -> None:
    import time

    made = []
    for i in range(3):
        made.append(publish(lake, f"SELECT {i} AS x"))
        time.sleep(0.01)
    for snapshot in made:
        assert lake.as_of(TABLE, snapshot.committed_at) == snapshot
        assert lake.as_of(TABLE, snapshot.committed_at + timedelta(milliseconds=5)) == snapshot
    assert lake.as_of(TABLE, made[0].committed_at - timedelta(seconds=1)) is None
    lake.rollback(TABLE, made[0].snapshot_id)
    now = lake.as_of(TABLE, datetime.now(UTC) + timedelta(seconds=1))
    assert now is not None
    assert now.snapshot_id == made[0].snapshot_id
    assert lake.as_of(TABLE, made[2].committed_at) == made[2]


def test_rollback_remembers_what_was_left(lake: Lake) -> None:
    first = publish(lake, "SELECT 1 AS x", fingerprint="one")
    publish(lake, "SELECT 2 AS x", fingerprint="two")
    back = lake.rollback(TABLE, first.snapshot_id)
    assert rows_of_snapshot(back) == [(1,)]
    assert lake.abandoned(TABLE) == "two"
    publish(lake, "SELECT 3 AS x", fingerprint="three")
    assert lake.abandoned(TABLE) is None


def test_an_unknown_snapshot(lake: Lake) -> None:
    publish(lake, "SELECT 1 AS x")
    for call in (lake.snapshot, lake.rollback):
        with pytest.raises(PipelineError) as caught:
            call(TABLE, 42)
        assert caught.value.code == "snapshot_unknown"


def test_expiry_keeps_the_newest_and_the_current(lake: Lake) -> None:
    made = [publish(lake, f"SELECT {i} AS x") for i in range(5)]
    lake.rollback(TABLE, made[0].snapshot_id)
    lake.expire(TABLE, 2)
    assert lake.current(TABLE) == lake.snapshot(TABLE, made[0].snapshot_id)
    with pytest.raises(PipelineError):
        lake.snapshot(TABLE, made[2].snapshot_id)
    orphans = lake.orphans(TABLE)
    used = {path for s in (made[0],) for path in s.files}
    assert used.isdisjoint(orphans)
    assert set(made[2].files) <= set(orphans)
    for path in orphans:
        path.unlink()
    assert rows_of_snapshot(lake.snapshot(TABLE, made[0].snapshot_id)) == [(0,)]


def test_expiry_again_does_nothing(lake: Lake) -> None:
    for i in range(4):
        publish(lake, f"SELECT {i} AS x")
    assert lake.expire(TABLE, 2)
    assert lake.expire(TABLE, 2) == []
    assert [rows_of_snapshot(s) for s in lake.history(TABLE)] == [[(2,)], [(3,)]]


# -- maintenance of a workspace ---------------------------------------------------------------------

SHOP = "raw.trade__shop"


def deliver(city: City, i: int) -> None:
    city.source("shop.csv", csv("id,name,district,opened", f"{i},Tea,north,2020-01-01"))


def test_a_rolled_back_result_is_held_until_something_changes(small: City) -> None:
    deliver(small, 1)
    small.run()
    first = small.current(SHOP)
    assert first is not None
    deliver(small, 2)
    small.run()
    rollback(small.root, SHOP, first.snapshot_id)
    assert small.status()[SHOP].snapshot_id == first.snapshot_id
    outcome = small.run().outcomes[SHOP]
    assert (outcome.status, [w.code for w in outcome.warnings]) == ("unchanged", ["rolled_back"])
    assert [row[0] for row in small.rows(SHOP)] == [1]
    assert [row[0] for row in small.rows("base.shop")] == [1]
    deliver(small, 3)
    assert statuses(small.run())[SHOP] == "published"
    assert [row[0] for row in small.rows(SHOP)] == [3]


def test_full_publishes_a_rolled_back_result_again(small: City) -> None:
    deliver(small, 1)
    small.run()
    first = small.current(SHOP)
    assert first is not None
    deliver(small, 2)
    small.run()
    rollback(small.root, SHOP, first.snapshot_id)
    small.run(full=True)
    assert [row[0] for row in small.rows(SHOP)] == [2]


def test_rollback_of_what_was_never_published(small: City) -> None:
    with pytest.raises(PipelineError) as caught:
        rollback(small.root, SHOP, 1)
    assert caught.value.code == "never_published"


def test_clean_keeps_what_the_workspace_says(small: City) -> None:
    small.settings("[lake]\nkeep_snapshots = 2\n")
    for i in range(4):
        deliver(small, i)
        small.run("+base.shop")
    done = clean(small.root)
    assert done.files > 0
    assert done.bytes > 0
    kept = snapshots_of(small.load(), SHOP)
    assert [[row[0] for row in rows_of_snapshot(s)] for s in kept] == [[2], [3]]
    assert [row[0] for row in small.rows("base.shop")] == [3]
    assert clean(small.root).files == 0
    assert set(statuses(small.run("+base.shop")).values()) == {"unchanged"}


def test_a_resource_that_left_keeps_its_data_until_that_is_asked_for(small: City) -> None:
    small.run()
    for suffix in ("sql", "yaml"):
        (small.root / f"models/fusion/district_profile.{suffix}").unlink()
    data = small.home.lake / "warehouse/fusion/district_profile"
    clean(small.root)
    assert list(data.rglob("*.parquet"))
    assert clean(small.root, retired=True).files > 0
    assert not data.exists()
    assert "fusion.district_profile" not in small.lake().tables()
    assert set(statuses(small.run()).values()) == {"unchanged"}
