"""Where the header of a published table is, judged from its first rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from pipelines.collect.header import SEARCHED_ROWS, one_line, plain

LOOKED_AT = SEARCHED_ROWS + 10
_TYPED = re.compile(
    r"[+-]?[$＄]?[\d０-９][\d０-９,，.]*\s*%?"
    r"|\d{2,4}[-/.年Y]\d{1,2}([-/.月M]\d{0,4}日?)?([T ]\d{1,2}:\d{2}.*)?"
)
_YEAR = re.compile(r"(19|20)\d\d年?|\d{2,3}年")
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Heading:
    """The header of a table.

    Attributes:
        mode: how the contract finds it; `none`: columns are taken by position.
        rows: how many rows together form it.
        names: the published name of every column; empty where there is none.
        marks: (column, cell) of rows that are not data although they stand where data does.
        repeated: names that stand twice, so that no column can be found by name.
    """

    mode: Literal["first", "find", "none"]
    rows: int
    names: tuple[str, ...]
    marks: tuple[tuple[str, int, str], ...] = ()
    repeated: tuple[str, ...] = field(default=())


def heading(rows: Sequence[Row]) -> Heading:
    """Find the header among the first rows of a table, which may have titles above it."""
    cells = [[cell.strip() for cell in row] for row in rows]
    fullest = max(map(_filled, cells))
    # Titles and rows with merged cells are sparse; they do not say how wide the table is.
    typical = median(filled for row in cells if 2 * (filled := _filled(row)) >= fullest)
    start = next((i for i, row in enumerate(cells) if _filled(row) >= 0.6 * typical), 0)
    width = max(len(row) for row in cells[start:])
    if _is_data(cells, start):
        return Heading("none", 1, ("",) * width)
    first, last = _extent(cells, start, typical)
    raw = _joined(rows[first : last + 1], width)
    names = tuple(one_line(name) for name in raw)
    marks = _second_header(cells, last + 1)
    seen = [plain(name) for name in names if plain(name)]
    repeated = tuple(sorted({name for name in seen if seen.count(name) > 1}))
    if repeated:
        return _by_position(rows, last, names, marks, repeated)
    mode: Literal["first", "find"] = "first" if last == 0 else "find"
    return Heading(mode, last - first + 1, names, marks)


def _by_position(
    rows: Sequence[Row],
    last: int,
    names: tuple[str, ...],
    marks: tuple[tuple[str, int, str], ...],
    repeated: tuple[str, ...],
) -> Heading:
    """Two columns of one name: only their position tells them apart."""
    above = []
    for number, row in enumerate(rows[: last + 1], 1):
        column = next((i for i, cell in enumerate(row) if cell.strip()), None)
        if column is not None:
            above.append((f"header_row_{number}", column, row[column]))
    return Heading("none", 1, names, (*above, *marks), repeated)


def _filled(row: Row) -> int:
    return sum(bool(cell) for cell in row)


def _typed(cell: str) -> bool:
    return bool(_TYPED.fullmatch(cell))


def _below(rows: Sequence[Row], start: int, column: int) -> list[str]:
    found = (row[column] for row in rows[start:] if column < len(row))
    return [cell for cell in found if cell]


def _is_data(rows: Sequence[Row], start: int) -> bool:
    """The first full row is data when numbers stand in it as in the rows below it."""
    row = rows[start]
    typed = [cell for cell in row if _typed(cell)]
    if not typed or all(_YEAR.fullmatch(cell) for cell in typed):
        return False
    counting = [int(c) for c in typed if c.isascii() and c.isdigit()]
    if len(counting) == len(typed) > 1 and counting == sorted(set(counting)):
        return counting[-1] - counting[0] != len(counting) - 1
    pairs = [(cell, _below(rows, start + 1, i)) for i, cell in enumerate(row)]
    numeric = [cell for cell, below in pairs if below and all(map(_typed, below))]
    return bool(numeric) and all(map(_typed, [cell for cell in numeric if cell]))


def _extent(rows: Sequence[Row], start: int, typical: float) -> tuple[int, int]:
    """First and last row of the header: a split cell below it, or a group title above it."""
    first = last = start
    following = rows[start + 1] if start + 2 < len(rows) else ()
    if 0 < _filled(following) < 0.6 * typical <= _filled(rows[start + 2]):
        short = all(len(cell) <= 20 and not re.search(r"\d", cell) for cell in following)
        last += int(short and _contrasts(rows, start + 1))
    empty = [i for i, cell in enumerate(rows[start]) if not cell and _below(rows, last + 1, i)]
    above = rows[start - 1] if start else ()
    if empty and any(i < len(above) and above[i] for i in empty) and _filled(above) > 1:
        first -= 1
    return first, last


def _contrasts(rows: Sequence[Row], at: int) -> bool:
    """A column of numbers or dates has none in this row."""
    columns = [_below(rows, at + 1, i) for i in range(len(rows[at]))]
    return any(
        below and all(map(_typed, below)) and not _typed(rows[at][i])
        for i, below in enumerate(columns)
    )


def _joined(rows: Sequence[Row], width: int) -> list[str]:
    return ["".join(row[i] for row in rows if i < len(row)) for i in range(width)]


def _second_header(rows: Sequence[Row], at: int) -> tuple[tuple[str, int, str], ...]:
    """A second row of names below the header: it has words where all others have numbers."""
    if at + 2 >= len(rows):
        return ()
    row = rows[at]
    below = [_below(rows, at + 1, i) for i in range(len(row))]
    columns = [i for i, cells in enumerate(below) if len(cells) > 1 and all(map(_typed, cells))]
    words = [i for i in columns if row[i] and not _typed(row[i])]
    if len(words) < 2 or len(words) < 0.6 * len(columns):
        return ()
    return (("second_header", words[0], rows[at][words[0]]),)
