"""Properties of reading: what was written comes back, and no value ever vanishes silently."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.contract import CLEANERS
from pipelines.reading import WHITE
from tests.support.staging import contract_of, field, read_all, received, staged

pytestmark = pytest.mark.slow
MANY = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def batch(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=40)


def roc(day: date) -> str:
    return f"{day.year - 1911:03}{day:%m%d}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("staging")


def comes_back(folder: Path, written: str, texts: dict[str, Any]) -> None:
    assert read_all(folder, written, texts) == texts


@MANY
@given(values=batch(st.integers(-(2**63), 2**63 - 1)))
def test_integers_come_back(values: list[int], folder: Path) -> None:
    comes_back(folder, field("integer"), {str(v): v for v in values})
    comes_back(folder, field("integer", thousands=True), {f"{v:,}": v for v in values})
    comes_back(folder, field("integer", unit=["元"]), {f"{v} 元": v for v in values})


@MANY
@given(values=batch(st.floats(allow_nan=False, allow_infinity=False)))
def test_floats_come_back(values: list[float], folder: Path) -> None:
    comes_back(folder, field("number"), {repr(v): v for v in values})


@MANY
@given(values=batch(st.decimals("-9999999.99", "9999999.99", places=2)))
def test_decimals_come_back(values: list[Decimal], folder: Path) -> None:
    comes_back(folder, field("number", "DECIMAL(9,2)"), {str(v): v for v in values})


@MANY
@given(values=batch(st.dates()))
def test_dates_come_back(values: list[date], folder: Path) -> None:
    comes_back(folder, field("date"), {v.isoformat(): v for v in values})
    slashes = field("date", dates=["roc", "%d/%m/%Y"])
    comes_back(folder, slashes, {f"{v.day:02}/{v.month:02}/{v.year:04}": v for v in values})


@MANY
@given(values=batch(st.dates(date(1912, 1, 1), date(2900, 12, 31))))
def test_roc_dates_come_back(values: list[date], folder: Path) -> None:
    written = field("date", dates=["roc"])
    for shape in (
        "{0:03}{1:02}{2:02}",
        "{0}/{1}/{2}",
        "{0:03}/{1:02}/{2:02}",
        "{0}.{1}.{2}",
        "民國{0}年{1}月{2}日",
    ):
        texts = {shape.format(v.year - 1911, v.month, v.day): v for v in values if v.year > 1920}
        comes_back(folder, written, texts)


@MANY
@given(values=batch(st.datetimes()))
def test_timestamps_come_back(values: list[datetime], folder: Path) -> None:
    comes_back(folder, field("timestamp"), {v.isoformat(): v for v in values})
    comes_back(folder, field("timestamp"), {str(v): v for v in values})


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@MANY
@given(values=batch(TEXT))
def test_texts_come_back_but_for_white_space_at_the_ends(values: list[str], folder: Path) -> None:
    expected = {v: v.strip(WHITE) or None for v in values}
    contract = contract_of(folder, field() + "- {name: other, logicalType: string}")
    done = staged(contract, received(contract, [{"x": v, "other": "-"} for v in expected]), folder)
    assert done.bad == {}
    assert [row["x"] for row in done.good] == list(expected.values())


# Whatever a contract says and a department writes: each row is accounted for, and a value that
# is there is in the typed row, or the row is in quarantine with that text.

KINDS = [
    ("string", ""),
    ("integer", ""),
    ("integer", "INTEGER"),
    ("number", ""),
    ("number", "DECIMAL(9,2)"),
    ("boolean", ""),
    ("date", ""),
    ("timestamp", ""),
    ("timestamp", "TIMESTAMPTZ"),
]
readings = st.fixed_dictionaries(
    {},
    optional={
        "clean": st.lists(st.sampled_from(CLEANERS), max_size=3, unique=True),
        "fill_down": st.booleans(),
        "thousands": st.booleans(),
        "unit": st.just(["元", "人"]),
        "extract": st.sampled_from([r"^(\d+)", r"([a-z]*)$", "(.)"]),
        "codes": st.just({"1": "1", "true": "true", "x": "2020-01-01"}),
        "dates": st.lists(
            st.sampled_from(["iso", "roc", "roc_month", "%Y/%m/%d"]), min_size=1, max_size=3
        ),
    },
)
WRITTEN = """
0|1|-1|1.5|1.0|1,234|12元|true|x|abc|nan|2020-01-01|2020/1/1|1040525|104/05/25|105Y12M|１２
99999999999999999999|2020-01-01 10:00|'|"|\\|-|.|1e5|+|雨|𠀀|1 2|| |\u3000|epoch|infinity
""".replace("\n", "|").split("|")
cells = st.one_of(
    st.none(),
    st.sampled_from(WRITTEN),
    TEXT,
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[Any]]:
    """The fields of a contract, and rows of text (a text alone is a malformed line)."""
    kinds = draw(st.lists(st.tuples(st.sampled_from(KINDS), readings), min_size=1, max_size=4))
    fields = []
    for index, ((logical, physical), read) in enumerate(kinds):
        entry: dict[str, Any] = {
            "name": f"f{index}",
            "logicalType": logical,
            "required": draw(st.booleans()),
        }
        if physical:
            entry["physicalType"] = physical
        if read:
            entry["customProperties"] = [{"property": "read", "value": read}]
        fields.append(entry)
    row = st.fixed_dictionaries({f["name"]: cells for f in fields})
    rows = st.lists(st.one_of(row, row, row, st.just("broken,line")), max_size=8)
    return fields, draw(rows)


@settings(MANY, max_examples=40)
@given(delivery=deliveries(), duplicates=st.booleans())
def test_no_value_vanishes(
    delivery: tuple[list[dict[str, Any]], list[Any]], duplicates: bool, folder: Path
) -> None:
    fields, rows = delivery
    custom = "- {property: filters, value: [{name: again, duplicates: all}]}" if duplicates else ""
    contract = contract_of(folder, yaml.safe_dump(fields, allow_unicode=True), custom=custom)
    done = staged(contract, received(contract, rows), folder)
    counts = done.stage.counts
    assert counts.received == len(rows)
    assert counts.received == counts.published + counts.quarantined + sum(counts.filtered.values())
    assert counts.published == len(done.good)
    assert counts.quarantined == len(done.bad)
    published = {row["_source_line"]: row for row in done.good}
    for line, row in enumerate(rows, 2):
        if isinstance(row, str):
            assert "malformed" in done.bad.get(line, []) or duplicates
            continue
        if line in done.bad:
            kept = json.loads(done.original[line])
            filled = {f["name"] for f in fields if _read(f).get("fill_down")}
            assert all(kept[n] == row[n] for n in row if n not in filled)
        elif line in published:
            for entry in fields:
                text = row[entry["name"]]
                if text is not None and _cleaned(text, _read(entry)):
                    assert published[line][entry["name"]] is not None, (entry, text)


def _read(entry: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = entry.get("customProperties", [{"value": {}}])[0]["value"]
    return found


def _cleaned(text: str, read: dict[str, Any]) -> bool:
    """Whether a cell holds anything but white space."""
    return any(not (c.isspace() or c in WHITE) for c in text)
