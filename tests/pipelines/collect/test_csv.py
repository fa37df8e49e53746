"""CSV as departments publish it: every kind of dirt, and what becomes of it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard

from pipelines.collect import read_files
from tests.pipelines.collect.helpers import (
    contract,
    failure,
    field,
    land,
    lines,
    malformed,
    rows,
    values,
)

AB = contract("a", "b")


def test_the_schema_and_the_columns_about_the_row(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.csv", "b,a\n1,2\n")
    received = read_files(AB, [landed])
    assert [f"{f.name} {f.type}" for f in received.schema] == [
        "a string",
        "b string",
        "_source_file string",
        "_source_line int64",
        "_load_id string",
        "_malformed string",
        "_raw string",
    ]
    (row,) = rows(AB, landed)
    assert row == {
        "a": "2",
        "b": "1",
        "_source_file": "x.csv",
        "_source_line": 2,
        "_load_id": row["_load_id"],
        "_malformed": None,
        "_raw": None,
    }


def test_the_load_id_depends_on_resource_name_and_content(tmp_path: Path) -> None:
    texts = [("x.csv", "a,b\n1,2\n"), ("y.csv", "a,b\n1,2\n"), ("x.csv", "a,b\n1,3\n")]
    ids = [rows(AB, land(tmp_path, *text))[0]["_load_id"] for text in texts]
    assert len(set(ids)) == 3
    assert all(len(i) == 16 for i in ids)
    assert rows(AB, land(tmp_path, *texts[0]))[0]["_load_id"] == ids[0]


def test_a_folder_is_read_in_the_order_of_the_names(tmp_path: Path) -> None:
    files = [land(tmp_path, f"{name}.csv", f"a,b\n{name},\n") for name in ("c", "a", "b")]
    assert [row["a"] for row in rows(AB, *files)] == ["a", "b", "c"]


def test_quoted_values_with_delimiters_quotes_and_breaks(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.csv", 'a,b\n"1,1","say ""hi"""\n"two\nlines",x\n3,\n')
    assert values(AB, landed) == [("1,1", 'say "hi"'), ("two\nlines", "x"), ("3", "")]
    assert lines(AB, landed) == [2, 3, 5]


def test_breaks_in_values_move_the_following_lines(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.csv", 'a,b\r\n"1\r\n2\r3\n4",x\r\n\r\n5,y\r\n')
    assert values(AB, landed) == [("1\r\n2\r3\n4", "x"), ("5", "y")]
    assert lines(AB, landed) == [2, 7]


def test_mixed_line_ends(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.csv", "a,b\n1,1\r\n2,2\r3,3\n4,4")
    assert values(AB, landed) == [(str(i), str(i)) for i in range(1, 5)]
    assert lines(AB, landed) == [2, 3, 4, 5]


def test_empty_lines_are_no_rows_but_delimiters_are(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.csv", "\n\na,b\n\n1,2\n,\n\n3,4\n   \n")
    assert values(AB, landed) == [("1", "2"), ("", ""), ("3", "4"), ("   ", "")]
    assert lines(AB, landed) == [5, 6, 8, 9]


def test_ragged_rows_are_kept_as_malformed(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.csv", 'a,b\n1,2\n3\n"4\n4",5,6\n7,8\n9,9,,\n')
    assert malformed(AB, landed) == [(3, "columns", "3"), (4, "columns", '"4\n4",5,6')]
    assert values(AB, landed) == [
        ("1", "2"),
        (None, None),
        (None, None),
        ("7", "8"),
        ("9", "9"),
    ]
    assert lines(AB, landed) == [2, 3, 4, 6, 7]


def test_a_few_ragged_rows_in_a_large_file(tmp_path: Path) -> None:
    text = [f"{i},x{i}" for i in range(40_000)]
    text[20_000] = "20000,too,many"
    landed = land(tmp_path, "x.csv", "a,b\n" + "\n".join(text))
    assert malformed(AB, landed) == [(20_002, "columns", "20000,too,many")]
    assert lines(AB, landed) == list(range(2, 40_002))


def test_a_row_with_a_nul_byte_is_malformed(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.csv", "a,b\n1,2\n3,\0x\n4,5\n")
    assert malformed(AB, landed) == [(3, "nul", "3,␀x")]
    assert values(AB, landed)[2] == ("4", "5")


def test_a_stray_quote_that_swallows_rows_is_malformed(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.csv", 'a,b\n1,"x\n2,y\n3,"z"\n4,w\n')
    assert malformed(AB, landed) == [(2, "quotes", '1,"x\n2,y\n3,"z"')]
    assert values(AB, landed)[1:] == [("4", "w")]


def test_a_quote_inside_a_value_is_text(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.csv", 'a,b\n5" pipe,x"y\n"1",2\n')
    assert values(AB, landed) == [('5" pipe', 'x"y'), ("1", "2")]


def test_a_quote_that_never_closes_is_an_error_with_its_line(tmp_path: Path) -> None:
    error = failure(AB, land(tmp_path, "x.csv", 'a,b\n1,2\n3,"4\n5,6\n'))
    assert error.code == "quote_open"
    assert error.where is not None
    assert str(error.where) == "x.csv:3"


def test_a_value_of_a_megabyte_works(tmp_path: Path) -> None:
    for quote in ("", '"', 'x"'):
        text = quote + "長" * 350_000 + quote.lstrip("x")
        landed = land(tmp_path, "x.csv", f"a,b\n1,{text}\n2,3\n")
        expected = "長" * 350_000 if quote == '"' else text
        assert values(AB, landed) == [("1", expected), ("2", "3")]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_value_beyond_the_limit_is_an_error_with_its_line(tmp_path: Path, quote: str) -> None:
    text = quote + "x" * (9 << 20) + quote
    error = failure(AB, land(tmp_path, "x.csv", f"a,b\n1,2\n3,{text}\n"))
    assert error.code == "field_too_large"
    assert str(error.where) == "x.csv:3"


def test_an_empty_file(tmp_path: Path) -> None:
    for content in (b"", b"\xef\xbb\xbf", b"\n\n\r\n"):
        assert failure(AB, land(tmp_path, "x.csv", content)).code == "file_empty"


def test_a_header_alone_gives_no_rows(tmp_path: Path) -> None:
    for content in ("a,b", "a,b\n", '"a","b"\r\n\r\n'):
        assert rows(AB, land(tmp_path, "x.csv", content)) == []


def test_another_delimiter(tmp_path: Path) -> None:
    for delimiter in ("\t", ";", "|", "，"):
        resource = contract("a", "b", delimiter=delimiter)
        landed = land(tmp_path, "x.csv", f'a{delimiter}b\n1,1{delimiter}"x{delimiter}y"\n')
        assert values(resource, landed) == [("1,1", f"x{delimiter}y")]


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_compressed_files(tmp_path: Path, suffix: str) -> None:
    text = b"a,b\n" + b"".join(b"%d,x\n" % i for i in range(50_000))
    pack = gzip.compress if suffix == "gz" else zstandard.compress
    whole = land(tmp_path, f"x.csv.{suffix}", pack(text))
    assert whole.name == "x.csv"
    assert len(rows(AB, whole)) == 50_000
    cut = failure(AB, land(tmp_path, f"x.csv.{suffix}", pack(text)[:-20]))
    assert (cut.code, str(cut.where)) == ("file_truncated", "x.csv")
    assert failure(AB, land(tmp_path, f"x.csv.{suffix}", text)).code == "file_corrupt"
    assert failure(AB, land(tmp_path, f"x.csv.{suffix}", b"")).code == "file_empty"


def test_the_error_survives_an_engine_that_reads_the_stream(tmp_path: Path) -> None:
    import duckdb

    received = read_files(AB, [land(tmp_path, "x.csv", 'a,b\n1,"2\n')])
    connection = duckdb.connect()
    connection.register("received", received.reader())
    with pytest.raises(duckdb.Error):
        connection.execute("SELECT count(*) FROM received").fetchall()
    assert received.failure is not None
    assert received.failure.code == "quote_open"


def test_a_value_from_the_file_name(tmp_path: Path) -> None:
    month = field("month", file_name=r"roc(\d+)_\d+\.csv")
    resource = contract("a", month)
    assert values(resource, land(tmp_path, "f/roc104_11.csv", "a\n1\n")) == [("1", "104")]
    other = land(tmp_path, "f/other.csv", "a\n1\n")
    assert failure(resource, other).code == "file_name_mismatch"
    loose = contract("a", field("month", file_name=r"roc(\d+)", optional=True))
    assert values(loose, other) == [("1", None)]
