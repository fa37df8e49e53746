"""Parquet files: typed values become text, row numbers become lines."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.contract import Contract, FileOptions, FileSource
from pipelines.collect import header
from pipelines.collect.arrow_text import to_text
from pipelines.collect.blocks import Block, Warn, report_extra
from pipelines.collect.header import Layout, Place
from pipelines.collect.landing import Landed
from pipelines.collect.streams import at, read_all
from pipelines.errors import PipelineError

READ_ROWS = 65_536


class ParquetFile:
    """One Parquet file; `source` None means a file that `fetch_database` wrote, by field name."""

    def __init__(
        self, contract: Contract, source: FileSource | None, landed: Landed, warn: Warn
    ) -> None:
        self._landed = landed
        with self._open() as file:
            names = file.schema_arrow.names
        if source is None:
            columns = tuple(
                names.index(f.name) if f.name in names and f.read.file_name is None else None
                for f in contract.fields
            )
            self._layout = Layout(len(names), columns)
        else:
            self._layout = self._match(contract, source.options, names, warn)

    def _match(
        self, contract: Contract, options: FileOptions, names: list[str], warn: Warn
    ) -> Layout:
        if options.header == "none":
            return header.by_position(contract)
        place = Place(self._landed)
        layout = header.match(contract, names, place)
        report_extra(layout, options, place, warn)
        return layout

    def blocks(self) -> Iterator[Block]:
        """The rows; bounded by a few row groups in memory."""
        used = sorted({c for c in self._layout.columns if c is not None})
        first = 1
        with self._open() as file:
            names = [file.schema_arrow.names[i] for i in used]
            for batch in self._batches(file, names):
                texts = {
                    i: to_text(batch.column(name)) for i, name in zip(used, names, strict=True)
                }
                lines = pa.array(np.arange(first, first + len(batch), dtype=np.int64))
                first += len(batch)
                columns = (None if c is None else texts[c] for c in self._layout.columns)
                yield _without_nul(Block(tuple(columns), lines))

    def _batches(self, file: pq.ParquetFile, names: list[str]) -> Iterator[pa.RecordBatch]:
        try:
            yield from file.iter_batches(READ_ROWS, columns=names)
        except (pa.ArrowInvalid, OSError) as error:
            raise self._corrupt(error) from error

    def _open(self) -> pq.ParquetFile:
        path = self._landed.path
        if not self._landed.size:
            raise PipelineError("file_empty", where=at(self._landed))
        try:
            if path.suffix.lower() in (".gz", ".zst"):
                return pq.ParquetFile(pa.BufferReader(read_all(self._landed)))
            return pq.ParquetFile(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise self._corrupt(error) from error

    def _corrupt(self, error: Exception) -> PipelineError:
        return PipelineError(
            "file_corrupt",
            where=at(self._landed),
            expected="Parquet",
            reason=str(error),
        )


def _without_nul(block: Block) -> Block:
    """A row with a NUL byte in a value is malformed: hardly any database can store it."""
    present = [column for column in block.columns if column is not None]
    if not any(_has_nul(column) for column in present):
        return block
    found = [pc.fill_null(pc.match_substring(column, "\0"), False) for column in present]
    bad = found[0]
    for mask in found[1:]:
        bad = pc.or_(bad, mask)
    null = pa.scalar(None, pa.string())
    rows = zip(*(column.to_pylist() for column in present), strict=True)
    raw = [
        json.dumps(row, ensure_ascii=False).replace("\\u0000", "␀") if wrong else None
        for row, wrong in zip(rows, bad.to_pylist(), strict=True)
    ]
    return Block(
        tuple(None if c is None else pc.if_else(bad, null, c) for c in block.columns),
        block.lines,
        pc.if_else(bad, pa.scalar("nul"), null),
        pa.array(raw, pa.string()),
    )


def _has_nul(column: pa.Array) -> bool:
    """Search the bytes of all values at once."""
    _, offsets, data = column.buffers()
    if data is None or not len(column):
        return False
    ends = np.frombuffer(offsets, dtype=np.int32)
    first, last = ends[column.offset], ends[column.offset + len(column)]
    return bool((np.frombuffer(data, dtype=np.uint8)[first:last] == 0).any())
