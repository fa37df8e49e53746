"""The published rows of one resource as one stream of text, whatever the files look like."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from catalog.contract import Contract, ContractField, FileSource
from pipelines.collect.blocks import Block, Warn
from pipelines.collect.landing import Landed
from pipelines.collect.streams import at
from pipelines.errors import PipelineError

Blocks = Callable[[], Iterator[Block]]
REPEAT_ROWS = 65_536


@dataclass(slots=True)
class Received:
    """The published rows of one resource, as text.

    Attributes:
        schema: one string column for every field of the contract, in its order, then
            `_source_file` (string), `_source_line` (int64: the line, record or row number, from
            1), `_load_id` (string), `_malformed` (string or NULL: `columns`, `quotes`, `nul` or
            `json`) and `_raw` (string or NULL: the text of a malformed row, whose fields are NULL).
        warnings: what a steward should know, mostly found when the headers were read; a column
            without a header that has values is found while reading.
        failure: the error that ended a reading. An engine that reads the stream through Arrow's
            C interface turns it into its own error; here it keeps its code and its place.
    """

    schema: pa.Schema
    warnings: list[PipelineError]
    failure: PipelineError | None = None
    _files: list[tuple[Landed, Blocks]] = field(default_factory=list)
    _contract: Contract | None = None

    def reader(self) -> pa.RecordBatchReader:
        """The rows, file after file in the order given; memory is bounded.

        Raises:
            PipelineError: while reading, for the first file that cannot be read to its end.
        """
        return pa.RecordBatchReader.from_batches(self.schema, self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        assert self._contract is not None
        try:
            for landed, blocks in self._files:
                dress = _Dress(self._contract, landed, self.schema)
                for block in blocks():
                    yield dress.batch(block)
        except PipelineError as error:
            self.failure = error
            raise


def read_files(contract: Contract, landed: Sequence[Landed]) -> Received:
    """Read the headers of the landed files now and their rows when asked for.

    Args:
        contract: whose `source` says how the files are written; files fetched from a database
            are Parquet files with columns named by field.
        landed: the files, read in order of their names.

    Raises:
        PipelineError: everything that the headers show: `file_empty`, `file_corrupt`,
            `file_truncated`, `wrong_encoding`, `encoding_unknown`, `header_missing`,
            `column_missing`, `column_duplicate`, `column_extra`, `sheet_missing`,
            `file_name_mismatch`. JSON documents have no header; they are looked at when read.
    """
    warnings: list[PipelineError] = []
    files = [
        (file, open_file(contract, file, warnings.append))
        for file in sorted(landed, key=lambda file: file.name)
    ]
    for file, _ in files:
        _constants(contract, file)
    return Received(text_schema(contract), warnings, _files=files, _contract=contract)


def open_file(contract: Contract, landed: Landed, warn: Warn) -> Blocks:
    """The reader for a file's format, with its header already checked."""
    source = contract.source
    if not isinstance(source, FileSource):
        from pipelines.collect.parquet import ParquetFile

        return ParquetFile(contract, None, landed, warn).blocks
    if source.format == "csv":
        from pipelines.collect.csv_files import CsvFile

        return CsvFile(contract, source, landed, warn).blocks
    if source.format == "excel":
        from pipelines.collect.excel import ExcelFile

        return ExcelFile(contract, source, landed, warn).blocks
    if source.format == "parquet":
        from pipelines.collect.parquet import ParquetFile

        return ParquetFile(contract, source, landed, warn).blocks
    from pipelines.collect.documents import DocumentFile

    return DocumentFile(contract, source, landed, warn).blocks


def text_schema(contract: Contract) -> pa.Schema:
    """The schema of `Received`."""
    return pa.schema(
        [
            *((field.name, pa.string()) for field in contract.fields),
            ("_source_file", pa.string()),
            ("_source_line", pa.int64()),
            ("_load_id", pa.string()),
            ("_malformed", pa.string()),
            ("_raw", pa.string()),
        ]
    )


def load_id(contract: Contract, landed: Landed) -> str:
    """16 hex digits that tell this content of this file of this resource from any other."""
    text = f"{contract.name}\0{landed.name}\0{landed.sha256}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class _Dress:
    """Puts the columns that do not come from cells beside a block's columns."""

    def __init__(self, contract: Contract, landed: Landed, schema: pa.Schema) -> None:
        self._schema = schema
        self._constants = [_Constant(text) for text in _constants(contract, landed)]
        self._file = _Constant(landed.name)
        self._load = _Constant(load_id(contract, landed))
        self._null = _Constant(None)

    def batch(self, block: Block) -> pa.RecordBatch:
        rows = len(block.lines)
        cells = [
            self._constants[i].take(rows) if column is None else column
            for i, column in enumerate(block.columns)
        ]
        null = self._null.take(rows)
        tail = [
            self._file.take(rows),
            block.lines,
            self._load.take(rows),
            null if block.malformed is None else block.malformed,
            null if block.raw is None else block.raw,
        ]
        return pa.RecordBatch.from_arrays([*cells, *tail], schema=self._schema)


class _Constant:
    """One text repeated; the array is built once and sliced, which costs nothing per row."""

    def __init__(self, text: str | None) -> None:
        self._scalar = pa.scalar(text, pa.string())
        self._array = pa.array([], pa.string())

    def take(self, rows: int) -> pa.Array:
        if len(self._array) < rows:
            self._array = pa.repeat(self._scalar, max(rows, REPEAT_ROWS))
        return self._array.slice(0, rows)


def _constants(contract: Contract, landed: Landed) -> list[str | None]:
    return [_from_name(field, landed) for field in contract.fields]


def _from_name(field: ContractField, landed: Landed) -> str | None:
    pattern = field.read.file_name
    if pattern is None:
        return None
    found = re.search(pattern, landed.name)
    if found is None and not field.read.optional:
        raise PipelineError(
            "file_name_mismatch", where=at(landed), field=field.name, pattern=pattern
        )
    return found.group(1) if found else None
