"""CSV by Python's own reader: exact for every dirty file, and for what the fast way refuses."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.collect.blocks import BATCH_ROWS, Block, Rows, UnnamedColumns
from pipelines.collect.header import Layout, Place
from pipelines.collect.landing import Landed
from pipelines.collect.streams import at
from pipelines.errors import PipelineError

FIELD_LIMIT = 8 << 20
RECORD_LIMIT = 64 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its cells, the line it starts on, how many lines it has, and its text."""

    cells: list[str]
    line: int
    lines: int
    raw: str


class Scanner:
    """Splits a piece of text into records and knows how far the complete ones reach.

    After the iteration `consumed` characters are used up and `line` is the line that follows.
    """

    def __init__(self, text: str, delimiter: str, line: int, final: bool, landed: Landed) -> None:
        self._text = text
        self._delimiter = delimiter
        self._final = final
        self._landed = landed
        self._offset = 0
        self._next_line = line
        self._starved = False
        self.consumed = 0
        self.line = line
        if csv.field_size_limit() < FIELD_LIMIT:
            csv.field_size_limit(FIELD_LIMIT)

    def __iter__(self) -> Iterator[Record]:
        reader = csv.reader(self._feed(), delimiter=self._delimiter)
        while (cells := self._next(reader)) is not None:
            if self._starved and self._final:
                raise PipelineError("quote_open", where=at(self._landed, self.line))
            if not self._final and not self._complete():
                self._check_size()
                return
            start, line = self.consumed, self.line
            self.consumed, self.line = self._offset, self._next_line
            if cells:
                raw = self._text[start : self._offset].rstrip("\r\n")
                yield Record(cells, line, self._next_line - line, raw)

    def rest(self) -> bytes:
        """What stands after the complete records, as UTF-8."""
        return self._text[self.consumed :].encode("utf-8")

    def _feed(self) -> Iterator[str]:
        for line in io.StringIO(self._text, newline=""):
            self._offset += len(line)
            self._next_line += 1
            yield line
        self._starved = True

    def _next(self, reader: Iterator[list[str]]) -> list[str] | None:
        try:
            return next(reader, None)
        except csv.Error as error:
            raise PipelineError(
                "field_too_large",
                where=at(self._landed, self.line),
                limit_mib=FIELD_LIMIT >> 20,
            ) from error

    def _complete(self) -> bool:
        if self._starved:
            return False
        last = self._text[self._offset - 1]
        # The line feed of a carriage return at the very end may stand in the next piece.
        return last == "\n" or (last == "\r" and self._offset < len(self._text))

    def _check_size(self) -> None:
        if len(self._text) - self.consumed > RECORD_LIMIT:
            raise PipelineError(
                "field_too_large",
                where=at(self._landed, self.line),
                limit_mib=RECORD_LIMIT >> 20,
            )


class CarefulReader:
    """Turns records into blocks: ragged rows are kept as malformed, never lost."""

    def __init__(self, layout: Layout, delimiter: str, guard: UnnamedColumns, place: Place) -> None:
        self._layout = layout
        self._delimiter = delimiter
        self._guard = guard
        self._landed = place.landed

    def scan(self, data: bytes, line: int, final: bool) -> Scanner:
        """A scanner of UTF-8 bytes that start at a record."""
        return Scanner(data.decode("utf-8"), self._delimiter, line, final, self._landed)

    def blocks(self, scanner: Scanner) -> Iterator[Block]:
        """The scanner's records in blocks.

        Raises:
            PipelineError: `field_too_large`, `quote_open`, `column_extra`.
        """
        rows = Rows(self._layout)
        for record in scanner:
            self._add(rows, record)
            if len(rows) >= BATCH_ROWS:
                yield rows.block(self._guard)
                rows = Rows(self._layout)
        if rows:
            yield rows.block(self._guard)

    def _add(self, rows: Rows, record: Record) -> None:
        if "\0" in record.raw:
            rows.add_malformed("nul", record.raw, record.line)
        elif record.lines > 1 and self._swallowed(record.raw):
            rows.add_malformed("quotes", record.raw, record.line)
        elif (cells := fit(record.cells, self._layout)) is None:
            rows.add_malformed("columns", record.raw, record.line)
        else:
            rows.add(cells, record.line)

    def _swallowed(self, raw: str) -> bool:
        """Did a stray quote swallow the following lines?

        A cell with line breaks whose quote closes in the middle of text is not what anybody
        wrote; Python's lenient reader would hand it on as one long value.
        """
        reader = csv.reader(io.StringIO(raw, newline=""), delimiter=self._delimiter, strict=True)
        try:
            return len(list(reader)) != 1
        except csv.Error:
            return True


def fit(cells: list[str], layout: Layout) -> list[str] | None:
    """The cells of a row at the layout's width; None when the row is ragged.

    Empty cells beyond the last column are dropped; a line of nothing but white space is a blank
    row; short rows are filled up where the layout says so.
    """
    count, width = len(cells), layout.width
    if count == width:
        return cells
    if count > width:
        return None if any(cell.strip() for cell in cells[width:]) else cells[:width]
    if layout.pad or (count == 1 and not cells[0].strip()):
        return cells + [""] * (width - count)
    return None
