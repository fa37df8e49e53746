"""A run of rows of one file, as every reader hands it on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

import pyarrow as pa
import pyarrow.compute as pc

from catalog.contract import FileOptions
from pipelines.collect.header import Layout, Place
from pipelines.errors import PipelineError

Warn = Callable[[PipelineError], None]
BATCH_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of text.

    Attributes:
        columns: for every field of the contract an array of strings; None: NULL in every row.
        lines: where each row starts (int64, counted from 1).
        malformed: why a row cannot be split into cells, NULL for good rows; None: all are good.
        raw: the text of the malformed rows, NULL for good ones; None: all are good.
    """

    columns: tuple[pa.Array | None, ...]
    lines: pa.Array
    malformed: pa.Array | None = None
    raw: pa.Array | None = None


@dataclass(slots=True)
class Rows:
    """Rows on their way to a `Block`; for small and messy files, where cells are Python texts."""

    layout: Layout
    cells: list[Sequence[str | None]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    malformed: list[str | None] = field(default_factory=list)
    raw: list[str | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)

    def add(self, cells: Sequence[str | None], line: int) -> None:
        """A good row of exactly the layout's width."""
        self._append(cells, line, None, None)

    def add_malformed(self, reason: str, raw: str, line: int) -> None:
        """A row that cannot be split; a NUL byte in its text is shown as its picture."""
        nothing = (None,) * self.layout.width
        self._append(nothing, line, reason, raw.replace("\0", "␀"))

    def _append(
        self,
        cells: Sequence[str | None],
        line: int,
        reason: str | None,
        raw: str | None,
    ) -> None:
        self.cells.append(cells)
        self.lines.append(line)
        self.malformed.append(reason)
        self.raw.append(raw)

    def block(self, guard: UnnamedColumns | None = None) -> Block:
        """The rows as arrays; unnamed columns are checked on the way."""
        used = self.layout.used
        arrays = {i: pa.array([row[i] for row in self.cells], pa.string()) for i in used}
        lines = pa.array(self.lines, pa.int64())
        if guard is not None:
            guard.check(arrays, lines)
        bad = any(self.malformed)
        return Block(
            tuple(None if c is None else arrays[c] for c in self.layout.columns),
            lines,
            pa.array(self.malformed, pa.string()) if bad else None,
            pa.array(self.raw, pa.string()) if bad else None,
        )


class UnnamedColumns:
    """Watches the columns without a header: with a value in them they are undeclared columns."""

    def __init__(self, layout: Layout, options: FileOptions, place: Place, warn: Warn) -> None:
        self._columns = frozenset(layout.unnamed)
        self._lock = Lock()
        self._mode = options.extra_columns
        self._place = place
        self._warn = warn

    def check(self, arrays: dict[int, pa.Array], lines: pa.Array) -> None:
        """Look at one block; blocks may come from several threads.

        Raises:
            PipelineError: `column_extra` unless undeclared columns are only warned about.
        """
        for column in sorted(self._columns):
            filled = pc.greater(pc.binary_length(pc.utf8_trim_whitespace(arrays[column])), 0)
            row = pc.index(filled, True).as_py()
            if row < 0:
                continue
            name = f"(column {column + 1}, no header)"
            if self._mode == "error":
                place = Place(self._place.landed, lines[row].as_py())
                raise place.error("column_extra", columns=name)
            with self._lock:
                if column in self._columns:
                    self._columns = self._columns - {column}
                    # Without a line: which block comes first is a matter of chance.
                    self._warn(Place(self._place.landed).error("column_extra", columns=name))


def report_extra(layout: Layout, options: FileOptions, place: Place, warn: Warn) -> None:
    """Refuse or report the undeclared columns of a header.

    Raises:
        PipelineError: `column_extra`.
    """
    if not layout.extra:
        return
    error = place.error("column_extra", columns=", ".join(layout.extra))
    if options.extra_columns == "error":
        raise error
    warn(error)
