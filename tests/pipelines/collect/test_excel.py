"""Excel workbooks."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl

from catalog.contract import Contract
from pipelines.collect import Landed, read_files
from pipelines.collect.excel import cell_text
from tests.pipelines.collect.helpers import contract, failure, field, land, lines, values


def workbook(folder: Path, sheets: dict[str, list[list[Any]]], merge: str = "") -> Landed:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, table in sheets.items():
        sheet = book.create_sheet(name)
        for row in table:
            sheet.append(row)
        if merge:
            sheet.merge_cells(merge)
    path = folder / "made.xlsx"
    book.save(path)
    return land(folder, "x.xlsx", path.read_bytes())


def excel(*names: str, **options: Any) -> Contract:
    return contract(*names, format="excel", **options)


def test_values_become_the_text_of_a_csv_export(tmp_path: Path) -> None:
    names = list("abcdefgh")
    cells = [
        1,
        2.5,
        "007",
        date(2024, 1, 2),
        datetime(2024, 1, 2, 3, 4, 5),
        True,
        None,
        time(8, 30),
    ]
    landed = workbook(tmp_path, {"s": [names, cells, [], [10**10, 0.1, "x"]]})
    resource = excel(*names)
    first = ("1", "2.5", "007", "2024-01-02", "2024-01-02 03:04:05", "true", "", "08:30:00")
    assert values(resource, landed) == [first, ("10000000000", "0.1", "x", "", "", "", "", "")]
    assert lines(resource, landed) == [2, 4]


def test_a_title_and_merged_cells(tmp_path: Path) -> None:
    table = [["名冊", None], [], ["區", "里"], ["安平區", "甲"], [None, "乙"], ["東區", "丙"]]
    landed = workbook(tmp_path, {"s": table}, merge="A4:A5")
    resource = excel("區", "里", header="find")
    assert values(resource, landed) == [("安平區", "甲"), ("", "乙"), ("東區", "丙")]


def test_a_sheet_by_name(tmp_path: Path) -> None:
    landed = workbook(tmp_path, {"說明": [["x"]], "資料": [["a"], [1]]})
    assert values(excel("a", sheet="資料"), landed) == [("1",)]
    assert failure(excel("a"), landed).code == "column_missing"
    error = failure(excel("a", sheet="2024"), landed)
    assert error.code == "sheet_missing"
    assert error.fields["seen"] == "說明, 資料"


def test_undeclared_and_unnamed_columns(tmp_path: Path) -> None:
    landed = workbook(tmp_path, {"s": [["a", "b", None], [1, 2, None], [3, 4, 5]]})
    assert failure(excel("a"), landed).code == "column_extra"
    assert str(failure(excel("a", "b"), landed).where) == "x.xlsx:3"
    received = read_files(excel("a", extra_columns="warn"), [landed])
    assert received.reader().read_all().num_rows == 2
    assert [w.code for w in received.warnings] == ["column_extra", "column_extra"]


def test_by_position(tmp_path: Path) -> None:
    landed = workbook(tmp_path, {"s": [[1, 2], [3, 4]]})
    assert values(excel("a", "b", header="none"), landed) == [("1", "2"), ("3", "4")]


def test_no_workbook(tmp_path: Path) -> None:
    error = failure(excel("a"), land(tmp_path, "x.xlsx", b"a,b\n1,2\n"))
    assert (error.code, error.fields["expected"]) == ("file_corrupt", "Excel")
    assert failure(excel("a"), land(tmp_path, "x.xlsx", b"")).code == "file_empty"
    assert failure(excel("a"), workbook(tmp_path, {"s": []})).code == "file_empty"


def test_a_cut_workbook(tmp_path: Path) -> None:
    whole = workbook(tmp_path, {"s": [["a"], *[[i] for i in range(2000)]]}).path.read_bytes()
    error = failure(excel("a"), land(tmp_path, "x.xlsx", whole[: len(whole) // 2]))
    assert error.code == "file_corrupt"


def test_numbers_as_text() -> None:
    assert [cell_text(v) for v in (3.0, -0.5, 1e-7, 120.2193412)] == [
        "3",
        "-0.5",
        "1e-07",
        "120.2193412",
    ]


def test_a_field_from_the_file_name(tmp_path: Path) -> None:
    landed = workbook(tmp_path, {"s": [["a"], [1]]})
    resource = contract("a", field("f", file_name=r"(\w+)\.xlsx"), format="excel")
    assert values(resource, landed) == [("1", "x")]
