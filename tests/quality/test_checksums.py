"""Check digits against published numbers, against python-stdnum and against a plain reading."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
import stdnum.cn.ric
import stdnum.cn.uscc
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.checksums import valid_sql
from quality.errors import QualityError

VECTORS = json.loads((Path(__file__).parent / "data" / "cn_identifiers.json").read_text("utf-8"))
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

# python-stdnum also looks the first six digits up in GB/T 2260 with its periods of validity. Their
# check digits and dates are right; a division is for a foreign key to say, not for a checksum.
UNKNOWN_DIVISION = {"990426199112010074", "110111198012010078", "110201199312010077"}


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def _valid(database: duckdb.DuckDBPyConnection, kind: str, texts: list[str]) -> list[bool | None]:
    query = f"SELECT {valid_sql(kind, 't')} FROM (SELECT unnest(?::VARCHAR[]) AS t)"
    return [row[0] for row in database.execute(query, [texts]).fetchall()]


def _organisation_check(body: str) -> str:
    """GB 11714 as it is written: 11 - sum mod 11, 10 is X, 11 is 0."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(
        int(character, 36) * weight for character, weight in zip(body, weights, strict=True)
    )
    return {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))


def test_published_credit_codes(database: duckdb.DuckDBPyConnection) -> None:
    vectors = VECTORS["uscc_gb32100"]
    assert len(vectors) == 203
    found = _valid(database, "uscc", [v["value"] for v in vectors])
    assert found == [v["valid"] for v in vectors]  # with both nested check digits


def test_published_resident_numbers(database: duckdb.DuckDBPyConnection) -> None:
    vectors = VECTORS["resident_id_gb11643"]
    found = _valid(database, "resident_id", [v["value"] for v in vectors])
    expected = [v["valid"] or v["value"] in UNKNOWN_DIVISION for v in vectors]
    assert found == expected


@pytest.mark.parametrize(
    ("kind", "text", "valid"),
    [
        ("resident_id", "11010519491231002X", True),
        ("resident_id", "310115200002291235", True),  # 29 February of a leap year
        ("resident_id", "31010119901301001X", False),  # month 13, right check digit
        ("resident_id", "11010519491231002x", False),  # the standard's X is a capital
        ("resident_id", "110105491231002", False),  # the 15 digits used before 1999
        ("resident_id", "１１０１０５１９４９１２３１００２Ｘ", False),  # full width
        ("resident_id", "11010519491231002X ", False),
        ("resident_id", "", False),
        ("uscc", "91330100799655058B", True),
        ("uscc", "113100000024200171", True),
        ("uscc", "91310000132211158W", False),
        ("uscc", "9133010079965505IB", False),  # I is not in the alphabet
        ("uscc", "91330100799655058B\n", False),
    ],
)
def test_examples(database: duckdb.DuckDBPyConnection, kind: str, text: str, valid: bool) -> None:
    assert _valid(database, kind, [text]) == [valid]


@pytest.mark.parametrize("kind", ["resident_id", "uscc"])
def test_null_is_null(database: duckdb.DuckDBPyConnection, kind: str) -> None:
    query = f"SELECT {valid_sql(kind, 'CAST(NULL AS VARCHAR)')}"
    assert database.execute(query).fetchone() == (None,)


@settings(deadline=None, max_examples=200)
@given(st.dates(date(1900, 1, 1)), st.integers(0, 999), st.sampled_from("0123456789X"))
def test_resident_numbers_as_stdnum(
    database: duckdb.DuckDBPyConnection, born: date, sequence: int, check: str
) -> None:
    text = f"110101{born:%Y%m%d}{sequence:03d}{check}"
    right = stdnum.cn.ric.calc_check_digit(text) == check
    assert _valid(database, "resident_id", [text]) == [right]


@settings(deadline=None, max_examples=200)
@given(
    st.from_regex(r"[0-9]{8}", fullmatch=True),
    st.text(USCC_ALPHABET, min_size=8, max_size=8),
    st.booleans(),
    st.sampled_from(USCC_ALPHABET),
)
def test_credit_codes_as_stdnum_and_the_nested_code(
    database: duckdb.DuckDBPyConnection, head: str, body: str, right: bool, other: str
) -> None:
    nested = _organisation_check(body) if right else other
    text = head + body + nested
    text += stdnum.cn.uscc.calc_check_digit(text)
    assert stdnum.cn.uscc.is_valid(text)  # which does not look at the nested digit
    wrong_outer = text[:-1] + next(c for c in USCC_ALPHABET if c != text[-1])
    expected = nested == _organisation_check(body)
    assert _valid(database, "uscc", [text, wrong_outer]) == [expected, False]


def test_every_single_wrong_character_is_found(database: duckdb.DuckDBPyConnection) -> None:
    for kind, text in (("uscc", "91330100799655058B"), ("resident_id", "11010519491231002X")):
        wrong = [
            text[:place] + other + text[place + 1 :]
            for place in range(18)
            for other in USCC_ALPHABET
            if other != text[place]
        ]
        assert not any(_valid(database, kind, wrong))


def test_the_expression_also_stands_in_spark_sql() -> None:
    import sqlglot

    for kind in ("resident_id", "uscc"):
        (spark,) = sqlglot.transpile(
            f"SELECT {valid_sql(kind, 'id')} FROM t",
            read="duckdb",
            write="spark",
            unsupported_level=sqlglot.ErrorLevel.RAISE,
        )
        assert "RLIKE" in spark


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(QualityError) as caught:
        valid_sql("passport", "x")
    assert caught.value.code == "checksum_kind"
