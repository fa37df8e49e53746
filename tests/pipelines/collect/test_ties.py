"""Rows at the last cursor that were received before."""

from __future__ import annotations

import random
from collections import Counter

import pyarrow as pa
import pytest

from pipelines.collect import ties as module
from pipelines.collect.ties import Ties

Row = tuple[str | None, str | None]


def batches(rows: list[Row], sizes: random.Random) -> list[pa.RecordBatch]:
    """The rows, cut anywhere; some batches are empty."""
    schema = pa.schema([("at", pa.string()), ("name", pa.string())])
    found, start = [], 0
    while start <= len(rows):
        size = sizes.randrange(4)
        part = rows[start : start + size]
        found.append(
            pa.RecordBatch.from_arrays(
                [pa.array([row[n] for row in part], pa.string()) for n in (0, 1)], schema=schema
            )
        )
        start += size or (start == len(rows))
    return found


def passed(ties: Ties, rows: list[Row], sizes: random.Random) -> list[Row]:
    found = [batch.to_pylist() for batch in ties.new(batches(rows, sizes))]
    return [(row["at"], row["name"]) for part in found for row in part]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_new_is_all_but_what_was_there(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD_ROWS", 2)
    chance = random.Random(seed)
    names = ["a", "b", None]
    old: list[Row] = [(None, "n"), ("1", "x")]
    old += [("2", chance.choice(names)) for _ in range(chance.randrange(1, 7))]
    first = Ties("at", None, Counter())
    assert passed(first, old, chance) == old
    late: list[Row] = [("2", chance.choice(names)) for _ in range(chance.randrange(3))]
    further: list[Row] = [("3", "a") for _ in range(chance.randrange(3))]
    now = [row for row in old if row[0] == "2"] + late
    chance.shuffle(now)
    second = Ties("at", "2", first.rows)
    assert Counter(passed(second, [*now, *further], chance)) == Counter([*late, *further])
    again = Ties("at", "3" if further else "2", second.rows)
    assert passed(again, further or now, chance) == []


def test_a_value_is_told_from_none_and_from_its_neighbour() -> None:
    rows: list[Row] = [("1", None), ("1", "None"), ("1", "null"), ("1", '"')]
    schema = pa.schema([("at", pa.string()), ("name", pa.string())])
    ties = Ties("at", None, Counter())
    assert passed(ties, rows, random.Random(1)) == rows
    assert set(ties.rows.values()) == {1}
    assert len(ties.rows) == 4
    assert next(ties.new([pa.RecordBatch.from_pylist([], schema)])).num_rows == 0


def test_a_field_that_is_empty_makes_no_other_row() -> None:
    ties = Ties("at", None, Counter())
    assert passed(ties, [("1", "a"), ("1", "b")], random.Random(1)) == [("1", "a"), ("1", "b")]
    text = pa.string()
    wider = pa.schema([("at", text), ("more", text), ("name", text)])
    rows = [{"at": "1", "name": "a"}, {"at": "1", "name": "b", "more": "c"}]
    batch = pa.RecordBatch.from_pylist(rows, wider)
    (found,) = Ties("at", "1", ties.rows).new([batch])
    assert found.column("name").to_pylist() == ["b"]
