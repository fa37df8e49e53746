"""The fast way and the careful way read every text equally, however it is cut into pieces."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.collect import Landed, csv_files
from pipelines.collect.csv_files import CsvFile
from pipelines.errors import PipelineError
from tests.pipelines.collect.helpers import contract

RESOURCE = contract("a", "b", "c", encoding="utf-8", extra_columns="warn")

cells = st.text(
    st.sampled_from(list('ab1 ,"\n\r\t長é😀\0')) | st.characters(exclude_categories=["Cs"]),
    max_size=6,
)
line_ends = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def well_formed(draw: st.DrawFn) -> str:
    """What a CSV writer writes, with any line ends, any number of cells and blank lines."""
    out: list[str] = []
    for row in draw(st.lists(st.lists(cells, min_size=2, max_size=4), max_size=12)):
        buffer = io.StringIO()
        quoting = draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
        csv.writer(buffer, lineterminator="", quoting=quoting).writerow(row)
        out += [buffer.getvalue(), draw(line_ends), draw(st.sampled_from(["", "", "\n", "\r\n"]))]
    return "".join(out[:-1] if draw(st.booleans()) else out)


dirt = st.text(st.sampled_from(list('a,,"" \n\n\r長\0')), max_size=60)
texts = st.one_of(well_formed(), dirt, st.tuples(well_formed(), dirt).map("".join))


def read(text: str, chunk: int, careful: bool) -> Any:
    """All rows with their lines, or the error; `chunk` bytes are read at a time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.csv")
        path.write_bytes(("a,b,c\n" + text).encode())
        landed = Landed("x.csv", "0" * 64, path, path.stat().st_size)
        source: Any = RESOURCE.source
        file = CsvFile(RESOURCE, source, landed, _ignore, chunk=chunk, careful=careful)
        found: list[Any] = []
        try:
            for block in file.blocks():
                rows = len(block.lines)
                empty = [None] * rows
                columns = [c.to_pylist() for c in block.columns if c is not None]
                bad = block.malformed.to_pylist() if block.malformed else empty
                raw = block.raw.to_pylist() if block.raw else empty
                found += zip(*columns, block.lines.to_pylist(), bad, raw, strict=True)
        except PipelineError as error:
            return error.code, str(error.where)
        return found


def _ignore(warning: PipelineError) -> None:
    """Warnings are the same in both ways and not compared here."""


@pytest.fixture(autouse=True, scope="module")
def _small_windows() -> Any:
    """Windows so small that a dozen rows are cut and halved as a large file would be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_files, "WINDOW", 8)
        yield


@settings(max_examples=300, deadline=None, derandomize=True)
@given(texts, st.sampled_from([16, 23, 64, 1 << 20]))
@example('1,"2\n3",4\r\n5,6,7\r8,9,10\n', 16)
@example('"a"b,"c""d",e\n"",,""\n', 16)
@example('x,"1\n2,3,"4"\n5,6,7\n', 16)
@example("1,2,3\r\n\r\n\r\n4,5,6", 17)
def test_fast_and_careful_are_equal(text: str, chunk: int) -> None:
    expected = read(text, 1 << 20, careful=True)
    assert read(text, chunk, careful=False) == expected
    assert read(text, chunk, careful=True) == expected


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=8), line_ends)
def test_what_was_written_is_read(table: list[list[str]], end: str) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    expected = [row for row in table if "\0" not in "".join(row)]
    found = read(buffer.getvalue(), 32, careful=False)
    assert [list(row[:3]) for row in found if row[4] is None] == expected


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(cells, line_ends, st.sampled_from(["", "\n", "\r\n"])), max_size=10))
def test_every_line_number_is_the_physical_line(parts: list[tuple[str, str, str]]) -> None:
    text = "a,b,c\n"
    expected = []
    for number, (cell, end, blank) in enumerate(parts):
        quoted = cell.replace("\0", "").replace('"', '""')
        expected.append((str(number), len(re.findall("\r\n|\r|\n", text)) + 1))
        text += f'{number},x,"{quoted}"{end}{blank}'
    found = read(text.removeprefix("a,b,c\n"), 32, careful=False)
    assert [(row[0], row[3]) for row in found] == expected
