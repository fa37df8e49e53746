"""Headers: found, matched, combined; and what is said when they are not what was declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.collect import read_files
from tests.pipelines.collect.helpers import contract, failure, field, land, lines, rows, values

NAME = field("name", "事業單位名稱(負責人姓名)", "事業單位/事業主")
LAW = field("law", "違反法令條款", "違反")
DATE = field("date", "處分日期")


def found(**options: object):  # type: ignore[no-untyped-def]
    return contract(NAME, LAW, DATE, header="find", **options)


def test_white_space_breaks_and_width_of_brackets_never_matter(tmp_path: Path) -> None:
    text = '"事業單位名稱\n（負責人姓名）", 違反\u3000法令條款 ,處分日期\n某公司,第24條,1\n'
    assert values(contract(NAME, LAW, DATE), land(tmp_path, "x.csv", text)) == [
        ("某公司", "第24條", "1")
    ]


def test_the_first_accepted_name_wins(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.csv", "old,new\n1,2\n")
    assert values(contract(field("v", "new", "old"), extra_columns="warn"), landed) == [("2",)]


def test_a_header_below_titles_is_found(tmp_path: Path) -> None:
    text = (
        '"臺南市104年度公布一覽表",,,\n,,,\n項次,"事業單位名稱\n（負責人姓名）",違反法令條款,處分日期\n'
        "1,甲公司,第24條,1040525\n2,乙公司\n3,丙公司,第30條,1040526,,\n"
    )
    resource = contract(field("no", "項次"), NAME, LAW, DATE, header="find")
    landed = land(tmp_path, "x.csv", text)
    assert values(resource, landed) == [
        ("1", "甲公司", "第24條", "1040525"),
        ("2", "乙公司", "", ""),
        ("3", "丙公司", "第30條", "1040526"),
    ]
    assert lines(resource, landed) == [5, 6, 7]


def test_a_header_in_two_rows_is_joined_by_column(tmp_path: Path) -> None:
    text = "Title,,\n事業單位/,違反法令,處分\n事業主,條款,日期\n甲公司,第24條,1\n"
    landed = land(tmp_path, "x.csv", text)
    assert values(found(header_rows=2), landed) == [("甲公司", "第24條", "1")]
    assert failure(found(header_rows=1), landed).code == "header_missing"


def test_a_second_row_is_only_taken_when_it_helps(tmp_path: Path) -> None:
    text = "事業單位/事業主,違反,處分日期\n甲公司,第24條,1\n"
    assert values(found(header_rows=2), land(tmp_path, "x.csv", text)) == [
        ("甲公司", "第24條", "1")
    ]


def test_no_header_anywhere(tmp_path: Path) -> None:
    error = failure(found(), land(tmp_path, "x.csv", "1,2,3\n" * 50))
    assert error.code == "header_missing"
    assert error.fields["rows"] == 30
    assert "處分日期" in error.fields["expected"]


def test_a_header_beyond_the_searched_rows_is_not_found(tmp_path: Path) -> None:
    text = "x,,\n" * 40 + "事業單位/事業主,違反,處分日期\n"
    assert failure(found(), land(tmp_path, "x.csv", text)).code == "header_missing"


def test_a_header_that_lacks_one_column(tmp_path: Path) -> None:
    error = failure(found(), land(tmp_path, "x.csv", "title\n事業單位/事業主,違反,處份日期\n"))
    assert error.code == "column_missing"
    assert str(error.where) == "x.csv:2"
    assert error.fields["field"] == "date"
    assert error.fields["nearest"] == "處份日期"
    assert error.fields["seen"] == "事業單位/事業主, 違反, 處份日期"


def test_a_missing_column_without_a_near_name(tmp_path: Path) -> None:
    error = failure(contract("amount", "b"), land(tmp_path, "x.csv", "b\n1\n"))
    assert (error.code, error.fields["nearest"]) == ("column_missing", "-")
    assert str(error.where) == "x.csv:1"


def test_an_optional_column_may_be_absent(tmp_path: Path) -> None:
    resource = contract("a", field("b", optional=True))
    assert values(resource, land(tmp_path, "x.csv", "a\n1\n")) == [("1", None)]
    assert values(resource, land(tmp_path, "x.csv", "b,a\n2,1\n")) == [("1", "2")]


def test_columns_by_position(tmp_path: Path) -> None:
    resource = contract("a", field("f", file_name="(x)"), "b", header="none")
    landed = land(tmp_path, "x.csv", "1,2\n3,4\n")
    assert values(resource, landed) == [("1", "x", "2"), ("3", "x", "4")]
    assert lines(resource, landed) == [1, 2]


def test_an_undeclared_column_is_an_error(tmp_path: Path) -> None:
    error = failure(contract("a"), land(tmp_path, "x.csv", "a,b,a c\n1,2,3\n"))
    assert error.code == "column_extra"
    assert error.fields["columns"] == "b, a c"


def test_an_undeclared_column_may_be_left_out_with_a_warning(tmp_path: Path) -> None:
    received = read_files(
        contract("a", extra_columns="warn"), [land(tmp_path, "x.csv", "b,a\n1,2\n")]
    )
    assert [(w.code, w.fields["columns"]) for w in received.warnings] == [("column_extra", "b")]
    assert received.reader().read_all().column("a").to_pylist() == ["2"]


def test_an_unnamed_column_must_stay_empty(tmp_path: Path) -> None:
    resource = contract("a", "b")
    assert values(resource, land(tmp_path, "x.csv", "a,b,\n1,2,\n3,4,  \n")) == [
        ("1", "2"),
        ("3", "4"),
    ]
    landed = land(tmp_path, "x.csv", "a,b,\n1,2,\n3,4,5\n")
    error = failure(resource, landed)
    assert error.code == "column_extra"
    assert str(error.where) == "x.csv:3"
    received = read_files(contract("a", "b", extra_columns="warn"), [landed])
    assert received.reader().read_all().num_rows == 2
    assert [w.code for w in received.warnings] == ["column_extra"]


def test_a_column_that_stands_twice(tmp_path: Path) -> None:
    error = failure(contract("a", "b"), land(tmp_path, "x.csv", "a,b, a\n1,2,3\n"))
    assert (error.code, error.fields["column"]) == ("column_duplicate", "a")


def test_an_unused_column_may_stand_twice(tmp_path: Path) -> None:
    resource = contract("a", extra_columns="warn")
    assert values(resource, land(tmp_path, "x.csv", "x,a,x\n1,2,3\n")) == [("2",)]


@pytest.mark.parametrize("careful", ["first", "find"])
def test_a_header_is_no_row(tmp_path: Path, careful: str) -> None:
    landed = land(tmp_path, "x.csv", "a,b\n")
    assert rows(contract("a", "b", header=careful), landed) == []
