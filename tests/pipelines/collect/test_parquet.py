"""Parquet files: typed values as text."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.contract import Contract
from pipelines.collect import Landed
from pipelines.collect.arrow_text import to_text
from tests.pipelines.collect.helpers import (
    contract,
    failure,
    field,
    land,
    lines,
    malformed,
    values,
)


def parquet(folder: Path, table: dict[str, Any]) -> Landed:
    pq.write_table(pa.table(table), folder / "made.parquet")
    return land(folder, "x.parquet", (folder / "made.parquet").read_bytes())


def reading(*fields: Any, **options: Any) -> Contract:
    return contract(*fields, format="parquet", **options)


def text(items: list[Any], kind: pa.DataType) -> list[str | None]:
    return to_text(pa.array(items, kind)).to_pylist()


def test_every_type_has_a_text_that_can_be_read_again() -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5)
    assert text([1, None, -7], pa.int32()) == ["1", None, "-7"]
    assert text([1.5, 3.0, 0.1, 1e300, None], pa.float64()) == ["1.5", "3", "0.1", "1e+300", None]
    assert text([0.5, 0.1], pa.float32()) == ["0.5", "0.1"]
    assert text([True, False, None], pa.bool_()) == ["true", "false", None]
    assert text([date(2024, 1, 2)], pa.date32()) == ["2024-01-02"]
    assert text([moment, moment.replace(microsecond=120_000)], pa.timestamp("us")) == [
        "2024-01-02 03:04:05",
        "2024-01-02 03:04:05.12",
    ]
    zoned = pa.timestamp("ms", "Asia/Taipei")
    assert text([moment.replace(tzinfo=UTC), None], zoned) == ["2024-01-02 03:04:05+00", None]
    assert text([Decimal("1E+3"), Decimal("1.50")], pa.decimal128(10, 2)) == ["1000.00", "1.50"]
    assert text([b"\x00\xff"], pa.binary()) == ["00ff"]
    assert text(["x", "x", None], pa.dictionary(pa.int8(), pa.string())) == ["x", "x", None]
    assert text([{"a": [1, None]}], pa.struct({"a": pa.list_(pa.int8())})) == ['{"a": [1, null]}']
    assert text([time(8, 30)], pa.time64("us")) == ["08:30:00.000000"]


def test_columns_by_name_and_rows_by_number(tmp_path: Path) -> None:
    landed = parquet(tmp_path, {"x": [1, 2], "名": ["a", None]})
    resource = reading(field("n", "名"), "x", field("o", optional=True))
    assert values(resource, landed) == [("a", "1", None), (None, "2", None)]
    assert lines(resource, landed) == [1, 2]


def test_missing_and_undeclared_columns(tmp_path: Path) -> None:
    landed = parquet(tmp_path, {"x": [1], "y": [2]})
    assert failure(reading("x"), landed).code == "column_extra"
    assert values(reading("x", extra_columns="warn"), landed) == [("1",)]
    assert failure(reading("x", "z"), landed).code == "column_missing"


def test_a_value_with_a_nul_byte(tmp_path: Path) -> None:
    landed = parquet(tmp_path, {"x": ["a", "b\0", None], "y": [1, 2, 3]})
    assert malformed(reading("x", "y"), landed) == [(2, "nul", '["b␀", "2"]')]
    assert values(reading("x", "y"), landed)[2] == (None, "3")


def test_no_parquet_file(tmp_path: Path) -> None:
    whole = parquet(tmp_path, {"x": list(range(1000))}).path.read_bytes()
    for content in (b"a,b\n1,2\n", whole[:-10]):
        error = failure(reading("x"), land(tmp_path, "x.parquet", content))
        assert (error.code, error.fields["expected"]) == ("file_corrupt", "Parquet")
    assert failure(reading("x"), land(tmp_path, "x.parquet", b"")).code == "file_empty"
