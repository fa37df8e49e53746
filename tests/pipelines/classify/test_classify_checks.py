"""Check digits in SQL against published numbers and a second implementation."""

from __future__ import annotations

import random
from collections.abc import Callable

import duckdb
import pytest

from pipelines.classify import checks

Sql = Callable[[str], str]


def holds(sql: Sql, *numbers: str) -> list[bool]:
    """What the SQL says of each number, asked as a column."""
    with duckdb.connect() as con:
        con.execute("CREATE TABLE numbers (i INTEGER, x VARCHAR)")
        con.executemany("INSERT INTO numbers VALUES (?, ?)", list(enumerate(numbers)))
        return [
            bool(r[0]) for r in con.execute(f"SELECT {sql('x')} FROM numbers ORDER BY i").fetchall()
        ]


@pytest.mark.parametrize(
    ("sql", "valid", "invalid"),
    [
        (checks.resident_sql, "11010519491231002X", "110105194912310021"),
        (checks.resident_sql, "440308199901101512", "880308199901101512"),
        (checks.uscc_sql, "91350100M000100Y43", "91350100M000100Y44"),
        (checks.taiwan_id_sql, "A123456789", "A123456788"),
        (checks.business_sql, "04595257", "04595251"),
        (checks.luhn_sql, "4111111111111111", "4111111111111112"),
        (checks.luhn_sql, "378282246310005", "378282246310006"),
    ],
)
def test_published_numbers(sql: Sql, valid: str, invalid: str) -> None:
    assert holds(sql, valid, invalid) == [True, False]


def test_a_seventh_digit_seven_counts_both_ways() -> None:
    # 10458570 + ...: 4 * 7 = 28, 2 + 8 = 10, which is 1 or 0 (Ministry of Finance).
    both = [n for n in (f"1045857{d}" for d in range(10)) if business(n)]
    assert holds(checks.business_sql, *both) == [True] * len(both) and len(both) >= 2


def test_a_second_implementation_agrees_on_random_numbers() -> None:
    rng = random.Random(5)
    cards = ["".join(rng.choices("0123456789", k=16)) for _ in range(500)]
    assert holds(checks.luhn_sql, *cards) == [luhn(n) for n in cards]
    people = [
        rng.choice("AIOWZ") + "1" + "".join(rng.choices("0123456789", k=8)) for _ in range(500)
    ]
    assert holds(checks.taiwan_id_sql, *people) == [taiwan(n) for n in people]
    firms = ["".join(rng.choices("0123456789", k=8)) for _ in range(500)]
    assert holds(checks.business_sql, *firms) == [business(n) for n in firms]


def luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(int(d) for d in reversed(number)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled // 10 + doubled % 10
    return total % 10 == 0


def taiwan(number: str) -> bool:
    # The table of letters as the Ministry of the Interior publishes it.
    codes = dict(zip("ABCDEFGHJKLMNPQRSTUVXYWZIO", range(10, 36), strict=True))
    tens, ones = divmod(codes[number[0]], 10)
    digits = [int(d) for d in number[1:]]
    weighted = sum(d * w for d, w in zip(digits, (8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True))
    return (tens + 9 * ones + weighted) % 10 == 0


def business(number: str) -> bool:
    sums = [
        sum(map(int, str(int(d) * w)))
        for d, w in zip(number, (1, 2, 1, 2, 1, 2, 4, 1), strict=True)
    ]
    return any((sum(sums) - less) % 5 == 0 for less in ((0, 9, 10) if number[6] == "7" else (0,)))
