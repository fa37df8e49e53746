"""Encodings: declared, marked, detected; and the line of whatever cannot be decoded."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.collect.encodings import detect
from tests.pipelines.collect.helpers import contract, failure, field, land, values

TRADITIONAL = "編號,行政區\n1,臺南市安平區\n2,違反勞動基準法事業單位\n"
SIMPLIFIED = "编号,行政区\n1,市生态环境局\n2,超标排放污水行政处罚\n"


def resource(text: str, **options: object):  # type: ignore[no-untyped-def]
    number, district = text.splitlines()[0].split(",")
    return contract(field("n", number), field("d", district), **options)


def expected(text: str) -> list[tuple[str, ...]]:
    return [tuple(line.split(",")) for line in text.splitlines()[1:]]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TRADITIONAL, "utf-8"),
        (TRADITIONAL, "utf-8-sig"),
        (TRADITIONAL, "utf-16"),
        (TRADITIONAL, "utf-32"),
        (TRADITIONAL, "big5"),
        (TRADITIONAL, "cp950"),
        (TRADITIONAL, "gb18030"),
        (SIMPLIFIED, "gbk"),
        (SIMPLIFIED, "gb2312"),
        (SIMPLIFIED, "utf-8"),
    ],
)
def test_detected(tmp_path: Path, text: str, encoding: str) -> None:
    landed = land(tmp_path, "x.csv", text.encode(encoding))
    assert values(resource(text), landed) == expected(text)


@pytest.mark.parametrize("encoding", ["big5", "gb18030", "utf-8", "utf-16-le", "Big5-HKSCS"])
def test_declared(tmp_path: Path, encoding: str) -> None:
    landed = land(tmp_path, "x.csv", TRADITIONAL.encode(encoding))
    assert values(resource(TRADITIONAL, encoding=encoding), landed) == expected(TRADITIONAL)


def test_declared_big5_reads_what_windows_adds_to_it(tmp_path: Path) -> None:
    text = "編號,行政區\n1,碁銹恒嫺€\n"
    with pytest.raises(UnicodeEncodeError):
        text.encode("big5")
    landed = land(tmp_path, "x.csv", text.encode("cp950"))
    assert values(resource(text, encoding="big5"), landed) == [("1", "碁銹恒嫺€")]


def test_a_large_ascii_start_does_not_decide(tmp_path: Path) -> None:
    head = "編號,行政區\n".replace("編號", "a").replace("行政區", "b")
    text = head + "1,x\n" * 2_500_000 + "2,臺南市安平區違反勞動基準法\n"
    landed = land(tmp_path, "x.csv", text.encode("cp950"))
    from pipelines.collect import read_files

    batches = read_files(contract("a", "b"), [landed]).reader()
    last = [batch.slice(len(batch) - 1).to_pylist() for batch in batches][-1][0]
    assert last["b"] == "臺南市安平區違反勞動基準法"
    assert last["_source_line"] == 2_500_002


@pytest.mark.parametrize(
    ("encoding", "content", "line"),
    [
        ("utf-8", b"a,b\n1,2\n\xe4\xb8\xad,3\n4,\xff\n", 4),
        ("utf-8", b"a,b\r1,2\r\n4,\xe4\xb8", 3),
        ("big5", b"a,b\n1,2\n3,\x81\x30\n", 3),
        ("gb18030", b"a,b\n\xd6\xd0,2\n3,\xff\n", 3),
        ("ascii", b"a,b\n1,\xff\n", 2),
    ],
)
def test_a_byte_that_is_no_text_is_named_with_its_line(
    tmp_path: Path, encoding: str, content: bytes, line: int
) -> None:
    error = failure(contract("a", "b", encoding=encoding), land(tmp_path, "x.csv", content))
    assert error.code == "wrong_encoding"
    assert error.fields["encoding"] == encoding
    assert str(error.where) == f"x.csv:{line}"


def test_nothing_decodes(tmp_path: Path) -> None:
    error = failure(contract("a", "b"), land(tmp_path, "x.csv", b"a,b\n1,2\n\xff\xff\xff,3\n"))
    assert error.code == "wrong_encoding"
    assert str(error.where) == "x.csv:3"
    assert error.fields["byte"] == "0xFF"


def test_a_bad_byte_in_a_column_that_is_left_out_is_an_error_too(tmp_path: Path) -> None:
    sloppy = contract("a", extra_columns="warn", encoding="utf-8")
    assert failure(sloppy, land(tmp_path, "x.csv", b"a,b\n1,\xff\n")).code == "wrong_encoding"


@pytest.mark.parametrize("name", ["no-such-codec", "base64"])
def test_an_unknown_encoding(tmp_path: Path, name: str) -> None:
    error = failure(contract("a", encoding=name), land(tmp_path, "x.csv", "a\n1\n"))
    assert error.code == "encoding_unknown"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("1,臺南市\n", "cp950"),
        ("違反", "cp950"),
        ("1,市生态环境局\n", "gb18030"),
        ("北京", "gb18030"),
        ("110102,西城区,厂桥街道,\n", "gb18030"),
    ],
)
def test_short_texts_that_are_both_big5_and_gbk(text: str, codec: str) -> None:
    assert detect(text.encode(codec), final=True) == codec
    assert detect(b"1,2\n" * 100_000 + text.encode(codec), final=True) == codec


def test_detection_allows_a_character_cut_at_the_end_of_the_sample() -> None:
    text = ("臺南市安平區違反勞動基準法" * 50).encode("utf-8")
    for cut in range(1, 7):
        assert detect(text[:-cut], final=False) == "utf-8"
    assert detect("違反勞動基準法事業單位".encode("cp950")[:-1], final=False) == "cp950"
    assert detect(b"plain", final=True) == "ascii"
