"""What stands in a table's Parquet files, and how to read it as the columns that the table has now."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.lake import Column
from quality.predicates import quoted

if TYPE_CHECKING:
    import pyarrow as pa

_KEPT = 20_000  # footers that are remembered; a published file never changes
_known: OrderedDict[Path, Mapping[str, str | None]] = OrderedDict()
_lock = threading.Lock()


def held_columns(path: Path) -> Mapping[str, str | None]:
    """The columns of a Parquet file, with the types that may have been widened since (integers,
    decimals and lists of them); None for any other type.

    Raises:
        OSError: the file is not there.
    """
    with _lock:
        if path in _known:
            _known.move_to_end(path)
            return _known[path]
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    found = {item.name: _sql_type(item.type) for item in schema}
    with _lock:
        _known[path] = found
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def selection(path: Path, columns: Sequence[Column]) -> str:
    """The SELECT list by which a file's rows have the table's columns, in their order."""
    try:
        held = held_columns(path)
    except OSError:  # the engine will say better what is wrong with the file
        held = {column.name: None for column in columns}
    return ", ".join(_read(column, held) for column in columns)


def _read(column: Column, held: Mapping[str, str | None]) -> str:
    name = next((n for n in (column.name, *column.former) if n in held), None)
    if name is None:
        # It was added after the file was written.
        return f"CAST(NULL AS {column.type}) AS {quoted(column.name)}"
    if held[name] not in (None, column.type):
        return f"CAST({quoted(name)} AS {column.type}) AS {quoted(column.name)}"
    return quoted(name) if name == column.name else f"{quoted(name)} AS {quoted(column.name)}"


def _sql_type(kind: pa.DataType) -> str | None:
    import pyarrow as pa

    if pa.types.is_int32(kind):
        return "INTEGER"
    if pa.types.is_int64(kind):
        return "BIGINT"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if pa.types.is_list(kind):
        element = _sql_type(kind.value_type)
        return f"{element}[]" if element is not None else None
    return None
