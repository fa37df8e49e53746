"""Which published column belongs to which field of the contract."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from catalog.contract import Contract, ContractField
from pipelines.collect.landing import Landed
from pipelines.collect.streams import at
from pipelines.errors import PipelineError

SEARCHED_ROWS = 30
_SPACE = re.compile(r"[\s\u200b\u200c\u200d\u2060\ufeff]+")
_BRACKETS = str.maketrans("（）［］｛｝", "()[]{}")


def plain(cell: str | None) -> str:
    """A header cell as it is compared: no white space at all, brackets of normal width."""
    return _SPACE.sub("", cell or "").translate(_BRACKETS)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of one file are read.

    Attributes:
        width: the number of cells in a row.
        columns: for every field of the contract its column, or None (absent, or not in a column).
        unnamed: columns without a header; they must stay empty.
        extra: names of undeclared columns, as published.
        pad: rows may end early (spreadsheets that were exported drop the empty cells at the end).
    """

    width: int
    columns: tuple[int | None, ...]
    unnamed: tuple[int, ...] = ()
    extra: tuple[str, ...] = ()
    pad: bool = False

    @property
    def used(self) -> tuple[int, ...]:
        """The columns to read, each once, from left to right."""
        return tuple(sorted({c for c in self.columns if c is not None} | set(self.unnamed)))


@dataclass(frozen=True, slots=True)
class Row:
    """A record near the top of a file: its cells and the line on which it starts."""

    cells: Sequence[str]
    line: int


@dataclass(frozen=True, slots=True)
class Header:
    """A layout and how many of the rows looked at belong to the header or stand above it."""

    layout: Layout
    rows: int


def by_position(contract: Contract) -> Layout:
    """The layout of a file without a header: columns in the contract's order."""
    columns: list[int | None] = []
    width = 0
    for field in contract.fields:
        if field.read.file_name is not None:
            columns.append(None)
        else:
            columns.append(width)
            width += 1
    return Layout(width, tuple(columns))


def first_row(contract: Contract, row: Row, landed: Landed) -> Header:
    """The header of a file whose first row is the header.

    Raises:
        PipelineError: `column_missing`, `column_duplicate`.
    """
    return Header(match(contract, row.cells, at_line(landed, row)), 1)


def find(contract: Contract, rows: Sequence[Row], depth: int, landed: Landed) -> Header:
    """The header among the first rows of a file: where most of the contract's columns are named.

    Args:
        contract: names the columns.
        rows: the first rows; only the first 30 are searched.
        depth: up to this many rows together form the header, joined cell by cell.
        landed: for the messages.

    Raises:
        PipelineError: `header_missing` when no row looks like it; `column_missing` when one does
            and lacks a column; `column_duplicate`.
    """
    best: tuple[int, int, int, list[str]] = (0, 0, 1, [])
    for start in range(min(len(rows), SEARCHED_ROWS)):
        for height in range(1, min(depth, len(rows) - start) + 1):
            names = _joined(rows[start : start + height])
            score = _score(contract, names)
            if score > best[0]:
                best = (score, start, height, names)
    score, start, height, names = best
    if not _looks_like(contract, score):
        expected = "、".join(f.source_names[0] for f in _columns(contract))
        raise PipelineError(
            "header_missing", where=at(landed, 1), rows=SEARCHED_ROWS, expected=expected
        )
    layout = match(contract, names, at_line(landed, rows[start]), pad=True)
    return Header(layout, start + height)


def match(contract: Contract, names: Sequence[str], place: Place, pad: bool = False) -> Layout:
    """Give every field its column.

    Args:
        contract: the fields and the names they accept.
        names: the header's cells.
        place: the file and the header's line, for the messages.
        pad: see `Layout`.

    Raises:
        PipelineError: `column_missing` with the nearest published name, `column_duplicate`.
    """
    seen = [plain(name) for name in names]
    columns = tuple(_column(field, seen, names, place) for field in contract.fields)
    taken = {column for column in columns if column is not None}
    others = [i for i in range(len(seen)) if i not in taken]
    return Layout(
        width=len(seen),
        columns=columns,
        unnamed=tuple(i for i in others if not seen[i]),
        extra=tuple(one_line(names[i]) for i in others if seen[i]),
        pad=pad,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A file and a line of it."""

    landed: Landed
    line: int = 0

    def error(self, code: str, **fields: object) -> PipelineError:
        """An error at this place."""
        return PipelineError(code, where=at(self.landed, self.line), **fields)


def at_line(landed: Landed, row: Row) -> Place:
    """The place of a row."""
    return Place(landed, row.line)


def one_line(name: str) -> str:
    """A published name for a message."""
    return _SPACE.sub(" ", name).strip()


def _column(
    field: ContractField, seen: Sequence[str], names: Sequence[str], place: Place
) -> int | None:
    if field.read.file_name is not None:
        return None
    for accepted in field.source_names:
        count = seen.count(plain(accepted))
        if count > 1:
            raise place.error("column_duplicate", column=accepted, field=field.name)
        if count:
            return seen.index(plain(accepted))
    if field.read.optional:
        return None
    raise missing(field, names, place)


def missing(field: ContractField, names: Sequence[str], place: Place) -> PipelineError:
    """The error for a column that is not there; a near name hints that it was renamed."""
    published = [one_line(name) for name in names if plain(name)]
    wanted = field.source_names
    near = [m for want in wanted for m in difflib.get_close_matches(want, published, 1, 0.5)]
    return place.error(
        "column_missing",
        field=field.name,
        expected=" | ".join(wanted),
        seen=", ".join(published),
        nearest=near[0] if near else "-",
    )


def _columns(contract: Contract) -> list[ContractField]:
    return [f for f in contract.fields if f.read.file_name is None]


def _joined(rows: Sequence[Row]) -> list[str]:
    width = max(len(row.cells) for row in rows)
    return ["".join(row.cells[i] for row in rows if i < len(row.cells)) for i in range(width)]


def _score(contract: Contract, names: Sequence[str]) -> int:
    seen = {plain(name) for name in names}
    return sum(any(plain(n) in seen for n in f.source_names) for f in _columns(contract))


def _looks_like(contract: Contract, score: int) -> bool:
    """Half of the columns that must be there, and one at least: then it is the header."""
    required = [f for f in _columns(contract) if not f.read.optional]
    return score > 0 and 2 * score >= len(required)
