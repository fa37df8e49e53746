"""From published text to typed values: every cleaner, pattern and refusal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.support.staging import (
    UNREADABLE,
    contract_of,
    field,
    read_all,
    read_one,
    received,
    staged,
)

BAD = UNREADABLE


@pytest.mark.parametrize(
    ("cleaners", "text", "expected"),
    [
        (["trim"], "  a b \t", "a b"),
        (["trim"], "\u3000雨\u3000", "雨"),
        (["trim"], "\u00a0x\ufeff", "x"),
        (["trim"], " \u3000 ", None),
        ([], " a ", " a "),
        ([], "", None),
        (["collapse"], "a  \t b\u3000\u3000c", "a b c"),
        (["collapse", "trim"], "  a \n b  ", "a b"),
        (["no_space"], " a b\u3000c\n", "abc"),
        (["no_breaks"], "a\r\nb\nc", "abc"),
        (["halfwidth"], "１２３ＡＢｃ（）－．，", "123ABc()-.,"),
        (["halfwidth"], "全形\u3000空格", "全形 空格"),
        (["tai"], "台南市台江", "臺南市臺江"),
        (["upper"], "abcé", "ABCÉ"),
        (["lower"], "ABCÉ", "abcé"),
        (["halfwidth", "trim", "upper"], "\u3000ａｂ １ ", "AB 1"),
    ],
)
def test_cleaners(cleaners: list[str], text: str, expected: str | None, tmp_path: Path) -> None:
    assert read_one(tmp_path, field(clean=cleaners), text) == expected


def test_strip_takes_literal_texts_out(tmp_path: Path) -> None:
    assert read_one(tmp_path, field(strip=["'", "*"]), " 'a*b' ") == "ab"
    assert read_one(tmp_path, field(strip=["'"]), "''") is None
    assert read_one(tmp_path, field(strip=["N/A"]), " N/A x") == "x"


def test_blank_texts_mean_no_value(tmp_path: Path) -> None:
    written = field("integer", blank=["-", "N/A", "無"])
    assert read_one(tmp_path, written, " - ") is None
    assert read_one(tmp_path, written, "無") is None
    assert read_one(tmp_path, written, "--") == BAD
    assert read_one(tmp_path, written, "") is None


def test_extract_takes_the_group(tmp_path: Path) -> None:
    written = field("integer", extract=r"^(\d+)人$")
    assert read_one(tmp_path, written, "12人") == 12
    assert read_one(tmp_path, written, "12戶") == BAD
    assert read_one(tmp_path, written, "") is None


def test_extract_with_nothing_in_the_group_is_unreadable(tmp_path: Path) -> None:
    assert read_one(tmp_path, field(extract="^a(b*)"), "a") == BAD


def test_codes(tmp_path: Path) -> None:
    written = field("boolean", codes={"是": True, "否": False, "X": "false"})
    assert read_one(tmp_path, written, "是") is True
    assert read_one(tmp_path, written, "否") is False
    assert read_one(tmp_path, written, "X") is False
    assert read_one(tmp_path, written, "x") == BAD
    assert read_one(tmp_path, field(codes={1: "one", "a'b": "quote"}), "1") == "one"
    assert read_one(tmp_path, field(codes={1: "one", "a'b": "quote"}), "a'b") == "quote"


INTEGERS = {
    "5": 5,
    " 5 ": 5,
    "-5": -5,
    "+5": 5,
    "007": 7,
    "5.0": 5,
    "5.000": 5,
    "9223372036854775807": 2**63 - 1,
    "-9223372036854775808": -(2**63),
    "9223372036854775808": BAD,
    "1.5": BAD,
    "1e3": BAD,
    "1_000": BAD,
    "1,000": BAD,
    "5.": BAD,
    ".0": BAD,
    "0x10": BAD,
    "five": BAD,
    "5 6": BAD,
    "-": BAD,
    "nan": BAD,
    "inf": BAD,
    "１２": BAD,
    "true": BAD,
    "1\n2": BAD,
}


def test_integers(tmp_path: Path) -> None:
    assert read_all(tmp_path, field("integer"), INTEGERS) == INTEGERS


def test_a_smaller_integer_has_smaller_bounds(tmp_path: Path) -> None:
    written = field("integer", "INTEGER")
    assert read_one(tmp_path, written, "2147483647") == 2**31 - 1
    assert read_one(tmp_path, written, "2147483648") == BAD


NUMBERS = {
    "1.5": 1.5,
    "-.5": -0.5,
    "5.": 5.0,
    "1e3": 1000.0,
    "1E-2": 0.01,
    "0": 0.0,
    "nan": BAD,
    "NaN": BAD,
    "inf": BAD,
    "Infinity": BAD,
    "-inf": BAD,
    "1_000.5": BAD,
    "1,5": BAD,
    "1.2.3": BAD,
    "e5": BAD,
    ".": BAD,
    "0x1p3": BAD,
}


def test_numbers(tmp_path: Path) -> None:
    assert read_all(tmp_path, field("number"), NUMBERS) == NUMBERS


DECIMALS = {
    "1.50": Decimal("1.50"),
    "-1234.5": Decimal("-1234.50"),
    "9999999.99": Decimal("9999999.99"),
    "10000000": BAD,
    "1e3": BAD,
}


def test_decimals(tmp_path: Path) -> None:
    assert read_all(tmp_path, field("number", "DECIMAL(9,2)"), DECIMALS) == DECIMALS


@pytest.mark.parametrize("text", ["1.005", "0.001", "1.999"])
def test_digits_that_do_not_fit_a_decimal_are_not_rounded_away(text: str, tmp_path: Path) -> None:
    assert read_one(tmp_path, field("number", "DECIMAL(9,2)"), text) == BAD


THOUSANDS = {
    "1,234": 1234,
    "1,234,567": 1234567,
    "1，234": 1234,
    "-1,234": -1234,
    "1234": 1234,
    "12,34": BAD,
    "1,2345": BAD,
    "1,,234": BAD,
    ",123": BAD,
    "1,234,": BAD,
    "1,234.0": 1234,
    "1,234.5": BAD,
}


def test_thousands(tmp_path: Path) -> None:
    assert read_all(tmp_path, field("integer", thousands=True), THOUSANDS) == THOUSANDS


UNITS = {
    "12元": 12,
    "12 元": 12,
    "12\u3000元": 12,
    "1,200元整": 1200,
    "12": 12,
    "12元元": BAD,
    "元": BAD,
    "12 m.": 12,
    "12 mm": BAD,
}


def test_units(tmp_path: Path) -> None:
    written = field("integer", unit=["元", "元整", "m."], thousands=True)
    assert read_all(tmp_path, written, UNITS) == UNITS


@pytest.mark.parametrize("unit", ["[x]", "$", "a|b", "℃", "%", "a-b", "m^2", "a\\b"])
def test_a_unit_is_literal_text(unit: str, tmp_path: Path) -> None:
    assert read_one(tmp_path, field("number", unit=[unit]), f"5 {unit}") == 5.0
    assert read_one(tmp_path, field("number", unit=[unit]), "5 other") == BAD


def test_full_width_digits_need_the_cleaner(tmp_path: Path) -> None:
    assert read_one(tmp_path, field("integer", clean=["halfwidth", "trim"]), "１，２３４") == BAD
    written = field("integer", clean=["halfwidth", "trim"], thousands=True)
    assert read_one(tmp_path, written, "１，２３４") == 1234
    assert read_one(tmp_path, field("number", clean=["halfwidth"]), "－１．５") == -1.5


BOOLEANS = {
    "true": True,
    "FALSE": False,
    "Yes": True,
    "n": False,
    "1": True,
    "0": False,
    "2": BAD,
    "on": BAD,
    "是": BAD,
}


def test_booleans(tmp_path: Path) -> None:
    assert read_all(tmp_path, field("boolean"), BOOLEANS) == BOOLEANS


ISO_DATES = {
    "2020-02-29": date(2020, 2, 29),
    "2019-02-29": BAD,
    "2020-13-01": BAD,
    "2020/02/01": BAD,
    "20200201": BAD,
    "2020-02-01 10:00": BAD,
    "2020-02-01x": BAD,
    "today": BAD,
    "0001-01-01": date(1, 1, 1),
    "9999-12-31": date(9999, 12, 31),
}


def test_iso_dates(tmp_path: Path) -> None:
    assert read_all(tmp_path, field("date"), ISO_DATES) == ISO_DATES


ROC_DATES = {
    "1040525": date(2015, 5, 25),
    "0991006": date(2010, 10, 6),
    "991006": date(2010, 10, 6),
    "104/05/25": date(2015, 5, 25),
    "104/5/5": date(2015, 5, 5),
    "099/10/06": date(2010, 10, 6),
    "99/10/06": date(2010, 10, 6),
    "104.5.25": date(2015, 5, 25),
    "104-5-25": date(2015, 5, 25),
    "104年5月25日": date(2015, 5, 25),
    "104年05月25日": date(2015, 5, 25),
    "民國104年5月25日": date(2015, 5, 25),
    "1050229": date(2016, 2, 29),
    "1040229": BAD,
    "104/2/30": BAD,
    "104/13/1": BAD,
    "104/0/1": BAD,
    "1040001": BAD,
    "104/05": BAD,
    "10405": BAD,
    "2015/05/25": BAD,
    "20150525": BAD,
    "104年5月": BAD,
    "5/25": BAD,
}


def test_roc_dates(tmp_path: Path) -> None:
    assert read_all(tmp_path, field("date", dates=["roc"]), ROC_DATES) == ROC_DATES


@pytest.mark.parametrize("text", ["000/05/25", "0000525", "00/05/25"])
def test_the_roc_calendar_begins_with_year_one(text: str, tmp_path: Path) -> None:
    assert read_one(tmp_path, field("date", dates=["roc"]), text) == BAD


ROC_MONTHS = {
    "105Y12M": date(2016, 12, 1),
    "105年12月": date(2016, 12, 1),
    "105年1月": date(2016, 1, 1),
    "099年01月": date(2010, 1, 1),
    "105/12": date(2016, 12, 1),
    "105Y13M": BAD,
    "105Y00M": BAD,
    "2016Y12M": BAD,
    "105Y": BAD,
    "105年12月3日": BAD,
}


def test_roc_months(tmp_path: Path) -> None:
    assert read_all(tmp_path, field("date", dates=["roc_month"]), ROC_MONTHS) == ROC_MONTHS


@pytest.mark.parametrize("kind", ["date", "timestamp"])
@pytest.mark.parametrize("text", ["epoch", "infinity", "-infinity", "EPOCH"])
def test_words_are_no_dates(text: str, kind: str, tmp_path: Path) -> None:
    assert read_one(tmp_path, field(kind), text) == BAD


def test_a_number_that_is_too_large(tmp_path: Path) -> None:
    assert read_one(tmp_path, field("number"), "1e999") == BAD


def test_date_patterns_are_tried_in_order(tmp_path: Path) -> None:
    written = field("date", dates=["%d/%m/%Y", "%m/%d/%Y", "roc", "iso"])
    assert read_one(tmp_path, written, "03/04/2020") == date(2020, 4, 3)
    assert read_one(tmp_path, written, "03/24/2020") == date(2020, 3, 24)
    assert read_one(tmp_path, written, "104/03/24") == date(2015, 3, 24)
    assert read_one(tmp_path, written, "2020-03-24") == date(2020, 3, 24)
    assert read_one(tmp_path, written, "24.03.2020") == BAD


TIMESTAMPS = {
    "2020-02-29 13:14:15": datetime(2020, 2, 29, 13, 14, 15),
    "2020-02-29T13:14:15": datetime(2020, 2, 29, 13, 14, 15),
    "2020-02-29 13:14:15.123456": datetime(2020, 2, 29, 13, 14, 15, 123456),
    "2020-02-29T13:14:15.5": datetime(2020, 2, 29, 13, 14, 15, 500000),
    "2020-02-29 13:14": datetime(2020, 2, 29, 13, 14),
    "2020-02-29": datetime(2020, 2, 29),
    "2020-02-29 24:00:00": BAD,
    "2020-02-29 13:61": BAD,
}


def test_timestamps(tmp_path: Path) -> None:
    assert read_all(tmp_path, field("timestamp"), TIMESTAMPS) == TIMESTAMPS


@pytest.mark.parametrize(
    "text", ["2020-02-29T13:14", "2020-02-29T13:14:15Z", "2020-02-29T13:14:15+00:00"]
)
def test_more_iso_timestamps(text: str, tmp_path: Path) -> None:
    assert read_one(tmp_path, field("timestamp", "TIMESTAMPTZ"), text) != BAD


def test_a_timestamp_with_a_zone_keeps_its_moment(tmp_path: Path) -> None:
    written = field("timestamp", "TIMESTAMPTZ", dates=["%Y-%m-%d %H:%M%z"])
    value = read_one(tmp_path, written, "2020-02-29 13:14+0800")
    assert value.astimezone(UTC) == datetime(2020, 2, 29, 5, 14, tzinfo=UTC)


# -- whole rows -------------------------------------------------------------------------------------

TWO = "- {name: a, logicalType: string}\n- {name: b, logicalType: integer}"
FILL = """
- {name: a, logicalType: string, customProperties: [{property: read, value: {fill_down: true}}]}
- {name: b, logicalType: integer}
"""


def pairs(rows: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    return [(row["a"], row["b"]) for row in rows]


def test_fill_down_takes_the_value_above(tmp_path: Path) -> None:
    contract = contract_of(tmp_path, FILL)
    rows: list[Any] = [
        {"b": "0"},
        {"a": "x", "b": "1"},
        {"a": " ", "b": "2"},
        {"a": "y", "b": "3"},
        {"b": "4"},
    ]
    done = staged(contract, received(contract, rows), tmp_path)
    assert pairs(done.good) == [(None, 0), ("x", 1), ("x", 2), ("y", 3), ("y", 4)]


def test_fill_down_stops_at_the_end_of_a_file(tmp_path: Path) -> None:
    contract = contract_of(tmp_path, FILL)
    first = received(contract, [{"a": "x", "b": "1"}], "1.csv")
    second = received(contract, [{"b": "2"}], "2.csv")
    done = staged(contract, pa.concat_tables([first, second]), tmp_path)
    assert set(pairs(done.good)) == {("x", 1), (None, 2)}


def test_a_blank_row_stays_blank_in_spite_of_fill_down(tmp_path: Path) -> None:
    contract = contract_of(tmp_path, FILL)
    rows: list[Any] = [{"a": "x", "b": "1"}, {"a": "", "b": " \u3000"}, {"b": "2"}]
    done = staged(contract, received(contract, rows), tmp_path)
    assert pairs(done.good) == [("x", 1), ("x", 2)]
    assert done.stage.counts.filtered == {"blank_row": 1}


def test_filters_see_the_published_text_and_the_first_one_counts(tmp_path: Path) -> None:
    custom = """
    - property: filters
      value:
        - {name: second_header, when: "a = 'A'"}
        - {name: total, when: "a LIKE '%total%' OR a = 'A'"}
    """
    contract = contract_of(tmp_path, TWO, custom=custom)
    rows: list[Any] = [
        {"a": "A", "b": "B"},
        {"a": "x", "b": "1"},
        {"a": "grand total", "b": "9"},
        {"b": "2"},
    ]
    done = staged(contract, received(contract, rows), tmp_path)
    assert pairs(done.good) == [("x", 1), (None, 2)]
    assert done.stage.counts.filtered == {"second_header": 1, "total": 1}
    assert done.stage.counts.received == 4


def test_repeated_rows_are_filtered_and_the_first_stays(tmp_path: Path) -> None:
    custom = "- {property: filters, value: [{name: again, duplicates: all}]}"
    contract = contract_of(tmp_path, TWO, custom=custom)
    rows: list[Any] = [
        {"a": "x", "b": "1"},
        {"a": "x", "b": "2"},
        {"a": "x", "b": "1"},
        {"a": "x", "b": "1"},
        {"a": "x ", "b": "1"},
        {"b": "1"},
        {"b": "1"},
        "broken",
        "broken",
        {},
        {},
    ]
    done = staged(contract, received(contract, rows), tmp_path)
    assert [(row["_source_line"], row["a"], row["b"]) for row in done.good] == [
        (2, "x", 1),
        (3, "x", 2),
        (6, "x", 1),
        (7, None, 1),
    ]
    assert done.bad == {9: ["malformed"]}
    assert done.stage.counts.filtered == {"again": 4, "blank_row": 2}


def test_an_unreadable_value_is_not_also_missing(tmp_path: Path) -> None:
    fields = "- {name: a, logicalType: string}\n- {name: b, logicalType: integer, required: true}"
    contract = contract_of(tmp_path, fields)
    rows: list[Any] = [{"a": "x", "b": "one"}, {"a": "x", "b": " "}, {"a": "x", "b": "1"}, "a,b,c"]
    done = staged(contract, received(contract, rows), tmp_path)
    assert done.bad == {2: ["unreadable:b"], 3: ["required:b"], 5: ["malformed"]}


def test_a_quarantined_row_keeps_its_published_text(tmp_path: Path) -> None:
    contract = contract_of(tmp_path, TWO)
    rows: list[Any] = [{"a": ' "quoted" 雨\n', "b": " 1.5"}, 'raw, "line']
    done = staged(contract, received(contract, rows), tmp_path)
    assert done.original == {2: '{"a":" \\"quoted\\" 雨\\n","b":" 1.5"}', 3: 'raw, "line'}


def test_all_reasons_of_a_row_are_kept(tmp_path: Path) -> None:
    fields = """
    - {name: a, logicalType: string, required: true, logicalTypeOptions: {maxLength: 3}}
    - {name: b, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 9}}
    """
    contract = contract_of(tmp_path, fields)
    rows: list[Any] = [{"a": "long text", "b": "10"}, {"b": "x"}, {"a": "ok", "b": "9"}]
    done = staged(contract, received(contract, rows), tmp_path)
    assert done.bad == {2: ["length:a", "range:b"], 3: ["required:a", "unreadable:b"]}


def test_more_rules_than_one_mask_holds(tmp_path: Path) -> None:
    fields = "\n".join(
        f"- {{name: f{i}, logicalType: integer, required: true, logicalTypeOptions: {{maximum: {i}}}}}"
        for i in range(70)
    )
    contract = contract_of(tmp_path, fields)
    rows: list[Any] = [
        {f"f{i}": str(i) for i in range(70)},
        {f"f{i}": str(i + (i in (0, 31, 62, 69))) for i in range(70)},
        {f"f{i}": None if i in (5, 68) else str(i) for i in range(70)},
    ]
    done = staged(contract, received(contract, rows), tmp_path)
    assert len(done.good) == 1
    assert done.bad == {
        3: ["range:f0", "range:f31", "range:f62", "range:f69"],
        4: ["required:f5", "required:f68"],
    }
