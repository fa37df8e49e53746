"""`citybrain catalogue import`: the list is kept, its findings stand in a file."""

from __future__ import annotations

import csv
from pathlib import Path

from pipelines.listings import import_list, listed_entries, listed_entry
from tests.support.city import City

LIST = Path(__file__).parents[1] / "catalog" / "lists" / "taipei.csv"


def test_a_list_is_imported_once(city: City) -> None:
    workspace = city.load()
    first = import_list(workspace, LIST, "taipei", None, None)
    again = import_list(workspace, LIST, "taipei", None, None)
    other = import_list(workspace, LIST, "taipei", "copy", None)
    assert [first.changed, again.changed, other.changed] == [True, False, True]
    assert len(listed_entries(workspace, "taipei")) == 25
    assert listed_entry(workspace, "copy", "2").name == "臺北市公有零售市場行情"


def test_findings_stand_in_the_report(city: City, tmp_path: Path) -> None:
    lines = LIST.read_bytes().split(b"\r\n")
    path, report = tmp_path / "l.csv", tmp_path / "deep" / "report.csv"
    path.write_bytes(b"\r\n".join([*lines[:3], b"only,three,columns", lines[2], *lines[3:]]))
    done = import_list(city.load(), path, "taipei", None, report)
    assert (done.listing.rows, done.listing.left_out) == (27, 2)
    with report.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kept"] == "False"]
    assert [(row["line"], row["reason"]) for row in rows] == [("4", "columns"), ("5", "repeated")]


def test_no_value_in_the_report_is_a_formula(city: City, tmp_path: Path) -> None:
    text = LIST.read_bytes().decode("big5hkscs")
    evil = text.replace("不定期", "=HYPERLINK(A1)").replace("依政府", "－1+@依政府")
    path, report = tmp_path / "l.csv", tmp_path / "report.csv"
    path.write_bytes(evil.encode("big5hkscs"))
    import_list(city.load(), path, "taipei", None, report)
    with report.open(encoding="utf-8", newline="") as file:
        values = {row["value"] for row in csv.DictReader(file)}
    assert "'=HYPERLINK(A1)" in values and any(one.startswith("'－1") for one in values)
    assert not any(one.startswith(("=", "+", "-", "@", "－")) for one in values)
