"""CSV: header, then blocks, the fast way wherever it is exact.

The text is cut into pieces at record ends. A piece whose quotes are regular goes to Arrow's
parser on a worker thread; everything that Arrow reads differently from what the file says
(irregular quotes, NUL bytes, ragged rows) is read again, piece by piece, by `csv_careful`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.csv

from catalog.contract import Contract, FileSource
from pipelines.collect import header
from pipelines.collect.blocks import Block, UnnamedColumns, Warn, report_extra
from pipelines.collect.csv_careful import FIELD_LIMIT, CarefulReader, Scanner
from pipelines.collect.encodings import CHUNK, utf8_chunks
from pipelines.collect.header import Header, Layout, Place, Row
from pipelines.collect.landing import Landed
from pipelines.collect.lines import (
    Quotes,
    count_breaks,
    first_break,
    last_break,
    record_lines,
)
from pipelines.collect.streams import at, open_bytes
from pipelines.errors import PipelineError

WORKERS = 2
WINDOW = 64 << 10


class CsvFile:
    """One CSV file whose header is read at once and whose rows are read when asked for."""

    def __init__(
        self,
        contract: Contract,
        source: FileSource,
        landed: Landed,
        warn: Warn,
        *,
        chunk: int = CHUNK,
        careful: bool = False,
    ) -> None:
        self._source = source
        self._landed = landed
        self._warn = warn
        self._chunk = chunk
        delimiter = source.options.delimiter
        self._careful_only = careful or not delimiter.isascii()
        self._layout, self._start, self._line = self._read_header(contract)

    def _read_header(self, contract: Contract) -> tuple[Layout, int, int]:
        """The layout, and the byte and the line at which the data starts."""
        with self._chunks() as chunks:
            head = next(chunks, b"")
            # Only when the whole file is in hand may its last record lack a line end.
            final = next(chunks, None) is None
        if not head:
            raise PipelineError("file_empty", where=at(self._landed))
        options = self._source.options
        if options.header == "none":
            return header.by_position(contract), 0, 1
        rows, ends = self._first_rows(head, final, options.header)
        found = self._find_header(contract, rows)
        place = Place(self._landed, rows[found.rows - 1].line)
        report_extra(found.layout, options, place, self._warn)
        start, line = ends[found.rows - 1]
        return found.layout, start, line

    def _first_rows(
        self, head: bytes, final: bool, mode: str
    ) -> tuple[list[Row], list[tuple[int, int]]]:
        text = head.decode("utf-8")
        wanted = 1 if mode == "first" else header.SEARCHED_ROWS + 5
        rows: list[Row] = []
        ends: list[tuple[int, int]] = []
        scanner = Scanner(text, self._source.options.delimiter, 1, final, self._landed)
        for record in scanner:
            rows.append(Row(record.cells, record.line))
            ends.append((len(text[: scanner.consumed].encode()), scanner.line))
            if len(rows) == wanted:
                break
        return rows, ends

    def _find_header(self, contract: Contract, rows: list[Row]) -> Header:
        if not rows:
            raise PipelineError("file_empty", where=at(self._landed))
        options = self._source.options
        if options.header == "first":
            return header.first_row(contract, rows[0], self._landed)
        return header.find(contract, rows, options.header_rows, self._landed)

    @contextmanager
    def _chunks(self) -> Iterator[Iterator[bytes]]:
        with open_bytes(self._landed) as stream:
            yield utf8_chunks(stream, self._landed, self._source.encoding, self._chunk)

    def blocks(self) -> Iterator[Block]:
        """The rows in file order.

        Raises:
            PipelineError: `wrong_encoding`, `file_truncated`, `file_corrupt`, `field_too_large`,
                `quote_open`, `column_extra`.
        """
        with ThreadPoolExecutor(WORKERS, "csv") as pool:
            pending: deque[Future[list[Block]] | Block] = deque()
            try:
                with closing(self._work(pool)) as work:
                    for item in work:
                        pending.append(item)
                        while len(pending) > WORKERS:
                            yield from _result(pending.popleft())
                while pending:
                    yield from _result(pending.popleft())
            finally:
                for item in pending:
                    if isinstance(item, Future):
                        item.cancel()

    def _work(self, pool: ThreadPoolExecutor) -> Generator[Future[list[Block]] | Block]:
        place = Place(self._landed, self._line)
        guard = UnnamedColumns(self._layout, self._source.options, place, self._warn)
        delimiter = self._source.options.delimiter
        careful = CarefulReader(self._layout, delimiter, guard, place)
        fast = None if self._careful_only else FastReader(self._layout, delimiter, guard, careful)
        line = self._line
        rest = b""
        for chunk, final in self._data():
            data = rest + chunk if rest else chunk
            window = WINDOW
            while data:
                piece = cut(data, delimiter, final) if fast else None
                if fast and piece:
                    text, quotes = piece
                    yield pool.submit(fast.read, text, quotes, line)
                    line += count_breaks(text)
                    data = data[len(text) :]
                    continue
                end = _window(data, window) if fast else len(data)
                scanner = careful.scan(data[:end], line, final and end == len(data))
                yield from careful.blocks(scanner)
                if not scanner.consumed and end == len(data):
                    break
                line = scanner.line
                data = scanner.rest() + data[end:]
                # Where one quote is irregular, more will be: do not search again too often.
                window *= 4
            rest = data

    def _data(self) -> Iterator[tuple[bytes, bool]]:
        """The chunks after the header, and whether each is the last one."""
        with self._chunks() as chunks:
            held = next(chunks, b"")[self._start :]
            for chunk in chunks:
                yield held, False
                held = chunk
            yield held, True


def _result(item: Future[list[Block]] | Block) -> list[Block]:
    return [item] if isinstance(item, Block) else item.result()


def cut(data: bytes, delimiter: str, final: bool) -> tuple[bytes, Quotes] | None:
    """The complete records with regular quotes at the start of `data`; None: there are none."""
    quotes = Quotes.find(data)
    whole = final and not len(quotes.positions) & 1
    end = len(data) if whole else last_break(data, quotes)
    wrong = quotes.before(end).irregular(data[:end], ord(delimiter))
    if wrong is not None:
        end = last_break(data[:wrong], quotes.before(wrong))
    # A record longer than a chunk always stands first; its values may be beyond the limit.
    if end > FIELD_LIMIT and first_break(data, quotes) > FIELD_LIMIT:
        return None
    return (data[:end], quotes.before(end)) if end else None


def _window(data: bytes, size: int) -> int:
    """The end of a line at or behind `size`, so that no character is cut."""
    return data.find(b"\n", size) + 1 or len(data)


class FastReader:
    """Arrow's parser for one piece at a time; a piece it cannot read exactly is read carefully."""

    def __init__(
        self,
        layout: Layout,
        delimiter: str,
        guard: UnnamedColumns,
        careful: CarefulReader,
    ) -> None:
        self._layout = layout
        self._guard = guard
        self._careful = careful
        names = [str(i) for i in range(layout.width)]
        used = [str(i) for i in layout.used]
        self._names = names
        self._parse = pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
        self._convert = pyarrow.csv.ConvertOptions(
            # The decoder has checked the text, unused columns included.
            check_utf8=False,
            column_types={name: pa.string() for name in used},
            include_columns=used,
            strings_can_be_null=False,
        )

    def read(self, data: bytes, quotes: Quotes, line: int) -> list[Block]:
        """The blocks of complete records with regular quotes; `line` is that of the first byte."""
        table = None if b"\0" in data else self._arrow(data)
        lines = None if table is None else _lines(data, quotes, line, table.num_rows)
        if table is None or lines is None:
            return self._otherwise(data, quotes, line)
        if not table.num_rows:
            return []
        arrays = {i: _one_chunk(table.column(k)) for k, i in enumerate(self._layout.used)}
        self._guard.check(arrays, lines)
        columns = tuple(None if c is None else arrays[c] for c in self._layout.columns)
        return [Block(columns, lines)]

    def _otherwise(self, data: bytes, quotes: Quotes, line: int) -> list[Block]:
        """Halve the piece until only the surroundings of the bad row are read carefully."""
        half = len(data) // 2
        middle = last_break(data[:half], quotes.before(half)) if half > WINDOW else 0
        if not middle:
            return list(self._careful.blocks(self._careful.scan(data, line, final=True)))
        left, right = data[:middle], data[middle:]
        blocks = self.read(left, quotes.before(middle), line)
        return blocks + self.read(right, quotes.since(middle), line + count_breaks(left))

    def _arrow(self, data: bytes) -> pa.Table | None:
        read = pyarrow.csv.ReadOptions(
            use_threads=False, block_size=len(data) + 1, column_names=self._names
        )
        try:
            return pyarrow.csv.read_csv(
                pa.BufferReader(data),
                read_options=read,
                parse_options=self._parse,
                convert_options=self._convert,
            )
        except pa.ArrowInvalid:
            return None


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _lines(data: bytes, quotes: Quotes, first: int, rows: int) -> pa.Array | None:
    """The line of every row; None when Arrow saw another number of records than we do."""
    breaks = count_breaks(data) + (not data.endswith((b"\n", b"\r")))
    if breaks == rows:
        return pa.array(np.arange(first, first + rows, dtype=np.int64))
    lines = record_lines(data, quotes, first)
    return pa.array(lines) if len(lines) == rows else None
