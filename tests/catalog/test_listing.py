"""Lists of other catalogues become entries; what does not fit is reported with its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from catalog.database import CatalogStore
from catalog.errors import CatalogError
from catalog.resources.listing import Finding, read_listing
from catalog.resources.mapping import known_mappings, read_mapping

WANTED = ("provider", "published")  # what these lists tell of nearly all resources
LISTS = Path(__file__).parent / "lists"
PLAIN = """
city = "here"
dates = ["%Y-%m-%d"]
separators = ["、", ",", "，", ";", "；"]
[columns]
key = "no"
name = "name"
provider = "by"
abstract = "text"
fields = "fields"
update_cycle = "cycle"
published = "day"
[counts]
views = "views"
[values.update_cycle]
"每月" = "monthly"
"""
HEADER = "no,name,by,text,fields,cycle,day,views\n"
Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return written


def found(write: Write, rows: str) -> tuple[list[str], list[Finding]]:
    listing = read_listing(
        write("list.csv", HEADER + rows), read_mapping(str(write("m.toml", PLAIN)))
    )
    lost = {item.line for item in listing.findings if not item.kept}
    assert len(listing.entries) + len(lost) == listing.rows
    return [entry.name for entry in listing.entries], listing.findings


@pytest.mark.parametrize("name", ["taipei", "taoyuan", "national"])
def test_every_row_of_a_real_list_gives_an_entry(name: str) -> None:
    listing = read_listing(LISTS / f"{name}.csv", read_mapping(name))
    assert (listing.rows, len(listing.entries), listing.left_out) == (25, 25, 0)
    without = [(e.key, item) for e in listing.entries for item in e.missing if item in WANTED]
    assert len(without) == {"taipei": 3, "taoyuan": 0, "national": 2}[name]
    assert all(entry.name for entry in listing.entries)


def test_a_row_in_big5() -> None:
    entry = read_listing(LISTS / "taipei.csv", read_mapping("taipei")).entries[1]
    assert (entry.name, entry.provider) == ("臺北市公有零售市場行情", "臺北市市場處")
    assert [item.name for item in entry.fields] == ["日期", "種類", "市場", "品名", "平均(元/公斤)"]
    assert (entry.update_cycle, entry.format, entry.counts) == ("weekly", 2, {"rows": 1843})
    assert (entry.open_type, entry.published) == ("unconditional", date(2017, 7, 3))
    assert entry.missing["code"] == "not_in_list"


def test_a_provider_with_a_code_before_it() -> None:
    entry = read_listing(LISTS / "taoyuan.csv", read_mapping("taoyuan")).entries[1]
    assert (entry.provider, entry.tags) == ("衛生局", ("個案", "登革熱"))
    assert "通報日期(通報日期)" in [item.name for item in entry.fields]


def test_numbers_with_thousands_and_keys_that_follow_from_names() -> None:
    entries = read_listing(LISTS / "national.csv", read_mapping("national")).entries
    assert entries[0].counts == {"views": 7472, "downloads": 1099, "score": 100}
    assert len({entry.key for entry in entries}) == 25


def test_faults_are_reported_and_nothing_is_lost(write: Write) -> None:
    rows = (
        '1,a,x,,,每月,2020-01-02,"1,234"\n'
        "2,b,x\n"
        '3,,x,"two\nlines",,,,\n'
        "1,c,x,,,,,\n"
        "5,a,x,,,,,\n"
        "\n"
        "6,d,x,,,每天,02/30,about 3\n"
    )
    names, findings = found(write, rows)
    assert names == ["a", "d"]
    assert findings == [
        Finding(3, False, "columns", value="3 / 8"),
        Finding(4, False, "no_name"),
        Finding(6, False, "repeated", "name", "2"),
        Finding(7, False, "repeated", "name", "2"),
        Finding(9, True, "unknown_value", "update_cycle", "每天"),
        Finding(9, True, "unreadable_date", "published", "02/30"),
        Finding(9, True, "unreadable_number", "views", "about 3"),
    ]


def test_five_separators_but_not_in_brackets(write: Write) -> None:
    text = HEADER + '1,a,x,,"「甲」、乙,丙；丁;戊（己、庚），辛",,,\n'
    listing = read_listing(write("l.csv", text), read_mapping(str(write("m.toml", PLAIN))))
    names = [item.name for item in listing.entries[0].fields]
    assert names == ["甲", "乙", "丙", "丁", "戊（己、庚）", "辛"]


def test_bytes_that_the_encoding_does_not_know_are_noted(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "l.csv"
    path.write_bytes(HEADER.encode() + b"1,a\xff,x,,,,,\n")
    listing = read_listing(path, read_mapping(str(write("m.toml", PLAIN))))
    assert listing.findings == [Finding(2, True, "undecodable")]


def test_contacts_in_texts_are_cut(write: Write) -> None:
    text = (
        HEADER + "1,a,x,ask (02)2345-6789 or 0912-345-678 or wang@city.gov.tw in 2018-07-06,,,,\n"
    )
    listing = read_listing(write("l.csv", text), read_mapping(str(write("m.toml", PLAIN))))
    assert listing.entries[0].abstract == "ask … or … or … in 2018-07-06"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"text"', '"聯絡人電話"', "contacts"),
        ('"monthly"', '"often"', "often"),
        ('city = "here"', "", "city"),
        ('name = "name"', "", "name"),
        ('key = "no"', 'number = "no"', "number"),
        ('city = "here"', 'city = "here"\nprovider_form = "(.+)"', "group"),
        ('city = "here"', 'city = "here"\nencoding = "klingon"', "klingon"),
    ],
)
def test_a_mapping_that_cannot_be_used(write: Write, old: str, new: str, said: str) -> None:
    with pytest.raises(CatalogError) as caught:
        read_mapping(str(write("m.toml", PLAIN.replace(old, new, 1))))
    assert caught.value.code == "mapping_invalid" and said in str(caught.value.fields["problem"])


def test_the_mappings_that_come_with_the_program_hold_no_contacts() -> None:
    assert known_mappings() == ("national", "normalised", "taipei", "taoyuan")
    for name in known_mappings():
        assert read_mapping(name).named
    with pytest.raises(CatalogError) as caught:
        read_mapping("tapei")
    assert caught.value.code == "mapping_unknown"


def test_a_list_that_lacks_columns(write: Write) -> None:
    with pytest.raises(CatalogError) as caught:
        read_listing(write("l.csv", "no,name\n"), read_mapping(str(write("m.toml", PLAIN))))
    assert caught.value.code == "listing_columns"
    assert "cycle" in str(caught.value.fields["columns"])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        read_listing(tmp_path / "none.csv", read_mapping("taipei"))
    assert caught.value.code == "listing_unreadable"


def test_a_list_is_kept_until_it_is_another(store: CatalogStore) -> None:
    entries = read_listing(LISTS / "taipei.csv", read_mapping("taipei")).entries
    assert store.listed.put("tainan", "taipei", "f1", 25, entries)
    assert not store.listed.put("tainan", "taipei", "f1", 25, [])
    assert store.listed.entries("tainan", "taipei") == entries
    assert store.listed.entry("tainan", "taipei", "2") == entries[1]
    assert store.listed.put("tainan", "taipei", "f2", 26, entries[:3])
    (kept,) = store.listed.lists("tainan")
    assert (kept.name, kept.rows, kept.entries) == ("taipei", 26, 3)
    assert store.listed.lists("chicago") == []


def test_unknown_lists_and_entries(store: CatalogStore) -> None:
    store.listed.put("tainan", "taipei", "f1", 0, [])
    for workspace, name, code in (
        ("tainan", "taipei", "entry_unknown"),
        ("tainan", "taoyuan", "listing_unknown"),
        ("chicago", "taipei", "listing_unknown"),
    ):
        with pytest.raises(CatalogError) as caught:
            store.listed.entry(workspace, name, "1")
        assert caught.value.code == code
