"""Excel workbooks by calamine: one sheet, its cells as text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from catalog.contract import Contract, FileSource
from pipelines.collect import header
from pipelines.collect.blocks import (
    BATCH_ROWS,
    Block,
    Rows,
    UnnamedColumns,
    Warn,
    report_extra,
)
from pipelines.collect.csv_careful import fit
from pipelines.collect.header import Header, Place, Row
from pipelines.collect.landing import Landed
from pipelines.collect.streams import at, read_all
from pipelines.errors import PipelineError


class ExcelFile:
    """One sheet of a workbook. A workbook is read whole: a sheet has at most 1,048,576 rows.

    Of merged cells only the top left one has the value. Rows without any value are no rows.
    """

    def __init__(self, contract: Contract, source: FileSource, landed: Landed, warn: Warn) -> None:
        self._contract = contract
        self._source = source
        self._landed = landed
        self._warn = warn
        self._header = self._read_header(self._rows())

    def blocks(self) -> Iterator[Block]:
        """The rows below the header.

        Raises:
            PipelineError: `column_extra`.
        """
        layout = self._header.layout
        place = Place(self._landed)
        guard = UnnamedColumns(layout, self._source.options, place, self._warn)
        rows = Rows(layout)
        for row in self._rows()[self._header.rows :]:
            cells = fit(list(row.cells), layout)
            if cells is None:
                rows.add_malformed("columns", "\t".join(row.cells), row.line)
            else:
                rows.add(cells, row.line)
            if len(rows) >= BATCH_ROWS:
                yield rows.block(guard)
                rows = Rows(layout)
        if rows:
            yield rows.block(guard)

    def _read_header(self, rows: list[Row]) -> Header:
        if not rows:
            raise PipelineError("file_empty", where=at(self._landed))
        options = self._source.options
        if options.header == "none":
            return Header(header.by_position(self._contract), 0)
        if options.header == "first":
            found = header.first_row(self._contract, rows[0], self._landed)
        else:
            found = header.find(self._contract, rows, options.header_rows, self._landed)
        place = Place(self._landed, rows[found.rows - 1].line)
        report_extra(found.layout, options, place, self._warn)
        return found

    def _rows(self) -> list[Row]:
        """All rows with a value; their line is the sheet's row number."""
        rows = ([cell_text(cell) for cell in row] for row in self._sheet())
        return [Row(cells, i) for i, cells in enumerate(rows, 1) if any(cells)]

    def _sheet(self) -> Sequence[Sequence[Any]]:
        import python_calamine as calamine

        content = read_all(self._landed)
        wanted = self._source.options.sheet
        try:
            with calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
                names = book.sheet_names
                if not names or (wanted is not None and wanted not in names):
                    raise PipelineError(
                        "sheet_missing",
                        where=at(self._landed),
                        sheet=wanted or "-",
                        seen=", ".join(names),
                    )
                sheet = book.get_sheet_by_name(wanted or names[0])
                return sheet.to_python(skip_empty_area=False)
        except calamine.CalamineError as error:
            raise PipelineError(
                "file_corrupt",
                where=at(self._landed),
                expected="Excel",
                reason=str(error),
            ) from error


def cell_text(cell: Any) -> str:
    """A cell as the text that a CSV export of the sheet would hold, dates in ISO form."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)
