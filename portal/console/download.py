"""An answer as a file."""

from __future__ import annotations

import csv
import io

from pipelines.exchange.formats import FORMULAS, GUARD
from sandbox.table import Table


def as_csv(table: Table) -> str:
    """The answer as CSV (RFC 4180), each statistic with a column of errors: half of its 95 % interval.

    A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay.
    """
    written = io.StringIO()
    rows = csv.writer(written)
    heads: list[str] = []
    for name, kind in zip(table.columns, table.kinds, strict=True):
        heads += [name] if kind == "key" else [name, f"{name}_error"]
    rows.writerow([safe(head) for head in heads])
    for row, errors in zip(table.rows, table.errors, strict=True):
        cells: list[object] = []
        for value, error, kind in zip(row, errors, table.kinds, strict=True):
            cells += [value] if kind == "key" else [value, error]
        rows.writerow([safe(cell) for cell in cells])
    return written.getvalue()


def safe(value: object) -> object:
    """A cell that no spreadsheet computes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.lstrip(" \u3000").startswith(tuple(FORMULAS)):
        return GUARD + value
    return value
