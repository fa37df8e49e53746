"""Calls in models, and the registry itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlglot

from pipelines.errors import PipelineError
from pipelines.masking import MASKS, KeyUse, key_uses, mask_calls
from pipelines.masking.calls import signature
from pipelines.masking.reference import reference
from tests.pipelines.masking.nasty import RING

PATH = Path("model.sql")


def calls(sql: str) -> list[Any]:
    return list(mask_calls(sqlglot.parse_one(sql, read="duckdb"), PATH))


def test_a_call() -> None:
    (call,) = calls("SELECT Mask_Date(t.born, 'month') AS m FROM t")
    assert call.function.name == "mask_date"
    assert [value.sql() for value in call.values] == ["t.born"]
    assert (call.literals, call.level, call.use) == (("month",), "L1", None)


def test_everywhere_in_a_query() -> None:
    found = calls(
        "WITH a AS (SELECT mask_phone(p) AS p FROM t) SELECT mask_name(upper(n)) FROM a "
        "JOIN b ON mask_pseudonym(a.id, 'joining', 'bank_a') = b.id WHERE mask_age(age, 5) > '3' "
        "UNION ALL SELECT mask_suppress(count(*), 5) FROM t GROUP BY mask_address(x)"
    )
    assert sorted(call.function.name for call in found) == [
        "mask_address", "mask_age", "mask_name", "mask_phone", "mask_pseudonym", "mask_suppress",
    ]  # fmt: skip


def test_key_uses() -> None:
    tree = sqlglot.parse_one(
        "SELECT mask_pseudonym(a, 'p', 'r'), mask_pseudonym(b, 'p', 'r'), mask_sm4(a, 'p', 'r'), "
        "mask_token(a, 'digits', 'q', 'r'), mask_noise(x, 5, 'p', 'r'), mask_phone(c) FROM t",
        read="duckdb",
    )
    assert key_uses(tree) == {
        KeyUse("p", "r", "hmac-sha256"),
        KeyUse("p", "r", "sm4-siv"),
        KeyUse("q", "r", "ff1-aes256"),
        KeyUse("p", "r", "noise-hmac-sha256"),
    }


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("mask_fone(x)", "mask_unknown"),
        ("mask_(x)", "mask_unknown"),
        ("mask_phone()", "mask_argument"),
        ("mask_phone(x, 1)", "mask_argument"),
        ("mask_phone(x := y)", "mask_argument"),
        ("mask_phone(DISTINCT x)", "mask_argument"),
        ("mask_date(d, part)", "mask_argument"),
        ("mask_date(d, 'day')", "mask_argument"),
        ("mask_date(d, 'Month')", "mask_argument"),
        ("mask_date(d, lower('MONTH'))", "mask_argument"),
        ("mask_age(a, 1)", "mask_argument"),
        ("mask_age(a, 0)", "mask_argument"),
        ("mask_age(a, -5)", "mask_argument"),
        ("mask_age(a, 91)", "mask_argument"),
        ("mask_age(a, '5')", "mask_argument"),
        ("mask_age(a, 5.5)", "mask_argument"),
        ("mask_age(a, 2 + 3)", "mask_argument"),
        ("mask_age(a, width)", "mask_argument"),
        ("mask_age(a, NULL)", "mask_argument"),
        ("mask_amount(a, 0)", "mask_argument"),
        ("mask_round(a, 0)", "mask_argument"),
        ("mask_round(a, 0.3)", "mask_argument"),
        ("mask_round(a, 2.5)", "mask_argument"),
        ("mask_coordinate(a, 4)", "mask_argument"),
        ("mask_grid(a, b, 99)", "mask_argument"),
        ("mask_grid(a, 500)", "mask_argument"),
        ("mask_suppress(n, 1)", "mask_argument"),
        ("mask_noise(x, 0, 'p', 'r')", "mask_argument"),
        ("mask_token(x, 'hex', 'p', 'r')", "mask_argument"),
        ("mask_pseudonym(x, 'p')", "mask_argument"),
        ("mask_pseudonym(x, 'p', '')", "mask_argument"),
        ("mask_pseudonym(x, 'p', 'Bank')", "mask_argument"),
        ("mask_pseudonym(x, 'p|q', 'r')", "mask_argument"),
        ("mask_pseudonym(x, 'p', r)", "mask_argument"),
        ("mask_pseudonym(x, 'p', 'r' || 's')", "mask_argument"),
    ],
)
def test_refused_calls(call: str, code: str) -> None:
    with pytest.raises(PipelineError) as caught:
        calls(f"SELECT 1,\n{call} FROM t")
    assert caught.value.code == code
    assert caught.value.where is not None
    assert (caught.value.where.path, caught.value.where.line) == (PATH, 2)


@pytest.mark.parametrize(
    ("call", "level"),
    [
        ("mask_pseudonym(x, 'p', 'r')", "L2"),
        ("mask_pseudonym_sm3(x, 'p', 'r')", "L2"),
        ("mask_token(x, 'digits', 'p', 'r')", "L2"),
        ("mask_sm4(x, 'p', 'r')", "L2"),
        ("mask_phone(x)", "L2"),
        ("mask_id(x)", "L2"),
        ("mask_name(x)", "L2"),
        ("mask_plate(x)", "L2"),
        ("mask_email(x)", "L2"),
        ("mask_text(x)", "L2"),
        ("mask_address(x)", "L1"),
        ("mask_age(x, 4)", "L2"),
        ("mask_age(x, 5)", "L1"),
        ("mask_date(x, 'month')", "L1"),
        ("mask_date(x, 'year')", "L1"),
        ("mask_amount(x, 99)", "L2"),
        ("mask_amount(x, 100)", "L1"),
        ("mask_division(x, 'district')", "L1"),
        ("mask_round(x, 0.1)", "L2"),
        ("mask_round(x, 10)", "L1"),
        ("mask_coordinate(x, 2)", "L1"),
        ("mask_coordinate(x, 3)", "L2"),
        ("mask_grid(x, y, 100)", "L2"),
        ("mask_grid(x, y, 499)", "L2"),
        ("mask_grid(x, y, 500)", "L1"),
        ("mask_noise(x, 10, 'p', 'r')", "L2"),
        ("mask_suppress(x, 2)", "L2"),
        ("mask_suppress(x, 3)", "L1"),
    ],
)
def test_levels(call: str, level: str) -> None:
    (found,) = calls(f"SELECT {call} FROM t")
    assert found.level == level


def test_the_registry_is_whole() -> None:
    for name, function in MASKS.items():
        assert name == function.name and name.startswith("mask_")
        assert function.values and not function.values[0].literal
        assert [item.literal for item in function.parameters] == sorted(
            item.literal for item in function.parameters
        ), "values come first"
        assert (function.duckdb is None) == (function.spark is None)
        assert function.duckdb is not None or function.keyed, "only ciphers are Python"
        words = [item.name for item in function.parameters if item.word]
        assert words == (["purpose", "recipient"] if function.keyed else [])
        assert signature(function).startswith(f"{name}(")
        assert reference(name, RING)(*[None] * len(function.parameters)) is None


def test_families_nest() -> None:
    """Two views of one value of a family tell no more together than the finer one alone."""
    from datetime import date, timedelta

    month, day = reference("mask_date"), date(2019, 1, 1)
    days = [day + timedelta(n) for n in range(800)]
    assert {name for name, item in MASKS.items() if item.family} == {"mask_date", "mask_division"}
    for finer, coarser in (("month", "quarter"), ("quarter", "year")):
        assert all(month(month(d, finer), coarser) == month(d, coarser) for d in days)
    code = reference("mask_division")
    for value in ("110105001002", "67000010001", "6700100-001", "1001402-017", "110105"):
        for finer, coarser in (("district", "city"), ("city", "province")):
            assert code(code(value, finer), coarser) == code(value, coarser)
