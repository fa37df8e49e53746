"""The difference between two snapshots is what a comparison of all their rows finds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.errors import CityBrainError
from pipelines.levels.infer import Levels
from pipelines.present_diff import diff_json, print_diff
from pipelines.snapshot_diff import SnapshotDiff, diff_snapshots
from tests.support.city import City, csv

KEYED = """
- {name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, classification: L1}
- {name: part, logicalType: string, primaryKey: true, primaryKeyPosition: 2, classification: L1}
- {name: owner, logicalType: string, classification: L3}
- {name: price, logicalType: number, physicalType: DOUBLE, classification: L1}
"""
LOOSE = KEYED.replace("primaryKey: true, primaryKeyPosition: 1, ", "").replace(
    "primaryKey: true, primaryKeyPosition: 2, ", ""
)
Row = tuple[int, str, str | None, float | None]
HEAD = ("id", "part", "owner", "price")


def publish(city: City, rows: list[Row], fields: str = KEYED, head: tuple[str, ...] = HEAD) -> int:
    """Publish rows; returns the snapshot's id."""
    city.collected("trade/shop", fields, version="0.1.0")  # a draft may change in any way
    told = [["" if value is None else value for value in row] for row in rows]
    city.source("shop.csv", csv(",".join(head), *told))
    city.run(full=True)
    found = city.current("raw.trade__shop")
    assert found is not None
    return found.snapshot_id


def diff(city: City, *snapshots: int, limit: int = 20) -> SnapshotDiff:
    return diff_snapshots(city.load(), "raw.trade__shop", *snapshots, limit=limit)


OLD: list[Row] = [(1, "a", "Fir", 1.5), (2, "a", "Oak", 2.5), (3, "a", "Elm", None)]
NEW: list[Row] = [(1, "a", "Fir", 1.5), (2, "a", "Yew", 9.0), (4, "a", "Bay", 4.0)]


def test_rows_are_known_by_their_key(city: City) -> None:
    publish(city, OLD)
    publish(city, NEW)
    found = diff(city)
    assert (found.added, found.removed, found.changed) == (1, 1, 1)
    assert found.key == ("id", "part")
    assert found.columns == {"owner": 1, "price": 1}
    assert [(r.kind, r.key["id"], r.values) for r in found.rows] == [
        ("added", 4, {}),
        ("removed", 3, {}),
        ("changed", 2, {"owner": ("Oak", "Yew"), "price": (2.5, 9.0)}),
    ]


def test_without_a_key_rows_are_wholes(city: City) -> None:
    publish(city, [*OLD, OLD[0], OLD[0]], LOOSE)
    publish(city, [*NEW, NEW[2]], LOOSE)
    found = diff(city)
    assert found.key == ()
    assert (found.added, found.removed, found.changed) == (3, 4, 0)
    shown = {(r.kind, r.key["id"], r.key["owner"]): r.times for r in found.rows}
    assert shown == {
        ("added", 2, "Yew"): 1,
        ("added", 4, "Bay"): 2,
        ("removed", 1, "Fir"): 2,
        ("removed", 2, "Oak"): 1,
        ("removed", 3, "Elm"): 1,
    }


def test_a_key_that_an_old_snapshot_did_not_keep_is_none(city: City) -> None:
    publish(city, [OLD[0], OLD[0]], LOOSE)
    publish(city, [OLD[0]])
    assert (diff(city).key, diff(city).removed) == ((), 1)


def test_two_snapshots_are_named_or_follow_from_each_other(city: City) -> None:
    ids = [publish(city, rows) for rows in (OLD, NEW, [])]
    assert (diff(city).before.snapshot_id, diff(city).after.snapshot_id) == (ids[1], ids[2])
    assert (diff(city, ids[2], ids[0]).added, diff(city, ids[0], ids[2]).removed) == (3, 3)
    assert diff(city, ids[1], ids[1]).same


def test_before_a_rollback_readers_saw_what_was_left(city: City) -> None:
    from pipelines.maintain import rollback

    first, second = publish(city, OLD), publish(city, NEW)
    rollback(city.root, "raw.trade__shop", first)
    found = diff(city)
    assert (found.before.snapshot_id, found.after.snapshot_id) == (second, first)


def test_columns_that_came_went_and_changed_their_type(city: City) -> None:
    publish(city, OLD)
    fields = KEYED.replace(
        "price, logicalType: number, physicalType: DOUBLE", "price, logicalType: string"
    )
    fields = fields.replace("name: owner", "name: keeper")
    publish(city, OLD, fields, ("id", "part", "keeper", "price"))
    found = diff(city)
    assert (found.new_columns, found.dropped_columns) == (("keeper",), ("owner",))
    assert found.retyped == {"price": ("DOUBLE", "VARCHAR")}
    assert (found.added, found.removed, found.changed, found.same) == (0, 0, 0, False)


def test_where_a_row_came_from_is_no_difference(city: City) -> None:
    publish(city, OLD)
    publish(city, [OLD[2], OLD[0], OLD[1]])
    assert diff(city).same


def test_what_cannot_be_compared(city: City) -> None:
    city.collected("trade/shop", KEYED)
    for snapshots, code in (((), "never_published"), ((1, 2), "never_published")):
        with pytest.raises(CityBrainError) as raised:
            diff(city, *snapshots)
        assert raised.value.code in (code, "snapshot_unknown")
    only = publish(city, OLD)
    with pytest.raises(CityBrainError, match="snapshot_first"):
        diff(city)
    with pytest.raises(CityBrainError, match="snapshot_unknown"):
        diff(city, 17, only)
    with pytest.raises(CityBrainError, match="unknown_table"):
        diff_snapshots(city.load(), "raw.trade__shops")


def test_a_person_sees_no_value_above_l2(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    publish(city, OLD)
    publish(city, NEW)
    plan = city.plan()
    print_diff(diff(city), plan.levels)
    said = capsys.readouterr().out
    assert "Oak" not in said and "Yew" not in said
    assert "2.5 -> 9.0" in said and "id=2" in said
    print_diff(diff(city), Levels({}))
    assert "2.5" not in capsys.readouterr().out, "nothing is known of the fields' levels"


def test_only_so_many_rows_are_shown(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    publish(city, [])
    publish(city, [(n, "a", "Fir", 1.0) for n in range(30)])
    found = diff(city, limit=4)
    assert [row.key["id"] for row in found.rows] == [0, 1, 2, 3]
    print_diff(found, city.plan().levels)
    assert "26 more rows" in capsys.readouterr().out


def test_machines_get_everything(city: City) -> None:
    ids = [publish(city, OLD), publish(city, NEW)]
    said = diff_json(diff(city))
    assert [said["from"]["snapshot"], said["to"]["snapshot"]] == [str(i) for i in ids]
    assert said["rows"] == {"added": 1, "removed": 1, "changed": 1}
    assert said["examples"][2]["values"]["owner"] == {"from": "Oak", "to": "Yew"}


VALUES = st.one_of(st.none(), st.sampled_from([0.0, 1.5, 2.5]))
ROWS = st.lists(
    st.tuples(
        st.integers(0, 4), st.sampled_from("ab"), st.sampled_from(["Fir", "Oak", None]), VALUES
    ),
    max_size=7,
)


@pytest.mark.slow
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ROWS, ROWS, st.booleans())
def test_it_is_what_a_comparison_of_all_rows_finds(
    city: City, old: list[Row], new: list[Row], keyed: bool
) -> None:
    if keyed:
        old, new = ([*{row[:2]: row for row in rows}.values()] for rows in (old, new))
    fields = KEYED if keyed else LOOSE
    ids = [publish(city, rows, fields) for rows in (old, new)]
    found = diff(city, *ids, limit=100)
    if not keyed:
        was, now = Counter(old), Counter(new)
        assert (found.added, found.removed) == ((now - was).total(), (was - now).total())
        return
    before, after = ({row[:2]: row[2:] for row in rows} for rows in (old, new))
    common = before.keys() & after.keys()
    changed = {key for key in common if before[key] != after[key]}
    assert found.added == len(after.keys() - before.keys())
    assert found.removed == len(before.keys() - after.keys())
    assert {(r.key["id"], r.key["part"]) for r in found.rows if r.kind == "changed"} == changed
    by_column: dict[str, Any] = {
        name: sum(before[key][at] != after[key][at] for key in common)
        for at, name in enumerate(("owner", "price"))
    }
    assert found.columns == {name: rows for name, rows in by_column.items() if rows}


def test_what_both_hold_is_not_read(city: City, tmp_path: Path) -> None:
    """Files that both snapshots refer to may be gone: they cannot differ."""
    first, second = publish(city, OLD), publish(city, NEW)
    with city.lake() as lake:
        shared = lake.snapshot("raw.trade__shop", first)
    for file in shared.files:
        file.rename(tmp_path / file.name)
    assert diff(city, first, first).same
    with pytest.raises(Exception, match="No files found"):
        diff(city, first, second)
