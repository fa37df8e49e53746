"""Rows by their code: a sorted Arrow file that is read by binary search, without an engine.

One file holds what one grant lets be seen of one snapshot, already masked: what is not granted is not
in it. It is mapped into memory, so that all processes share it and nothing is loaded for a lookup.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 50_000  # rows; the first code of each batch is kept in memory
CODE = "_code"


class RecordFile:
    """A file that is open for reading; may be used from any thread."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        self._batches = [reader.get_batch(place) for place in range(reader.num_record_batches)]
        self._batches = [batch for batch in self._batches if batch.num_rows]
        self._codes = [batch.column(CODE) for batch in self._batches]
        self._first = [codes[0].as_py() for codes in self._codes]

    def find(self, code: str) -> dict[str, Any] | None:
        """The row of a code; None when there is none."""
        place = bisect_right(self._first, code) - 1
        if place < 0:
            return None
        codes = self._codes[place]
        row = _position(codes, code)
        if row is None:
            return None
        found: dict[str, Any] = self._batches[place].slice(row, 1).to_pylist()[0]
        del found[CODE]
        return found


def _position(codes: pa.Array, code: str) -> int | None:
    low, high = 0, len(codes)
    while low < high:
        middle = (low + high) // 2
        if codes[middle].as_py() < code:
            low = middle + 1
        else:
            high = middle
    return low if low < len(codes) and codes[low].as_py() == code else None


def write_records(
    con: duckdb.DuckDBPyConnection, source: str, code: str, columns: Mapping[str, str], path: Path
) -> None:
    """Write a file for `RecordFile`, whole or not at all.

    Args:
        source: a SELECT over the rows.
        code, columns: SQL expressions: of the code, and of each column by its name. Rows without a
            code are left out.

    Raises:
        duckdb.Error: the engine fails.
    """
    import pyarrow as pa

    listed = ", ".join(f'{sql} AS "{name}"' for name, sql in {CODE: code, **columns}.items())
    query = f"SELECT {listed} FROM ({source}) AS s WHERE {code} IS NOT NULL ORDER BY {CODE}"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        batches = con.sql(query).to_arrow_reader(BATCH)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file, pa.ipc.new_file(file, batches.schema) as out:
            for batch in batches:
                out.write_batch(batch)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
