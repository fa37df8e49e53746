"""Columns that a new version of a contract adds, widens, renames or drops."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.collect import Landing
from pipelines.evolution.columns import may_break
from pipelines.evolution.decide import Evolution, evolution_of
from pipelines.query import open_query
from pipelines.snapshot_diff import diff_snapshots
from tests.support.city import City, csv, rows_of_snapshot, statuses

ID = "- {name: id, logicalType: integer, primaryKey: true}\n"
NAME = "- {name: name, logicalType: string, required: true}\n"
PLATE = "- {name: plate, logicalType: string}\n"
SEATS = "- {name: seats, logicalType: integer, physicalType: INTEGER}\n"
READ = "customProperties: [{property: read, value: {optional: true}}]"
COLOUR = f"- {{name: colour, logicalType: string, {READ}}}\n"
RENAMED = (
    "- {name: plate_no, logicalType: string, customProperties: [{property: read, value: {from: plate}}, "
    "{property: renamed_from, value: plate}]}\n"
)
BIG = "- {name: seats, logicalType: integer, physicalType: BIGINT}\n"
TEXT = "- {name: seats, logicalType: string}\n"
WARN = "{extra_columns: warn}"
CARS = csv("id,name,plate,seats", "1,Van,A1,7", "2,Bus,B2,40")
TABLE = "raw.trade__car"


def cars(city: City, *fields: str, version: str = "1.0.0", custom: str = "") -> None:
    """The contract of the cars."""
    listed = "".join(fields)
    city.collected("trade/car", listed, path="car*.csv", file=WARN, custom=custom, version=version)


@pytest.fixture
def city(city: City) -> City:
    city.settings()
    city.departments("trade")
    cars(city, ID, NAME, PLATE, SEATS)
    city.source("car1.csv", CARS)
    city.run()
    return city


def found(city: City, table: str = TABLE) -> Evolution | None:
    """What `citybrain plan` would say of a table."""
    return evolution_of(city.plan().steps[table], city.lake(), Landing(city.home.landing))


def files(city: City, table: str = TABLE) -> Sequence[Path]:
    snapshot = city.current(table)
    assert snapshot is not None
    return snapshot.files


CHANGES = {
    "added": ([ID, NAME, PLATE, SEATS, COLOUR], "1.1.0", [(1, "Van", "A1", 7, None)]),
    "added in the middle": ([ID, COLOUR, NAME, PLATE, SEATS], "1.1.0", [(1, None, "Van", "A1", 7)]),
    "widened": ([ID, NAME, PLATE, BIG], "1.1.0", [(1, "Van", "A1", 7)]),
    "renamed": ([ID, NAME, RENAMED, SEATS], "2.0.0", [(1, "Van", "A1", 7)]),
    "dropped": ([ID, NAME, SEATS], "2.0.0", [(1, "Van", 7)]),
    "all at once": ([ID, NAME, RENAMED, COLOUR], "2.0.0", [(1, "Van", "A1", None)]),
    "the version": ([ID, NAME, PLATE, SEATS], "1.0.1", [(1, "Van", "A1", 7)]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_row_is_written_again(city: City, change: str) -> None:
    fields, version, first = CHANGES[change]
    before, held = city.current(TABLE), files(city)
    assert before is not None
    old = rows_of_snapshot(before)
    cars(city, *fields, version=version)
    evolution = found(city)
    assert evolution is not None
    assert evolution.way == "in_place"
    assert city.outcome(TABLE).status == "published"
    assert files(city) == held
    assert city.rows(TABLE)[:1] == first
    assert found(city) is None
    assert city.outcome(TABLE).status == "unchanged"
    # A reader of the old snapshot sees it as it was, also by a query.
    again = city.lake().snapshot(TABLE, before.snapshot_id)
    assert [c.name for c in again.columns] == [c.name for c in before.columns]
    assert rows_of_snapshot(again) == old
    with open_query(city.load(), f"SELECT plate, seats FROM {TABLE}", before.snapshot_id) as con:
        assert sorted(con.fetchall()) == [("A1", 7), ("B2", 40)]


@pytest.mark.parametrize("change", CHANGES)
def test_any_reader_of_the_tables_format_sees_the_same(city: City, change: str) -> None:
    fields, version, _ = CHANGES[change]
    cars(city, *fields, version=version)
    city.run()
    table = city.lake().catalog.load_table(TABLE)
    arrow = table.scan().to_arrow()
    columns = [c for c in arrow.column_names if not c.startswith("_")]
    rows = sorted(tuple(row[c] for c in columns) for row in arrow.to_pylist())
    assert rows == city.rows(TABLE)


def test_new_files_beside_old_ones(city: City) -> None:
    incremental = "- {property: collect, value: {mode: incremental}}"
    cars(city, ID, NAME, PLATE, SEATS, custom=incremental)
    city.run()
    held = set(files(city))
    cars(city, ID, NAME, RENAMED, BIG, COLOUR, version="2.0.0", custom=incremental)
    city.source("car2.csv", csv("id,name,plate,seats,colour", "3,Tram,C3,5000000000,red"))
    assert city.outcome(TABLE).status == "published"
    assert held < set(files(city))
    rows = [
        (1, "Van", "A1", 7, None),
        (2, "Bus", "B2", 40, None),
        (3, "Tram", "C3", 5000000000, "red"),
    ]
    assert city.rows(TABLE) == rows
    city.run(full=True)
    assert city.rows(TABLE) == rows
    assert not held & set(files(city))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ([ID, NAME, SEATS], "dropped plate VARCHAR"),
        ([ID, NAME, RENAMED, SEATS], "renamed plate -> plate_no"),
        ([ID, NAME, PLATE, TEXT], "retyped seats INTEGER -> VARCHAR"),
    ],
)
def test_what_breaks_readers_needs_a_new_version(city: City, fields: list[str], told: str) -> None:
    before = city.current(TABLE)
    cars(city, *fields, version="1.9.0")
    evolution = found(city)
    assert evolution is not None
    assert evolution.way == "refused"
    outcome = city.outcome(TABLE)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert outcome.error.code == "schema_breaking"
    assert outcome.error.fields["changes"] == told
    assert "2.0.0" in str(outcome.error)
    now = city.current(TABLE)
    assert before is not None
    assert now is not None
    assert now.snapshot_id == before.snapshot_id
    cars(city, *fields, version="2.0.0")
    assert city.outcome(TABLE).status == "published"


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        ("1.0.0", "1.1.0", False),
        ("1.0.0", "2.0.0", True),
        ("2.0.0", "1.0.0", False),
        ("v1", "v2", True),
        ("1", "1", False),
        ("0.1.0", "0.1.0", True),
        ("0.9.0", "1.0.0", True),
        ("1.0.0", "0.9.0", False),
        ("2024a", "2024a", False),
        ("2024a", "2024b", True),
        (None, "1.0.0", True),
    ],
)
def test_which_versions_say_that_readers_break(before: str | None, after: str, may: bool) -> None:
    assert may_break(before, after) is may


GATE = "- {property: gate, value: {max_quarantined_percent: 100}}"
LOOSE = [ID.replace(", primaryKey: true", ""), NAME.replace(", required: true", "")]
DOUBTS = {
    "type": ([ID, NAME, PLATE, SEATS], [ID, NAME, PLATE, TEXT], CARS),
    "values": (
        [ID, NAME, PLATE, SEATS],
        [ID, NAME, PLATE, SEATS, COLOUR],
        csv("id,name,plate,seats,colour", "1,Van,A1,7,red"),
    ),
    "rules": (
        [ID, NAME, PLATE, SEATS],
        [ID, NAME, PLATE.replace("string", "string, required: true"), SEATS],
        CARS,
    ),
    "quarantine": (
        [ID, NAME, PLATE, SEATS],
        [ID, NAME, PLATE, BIG],
        csv("id,name,plate,seats", "1,Van,A1,7", "2,Bus,B2,9999999999"),
    ),
    "rows": (
        [*LOOSE, PLATE, SEATS],
        [LOOSE[0], PLATE, SEATS],
        csv("id,name,plate,seats", "1,Van,A1,7", ",Bus,,"),
    ),
}


@pytest.mark.parametrize("reason", DOUBTS)
def test_where_files_cannot_stay_rows_are_made_anew(city: City, reason: str) -> None:
    before, after, text = DOUBTS[reason]
    city.source("car1.csv", text)
    cars(city, *before, version="2.0.0", custom=GATE)
    city.run()
    held = files(city)
    cars(city, *after, version="3.0.0", custom=GATE)
    evolution = found(city)
    assert evolution is not None
    assert (evolution.way, evolution.reason) == ("anew", reason)
    city.run()
    assert not set(held) & set(files(city))
    rows = city.rows(TABLE)
    city.run(full=True)
    assert city.rows(TABLE) == rows


def test_a_key_with_a_column_less_is_another_key(city: City) -> None:
    second = "- {name: part, logicalType: integer, primaryKey: true, primaryKeyPosition: 2}\n"
    city.source("car1.csv", csv("id,part,name,plate,seats", "1,1,Van,A1,7", "1,2,Van,A1,7"))
    cars(city, ID, second, NAME, version="2.0.0", custom=GATE)
    city.run()
    cars(city, ID, NAME, version="3.0.0", custom=GATE)
    evolution = found(city)
    assert evolution is not None
    assert (evolution.way, evolution.reason) == ("anew", "rules")
    city.run()
    assert city.rows(TABLE) == [(1, "Van")]
    assert len(city.reasons(TABLE)) == 1


def test_a_column_that_comes_back_is_not_the_old_one(city: City) -> None:
    cars(city, ID, NAME, SEATS, version="2.0.0")
    city.run()
    other = "- {name: plate, logicalType: string, customProperties: [{property: read, value: {from: other, optional: true}}]}\n"
    cars(city, ID, NAME, SEATS, other, version="2.1.0")
    evolution = found(city)
    assert evolution is not None
    assert (evolution.way, evolution.reason) == ("anew", "name")
    city.run()
    assert city.rows(TABLE) == [(1, "Van", 7, None), (2, "Bus", 40, None)]


def test_a_model_that_reads_other_columns_stands(city: City) -> None:
    fields = "- {name: id, logicalType: integer}\n- {name: name, logicalType: string}\n"
    city.model("base.car", f"SELECT id, name FROM {TABLE}", fields)
    wider = "- {name: seats, logicalType: integer}\n"
    city.model("base.seat", f"SELECT seats FROM {TABLE}", wider)
    city.run()
    cars(city, ID, NAME, RENAMED, SEATS, COLOUR, version="2.0.0")
    ran = city.run()
    assert statuses(ran) == {"base.car": "unchanged", "base.seat": "unchanged", TABLE: "published"}
    cars(city, ID, NAME, RENAMED, BIG, COLOUR, version="2.1.0")
    ran = city.run()
    assert statuses(ran) == {"base.car": "unchanged", "base.seat": "published", TABLE: "published"}
    assert city.rows("base.seat") == [(7,), (40,)]


def test_a_comparison_across_the_change_and_after_it(city: City) -> None:
    cars(city, ID, NAME, RENAMED, SEATS, COLOUR, version="2.0.0")
    city.run()
    across = diff_snapshots(city.load(), TABLE)
    assert (across.new_columns, across.dropped_columns) == (("plate_no", "colour"), ("plate",))
    assert (across.added, across.removed, across.changed) == (0, 0, 0)
    city.source("car1.csv", CARS.replace("B2", "B3"))
    city.run()
    after = diff_snapshots(city.load(), TABLE)  # of a file under the former name and a new one
    assert (after.added, after.removed, after.changed) == (0, 0, 1)
    assert after.columns == {"plate_no": 1}


def test_a_rollback_is_not_undone(city: City) -> None:
    before = city.current(TABLE)
    assert before is not None
    cars(city, ID, NAME, PLATE, BIG, version="1.1.0")
    city.run()
    city.lake().rollback(TABLE, before.snapshot_id)
    outcome = city.outcome(TABLE)
    assert outcome.status == "unchanged"
    assert [w.code for w in outcome.warnings] == ["rolled_back"]
    now = city.current(TABLE)
    assert now is not None
    assert now.snapshot_id == before.snapshot_id
