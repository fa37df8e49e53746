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
